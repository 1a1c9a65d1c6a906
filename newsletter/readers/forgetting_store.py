"""Forgetting who a reader was, in the tables of this folder. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from newsletter.db.schema import reader_tools, reader_topics, readers
from newsletter.db.statuses import ReaderStatus
from newsletter.readers.addresses import parse_address
from newsletter.readers.model import Reader
from newsletter.readers.store import READER_COLUMNS
from newsletter.readers.suppression_store import suppress

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
