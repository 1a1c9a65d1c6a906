"""A mail as a report: which kind it is, and what it says. What nobody recognises is somebody's mail, and is left alone.

In this order: abuse reports (RFC 5965), delivery status notifications (RFC 3464), requests to leave, answers of
machines, and what flufl.bounce knows of servers that write bounces of their own making.
"""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from enum import StrEnum

from newsletter.db.statuses import ConsentChannel, ReportKind
from newsletter.readers.links import PLAIN_LENGTH, SALTED_LENGTH, SIGNATURE_LENGTH

# What a bounce means for a reader, by its enhanced status code (RFC 3463).
#
# - **dead**: the address does not exist or is closed; no issue goes there again
# - **soft**: full, busy, unreachable or unexplained; it counts, over issues and days
# - **policy**: the server minds the message, its sender or its size; that says nothing about the reader

#: An enhanced code standing alone in a server's words.
ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


class Meaning(StrEnum):
    """What a failed delivery says of its reader."""

    DEAD = "dead address"
    SOFT = "counted"
    POLICY = "policy"


#: Bad mailbox, bad domain, bad syntax, moved away, a domain without mail (RFC 7505), mailbox closed, no route.
DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
#: The sender's address is refused (5.1.7, 5.1.8), the message is too long; protocol, content and security.
POLICY = frozenset({"5.1.7", "5.1.8", "5.2.3", "5.3.4"})
POLICY_SUBJECTS = ("5.5.", "5.6.", "5.7.")


def meaning_of(code: str) -> Meaning:
    """Return what the code says; one that says nothing is soft."""
    if code in DEAD:
        return Meaning.DEAD
    if code in POLICY or code.startswith(POLICY_SUBJECTS):
        return Meaning.POLICY
    return Meaning.SOFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How long an address may bounce softly: so many issues in a row, over at least so long."""

    issues: int = 4
    over: timedelta = timedelta(days=15)

    def is_exceeded(self, bounced_at: Sequence[datetime | None]) -> bool:
        """Return whether enough is enough: `bounced_at` says when each of the last issues bounced, or None."""
        last = bounced_at[: self.issues]
        moments = [each for each in last if each is not None]
        return len(moments) == self.issues and max(moments) - min(moments) >= self.over


# What a report says, as values. Acting on them is handling.py's work.


class DsnAction(StrEnum):
    """What a server says it did (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


#: Words that say a server took the message over for good.
ARRIVED = frozenset({DsnAction.DELIVERED, DsnAction.RELAYED, DsnAction.EXPANDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """What in a report may lead to the message it is about. Only what carries a proof of ours counts.

    `recipients` are addresses that the report names: hints where to look, never a reason to act.
    """

    return_paths: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    def __add__(self, other: "Identifiers") -> "Identifiers":
        return Identifiers(
            return_paths=_joined(self.return_paths, other.return_paths),
            message_ids=_joined(self.message_ids, other.message_ids),
            tokens=_joined(self.tokens, other.tokens),
            recipients=_joined(self.recipients, other.recipients),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One mail that came back. `key` tells it from every other: a report is acted on once."""

    key: str
    kind: ReportKind
    identifiers: Identifiers = field(default_factory=Identifiers)
    action: DsnAction = DsnAction.FAILED
    #: An enhanced status code (RFC 3463) or empty.
    code: str = ""
    #: What it means for the reader where its source knows better than the code; None: the code decides.
    meaning: Meaning | None = None
    #: How it came to us.
    channel: ConsentChannel = ConsentChannel.MAIL


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


# Identifiers of ours in a mail: return paths, Message-IDs, unsubscribe tokens. Whether they are real: handling.py.

#: Where a mail server notes whom a mail was delivered to.
_DELIVERED_TO = ("to", "delivered-to", "x-original-to", "envelope-to")
#: Where it notes the envelope's sender of the mail it returns.
_SENT_FROM = ("return-path", "x-return-path")

_VERP = re.compile(r"[^\s<>,\"@]+\+[0-9]{1,18}\.[0-9]{1,18}\.[0-9a-f]{12}@[^\s<>,\"]+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<nl\.[0-9]{1,18}\.[0-9a-f]{24}@[^\s<>]+>", re.IGNORECASE)
_TOKEN = re.compile(
    rf"(?<![\w-])(?:[\w-]{{{PLAIN_LENGTH}}}|[\w-]{{{SALTED_LENGTH}}})\.[\w-]{{{SIGNATURE_LENGTH}}}(?![\w-])",
    re.ASCII,
)
#: Of each kind at most so many: a report is about one message, and what it quotes is anybody's.
_MOST = 5


def _identifiers_in_report(message: Message) -> Identifiers:
    """Return what the report's own header says of the message it is about."""
    return Identifiers(
        return_paths=_found(_VERP, " ".join(_headers(message, _DELIVERED_TO))),
        message_ids=_found(_MESSAGE_ID, " ".join(_headers(message, ("in-reply-to", "references")))),
    )


def _identifiers_in_original(original: Message) -> Identifiers:
    """Return what the returned message's header says of itself."""
    return Identifiers(
        return_paths=_found(_VERP, " ".join(_headers(original, _SENT_FROM))),
        message_ids=_found(_MESSAGE_ID, " ".join(_headers(original, ("message-id",)))),
        tokens=_found(_TOKEN, " ".join(_headers(original, ("list-unsubscribe",)))),
        recipients=_addresses_in(*_headers(original, ("to",))),
    )


def _identifiers_in_text(text: str) -> Identifiers:
    """Return the identifiers that stand anywhere in a text."""
    return Identifiers(
        return_paths=_found(_VERP, text), message_ids=_found(_MESSAGE_ID, text), tokens=_found(_TOKEN, text)
    )


def _addresses_in(*values: str) -> tuple[str, ...]:
    return tuple(address for _, address in getaddresses(list(values)) if "@" in address)[:_MOST]


def _text_of(message: Message) -> str:
    """Return a header's or part's text, whatever its encoding claims."""
    payload = message.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _header(message: Message, name: str) -> str:
    """Return a header's value on one line, its encoded words read (RFC 2047); empty where there is none."""
    written = str(message.get(name, ""))
    try:
        read = str(make_header(decode_header(written)))
    except (HeaderParseError, LookupError, ValueError):
        read = written
    return " ".join(read.split())


def _headers(message: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        # A folded List-Unsubscribe may be folded inside a URL by a careless server.
        yield from ("".join(str(value).splitlines()) for value in message.get_all(name, []))


def _found(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.group() for match in pattern.finditer(text)))[:_MOST]


# Abuse reports (RFC 5965): what a mailbox provider sends when somebody presses "this is spam".

#: Kinds of feedback that are a complaint of the reader's (RFC 5965, 7.3); "not-spam" and "auth-failure" are none.
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"})


def _feedback_fields(message: Message) -> Message | None:
    """Return the fields of the report's machine-readable part; None where the mail is no abuse report."""
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                return payload[0]
            return message_from_string(_text_of(part))
    return None


# Delivery status notifications (RFC 3464): `message/delivery-status` and the message or header that came back.

#: What matters most when a notification speaks of several recipients.
_WEIGHT = (DsnAction.FAILED, DsnAction.DELAYED, DsnAction.DELIVERED, DsnAction.RELAYED, DsnAction.EXPANDED)


def _status_blocks(message: Message) -> list[Message]:
    """Return the notification's groups of fields: the message's, then one for each recipient. Empty: it is none."""
    for part in message.walk():
        blocks = part.get_payload()
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks, list):
            return [each for each in blocks if isinstance(each, Message)]
        # The parser knows the form for addresses beyond ASCII (RFC 6533) only as a mail within a mail.
        if part.get_content_type() == "message/global-delivery-status" and isinstance(blocks, list):
            text = "".join(each.as_string() for each in blocks if isinstance(each, Message))
            return [message_from_string(each) for each in re.split(r"\n\s*\n", text) if each.strip()]
    return []


#: The message itself, or its header taken for a message without a body (RFC 6532, RFC 6533).
_AS_MESSAGE = ("message/rfc822", "message/global", "message/global-headers", "message/rfc822-headers")


def _returned_message(message: Message) -> Message | None:
    """Return the message that came back, or as much of its header as was sent."""
    for part in message.walk():
        payload = part.get_payload()
        if part.get_content_type() in _AS_MESSAGE and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else None
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            return message_from_bytes(payload if isinstance(payload, bytes) else b"", policy=policy.compat32)
    return None


def _action(block: Message) -> DsnAction | None:
    word = _header(block, "action").partition(" ")[0].strip(";.").casefold()
    return DsnAction(word) if word in set(DsnAction) else None


#: As much of what a bounce says, to programs or to people, as is read for words.
_MOST_EXPLANATION = 4_000

#: What the server beyond a relay answered: its reply, and right behind it its own enhanced code.
_ANSWERED = re.compile(r"(?<![\d.])5\d\d[ -]#?(5\.\d{1,3}\.\d{1,3})(?![\d.])")

#: A server's reply without an enhanced code of its own.
_PLAIN = re.compile(r"smtp;\s*5\d\d[ -](?!#?5\.)", re.IGNORECASE)

#: Words for an address that there is not.
_NOBODY = re.compile(
    r"unroute?able address"
    r"|no such (mail )?(domain|host)"
    r"|no (such|mailbox|valid) (user|recipient|mailbox|person|address|account|here)"
    r"|(no|not) (a )?(known|valid) (user|recipient|mailbox)"
    r"|\b(unknown|invalid|nonexistent|non-existent) (or illegal )?(local )?(user|recipient|mailbox|address|alias|account)"
    r"|\b(user|recipient|mailbox|address|account|alias)( \S{1,320})?( is| was)?:? "
    r"(unknown|not found|invalid|does ?n.t exist|does not exist|no longer exists|not known)",
    re.IGNORECASE,
)
#: Words for something about us, or for now: they count for more, since whoever blocks us may call anybody unknown.
_ABOUT_US = re.compile(
    r"block|spam|junk|\bd?nsbl|\brbl|\blist(ed|ing)|reputation|policy|denied|prohibited|banned|abuse|\brate\b|too many|authentic|\bspf\b|dkim"
    r"|dmarc|relay|gr[ae]ylist|quota|\bfull\b|temporar|try again|later|sender|virus|content",
    re.IGNORECASE,
)


def code_of(status_field: str, words: str) -> str:
    """Return the enhanced code of a status; where it only says "failed", the code in the server's words says more."""
    status, said = ENHANCED.search(status_field), ENHANCED.search(words)
    if status is None or status.group().endswith(".0.0"):
        better = said or status
        return better.group() if better else ""
    return status.group()


def _code_of_last(status_field: str, words: str) -> str:
    """Return the code that decides of a relay's report: for good, what the server beyond it answered goes before the relay's status.

    sendmail writes a status of 5.1.1 for every 550 at RCPT.
    """
    words = words[:_MOST_EXPLANATION]
    code, answered = code_of(status_field, words), _ANSWERED.search(words)
    if answered and not answered[1].endswith(".0.0") and not status_field.startswith("4"):
        return answered[1]
    if code in DEAD and _PLAIN.search(words) and _ABOUT_US.search(words):
        # No more than the relay's guess.
        return "5.0.0"
    return code


def names_nobody(code: str, words: str) -> bool:
    """Return whether a server says in words that there is no such address, where its code says no more than "failed"."""
    says_nothing = not code or code.endswith(".0.0") or code in ("550", "551", "553", "554")
    words = words[:_MOST_EXPLANATION]
    return says_nothing and bool(_NOBODY.search(words)) and not _ABOUT_US.search(words)


_UNSUBSCRIBE = re.compile(r"unsubscribe\b", re.IGNORECASE)
#: Mail servers speak under these names; people and their out-of-office notes do not.
_SERVERS = re.compile(r"\b(mailer-daemon|postmaster|mail delivery|mail-daemon)\b", re.IGNORECASE)
_ASCII = bytes(range(128)) + b"?" * 128
#: Where qmail and its like begin with what they return.
_COPY = re.compile(r"^-{2,80}[^\n]{0,200}\b(copy|original|returned)\b", re.IGNORECASE | re.MULTILINE)
#: As much of a bounce's text as is searched.
_MOST_TEXT = 100_000


def read_report(raw: bytes) -> Report | None:
    """Read a mail as a report; None when it is none."""
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        return _abuse(message, raw) or _status(message, raw) or _leaving(message, raw) or _other(message, raw)
    except (RecursionError, LookupError, ValueError):
        # Parts nested without end, character sets that do not exist: nothing that a server writes.
        return None


def _key(message: Message, raw: bytes) -> str:
    own = _header(message, "message-id").encode("utf-8", "replace")
    return hashlib.sha256(own or raw).hexdigest()


def _abuse(message: Message, raw: bytes) -> Report | None:
    fields = _feedback_fields(message)
    if fields is None:
        return None
    # Whom the mail went to; many providers black it out.
    names = ("original-rcpt-to", "removal-recipient")
    recipients = _addresses_in(*(str(value) for name in names for value in fields.get_all(name, [])))
    is_complaint = _header(fields, "feedback-type").casefold() in COMPLAINTS
    return Report(
        key=_key(message, raw),
        kind=ReportKind.COMPLAINT if is_complaint else ReportKind.AUTO_REPLY,
        identifiers=Identifiers(recipients=recipients) + _identifiers(message),
    )


def _status(message: Message, raw: bytes) -> Report | None:
    blocks = _status_blocks(message)
    told = [(action, block) for block in blocks if (action := _action(block)) is not None]
    if not told:
        return None
    action, block = min(told, key=lambda each: _WEIGHT.index(each[0]))
    diagnostic = _header(block, "diagnostic-code")
    # OpenSMTPD, and Exim in part, say why to people only. There a version looks like a code: one is what stands behind a reply.
    why = diagnostic or _explanation(message)
    said = diagnostic or " ".join(each.group() for each in _ANSWERED.finditer(why))
    code = _code_of_last(_header(block, "status"), said)
    is_dead = action is DsnAction.FAILED and names_nobody(code, why)
    # As in "rfc822; alice@example.org".
    recipients = _addresses_in(
        *(
            _header(block, name).partition(";")[2].strip()
            for block in blocks
            for name in ("original-recipient", "final-recipient")
        )
    )
    return Report(
        key=_key(message, raw),
        kind=ReportKind.BOUNCE,
        identifiers=Identifiers(recipients=recipients) + _identifiers(message),
        action=action,
        code=code,
        meaning=Meaning.DEAD if is_dead else None,
    )


def _explanation(message: Message) -> str:
    """Return what a report says to people."""
    texts = (part for part in message.walk() if part.get_content_type() == "text/plain")
    return _text_of(next(texts, message))[:_MOST_EXPLANATION]


def _identifiers(message: Message) -> Identifiers:
    own, original = _identifiers_in_report(message), _returned_message(message)
    return own if original is None else own + _identifiers_in_original(original)


def _leaving(message: Message, raw: bytes) -> Report | None:
    """Read the mail that a mail program writes for List-Unsubscribe's mailto: the subject carries the token."""
    subject = _header(message, "subject")
    identifiers = _identifiers_in_text(subject)
    if not identifiers.tokens or not _UNSUBSCRIBE.search(subject):
        return None
    return Report(key=_key(message, raw), kind=ReportKind.LEAVING, identifiers=identifiers)


def _other(message: Message, raw: bytes) -> Report | None:
    if message.get("x-failed-recipients") or _SERVERS.search(_header(message, "from")):
        return _plain_bounce(message, raw)
    if _is_automatic(message):
        return Report(
            key=_key(message, raw), kind=ReportKind.AUTO_REPLY, identifiers=_identifiers_in_report(message)
        )
    return None


def _is_automatic(message: Message) -> bool:
    """Return whether a machine answered for somebody (RFC 3834, and what came before it)."""
    submitted = _header(message, "auto-submitted").casefold()
    return (
        (submitted not in ("", "no"))
        or _header(message, "precedence").casefold() in ("auto_reply", "auto-reply")
        or any(message.get(name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply"))
        or message.get_content_type() == "multipart/report"
    )


def _plain_bounce(message: Message, raw: bytes) -> Report | None:
    temporary, permanent = _failures(raw)
    if not temporary and not permanent:
        return None
    text = "\n".join(_text_of(part) for part in message.walk() if not part.is_multipart())[:_MOST_TEXT]
    said = ENHANCED.search(text)
    why = _COPY.split(text[:_MOST_EXPLANATION], maxsplit=1)[0]
    is_dead = bool(permanent) and names_nobody(said.group() if said else "", why)
    recipients = tuple(each.decode("utf-8", "replace") for each in sorted(permanent | temporary))
    return Report(
        key=_key(message, raw),
        kind=ReportKind.BOUNCE,
        identifiers=Identifiers(recipients=recipients)
        + _identifiers_in_report(message)
        + _identifiers_in_text(text),
        action=DsnAction.FAILED if permanent else DsnAction.DELAYED,
        code=said.group() if said else "",
        meaning=Meaning.DEAD if is_dead else None,
    )


def _failures(raw: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return the addresses that failed for now and for good, as far as flufl.bounce knows the server that says so."""
    # Reading mail is all that needs it, and loading it takes as long as a small command.
    from flufl.bounce import all_failures

    # It logs what it stumbles over together with the mail, and it does stumble: over every header beyond ASCII.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
    plain = message_from_bytes(raw.translate(_ASCII), policy=policy.compat32)
    try:
        temporary, permanent = all_failures(plain)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)
