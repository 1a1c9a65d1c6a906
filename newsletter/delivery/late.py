"""Late evidence: what is learnt of a delivery after its sender was done with it, from a bounce or a webhook."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from newsletter.db.schema import batches, deliveries
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.states import FINAL, TRANSITIONS, Event


def settle(
    connection: Connection, issue_id: int, reader_id: int, event: Event, *, code: str, now: datetime
) -> DeliveryStatus | None:
    """Apply ARRIVE or BOUNCE to a delivery, and keep its batch's counts exact.

    Returns where it stood before; None, and nothing changed, where there is no such delivery, or the event cannot
    happen there.
    """
    mine = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id == reader_id)
    found = connection.execute(select(deliveries.c.status, deliveries.c.batch_id).where(*mine)).one_or_none()
    target = None if found is None else TRANSITIONS.get((found.status, event))
    if found is None or target is None:
        return None
    values = {"status": target, "at": now, "code": code or None}
    moved = update(deliveries).where(*mine, deliveries.c.status == found.status).values(values)
    if connection.execute(moved).rowcount != 1:
        return None
    counts = [(found.status, -1), (target, 1)]
    changes = {each.value: batches.c[each.value] + change for each, change in counts if each in FINAL}
    connection.execute(update(batches).where(batches.c.id == found.batch_id).values(changes))
    before: DeliveryStatus = found.status
    return before
