"""What editing asks of `subscribers.db` beyond the queries of the digest and of delivery."""

from sqlalchemy import Connection, exists, select, update

from newsletter.db.schema import deliveries, issues
from newsletter.db.statuses import DeliveryStatus

#: A copy in one of these states is with its reader, or may be.
_OUT = (DeliveryStatus.BEGUN, DeliveryStatus.ACCEPTED, DeliveryStatus.UNSURE)


def may_have_arrived(connection: Connection, issue_id: int) -> bool:
    """Whether any reader may have a copy of the issue."""
    out = exists().where(deliveries.c.issue_id == issue_id, deliveries.c.status.in_(_OUT))
    return bool(connection.execute(select(out)).scalar())


def take_number_back(connection: Connection, issue_id: int) -> None:
    """Let the next approved issue have the number of one that nobody got."""
    connection.execute(update(issues).where(issues.c.id == issue_id).values(number=None))
