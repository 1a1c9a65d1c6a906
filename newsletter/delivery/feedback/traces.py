"""Finding our own marks in a mail: return paths, Message-IDs, unsubscribe tokens. Whether they are real: matching.py."""

import re
from collections.abc import Iterator
from email.message import Message
from email.utils import getaddresses

from newsletter.delivery.feedback.report import Traces
from newsletter.readers.links import TOKEN_LENGTH

#: Where a mail server notes whom a mail was delivered to.
_DELIVERED_TO = ("to", "delivered-to", "x-original-to", "envelope-to")
#: Where it notes the envelope's sender of the mail it returns.
_SENT_FROM = ("return-path", "x-return-path")

_VERP = re.compile(r"[^\s<>,\"@]+\+\d{1,19}\.\d{1,19}\.[0-9a-f]{12}@[^\s<>,\"]+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<nl\.\d{1,19}\.[0-9a-f]{24}@[^\s<>]+>", re.IGNORECASE)
_TOKEN = re.compile(rf"(?<![\w-])[\w-]{{14}}\.[\w-]{{{TOKEN_LENGTH - 15}}}(?![\w-])", re.ASCII)
#: Of each kind at most so many: a report is about one message, and what it quotes is anybody's.
_MOST = 5


def traces_of_report(message: Message) -> Traces:
    """What the report's own header says of the message it is about."""
    return Traces(
        return_paths=_found(_VERP, " ".join(_headers(message, _DELIVERED_TO))),
        message_ids=_found(_MESSAGE_ID, " ".join(_headers(message, ("in-reply-to", "references")))),
    )


def traces_of_original(original: Message) -> Traces:
    """What the returned message's header says of itself."""
    return Traces(
        return_paths=_found(_VERP, " ".join(_headers(original, _SENT_FROM))),
        message_ids=_found(_MESSAGE_ID, " ".join(_headers(original, ("message-id",)))),
        tokens=_found(_TOKEN, " ".join(_headers(original, ("list-unsubscribe",)))),
        recipients=addresses_in(*_headers(original, ("to",))),
    )


def traces_in_text(text: str) -> Traces:
    """Marks that stand anywhere in a text."""
    return Traces(
        return_paths=_found(_VERP, text), message_ids=_found(_MESSAGE_ID, text), tokens=_found(_TOKEN, text)
    )


def addresses_in(*values: str) -> tuple[str, ...]:
    return tuple(address for _, address in getaddresses(list(values)) if "@" in address)[:_MOST]


def text_of(message: Message) -> str:
    """A header's or part's text, whatever its encoding claims."""
    payload = message.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def header(message: Message, name: str) -> str:
    """A header's value on one line; empty where there is none."""
    return " ".join(str(message.get(name, "")).split())


def _headers(message: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        # A folded List-Unsubscribe may be folded inside a URL by a careless server.
        yield from ("".join(str(value).splitlines()) for value in message.get_all(name, []))


def _found(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.group() for match in pattern.finditer(text)))[:_MOST]
