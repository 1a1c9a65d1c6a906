"""SendGrid for tests: a real HTTP server on loopback that takes mail/send as the documentation says.

What it may take is in sendgrid_rules.py; what SendGrid would post afterwards is in sendgrid_webhook.py. It keeps what
it accepted, and misbehaves when told to.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from tests.standins.sendgrid_rules import REQUEST_BYTES, Objection, objections

API_KEY = "SG.stand-in.for-tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How the next request is treated: an answer that refuses it, or none at all.

    `accepts`: the mail goes out although nobody hears of it, as when a connection breaks too late.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    drops: bool = False
    accepts: bool = False
    waits: float = 0


def too_many(*, reset_at: int | None = None, retry_after: int | None = None) -> Fault:
    """429, with the hints that are given."""
    hints = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0"}
    if reset_at is not None:
        hints["X-RateLimit-Reset"] = str(reset_at)
    if retry_after is not None:
        hints["Retry-After"] = str(retry_after)
    return Fault(status=429, headers=hints, message="too many requests")


def broken(status: int = 503, *, accepts: bool = False) -> Fault:
    """A 5xx, which says nothing of whether the mail went out."""
    return Fault(status=status, message="service unavailable", accepts=accepts)


def dropped(*, accepts: bool) -> Fault:
    """The connection closes after the request's body, without an answer."""
    return Fault(drops=True, accepts=accepts)


def slow(seconds: float) -> Fault:
    """A proper answer, late."""
    return Fault(waits=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedMail:
    """A mail to one recipient as it would leave, substitutions made."""

    address: str
    message_id: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    custom_args: Mapping[str, str]
    categories: tuple[str, ...]


class SendGrid:
    """The stand-in. `with SendGrid() as sendgrid:` serves at `sendgrid.url` until the block ends."""

    def __init__(self, api_key: str = API_KEY) -> None:
        self.api_key = api_key
        #: Every JSON that was accepted, in order.
        self.requests: list[Mapping[str, Any]] = []
        #: Every mail that was accepted, in order.
        self.mails: list[AcceptedMail] = []
        #: The status of every answer; 0 for none.
        self.answers: list[int] = []
        self._faults: deque[Fault] = deque()
        self._lock = Lock()
        self._numbers = count(1)
        self._closing = Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def misbehave(self, *faults: Fault) -> None:
        """Treat the next requests so, one fault each."""
        self._faults.extend(faults)

    def mend(self) -> None:
        """Forget what was still to go wrong."""
        self._faults.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, authorization: str | None, body: bytes) -> "_Answer":
        """What a request is told, by the script or by the rules."""
        fault = self._faults.popleft() if self._faults else Fault()
        if fault.waits:
            self._closing.wait(fault.waits)
        refuses = fault.drops or fault.status
        with self._lock:
            answer = self._judge(authorization, body, keeps=fault.accepts or not refuses)
            if fault.status:
                answer = _refusal(fault.status, [Objection(fault.message, None)], fault.headers)
            if fault.drops:
                answer = _Answer(status=0)
            self.answers.append(answer.status)
        return answer

    def _judge(self, authorization: str | None, body: bytes, *, keeps: bool) -> "_Answer":
        if authorization != f"Bearer {self.api_key}":
            fault = "The provided authorization grant is invalid, expired, or revoked"
            return _refusal(401, [Objection(fault, None)])
        if len(body) >= REQUEST_BYTES:
            return _refusal(413, [Objection("The size of the request is over 30 MB.", None)])
        try:
            request = json.loads(body)
        except ValueError:
            return _refusal(400, [Objection("Bad Request", None)])
        if found := list(objections(request)):
            return _refusal(400, found)
        if ((request.get("mail_settings") or {}).get("sandbox_mode") or {}).get("enable"):
            return _Answer(status=200)
        return self._accept(request, keeps=keeps)

    def _accept(self, request: dict[str, Any], *, keeps: bool) -> "_Answer":
        message_id = f"stand-in-{next(self._numbers):06d}"
        if keeps:
            self.requests.append(request)
            self.mails.extend(_mails(request, message_id))
        return _Answer(status=202, headers={"X-Message-Id": message_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An HTTP answer; status 0 is none."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def _refusal(status: int, found: list[Objection], headers: Mapping[str, str] | None = None) -> _Answer:
    errors = [{"message": each.message, "field": each.field, "help": None} for each in found]
    body = json.dumps({"errors": errors}).encode()
    return _Answer(status=status, headers={**(headers or {}), "Content-Type": "application/json"}, body=body)


def _mails(request: dict[str, Any], message_id: str) -> Iterator[AcceptedMail]:
    parts = {each["type"]: each["value"] for each in request["content"]}
    for each in request["personalizations"]:
        for recipient in each["to"]:
            filled = _substituter(each.get("substitutions") or {})
            yield AcceptedMail(
                address=recipient["email"],
                message_id=message_id,
                subject=filled(each.get("subject", request.get("subject", ""))),
                text=filled(parts.get("text/plain", "")),
                html=filled(parts.get("text/html", "")),
                headers={**(request.get("headers") or {}), **(each.get("headers") or {})},
                custom_args={**(request.get("custom_args") or {}), **(each.get("custom_args") or {})},
                categories=tuple(request.get("categories") or ()),
            )


def _substituter(values: Mapping[str, str]) -> Any:
    """Puts values in as they are, in subject, text and HTML alike: SendGrid escapes nothing."""
    if not values:
        return str
    tags = re.compile("|".join(re.escape(tag) for tag in sorted(values, key=len, reverse=True)))
    return lambda text: tags.sub(lambda match: values[match[0]], text)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up waiting is no news."""


def _handler(sendgrid: SendGrid) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # an answer in two writes waits for the client's delayed acknowledgement otherwise
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != "/v3/mail/send":
                self._say(_refusal(404, [Objection("Not Found", None)]))
                return
            self._say(sendgrid._answer(self.headers.get("Authorization"), body))

        def do_GET(self) -> None:
            self._say(_refusal(405, [Objection("Method Not Allowed", None)]))

        def _say(self, answer: _Answer) -> None:
            if not answer.status:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """A test's output is its own."""

    return Handler
