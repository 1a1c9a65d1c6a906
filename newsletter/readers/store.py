"""The queries on readers, their topics, the consent ledger and the suppression list.

Nothing here commits: the caller opens the transaction, so that a reader and the consent that made them one are
written together or not at all. Consents are only ever added. An address on the suppression list belongs to no
active reader: `add_readers` refuses it and `suppress` takes the reader off.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
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
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.db.schema import (
    consents,
    reader_tools,
    reader_topics,
    readers,
    suppressions,
)
from newsletter.db.statuses import ConsentEvent, ReaderStatus
from newsletter.errors import NotFound
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.model import MAY_BECOME, WITHDRAWING, Arrival, Consent, NewReader, Reader
from newsletter.readers.suppression import address_hash

_READER = [column for column in readers.c if column.name not in ("address_key", "replaces")]

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

_KEPT_OUT = {
    ReaderStatus.LEFT: Arrival.LEFT,
    ReaderStatus.BOUNCED: Arrival.BOUNCED,
    ReaderStatus.COMPLAINED: Arrival.COMPLAINED,
}

#: Whom a dry run has met, on its own connection: in the database's temporary space, not in memory.
_foreseen = Table(
    "foreseen", MetaData(), Column("address_key", String(320), primary_key=True), prefixes=["TEMPORARY"]
)

# ── finding ────────────────────────────────────────────────────────────────────────────────────────────


def find_reader(connection: Connection, address: Address) -> Reader | None:
    """The reader with this address, however it is written."""
    return _find(connection, readers.c.address_key == address.key)


def get_reader(connection: Connection, reader_id: int) -> Reader:
    """The reader; raises NotFound."""
    found = _find(connection, readers.c.id == reader_id)
    if found is None:
        raise NotFound("reader", reader_id)
    return found


def look_for_reader(connection: Connection, reader_id: int) -> Reader | None:
    """The reader, or None."""
    return _find(connection, readers.c.id == reader_id)


def _find(connection: Connection, where: ColumnElement[bool]) -> Reader | None:
    row = connection.execute(select(*_READER).where(where)).mappings().one_or_none()
    return None if row is None else Reader(**row)


def list_readers(
    connection: Connection, *, status: ReaderStatus | None = None, after: int = 0, limit: int = 1000
) -> list[Reader]:
    """The next `limit` readers whose id is greater than `after`, in the order of their ids."""
    query = select(*_READER).where(readers.c.id > after).order_by(readers.c.id).limit(limit)
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


# ── adding ─────────────────────────────────────────────────────────────────────────────────────────────


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
    _insert_consents(connection, [(added[key], allowed[key].consent_source) for key in added], event, now)
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
    statement = _insert_missing(connection, _foreseen, "address_key").returning(_foreseen.c.address_key)
    unseen = connection.execute(statement, [{"address_key": key} for key in allowed]).scalars().all()
    fresh = set(unseen) - _statuses(connection, unseen).keys()
    return _arrivals(connection, newcomers, suppressed, fresh)


def _suppressed_keys(
    connection: Connection, newcomers: Sequence[NewReader], suppression_key: bytes
) -> set[str]:
    keys = {address_hash(suppression_key, each.address): each.address.key for each in newcomers}
    return {keys[hashed] for hashed in _suppressed_among(connection, list(keys))}


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
        "status": _written(connection, readers.c.status, ReaderStatus.ACTIVE),
        "status_at": _written(connection, readers.c.status_at, now),
        "added_at": _written(connection, readers.c.added_at, now),
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
    statement = _insert_missing(connection, readers, "address_key").values(same)
    inserted = connection.execute(statement.returning(readers.c.address_key, readers.c.id), rows)
    return {row[0]: row[1] for row in inserted}


def _written(connection: Connection, column: Column[Any], value: object) -> ColumnElement[Any]:
    """A value as it stands in SQL, for statements over many rows.

    A bound value is converted anew for each row, which halves the speed of an import (20,000 rows a second).
    """
    written = column.type.literal_processor(connection.dialect)
    if written is None:
        raise TypeError(f"{column} has no way to write its values")
    return literal_column(written(value))


def _insert_missing(connection: Connection, table: Any, key: str) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing(index_elements=[key])


def _insert_consents(
    connection: Connection, given: Sequence[tuple[int, str]], event: ConsentEvent, now: datetime
) -> None:
    if given:
        same = {
            "event": _written(connection, consents.c.event, event),
            "at": _written(connection, consents.c.at, now),
        }
        rows = [{"reader_id": reader_id, "source": source} for reader_id, source in given]
        connection.execute(insert(consents).values(same), rows)


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
        _insert_consents(connection, [(reader_id, source)], ConsentEvent.WITHDRAWN, now)
    return True


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
    query = select(*_READER).where(readers.c.status == ReaderStatus.LEFT, readers.c.status_at <= before)
    rows = connection.execute(query.order_by(readers.c.id).limit(limit)).mappings()
    return [Reader(**row) for row in rows]


# ── the suppression list ───────────────────────────────────────────────────────────────────────────────


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
    statement = _insert_missing(connection, suppressions, "address_hash")
    inserted = connection.execute(statement.returning(suppressions.c.address_hash), row).first()
    reader = find_reader(connection, address)
    if reader is not None:
        change_status(connection, reader.id, ReaderStatus.LEFT, now=now, source=source)
    return inserted is not None


def is_suppressed(connection: Connection, address: Address, suppression_key: bytes) -> bool:
    return bool(_suppressed_among(connection, [address_hash(suppression_key, address)]))


def _suppressed_among(connection: Connection, hashes: Sequence[str]) -> set[str]:
    query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(hashes))
    return set(connection.execute(query).scalars())


def suppression_reason(connection: Connection, address: Address, suppression_key: bytes) -> str | None:
    """Why the address is on the list; None when it is not."""
    hashed = address_hash(suppression_key, address)
    query = select(suppressions.c.reason).where(suppressions.c.address_hash == hashed)
    return connection.execute(query).scalar_one_or_none()


def lift_suppression(connection: Connection, address: Address, reason: str, suppression_key: bytes) -> None:
    """Take an address off the list if it stands there for this reason: its owner's own new consent."""
    hashed = address_hash(suppression_key, address)
    where = (suppressions.c.address_hash == hashed, suppressions.c.reason == reason)
    connection.execute(delete(suppressions).where(*where))
