"""Who of a batch comes next: whoever waits, may still receive the issue, and is within our limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

from sqlalchemy import Connection, bindparam, select

from newsletter.db.schema import deliveries, readers, suppressions
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.audience import SKIP_REASON, AddressHash
from newsletter.delivery.holds import Hold
from newsletter.delivery.personal import NO_WISHES, Wishes
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.throttle import Permit
from newsletter.delivery.wishes import WISHES, wishes_of

#: More than any batch has.
_WHOLE_BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A reader whose delivery has begun; `attempts` counts the tries that a server put off."""

    reader_id: int
    address: str
    attempts: int
    wishes: Wishes = NO_WISHES


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Who comes next and who is skipped instead; neither where everybody waits for a limit of their domain."""

    recipients: tuple[Recipient, ...]
    skips: tuple[Outcome, ...]


_NEXT_PENDING = (
    select(
        *(readers.c[name] for name in ("id", "address", "address_key")),
        SKIP_REASON,
        deliveries.c.attempts,
        *WISHES,
    )
    .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id.between(bindparam("b_low"), bindparam("b_high")),
        deliveries.c.batch_id == bindparam("b_batch"),
        deliveries.c.status == DeliveryStatus.PENDING,
    )
    .order_by(deliveries.c.reader_id)
    .limit(bindparam("b_limit"))
)
_SUPPRESSED = select(suppressions.c.address_hash).where(
    suppressions.c.address_hash.in_(bindparam("b_hashes", expanding=True))
)


def choose_next(
    connection: Connection, hold: Hold, permit: Permit, now: datetime, hash_address: AddressHash
) -> Chosen | None:
    """The next of the batch, as many as the permit leaves; None when nobody in it waits."""
    # Whose domain has had its share is passed over: then more are looked at than chosen.
    rows = _next_pending(connection, hold, _WHOLE_BATCH if permit.domains else permit.left, now)
    if not rows:
        return None
    skips = _skips(connection, rows, hash_address)
    return Chosen(recipients=_within(permit, rows, skips), skips=skips)


def _next_pending(connection: Connection, hold: Hold, limit: int, now: datetime) -> Sequence[Any]:
    batch = {"b_issue": hold.issue_id, "b_low": hold.low, "b_high": hold.high, "b_batch": hold.batch_id}
    return connection.execute(_NEXT_PENDING, {**batch, "b_limit": limit, "b_today": now.date()}).all()


def _skips(connection: Connection, rows: Sequence[Any], hash_address: AddressHash) -> tuple[Outcome, ...]:
    """Who of the rows may not receive it any more, and why."""
    hashes = {hash_address(key): reader_id for reader_id, _, key, *_ in rows if key is not None}
    listed = connection.execute(_SUPPRESSED, {"b_hashes": list(hashes)}).scalars()
    reasons = {hashes[each]: "suppressed" for each in listed}
    reasons |= {row[0]: row.skip_reason for row in rows if row[3] is not None}
    return tuple(
        Outcome(reader_id=reader_id, event=Event.SKIP, code=reason) for reader_id, reason in reasons.items()
    )


def _within(permit: Permit, rows: Sequence[Any], skips: Sequence[Outcome]) -> tuple[Recipient, ...]:
    """Those of the rows that are not skipped and within the limits."""
    skipped = {each.reader_id for each in skips}
    able = [row for row in rows if row[0] not in skipped]
    return tuple(
        Recipient(reader_id=reader_id, address=address, attempts=attempts, wishes=wishes_of(*wishes))
        for reader_id, address, _, _, attempts, *wishes in compress(
            able, permit.choose(row.address for row in able)
        )
    )
