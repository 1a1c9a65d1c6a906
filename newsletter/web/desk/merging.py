"""Merging what arrived since into a draft: a page that shows what would change, and the button that does exactly that."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.db.statuses import IssueStatus, Room
from newsletter.digest.arranging import ROOM_NAMES
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.drafts.merging import Merge, merge
from newsletter.errors import BadInput
from newsletter.web.desk.draft import change_draft
from newsletter.web.desk.frame import DeskFrame, DeskPage, done
from newsletter.web.desk.people import AnyEditor, DeskForm
from newsletter.web.installation import Installed
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePage(DeskPage):
    """What a merge up to a moment would change."""

    template: ClassVar[str] = "desk/merge"
    issue: Issue
    merge: Merge
    cutoff: str
    room_names: dict[Room, str]


@router.get("/desk/issues/{issue_id}/merge")
def look(request: Request, app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    with app.database.read() as connection:
        issue = get_issue(connection, issue_id)
    if issue.status is not IssueStatus.DRAFT:
        return done(f"/desk/issues/{issue_id}")
    planned = app.merges.of(issue)
    page = MergePage(
        desk=DeskFrame.of(request, editor, "issues"),
        issue=issue,
        merge=planned,
        cutoff=planned.cutoff_at.isoformat(),
        room_names=dict(ROOM_NAMES),
    )
    return show(request, page)


@router.post("/desk/issues/{issue_id}/merge")
def do(request: Request, app: Installed, editor: AnyEditor, issue_id: int, form: DeskForm) -> Response:
    def change(issue: Issue, asked: str) -> Issue:
        return merge(app, issue, by=editor.name, cutoff_at=_moment(form.get("cutoff")), request=asked)

    return change_draft(request, app, editor, issue_id, form, change, "items", "merged")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("This form does not say up to when. Please load the page again.") from error
    if moment.tzinfo is None:
        raise BadInput("This form does not say up to when. Please load the page again.")
    return moment.astimezone(UTC)
