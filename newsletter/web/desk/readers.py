"""Readers, for publishers: finding one, their history, and what may be done to them.

What is looked for travels in a form, and pages are named by the reader's number: an address in a page's own address
would stand in the logs of whatever server is in front of us.
"""

import json

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import ReaderStatus
from newsletter.editing import readers as reader_files
from newsletter.editing.editors import Editor
from newsletter.editing.readers import MOST, FoundReader, page_of_readers
from newsletter.errors import BadInput, NotFound
from newsletter.web.dependencies import Installed
from newsletter.web.desk.auth import DeskForm, Publisher
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)

PATH = "/desk/readers"


@router.get("/desk/readers")
def look(
    request: Request, app: Installed, editor: Publisher, status: str = "", before: int | None = None
) -> Response:
    wanted = ReaderStatus(status) if status in set(ReaderStatus) else None
    with app.database.read() as connection:
        found = page_of_readers(connection, MOST, status=wanted, before=before)
    older = found[-1].id if len(found) == MOST else None
    return _list(request, editor, found, status=wanted.value if wanted else "", older=older)


@router.post("/desk/readers")
def find(request: Request, app: Installed, editor: Publisher, form: DeskForm) -> Response:
    query = form.get("query").strip()
    found = reader_files.find_readers(app, query)
    if len(found) == 1:
        return done(f"{PATH}/{found[0].id}")
    return _list(request, editor, found, query=query)


@router.get("/desk/readers/{reader_id}")
def look_at_one(request: Request, app: Installed, editor: Publisher, reader_id: int) -> Response:
    return _show(request, app, editor, reader_id)


@router.post("/desk/readers/{reader_id}/confirmation")
def ask_again(app: Installed, editor: Publisher, form: DeskForm, reader_id: int) -> Response:
    asked = reader_files.resend_confirmation(app, reader_id, by=editor.name)
    return done(f"{PATH}/{reader_id}", "asked" if asked else "asked-before")


@router.post("/desk/readers/{reader_id}/suppress")
def suppress(request: Request, app: Installed, editor: Publisher, form: DeskForm, reader_id: int) -> Response:
    reason = form.get("reason")
    try:
        changed = reader_files.suppress(app, reader_id, reason, by=editor.name)
    except NotFound:
        raise
    except BadInput as error:
        return _show(request, app, editor, reader_id, fault=str(error), field="reason", reason=reason)
    return done(f"{PATH}/{reader_id}", "suppressed" if changed else "suppressed-before")


@router.post("/desk/readers/{reader_id}/export")
def export(app: Installed, editor: Publisher, form: DeskForm, reader_id: int) -> Response:
    """Download a reader's data; by a form and not by a link, since the log says who took it along."""
    document = json.dumps(
        reader_files.export(app, reader_id, by=editor.name), ensure_ascii=False, indent=2, default=str
    )
    named = {"Content-Disposition": f'attachment; filename="reader-{reader_id}.json"'}
    return Response(document, media_type="application/json", headers=named)


@router.post("/desk/readers/{reader_id}/erase")
def erase(request: Request, app: Installed, editor: Publisher, form: DeskForm, reader_id: int) -> Response:
    try:
        missing = reader_files.erase(app, reader_id, form.get("typed"), by=editor.name)
    except NotFound:
        raise
    except BadInput as error:
        return _show(request, app, editor, reader_id, fault=str(error), field="typed")
    return done(
        f"{PATH}/{reader_id}", "erased-soon" if missing is None else "erased-here" if missing else "erased"
    )


def _list(
    request: Request,
    editor: Editor,
    found: tuple[FoundReader, ...],
    *,
    query: str = "",
    status: str = "",
    older: int | None = None,
) -> Response:
    return show_desk(
        request,
        "desk/readers",
        editor,
        "readers",
        readers=found,
        query=query,
        is_full=bool(query) and len(found) == MOST,
        statuses=[each.value for each in ReaderStatus],
        status=status,
        older=older,
    )


def _show(
    request: Request,
    app: App,
    editor: Editor,
    reader_id: int,
    *,
    fault: str = "",
    field: str = "",
    reason: str = "",
) -> Response:
    file = reader_files.reader_file(app, reader_id)
    return show_desk(
        request,
        "desk/reader",
        editor,
        "readers",
        status_code=422 if fault else 200,
        file=file,
        is_erased=file.reader.status is ReaderStatus.ERASED,
        waits=file.reader.status is ReaderStatus.UNCONFIRMED,
        reason=reason,
        fault=fault,
        fault_field=field,
    )
