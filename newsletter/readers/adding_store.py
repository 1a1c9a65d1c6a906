"""Adding readers, many at a time, and what would come of it. Nothing here commits.

An address on the suppression list belongs to no active reader: it is not added.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from sqlalchemy import Column, Connection, MetaData, String, Table, bindparam, insert, select

from newsletter.db.schema import reader_topics, readers
from newsletter.db.statuses import ConsentEvent, ReaderStatus
from newsletter.readers.model import Arrival, NewReader
from newsletter.readers.store import insert_consents, insert_missing, written
from newsletter.readers.suppression import address_hash
from newsletter.readers.suppression_store import suppressed_among

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
