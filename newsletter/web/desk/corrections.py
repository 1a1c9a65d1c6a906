"""Correcting an issue that went out: what it said, what is right, and whether the next issue says so."""

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.digest.errata import errata_of
from newsletter.digest.issues import Issue
from newsletter.editing.correct import MOST_ERRATUM_CHARS, correct
from newsletter.editing.editors import Editor
from newsletter.errors import BadInput
from newsletter.web.dependencies import Installed, OneIssue
from newsletter.web.desk.auth import DeskForm, Publisher
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)


@router.get("/desk/issues/{issue_id}/correction")
def show_correction(request: Request, app: Installed, editor: Publisher, issue: OneIssue) -> Response:
    return _show(request, app, editor, issue)


@router.post("/desk/issues/{issue_id}/correction")
def correct_issue(
    request: Request, app: Installed, editor: Publisher, issue: OneIssue, form: DeskForm
) -> Response:
    said, right, to_tell = form.get("said"), form.get("right"), form.get("tell") == "next"
    try:
        correct(app, issue, said=said, right=right, to_tell=to_tell, by=editor.name)
    except BadInput as error:
        return _show(request, app, editor, issue, said, right, to_tell=to_tell, fault=str(error))
    return done(f"/desk/issues/{issue.id}/correction", "corrected")


def _show(
    request: Request,
    app: App,
    editor: Editor,
    issue: Issue,
    said: str = "",
    right: str = "",
    *,
    to_tell: bool = False,
    fault: str = "",
) -> Response:
    with app.database.read() as connection:
        errata = errata_of(connection, issue.id)
    return show_desk(
        request,
        "desk/correction",
        editor,
        "report",
        status_code=422 if fault else 200,
        issue=issue,
        errata=errata,
        most=MOST_ERRATUM_CHARS,
        typed_said=said,
        typed_right=right,
        to_tell=to_tell,
        fault=fault,
    )
