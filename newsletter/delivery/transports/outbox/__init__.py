"""The outbox, the transport that needs no account: mail stays on this machine. What writes it is maildir.py."""

from typing import TYPE_CHECKING

from newsletter.clock import Clock
from newsletter.config import Settings
from newsletter.delivery.transports.contract import Entry, Transport

if TYPE_CHECKING:
    from newsletter.db.engine import Database


class OutboxEntry(Entry):
    """The outbox; its folder is a path as others are, `paths.outbox`."""

    name = "outbox"
    title = "the outbox"
    is_local = True

    def missing(self, settings: Settings) -> tuple[str, str] | None:
        folder = settings.path(settings.paths.outbox)
        if folder.exists() and not folder.is_dir():
            return "paths.outbox", f"paths.outbox must be a folder, but {folder} is a file"
        return None

    def undelivered(self, settings: Settings) -> str:
        folder = settings.path(settings.paths.outbox)
        return f"mail.transport is outbox, so mails stay in {folder} on this machine and reach nobody"

    def make(self, settings: Settings, clock: Clock, database: "Database | None" = None) -> Transport:
        from newsletter.delivery.transports.outbox.maildir import Outbox

        return Outbox(settings.path(settings.paths.outbox))
