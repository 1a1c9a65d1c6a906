"""The activity log: what was done to which issue and by whom, the latest first."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.editing.audit import AuditEntry, list_entries
from newsletter.web.dependencies import Installed
from newsletter.web.desk.auth import AnyEditor
from newsletter.web.desk.layout import DeskPage, Layout
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)

#: Entries on a page.
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage(DeskPage):
    """A page of it; of one issue where asked for. `older` is where the next page begins, None on the last."""

    template: ClassVar[str] = "desk/audit"
    entries: tuple[AuditEntry, ...]
    issue: int | None
    older: int | None


@router.get("/desk/audit")
def show_audit(
    request: Request, app: Installed, editor: AnyEditor, before: int | None = None, issue: int | None = None
) -> Response:
    with app.database.read() as connection:
        entries = list_entries(connection, MOST, before=before, issue_id=issue)
    page = AuditPage(
        layout=Layout.of(request, editor, "audit"),
        entries=entries,
        issue=issue,
        older=entries[-1].id if len(entries) == MOST else None,
    )
    return show(request, page)
