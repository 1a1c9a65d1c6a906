"""The way out by SendGrid's Web API v3: a window is one request, with a personalization for each reader.

What an answer, or none, means for the readers of a request:

- 202: all accepted. 400: nobody; the reader it objects to is rejected and the others are sent without them
- 401, 403 and what else is wrong with us: nobody, and only a person can help. 429: nobody, and not before it says
- 503: nobody, since the service says that it did not handle the request (RFC 9110, 15.6.4). No connection: nobody
- a connection that ended after the request, a late answer, any other 5xx, an answer that mail/send never gives: unsure,
  since there is no key by which a repeat would be recognised; `custom_args.delivery_id` lets the event webhook settle it
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError as RefusingAnswer
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing, Program
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports.contract import Started
from newsletter.delivery.transports.sendgrid.requests import RequestWriter
from newsletter.errors import BadHeader, SendError

#: Recipients of a request, at most (API reference, mail/send).
LIMIT = 1_000

#: What a reader's outcome says whose copy was found good and delivered to nobody.
SANDBOX = "sandbox"

#: Programs whose requests are kept ready: each holds about as much as a message is long.
WRITERS = 64

# The package logs the key with every request, for whoever debugs; that must not happen even then.
logging.getLogger("python_http_client").setLevel(logging.INFO)

_OBJECTED_TO = re.compile(r"personalizations\.(\d+)\b")

#: Answers by which nobody was mailed and that pass by themselves: too late, too early, too much, not at work.
_LATER = frozenset({408, 425, 429, 503})
#: How long to rest where such an answer does not say; and at most, whatever it says.
_USUAL_REST, _LONGEST_REST = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGrid:
    """A transport to one account."""

    api_key: str = field(repr=False)
    url: str = "https://api.sendgrid.com"
    #: Requests are checked and nothing is sent.
    sandbox: bool = False
    connections: int = 2
    #: Seconds to wait for an answer. A shorter wait makes more readers unsure.
    timeout: float = 120
    now: Callable[[], datetime]
    name: str = "sendgrid"
    window: int = LIMIT
    one_answer: bool = True

    def open(self) -> "SendGridSession":
        return SendGridSession(self)


class _Lost(Exception):
    """The request left, and nobody knows what became of it: what is said of it in words, and by `code`."""

    def __init__(self, words: str, code: str, *, permanent: bool = False) -> None:
        self.code, self.permanent = code, permanent
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    """The request was refused, so nobody was mailed."""

    status: int
    errors: Sequence[Mapping[str, Any]]

    @property
    def objected_to(self) -> frozenset[int]:
        """The places of the personalizations that it names."""
        fields = (str(error.get("field")) for error in self.errors)
        return frozenset(int(found[1]) for each in fields if (found := _OBJECTED_TO.match(each)))

    @property
    def can_be_cut(self) -> bool:
        """Whether fewer readers may pass: it is too large, or objects to the list of readers as such."""
        return self.status == 413 or any(error.get("field") == "personalizations" for error in self.errors)


#: A recipient and their part of the request.
_Prepared = tuple[Recipient, str]


class _Body(bytes):
    """A request as the package takes it: encoded, and short where the package writes it out for a log that nobody keeps.

    Writing a million bytes out took 9 µs a reader, beside 14 for all the rest.
    """

    def encode(self, encoding: str) -> "_Body":
        return self

    def __format__(self, form: str) -> str:
        return f"{len(self)} bytes"


class SendGridSession:
    """Sends window by window; the package opens a connection for each request."""

    def __init__(self, account: SendGrid) -> None:
        self._account = account
        self._client = SendGridAPIClient(account.api_key, host=account.url.rstrip("/"))
        self._client.client.timeout = account.timeout
        # The package sends a body as it is unless the type is bare; then it would encode it as an object once more.
        self._client.client.request_headers["Content-Type"] = "application/json; charset=utf-8"
        self._writers: tuple[Mailing, Callable[[Program], RequestWriter]] | None = None

    def send(self, recipients: Iterable[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        groups: dict[Program, list[_Prepared]] = {}
        for recipient in recipients:
            program = mailing.program(recipient)
            try:
                part = self._writer_for(mailing, program).personalization(recipient)
                groups.setdefault(program, []).append((recipient, part))
            except BadHeader:
                yield Outcome(reader_id=recipient.reader_id, event=Event.REJECT, code="bad-address")
        for program, prepared in groups.items():
            started([recipient for recipient, _ in prepared])
            yield from self._send(prepared, self._writer_for(mailing, program))

    def close(self) -> None:
        pass

    def cut_off(self) -> None:
        """Do nothing: the package has no hold on its connection. Each request has its time."""

    def _send(self, prepared: Sequence[_Prepared], writer: RequestWriter) -> Iterator[Outcome]:
        try:
            message_id = self._post(writer.request([each for _, each in prepared]))
        except _Lost as lost:
            yield from _outcomes(prepared, Event.LOSE_SIGHT, lost.code)
            words = f"{self._account.url} {lost}"
            raise SendError(words, permanent=lost.permanent, code=lost.code) from None
        except SendError:
            yield from _outcomes(prepared, Event.RETURN)
            raise
        except _Refused as refused:
            yield from self._without_the_refused(prepared, writer, refused)
        else:
            # The sandbox delivers nothing: nobody was mailed, whatever it says.
            event, code = (Event.RETURN, SANDBOX) if self._account.sandbox else (Event.ACCEPT, "202")
            yield from _outcomes(prepared, event, code, message_id)

    def _without_the_refused(
        self, prepared: Sequence[_Prepared], writer: RequestWriter, refused: _Refused
    ) -> Iterator[Outcome]:
        """Reject whom the answer objects to and send to the others, or send to each half where it names nobody."""
        named = refused.objected_to
        if named:
            yield from _outcomes(
                [each for place, each in enumerate(prepared) if place in named], Event.REJECT, "400"
            )
            rest = [each for place, each in enumerate(prepared) if place not in named]
            parts: list[Sequence[_Prepared]] = [rest] if rest else []
        elif refused.can_be_cut and len(prepared) > 1:
            middle = len(prepared) // 2
            parts = [prepared[:middle], prepared[middle:]]
        else:
            yield from _outcomes(prepared, Event.RETURN)
            raise SendError(f"{self._account.url} refuses the issue: {_words(refused)}", permanent=True)
        for position, part in enumerate(parts):
            try:
                yield from self._send(part, writer)
            except SendError:
                for untried in parts[position + 1 :]:
                    yield from _outcomes(untried, Event.RETURN)
                raise

    def _writer_for(self, mailing: Mailing, program: Program) -> RequestWriter:
        if self._writers is None or self._writers[0] is not mailing:

            def make(program: Program) -> RequestWriter:
                return RequestWriter(mailing, sandbox=self._account.sandbox, program=program)

            self._writers = (mailing, lru_cache(maxsize=WRITERS)(make))
        return self._writers[1](program)

    def _post(self, request: str) -> str:
        """Post it, and return the X-Message-Id; raises _Refused, _Lost, or SendError when nobody was mailed."""
        try:
            response = self._client.client.mail.send.post(request_body=_Body(request.encode()))
        except HTTPError as error:
            # The package reads the answer that it makes its own error of, and leaves it open.
            if isinstance(error.__context__, RefusingAnswer):
                error.__context__.close()
            raise self._meaning(error) from error
        except URLError as error:
            # Raised while connecting or before the whole request had left.
            raise SendError(
                f"{self._account.url} cannot be reached: {error.reason}", permanent=False
            ) from error
        except (OSError, HTTPException) as error:
            raise _Lost("took a request and did not answer", "timeout") from error
        status = int(response.status_code)
        if status != (200 if self._account.sandbox else 202):
            words = f"answered {status}, which is not what SendGrid says to a mail: is sendgrid.url right?"
            raise _Lost(words, str(status), permanent=True)
        return str(response.headers.get("X-Message-Id") or "")

    def _meaning(self, error: HTTPError) -> Exception:
        status = int(error.status_code)
        refused = _Refused(status, _errors(error.body))
        if status in _LATER:
            wait = _retry_after(error.headers, self._account.now())
            words = f"{self._account.url} wants a rest ({status})"
            rest = _USUAL_REST if wait is None else wait
            return SendError(words, permanent=False, code=str(status), retry_after=rest)
        if status >= 500:
            return _Lost(f"answered {status}, which does not say whether it took the request", str(status))
        if status in (400, 413):
            return refused
        return SendError(
            f"{self._account.url} refuses us: {_words(refused)}", permanent=True, code=str(status)
        )


def _outcomes(
    prepared: Iterable[tuple[Recipient, object]], event: Event, code: str = "", provider_id: str = ""
) -> Iterator[Outcome]:
    for recipient, _ in prepared:
        yield Outcome(reader_id=recipient.reader_id, event=event, code=code, provider_id=provider_id)


def _errors(body: bytes | str) -> list[Mapping[str, Any]]:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _words(refused: _Refused) -> str:
    """Say what it objects to. Only used where no reader is named, so that no address can be in it."""
    told = "; ".join(
        f"{error.get('message')} ({error['field']})" if error.get("field") else str(error.get("message"))
        for error in refused.errors[:3]
    )
    return f"{refused.status} {told}".strip()


def _retry_after(headers: Any, now: datetime) -> timedelta | None:
    """Read Retry-After (seconds or a date; RFC 9110, 10.2.3), or X-RateLimit-Reset (seconds since 1970)."""
    after, reset = (
        str(headers.get("Retry-After", "")).strip(),
        str(headers.get("X-RateLimit-Reset", "")).strip(),
    )
    if after.isascii() and after.isdigit():
        wait = timedelta(seconds=min(int(after[:9]), _LONGEST_REST.total_seconds()))
    elif (moment := _http_date(after)) is not None:
        wait = moment - now
    elif reset.isascii() and reset.isdigit():
        wait = timedelta(seconds=min(int(reset[:12]) - now.timestamp(), _LONGEST_REST.total_seconds()))
    else:
        return None
    return min(max(wait, timedelta(0)), _LONGEST_REST)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
