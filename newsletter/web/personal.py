"""What is kept of a reader: to see, to take along, to change the address, to erase. The link to it holds for an hour."""

import json
import logging

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import ConsentChannel, ReaderStatus
from newsletter.delivery.erasing import export_reader
from newsletter.errors import BadInput, StoreBusy
from newsletter.readers.consents import EVENT_WORDS, ConsentOrigin, list_consents
from newsletter.readers.links import Purpose
from newsletter.readers.subscribing import TooMany
from newsletter.web.dependencies import Form, Installed, fault_words, personal_url, reader_of_dated
from newsletter.web.pages import show
from newsletter.web.subscribe import network_behind

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.get("/personal/{token}")
def show_personal(request: Request, app: Installed, token: str) -> Response:
    return _show_personal(request, app, token)


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
        return _show_personal(request, app, token)
    try:
        app.subscribing.change_address(
            reader.id,
            form.get("address"),
            network_behind(request),
            ConsentOrigin(channel=ConsentChannel.PAGE),
            app.clock.now(),
        )
    except (BadInput, TooMany) as error:
        fault = fault_words(app, error)
        return _show_personal(
            request, app, token, fault=fault, field="address", new_address=form.get("address")
        )
    return show(request, "move-asked", token=token)


@router.post("/personal/{token}/erase")
def erase(request: Request, app: Installed, token: str, form: Form) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
    if form.get("sure") != "yes":
        fault = app.settings.language.gettext("Please tick the box first.")
        return _show_personal(request, app, token, fault=fault, field="sure")
    try:
        app.eraser.erase(reader.id, ConsentChannel.PAGE)
    except StoreBusy as error:
        # The reader is erased; the nightly job cuts the log.
        log.warning("%s", error)
    return show(request, "erased")


def _show_personal(
    request: Request, app: App, token: str, *, fault: str = "", field: str = "", new_address: str = ""
) -> Response:
    with app.database.read() as connection:
        reader = reader_of_dated(app, connection, Purpose.PERSONAL, token)
        ledger = list_consents(connection, reader.id)
    gettext = app.settings.language.gettext
    return show(
        request,
        "personal",
        status_code=422 if fault else 200,
        token=token,
        address=reader.address or "",
        is_active=reader.status is ReaderStatus.ACTIVE,
        # When, what and where.
        consents=[(each.at, gettext(EVENT_WORDS[each.event]), each.words_in(gettext)) for each in ledger],
        new_address=new_address,
        fault=fault,
        fault_field=field,
        preferences_url=personal_url(app, Purpose.PREFERENCES, reader),
    )
