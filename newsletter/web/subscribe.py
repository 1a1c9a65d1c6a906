"""Subscribing: the page, the form for other sites, the JSON endpoint, and the page behind the mail's link.

The answer is the same for every address, known or not. How often mails go out is decided in readers/subscribing.py.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from newsletter.app import App
from newsletter.db.statuses import ConsentChannel
from newsletter.errors import N_, BadInput
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.links import Purpose
from newsletter.readers.subscribing import TooMany, network_of
from newsletter.web.dependencies import Form, Installed, personal_url
from newsletter.web.pages import Page, show

router = APIRouter()

#: A field that people do not see and programs fill in.
TRAP = "website"

#: What must be set before anybody can sign up: who answers for the data, what happens to it, where to write to.
_NEEDED = ("controller", "privacy_url", "postal_address", "public_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribePage(Page):
    """An address, and nothing else. `fault` says what is wrong with the one given; empty at first."""

    template: ClassVar[str] = "subscribe"
    address: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage(Page):
    """Look into your mailbox."""

    template: ClassVar[str] = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetPage(Page):
    """The form to copy into one's own site."""

    template: ClassVar[str] = "subscribe-form"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPage(Page):
    """Sign-ups are not open; `missing` are the settings it waits for."""

    template: ClassVar[str] = "closed"
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage(Page):
    """A button that confirms: programs that open every link of a mail press none."""

    template: ClassVar[str] = "confirm"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedPage(Page):
    """You are in, or your address has changed."""

    template: ClassVar[str] = "confirmed"
    moved: bool
    next_issue_on: date
    preferences_url: str


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
    return _if_open(request, app, SubscribePage(address="", fault=""))


@router.get("/subscribe/form", include_in_schema=False)
def snippet(request: Request, app: Installed) -> Response:
    return _if_open(request, app, SnippetPage())


@router.post("/subscribe", include_in_schema=False)
def subscribe(request: Request, app: Installed, form: Form) -> Response:
    if _missing(app):
        return _closed(request, app)
    try:
        if not form.get(TRAP):
            _subscribe(request, app, form.get("address"), ConsentChannel.FORM)
    except (BadInput, TooMany) as error:
        page = SubscribePage(address=form.get("address"), fault=app.settings.language.error(error))
        return show(request, page, 429 if isinstance(error, TooMany) else 422)
    return show(request, AskedPage())


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
        return JSONResponse({"detail": app.settings.language.error(error)}, 429)
    return JSONResponse({"status": "asked", "message": gettext(ANSWER)}, 202)


@router.options("/api/subscriptions", include_in_schema=False)
async def may_subscribe_by_json() -> Response:
    """Answer what a browser asks before a script of another site may post JSON (CORS preflight)."""
    allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
    return Response(status_code=204, headers={**allowed, "Access-Control-Max-Age": "86400"})


@router.get("/confirm/{token}", include_in_schema=False)
def look(request: Request, app: Installed, token: str) -> Response:
    app.subscribing.require_confirmable(token, app.clock.now())
    return show(request, ConfirmPage(token=token))


@router.post("/confirm/{token}", include_in_schema=False)
def confirm(request: Request, app: Installed, token: str, form: Form) -> Response:
    confirmed = app.subscribing.confirm(token, app.clock.now())
    page = ConfirmedPage(
        moved=confirmed.moved,
        next_issue_on=app.next_issue_on(),
        preferences_url=personal_url(app, Purpose.PREFERENCES, confirmed.reader_id),
    )
    return show(request, page)


def _subscribe(request: Request, app: App, address: str, channel: ConsentChannel) -> None:
    origin = ConsentOrigin(channel=channel)
    app.subscribing.subscribe(address, network_behind(request), origin, app.clock.now())


def network_behind(request: Request) -> str:
    """Return the network that limits count the visitor by."""
    return network_of(request.client.host if request.client else "")


def _missing(app: App) -> tuple[str, ...]:
    return tuple(name for name in _NEEDED if not getattr(app.settings.site, name))


def _if_open(request: Request, app: App, page: Page) -> Response:
    return _closed(request, app) if _missing(app) else show(request, page)


def _closed(request: Request, app: App) -> Response:
    return show(request, ClosedPage(missing=tuple(f"site.{name}" for name in _missing(app))), 403)
