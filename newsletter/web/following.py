"""Following a tool: a page with a button behind the reader's own link, which issues carry beside each tool.

From the archive, which knows nobody, a page asks for the address, and the link is mailed to its reader. Opening a
page changes nothing.
"""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.errors import BadInput, NotFound
from newsletter.readers import preferences
from newsletter.readers.limits import TooMany
from newsletter.readers.links import Purpose
from newsletter.web.forms import Form
from newsletter.web.installation import Installed
from newsletter.web.links import reader_of
from newsletter.web.pages import Page, show
from newsletter.web.preferences import Named
from newsletter.web.subscribing import TRAP, network_behind

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPage(Page):
    """Follow one tool, or no longer: a button."""

    template: ClassVar[str] = "follow"
    token: str
    tool: Named
    follows: bool
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskToFollowPage(Page):
    """Whose issue it is to be in: the page asks for the address. `fault` says what is wrong with the one given."""

    template: ClassVar[str] = "ask-to-follow"
    tool: Named
    address: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowMailedPage(Page):
    """Look into your mailbox."""

    template: ClassVar[str] = "follow-mailed"
    tool: Named


@router.get("/preferences/{token}/follow/{tool_id:path}")
def look(request: Request, app: Installed, token: str, tool_id: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        follows = tool_id in preferences.get_preferences(connection, reader.id).tools
    return show(request, FollowPage(token=token, tool=_tool(app, tool_id), follows=follows, done=False))


@router.post("/preferences/{token}/follow/{tool_id:path}")
def follow(request: Request, app: Installed, token: str, tool_id: str, form: Form) -> Response:
    tool, follows = _tool(app, tool_id), form.get("stop") == ""
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        (preferences.follow if follows else preferences.unfollow)(connection, reader.id, tool_id)
    return show(request, FollowPage(token=token, tool=tool, follows=follows, done=True))


@router.get("/follow/{tool_id:path}")
def look_unknown(request: Request, app: Installed, tool_id: str) -> Response:
    return show(request, AskToFollowPage(tool=_tool(app, tool_id), address="", fault=""))


@router.post("/follow/{tool_id:path}")
def ask(request: Request, app: Installed, tool_id: str, form: Form) -> Response:
    """Mail the reader of the address, if there is one, their own link to the tool."""
    tool = _tool(app, tool_id)
    address = form.get("address")
    try:
        if not form.get(TRAP):
            app.following.ask(address, tool.id, tool.name, network_behind(request), app.clock.now())
    except BadInput as error:
        return show(request, AskToFollowPage(tool=tool, address=address, fault=str(error)), 422)
    except TooMany as error:
        return show(request, AskToFollowPage(tool=tool, address=address, fault=str(error)), 429)
    return show(request, FollowMailedPage(tool=tool))


def _tool(app: App, tool_id: str) -> Named:
    with ContentStore.read_only(app.settings.path(app.settings.content_db)) as content:
        tool = content.tools([tool_id]).get(tool_id)
    if tool is None:
        raise NotFound("tool", tool_id)
    return Named(id=tool.id, name=tool.name)
