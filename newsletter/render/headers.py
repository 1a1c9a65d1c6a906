"""Which headers a mail carries: those of an issue and those of a single mail.

Values are plain Unicode here; render/encode.py gives them the form that mail wants. MIME-Version and Content-Type
are written by render/compose.py, Return-Path by whoever delivers.
"""

from newsletter.render.frame import MessageFrame
from newsletter.render.plan import Header, Slot
from newsletter.render.slots import SlotName


def issue_headers(frame: MessageFrame, subject: str) -> tuple[Header, ...]:
    """What bulk mail owes its receivers: RFC 5322, List-Id (2919), List-* (2369), one-click leaving (8058).

    `Precedence: bulk` keeps vacation replies away; Feedback-ID names the issue in Gmail's feedback loop.
    """
    by_mail = (", <", Slot(SlotName.UNSUBSCRIBE_MAILTO), ">") if frame.leave_address else ()
    leave = ("<", Slot(SlotName.UNSUBSCRIBE_URL), ">", *by_mail)
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
    """A mail that answers something the reader did. RFC 3834, and Exchange's word for it, keep auto-replies away."""
    return (
        *_common(frame, subject),
        Header("Auto-Submitted", ("auto-generated",)),
        Header("X-Auto-Response-Suppress", ("OOF, AutoReply",)),
    )


def _common(frame: MessageFrame, subject: str) -> tuple[Header, ...]:
    return (
        Header("From", (f"{frame.from_name} <{frame.from_address}>".lstrip(),)),
        Header("To", (Slot(SlotName.TO),)),
        *((Header("Reply-To", (f"<{frame.reply_to}>",)),) if frame.reply_to else ()),
        Header("Subject", (subject,)),
        Header("Date", (Slot(SlotName.DATE),)),
        Header("Message-ID", (Slot(SlotName.MESSAGE_ID),)),
    )
