"""An issue on its way: pausing it, letting it go on, sending once more to the unsure. Each is written down with who did it."""

from collections.abc import Collection

from newsletter.delivery.store import pause_issue, resume_issue
from newsletter.delivery.unsure_store import send_again, unsure_ids
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit import COMMAND_LINE, Action, audit


def pause(newsroom: Newsroom, issue_id: int, by: str = COMMAND_LINE, *, reason: str = "") -> None:
    """Mail nobody new. Commits; raises InvalidTransition for an issue that is not going out."""
    now = newsroom.clock.now()
    said = reason or ("" if by == COMMAND_LINE else f"{by} paused it")
    with newsroom.database.write() as connection:
        pause_issue(connection, issue_id, said, now)
        audit(connection, by=by, action=Action.PAUSED, issue_id=issue_id, detail=reason, at=now)


def resume(newsroom: Newsroom, issue_id: int, by: str = COMMAND_LINE) -> None:
    """Let a paused issue go on. Commits; raises InvalidTransition for one that is not paused."""
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        resume_issue(connection, issue_id, now)
        audit(connection, by=by, action=Action.RESUMED, issue_id=issue_id, at=now)


def send_once_more(
    newsroom: Newsroom, issue_id: int, reader_ids: Collection[int] | None, by: str = COMMAND_LINE
) -> int:
    """Send it to these unsure readers again, or with None to all of them: they may have it twice. Returns how many.

    Commits; raises StoreBusy while a sender works on them, InvalidTransition for a cancelled issue.
    """
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        chosen = unsure_ids(connection, issue_id) if reader_ids is None else reader_ids
        count = send_again(connection, issue_id, set(chosen), now)
        detail = f"once more to {count} unsure readers"
        audit(connection, by=by, action=Action.SENT, issue_id=issue_id, detail=detail, at=now)
    return count
