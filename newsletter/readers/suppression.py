"""The suppression list: addresses that are never written to again, known by a keyed hash only.

It outlives an erased reader and names nobody. Its key never changes (keys.py). Nothing here commits; taking a reader
off the list of readers together with it is `store.suppress`.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from newsletter.db.engine import insert_into
from newsletter.db.schema import suppressions
from newsletter.readers.addresses import Address, fold

#: The reason that the address's owner lifts by confirming again.
ERASED = "erased"
#: The reason that nobody lifts.
COMPLAINED = "complained"

#: Every sign-up asks it: putting it together takes longer than running it.
_REASON = select(suppressions.c.reason).where(
    suppressions.c.address_hash.in_(bindparam("hashes", expanding=True))
)


def address_hash(key: bytes, address: Address) -> str:
    """Return HMAC-SHA256 of the address's key under the suppression key, as hex."""
    return hmac.digest(key, address.key.encode(), "sha256").hex()


def address_hashes(key: bytes, address: Address) -> set[str]:
    """Return what the address may stand on the list by: its hash, and with ß and its like that of earlier releases, too.

    They folded such letters. That entry may be somebody else's: rather one too many is kept out.
    """
    folded = fold(address.key)
    hashes = {address_hash(key, address)}
    return hashes if folded == address.key else hashes | {address_hash(key, Address(folded, folded))}


def add_suppression(connection: Connection, hashed: str, *, reason: str, source: str, now: datetime) -> bool:
    """Put a hash on the list; False when it was there already. Neither text may hold an address."""
    row = {"address_hash": hashed, "reason": reason, "at": now, "source": source}
    statement = insert_into(suppressions, connection.dialect.name).on_conflict_do_nothing(
        index_elements=["address_hash"]
    )
    return connection.execute(statement.returning(suppressions.c.address_hash), row).first() is not None


def suppressed_among(connection: Connection, hashes: Sequence[str]) -> set[str]:
    """Return which of these hashes are on the list."""
    query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(hashes))
    return set(connection.execute(query).scalars())


def suppression_reason(connection: Connection, address: Address, key: bytes) -> str | None:
    """Return why the address is on the list; None when it is not."""
    reasons = connection.execute(_REASON, {"hashes": list(address_hashes(key, address))}).scalars().all()
    # What its owner can lift says least.
    return min(reasons, key=lambda reason: reason == ERASED, default=None)


def lift_suppression(connection: Connection, address: Address, reason: str, key: bytes) -> None:
    """Take an address off the list if it stands there for this reason."""
    where = (suppressions.c.address_hash == address_hash(key, address), suppressions.c.reason == reason)
    connection.execute(delete(suppressions).where(*where))
