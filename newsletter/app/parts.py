"""What everything else is made with: settings, clock, databases, keys, and what every mail has in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter.clock import Clock
from newsletter.config import Settings
from newsletter.db.engine import Database
from newsletter.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from newsletter.content.store import ContentStore
    from newsletter.delivery.message import Marks
    from newsletter.readers.links import LinkSigner
    from newsletter.render.frame import MessageFrame
    from newsletter.schedule.runner import Alerts


@dataclass(frozen=True)
class Parts:
    """One installation, opened, and what the rest of it is made with."""

    settings: Settings
    clock: Clock
    database: Database

    @contextmanager
    def content(self) -> Iterator["ContentStore"]:
        """The content store, opened for this thread and closed at the end of the block."""
        from newsletter.content.store import ContentStore

        path = self.settings.path(self.settings.content_db)
        if not path.exists():
            raise StoreError(f"There is no database at {path}. Make one with: newsletter init")
        with ContentStore(path) as store:
            yield store

    @cached_property
    def links(self) -> "LinkSigner":
        """What signs and reads readers' links."""
        from newsletter.readers.keys import read_link_keys
        from newsletter.readers.links import LinkSigner

        return LinkSigner(read_link_keys(self.settings.path(self.settings.link_keys)))

    @cached_property
    def suppression_key(self) -> bytes:
        """The key under which the suppression list knows an address."""
        from newsletter.readers.keys import read_suppression_key

        return read_suppression_key(self.settings.path(self.settings.suppression_key))

    @cached_property
    def template_folders(self) -> tuple[Path, ...]:
        """Where templates are looked up: the operator's own, then ours."""
        from newsletter.render.environment import template_folders

        own = self.settings.path(self.settings.templates) if self.settings.templates else None
        if own is not None and not own.is_dir():
            raise ConfigError(
                f"paths.templates is {own}, but there is no such folder", setting="paths.templates"
            )
        return template_folders(own)

    @cached_property
    def frame(self) -> "MessageFrame":
        """What every message of this newsletter needs besides its contents."""
        from newsletter.render.frame import MessageFrame

        settings = self.settings
        domain = settings.from_address.rpartition("@")[2] or "localhost"
        list_id = settings.list_id or f"weekly.{domain}"
        return MessageFrame(
            from_name=settings.from_name or settings.name,
            from_address=settings.from_address,
            reply_to=settings.reply_to,
            list_id=list_id,
            list_name=settings.name,
            public_url=settings.public_url.rstrip("/"),
            archive_url=f"{settings.public_url.rstrip('/')}/archive",
            feedback_id=f"digest:{list_id}:newsletter:{_sender_id(domain)}",
            language=settings.language,
            leave_address=settings.leave_address,
        )

    @cached_property
    def alerts(self) -> "Alerts":
        """How the operator is told of something, once."""
        from newsletter.delivery.alerts import StoredAlerts

        return StoredAlerts(self.database, self.clock)

    @cached_property
    def marks(self) -> "Marks":
        """What tells each of our messages from every other. Its key is the one that never changes."""
        from newsletter.delivery.message import Marks

        settings = self.settings
        return Marks(
            key=self.suppression_key,
            domain=settings.from_address.rpartition("@")[2] or "localhost",
            bounce_address=settings.smtp_return_path,
        )


def _sender_id(domain: str) -> str:
    """The stable last field of Feedback-ID: 5 to 15 characters (Gmail's feedback loop)."""
    host = urlsplit(f"//{domain}").hostname or domain
    return "".join(letter for letter in host if letter.isalnum())[:15].ljust(5, "0")
