"""What every answer owes its reader, and what no request may do: one guard around all pages.

- Scripts, frames and foreign resources are refused by the browser (CSP); nothing on our pages is inline. The editors'
  desk may have scripts and frames of our own.
- Addresses of personal pages stay where they are: no referrer, no search engine, no cache. A response that does not
  say that it is public (by its own Cache-Control) is taken for personal.
- A form of another site cannot act for a reader: `Sec-Fetch-Site`, or `Origin` from browsers without it, must name
  our own pages. This is a second wall: the first is the signed token in the address, and at the desk, the only place
  with a cookie, the token in each form (desk/auth.py).
  Open to other sites are only leaving by one click (RFC 8058) and subscribing, which is meant to be embedded.
- A body over 64 KB is refused before it is read, one that does not say its length as soon as it grows so long, and
  one that takes too long in all is not waited for. Of the longer ones that providers post only so many are under way at
  once: strangers must not fill the memory. Whoever goes away in the middle leaves no trace in the log.
"""

import asyncio
import logging
import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.config import Settings
from newsletter.delivery.transports import TRANSPORTS, webhook_path
from newsletter.errors import N_

log = logging.getLogger(__name__)

MOST_BODY = 64 * 1024
#: What a provider posts is longer.
MOST_BODY_OF = {
    webhook_path(each.name): each.webhook_limit for each in TRANSPORTS.values() if each.webhook_limit
}
#: Seconds for a whole body, from when it is asked for.
MOST_BODY_SECONDS = 20.0
#: Bytes of longer bodies at once.
MOST_UNDER_WAY = 16 * 1024 * 1024
TOO_LONG = N_("This is more than a form can hold.")
#: A path with a token and a tool's name in it is a tenth of this.
MOST_PATH = 4096

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

#: Where other sites' forms and mail programs may post.
OPEN_TO_OTHERS = re.compile(r"/unsubscribe/[^/]+|/subscribe|/api/subscriptions")

#: What scripts of other sites may read too: the answer is the same for everybody, and no cookie counts.
SHARED = frozenset({"/api/subscriptions"})

CONTENT_SECURITY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

DESK_SECURITY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DESK = re.compile(r"/desk(/.*)?")

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_TWO_YEARS = "max-age=63072000; includeSubDomains"

#: Where a request's scope holds the method that was asked for, a HEAD being read as a GET.
_ASKED = "newsletter.method"


def asked_method(request: Request) -> str:
    """Return the method of the request as it came: HEAD is read as GET."""
    return str(request.scope.get(_ASKED, request.method))


class Guard:
    """ASGI middleware around all pages."""

    def __init__(self, web: ASGIApp, settings: Settings, body_seconds: float = MOST_BODY_SECONDS) -> None:
        self.web, self.body_seconds = web, body_seconds
        public = urlsplit(settings.site.public_url)
        self.origin = f"{public.scheme}://{public.netloc}".lower()
        self.headers = dict(_HEADERS)
        self.gettext = settings.language.gettext
        self.under_way = 0
        if public.scheme == "https":
            self.headers["Strict-Transport-Security"] = _TWO_YEARS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.web(scope, receive, send)
            return
        answer = self._headed(scope["path"], send)
        refusal = self._refusal(scope)
        if refusal:
            await refusal(scope, receive, answer)
            return
        # Every page that can be read can be asked for its head alone; the server leaves the body out.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        body = _LimitedBody(receive, _most_body(scope), self)
        try:
            await self.web({**scope, "method": method, _ASKED: scope["method"]}, body.receive, answer)
        except BodyRefused as refused:
            await self._refuse(refused.status, refused.words)(scope, receive, answer)
        except ClientDisconnect:
            log.debug("somebody went away in the middle of a request")
        except Exception:
            # A bug must show neither itself nor less of these headers.
            log.exception("a page failed")
            words = N_("Something went wrong on our side. Nothing was lost.")
            await self._refuse(500, words)(scope, receive, answer)
        finally:
            body.let_go()

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return the answer to a request that goes no further, or None."""
        headers = Headers(scope=scope)
        if len(scope.get("raw_path") or b"") > MOST_PATH or len(scope["query_string"]) > MOST_PATH:
            return self._refuse(414, N_("This address is too long."))
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > _most_body(scope):
            return self._refuse(413, TOO_LONG)
        if scope["method"] not in SAFE and self._comes_from_elsewhere(scope["path"], headers):
            words = N_("This form was sent from another site. Please open our own page and try again.")
            return self._refuse(403, words)
        return None

    def _refuse(self, status: int, words: str) -> ASGIApp:
        return PlainTextResponse(self.gettext(words), status)

    def _comes_from_elsewhere(self, path: str, headers: Headers) -> bool:
        if OPEN_TO_OTHERS.fullmatch(path):
            return False
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        # Our own pages send no referrer, and a browser then calls their origin "null"; programs send none.
        if origin in (None, "null"):
            return False
        return (
            origin.lower() != self.origin
            and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        )

    def _headed(self, path: str, send: Send) -> Send:
        own = {"Content-Security-Policy": DESK_SECURITY} if DESK.fullmatch(path) else {}
        if path in SHARED:
            own["Access-Control-Allow-Origin"] = "*"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**self.headers, **own}.items():
                    headers.setdefault(name, value)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
                    headers["X-Robots-Tag"] = "noindex, nofollow"
            await send(message)

        return with_headers


class BodyRefused(Exception):
    """A body that is not read to its end, and how that is answered."""

    def __init__(self, status: int, words: str) -> None:
        self.status, self.words = status, words
        super().__init__(words)


class _LimitedBody:
    """Counts what comes in, and how long that takes."""

    def __init__(self, receive: Receive, most: int, guard: Guard) -> None:
        self._receive, self._most, self._guard = receive, most, guard
        self._length = self._under_way = 0
        self._until: float | None = None
        self._ended = False

    async def receive(self) -> MutableMapping[str, Any]:
        if self._ended:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._until = self._until or now + self._guard.body_seconds
        try:
            message = await asyncio.wait_for(self._receive(), self._until - now)
        except TimeoutError as error:
            self._ended = True
            raise BodyRefused(408, N_("This took too long to arrive. Please try again.")) from error
        self._count(len(message.get("body", b"")))
        self._ended = not message.get("more_body", False)
        return message

    def _count(self, more: int) -> None:
        self._length += more
        if self._length > self._most:
            raise BodyRefused(413, TOO_LONG)
        if self._most > MOST_BODY:
            self._under_way += more
            self._guard.under_way += more
            if self._guard.under_way > MOST_UNDER_WAY:
                raise BodyRefused(
                    503, N_("We are busy, and nothing was changed. Please try again in a minute.")
                )

    def let_go(self) -> None:
        """Count the body no longer."""
        self._guard.under_way -= self._under_way
        self._under_way = 0


def _most_body(scope: Scope) -> int:
    return MOST_BODY_OF.get(scope["path"], MOST_BODY)
