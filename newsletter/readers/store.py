"""The queries on readers, their topics and the consent ledger, and how readers leave.

Nothing here commits: the caller opens the transaction, so that a reader and the consent that made them one are
written together or not at all. Consents are only ever added. Adding readers is in adding_store.py, the suppression
list in suppression_store.py, erasing in forgetting_store.py, what readers do themselves in own_store.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Result,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)

from newsletter.db.conflicts import insert_into
from newsletter.db.schema import consents, reader_topics, readers
from newsletter.db.statuses import ConsentEvent, ReaderStatus
from newsletter.errors import NotFound
from newsletter.readers.addresses import Address
from newsletter.readers.model import MAY_BECOME, WITHDRAWING, Consent, Reader

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
