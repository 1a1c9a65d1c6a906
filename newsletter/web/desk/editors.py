"""Who works at the desk: a publisher invites, changes roles and revokes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import EditorRole
from newsletter.editing import editors as people
from newsletter.editing import editors as signing_in
from newsletter.editing.audit import AuditEntry, list_entries
from newsletter.editing.editors import Editor, EditorSession, SignedIn, list_sessions
from newsletter.errors import BadInput, BadLink
from newsletter.readers.subscribing import TooMany, network_of
from newsletter.web.desk.auth import COOKIE, AnyEditor, DeskForm, Publisher, session_token
from newsletter.web.desk.layout import DeskFrame, DeskPage, desk_trouble, done
from newsletter.web.pages import Form, Installed, Page, show

router = APIRouter(include_in_schema=False)

PATH = "/desk/editors"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorsPage(DeskPage):
    """Everybody, with when they were last seen; `link` signs in whoever was just invited. `fault` is about the form."""

    template: ClassVar[str] = "desk/editors"
    editors: tuple[tuple[Editor, datetime | None], ...]
    roles: tuple[str, ...]
    link: str
    invited: str
    address: str
    name: str
    role: str
    fault: str


@router.get("/desk/editors")
def show_editors(request: Request, app: Installed, editor: Publisher) -> Response:
    return show(request, _page(request, app, editor))


@router.post("/desk/editors")
def invite(request: Request, app: Installed, editor: Publisher, form: DeskForm) -> Response:
    """The link is shown once, here and now: it is kept nowhere, so there is no page to go on to."""
    address, name, role = form.get("address"), form.get("name"), form.get("role")
    try:
        link = people.invite(app, address, _role(role), name=name, by=editor.name)
    except BadInput as error:
        typed = {"address": address, "name": name, "role": role}
        return show(request, _page(request, app, editor, fault=str(error), **typed), 422)
    return show(request, _page(request, app, editor, link=link, invited=address))


@router.post("/desk/editors/{editor_id}/role")
def set_role(app: Installed, editor: Publisher, form: DeskForm, editor_id: int) -> Response:
    people.set_role(app, editor_id, _role(form.get("role")), by=editor.name)
    return done(PATH, "role")


@router.post("/desk/editors/{editor_id}/revoke")
def revoke(app: Installed, editor: Publisher, form: DeskForm, editor_id: int) -> Response:
    people.revoke(app, editor_id, by=editor.name)
    return done(PATH, "revoked")


def _role(text: str) -> EditorRole:
    if text not in set(EditorRole):
        raise BadInput("Choose a role: writer or publisher.")
    return EditorRole(text)


def _page(
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
) -> EditorsPage:
    seen: dict[int, datetime] = {}
    for session in list_sessions(app):
        seen.setdefault(session.editor_id, session.seen_at)
    with app.database.read() as connection:
        listed = people.list_editors(connection)
    return EditorsPage(
        desk=DeskFrame.of(request, editor, "editors"),
        editors=tuple((each, seen.get(each.id)) for each in listed),
        roles=tuple(each.value for each in EditorRole),
        link=link,
        invited=invited,
        address=address,
        name=name,
        role=role,
        fault=fault,
    )


# An editor's own page: where they are signed in.


@dataclass(frozen=True, slots=True, kw_only=True)
class MePage(DeskPage):
    """The sessions, the latest used first; `mine` marks this browser's."""

    template: ClassVar[str] = "desk/me"
    sessions: tuple[tuple[EditorSession, bool], ...]


@router.get("/desk/me")
def me(request: Request, app: Installed, editor: AnyEditor) -> Response:
    token = session_token(request)
    open_ones = tuple((each, each.is_of(token)) for each in list_sessions(app, editor.id))
    return show(request, MePage(desk=DeskFrame.of(request, editor, "me"), sessions=open_ones))


# Signing in and out. The link of the mail opens a page with a button, because programs that open links press none.


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    """An address, to which a link goes. `fault` says what is wrong with the one given; empty at first."""

    template: ClassVar[str] = "desk/sign-in"
    address: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAskedPage(Page):
    """Look into your mailbox: the same for every address."""

    template: ClassVar[str] = "desk/sign-in-asked"
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInButtonPage(Page):
    """A button that signs in."""

    template: ClassVar[str] = "desk/sign-in-button"
    token: str
    name: str


@router.get("/desk/sign-in")
def ask(request: Request) -> Response:
    return show(request, SignInPage(address="", fault=""))


@router.post("/desk/sign-in")
def mail_link(request: Request, app: Installed, form: Form) -> Response:
    address = form.get("address")
    network = network_of(request.client.host if request.client else "")
    try:
        signing_in.ask_for_link(app, address, network)
    except BadInput as error:
        return show(request, SignInPage(address=address, fault=str(error)), 422)
    except TooMany as error:
        return show(request, SignInPage(address=address, fault=str(error)), 429)
    minutes = int(signing_in.MAILED_FOR.total_seconds()) // 60
    return show(request, SignInAskedPage(minutes=minutes))


@router.get("/desk/sign-in/{token}")
def show_sign_in_link(request: Request, app: Installed, token: str) -> Response:
    try:
        editor = signing_in.check_link(app, token)
    except BadLink:
        return _used_up(request)
    return show(request, SignInButtonPage(token=token, name=editor.name))


@router.post("/desk/sign-in/{token}")
def enter(request: Request, app: Installed, token: str, form: Form) -> Response:
    try:
        signed_in = signing_in.sign_in(app, token)
    except BadLink:
        return _used_up(request)
    response = done("/desk")
    _keep(response, app, signed_in)
    return response


@router.post("/desk/sign-out")
def leave(request: Request, app: Installed, editor: AnyEditor, form: DeskForm) -> Response:
    signing_in.sign_out(app, editor, session_token(request))
    return _forget(done("/desk/sign-in"))


@router.post("/desk/sign-out/everywhere")
def leave_everywhere(request: Request, app: Installed, editor: AnyEditor, form: DeskForm) -> Response:
    signing_in.sign_out_everywhere(app, editor, by=editor.name)
    return _forget(done("/desk/sign-in"))


def _used_up(request: Request) -> Response:
    words = "It was used before, or it is too old: a link works once, for a short time. Ask for a new one."
    to, link = "/desk/sign-in", "Ask for a new link"
    return desk_trouble(request, 400, "This link does not work any more", words, to=to, link=link)


def _keep(response: Response, app: App, signed_in: SignedIn) -> None:
    """Only the desk's own pages get the cookie back: no script, no other site's form, and over https no open wire.

    Lax, not strict: a link in a mail to an editor has to open the desk. Reading changes nothing, and forms carry a token.
    """
    response.set_cookie(
        COOKIE,
        signed_in.token,
        max_age=int(signed_in.lasts.total_seconds()),
        path="/desk",
        httponly=True,
        samesite="lax",
        secure=app.settings.site.public_url.startswith("https:"),
    )


def _forget(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/desk")
    return response


# The log: who did what to which issue, the latest first.


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
        desk=DeskFrame.of(request, editor, "audit"),
        entries=entries,
        issue=issue,
        older=entries[-1].id if len(entries) == MOST else None,
    )
    return show(request, page)
