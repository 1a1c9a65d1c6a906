"""What every page of the desk has beside its own: a `DeskPage` with a `desk`, made by `DeskFrame.of`.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class AuditPage(DeskPage):
        template: ClassVar[str] = "desk/audit"        # templates/web/desk/audit.html.j2
        entries: tuple[Entry, ...]

    @router.get("/desk/audit")
    def audit(request: Request, app: Installed, editor: Publisher) -> Response:
        return show(request, AuditPage(desk=DeskFrame.of(request, editor, "audit"), entries=…))

    @router.post("/desk/audit/…")
    def change(request: Request, app: Installed, editor: Publisher, form: DeskForm) -> Response:
        …
        return done("/desk/audit", "saved")           # 303 to the page, which says SAID["saved"]

Its template extends "web/desk/_desk.html.j2" (blocks: title, words, head) and has the parts of "web/desk/_parts.html.j2".
Each form that posts holds `{{ parts.csrf(desk) }}`. Scripts and styles beside this file are served by assets.py:
`<script src="{{ "draft.js"|asset }}" defer></script>` in the block head.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from newsletter.delivery.transports import entry_of
from newsletter.editing.editors import Editor
from newsletter.errors import ChangedMeanwhile
from newsletter.web.desk.auth import ForeignForm, NotAllowed, NotSignedIn, csrf_of
from newsletter.web.pages import Page, show

# What a page says after a form: by short codes in its address, so that nobody can put words into our mouth.

SAID = {
    "saved": "Saved.",
    "moved": "Moved, and pinned where it is now.",
    "led": "It leads. Look at the subject and the preheader: they may be about the lead before.",
    "merged": "Merged: the draft has what arrived until then.",
    "undone": "Undone.",
    "redone": "Done again.",
    "invited": "Invited.",
    "revoked": "Revoked: their sessions are over.",
    "role": "Their role is changed.",
    "signed-out": "The sessions are over.",
    "ruled": "Ruled. Issues that are approved already stay as they are.",
    "taken-back": "The ruling is taken back.",
    "answered": "Answered.",
    "asked-others": "Asked: what they say stands among the findings as soon as they have said it.",
    "asked-again": "The answer is taken back: it is asked again.",
    "overridden": "Overridden; the log keeps the reason.",
    "tested": "The test is on its way, marked [Test] in its subject.",
    "approved": "Approved: exactly this goes out.",
    "withdrawn": "It is a draft again.",
    "held": "Held back: it does not go out until you let it.",
    "released": "It goes out at its time again.",
    "scheduled": "It goes out at the time you chose, once it is approved.",
    "scheduled-skipped": "The clocks skip the time you chose: it goes out at the first moment after it, once it is approved.",
    "scheduled-twice": "The clocks show the time you chose twice: it goes out at the first, once it is approved.",
    "sending": "It goes out now.",
    "asked": "A mail to confirm is on its way.",
    "asked-before": "They were asked a short while ago, or need not be: nothing was sent.",
    "suppressed": "Suppressed: nothing goes to this address any more.",
    "suppressed-before": "It was suppressed before.",
    "erased": "Erased.",
    "erased-soon": "Erased; the last traces go from the database's own log tonight.",
    "paused": "Paused: within a second nobody new is mailed.",
    "resumed": "It goes on: by itself where newsletter serve runs.",
    "cancelled": "Cancelled for good. Whoever waited for it was skipped.",
    "too-late": "Nothing was changed: somebody was faster. This is how it stands now.",
    "once-more": "They get it once more, and may then have it twice.",
    "nobody-chosen": "Nobody was chosen, and nothing was done.",
    "pause-first": "A sender works on some of these readers. Pause the issue first. Nothing was changed.",
    "corrected": "Corrected: its page in the archive says so.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFrame:
    """Who looks, what their forms carry, where in the menu the page stands, what was just done, and the zone of its times."""

    editor: Editor
    csrf: str
    here: str
    said: str
    has_outbox: bool
    zone: str

    @classmethod
    def of(cls, request: Request, editor: Editor, here: str) -> "DeskFrame":
        return cls(
            editor=editor,
            csrf=csrf_of(request),
            here=here,
            said=SAID.get(request.query_params.get("said", ""), ""),
            has_outbox=shows_outbox(request),
            zone=request.app.state.newsletter.settings.zone.key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage(Page):
    """A page for somebody signed in."""

    desk: DeskFrame


def shows_outbox(request: Request) -> bool:
    """Whether there is an outbox to look into: mail goes nowhere else, and nobody comes here from another machine.

    A server in front of this one has an address of its own in site.public_url: then there is none.
    """
    settings = request.app.state.newsletter.settings
    public = urlsplit(settings.site.public_url).hostname or "localhost"
    here = (request.scope.get("server") or ("",))[0]
    return entry_of(settings).is_local and is_loopback(public) and is_loopback(here)


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def done(path: str, said: str = "", values: Mapping[str, str] | None = None) -> Response:
    """After a form: go to a page, which says what was done (a key of SAID)."""
    query = urlencode({**(values or {}), **({"said": said} if said else {})})
    return RedirectResponse(f"{path}?{query}" if query else path, status_code=303)


# What somebody at the desk sees when something is wrong: in the desk's own words, on the desk's own page.

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
