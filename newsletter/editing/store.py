"""What editing asks of `subscribers.db` beyond the queries of the digest and of delivery."""

import re
from datetime import date

from sqlalchemy import Connection, exists, func, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, errata, issues, rulings
from newsletter.db.statuses import DeliveryStatus, Edition, IssueStatus
from newsletter.delivery.audience import audience
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_by_number, find_latest_issue, get_issue
from newsletter.errors import BadInput, NotFound

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


# How people name an issue: by id, by number, or as the latest.

LATEST = "latest"
_HINT = "List them with: newsletter issues"


def find_issue(database: Database, name: str) -> Issue:
    """The issue called "7" (its id), "#3" (its number; "monthly#3" of the other edition) or "latest"."""
    numbered = re.fullmatch(r"(weekly|monthly)?#([0-9]{1,9})", name.strip())
    with database.read() as connection:
        if name.strip() == LATEST:
            found = find_latest_issue(connection)
        elif numbered:
            edition = Edition(numbered[1] or Edition.WEEKLY)
            found = find_issue_by_number(connection, edition, int(numbered[2]))
        elif re.fullmatch(r"[0-9]{1,18}", name.strip()):
            return get_issue(connection, int(name))
        else:
            raise BadInput(f"{name!r} is no issue: give an id, a number such as #3, or latest. {_HINT}")
    if found is None:
        raise NotFound("issue", name, _HINT)
    return found


# What an editor's work needs of the installation it is done in.
