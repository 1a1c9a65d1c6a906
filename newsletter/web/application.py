"""Puts the pages together: which modules have routes, and what a visitor sees when something is wrong.

A module of pages exports `router`. What every response owes its reader is in security.py, how a page is written in
pages.py. Reading never changes anything: GET and HEAD are safe on every route, by test.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from newsletter import __version__
from newsletter.app import App
from newsletter.editing.cache import DeskCache
from newsletter.errors import BadInput, BadLink, NotFound, StoreBusy
from newsletter.web.caching import Remembered
from newsletter.web.desk import layout as desk
from newsletter.web.pages import BadLinkPage, Pages, TroublePage, show
from newsletter.web.security import Guard

log = logging.getLogger(__name__)

#: The modules of this folder that have routes, in the order in which they are asked.
ROUTES = (
    "health",
    "assets",
    "subscribe",
    "unsubscribe",
    "preferences",
    "vote",
    "archive",
    "feeds",
    "clicks",
    "webhooks",
    "desk.issues",
    "desk.editors",
    "desk.draft",
    "desk.preview",
    "desk.sending",
    "desk.progress",
    "desk.reports",
    "desk.readers",
    "desk.facts",
    "desk.outbox",
)

#: Paths below it speak JSON.
API = "/api/"


def make_web(app: App) -> FastAPI:
    """The web application of an opened installation."""
    cache = DeskCache(app)

    @asynccontextmanager
    async def running(web: FastAPI) -> AsyncIterator[None]:
        yield
        cache.close()

    web = FastAPI(
        lifespan=running,
        title=app.settings.site.name,
        version=__version__,
        # Their pages load scripts from elsewhere; the description itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        # RFC 8058 forbids redirects on the way to leave, and nobody else needs these.
        redirect_slashes=False,
    )
    web.state.newsletter = app
    web.state.cache = cache
    web.state.pages = Pages.of(app)
    web.state.remembered = Remembered()
    for name in ROUTES:
        router: APIRouter = import_module(f"newsletter.web.{name}").router
        web.include_router(router)
    for error, handler in _HANDLERS.items():
        web.add_exception_handler(error, handler)
    web.add_middleware(Guard, settings=app.settings)
    return web


def _trouble(request: Request, status: int, title: str, words: str) -> Response:
    if request.url.path.startswith(API):
        return JSONResponse({"detail": words}, status)
    if desk.is_desk(request):
        return desk.desk_trouble(request, status, title, words)
    return show(request, TroublePage(title=title, words=words), status)


def _bad_link(request: Request, error: Exception) -> Response:
    return show(request, BadLinkPage(), 400)


def _bad_input(request: Request, error: Exception) -> Response:
    return _trouble(request, 400, "That did not work", str(error))


def _not_found(request: Request, error: Exception) -> Response:
    return _trouble(request, 404, "Nothing here", "There is no such page. It may have moved.")


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _not_found(request, error)
    response = _trouble(request, error.status_code, "That did not work", error.detail)
    response.headers.update(error.headers or {})
    return response


def _bad_json(request: Request, error: Exception) -> Response:
    """What was sent is not repeated: it need not even be text that can be sent back."""
    assert isinstance(error, RequestValidationError)
    faults: list[dict[str, Any]] = [
        {"loc": [_plain(part) for part in each["loc"]], "msg": _plain(each["msg"]), "type": each["type"]}
        for each in error.errors()
    ]
    return JSONResponse({"detail": faults}, 422)


def _plain(part: object) -> object:
    return part if isinstance(part, int) else str(part).encode("ascii", "backslashreplace").decode()


def _busy(request: Request, error: Exception) -> Response:
    log.error("the database could not be reached: %s", type(error).__name__)
    words = "We are busy right now, and nothing was changed. Please try again in a minute."
    response = _trouble(request, 503, "One moment", words)
    response.headers["Retry-After"] = "60"
    return response


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    BadLink: _bad_link,
    NotFound: _not_found,
    BadInput: _bad_input,
    HTTPException: _http_error,
    RequestValidationError: _bad_json,
    OperationalError: _busy,
    StoreBusy: _busy,
    **desk.HANDLERS,
}
