"""Correcting an issue that went out: an erratum beside what was frozen, on its page and, if wanted, in the next issue."""

from newsletter.app import App
from newsletter.db.statuses import IssueStatus
from newsletter.digest.errata import Erratum, add_erratum
from newsletter.digest.issues import SHOWN, Issue
from newsletter.digest.store import get_issue
from newsletter.digest.wording import plain
from newsletter.editing.audit import Action, record_action
from newsletter.errors import BadInput

#: Characters of either side: both stand on one line of the next issue.
MOST_ERRATUM_CHARS = 200


def correct(app: App, issue: Issue, *, said: str, right: str, to_tell: bool, by: str) -> Erratum:
    """Write down what the issue said and what is right. Commits.

    With `to_tell` the edition's next issue says so in a line. Raises BadInput for empty or long words, and for an
    issue that has not begun to go out or was cancelled.
    """
    said, right = _checked(said, "what the issue said"), _checked(right, "what is right")
    if said == right:
        raise BadInput("What the issue said and what is right are the same.")
    detail = f"“{said}” → “{right}”{'; for the next issue too' if to_tell else ''}"
    now = app.clock.now()
    with app.database.write() as connection:
        current = get_issue(connection, issue.id)
        if current.status is IssueStatus.CANCELLED:
            raise BadInput(f"Issue {current.label} was cancelled; the archive does not show it.")
        if current.status not in SHOWN:
            raise BadInput(f"Issue {current.label} has not gone out: change the draft instead.")
        erratum = add_erratum(connection, issue.id, said=said, right=right, by=by, at=now, to_tell=to_tell)
        record_action(connection, by=by, action=Action.CORRECTED, issue_id=issue.id, detail=detail, at=now)
    return erratum


def _checked(text: str, what: str) -> str:
    text = plain(text)
    if not text:
        raise BadInput(f"Say {what}.")
    if len(text) > MOST_ERRATUM_CHARS:
        raise BadInput(
            f"The words for {what} have {len(text)} characters; at most {MOST_ERRATUM_CHARS} are allowed."
        )
    return text
