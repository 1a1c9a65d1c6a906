"""Signing in and out, and an editor's own page with the browsers in which they are signed in.

The link of the mail opens a page with a button, because programs that open links press none. Who may see a page and
whose form is taken is in auth.py.
"""

from fastapi import APIRouter, Request, Response

from newsletter.editing import editors as editing
from newsletter.errors import BadInput, BadLink
from newsletter.readers.subscribing import TooMany, network_of
from newsletter.web.dependencies import Form, Installed, fault_words
from newsletter.web.desk.auth import COOKIE, AnyEditor, DeskForm, session_token
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk, show_error
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)


@router.get("/desk/sign-in")
def ask(request: Request) -> Response:
    return show(request, "desk/sign-in", address="", fault="")


@router.post("/desk/sign-in")
def mail_link(request: Request, app: Installed, form: Form) -> Response:
    address = form.get("address")
    network = network_of(request.client.host if request.client else "")
    try:
        editing.ask_for_link(app, address, network)
    except (BadInput, TooMany) as error:
        status = 429 if isinstance(error, TooMany) else 422
        return show(
            request, "desk/sign-in", status_code=status, address=address, fault=fault_words(app, error)
        )
    minutes = int(editing.MAILED_FOR.total_seconds()) // 60
    return show(request, "desk/sign-in-asked", minutes=minutes)


@router.get("/desk/sign-in/{token}")
def show_sign_in_link(request: Request, app: Installed, token: str) -> Response:
    try:
        editor = editing.check_link(app, token)
    except BadLink:
        return _used_up(request)
    return show(request, "desk/sign-in-button", token=token, name=editor.name)


@router.post("/desk/sign-in/{token}")
def enter(request: Request, app: Installed, token: str, form: Form) -> Response:
    try:
        _, cookie = editing.sign_in(app, token)
    except BadLink:
        return _used_up(request)
    # Only the desk's own pages get the cookie back: no script, no other site's form, and over https no open wire. Lax, not
    # strict: a link in a mail to an editor has to open the desk. Reading changes nothing, and forms carry a token.
    response = done("/desk")
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(app.settings.desk.session.total_seconds()),
        path="/desk",
        httponly=True,
        samesite="lax",
        secure=app.settings.site.public_url.startswith("https:"),
    )
    return response


@router.post("/desk/sign-out")
def leave(request: Request, app: Installed, editor: AnyEditor, form: DeskForm) -> Response:
    editing.sign_out(app, editor, session_token(request))
    return _forget(done("/desk/sign-in"))


@router.post("/desk/sign-out/everywhere")
def leave_everywhere(request: Request, app: Installed, editor: AnyEditor, form: DeskForm) -> Response:
    editing.sign_out_everywhere(app, editor, by=editor.name)
    return _forget(done("/desk/sign-in"))


def _used_up(request: Request) -> Response:
    title = "This link does not work any more"
    words = (
        "It has been used, or it is too old: a link works once, and only for a short time. Ask for a new one."
    )
    return show_error(request, 400, title, words, to="/desk/sign-in", link="Ask for a new link")


def _forget(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/desk")
    return response


@router.get("/desk/profile")
def profile(request: Request, app: Installed, editor: AnyEditor) -> Response:
    token = session_token(request)
    # Each with whether it is this browser's.
    sessions = [(each, each.is_of(token)) for each in editing.list_sessions(app, editor.id)]
    return show_desk(request, "desk/profile", editor, "profile", sessions=sessions)
