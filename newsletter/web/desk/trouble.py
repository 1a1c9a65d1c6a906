"""What somebody at the desk sees when something is wrong: in the desk's own words, on the desk's own page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from newsletter.errors import ChangedMeanwhile
from newsletter.web.desk.people import ForeignForm, NotAllowed, NotSignedIn
from newsletter.web.pages import Page, show

DESK = "/desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTroublePage(Page):
    """Something that did not work, and where to go from here."""

    template: ClassVar[str] = "desk/trouble"
    title: str
    words: str
    to: str
    link: str


def is_desk(request: Request) -> bool:
    return request.url.path == DESK or request.url.path.startswith(f"{DESK}/")


def desk_trouble(
    request: Request, status: int, title: str, words: str, *, to: str = DESK, link: str = "The desk"
) -> Response:
    return show(request, DeskTroublePage(title=title, words=words, to=to, link=link), status)


def not_signed_in(request: Request, error: Exception) -> Response:
    if request.method in ("GET", "HEAD"):
        return RedirectResponse("/desk/sign-in", status_code=303)
    words = (
        "You are not signed in any more, and nothing was changed. Sign in, then go back and send it again."
    )
    return desk_trouble(request, 401, "Please sign in", words, to="/desk/sign-in", link="Sign in")


def not_allowed(request: Request, error: Exception) -> Response:
    return desk_trouble(request, 403, "For publishers only", str(error))


def foreign_form(request: Request, error: Exception) -> Response:
    return desk_trouble(request, 403, "That did not work", str(error))


def changed_meanwhile(request: Request, error: Exception) -> Response:
    return desk_trouble(request, 409, "Somebody was faster", str(error), to=request.url.path)


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    NotSignedIn: not_signed_in,
    NotAllowed: not_allowed,
    ForeignForm: foreign_form,
    ChangedMeanwhile: changed_meanwhile,
}
