"""Who did what to which issue: one row for each deed, written in the transaction that does it. No reader's address.

The pages show it (web/desk/audit.py); the queries are in audit_store.py.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.editing.people import audit_store

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
    ASKED = "asked"


def audit(
    connection: Connection,
    *,
    by: str,
    action: Action,
    issue_id: int | None = None,
    detail: str = "",
    at: datetime,
) -> None:
    """Write down a deed, in the caller's own transaction. `by`: an editor's name, or COMMAND_LINE.

    `detail` says what exactly, and why; readers are named by their number only.
    """
    audit_store.add_entry(connection, by=by, action=action.value, issue_id=issue_id, detail=detail, at=at)
