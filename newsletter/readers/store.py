"""The queries on readers, their topics and the consent ledger, and how readers leave.

Nothing here commits: the caller opens the transaction, so that a reader and the consent that made them one are
written together or not at all. Consents are only ever added. Adding readers is in adding_store.py, the suppression
list in suppression_store.py, erasing in forgetting_store.py, what readers do themselves in own_store.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Result,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from newsletter.db.engine import insert_into
from newsletter.db.schema import (
    consents,
    mails,
    reader_tools,
    reader_topics,
    readers,
    sign_up_counts,
    suppressions,
)
from newsletter.db.statuses import ConsentEvent, Edition, LimitScope, MailKind, ReaderStatus
from newsletter.errors import NotFound
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.keys import address_hash

# What a reader is, what may become of one, and what a newcomer brings. Rows are made into these in store.py.


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A subscriber. `address` is None once erased; `time_zone` is empty and `send_hour` None until chosen."""

    id: int
    address: str | None
    name: str
    status: ReaderStatus
    status_at: datetime
    edition: Edition
    paused_until: date | None
    time_zone: str
    send_hour: int | None
    monthly_tokens: int | None
    team_size: int | None
    added_at: datetime
    confirmed_at: datetime | None


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

#: The statuses that take consent back.
WITHDRAWING = frozenset({ReaderStatus.LEFT, ReaderStatus.COMPLAINED, ReaderStatus.ERASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReader:
    """Somebody to add, with where their consent comes from; `consent_source` never holds an address."""

    address: Address
    consent_source: str
    name: str = ""
    edition: Edition = Edition.WEEKLY
    time_zone: str = ""
    topics: tuple[str, ...] = ()


class Arrival(StrEnum):
    """What came of adding somebody. Only ADDED changed anything."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One row of the consent ledger."""

    event: ConsentEvent
    at: datetime
    source: str
    wording: str


#: What a Reader is made from.
READER_COLUMNS = [column for column in readers.c if column.name not in ("address_key", "replaces")]

#: Every page of a reader asks one of these: putting them together takes longer than running them.
_BY_ADDRESS = select(*READER_COLUMNS).where(readers.c.address_key == bindparam("key"))
_BY_ID = select(*READER_COLUMNS).where(readers.c.id == bindparam("reader_id"))

# ── finding ────────────────────────────────────────────────────────────────────────────────────────────


def find_reader(connection: Connection, address: Address) -> Reader | None:
    """The reader with this address, however it is written."""
    return _found(connection.execute(_BY_ADDRESS, {"key": address.key}))


def get_reader(connection: Connection, reader_id: int) -> Reader:
    """The reader; raises NotFound."""
    found = look_for_reader(connection, reader_id)
    if found is None:
        raise NotFound("reader", reader_id)
    return found


def look_for_reader(connection: Connection, reader_id: int) -> Reader | None:
    """The reader, or None."""
    return _found(connection.execute(_BY_ID, {"reader_id": reader_id}))


def _found(result: Result[Any]) -> Reader | None:
    row = result.mappings().one_or_none()
    return None if row is None else Reader(**row)


def list_readers(
    connection: Connection, *, status: ReaderStatus | None = None, after: int = 0, limit: int = 1000
) -> list[Reader]:
    """The next `limit` readers whose id is greater than `after`, in the order of their ids."""
    query = select(*READER_COLUMNS).where(readers.c.id > after).order_by(readers.c.id).limit(limit)
    if status is not None:
        query = query.where(readers.c.status == status)
    return [Reader(**row) for row in connection.execute(query).mappings()]


def count_readers(connection: Connection) -> dict[ReaderStatus, int]:
    """How many readers there are of each status, every status named."""
    query = select(readers.c.status, func.count()).group_by(readers.c.status)
    counted = {row[0]: row[1] for row in connection.execute(query)}
    return {status: counted.get(status, 0) for status in ReaderStatus}


def list_topics(connection: Connection, reader_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The topics of each of these readers who has any, in alphabetical order."""
    query = (
        select(reader_topics.c.reader_id, reader_topics.c.topic)
        .where(reader_topics.c.reader_id.in_(list(reader_ids)))
        .order_by(reader_topics.c.reader_id, reader_topics.c.topic)
    )
    topics: dict[int, tuple[str, ...]] = {}
    for reader_id, topic in connection.execute(query):
        topics[reader_id] = (*topics.get(reader_id, ()), topic)
    return topics


def list_consents(connection: Connection, reader_id: int) -> list[Consent]:
    """The reader's part of the consent ledger, oldest first."""
    columns = (consents.c.event, consents.c.at, consents.c.source, consents.c.wording)
    query = select(*columns).where(consents.c.reader_id == reader_id).order_by(consents.c.id)
    return [Consent(**row) for row in connection.execute(query).mappings()]


def list_consent_sources(connection: Connection, reader_ids: Iterable[int]) -> dict[int, str]:
    """Where each of these readers' latest consent came from; those without any are missing."""
    given = (consents.c.reader_id.in_(list(reader_ids)), consents.c.event != ConsentEvent.WITHDRAWN)
    latest = select(func.max(consents.c.id)).where(*given).group_by(consents.c.reader_id)
    query = select(consents.c.reader_id, consents.c.source).where(consents.c.id.in_(latest))
    return {row[0]: row[1] for row in connection.execute(query)}


# ── leaving ────────────────────────────────────────────────────────────────────────────────────────────


def change_status(
    connection: Connection, reader_id: int, status: ReaderStatus, *, now: datetime, source: str
) -> bool:
    """Let a reader become LEFT, BOUNCED or COMPLAINED, with a row in the ledger where consent ends.

    False, and nothing changed, when they are so already or cannot become so (model.MAY_BECOME). `source` says
    what made it happen and never holds an address.
    """
    before = [each for each, after in MAY_BECOME.items() if status in after]
    changed = connection.execute(
        update(readers)
        .where(readers.c.id == reader_id, readers.c.status.in_(before))
        .values(status=status, status_at=now)
    )
    if changed.rowcount == 0:
        return False
    if status in WITHDRAWING:
        insert_consents(connection, [(reader_id, source)], ConsentEvent.WITHDRAWN, now)
    return True


def insert_consents(
    connection: Connection, given: Sequence[tuple[int, str]], event: ConsentEvent, now: datetime
) -> None:
    """Add a row to the ledger for each of these readers, with where it came from."""
    if given:
        same = {
            "event": written(connection, consents.c.event, event),
            "at": written(connection, consents.c.at, now),
        }
        statement = insert(consents).values(
            same | {name: bindparam(name) for name in ("reader_id", "source")}
        )
        _execute_many(connection, statement, ("reader_id", "source"), given)


def _execute_many(
    connection: Connection, statement: Any, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Run a statement for many rows that need no conversion.

    Core would make a dictionary and a list of each: 4 of an import's 40 µs a row.
    """
    compiled = statement.compile(dialect=connection.dialect)
    if compiled.positional:
        order = [names.index(name) for name in compiled.positiontup]
        connection.exec_driver_sql(str(compiled), [tuple(row[each] for each in order) for row in rows])
    else:
        connection.exec_driver_sql(str(compiled), [dict(zip(names, row, strict=True)) for row in rows])


def written(connection: Connection, column: Column[Any], value: object) -> ColumnElement[Any]:
    """A value as it stands in SQL, for statements over many rows.

    A bound value is converted anew for each row, which halves the speed of an import (20,000 rows a second).
    """
    written = column.type.literal_processor(connection.dialect)
    if written is None:
        raise TypeError(f"{column} has no way to write its values")
    return literal_column(written(value))


def insert_missing(connection: Connection, table: Any, key: str) -> Any:
    """An INSERT that leaves out whom the table has: another process may add the same at the same moment."""
    return insert_into(table, connection.dialect.name).on_conflict_do_nothing(index_elements=[key])


# The queries on the suppression list, which knows addresses by a keyed hash only. Nothing here commits.


def suppress(
    connection: Connection,
    address: Address,
    reason: str,
    *,
    suppression_key: bytes,
    now: datetime,
    source: str,
) -> bool:
    """Put an address on the list, and take its reader off; False when it was on the list already."""
    hashed = address_hash(suppression_key, address)
    row = {"address_hash": hashed, "reason": reason, "at": now, "source": source}
    statement = insert_missing(connection, suppressions, "address_hash")
    inserted = connection.execute(statement.returning(suppressions.c.address_hash), row).first()
    reader = find_reader(connection, address)
    if reader is not None:
        change_status(connection, reader.id, ReaderStatus.LEFT, now=now, source=source)
    return inserted is not None


def suppressed_among(connection: Connection, hashes: Sequence[str]) -> set[str]:
    """Which of these hashes are on the list."""
    query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(hashes))
    return set(connection.execute(query).scalars())


def suppression_reason(connection: Connection, address: Address, suppression_key: bytes) -> str | None:
    """Why the address is on the list; None when it is not."""
    hashed = address_hash(suppression_key, address)
    return connection.execute(_REASON, {"hashed": hashed}).scalar_one_or_none()


#: Every sign-up asks it: putting it together takes longer than running it.
_REASON = select(suppressions.c.reason).where(suppressions.c.address_hash == bindparam("hashed"))


def lift_suppression(connection: Connection, address: Address, reason: str, suppression_key: bytes) -> None:
    """Take an address off the list if it stands there for this reason: its owner's own new consent."""
    hashed = address_hash(suppression_key, address)
    where = (suppressions.c.address_hash == hashed, suppressions.c.reason == reason)
    connection.execute(delete(suppressions).where(*where))


# Adding readers, many at a time, and what would come of it. Nothing here commits.
#
# An address on the suppression list belongs to no active reader: it is not added.

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
    """Add active readers with their consent; says what came of each, in the same order.

    Nobody who is known is changed: a suppression and the statuses left, bounced and complained stay as they are.
    For at most a few thousand newcomers at once.
    """
    suppressed = _suppressed_keys(connection, newcomers, suppression_key)
    allowed = _first_of_each(newcomers, suppressed)
    added = _insert_readers(connection, allowed, now)
    insert_consents(connection, [(added[key], allowed[key].consent_source) for key in added], event, now)
    _insert_topics(connection, [(added[key], topic) for key in added for topic in allowed[key].topics])
    return _arrivals(connection, newcomers, suppressed, set(added))


@contextmanager
def foreseeing(
    connection: Connection, suppression_key: bytes
) -> Iterator[Callable[[Sequence[NewReader]], list[Arrival]]]:
    """Yields a function that says what `add_readers` would make of newcomers, after those it was asked about before."""
    _foreseen.create(connection)
    yield partial(_foresee, connection, suppression_key)
    _foreseen.drop(connection)


def _foresee(connection: Connection, suppression_key: bytes, newcomers: Sequence[NewReader]) -> list[Arrival]:
    suppressed = _suppressed_keys(connection, newcomers, suppression_key)
    allowed = _first_of_each(newcomers, suppressed)
    if not allowed:
        return _arrivals(connection, newcomers, suppressed, set())
    statement = insert_missing(connection, _foreseen, "address_key").returning(_foreseen.c.address_key)
    unseen = connection.execute(statement, [{"address_key": key} for key in allowed]).scalars().all()
    fresh = set(unseen) - _statuses(connection, unseen).keys()
    return _arrivals(connection, newcomers, suppressed, fresh)


def _suppressed_keys(
    connection: Connection, newcomers: Sequence[NewReader], suppression_key: bytes
) -> set[str]:
    keys = {address_hash(suppression_key, each.address): each.address.key for each in newcomers}
    return {keys[hashed] for hashed in suppressed_among(connection, list(keys))}


def _first_of_each(newcomers: Sequence[NewReader], suppressed: set[str]) -> dict[str, NewReader]:
    """The newcomers by address key, without those suppressed; of several with one address the first."""
    first: dict[str, NewReader] = {}
    for each in newcomers:
        if each.address.key not in suppressed:
            first.setdefault(each.address.key, each)
    return first


def _arrivals(
    connection: Connection, newcomers: Sequence[NewReader], suppressed: set[str], fresh: set[str]
) -> list[Arrival]:
    """What came of each: of several with one `fresh` key, the first is added and the others are known."""
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
    """Insert whoever is not there yet; the ids by address key."""
    if not newcomers:
        return {}
    same = {
        "status": written(connection, readers.c.status, ReaderStatus.ACTIVE),
        "status_at": written(connection, readers.c.status_at, now),
        "added_at": written(connection, readers.c.added_at, now),
        "edition": bindparam("edition", type_=String()),
    }
    rows = [
        {
            "address": each.address.text,
            "address_key": key,
            "name": each.name,
            "edition": each.edition.value,
            "time_zone": each.time_zone,
        }
        for key, each in newcomers.items()
    ]
    # Another process may add the same address at the same moment.
    statement = insert_missing(connection, readers, "address_key").values(same)
    inserted = connection.execute(statement.returning(readers.c.address_key, readers.c.id), rows)
    return {row[0]: row[1] for row in inserted}


def _insert_topics(connection: Connection, wanted: Sequence[tuple[int, str]]) -> None:
    if wanted:
        connection.execute(
            insert(reader_topics), [{"reader_id": who, "topic": topic} for who, topic in wanted]
        )


def _statuses(connection: Connection, keys: Iterable[str]) -> dict[str, ReaderStatus]:
    keys = list(keys)
    if not keys:
        return {}
    query = select(readers.c.address_key, readers.c.status).where(readers.c.address_key.in_(keys))
    return {row[0]: row[1] for row in connection.execute(query)}


# Forgetting who a reader was, in the tables of this folder. Nothing here commits.

#: What stands in an erased reader's row.
_FORGOTTEN = {
    "status": ReaderStatus.ERASED,
    "address": None,
    "address_key": None,
    "name": "",
    "paused_until": None,
    "time_zone": "",
    "send_hour": None,
    "monthly_tokens": None,
    "team_size": None,
    "replaces": None,
}


def erase_reader(
    connection: Connection, reader: Reader, *, suppression_key: bytes, now: datetime, source: str
) -> None:
    """Forget who the reader was, in the tables of this module; the keyed hash keeps later imports from them."""
    if reader.address is None:
        return
    address = parse_address(reader.address)
    suppress(connection, address, "erased", suppression_key=suppression_key, now=now, source=source)
    connection.execute(
        update(readers).where(readers.c.id == reader.id).values(_FORGOTTEN | {"status_at": now})
    )
    for table in (reader_topics, reader_tools):
        connection.execute(delete(table).where(table.c.reader_id == reader.id))


def forget(connection: Connection, reader_ids: Sequence[int], now: datetime) -> None:
    """Empty these rows of what names somebody; what is in other tables stays."""
    for reader_id in reader_ids:
        connection.execute(
            update(readers).where(readers.c.id == reader_id).values(_FORGOTTEN | {"status_at": now})
        )


def left_before(connection: Connection, before: datetime, limit: int) -> list[Reader]:
    """Readers who left before a moment and still have an address."""
    query = select(*READER_COLUMNS).where(
        readers.c.status == ReaderStatus.LEFT, readers.c.status_at <= before
    )
    rows = connection.execute(query.order_by(readers.c.id).limit(limit)).mappings()
    return [Reader(**row) for row in rows]


# The queries of what readers do themselves: subscribing, confirming, choosing, changing their address.
#
# Nothing here commits. Finding readers, the ledger's reading, leaving and the suppression list are in store.py.

# ── subscribing by oneself ─────────────────────────────────────────────────────────────────────────────


def add_unconfirmed(connection: Connection, address: Address, now: datetime) -> int:
    """Add a reader who has still to confirm, or find the one that somebody else just added; the id."""
    row = {
        "address": address.text,
        "address_key": address.key,
        "status": ReaderStatus.UNCONFIRMED,
        "status_at": now,
        "added_at": now,
    }
    added = connection.execute(_add_reader(connection.dialect.name), row).scalar_one_or_none()
    if added is not None:
        return int(added)
    found: int = connection.execute(
        select(readers.c.id).where(readers.c.address_key == address.key)
    ).scalar_one()
    return found


def record_consent(
    connection: Connection,
    reader_id: int,
    event: ConsentEvent,
    now: datetime,
    *,
    source: str,
    wording: str = "",
) -> None:
    """Add a row to the ledger."""
    row = {"reader_id": reader_id, "event": event, "at": now, "source": source, "wording": wording}
    connection.execute(_CONSENT, row)


def activate(
    connection: Connection,
    reader_id: int,
    now: datetime,
    *,
    source: str,
    wording: str,
    event: ConsentEvent = ConsentEvent.CONFIRMED,
) -> None:
    """Make somebody an active reader by their own word, and write that down."""
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(status=ReaderStatus.ACTIVE, status_at=now, confirmed_at=now, replaces=None)
    )
    record_consent(connection, reader_id, event, now, source=source, wording=wording)


def was_mailed(connection: Connection, reader_id: int, kind: MailKind, since: datetime) -> bool:
    """Whether a single mail of this kind was queued for the reader after a moment."""
    query = select(mails.c.id).where(
        mails.c.reader_id == reader_id, mails.c.kind == kind, mails.c.queued_at > since
    )
    return connection.execute(query.limit(1)).first() is not None


def count_mailed(connection: Connection, reader_id: int, kind: MailKind, since: datetime) -> int:
    """How many single mails of this kind were queued for the reader after a moment."""
    mine = (mails.c.reader_id == reader_id, mails.c.kind == kind, mails.c.queued_at > since)
    return connection.execute(select(func.count()).select_from(mails).where(*mine)).scalar_one()


def unconfirmed_since(connection: Connection, before: datetime) -> list[int]:
    """Readers who were to confirm before a moment and did not."""
    query = select(readers.c.id).where(
        readers.c.status == ReaderStatus.UNCONFIRMED, readers.c.status_at <= before
    )
    return list(connection.execute(query.order_by(readers.c.id)).scalars())


def let_replace(connection: Connection, new_id: int, reader_id: int) -> None:
    """Let the address of one row become, once confirmed, that of another's."""
    connection.execute(update(readers).where(readers.c.id == new_id).values(replaces=reader_id))


def replaced_by(connection: Connection, new_id: int) -> int | None:
    """The active reader whose address this row's becomes, or None."""
    old = readers.alias("old")
    query = (
        select(old.c.id)
        .join_from(readers, old, readers.c.replaces == old.c.id)
        .where(readers.c.id == new_id, old.c.status == ReaderStatus.ACTIVE)
    )
    return connection.execute(query).scalar_one_or_none()


def move_address(connection: Connection, new: Reader, reader_id: int, now: datetime) -> None:
    """Give the reader the confirmed address of the row `new`, which is forgotten."""
    assert new.address is not None
    address = parse_address(new.address)
    forget(connection, [new.id], now)
    # What was sent to the new address belongs to the reader now: erasing finds it by the reader.
    connection.execute(update(mails).where(mails.c.reader_id == new.id).values(reader_id=reader_id))
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(address=address.text, address_key=address.key, confirmed_at=now)
    )
    record_consent(connection, reader_id, ConsentEvent.CONFIRMED, now, source="change of address")


# ── choices ────────────────────────────────────────────────────────────────────────────────────────────


def change_reader(connection: Connection, reader_id: int, **values: object) -> bool:
    """Change columns of an active reader; False when the reader is not active."""
    where = (readers.c.id == reader_id, readers.c.status == ReaderStatus.ACTIVE)
    return connection.execute(update(readers).where(*where).values(**values)).rowcount == 1


def list_tools(connection: Connection, reader_id: int) -> tuple[str, ...]:
    """The tools a reader follows, in alphabetical order."""
    query = select(reader_tools.c.tool_id).where(reader_tools.c.reader_id == reader_id)
    return tuple(connection.execute(query.order_by(reader_tools.c.tool_id)).scalars())


def followed_tools(connection: Connection) -> tuple[str, ...]:
    """Every tool that an active reader follows, in alphabetical order."""
    query = select(reader_tools.c.tool_id).distinct().join_from(reader_tools, readers)
    active = query.where(readers.c.status == ReaderStatus.ACTIVE)
    return tuple(connection.execute(active.order_by(reader_tools.c.tool_id)).scalars())


def put_topics(connection: Connection, reader_id: int, topics: Iterable[str]) -> None:
    """Replace a reader's topics."""
    connection.execute(delete(reader_topics).where(reader_topics.c.reader_id == reader_id))
    rows = [{"reader_id": reader_id, "topic": topic} for topic in topics]
    if rows:
        connection.execute(insert(reader_topics), rows)


def put_tools(connection: Connection, reader_id: int, tools: Iterable[str]) -> None:
    """Replace the tools a reader follows."""
    connection.execute(delete(reader_tools).where(reader_tools.c.reader_id == reader_id))
    rows = [{"reader_id": reader_id, "tool_id": tool} for tool in tools]
    if rows:
        connection.execute(insert(reader_tools), rows)


# ── counting sign-ups ──────────────────────────────────────────────────────────────────────────────────


def count_sign_ups(
    connection: Connection, hashes: Sequence[str], window_at: datetime
) -> dict[LimitScope, int]:
    """How many sign-ups these hashes had in a window."""
    counted = connection.execute(_COUNTED, {"hashes": list(hashes), "window_at": window_at})
    return {row[0]: row[1] for row in counted}


def add_sign_up(connection: Connection, hashes: Mapping[LimitScope, str], window_at: datetime) -> None:
    """Count one more in each scope."""
    rows = [
        {"scope": scope, "key_hash": hashed, "window_at": window_at, "count": 1}
        for scope, hashed in hashes.items()
    ]
    connection.execute(_count_one(connection.dialect.name), rows)


def forget_sign_ups(connection: Connection, before: datetime) -> int:
    """Delete the counts of windows before a moment; returns how many."""
    return connection.execute(delete(sign_up_counts).where(sign_up_counts.c.window_at < before)).rowcount


# What every sign-up runs is put together once: in a flood of them that takes longer than running it.

_CONSENT = insert(consents)
_COUNTED = select(sign_up_counts.c.scope, sign_up_counts.c.count).where(
    sign_up_counts.c.key_hash.in_(bindparam("hashes", expanding=True)),
    sign_up_counts.c.window_at == bindparam("window_at"),
)


@cache
def _add_reader(dialect: str) -> Any:
    statement = insert_into(readers, dialect).on_conflict_do_nothing(index_elements=["address_key"])
    return statement.returning(readers.c.id)


@cache
def _count_one(dialect: str) -> Any:
    return insert_into(sign_up_counts, dialect).on_conflict_do_update(
        index_elements=["scope", "key_hash", "window_at"], set_={"count": sign_up_counts.c.count + 1}
    )
