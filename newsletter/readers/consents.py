"""The consent ledger: what a reader agreed to or took back, when, and how that reached us. Rows are only ever added.

Nothing here commits: a reader and the consent that made them one are written together or not at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, func, insert, select, update

from newsletter.db.engine import execute_many, literal
from newsletter.db.schema import consents
from newsletter.db.statuses import ConsentChannel, ConsentEvent, WithdrawalReason
from newsletter.errors import N_

#: Says which wording a consent was given to. Change it whenever the subscribe page's promise changes.
WORDING = "2026-11 weekly digest"

#: A channel as people read it.
CHANNEL_WORDS: Mapping[ConsentChannel, str] = MappingProxyType(
    {
        ConsentChannel.FORM: N_("form at /subscribe"),
        ConsentChannel.API: "POST /api/subscriptions",
        ConsentChannel.IMPORT: N_("import"),
        ConsentChannel.COMMAND: N_("command line"),
        ConsentChannel.DESK: N_("the desk"),
        ConsentChannel.PAGE: N_("personal page"),
        ConsentChannel.ONE_CLICK: N_("one click"),
        ConsentChannel.MAIL: N_("by mail"),
        ConsentChannel.PROVIDER: N_("mail provider"),
        ConsentChannel.UNKNOWN: N_("not recorded"),
    }
)

#: What happened, as readers read it.
EVENT_WORDS: Mapping[ConsentEvent, str] = MappingProxyType(
    {
        ConsentEvent.REQUESTED: N_("requested"),
        ConsentEvent.CONFIRMED: N_("confirmed"),
        ConsentEvent.IMPORTED: N_("imported"),
        ConsentEvent.ADDED: N_("added"),
        ConsentEvent.WITHDRAWN: N_("withdrawn"),
        ConsentEvent.RESTORED: N_("restored"),
    }
)

_REASON_WORDS: Mapping[WithdrawalReason, str] = MappingProxyType(
    {
        WithdrawalReason.TOO_OFTEN: N_("too-often"),
        WithdrawalReason.NOT_FOR_ME: N_("not-for-me"),
        WithdrawalReason.NEVER_ASKED: N_("never-asked"),
        WithdrawalReason.NOT_TRUE: N_("not-true"),
        WithdrawalReason.OTHER: N_("other"),
        WithdrawalReason.COMPLAINT: N_("complaint"),
        WithdrawalReason.SUPPRESSED: N_("suppressed"),
        WithdrawalReason.ERASED: N_("erased"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOrigin:
    """How a consent or its end reached us.

    `source` is in the words of whoever added or imported the reader and never holds an address; `issue_id` is the issue
    they left by.
    """

    channel: ConsentChannel
    source: str = ""
    issue_id: int | None = None
    reason: WithdrawalReason | None = None
    file: str | None = None
    line: int | None = None
    #: The network address that another program noted when they agreed there, and how it had tagged them (a list in a
    #: cell). Both go when the reader is erased.
    ip: str | None = None
    tags: str | None = None

    @property
    def words(self) -> str:
        """One line for people: "old list (readers.csv, line 17)", "one click, issue 12, too-often"."""
        return self.words_in(lambda message, **values: message % values)

    def words_in(self, gettext: Callable[..., str]) -> str:
        """Return the same line in the language that `gettext` translates to."""
        words = self.source or gettext(CHANNEL_WORDS[self.channel])
        if self.file is not None:
            words = gettext(
                "%(words)s (%(file)s, line %(line)s)", words=words, file=self.file, line=self.line
            )
        if self.ip is not None:
            words = gettext("%(words)s, from %(ip)s", words=words, ip=self.ip)
        if self.issue_id is not None:
            words = gettext("%(words)s, issue %(number)s", words=words, number=self.issue_id)
        return f"{words}, {gettext(_REASON_WORDS[self.reason])}" if self.reason else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(ConsentOrigin):
    """One row of the ledger. `wording` is the version of what they agreed to; empty where none was shown."""

    event: ConsentEvent
    at: datetime
    wording: str = ""


_ORIGIN = tuple(field.name for field in fields(ConsentOrigin))
_COLUMNS = tuple(consents.c[field.name] for field in fields(Consent))

#: Every sign-up runs it: putting it together takes longer than running it.
_ADD = insert(consents)


def record_consent(
    connection: Connection,
    reader_id: int,
    event: ConsentEvent,
    origin: ConsentOrigin,
    now: datetime,
    *,
    wording: str = "",
) -> None:
    """Add a row to the ledger."""
    row = {name: getattr(origin, name) for name in _ORIGIN}
    connection.execute(_ADD, row | {"reader_id": reader_id, "event": event, "at": now, "wording": wording})


def record_consents(
    connection: Connection, given: Sequence[tuple[int, ConsentOrigin]], event: ConsentEvent, now: datetime
) -> None:
    """Add a row for each of these readers, many at a time; of their origins, what an import or a command can say."""
    if not given:
        return
    names = ("reader_id", "channel", "source", "file", "line", "ip", "tags")
    same = {
        "event": literal(connection, consents.c.event, event),
        "at": literal(connection, consents.c.at, now),
    }
    statement = insert(consents).values(same | {name: bindparam(name) for name in names})
    rows = [
        (reader_id, each.channel.value, each.source, each.file, each.line, each.ip, each.tags)
        for reader_id, each in given
    ]
    execute_many(connection, statement, names, rows)


def record_history(connection: Connection, past: Sequence[tuple[int, Consent]]) -> None:
    """Add what another program noted of these readers' consents, with its moments."""
    if past:
        rows = [
            {"reader_id": reader_id} | {column.name: getattr(each, column.name) for column in _COLUMNS}
            for reader_id, each in past
        ]
        connection.execute(_ADD, rows)


def forget_evidence(connection: Connection, reader_ids: Iterable[int]) -> None:
    """Empty the fields of these readers' rows that are about a person; the rows stay."""
    mine = update(consents).where(consents.c.reader_id.in_(list(reader_ids)))
    connection.execute(mine.values(ip=None, tags=None))


def list_consents(connection: Connection, reader_id: int) -> list[Consent]:
    """Return the reader's part of the ledger, oldest first."""
    query = select(*_COLUMNS).where(consents.c.reader_id == reader_id).order_by(consents.c.id)
    return [Consent(**row) for row in connection.execute(query).mappings()]


def has_open_request(connection: Connection, reader_id: int) -> bool:
    """Return whether the last that is known of the reader's consent is that they asked."""
    query = select(consents.c.event).where(consents.c.reader_id == reader_id).order_by(consents.c.id.desc())
    return connection.execute(query.limit(1)).scalar() is ConsentEvent.REQUESTED


def list_origins(connection: Connection, reader_ids: Iterable[int]) -> dict[int, ConsentOrigin]:
    """Return how each of these readers' latest consent reached us; those without any are missing."""
    given = (consents.c.reader_id.in_(list(reader_ids)), consents.c.event != ConsentEvent.WITHDRAWN)
    latest = select(func.max(consents.c.id)).where(*given).group_by(consents.c.reader_id)
    columns = (consents.c[name] for name in _ORIGIN)
    query = select(consents.c.reader_id, *columns).where(consents.c.id.in_(latest))
    return {
        row.reader_id: ConsentOrigin(**dict(zip(_ORIGIN, row[1:], strict=True)))
        for row in connection.execute(query)
    }
