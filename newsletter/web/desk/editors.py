"""Who works at the desk: a publisher invites, changes roles and revokes."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import EditorRole
from newsletter.editing import editors as editing
from newsletter.editing.editors import Editor
from newsletter.errors import BadInput
from newsletter.web.dependencies import Installed
from newsletter.web.desk.auth import DeskForm, Publisher
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)

PATH = "/desk/editors"


@router.get("/desk/editors")
def show_editors(request: Request, app: Installed, editor: Publisher) -> Response:
    return _show(request, app, editor)


@router.post("/desk/editors")
def invite(request: Request, app: Installed, editor: Publisher, form: DeskForm) -> Response:
    """Invite somebody and show their link, once: it is kept nowhere, so there is no page to go on to."""
    address, name, role = form.get("address"), form.get("name"), form.get("role")
    try:
        link = editing.invite(app, address, _role(role), name=name, by=editor.name)
    except BadInput as error:
        typed = {"address": address, "name": name, "role": role}
        return _show(request, app, editor, fault=str(error), **typed)
    return _show(request, app, editor, link=link, invited=address)


@router.post("/desk/editors/{editor_id}/role")
def set_role(app: Installed, editor: Publisher, form: DeskForm, editor_id: int) -> Response:
    editing.set_role(app, editor_id, _role(form.get("role")), by=editor.name)
    return done(PATH, "role")


@router.post("/desk/editors/{editor_id}/revoke")
def revoke(app: Installed, editor: Publisher, form: DeskForm, editor_id: int) -> Response:
    editing.revoke(app, editor_id, by=editor.name)
    return done(PATH, "revoked")


def _role(text: str) -> EditorRole:
    if text not in set(EditorRole):
        raise BadInput("Choose a role: writer or publisher.")
    return EditorRole(text)


def _show(
    request: Request,
    app: App,
    editor: Editor,
    *,
    link: str = "",
    invited: str = "",
    address: str = "",
    name: str = "",
    role: str = EditorRole.WRITER.value,
    fault: str = "",
) -> Response:
    """List everybody; `link` signs in whoever was just invited, `fault` is about the form."""
    seen: dict[int, datetime] = {}
    for session in editing.list_sessions(app):
        seen.setdefault(session.editor_id, session.seen_at)
    with app.database.read() as connection:
        listed = editing.list_editors(connection)
    return show_desk(
        request,
        "desk/editors",
        editor,
        "editors",
        status_code=422 if fault else 200,
        # With when they were last seen.
        editors=[(each, seen.get(each.id)) for each in listed],
        roles=[each.value for each in EditorRole],
        link=link,
        invited=invited,
        address=address,
        name=name,
        role=role,
        fault=fault,
    )
