"""Subscribing: the page, the form for other sites, the JSON endpoint, and the page behind the mail's link.

The answer is the same for every address, known or not. How often mails go out is decided in readers/subscribing.py.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from newsletter.app import App
from newsletter.db.statuses import ConsentChannel
from newsletter.errors import N_, BadInput
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.links import Purpose
from newsletter.readers.store import get_reader
from newsletter.readers.subscribing import TooMany, count_trap, network_of
from newsletter.web.dependencies import Form, Installed, fault_words, personal_url
from newsletter.web.pages import show

router = APIRouter()

#: A field that people do not see and bots fill in. No browser and no password manager has anything to put in by its name.
TRAP = "leave_empty"

_TRAPPED = N_(
    "A field that has to stay empty was filled in, maybe by your browser. Please press the button once more."
)

#: What must be set before anybody can sign up: who answers for the data, what happens to it, where to write to.
_NEEDED = ("controller", "privacy_url", "postal_address", "public_url")


class SubscriptionRequest(BaseModel):
    """Whom to send the newsletter to, if they agree."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(max_length=320, examples=["reader@example.org"])


class SubscriptionAnswer(BaseModel):
    """The same for every address."""

    status: str = Field(examples=["asked"])
    message: str


class Refusal(BaseModel):
    """What could not be done, in a sentence."""

    detail: str


ANSWER = N_("If this address can be subscribed, a mail is on its way to it. Its owner has to confirm.")


@router.get("/subscribe", include_in_schema=False)
def ask(request: Request, app: Installed) -> Response:
    return (
        _closed(request, app)
        if _missing(app)
        else show(request, "subscribe", address="", fault="", trap=TRAP)
    )


@router.get("/subscribe/form", include_in_schema=False)
def snippet(request: Request, app: Installed) -> Response:
    return _closed(request, app) if _missing(app) else show(request, "subscribe-form", trap=TRAP)


@router.post("/subscribe", include_in_schema=False)
def subscribe(request: Request, app: Installed, form: Form) -> Response:
    if _missing(app):
        return _closed(request, app)
    address = form.get("address")
    if form.get(TRAP):
        fault = note_trapped(app)
        return show(request, "subscribe", status_code=422, address=address, fault=fault, trap="")
    try:
        _subscribe(request, app, address, ConsentChannel.FORM)
    except (BadInput, TooMany) as error:
        status, fault = 429 if isinstance(error, TooMany) else 422, fault_words(app, error)
        return show(request, "subscribe", status_code=status, address=address, fault=fault, trap=TRAP)
    return show(request, "asked")


def note_trapped(app: App) -> str:
    """Count a form in which the trap was filled in; returns what to say above the form that asks once more, without it."""
    with app.database.write() as connection:
        count_trap(connection, app.clock.now())
    return app.settings.language.gettext(_TRAPPED)


@router.post(
    "/api/subscriptions",
    tags=["subscriptions"],
    status_code=202,
    response_model=SubscriptionAnswer,
    responses={
        403: {"model": Refusal, "description": "Sign-ups are not open yet."},
        400: {
            "model": Refusal,
            "description": "No mail address, or not one to keep; or a body that is no JSON.",
        },
        429: {"model": Refusal, "description": "Too many sign-ups from this network or for this domain."},
    },
)
def subscribe_by_json(request: Request, app: Installed, wanted: SubscriptionRequest) -> JSONResponse:
    """Ask an address whether it wants the newsletter. Nothing is sent to it but one mail with a link."""
    gettext = app.settings.language.gettext
    if _missing(app):
        return JSONResponse({"detail": gettext("Sign-ups are not open yet.")}, 403)
    try:
        _subscribe(request, app, wanted.address, ConsentChannel.API)
    except TooMany as error:
        return JSONResponse({"detail": fault_words(app, error)}, 429)
    return JSONResponse({"status": "asked", "message": gettext(ANSWER)}, 202)


@router.options("/api/subscriptions", include_in_schema=False)
async def may_subscribe_by_json() -> Response:
    """Answer what a browser asks before a script of another site may post JSON (CORS preflight)."""
    allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
    return Response(status_code=204, headers={**allowed, "Access-Control-Max-Age": "86400"})


@router.get("/confirm/{token}", include_in_schema=False)
def look(request: Request, app: Installed, token: str) -> Response:
    app.subscribing.require_confirmable(token, app.clock.now())
    return show(request, "confirm", token=token)


@router.post("/confirm/{token}", include_in_schema=False)
def confirm(request: Request, app: Installed, token: str, form: Form) -> Response:
    confirmed = app.subscribing.confirm(token, app.clock.now())
    with app.database.read() as connection:
        reader = get_reader(connection, confirmed.reader_id)
    return show(
        request,
        "confirmed",
        moved=confirmed.moved,
        next_issue_on=app.next_issue_on(),
        preferences_url=personal_url(app, Purpose.PREFERENCES, reader),
    )


def _subscribe(request: Request, app: App, address: str, channel: ConsentChannel) -> None:
    origin = ConsentOrigin(channel=channel)
    app.subscribing.subscribe(address, network_behind(request), origin, app.clock.now())


def network_behind(request: Request) -> str:
    """Return the network that limits count the visitor by."""
    return network_of(request.client.host if request.client else "")


def _missing(app: App) -> tuple[str, ...]:
    return tuple(name for name in _NEEDED if not getattr(app.settings.site, name))


def _closed(request: Request, app: App) -> Response:
    return show(request, "closed", status_code=403, missing=[f"site.{name}" for name in _missing(app)])
