"""What a reader chooses; following a single tool is in following.py. The link of a forwarded mail opens these pages: they show no address.

To see, export, change or erase what is kept, a link that holds for an hour is mailed to the reader (personal.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar
from zoneinfo import available_timezones

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.model import ToolHead
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ReaderStatus
from newsletter.delivery.mails import queue_mail
from newsletter.readers import preferences
from newsletter.readers.links import Purpose
from newsletter.readers.own_data import mail_personal_link
from newsletter.readers.preferences import FieldFault, Preferences
from newsletter.web.forms import Fields, Form
from newsletter.web.installation import Installed
from newsletter.web.links import reader_of
from newsletter.web.pages import Page, show

#: Names that the field for another tool offers; more would make the page long.
MOST_NAMES = 300

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A tool by its name; `chosen` when the reader follows it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesPage(Page):
    """All choices in one form. The texts are as they were sent, so that a fault does not lose them."""

    template: ClassVar[str] = "preferences"
    token: str
    is_active: bool
    saved: bool
    fault: str
    fault_field: str
    topics: tuple[str, ...]
    chosen_topics: tuple[str, ...]
    tools: tuple[Named, ...]
    another_tool: str
    known_tools: tuple[str, ...]
    monthly_tokens: str
    team_size: str
    edition: str
    paused_until: str
    send_hour: str
    time_zone: str
    time_zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMailedPage(Page):
    """A personal link is on its way."""

    template: ClassVar[str] = "link-mailed"
    token: str


@router.get("/preferences/{token}")
def look(request: Request, app: Installed, token: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        chosen = preferences.get_preferences(connection, reader.id)
    return show(
        request,
        _page(app, _known_tools(app), token, _texts(chosen), chosen, is_active=_is_active(reader.status)),
    )


@router.post("/preferences/{token}")
def save(request: Request, app: Installed, token: str, form: Form) -> Response:
    today = app.clock.now().astimezone(app.settings.zone).date()
    tools = _known_tools(app)
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        kept = preferences.get_preferences(connection, reader.id)
        try:
            chosen = preferences.read_preferences(
                form.one,
                {
                    **form.many,
                    "tools": [*form.many.get("tools", ()), *_another(tools, form.get("another_tool"))],
                },
                topics=_topics(tools),
                today=today,
            )
        except FieldFault as fault:
            page = _page(app, tools, token, form, kept, is_active=_is_active(reader.status), fault=fault)
            return show(request, page, 422)
        saved = preferences.put_preferences(connection, reader.id, chosen)
    return show(request, _page(app, tools, token, _texts(chosen), chosen, is_active=saved, saved=saved))


@router.post("/preferences/{token}/link")
def mail_link(request: Request, app: Installed, token: str, form: Form) -> Response:
    """Mail the reader, and nobody else, a link to what is kept of them."""
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        mail_personal_link(
            connection,
            reader,
            signer=app.links,
            public_url=app.settings.public_url,
            queue_mail=queue_mail,
            now=app.clock.now(),
        )
    return show(request, LinkMailedPage(token=token))


def _known_tools(app: App) -> tuple[ToolHead, ...]:
    with _content(app) as content:
        return tuple(content.tool_heads())


def _topics(tools: Sequence[ToolHead]) -> tuple[str, ...]:
    """The categories of the site, as far as its tools have come in."""
    return tuple(sorted({tool.category for tool in tools if tool.category}))


def _another(tools: Sequence[ToolHead], text: str) -> tuple[str, ...]:
    """The id of the tool that somebody wrote the name of; raises FieldFault."""
    wanted = text.strip().casefold()
    if not wanted:
        return ()
    found = [tool.id for tool in tools if wanted in (tool.name.casefold(), tool.id.casefold())]
    if not found:
        raise FieldFault("another_tool", "We know no tool of this name. Please write it as the issues do.")
    return tuple(found[:1])


def _page(
    app: App,
    tools: Sequence[ToolHead],
    token: str,
    texts: Fields,
    kept: Preferences,
    *,
    is_active: bool,
    saved: bool = False,
    fault: FieldFault | None = None,
) -> PreferencesPage:
    return PreferencesPage(
        token=token,
        is_active=is_active,
        saved=saved,
        fault=str(fault) if fault else "",
        fault_field=fault.field if fault else "",
        topics=_topics(tools),
        chosen_topics=tuple(texts.many.get("topics", ())),
        tools=_names(tools, kept.tools),
        another_tool=texts.get("another_tool"),
        known_tools=tuple(sorted({tool.name for tool in tools}))[:MOST_NAMES],
        monthly_tokens=texts.get("monthly_tokens"),
        team_size=texts.get("team_size"),
        edition=texts.get("edition"),
        paused_until=texts.get("paused_until"),
        send_hour=texts.get("send_hour"),
        time_zone=texts.get("time_zone"),
        time_zones=_time_zones(),
    )


def _texts(chosen: Preferences) -> Fields:
    """The choices as a form would send them."""
    one = {
        "monthly_tokens": _text(chosen.monthly_tokens),
        "team_size": _text(chosen.team_size),
        "edition": chosen.edition.value,
        "paused_until": _text(chosen.paused_until),
        "send_hour": _text(chosen.send_hour),
        "time_zone": chosen.time_zone,
    }
    return Fields(one, {"topics": chosen.topics, "tools": chosen.tools})


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _is_active(status: ReaderStatus) -> bool:
    return status is ReaderStatus.ACTIVE


def _names(tools: Sequence[ToolHead], tool_ids: Sequence[str]) -> tuple[Named, ...]:
    """The tools by name; one that the site no longer has goes by its id."""
    names = {tool.id: tool.name for tool in tools}
    named = (Named(id=each, name=names.get(each, each)) for each in tool_ids)
    return tuple(sorted(named, key=lambda tool: tool.name.casefold()))


def _content(app: App) -> ContentStore:
    return ContentStore.read_only(app.settings.path(app.settings.content_db))


@lru_cache(maxsize=1)
def _time_zones() -> tuple[str, ...]:
    """Zones named after a place; the others are second names of these."""
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
