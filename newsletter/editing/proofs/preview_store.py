"""What a preview asks of `subscribers.db`."""

from sqlalchemy import Connection, select

from newsletter.db.schema import issues
from newsletter.digest.archived import SHOWN
from newsletter.digest.issues import Issue


def find_issue_before(connection: Connection, issue: Issue) -> Issue | None:
    """The last issue of the edition that went out before this one; None for the first."""
    query = select(issues).where(
        issues.c.edition == issue.edition,
        issues.c.status.in_(SHOWN),
        issues.c.content_hash.is_not(None),
        issues.c.slot < issue.slot,
    )
    row = connection.execute(query.order_by(issues.c.slot.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Issue(**row)
