"""The desk's first page: the issues at hand, then those before."""

from fastapi import APIRouter, Request, Response

from newsletter.db.statuses import IssueStatus
from newsletter.editing.checks.answers import open_of, with_answers
from newsletter.editing.checks.findings import Severity
from newsletter.editing.issues import MOST_LISTED, frozen_subjects, list_closed, list_open
from newsletter.editing.send_time import goes_out_at
from newsletter.web.dependencies import Cached, Installed
from newsletter.web.desk.auth import AnyEditor
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)


@router.get("/desk")
def home(
    request: Request, app: Installed, cache: Cached, editor: AnyEditor, before: int | None = None
) -> Response:
    """Show the list, without waiting for any check: what is open in a draft is said where somebody has looked."""
    with app.database.read() as connection:
        at_hand, closed = list_open(connection), list_closed(connection, before)
        subjects = frozen_subjects(connection, (*at_hand, *closed))
    findings: dict[int, tuple[int, int]] = {}
    for issue in at_hand:
        look = cache.checked_already(issue) if issue.status is IssueStatus.DRAFT else None
        if look is not None:
            subjects[issue.id] = look.compiled.letter.subject
            opened = open_of(with_answers(app, issue, look.findings))
            errors = sum(each.severity is Severity.ERROR for each in opened)
            findings[issue.id] = (errors, len(opened) - errors)
    return show_desk(
        request,
        "desk/home",
        editor,
        "issues",
        open=at_hand if before is None else (),
        closed=closed,
        subjects=subjects,
        times={each.id: goes_out_at(each, app.settings.zone) for each in (*at_hand, *closed)},
        findings=findings,
        older=closed[-1].id if len(closed) == MOST_LISTED else None,
        is_first=before is None,
        next_issue_on=app.next_issue_on(),
    )
