"""A worker's hold on a batch: what it knows of it, which deliveries are its own, and giving it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, update

from newsletter.db.schema import batches, deliveries
from newsletter.db.statuses import BatchStatus, DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A worker's claim on a batch, or a dead worker's."""

    batch_id: int
    issue_id: int
    variant: str
    low: int
    high: int
    owner: str
    fence: int
    lease_until: datetime
    #: Passes before this one that left readers to be tried again.
    attempts: int


HOLD_COLUMNS = (
    batches.c.id.label("batch_id"),
    *(batches.c[name] for name in ("issue_id", "variant", "low", "high")),
    *(batches.c[name] for name in ("owner", "fence", "lease_until", "attempts")),
)


def of_batch(hold: Hold, status: DeliveryStatus) -> tuple[ColumnElement[bool], ...]:
    """The batch's deliveries in a state, as conditions that the primary key serves."""
    return (
        deliveries.c.issue_id == hold.issue_id,
        deliveries.c.reader_id.between(hold.low, hold.high),
        deliveries.c.batch_id == hold.batch_id,
        deliveries.c.status == status,
    )


def leave_batch(
    connection: Connection,
    hold: Hold,
    not_before: datetime | ColumnElement[datetime] | None,
    **changes: object,
) -> None:
    values = {
        "status": BatchStatus.PENDING,
        "owner": None,
        "lease_until": None,
        "not_before": not_before,
        **changes,
    }
    connection.execute(update(batches).where(batches.c.id == hold.batch_id).values(values))
