"""The queries of issues that go out at a time of their own."""

from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from newsletter.db.schema import issues
from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue


def set_send_at(connection: Connection, issue: Issue, send_at: datetime, now: datetime) -> bool:
    """Let an issue that has not begun go at a moment, held or not; False when it is not as it is given any more."""
    same = and_(issues.c.id == issue.id, issues.c.version == issue.version, issues.c.status == issue.status)
    values = {"send_at": send_at, "held_at": None, "version": issue.version + 1, "updated_at": now}
    return connection.execute(update(issues).where(same).values(values)).rowcount == 1


def approved_and_due(connection: Connection, now: datetime) -> tuple[Issue, ...]:
    """Approved issues whose time has come, the earliest first."""
    due = and_(issues.c.status == IssueStatus.APPROVED, issues.c.send_at <= now)
    rows = connection.execute(select(issues).where(due).order_by(issues.c.send_at, issues.c.id)).mappings()
    return tuple(Issue(**row) for row in rows)
