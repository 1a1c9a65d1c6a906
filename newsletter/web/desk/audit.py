"""The activity log: what was done to which issue and by whom, the latest first."""

from fastapi import APIRouter, Request, Response

from newsletter.editing.audit import list_entries
from newsletter.web.dependencies import Installed
from newsletter.web.desk.auth import AnyEditor
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)

#: Entries on a page.
MOST = 50


@router.get("/desk/audit")
def show_audit(
    request: Request, app: Installed, editor: AnyEditor, before: int | None = None, issue: int | None = None
) -> Response:
    with app.database.read() as connection:
        entries = list_entries(connection, MOST, before=before, issue_id=issue)
    older = entries[-1].id if len(entries) == MOST else None
    return show_desk(request, "desk/audit", editor, "audit", entries=entries, issue=issue, older=older)
