"""What every page of the desk has beside its own: a `layout`, which `show_desk` makes.

    @router.get("/desk/audit")
    def audit(request: Request, app: Installed, editor: Publisher) -> Response:
        return show_desk(request, "desk/audit", editor, "audit", entries=…)   # the second: its entry of the menu

    @router.post("/desk/audit/…")
    def change(request: Request, app: Installed, editor: Publisher, form: DeskForm) -> Response:
        …
        return done("/desk/audit", "saved")           # 303 to the page, which shows flash.DONE["saved"]

Its template extends "web/desk/_desk.html.j2" (blocks: title, words, head) and has the parts of "web/desk/_parts.html.j2".
Each form that posts holds `{{ parts.csrf(layout) }}`. Scripts and styles beside this file are served by assets.py:
`<script src="{{ "draft.js"|asset }}" defer></script>` in the block head. Who may see a page is in auth.py.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request, Response

from newsletter.delivery.transports import entry_of
from newsletter.editing.editors import Editor
from newsletter.web.dependencies import cache_of
from newsletter.web.desk.auth import csrf_of
from newsletter.web.desk.flash import Flash
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Who looks, what their forms carry, which entry of the menu the page is under, its notice, and the zone of its times."""

    editor: Editor
    csrf: str
    here: str
    flash: Flash | None
    has_outbox: bool
    #: Why what leaves now reaches nobody, for a sentence; empty: it does.
    undelivered: str
    #: Why no mail leaves, or an approved issue cannot go out, as `newsletter status` and /readyz have it; empty: all may.
    trouble: str
    zone: str

    @classmethod
    def of(cls, request: Request, editor: Editor, here: str) -> "Layout":
        settings = request.app.state.newsletter.settings
        return cls(
            editor=editor,
            csrf=csrf_of(request),
            here=here,
            flash=Flash.of(request),
            has_outbox=shows_outbox(request),
            undelivered=entry_of(settings).undelivered(settings),
            trouble=cache_of(request).trouble(),
            zone=settings.zone.key,
        )


def show_desk(
    request: Request, template: str, editor: Editor, here: str, *, status_code: int = 200, **values: object
) -> Response:
    """Answer with a page of the desk: to this editor, under this entry of the menu."""
    layout = Layout.of(request, editor, here)
    return show(request, template, status_code=status_code, layout=layout, **values)


def shows_outbox(request: Request) -> bool:
    """Return whether there is an outbox to look into: mail goes nowhere else, and nobody comes here from another machine.

    A server in front of this one has an address of its own in site.public_url: then there is none.
    """
    settings = request.app.state.newsletter.settings
    public = urlsplit(settings.site.public_url).hostname or "localhost"
    here = (request.scope.get("server") or ("",))[0]
    return entry_of(settings).is_local and is_loopback(public) and is_loopback(here)


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def show_error(
    request: Request,
    status: int,
    title: str,
    words: str,
    *,
    to: str = "/desk",
    link: str = "Back to the desk",
) -> Response:
    """Show what did not work, and where to go from here, without the menu."""
    return show(request, "desk/error", status_code=status, title=title, words=words, to=to, link=link)
