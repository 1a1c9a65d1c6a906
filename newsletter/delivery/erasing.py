"""Forgetting a reader everywhere: the row, choices, waiting mails, copies in the outbox, and the database's own log.

What stays names nobody: a keyed hash on the suppression list, consents and deliveries by number. The sender's journal
holds numbers only, and so do the records of bounces, so there is nothing to erase in them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, delete, func, literal, select, update

from newsletter.clock import Clock
from newsletter.db.engine import BUSY_TIMEOUT_MS, Database
from newsletter.db.schema import deliveries, issues, mails, readers, reports, soft_bounces
from newsletter.db.statuses import ConsentChannel, MailStatus, ReaderStatus, WithdrawalReason
from newsletter.delivery.message import MessageIds, load_salts
from newsletter.delivery.transports.outbox.maildir import file_name
from newsletter.delivery.transports.webhook import forget_events, forget_posts_about
from newsletter.errors import StoreBusy
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.exporting import reader_data
from newsletter.readers.store import (
    Reader,
    erase_reader,
    forget,
    get_reader,
    list_left,
    list_unconfirmed,
)
from newsletter.readers.subscribing import WINDOW, forget_sign_ups
from newsletter.readers.votes import Ballots

#: Readers erased in one transaction.
_AT_ONCE = 100

_TRIES, _REST = 50, timedelta(seconds=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is kept."""

    unconfirmed: timedelta
    left: timedelta
    mails: timedelta
    #: What a provider told of deliveries.
    events: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult:
    """How many readers and records of mails were let go."""

    unconfirmed: int
    left: int
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """What forgets readers of one installation."""

    database: Database
    suppression_key: bytes
    message_ids: MessageIds
    outbox: Path
    clock: Clock
    #: Acts on what waits of a webhook's posts, and deletes them: their bodies hold addresses.
    empty_webhook: Callable[[], object] = lambda: None

    def erase(self, reader_id: int, channel: ConsentChannel) -> tuple[int, int]:
        """Forget a reader; a keyed hash stays. Raises NotFound, and StoreBusy when the log cannot be emptied.

        Returns how many copies were deleted from the outbox, and how many once went to an outbox and are not in this one.
        The files go before the address: whoever is interrupted can still be asked for by it.
        """
        self.empty_webhook()
        with self.database.read() as connection:
            names = frozenset(self._files(connection, [reader_id]))
            written = _written_to_an_outbox(connection, reader_id)
        deleted = self._delete_files(names)
        with self.database.write() as connection:
            reader = get_reader(connection, reader_id)
            names = self._forget(connection, [reader_id])
            erase_reader(
                connection,
                reader,
                ConsentOrigin(channel=channel, reason=WithdrawalReason.ERASED),
                suppression_key=self.suppression_key,
                now=self.clock.now(),
            )
        deleted |= self._delete_files(names)
        empty_the_log(self.database, self.clock)
        return len(deleted), len(written - deleted)

    def tidy(self, keep: Retention) -> RetentionResult:
        """Let go of everything whose time is over. Raises StoreBusy when the log cannot be emptied."""
        unconfirmed = self.forget_unconfirmed(keep.unconfirmed)
        left = self.erase_who_left(keep.left, keep.unconfirmed)
        now = self.clock.now()
        with self.database.write() as connection:
            mails_gone = forget_old_mails(connection, now - keep.mails)
            forget_events(connection, now - keep.events)
            forget_sign_ups(connection, now - WINDOW)
        empty_the_log(self.database, self.clock)
        return RetentionResult(unconfirmed=unconfirmed, left=left, mails=mails_gone)

    def forget_unconfirmed(self, after: timedelta) -> int:
        """Forget the addresses that nobody has confirmed for so long; returns how many."""
        with self.database.write() as connection:
            ids = list_unconfirmed(connection, self.clock.now() - after)
            names = self._forget(connection, ids)
            forget(connection, ids, self.clock.now())
        self._delete_files(names)
        return len(ids)

    def erase_who_left(self, after: timedelta, unless_asked: timedelta = timedelta(0)) -> int:
        """Erase the readers who left so long ago; returns how many. A hundred in one transaction.

        Whoever asked to come back in the time `unless_asked` may still confirm, and stays.
        """
        erased = 0
        while leavers := self._some_who_left(after, unless_asked):
            with self.database.write() as connection:
                names = self._forget(connection, [each.id for each in leavers])
                for each in leavers:
                    erase_reader(
                        connection,
                        each,
                        ConsentOrigin(channel=ConsentChannel.COMMAND, source="retention"),
                        suppression_key=self.suppression_key,
                        now=self.clock.now(),
                    )
            self._delete_files(names)
            erased += len(leavers)
        return erased

    def _some_who_left(self, after: timedelta, unless_asked: timedelta) -> list[Reader]:
        now = self.clock.now()
        with self.database.read() as connection:
            return list_left(connection, now - after, _AT_ONCE, unless_asked_since=now - unless_asked)

    def _forget(self, connection: Connection, reader_ids: Sequence[int]) -> frozenset[str]:
        """Forget readers in the tables that are not their own; returns the names of their messages' files.

        With them goes an address that was to become theirs and was not confirmed yet.
        """
        now = self.clock.now()
        pending = select(readers.c.id).where(
            readers.c.replaces.in_(reader_ids), readers.c.status == ReaderStatus.UNCONFIRMED
        )
        others = list(connection.execute(pending).scalars())
        everybody = [*reader_ids, *others]
        names = frozenset(self._files(connection, everybody))
        theirs = select(readers.c.address).where(readers.c.id.in_(everybody), readers.c.address.is_not(None))
        forget_posts_about(connection, connection.execute(theirs).scalars().all())
        mine = mails.c.reader_id.in_(everybody)
        waiting = update(mails).where(mine, mails.c.status == MailStatus.PENDING)
        connection.execute(waiting.values(status=MailStatus.SKIPPED, at=now, code="erased"))
        answered_at = func.coalesce(mails.c.answered_at, literal(now, mails.c.answered_at.type))
        connection.execute(update(mails).where(mine).values(values={}, answered_at=answered_at))
        connection.execute(delete(soft_bounces).where(soft_bounces.c.reader_id.in_(everybody)))
        Ballots(self.suppression_key).forget(connection, everybody)
        forget(connection, others, now)
        return names

    def _files(self, connection: Connection, reader_ids: Sequence[int]) -> Iterator[str]:
        """Yield the names that these readers' messages have in an outbox."""
        # Issue by issue, for so the ledger is kept: by reader alone all of it would be read.
        copies = select(deliveries.c.issue_id, deliveries.c.reader_id).where(
            deliveries.c.issue_id.in_(select(issues.c.id)), deliveries.c.reader_id.in_(reader_ids)
        )
        pairs = [(row.issue_id, row.reader_id) for row in connection.execute(copies)]
        singles = select(mails.c.id).where(mails.c.reader_id.in_(reader_ids))
        # A single mail belongs to issue 0, and its own number stands in the reader's place (transactional.py).
        pairs += [(0, mail_id) for mail_id in connection.execute(singles).scalars()]
        for pair, salts in load_salts(connection, pairs).items():
            yield file_name(self.message_ids.message_id(*pair, salts))

    def _delete_files(self, names: frozenset[str]) -> set[str]:
        """Delete messages wherever a mail program has moved them, "cur/<name>:2,S"; returns the names of those found."""
        found: set[str] = set()
        for part in ("new", "cur", "tmp"):
            folder = self.outbox / part
            if names and folder.is_dir():
                for entry in os.scandir(folder):
                    if (name := entry.name.partition(":")[0]) in names:
                        Path(entry.path).unlink(missing_ok=True)
                        found.add(name)
        return found


def _written_to_an_outbox(connection: Connection, reader_id: int) -> set[str]:
    """Return the names of the files that an outbox, this one or another, has made of the reader's messages."""
    found: set[str] = set()
    for table in (deliveries, mails):
        theirs = select(table.c.provider_id).where(table.c.reader_id == reader_id)
        if table is deliveries:
            # Issue by issue, for so the ledger is kept.
            theirs = theirs.where(deliveries.c.issue_id.in_(select(issues.c.id)))
        found |= set(connection.execute(theirs.where(table.c.provider_id.endswith(file_name("")))).scalars())
    return found


def forget_old_mails(connection: Connection, before: datetime) -> int:
    """Delete the record of single mails that ended before a moment; returns how many."""
    ended = mails.c.status.not_in((MailStatus.PENDING, MailStatus.BEGUN))
    return connection.execute(delete(mails).where(ended, mails.c.queued_at < before)).rowcount


def empty_the_log(database: Database, clock: Clock) -> None:
    """Move SQLite's write-ahead log into the database and cut it to nothing: old pages stand in it until then.

    Raises StoreBusy when others read for five seconds on end. On PostgreSQL there is nothing of ours to do.
    """
    if database.dialect != "sqlite":
        return
    for _ in range(_TRIES):
        if _cut(database):
            return
        clock.sleep(_REST)
    raise StoreBusy(
        "The address is erased, but the database's log could not be emptied. Try again in a moment."
    )


def _cut(database: Database) -> bool:
    """Try once to empty the log, waiting for nobody: a checkpoint that waits keeps every writer waiting with it."""
    with closing(database.write_engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, *_ = cursor.fetchone() or (1,)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy


# Everything kept of one reader, in one JSON document: what the readers' room knows, what was sent to them, and their open votes.


def export_reader(connection: Connection, reader: Reader, ballots: Ballots) -> dict[str, object]:
    """Return all that is kept of a reader. Times are ISO 8601 in UTC. Votes that were counted are nobody's any more."""
    sent = (
        select(issues.c.edition, issues.c.number, deliveries.c.status, deliveries.c.at, deliveries.c.code)
        .join_from(deliveries, issues, deliveries.c.issue_id == issues.c.id)
        .where(deliveries.c.reader_id == reader.id)
        .order_by(deliveries.c.issue_id)
    )
    single = select(mails.c.kind, mails.c.status, mails.c.queued_at, mails.c.at, mails.c.code)
    reported = select(reports.c.kind, reports.c.at, reports.c.code, reports.c.outcome)
    return reader_data(connection, reader) | {
        "issues": _rows(connection, sent),
        "mails": _rows(connection, single.where(mails.c.reader_id == reader.id).order_by(mails.c.id)),
        "reports": _rows(connection, reported.where(reports.c.reader_id == reader.id).order_by(reports.c.at)),
        "open_votes": [
            {"comparison": comparison_id, "tool": tool_id, "vote": vote.value}
            for comparison_id, tool_id, vote in ballots.open_votes(connection, reader.id)
        ],
    }


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, object]]:
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]
