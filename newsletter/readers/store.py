"""Readers: finding, adding, changing their status, and forgetting who they were.

Nothing here commits: the caller opens the transaction, so that a reader and the consent that made them one are written
together or not at all. What readers choose is in preferences.py, how they subscribe by themselves in subscribing.py.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    RowMapping,
    String,
    Table,
    bindparam,
    delete,
    func,
    not_,
    select,
    update,
)

from newsletter.db.engine import insert_into, literal
from newsletter.db.schema import consents, mails, reader_tools, reader_topics, readers, snapshots
from newsletter.db.statuses import ConsentEvent, MailKind, MailStatus, ReaderStatus, SuppressionKind
from newsletter.errors import NotFound
from newsletter.readers import preferences
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.consents import (
    WORDING,
    Consent,
    ConsentOrigin,
    forget_evidence,
    has_open_request,
    record_consent,
    record_consents,
    record_history,
)
from newsletter.readers.links import LinkTarget, draw_salt
from newsletter.readers.preferences import NO_PREFERENCES, Preferences, as_row
from newsletter.readers.suppression import add_suppression, address_hash, address_hashes, kinds_among


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A subscriber. `address` is None once erased."""

    id: int
    address: str | None
    name: str
    status: ReaderStatus
    status_at: datetime
    added_at: datetime
    confirmed_at: datetime | None
    #: What tells them from whoever else may have their number after a restore (links.py).
    salt: int = 0
    preferences: Preferences = field(default_factory=Preferences)


#: What may become of a reader without their own new consent. The way back is to subscribe again, by the reader.
MAY_BECOME: dict[ReaderStatus, frozenset[ReaderStatus]] = {
    ReaderStatus.UNCONFIRMED: frozenset(
        {
            ReaderStatus.ACTIVE,
            ReaderStatus.LEFT,
            ReaderStatus.BOUNCED,
            ReaderStatus.COMPLAINED,
            ReaderStatus.ERASED,
        }
    ),
    ReaderStatus.ACTIVE: frozenset(
        {ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED, ReaderStatus.ERASED}
    ),
    # Whoever bounced and leaves has left: a mailbox that works again must not bring them back.
    ReaderStatus.BOUNCED: frozenset({ReaderStatus.LEFT, ReaderStatus.COMPLAINED, ReaderStatus.ERASED}),
    # A complaint may come days after the reader left; it says more.
    ReaderStatus.LEFT: frozenset({ReaderStatus.COMPLAINED, ReaderStatus.ERASED}),
    ReaderStatus.COMPLAINED: frozenset({ReaderStatus.ERASED}),
    ReaderStatus.ERASED: frozenset(),
}

#: The readers who may get a single mail of each kind; a kind that is not here goes to an editor or to the operator.
#: Whoever left or bounced may ask again, and may ask what is kept of them: what was queued before goes to nobody
#: (`answer_mails`).
MAY_GET: Mapping[MailKind, frozenset[ReaderStatus]] = {
    MailKind.CONFIRMATION: frozenset({ReaderStatus.UNCONFIRMED, ReaderStatus.LEFT, ReaderStatus.BOUNCED}),
    MailKind.REMINDER: frozenset({ReaderStatus.UNCONFIRMED}),
    MailKind.WELCOME: frozenset({ReaderStatus.ACTIVE}),
    MailKind.FOLLOW: frozenset({ReaderStatus.ACTIVE}),
    MailKind.PERSONAL_LINK: frozenset(
        {ReaderStatus.ACTIVE, ReaderStatus.LEFT, ReaderStatus.UNCONFIRMED, ReaderStatus.BOUNCED}
    ),
}

#: The statuses that take consent back.
WITHDRAWING = frozenset({ReaderStatus.LEFT, ReaderStatus.COMPLAINED, ReaderStatus.ERASED})

_COLUMNS = ("id", "address", "name", "status", "status_at", "added_at", "confirmed_at", "salt")

#: What a Reader is made from.
_READER = select(*(readers.c[name] for name in _COLUMNS), *preferences.COLUMNS.values())

#: Every page of a reader asks one of these: putting them together takes longer than running them.
_BY_ADDRESS = _READER.where(readers.c.address_key == bindparam("key"))
_BY_ID = _READER.where(readers.c.id == bindparam("reader_id"))


def _reader(row: RowMapping) -> Reader:
    return Reader(**{name: row[name] for name in _COLUMNS}, preferences=preferences.from_columns(dict(row)))


# Finding.


def find_reader(connection: Connection, address: Address) -> Reader | None:
    """Return the reader with this address, however it is written; None where there is none."""
    row = connection.execute(_BY_ADDRESS, {"key": address.key}).mappings().one_or_none()
    return None if row is None else _reader(row)


def find_reader_by_id(connection: Connection, reader_id: int) -> Reader | None:
    """Return the reader, or None."""
    row = connection.execute(_BY_ID, {"reader_id": reader_id}).mappings().one_or_none()
    return None if row is None else _reader(row)


def get_reader(connection: Connection, reader_id: int) -> Reader:
    """Return the reader; raises NotFound."""
    found = find_reader_by_id(connection, reader_id)
    if found is None:
        raise NotFound("reader", reader_id)
    return found


#: The salts that the numbers of a link have here.
_SALTS = select(
    select(readers.c.salt).where(readers.c.id == bindparam("reader_id")).scalar_subquery(),
    select(snapshots.c.salt).where(snapshots.c.issue_id == bindparam("issue_id")).scalar_subquery(),
)


def resolve_target(connection: Connection, signed: LinkTarget) -> LinkTarget:
    """Return whom and what a link's numbers mean in this database.

    `reader_id` is 0 where that number is nobody's, or somebody else's than when the link was signed: a restored database
    gives numbers again, and so does a copy. `issue_id` is 0 where the number belongs to another issue.
    """
    numbers = {"reader_id": signed.reader_id, "issue_id": signed.issue_id}
    reader_salt, issue_salt = connection.execute(_SALTS, numbers).one()
    return replace(
        signed,
        reader_id=signed.reader_id if reader_salt == signed.reader_salt else 0,
        issue_id=signed.issue_id if (issue_salt or 0) == signed.issue_salt else 0,
    )


def list_readers(
    connection: Connection, *, status: ReaderStatus | None = None, after: int = 0, limit: int = 1000
) -> list[Reader]:
    """Return the next `limit` readers whose id is greater than `after`, in the order of their ids."""
    query = _READER.where(readers.c.id > after).order_by(readers.c.id).limit(limit)
    if status is not None:
        query = query.where(readers.c.status == status)
    return [_reader(row) for row in connection.execute(query).mappings()]


def count_readers(connection: Connection) -> dict[ReaderStatus, int]:
    """Return how many readers there are of each status, every status named."""
    query = select(readers.c.status, func.count()).group_by(readers.c.status)
    counted = {row[0]: row[1] for row in connection.execute(query)}
    return {status: counted.get(status, 0) for status in ReaderStatus}


def list_unconfirmed(connection: Connection, before: datetime) -> list[int]:
    """Return the ids of the readers who were to confirm before a moment and did not."""
    query = select(readers.c.id).where(
        readers.c.status == ReaderStatus.UNCONFIRMED, readers.c.status_at <= before
    )
    return list(connection.execute(query.order_by(readers.c.id)).scalars())


def list_left(
    connection: Connection, before: datetime, limit: int, *, unless_asked_since: datetime
) -> list[Reader]:
    """Return readers who left before a moment, still have an address, and have not asked to come back of late."""
    asks = consents.c.event == ConsentEvent.REQUESTED, consents.c.at > unless_asked_since
    has_asked = select(consents.c.id).where(consents.c.reader_id == readers.c.id, *asks).exists()
    query = _READER.where(readers.c.status == ReaderStatus.LEFT, readers.c.status_at <= before, ~has_asked)
    rows = connection.execute(query.order_by(readers.c.id).limit(limit)).mappings()
    return [_reader(row) for row in rows]


# What keeps single mails from coming too often.

#: Codes of mails that ended by our own fault, as those do that begin with 5.7.: nobody got them.
_OUR_FAULT = ("gave-up", "bad-template", "dropped")


def count_mailed(
    connection: Connection,
    reader_id: int,
    kind: MailKind,
    since: datetime,
    *,
    key: str = "",
    even_answered: bool = False,
) -> int:
    """Return how many single mails of this kind, whose keys begin with `key`, the reader has had or will have since.

    What was answered is not counted unless asked for, nor what never came or may not have come: whoever asks again then
    gets another.
    """
    query = select(func.count()).where(
        mails.c.reader_id == reader_id,
        mails.c.kind == kind,
        mails.c.key.startswith(key, autoescape=True),
        mails.c.queued_at > since,
        mails.c.status.not_in((MailStatus.SKIPPED, MailStatus.UNSURE)),
        func.coalesce(mails.c.code, "").not_in(_OUR_FAULT),
        not_(func.coalesce(mails.c.code, "").startswith("5.7.")),
    )
    if not even_answered:
        query = query.where(mails.c.answered_at.is_(None))
    return connection.execute(query).scalar_one()


def answer_mails(
    connection: Connection, reader_id: int, kinds: Collection[MailKind], now: datetime, *, key: str = ""
) -> None:
    """Note that nobody waits for these mails any more: their links were used, or their reader is gone.

    What of them has not been begun is not sent, and what limits them starts anew.
    """
    theirs = (mails.c.reader_id == reader_id, mails.c.kind.in_(kinds), mails.c.answered_at.is_(None))
    begins_so = mails.c.key.startswith(key, autoescape=True)
    connection.execute(update(mails).where(*theirs, begins_so).values(answered_at=now))


# Becoming active, and ceasing to be.


def activate(
    connection: Connection,
    reader_id: int,
    origin: ConsentOrigin,
    now: datetime,
    *,
    event: ConsentEvent = ConsentEvent.CONFIRMED,
) -> None:
    """Make somebody an active reader by their own word, and write that down."""
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(status=ReaderStatus.ACTIVE, status_at=now, confirmed_at=now, replaces=None)
    )
    answer_mails(connection, reader_id, (MailKind.CONFIRMATION, MailKind.REMINDER), now)
    record_consent(connection, reader_id, event, origin, now, wording=WORDING)


def change_status(
    connection: Connection, reader_id: int, status: ReaderStatus, origin: ConsentOrigin, now: datetime
) -> bool:
    """Let a reader become LEFT, BOUNCED or COMPLAINED, with a row in the ledger where consent ends.

    Mails on their way to them are not sent, and a request of theirs to come back is over. False when they are so
    already or cannot become so (MAY_BECOME).
    """
    before = [each for each, after in MAY_BECOME.items() if status in after]
    changed = connection.execute(
        update(readers)
        .where(readers.c.id == reader_id, readers.c.status.in_(before))
        .values(status=status, status_at=now)
    )
    answer_mails(connection, reader_id, MAY_GET, now)
    asks = changed.rowcount == 0 and has_open_request(connection, reader_id)
    if status in WITHDRAWING and (changed.rowcount or asks):
        record_consent(connection, reader_id, ConsentEvent.WITHDRAWN, origin, now)
    return changed.rowcount > 0


def suppress(
    connection: Connection,
    address: Address,
    kind: SuppressionKind,
    reason: str,
    origin: ConsentOrigin,
    *,
    suppression_key: bytes,
    now: datetime,
    since: datetime | None = None,
) -> bool:
    """Put an address on the suppression list, and take its reader off; False when it was on the list already.

    `since` is when that began elsewhere.
    """
    hashed = address_hash(suppression_key, address)
    added = add_suppression(connection, hashed, kind, reason=reason, source=origin.words, now=since or now)
    reader = find_reader(connection, address)
    if reader is not None:
        change_status(connection, reader.id, ReaderStatus.LEFT, origin, now)
    return added


# Adding readers, many at a time, and what would come of it. An address on the suppression list is not added.


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReader:
    """Somebody to add, with where their consent comes from, and what was noted of it elsewhere, oldest first."""

    address: Address
    origin: ConsentOrigin
    name: str = ""
    preferences: Preferences = NO_PREFERENCES
    history: tuple[Consent, ...] = ()

    @property
    def single_values(self) -> dict[str, object]:
        """Return the values of their row that most newcomers do not have."""
        confirmed = [each.at for each in self.history if each.event is ConsentEvent.CONFIRMED]
        joined = {"added_at": min(each.at for each in self.history)} if self.history else {}
        return joined | {"confirmed_at": confirmed[-1] if confirmed else None} | as_row(self.preferences)


class Arrival(StrEnum):
    """What came of adding somebody. Only ADDED changed anything."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"


_KEPT_OUT = {
    ReaderStatus.LEFT: Arrival.LEFT,
    ReaderStatus.BOUNCED: Arrival.BOUNCED,
    ReaderStatus.COMPLAINED: Arrival.COMPLAINED,
}

#: Whom a dry run has met, on its own connection: in the database's temporary space, not in memory.
_foreseen = Table(
    "foreseen", MetaData(), Column("address_key", String(320), primary_key=True), prefixes=["TEMPORARY"]
)


def add_readers(
    connection: Connection,
    newcomers: Sequence[NewReader],
    *,
    event: ConsentEvent,
    suppression_key: bytes,
    now: datetime,
) -> list[Arrival]:
    """Add active readers with their consent; returns what came of each, in the same order.

    Nobody who is known is changed: a suppression and the statuses left, bounced and complained stay as they are. But who waits for
    their own confirmation has agreed now, and is added. For at most a few thousand newcomers at once.
    """
    suppressed = _suppressed_keys(connection, newcomers, suppression_key)
    allowed = _first_of_each(newcomers, suppressed)
    inserted = _insert_readers(connection, allowed, now)
    waiting = _waiting(connection, allowed.keys() - inserted.keys())
    for reader_id in waiting.values():
        active = {"status": ReaderStatus.ACTIVE, "status_at": now}
        connection.execute(update(readers).where(readers.c.id == reader_id).values(active))
        answer_mails(connection, reader_id, (MailKind.CONFIRMATION, MailKind.REMINDER), now)
    added = inserted | waiting
    # Before what happens now: the latest consent of a reader is the last one.
    record_history(connection, [(added[key], each) for key in added for each in allowed[key].history])
    record_consents(connection, [(added[key], allowed[key].origin) for key in added], event, now)
    preferences.add_lists(connection, {inserted[key]: allowed[key].preferences for key in inserted})
    return _arrivals(connection, newcomers, suppressed, set(added))


@contextmanager
def foreseeing(
    connection: Connection, suppression_key: bytes
) -> Iterator[Callable[[Sequence[NewReader]], list[Arrival]]]:
    """Yield a function that says what `add_readers` would make of newcomers, after those it was asked about before."""
    _foreseen.create(connection)
    yield partial(_foresee, connection, suppression_key)
    _foreseen.drop(connection)


def _foresee(connection: Connection, suppression_key: bytes, newcomers: Sequence[NewReader]) -> list[Arrival]:
    suppressed = _suppressed_keys(connection, newcomers, suppression_key)
    allowed = _first_of_each(newcomers, suppressed)
    if not allowed:
        return _arrivals(connection, newcomers, suppressed, set())
    # Another process may add the same at the same moment.
    statement = insert_into(_foreseen, connection.dialect.name).on_conflict_do_nothing(
        index_elements=["address_key"]
    )
    rows = [{"address_key": key} for key in allowed]
    unseen = connection.execute(statement.returning(_foreseen.c.address_key), rows).scalars().all()
    fresh = set(unseen) - _statuses(connection, unseen).keys() | _waiting(connection, unseen).keys()
    return _arrivals(connection, newcomers, suppressed, fresh)


def _suppressed_keys(
    connection: Connection, newcomers: Sequence[NewReader], suppression_key: bytes
) -> set[str]:
    hashes = {each.address.key: address_hashes(suppression_key, each.address) for each in newcomers}
    listed = kinds_among(connection, set().union(*hashes.values()))
    return {key for key, mine in hashes.items() if not mine.isdisjoint(listed)}


def _first_of_each(newcomers: Sequence[NewReader], suppressed: set[str]) -> dict[str, NewReader]:
    """Return the newcomers by address key, without those suppressed; of several with one address the first."""
    first: dict[str, NewReader] = {}
    for each in newcomers:
        if each.address.key not in suppressed:
            first.setdefault(each.address.key, each)
    return first


def _arrivals(
    connection: Connection, newcomers: Sequence[NewReader], suppressed: set[str], fresh: set[str]
) -> list[Arrival]:
    """Return what came of each: of several with one `fresh` key, the first is added and the others are known."""
    keys = [each.address.key for each in newcomers]
    statuses = _statuses(connection, set(keys) - fresh)
    arrivals = []
    for key in keys:
        if key in suppressed:
            arrivals.append(Arrival.SUPPRESSED)
        elif key in fresh:
            fresh.remove(key)
            arrivals.append(Arrival.ADDED)
        else:
            arrivals.append(_KEPT_OUT.get(statuses.get(key, ReaderStatus.ACTIVE), Arrival.KNOWN))
    return arrivals


def _insert_readers(
    connection: Connection, newcomers: Mapping[str, NewReader], now: datetime
) -> dict[str, int]:
    """Insert whoever is not there yet; returns the ids by address key."""
    if not newcomers:
        return {}
    same: dict[str, ColumnElement[Any]] = {
        "status": literal(connection, readers.c.status, ReaderStatus.ACTIVE),
        "status_at": literal(connection, readers.c.status_at, now),
    }
    rows: list[dict[str, object]] = [
        {"address": each.address.text, "address_key": key, "name": each.name, "salt": draw_salt()}
        for key, each in newcomers.items()
    ]
    if any(each.history or each.preferences is not NO_PREFERENCES for each in newcomers.values()):
        for row, each in zip(rows, newcomers.values(), strict=True):
            row |= {"added_at": now} | each.single_values
    else:
        same["added_at"] = literal(connection, readers.c.added_at, now)
    # Another process may add the same address at the same moment.
    statement = insert_into(readers, connection.dialect.name).on_conflict_do_nothing(
        index_elements=["address_key"]
    )
    inserted = connection.execute(statement.values(same).returning(readers.c.address_key, readers.c.id), rows)
    return {row[0]: row[1] for row in inserted}


def _waiting(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """Return the ids of those who wait for their own confirmation, by address key; not of a reader's new address."""
    if not keys:
        return {}
    query = select(readers.c.address_key, readers.c.id).where(
        readers.c.address_key.in_(keys),
        readers.c.status == ReaderStatus.UNCONFIRMED,
        readers.c.replaces.is_(None),
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _statuses(connection: Connection, keys: Iterable[str]) -> dict[str, ReaderStatus]:
    keys = list(keys)
    if not keys:
        return {}
    query = select(readers.c.address_key, readers.c.status).where(readers.c.address_key.in_(keys))
    return {row[0]: row[1] for row in connection.execute(query)}


# Forgetting who a reader was, in the tables of this folder.

#: What stands in an erased reader's row.
_FORGOTTEN = {
    "status": ReaderStatus.ERASED,
    "address": None,
    "address_key": None,
    "name": "",
    "replaces": None,
    **preferences.as_row(NO_PREFERENCES),
}


def erase_reader(
    connection: Connection, reader: Reader, origin: ConsentOrigin, *, suppression_key: bytes, now: datetime
) -> None:
    """Forget who the reader was, in the tables of this folder; the keyed hash keeps later imports from them."""
    if reader.address is None:
        return
    address = parse_address(reader.address)
    kind = SuppressionKind.ERASED
    suppress(connection, address, kind, kind.value, origin, suppression_key=suppression_key, now=now)
    forget(connection, [reader.id], now)
    for table in (reader_topics, reader_tools):
        connection.execute(delete(table).where(table.c.reader_id == reader.id))


def forget(connection: Connection, reader_ids: Sequence[int], now: datetime) -> None:
    """Empty these rows of what names somebody, and their consents of evidence; what is in other tables stays."""
    forget_evidence(connection, reader_ids)
    for reader_id in reader_ids:
        connection.execute(
            update(readers).where(readers.c.id == reader_id).values(_FORGOTTEN | {"status_at": now})
        )
