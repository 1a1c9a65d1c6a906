"""What the desk's list of issues asks of `subscribers.db`. Nothing here commits."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, select

from newsletter.db.schema import issues, snapshots
from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue


def issues_in(
    connection: Connection,
    statuses: Iterable[IssueStatus],
    *,
    before: int | None = None,
    limit: int | None = None,
) -> tuple[Issue, ...]:
    """Issues in one of these states, the newest first; those before one's id where asked for."""
    query = select(issues).where(issues.c.status.in_(list(statuses))).order_by(issues.c.id.desc())
    if before is not None:
        query = query.where(issues.c.id < before)
    return tuple(Issue(**row) for row in connection.execute(query.limit(limit)).mappings())


def subjects_of(connection: Connection, issue_ids: Iterable[int]) -> dict[int, str]:
    """The subjects of approved issues by id."""
    query = select(snapshots.c.issue_id, snapshots.c.letter).where(snapshots.c.issue_id.in_(list(issue_ids)))
    return {row.issue_id: str(json.loads(row.letter)["subject"]) for row in connection.execute(query)}
