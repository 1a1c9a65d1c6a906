"""The queries behind the count by domain: which batches have moved, and who of a batch is done."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, String, select, type_coerce

from newsletter.db.schema import batches, deliveries, readers
from newsletter.delivery.states import FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A batch's bounds, and how many of it stand in each final state."""

    batch_id: int
    low: int
    high: int
    accepted: int
    rejected: int
    skipped: int
    unsure: int

    @property
    def done(self) -> int:
        return self.accepted + self.rejected + self.skipped + self.unsure


def batch_sums(connection: Connection, issue_id: int) -> tuple[Sums, ...]:
    """The sums of the issue's batches."""
    names = ("low", "high", "accepted", "rejected", "skipped", "unsure")
    columns = (batches.c.id.label("batch_id"), *(batches.c[name] for name in names))
    query = select(*columns).where(batches.c.issue_id == issue_id).order_by(batches.c.id)
    return tuple(Sums(**row._mapping) for row in connection.execute(query))


def batch_outcomes(connection: Connection, issue_id: int, sums: Sums) -> Sequence[tuple[str | None, str]]:
    """The casefolded address (None: erased) and state of everybody in the batch who is done.

    States come as texts: a million of them are read, and to make each a DeliveryStatus takes longer than to read it.
    """
    query = (
        select(readers.c.address_key, type_coerce(deliveries.c.status, String))
        .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
        .where(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id.between(sums.low, sums.high),
            deliveries.c.batch_id == sums.batch_id,
            deliveries.c.status.in_(FINAL),
        )
    )
    return connection.execute(query).all()
