"""A reader's preferences, on a page that shows no address: the link of a forwarded mail opens it, too.

What is kept of the reader beside them is in personal.py; the link to that is mailed from here.
"""

from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import available_timezones

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.records import ToolHead
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ReaderStatus
from newsletter.delivery.transactional import queue_mail
from newsletter.errors import N_
from newsletter.readers import preferences
from newsletter.readers.exporting import mail_personal_link
from newsletter.readers.links import Purpose
from newsletter.readers.preferences import FieldFault, Preferences
from newsletter.readers.store import Reader
from newsletter.web.dependencies import Fields, Form, Installed, reader_of
from newsletter.web.pages import show

#: Names that the field for another tool offers; more would make the page long.
MOST_NAMES = 300

router = APIRouter(include_in_schema=False)


@router.get("/preferences/{token}")
def show_preferences(request: Request, app: Installed, token: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
    return _show_preferences(request, token, reader, reader.preferences, _known_tools(app))


@router.post("/preferences/{token}")
def save(request: Request, app: Installed, token: str, form: Form) -> Response:
    today = app.clock.now().astimezone(app.settings.zone).date()
    tools = _known_tools(app)
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        try:
            followed = [*form.many.get("tools", ()), *_another(tools, form.get("another_tool"))]
            many, topics = {**form.many, "tools": followed}, _topics(tools)
            kept = reader.preferences
            chosen = preferences.read_preferences(
                form.one,
                many,
                topics=[*topics, *kept.topics],
                today=today,
                group=app.settings.language.group,
            )
            chosen = preferences.keep_unshown(kept, chosen, form.one, many, topics=topics)
        except FieldFault as fault:
            words = app.settings.language.error(fault)
            return _show_preferences(
                request,
                token,
                reader,
                reader.preferences,
                tools,
                sent=form,
                fault=words,
                fault_field=fault.field,
            )
        saved = preferences.put_preferences(connection, reader.id, chosen)
    return _show_preferences(request, token, reader, chosen, tools, saved=saved)


@router.post("/preferences/{token}/link")
def mail_link(request: Request, app: Installed, token: str, form: Form) -> Response:
    """Mail the reader, and nobody else, a link to what is kept of them."""
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        mail_personal_link(
            connection,
            reader,
            signer=app.links,
            public_url=app.settings.site.public_url,
            queue_mail=queue_mail,
            now=app.clock.now(),
        )
    return show(request, "link-mailed", token=token)


def _known_tools(app: App) -> tuple[ToolHead, ...]:
    with ContentStore.read_only(app.settings.path(app.settings.paths.content_db)) as content:
        return tuple(content.tool_heads())


def _topics(tools: Sequence[ToolHead]) -> tuple[str, ...]:
    """Return the categories of the site, as far as its tools have come in."""
    return tuple(sorted({tool.category for tool in tools if tool.category}))


def _another(tools: Sequence[ToolHead], text: str) -> tuple[str, ...]:
    """Return the id of the tool that somebody wrote the name of; raises FieldFault."""
    wanted = text.strip().casefold()
    if not wanted:
        return ()
    found = [tool.id for tool in tools if wanted in (tool.name.casefold(), tool.id.casefold())]
    if not found:
        raise FieldFault(
            "another_tool", N_("We know no tool of this name. Please write it as the issues do.")
        )
    return tuple(found[:1])


def _show_preferences(
    request: Request,
    token: str,
    reader: Reader,
    kept: Preferences,
    tools: Sequence[ToolHead],
    *,
    sent: Fields | None = None,
    saved: bool = False,
    fault: str = "",
    fault_field: str = "",
) -> Response:
    """Show all preferences in one form: what is kept, or what was `sent` and cannot be, so that a fault does not lose it."""
    # A tool that the site no longer has goes by its id.
    names = {tool.id: tool.name for tool in tools}
    followed = [(each, names.get(each, each)) for each in kept.tools]
    return show(
        request,
        "preferences",
        status_code=422 if fault else 200,
        token=token,
        is_active=reader.status is ReaderStatus.ACTIVE,
        saved=saved,
        fault=fault,
        fault_field=fault_field,
        topics=_topics(tools),
        tools=sorted(followed, key=lambda tool: tool[1].casefold()),
        known_tools=sorted({tool.name for tool in tools})[:MOST_NAMES],
        chosen=sent or Fields(kept.as_texts(), {"topics": kept.topics}),
        time_zones=_time_zones(),
    )


@lru_cache(maxsize=1)
def _time_zones() -> tuple[str, ...]:
    """Return the zones named after a place; the others are second names of these."""
    places = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(places)))
