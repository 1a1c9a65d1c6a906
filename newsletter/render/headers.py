"""Which headers a mail carries: those of an issue and those of a single mail.

Values are plain Unicode here; render/encode.py gives them the form that mail wants. MIME-Version and Content-Type
are written by render/compose.py, Return-Path by whoever delivers.
"""

import json
from dataclasses import asdict, dataclass

from newsletter.errors import StoreError
from newsletter.render.plan import Header, PlanSlot, SlotName

# What a message needs besides its contents: who it is from, which list it belongs to, where its pages are.
#
# Built from the settings by the caller; values only. Nothing of one reader stands here: that is what slots are for.


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFrame:
    """The sender's side of a message.

    `list_id` and `list_name` are empty for single mails (confirmation, sign-in …), which belong to no list; so
    is `archive_url`. `feedback_id` is the ready Feedback-ID value, "issue:list:weekly:sender", or empty.
    `leave_address` is where a mail lets its writer leave; empty where none does.
    `language` is an HTML lang such as "en".
    """

    from_name: str
    from_address: str
    reply_to: str
    public_url: str
    language: str = "en"
    list_id: str = ""
    list_name: str = ""
    archive_url: str = ""
    feedback_id: str = ""
    leave_address: str = ""

    def to_json(self) -> str:
        """Return the stored form; the same frame always gives the same text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, stored: str) -> "MessageFrame":
        """Read the stored form; raises StoreError when it is none."""
        try:
            return cls(**json.loads(stored))
        except (ValueError, TypeError) as error:
            raise StoreError(f"A stored frame cannot be read: {error}") from error


def issue_headers(frame: MessageFrame, subject: str) -> tuple[Header, ...]:
    """Return what bulk mail owes its receivers: RFC 5322, List-Id (2919), List-* (2369), one-click leaving (8058).

    `Precedence: bulk` keeps vacation replies away; Feedback-ID names the issue in Gmail's feedback loop.
    """
    by_mail = (", <", PlanSlot(SlotName.UNSUBSCRIBE_MAILTO), ">") if frame.leave_address else ()
    leave = ("<", PlanSlot(SlotName.UNSUBSCRIBE_URL), ">", *by_mail)
    return (
        *_common(frame, subject),
        Header("List-Id", (f"{frame.list_name} <{frame.list_id}>".lstrip(),)),
        Header("List-Unsubscribe", leave),
        Header("List-Unsubscribe-Post", ("List-Unsubscribe=One-Click",)),
        *((Header("List-Archive", (f"<{frame.archive_url}>",)),) if frame.archive_url else ()),
        *((Header("Feedback-ID", (frame.feedback_id,)),) if frame.feedback_id else ()),
        Header("Precedence", ("bulk",)),
    )


def single_mail_headers(frame: MessageFrame, subject: str) -> tuple[Header, ...]:
    """Return the headers of a mail that answers a reader. RFC 3834, and Exchange's word for it, keep auto-replies away."""
    return (
        *_common(frame, subject),
        Header("Auto-Submitted", ("auto-generated",)),
        Header("X-Auto-Response-Suppress", ("OOF, AutoReply",)),
    )


def _common(frame: MessageFrame, subject: str) -> tuple[Header, ...]:
    return (
        Header("From", (f"{frame.from_name} <{frame.from_address}>".lstrip(),)),
        Header("To", (PlanSlot(SlotName.TO),)),
        *((Header("Reply-To", (f"<{frame.reply_to}>",)),) if frame.reply_to else ()),
        Header("Subject", (subject,)),
        Header("Date", (PlanSlot(SlotName.DATE),)),
        Header("Message-ID", (PlanSlot(SlotName.MESSAGE_ID),)),
    )
