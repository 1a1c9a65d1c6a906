"""The log: who did what to which issue, the latest first."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.editing.people.audit_store import Entry, list_entries
from newsletter.web.desk.frame import DeskFrame, DeskPage
from newsletter.web.desk.people import AnyEditor
from newsletter.web.installation import Installed
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)

#: Entries on a page.
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage(DeskPage):
    """A page of it; of one issue where asked for. `older` is where the next page begins, None on the last."""

    template: ClassVar[str] = "desk/audit"
    entries: tuple[Entry, ...]
    issue: int | None
    older: int | None


@router.get("/desk/audit")
def look(
    request: Request, app: Installed, editor: AnyEditor, before: int | None = None, issue: int | None = None
) -> Response:
    with app.database.read() as connection:
        entries = list_entries(connection, MOST, before=before, issue_id=issue)
    page = AuditPage(
        desk=DeskFrame.of(request, editor, "audit"),
        entries=entries,
        issue=issue,
        older=entries[-1].id if len(entries) == MOST else None,
    )
    return show(request, page)
