"""Abuse reports (RFC 5965): what a mailbox provider sends when somebody presses "this is spam"."""

from email import message_from_string
from email.message import Message

from newsletter.delivery.feedback.traces import addresses_in, header, text_of

#: Kinds of feedback that are a complaint of the reader's (RFC 5965, 7.3); "not-spam" and "auth-failure" are none.
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"})


def feedback_fields(message: Message) -> Message | None:
    """The fields of the report's machine-readable part; None where the mail is no abuse report."""
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                return payload[0]
            return message_from_string(text_of(part))
    return None


def is_complaint(fields: Message) -> bool:
    return header(fields, "feedback-type").casefold() in COMPLAINTS


def recipients_of(fields: Message) -> tuple[str, ...]:
    """Whom the report says the mail went to; many providers black it out."""
    values = (
        str(value) for name in ("original-rcpt-to", "removal-recipient") for value in fields.get_all(name, [])
    )
    return addresses_in(*values)
