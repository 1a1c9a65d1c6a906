"""Following a tool: a page with a button behind the reader's own link, which issues carry beside each tool.

From the archive, which knows nobody, a page asks for the address, and the link is mailed to its reader. Opening a page
changes nothing.
"""

from collections.abc import Container

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.records import Tool
from newsletter.content.store import ContentStore
from newsletter.db.statuses import MailKind
from newsletter.errors import BadInput, NotFound
from newsletter.readers import preferences
from newsletter.readers.links import Purpose
from newsletter.readers.store import answer_mails
from newsletter.readers.subscribing import TooMany, follow_key
from newsletter.web.dependencies import Form, Installed, fault_words, reader_of
from newsletter.web.pages import show
from newsletter.web.subscribe import TRAP, network_behind, note_trapped

router = APIRouter(include_in_schema=False)


@router.get("/preferences/{token}/follow/{tool_ids:path}")
def show_follow(request: Request, app: Installed, token: str, tool_ids: str) -> Response:
    """Show a button for a tool, or for each of several: a comparison's link names both, with a comma between them."""
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
    return _page(request, app, token, tool_ids, reader.preferences.tools, done=False)


@router.post("/preferences/{token}/follow/{tool_ids:path}")
def follow(request: Request, app: Installed, token: str, tool_ids: str, form: Form) -> Response:
    """Follow the tool, or the one of several whose button it was, or stop."""
    chosen = form.get("tool") or tool_ids
    _tool(app, chosen)
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        change = preferences.unfollow if form.get("stop") else preferences.follow
        change(connection, reader.id, chosen)
        key = follow_key(reader.id, chosen)
        answer_mails(connection, reader.id, (MailKind.FOLLOW,), app.clock.now(), key=key)
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
    return _page(request, app, token, tool_ids, reader.preferences.tools, done=True)


def _page(
    request: Request, app: App, token: str, tool_ids: str, followed: Container[str], *, done: bool
) -> Response:
    # A tool that the store has no longer does not keep the other from being followed.
    keys = tool_ids.split(",")
    with ContentStore.read_only(app.settings.path(app.settings.paths.content_db)) as content:
        known = content.tools(keys)
    tools = [(key, known[key].name, key in followed) for key in dict.fromkeys(keys) if key in known]
    if not tools:
        raise NotFound("tool", tool_ids)
    return show(request, "follow", token=token, tool_ids=tool_ids, tools=tools, done=done)


@router.get("/follow/{tool_id:path}")
def look_unknown(request: Request, app: Installed, tool_id: str) -> Response:
    return show(request, "ask-to-follow", tool=_tool(app, tool_id), address="", fault="", trap=TRAP)


@router.post("/follow/{tool_id:path}")
def ask(request: Request, app: Installed, tool_id: str, form: Form) -> Response:
    """Mail the reader of the address, if there is one, their own link to the tool."""
    tool = _tool(app, tool_id)
    address = form.get("address")
    if form.get(TRAP):
        fault = note_trapped(app)
        return show(
            request, "ask-to-follow", status_code=422, tool=tool, address=address, fault=fault, trap=""
        )
    try:
        app.following.mail_link(address, tool.id, tool.name, network_behind(request), app.clock.now())
    except (BadInput, TooMany) as error:
        status, fault = 429 if isinstance(error, TooMany) else 422, fault_words(app, error)
        return show(
            request, "ask-to-follow", status_code=status, tool=tool, address=address, fault=fault, trap=TRAP
        )
    return show(request, "follow-mailed", tool=tool)


def _tool(app: App, tool_id: str) -> Tool:
    with ContentStore.read_only(app.settings.path(app.settings.paths.content_db)) as content:
        tool = content.tools([tool_id]).get(tool_id)
    if tool is None:
        raise NotFound("tool", tool_id)
    return tool
