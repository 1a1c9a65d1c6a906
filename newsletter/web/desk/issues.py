"""The desk's first page: the issues at hand, then those before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import IssueStatus
from newsletter.digest.errata import Erratum, errata_of
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.cache import DeskCache
from newsletter.editing.checks.answers import open_of, with_answers
from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.correct import MOST_ERRATUM_CHARS, correct
from newsletter.editing.editors import Editor
from newsletter.editing.issues import MOST_LISTED, list_page
from newsletter.editing.send_time import goes_out_at
from newsletter.errors import BadInput
from newsletter.web.desk.auth import AnyEditor, DeskForm, Publisher
from newsletter.web.desk.layout import DeskFrame, DeskPage, done
from newsletter.web.desk.progress import label_of
from newsletter.web.pages import Installed, cache_of, show

router = APIRouter(include_in_schema=False)

#: What waits to be done to an issue, in a sentence.
_WAITS = {
    IssueStatus.DRAFT: "A draft: look through it, and approve it.",
    IssueStatus.APPROVED: "Approved: it goes out by itself at its time.",
    IssueStatus.SENDING: "It is going out now.",
    IssueStatus.PAUSED: "It is paused and waits for a person.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRow:
    """An issue in a list. `subject` is empty where it is not fixed yet."""

    id: int
    label: str
    edition: str
    subject: str
    status: str
    slot_at: datetime
    waits: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(DeskPage):
    """Open issues, and a page of the others; `older` is where the next page begins, None on the last."""

    template: ClassVar[str] = "desk/home"
    open: tuple[IssueRow, ...]
    closed: tuple[IssueRow, ...]
    older: int | None
    is_first: bool
    next_issue: str


@router.get("/desk")
def home(request: Request, app: Installed, editor: AnyEditor, before: int | None = None) -> Response:
    with app.database.read() as connection:
        listed = list_page(connection, before)
    page = HomePage(
        desk=DeskFrame.of(request, editor, "issues"),
        open=tuple(_at_hand(app, cache_of(request), each, listed.subjects) for each in listed.open)
        if before is None
        else (),
        closed=tuple(_row(each, listed.subjects, app.settings.zone) for each in listed.closed),
        older=listed.closed[-1].id if len(listed.closed) == MOST_LISTED else None,
        is_first=before is None,
        next_issue=app.next_issue_words(),
    )
    return show(request, page)


def _at_hand(app: App, cache: DeskCache, issue: Issue, subjects: dict[int, str]) -> IssueRow:
    """A draft says what it needs, where that is known since somebody looked: no list waits for a check."""
    row = _row(issue, subjects, app.settings.zone)
    look = cache.checked_already(issue) if issue.status is IssueStatus.DRAFT else None
    if look is None:
        return row
    opened = open_of(with_answers(app, issue, look.findings))
    return replace(row, subject=look.compiled.letter.subject, waits=_needs_words(opened))


def _needs_words(opened: Sequence[Finding]) -> str:
    errors = sum(each.severity is Severity.ERROR for each in opened)
    counted = ((errors, "error"), (len(opened) - errors, "warning"))
    words = " and ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counted if count)
    return f"{words} to answer." if words else "The checks have nothing open: approve it."


def _row(issue: Issue, subjects: dict[int, str], zone: ZoneInfo) -> IssueRow:
    return IssueRow(
        id=issue.id,
        label=f"{issue.edition.value.capitalize()} {issue.label}",
        edition=issue.edition.value,
        subject=subjects.get(issue.id, issue.subject),
        status=issue.status.value,
        slot_at=goes_out_at(issue, zone),
        waits=_WAITS.get(issue.status, ""),
        reason=issue.reason,
    )


# Correct an issue that went out: what it said, what is right, and whether the next issue says so.


@dataclass(frozen=True, slots=True, kw_only=True)
class ErratumPage(DeskPage):
    """What was corrected before, and the form for more; `typed_…` is what was refused with `fault`."""

    template: ClassVar[str] = "desk/erratum"
    issue: Issue
    label: str
    slug: str
    errata: tuple[Erratum, ...]
    most: int
    typed_said: str
    typed_right: str
    to_tell: bool
    fault: str


@router.get("/desk/issues/{issue_id}/erratum")
def erratum(request: Request, app: Installed, editor: Publisher, issue_id: int) -> Response:
    return _page(request, app, editor, issue_id)


@router.post("/desk/issues/{issue_id}/erratum")
def put_right(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    with app.database.read() as connection:
        issue = get_issue(connection, issue_id)
    said, right, to_tell = form.get("said"), form.get("right"), form.get("tell") == "next"
    try:
        correct(app, issue, said=said, right=right, to_tell=to_tell, by=editor.name)
    except BadInput as error:
        return _page(request, app, editor, issue_id, said, right, to_tell=to_tell, fault=str(error))
    return done(f"/desk/issues/{issue_id}/erratum", "corrected")


def _page(
    request: Request,
    app: App,
    editor: Editor,
    issue_id: int,
    said: str = "",
    right: str = "",
    *,
    to_tell: bool = False,
    fault: str = "",
) -> Response:
    with app.database.read() as connection:
        issue, errata = get_issue(connection, issue_id), errata_of(connection, issue_id)
    page = ErratumPage(
        desk=DeskFrame.of(request, editor, "report"),
        issue=issue,
        label=label_of(issue),
        slug=f"{issue.edition}-{issue.number}",
        errata=errata,
        most=MOST_ERRATUM_CHARS,
        typed_said=said,
        typed_right=right,
        to_tell=to_tell,
        fault=fault,
    )
    return show(request, page, 422 if fault else 200)
