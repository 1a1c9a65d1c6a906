"""Delivery status notifications (RFC 3464): `message/delivery-status` and the message or header that came back."""

import re
from collections.abc import Sequence
from email import message_from_bytes, message_from_string, policy
from email.message import Message

from newsletter.delivery.feedback.report import Action
from newsletter.delivery.feedback.rules import ENHANCED
from newsletter.delivery.feedback.traces import addresses_in, header

#: What matters most when a notification speaks of several recipients.
_WEIGHT = (Action.FAILED, Action.DELAYED, Action.DELIVERED, Action.RELAYED, Action.EXPANDED)


def status_blocks(message: Message) -> list[Message]:
    """The notification's groups of fields: first about the message, then one about each recipient. Empty: it is none."""
    for part in message.walk():
        blocks = part.get_payload()
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks, list):
            return [each for each in blocks if isinstance(each, Message)]
        # The parser knows the form for addresses beyond ASCII (RFC 6533) only as a mail within a mail.
        if part.get_content_type() == "message/global-delivery-status" and isinstance(blocks, list):
            text = "".join(each.as_string() for each in blocks if isinstance(each, Message))
            return [message_from_string(each) for each in re.split(r"\n\s*\n", text) if each.strip()]
    return []


def outcome_of(blocks: Sequence[Message]) -> tuple[Action, str] | None:
    """What happened, and the enhanced code; None where no recipient's fields say so."""
    said = [(action, _code(block)) for block in blocks if (action := _action(block)) is not None]
    return min(said, key=lambda each: _WEIGHT.index(each[0]), default=None)


def recipients_in(blocks: Sequence[Message]) -> tuple[str, ...]:
    """The addresses that the fields name, as "rfc822; alice@example.org"."""
    values = (
        header(block, name).partition(";")[2].strip()
        for block in blocks
        for name in ("original-recipient", "final-recipient")
    )
    return addresses_in(*values)


#: The message itself, or its header taken for a message without a body (RFC 6532, RFC 6533).
_AS_MESSAGE = ("message/rfc822", "message/global", "message/global-headers", "message/rfc822-headers")


def returned_message(message: Message) -> Message | None:
    """The message that came back, or as much of its header as was sent."""
    for part in message.walk():
        payload = part.get_payload()
        if part.get_content_type() in _AS_MESSAGE and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else None
        if part.get_content_type() == "text/rfc822-headers":
            return _as_headers(part)
    return None


def _as_headers(part: Message) -> Message:
    payload = part.get_payload(decode=True)
    return message_from_bytes(payload if isinstance(payload, bytes) else b"", policy=policy.compat32)


def _action(block: Message) -> Action | None:
    word = header(block, "action").partition(" ")[0].strip(";.").casefold()
    return Action(word) if word in set(Action) else None


def _code(block: Message) -> str:
    """The Status field; where it only says "failed", the code in the server's own words says more."""
    status = ENHANCED.search(header(block, "status"))
    said = ENHANCED.search(header(block, "diagnostic-code"))
    if status is None or status.group().endswith(".0.0"):
        better = said or status
        return better.group() if better else ""
    return status.group()
