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

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from newsletter.config import TransportName
from newsletter.editing.people.editors_store import Editor
from newsletter.web.desk.people import csrf_of
from newsletter.web.desk.said import SAID
from newsletter.web.pages import Page


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
    public = urlsplit(settings.public_url).hostname or "localhost"
    here = (request.scope.get("server") or ("",))[0]
    return settings.transport is TransportName.OUTBOX and is_loopback(public) and is_loopback(here)


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
