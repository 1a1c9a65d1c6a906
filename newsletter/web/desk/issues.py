"""The desk's first page: the issues at hand, then those before."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue
from newsletter.editing.checks.answers import open_of, with_answers
from newsletter.editing.checks.findings import Severity
from newsletter.editing.issues import MOST_LISTED, list_page
from newsletter.editing.send_time import goes_out_at
from newsletter.web.dependencies import Cached, Installed
from newsletter.web.desk.auth import AnyEditor
from newsletter.web.desk.layout import DeskPage, Layout
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(DeskPage):
    """Open issues, and a page of the others; `older` is where the next page begins, None on the last.

    What is known of issues stands by their id: `subjects` where one is fixed, `times` on the wall clock of the schedule's zone,
    `findings` (how many errors and warnings are open) of drafts that somebody has looked at.
    """

    template: ClassVar[str] = "desk/home"
    open: tuple[Issue, ...]
    closed: tuple[Issue, ...]
    subjects: dict[int, str]
    times: dict[int, datetime]
    findings: dict[int, tuple[int, int]]
    older: int | None
    is_first: bool
    next_issue_on: date


@router.get("/desk")
def home(
    request: Request, app: Installed, cache: Cached, editor: AnyEditor, before: int | None = None
) -> Response:
    """Show the list, without waiting for any check: what is open in a draft is said where somebody has looked."""
    with app.database.read() as connection:
        listed = list_page(connection, before)
    subjects, findings = dict(listed.subjects), dict[int, tuple[int, int]]()
    for issue in listed.open:
        look = cache.checked_already(issue) if issue.status is IssueStatus.DRAFT else None
        if look is not None:
            subjects[issue.id] = look.compiled.letter.subject
            opened = open_of(with_answers(app, issue, look.findings))
            errors = sum(each.severity is Severity.ERROR for each in opened)
            findings[issue.id] = (errors, len(opened) - errors)
    page = HomePage(
        layout=Layout.of(request, editor, "issues"),
        open=listed.open if before is None else (),
        closed=listed.closed,
        subjects=subjects,
        times={each.id: goes_out_at(each, app.settings.zone) for each in (*listed.open, *listed.closed)},
        findings=findings,
        older=listed.closed[-1].id if len(listed.closed) == MOST_LISTED else None,
        is_first=before is None,
        next_issue_on=app.next_issue_on(),
    )
    return show(request, page)
