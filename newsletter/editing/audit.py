"""The activity log: who did what to which issue, one row for each action, written in the transaction that does it.

It names readers by number only, never by address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from newsletter.db.schema import audit

#: Who did what was done by a command.
COMMAND_LINE = "command line"


class Action(StrEnum):
    """What somebody did."""

    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    INVITED = "invited"
    REVOKED = "revoked"
    EDITED = "edited"
    EXCLUDED = "excluded"
    MERGED = "merged"
    UNDONE = "undone"
    RULED = "ruled"
    ACKNOWLEDGED = "acknowledged"
    OVERRODE = "overrode"
    TESTED = "tested"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    SCHEDULED = "scheduled"
    SENT = "sent"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"
    ERASED = "erased"
    EXPORTED = "exported"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    ASKED = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What somebody did and when. `action` is a value of `Action`, or of one that there was once."""

    id: int
    at: datetime
    by: str
    action: str
    issue_id: int | None
    detail: str


def record_action(
    connection: Connection,
    *,
    by: str,
    action: Action,
    issue_id: int | None = None,
    detail: str = "",
    at: datetime,
) -> None:
    """Write down what somebody did, in the caller's own transaction. `by`: an editor's name, or COMMAND_LINE.

    `detail` says what exactly, and why; readers are named by their number only.
    """
    row = {"by": by, "action": action.value, "issue_id": issue_id, "detail": detail, "at": at}
    connection.execute(insert(audit), row)


def list_entries(
    connection: Connection, limit: int, *, before: int | None = None, issue_id: int | None = None
) -> tuple[AuditEntry, ...]:
    """List the latest entries, the newest first; those before one's id, and about one issue, where asked for."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    if issue_id is not None:
        query = query.where(audit.c.issue_id == issue_id)
    return tuple(AuditEntry(**row._mapping) for row in connection.execute(query))


def who_did(connection: Connection, issue_id: int, actions: Sequence[Action]) -> frozenset[str]:
    """Return everybody who did one of these to an issue."""
    query = select(audit.c.by).where(audit.c.issue_id == issue_id, audit.c.action.in_(actions))
    return frozenset(connection.execute(query.distinct()).scalars())


def delete_entries(connection: Connection, before: datetime) -> int:
    """Delete what was done before a moment; return how many entries."""
    return connection.execute(delete(audit).where(audit.c.at < before)).rowcount
