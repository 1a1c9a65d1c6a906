"""What editing asks of `subscribers.db` beyond the queries of the digest and of delivery."""

from datetime import date

from sqlalchemy import Connection, exists, func, select, update

from newsletter.db.schema import batches, deliveries, errata, issues, rulings
from newsletter.db.statuses import DeliveryStatus, Edition, IssueStatus
from newsletter.delivery.audience import audience

#: A copy in one of these states is with its reader, or may be.
_OUT = (DeliveryStatus.BEGUN, DeliveryStatus.ACCEPTED, DeliveryStatus.UNSURE)


def may_have_arrived(connection: Connection, issue_id: int) -> bool:
    """Whether any reader may have a copy of the issue."""
    out = exists().where(deliveries.c.issue_id == issue_id, deliveries.c.status.in_(_OUT))
    return bool(connection.execute(select(out)).scalar())


def take_number_back(connection: Connection, issue_id: int) -> None:
    """Let the next approved issue have the number of one that nobody got."""
    connection.execute(update(issues).where(issues.c.id == issue_id).values(number=None))


def variant_of(connection: Connection, issue_id: int, reader_id: int) -> str | None:
    """The plan that the reader got; None for who got none."""
    query = select(batches.c.variant).join_from(deliveries, batches, batches.c.id == deliveries.c.batch_id)
    mine = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id == reader_id)
    found: str | None = connection.execute(query.where(*mine)).scalar()
    return found


def audience_size(connection: Connection, edition: Edition, today: date) -> int:
    """How many readers an issue of this edition would go to today."""
    whole = audience(edition, today).subquery()
    return int(connection.execute(select(func.count()).select_from(whole)).scalar_one())


def has_audience(connection: Connection, edition: Edition, today: date) -> bool:
    """Whether anybody would get an issue of this edition today."""
    return connection.execute(audience(edition, today).limit(1)).first() is not None


def publishing_stamp(connection: Connection) -> str:
    """Another text whenever an issue was approved or withdrawn, or gave back what it had published."""
    numbered = select(func.count(issues.c.number), func.max(issues.c.approved_at), func.count()).select_from(
        issues
    )
    row = connection.execute(numbered.where(issues.c.status != IssueStatus.CANCELLED)).one()
    return " ".join(str(each) for each in row)


def surroundings(connection: Connection) -> tuple[object, ...]:
    """What changes whenever a draft may read differently though it was not edited: rulings, and errata to be told."""
    ruled = connection.execute(select(func.count(), func.max(rulings.c.at)).select_from(rulings)).one()
    told = connection.execute(
        select(func.count(), func.max(errata.c.id), func.count(errata.c.told_in)).select_from(errata)
    )
    return (*ruled, *told.one())
