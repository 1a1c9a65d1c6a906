"""What a mailbox is to the reader of reports. The ways to reach one are maildir.py and imap.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from newsletter.errors import NewsletterError

#: A report quotes at most the message it is about; what is longer is none.
MOST_BYTES = 2_000_000


class MailboxTrouble(NewsletterError):
    """The mailbox of reports cannot be read."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail of the mailbox; `name` is the mailbox's own for it."""

    name: str
    raw: bytes


class Mailbox(Protocol):
    """Somewhere reports arrive."""

    @property
    def name(self) -> str:
        """Tells it from other mailboxes, and to a person."""
        ...

    def incoming(self) -> Iterator[Incoming]:
        """The mails not looked at before, oldest first; raises MailboxTrouble."""
        ...

    def put_away(self, incoming: Incoming) -> None:
        """A report was acted on. What is no report is somebody's mail, and is not touched."""
        ...

    def close(self) -> None:
        """Remember how far it was read, and let go; never raises."""
        ...
