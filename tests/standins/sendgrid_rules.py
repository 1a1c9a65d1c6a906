"""What SendGrid's mail/send documentation allows, as objections to a request.

Limits are those of the API reference and its list of errors; where two of its pages differ, the smaller one holds
here. Messages are in our words, fields are named as SendGrid names them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LIMIT = 1_000
SUBSTITUTION_BYTES = 10_000
SUBSTITUTIONS = 150
CUSTOM_ARGS_BYTES = 10_000
REQUEST_BYTES = 30 * 1024 * 1024
CATEGORIES = 10
CATEGORY_LENGTH = 255

RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)
_REQUEST_FIELDS = frozenset(
    [
        "personalizations",
        "from",
        "reply_to",
        "reply_to_list",
        "subject",
        "content",
        "attachments",
        "template_id",
        "headers",
        "categories",
        "custom_args",
        "send_at",
        "batch_id",
        "asm",
        "ip_pool_name",
        "mail_settings",
        "tracking_settings",
        "sections",
    ]
)
_PERSONALIZATION_FIELDS = frozenset(
    [
        "to",
        "cc",
        "bcc",
        "from",
        "subject",
        "headers",
        "substitutions",
        "dynamic_template_data",
        "custom_args",
        "send_at",
    ]
)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LINE_END = re.compile(r"[\r\n]")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Objection:
    """One entry of SendGrid's `errors`."""

    message: str
    field: str | None


def objections(request: Any) -> Iterator[Objection]:
    """All that is wrong with a request's JSON; nothing for a request that SendGrid takes."""
    if not isinstance(request, dict):
        yield Objection("The request must be an object.", None)
        return
    yield from _unknown(request, _REQUEST_FIELDS, "")
    yield from _personalizations(request)
    yield from _sender(request)
    yield from _content(request.get("content"))
    yield from _headers(request.get("headers"), "headers")
    yield from _custom_args(request.get("custom_args"), "custom_args")
    yield from _categories(request.get("categories"))
    if not isinstance(request.get("send_at", 0), int):
        yield Objection("send_at must be a UNIX timestamp as an integer.", "send_at")


def _unknown(given: Json, known: frozenset[str], prefix: str) -> Iterator[Objection]:
    for name in given:
        if name not in known:
            yield Objection(f"Additional property {name} is not allowed.", f"{prefix}{name}")


def _personalizations(request: Json) -> Iterator[Objection]:
    given = request.get("personalizations")
    if not isinstance(given, list) or not given:
        yield Objection("You must have at least one personalization.", "personalizations")
        return
    if len(given) > LIMIT:
        yield Objection(
            f"There is a limit of {LIMIT} personalizations, not {len(given)}.", "personalizations"
        )
    for number, each in enumerate(given):
        yield from _personalization(each, request, f"personalizations.{number}.")
    yield from _recipients(given)


def _personalization(each: Any, request: Json, prefix: str) -> Iterator[Objection]:
    if not isinstance(each, dict):
        yield Objection("Each personalization must be an object.", prefix.rstrip("."))
        return
    yield from _unknown(each, _PERSONALIZATION_FIELDS, prefix)
    if not each.get("to"):
        yield Objection("The to array is required for all personalization objects.", f"{prefix}to")
    for field in ("to", "cc", "bcc"):
        for recipient in each.get(field) or []:
            yield from _mailbox(recipient, f"{prefix}{field}")
    subject = each.get("subject", request.get("subject"))
    if not isinstance(subject, str) or not subject:
        yield Objection("The subject must be a string of at least one character.", f"{prefix}subject")
    yield from _headers(each.get("headers"), f"{prefix}headers")
    yield from _substitutions(each.get("substitutions"), request, f"{prefix}substitutions")
    merged = {**(request.get("custom_args") or {}), **(each.get("custom_args") or {})}
    yield from _custom_args(merged or each.get("custom_args"), f"{prefix}custom_args")


def _recipients(given: list[Any]) -> Iterator[Objection]:
    """At most 1,000 over all, and nobody twice, whatever the case of the letters."""
    seen: set[str] = set()
    count = 0
    for number, each in enumerate(given):
        for field in ("to", "cc", "bcc"):
            for recipient in each.get(field) or [] if isinstance(each, dict) else []:
                count += 1
                address = str(recipient.get("email", "")).lower() if isinstance(recipient, dict) else ""
                if address in seen:
                    yield Objection(
                        f"Each unique address should only be included once, not {address} again.",
                        f"personalizations.{number}.{field}",
                    )
                seen.add(address)
    if count > LIMIT:
        yield Objection(f"There is a limit of {LIMIT} total recipients, not {count}.", "personalizations")


def _mailbox(mailbox: Any, field: str) -> Iterator[Objection]:
    email = mailbox.get("email") if isinstance(mailbox, dict) else None
    if not isinstance(email, str) or not _ADDRESS.fullmatch(email):
        yield Objection("An object with a valid email address was expected.", field)


def _sender(request: Json) -> Iterator[Objection]:
    sender = request.get("from")
    yield from _mailbox(sender, "from.email")
    if isinstance(sender, dict) and not all(str(value).isascii() for value in sender.values()):
        yield Objection("Unicode encoding is not supported for the from field.", "from")
    if request.get("reply_to") is not None:
        yield from _mailbox(request["reply_to"], "reply_to")
    if request.get("reply_to_list") is not None:
        if request.get("reply_to") is not None:
            yield Objection("reply_to and reply_to_list exclude each other.", "reply_to_list")
        for mailbox in request["reply_to_list"]:
            yield from _mailbox(mailbox, "reply_to_list")


def _content(content: Any) -> Iterator[Objection]:
    if not isinstance(content, list) or not content:
        yield Objection("There must be at least one content block.", "content")
        return
    types = [each.get("type") for each in content if isinstance(each, dict)]
    for number, each in enumerate(content):
        value = each.get("value") if isinstance(each, dict) else None
        if not isinstance(value, str) or not value:
            yield Objection(
                "The content value must be a string of at least one character.", f"content.{number}.value"
            )
    for number, kind in enumerate(types):
        if not isinstance(kind, str) or not kind or set(kind) & set(";,\r\n"):
            yield Objection("The content type must be a plain MIME type.", f"content.{number}.type")
    wanted = [kind for kind in ("text/plain", "text/html") if kind in types]
    if types[: len(wanted)] != wanted:
        yield Objection("text/plain needs to be first, followed by text/html.", "content")


def _headers(headers: Any, field: str) -> Iterator[Objection]:
    if headers is None:
        return
    if not isinstance(headers, dict):
        yield Objection("The headers must be an object.", field)
        return
    if len({name.lower() for name in headers}) < len(headers):
        yield Objection("The headers cannot contain duplicate keys.", field)
    for name, value in headers.items():
        if not name.isascii() or not name or any(character.isspace() for character in name):
            yield Objection("Header keys cannot contain non-ASCII characters or spaces.", f"{field}.{name}")
        if name.lower() in RESERVED_HEADERS:
            yield Objection(f"{name} is one of the reserved header keys.", f"{field}.{name}")
        if not isinstance(value, str) or _LINE_END.search(value):
            yield Objection("The header values must be strings on one line.", f"{field}.{name}")


def _substitutions(given: Any, request: Json, field: str) -> Iterator[Objection]:
    if given is None:
        return
    if str(request.get("template_id", "")).startswith("d-"):
        yield Objection("Substitutions may not be used with dynamic templates.", field)
    if not _all_strings(given):
        yield Objection("The substitution values must be an object whose values are all strings.", field)
        return
    if len(given) > SUBSTITUTIONS:
        yield Objection(f"There is a limit of {SUBSTITUTIONS} substitutions, not {len(given)}.", field)
    if any(character.isspace() for tag in given for character in tag):
        yield Objection("Substitution tags cannot contain spaces.", field)
    if _bytes(given) > SUBSTITUTION_BYTES:
        yield Objection(f"Substitutions are limited to {SUBSTITUTION_BYTES} bytes.", field)


def _custom_args(given: Any, field: str) -> Iterator[Objection]:
    if given is None:
        return
    if given == {}:
        yield Objection("custom_args cannot be empty.", field)
    elif not _all_strings(given):
        yield Objection("All values of custom arguments must be strings.", field)
    elif _bytes(given) >= CUSTOM_ARGS_BYTES:
        yield Objection(f"Custom arguments may not exceed {CUSTOM_ARGS_BYTES} bytes.", field)


def _categories(given: Any) -> Iterator[Objection]:
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        yield Objection("Categories must be an array of strings.", "categories")
        return
    if len(given) > CATEGORIES:
        yield Objection(f"There is a limit of {CATEGORIES} categories, not {len(given)}.", "categories")
    if len(set(given)) < len(given):
        yield Objection("The categories must be a unique list.", "categories")
    if any(len(each) > CATEGORY_LENGTH or not each.isascii() for each in given):
        yield Objection(f"A category is ASCII of at most {CATEGORY_LENGTH} characters.", "categories")


def _all_strings(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(value, str) for value in given.values())


def _bytes(given: Mapping[str, str]) -> int:
    return sum(len(f"{name}{value}".encode()) for name, value in given.items())
