"""What is kept of a reader: to see, to take along, to change the address, to erase. The link holds for an hour."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.db.statuses import ReaderStatus
from newsletter.delivery.own_data import own_export
from newsletter.errors import BadInput, StoreBusy
from newsletter.readers.limits import TooMany
from newsletter.readers.links import Purpose
from newsletter.readers.store import list_consents
from newsletter.readers.subscribing import Visitor
from newsletter.web.forms import Form
from newsletter.web.installation import Installed
from newsletter.web.links import personal_url, reader_of_dated
from newsletter.web.pages import Page, show
from newsletter.web.subscribing import network_behind

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row of the consent ledger, for its reader."""

    words: str
    at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalPage(Page):
    """The address, the ledger, and three things to do. `fault` is about `new_address` or about erasing."""

    template: ClassVar[str] = "personal"
    token: str
    address: str
    is_active: bool
    events: tuple[Event, ...]
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
def look(request: Request, app: Installed, token: str) -> Response:
    return _show(request, app, token)


@router.get("/personal/{token}/export")
def export(app: Installed, token: str) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
        document = json.dumps(own_export(connection, reader, app.ballots), ensure_ascii=False, indent=2)
    named = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(document, media_type="application/json", headers=named)


@router.post("/personal/{token}/address")
def move(request: Request, app: Installed, token: str, form: Form) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
    if reader.status is not ReaderStatus.ACTIVE:
        return _show(request, app, token)
    try:
        visitor = Visitor(network=network_behind(request), source="change of address")
        app.subscribing.ask_to_move(reader.id, form.get("address"), visitor, app.clock.now())
    except (BadInput, TooMany) as error:
        return _show(request, app, token, fault=str(error), field="address", new_address=form.get("address"))
    return show(request, MoveAskedPage(token=token))


@router.post("/personal/{token}/erase")
def erase(request: Request, app: Installed, token: str, form: Form) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
    if form.get("sure") != "yes":
        return _show(request, app, token, fault="Please tick the box first.", field="sure")
    try:
        app.eraser.erase(reader.id, "reader's own wish")
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
    page = PersonalPage(
        token=token,
        address=reader.address or "",
        is_active=reader.status is ReaderStatus.ACTIVE,
        events=tuple(Event(words=each.event.value, at=each.at, source=each.source) for each in ledger),
        new_address=new_address,
        fault=fault,
        fault_field=field,
        preferences_url=personal_url(app, Purpose.PREFERENCES, reader.id),
    )
    return show(request, page, 422 if fault else 200)
