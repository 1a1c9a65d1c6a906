"""Puts the pages together: every module with a `router`, and how an error is answered.

What every response owes its reader is in security.py, how a page is rendered in pages.py. Reading never changes
anything: GET and HEAD are safe on every route, by test.
"""

import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DatabaseError, DataError, OperationalError
from starlette.exceptions import HTTPException

from newsletter import __version__, web
from newsletter.app import App
from newsletter.db.engine import in_plain_words, is_beyond_all_ids
from newsletter.editing.cache import Cache, DeskCache
from newsletter.errors import (
    N_,
    BadInput,
    BadLink,
    ChangedMeanwhile,
    NewsletterError,
    NotFound,
    StoreError,
    is_operators,
)
from newsletter.web import desk
from newsletter.web.caching import MOST_KEPT
from newsletter.web.dependencies import language_of
from newsletter.web.desk.auth import ForeignForm, NotAllowed, NotSignedIn
from newsletter.web.desk.layout import show_error
from newsletter.web.pages import Pages, show
from newsletter.web.security import DESK, Guard

log = logging.getLogger(__name__)

#: Paths below it speak JSON.
API = "/api/"

FAILED = N_("That did not work")

#: Where strangers come to the desk.
SIGN_IN = "/desk/sign-in"

METHOD_NOT_ALLOWED = N_("Method Not Allowed")

#: How an error is answered: status, title, and words; where those are empty, the error's own. Those without N_ are the desk's.
ANSWERS: dict[type[Exception], tuple[int, str, str]] = {
    BadInput: (400, FAILED, ""),
    NotFound: (404, N_("Page not found"), N_("There is no page here. It may have moved.")),
    NotAllowed: (403, "Publishers only", ""),
    ForeignForm: (403, FAILED, ""),
    ChangedMeanwhile: (409, "Somebody else was faster", ""),
    StoreError: (
        503,
        N_("One moment, please"),
        N_("We are busy, and nothing was changed. Please try again in a minute."),
    ),
}


def routers() -> Iterator[APIRouter]:
    """Yield the `router` of every module in this folder and in desk/ that has one."""
    for package in (web, desk):
        for found in iter_modules(package.__path__, f"{package.__name__}."):
            # Not the two that run the pages: they are programs.
            if not found.ispkg and found.name.rpartition(".")[2] not in ("__main__", "server"):
                module = import_module(found.name)
                if hasattr(module, "router"):
                    yield module.router


def make_web(app: App) -> FastAPI:
    """Return the web application of an opened installation."""
    cache = DeskCache(app)

    @asynccontextmanager
    async def running(made: FastAPI) -> AsyncIterator[None]:
        yield
        cache.close()

    made = FastAPI(
        lifespan=running,
        title=app.settings.site.name,
        version=__version__,
        # Their pages load scripts from elsewhere; the description itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        # RFC 8058 forbids redirects on the way to leave, and nobody else needs these.
        redirect_slashes=False,
    )
    made.state.newsletter = app
    made.state.cache = cache
    made.state.pages = Pages.of(app)
    made.state.page_cache = Cache(app.clock, most=MOST_KEPT)
    for router in routers():
        # Not `include_router`, which takes every route apart once more: most of what a start and a first page cost.
        made.router.routes.extend(router.routes)
    for error in ANSWERS:
        made.add_exception_handler(error, _answer)
    made.add_exception_handler(BadLink, lambda request, error: show(request, "bad-link", status_code=400))
    made.add_exception_handler(NotSignedIn, _not_signed_in)
    made.add_exception_handler(HTTPException, _http_error)
    made.add_exception_handler(RequestValidationError, _bad_json)
    # An id in a path that no database could have given: SQLite's driver and PostgreSQL say so each in their way.
    made.add_exception_handler(OverflowError, _no_such_id)
    made.add_exception_handler(DataError, _no_such_id)
    # A store that is damaged or out of reach: a line for the operator, and no traceback for each visitor.
    for error in (sqlite3.DatabaseError, DatabaseError):
        made.add_exception_handler(error, _unusable)
    made.add_middleware(Guard, settings=app.settings)
    return made


def _unusable(request: Request, error: Exception) -> Response:
    said = in_plain_words(error)
    if said is None and not isinstance(error, OperationalError):
        raise error
    return _answer(request, said or StoreError("The subscribers' database cannot be reached."))


def _answer(request: Request, error: Exception) -> Response:
    path = request.url.path
    is_editors = DESK.fullmatch(path) and not path.startswith(SIGN_IN)
    hides = is_operators(error) and not is_editors
    kind = StoreError if hides else next(each for each in type(error).__mro__ if each in ANSWERS)
    status, title, words = ANSWERS[kind]
    if status == 503:
        log.error("a page could not be made: %s", error)
    if words or not isinstance(error, NewsletterError):
        error = NewsletterError(words or str(error))
    response = _show(request, status, title, error)
    if status == 503:
        response.headers["Retry-After"] = "60"
    return response


def _no_such_id(request: Request, error: Exception) -> Response:
    if not is_beyond_all_ids(error):
        raise error
    return _answer(request, NotFound("page", request.url.path))


def _show(request: Request, status: int, title: str, error: NewsletterError) -> Response:
    """Show an error to a program, on the desk's own page, or on everybody's."""
    if DESK.fullmatch(request.url.path):
        return show_error(request, status, title, str(error))
    language = language_of(request)
    words = language.error(error)
    if request.url.path.startswith(API):
        return JSONResponse({"detail": words}, status)
    return show(request, "error", status_code=status, title=language.gettext(title), words=words)


def _not_signed_in(request: Request, error: Exception) -> Response:
    if request.method in ("GET", "HEAD"):
        return RedirectResponse("/desk/sign-in", status_code=303)
    words = (
        "You are not signed in any more, and nothing was changed. Sign in, then go back and send it again."
    )
    return show_error(request, 401, "Please sign in", words, to="/desk/sign-in", link="Sign in")


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _answer(request, NotFound("page", request.url.path))
    # Starlette's own details are the names of HTTP, "Method Not Allowed".
    detail = METHOD_NOT_ALLOWED if error.status_code == 405 else error.detail
    response = _show(request, error.status_code, FAILED, NewsletterError(detail))
    response.headers.update(error.headers or {})
    return response


def _bad_json(request: Request, error: Exception) -> Response:
    """Say what is wrong without repeating what was sent: it need not even be text that can be sent back."""
    assert isinstance(error, RequestValidationError)
    faults: list[dict[str, Any]] = [
        {"loc": [_plain(part) for part in each["loc"]], "msg": _plain(each["msg"]), "type": each["type"]}
        for each in error.errors()
    ]
    return JSONResponse({"detail": faults}, 422)


def _plain(part: object) -> object:
    return part if isinstance(part, int) else str(part).encode("ascii", "backslashreplace").decode()
