"""The unsure of an issue, page by page: of a million deliveries only the batches that have any are read."""

from sqlalchemy import Connection, func, select

from newsletter.db.schema import batches, deliveries, readers
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.store import Unsure


def page_of_unsure(
    connection: Connection, issue_id: int, *, after: int = 0, limit: int = 50
) -> tuple[Unsure, ...]:
    """The next so many by reader id, beyond `after`."""
    found: list[Unsure] = []
    mine = (batches.c.issue_id == issue_id, batches.c.unsure > 0, batches.c.high > after)
    # Batches of one wave are in the order of their readers; those of several waves overlap.
    ranges = select(batches.c.id, batches.c.low, batches.c.high).where(*mine).order_by(batches.c.low)
    for batch_id, low, high in connection.execute(ranges).all():
        if len(found) >= limit and low > found[limit - 1].reader_id:
            break
        found += _of_batch(connection, issue_id, batch_id, max(low, after + 1), high, limit)
        found.sort(key=lambda each: each.reader_id)
    return tuple(found[:limit])


def _of_batch(
    connection: Connection, issue_id: int, batch_id: int, low: int, high: int, limit: int
) -> list[Unsure]:
    query = (
        select(
            deliveries.c.reader_id,
            readers.c.address,
            deliveries.c.batch_id,
            func.coalesce(deliveries.c.code, "").label("code"),
            deliveries.c.at,
        )
        .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
        .where(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id.between(low, high),
            deliveries.c.batch_id == batch_id,
            deliveries.c.status == DeliveryStatus.UNSURE,
        )
        .order_by(deliveries.c.reader_id)
        .limit(limit)
    )
    return [Unsure(**row._mapping) for row in connection.execute(query)]


def unsure_ids(connection: Connection, issue_id: int) -> tuple[int, ...]:
    """All of the issue's unsure readers."""
    found: list[int] = []
    while page := page_of_unsure(connection, issue_id, after=found[-1] if found else 0, limit=1_000):
        found += [each.reader_id for each in page]
    return tuple(found)
