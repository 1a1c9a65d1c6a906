"""Correct an issue that went out: what it said, what is right, and whether the next issue says so."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.digest.errata import Erratum
from newsletter.digest.errata_store import errata_of
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.people.editors_store import Editor
from newsletter.editing.release.correcting import MOST, correct
from newsletter.errors import BadInput
from newsletter.web.desk.frame import DeskFrame, DeskPage, done
from newsletter.web.desk.people import DeskForm, Publisher
from newsletter.web.desk.watch import label_of
from newsletter.web.installation import Installed
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)


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
        most=MOST,
        typed_said=said,
        typed_right=right,
        to_tell=to_tell,
        fault=fault,
    )
    return show(request, page, 422 if fault else 200)
