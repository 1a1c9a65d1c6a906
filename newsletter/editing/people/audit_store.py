"""The queries of the audit log. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from newsletter.db.schema import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deed. `action` is a value of `Action`, or of one that there was once."""

    id: int
    at: datetime
    by: str
    action: str
    issue_id: int | None
    detail: str


def add_entry(
    connection: Connection, *, by: str, action: str, issue_id: int | None, detail: str, at: datetime
) -> None:
    row = {"by": by, "action": action, "issue_id": issue_id, "detail": detail, "at": at}
    connection.execute(insert(audit), row)


def list_entries(
    connection: Connection, limit: int, *, before: int | None = None, issue_id: int | None = None
) -> tuple[Entry, ...]:
    """The latest deeds first; those before one's id, and to one issue, where asked for."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    if issue_id is not None:
        query = query.where(audit.c.issue_id == issue_id)
    return tuple(Entry(**row._mapping) for row in connection.execute(query))


def who_did(connection: Connection, issue_id: int, actions: Sequence[str]) -> frozenset[str]:
    """Everybody who did one of these to an issue."""
    query = select(audit.c.by).where(audit.c.issue_id == issue_id, audit.c.action.in_(actions))
    return frozenset(connection.execute(query.distinct()).scalars())


def forget_entries(connection: Connection, before: datetime) -> int:
    """Delete what was done before a moment; returns how many."""
    return connection.execute(delete(audit).where(audit.c.at < before)).rowcount
