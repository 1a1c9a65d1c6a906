"""A message of the outbox, taken apart: its headers, both parts, and the bytes as they lie there."""

import email
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Protocol

from newsletter.delivery.message import Marks
from newsletter.delivery.outbox import file_name
from newsletter.editing.newsroom import Newsroom
from newsletter.errors import NotFound


class MarkedNewsroom(Newsroom, Protocol):
    """A newsroom that knows the names of its messages; `newsletter.app.App` is one."""

    @property
    def marks(self) -> Marks: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMail:
    """A message. A part that it does not have is empty."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    source: str


def read_mail(newsroom: MarkedNewsroom, issue_id: int, reader_id: int) -> OutboxMail:
    """The message of an issue to a reader, or the single mail of that number where `issue_id` is 0; raises NotFound."""
    name = file_name(newsroom.marks.message_id(issue_id, reader_id))
    raw = _find(newsroom.settings.path(newsroom.settings.outbox), name)
    if raw is None:
        raise NotFound("message", name)
    message = email.message_from_bytes(raw, policy=default)
    return OutboxMail(
        subject=str(message["Subject"] or ""),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=raw.decode("utf-8", "replace"),
    )


def _find(outbox: Path, name: str) -> bytes | None:
    """Wherever a mail program has moved it: "cur/<name>:2,S" is found by its beginning."""
    try:
        return (outbox / "new" / name).read_bytes()
    except OSError:
        pass
    moved = sorted((outbox / "cur").glob(f"{name}*")) if (outbox / "cur").is_dir() else []
    return moved[0].read_bytes() if moved else None


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
