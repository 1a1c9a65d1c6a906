"""A mail as a report: which kind it is, and what it says. What nobody recognises is somebody's mail, and is left alone.

In this order: abuse reports (RFC 5965), delivery status notifications (RFC 3464), requests to leave, answers of
machines, and what flufl.bounce knows of servers that write bounces of their own making.
"""

import hashlib
import logging
import re
from email import message_from_bytes, policy
from email.message import Message

from newsletter.db.statuses import ReportKind
from newsletter.delivery.feedback import arf, dsn
from newsletter.delivery.feedback.report import Action, Report, Traces
from newsletter.delivery.feedback.rules import ENHANCED
from newsletter.delivery.feedback.traces import (
    header,
    text_of,
    traces_in_text,
    traces_of_original,
    traces_of_report,
)

_UNSUBSCRIBE = re.compile(r"unsubscribe\b", re.IGNORECASE)
#: Mail servers speak under these names; people and their out-of-office notes do not.
_SERVERS = re.compile(r"\b(mailer-daemon|postmaster|mail delivery|mail-daemon)\b", re.IGNORECASE)
_ASCII = bytes(range(128)) + b"?" * 128
#: As much of a bounce's text as is searched.
_MOST_TEXT = 100_000


def read_report(raw: bytes) -> Report | None:
    """What the mail reports; None when it is no report."""
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        return _abuse(message, raw) or _status(message, raw) or _leaving(message, raw) or _other(message, raw)
    except (RecursionError, LookupError, ValueError):
        # Parts nested without end, character sets that do not exist: nothing that a server writes.
        return None


def _key(message: Message, raw: bytes) -> str:
    own = header(message, "message-id").encode("utf-8", "replace")
    return hashlib.sha256(own or raw).hexdigest()


def _abuse(message: Message, raw: bytes) -> Report | None:
    fields = arf.feedback_fields(message)
    if fields is None:
        return None
    original = dsn.returned_message(message)
    traces = Traces(recipients=arf.recipients_of(fields)) + _traces(message, original)
    kind = ReportKind.COMPLAINT if arf.is_complaint(fields) else ReportKind.AUTO_REPLY
    return Report(key=_key(message, raw), kind=kind, traces=traces)


def _status(message: Message, raw: bytes) -> Report | None:
    blocks = dsn.status_blocks(message)
    outcome = dsn.outcome_of(blocks)
    if outcome is None:
        return None
    action, code = outcome
    traces = Traces(recipients=dsn.recipients_in(blocks)) + _traces(message, dsn.returned_message(message))
    return Report(key=_key(message, raw), kind=ReportKind.BOUNCE, traces=traces, action=action, code=code)


def _traces(message: Message, original: Message | None) -> Traces:
    own = traces_of_report(message)
    return own if original is None else own + traces_of_original(original)


def _leaving(message: Message, raw: bytes) -> Report | None:
    """The mail that a mail program writes for List-Unsubscribe's mailto: the subject carries the token."""
    subject = header(message, "subject")
    traces = traces_in_text(subject)
    if not traces.tokens or not _UNSUBSCRIBE.search(subject):
        return None
    return Report(key=_key(message, raw), kind=ReportKind.LEAVING, traces=traces)


def _other(message: Message, raw: bytes) -> Report | None:
    if _is_from_a_server(message):
        return _plain_bounce(message, raw)
    if _is_automatic(message):
        return Report(key=_key(message, raw), kind=ReportKind.AUTO_REPLY, traces=traces_of_report(message))
    return None


def _is_from_a_server(message: Message) -> bool:
    return bool(message.get("x-failed-recipients") or _SERVERS.search(header(message, "from")))


def _is_automatic(message: Message) -> bool:
    """Whether a machine answered for somebody (RFC 3834, and what came before it)."""
    submitted = header(message, "auto-submitted").casefold()
    return (
        (submitted not in ("", "no"))
        or header(message, "precedence").casefold() in ("auto_reply", "auto-reply")
        or any(message.get(name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply"))
        or message.get_content_type() == "multipart/report"
    )


def _plain_bounce(message: Message, raw: bytes) -> Report | None:
    temporary, permanent = _failures(raw)
    if not temporary and not permanent:
        return None
    text = "\n".join(text_of(part) for part in message.walk() if not part.is_multipart())[:_MOST_TEXT]
    said = ENHANCED.search(text)
    recipients = tuple(each.decode("utf-8", "replace") for each in sorted(permanent | temporary))
    return Report(
        key=_key(message, raw),
        kind=ReportKind.BOUNCE,
        traces=Traces(recipients=recipients) + traces_of_report(message) + traces_in_text(text),
        action=Action.FAILED if permanent else Action.DELAYED,
        code=said.group() if said else "",
    )


def _failures(raw: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The addresses that failed for now and for good, as far as flufl.bounce knows the server that says so."""
    from flufl.bounce import all_failures

    # It logs what it stumbles over together with the mail, and it does stumble: over every header beyond ASCII.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
    plain = message_from_bytes(raw.translate(_ASCII), policy=policy.compat32)
    try:
        temporary, permanent = all_failures(plain)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)
