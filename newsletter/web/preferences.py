"""A reader's own pages: preferences, following a tool, and what is kept of them.

The link of a forwarded mail opens the first two: they show no address. To see, export, change or erase what is kept, a
link that holds for an hour is mailed to the reader.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import ClassVar
from zoneinfo import available_timezones

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.records import ToolHead
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ConsentChannel, ReaderStatus
from newsletter.delivery.erasing import export_reader
from newsletter.delivery.transactional import queue_mail
from newsletter.errors import N_, BadInput, NotFound, StoreBusy
from newsletter.readers import preferences
from newsletter.readers.consents import EVENT_WORDS, ConsentOrigin, list_consents
from newsletter.readers.exporting import mail_personal_link
from newsletter.readers.links import Purpose
from newsletter.readers.preferences import FieldFault, Preferences
from newsletter.readers.store import Reader
from newsletter.readers.subscribing import TooMany
from newsletter.web.dependencies import Fields, Form, Installed, personal_url, reader_of, reader_of_dated
from newsletter.web.pages import Page, show
from newsletter.web.subscribe import TRAP, network_behind

#: Names that the field for another tool offers; more would make the page long.
MOST_NAMES = 300

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTool:
    """A tool by its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesPage(Page):
    """All preferences in one form. `chosen` are the single fields as they were sent: a fault does not lose them."""

    template: ClassVar[str] = "preferences"
    token: str
    is_active: bool
    saved: bool
    fault: str
    fault_field: str
    topics: tuple[str, ...]
    tools: tuple[NamedTool, ...]
    known_tools: tuple[str, ...]
    chosen: Fields
    time_zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMailedPage(Page):
    """A personal link is on its way."""

    template: ClassVar[str] = "link-mailed"
    token: str


@router.get("/preferences/{token}")
def show_preferences(request: Request, app: Installed, token: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
    return show(request, _page(_known_tools(app), token, reader.preferences, is_active=_is_active(reader)))


@router.post("/preferences/{token}")
def save(request: Request, app: Installed, token: str, form: Form) -> Response:
    today = app.clock.now().astimezone(app.settings.zone).date()
    tools = _known_tools(app)
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        try:
            chosen = preferences.read_preferences(
                form.one,
                {
                    **form.many,
                    "tools": [*form.many.get("tools", ()), *_another(tools, form.get("another_tool"))],
                },
                topics=_topics(tools),
                today=today,
                group=app.settings.language.group,
            )
        except FieldFault as fault:
            page = _page(
                tools,
                token,
                reader.preferences,
                sent=form,
                is_active=_is_active(reader),
                fault=app.settings.language.error(fault),
                fault_field=fault.field,
            )
            return show(request, page, 422)
        saved = preferences.put_preferences(connection, reader.id, chosen)
    return show(request, _page(tools, token, chosen, is_active=saved, saved=saved))


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
    return show(request, LinkMailedPage(token=token))


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


def _page(
    tools: Sequence[ToolHead],
    token: str,
    kept: Preferences,
    *,
    is_active: bool,
    sent: Fields | None = None,
    saved: bool = False,
    fault: str = "",
    fault_field: str = "",
) -> PreferencesPage:
    """Return the page with what is kept, or with what was `sent` and cannot be."""
    chosen = sent or Fields(kept.as_texts(), {"topics": kept.topics})
    return PreferencesPage(
        token=token,
        is_active=is_active,
        saved=saved,
        fault=fault,
        fault_field=fault_field,
        topics=_topics(tools),
        tools=_names(tools, kept.tools),
        known_tools=tuple(sorted({tool.name for tool in tools}))[:MOST_NAMES],
        chosen=chosen,
        time_zones=_time_zones(),
    )


def _is_active(reader: Reader) -> bool:
    return reader.status is ReaderStatus.ACTIVE


def _names(tools: Sequence[ToolHead], tool_ids: Sequence[str]) -> tuple[NamedTool, ...]:
    """Return the tools by name; one that the site no longer has goes by its id."""
    names = {tool.id: tool.name for tool in tools}
    named = (NamedTool(id=each, name=names.get(each, each)) for each in tool_ids)
    return tuple(sorted(named, key=lambda tool: tool.name.casefold()))


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


# Following a tool: a page with a button behind the reader's own link, which issues carry beside each tool.
#
# From the archive, which knows nobody, a page asks for the address, and the link is mailed to its reader. Opening a
# page changes nothing.


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPage(Page):
    """Follow one tool, or no longer: a button."""

    template: ClassVar[str] = "follow"
    token: str
    tool: NamedTool
    follows: bool
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskToFollowPage(Page):
    """Whose issue it is to be in: the page asks for the address. `fault` says what is wrong with the one given."""

    template: ClassVar[str] = "ask-to-follow"
    tool: NamedTool
    address: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowMailedPage(Page):
    """Look into your mailbox."""

    template: ClassVar[str] = "follow-mailed"
    tool: NamedTool


@router.get("/preferences/{token}/follow/{tool_id:path}")
def show_follow(request: Request, app: Installed, token: str, tool_id: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
    follows = tool_id in reader.preferences.tools
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
            app.following.mail_link(address, tool.id, tool.name, network_behind(request), app.clock.now())
    except (BadInput, TooMany) as error:
        page = AskToFollowPage(tool=tool, address=address, fault=app.settings.language.error(error))
        return show(request, page, 429 if isinstance(error, TooMany) else 422)
    return show(request, FollowMailedPage(tool=tool))


def _tool(app: App, tool_id: str) -> NamedTool:
    with ContentStore.read_only(app.settings.path(app.settings.paths.content_db)) as content:
        tool = content.tools([tool_id]).get(tool_id)
    if tool is None:
        raise NotFound("tool", tool_id)
    return NamedTool(id=tool.id, name=tool.name)


# What is kept of a reader: to see, to take along, to change the address, to erase. The link holds for an hour.

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalPage(Page):
    """The address, the consent ledger, and three things to do. `fault` is about `new_address` or about erasing."""

    template: ClassVar[str] = "personal"
    token: str
    address: str
    is_active: bool
    #: When, what and where.
    consents: tuple[tuple[datetime, str, str], ...]
    new_address: str
    fault: str
    fault_field: str
    preferences_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAskedPage(Page):
    """The new address is asked."""

    template: ClassVar[str] = "move-asked"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPage(Page):
    """Everything is gone."""

    template: ClassVar[str] = "erased"


@router.get("/personal/{token}")
def show_personal(request: Request, app: Installed, token: str) -> Response:
    return _show(request, app, token)


@router.get("/personal/{token}/export")
def export(app: Installed, token: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
        document = json.dumps(export_reader(connection, reader, app.ballots), ensure_ascii=False, indent=2)
    named = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(document, media_type="application/json", headers=named)


@router.post("/personal/{token}/address")
def move(request: Request, app: Installed, token: str, form: Form) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
    if reader.status is not ReaderStatus.ACTIVE:
        return _show(request, app, token)
    try:
        app.subscribing.change_address(
            reader.id,
            form.get("address"),
            network_behind(request),
            ConsentOrigin(channel=ConsentChannel.PAGE),
            app.clock.now(),
        )
    except (BadInput, TooMany) as error:
        fault = app.settings.language.error(error)
        return _show(request, app, token, fault=fault, field="address", new_address=form.get("address"))
    return show(request, MoveAskedPage(token=token))


@router.post("/personal/{token}/erase")
def erase(request: Request, app: Installed, token: str, form: Form) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
    if form.get("sure") != "yes":
        fault = app.settings.language.gettext("Please tick the box first.")
        return _show(request, app, token, fault=fault, field="sure")
    try:
        app.eraser.erase(reader.id, ConsentChannel.PAGE)
    except StoreBusy as error:
        # The reader is erased; the nightly job cuts the log.
        log.warning("%s", error)
    return show(request, ErasedPage())


def _show(
    request: Request, app: Installed, token: str, *, fault: str = "", field: str = "", new_address: str = ""
) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
        ledger = list_consents(connection, reader.id)
    gettext = app.settings.language.gettext
    page = PersonalPage(
        token=token,
        address=reader.address or "",
        is_active=reader.status is ReaderStatus.ACTIVE,
        consents=tuple(
            (each.at, gettext(EVENT_WORDS[each.event]), each.words_in(gettext)) for each in ledger
        ),
        new_address=new_address,
        fault=fault,
        fault_field=field,
        preferences_url=personal_url(app, Purpose.PREFERENCES, reader.id),
    )
    return show(request, page, 422 if fault else 200)
