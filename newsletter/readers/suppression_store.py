"""The queries on the suppression list, which knows addresses by a keyed hash only. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from newsletter.db.schema import suppressions
from newsletter.db.statuses import ReaderStatus
from newsletter.readers.addresses import Address
from newsletter.readers.store import change_status, find_reader, insert_missing
from newsletter.readers.suppression import address_hash


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
