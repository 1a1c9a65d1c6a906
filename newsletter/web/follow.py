"""Following a tool: a page with a button behind the reader's own link, which issues carry beside each tool.

From the archive, which knows nobody, a page asks for the address, and the link is mailed to its reader. Opening a page
changes nothing.
"""

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


@router.get("/preferences/{token}/follow/{tool_id:path}")
def show_follow(request: Request, app: Installed, token: str, tool_id: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
    follows = tool_id in reader.preferences.tools
    return show(request, "follow", token=token, tool=_tool(app, tool_id), follows=follows, done=False)


@router.post("/preferences/{token}/follow/{tool_id:path}")
def follow(request: Request, app: Installed, token: str, tool_id: str, form: Form) -> Response:
    tool, follows = _tool(app, tool_id), form.get("stop") == ""
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        (preferences.follow if follows else preferences.unfollow)(connection, reader.id, tool_id)
        key = follow_key(reader.id, tool_id)
        answer_mails(connection, reader.id, (MailKind.FOLLOW,), app.clock.now(), key=key)
    return show(request, "follow", token=token, tool=tool, follows=follows, done=True)


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
