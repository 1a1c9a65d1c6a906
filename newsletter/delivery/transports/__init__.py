"""The table of transports, and what must be set before a mail leaves.

A transport is a folder beside this file: its entry in `__init__.py`, its settings, and what sends. A new one is such a
folder and a line in `TRANSPORTS`.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from newsletter.config import FILE_NAME, Section, Settings, is_this_machine, place_in_file, setting_rows
from newsletter.delivery.transports.contract import Entry, Session, Started, Transport
from newsletter.delivery.transports.outbox import OutboxEntry
from newsletter.delivery.transports.sendgrid import SendGridEntry
from newsletter.delivery.transports.smtp import SmtpEntry
from newsletter.errors import ConfigError

__all__ = [
    "TRANSPORTS",
    "TRANSPORT_SETTINGS",
    "Entry",
    "Session",
    "Started",
    "Transport",
    "entry_of",
    "only_checks",
    "require_ready_to_send",
    "stays_here",
    "webhook_path",
]

TRANSPORTS: Mapping[str, Entry] = {each.name: each for each in (OutboxEntry(), SmtpEntry(), SendGridEntry())}

#: What the settings must know of transports: their names, and the classes of their sections.
TRANSPORT_SETTINGS: Mapping[str, type[Section] | None] = {
    name: entry.settings for name, entry in TRANSPORTS.items()
}


def entry_of(settings: Settings) -> Entry:
    """Return the transport of issues, as the table has it."""
    return TRANSPORTS[settings.mail.transport]


def only_checks(settings: Settings) -> str:
    """Say why an issue cannot go out, though its copies can be checked; empty where it can.

    An outbox is a way out for whoever wants the mails on this machine; a provider's sandbox is none for anybody.
    """
    entry = entry_of(settings)
    return "" if entry.is_local else entry.undelivered(settings)


def stays_here(settings: Settings) -> bool:
    """Return whether nothing leaves this machine, so that links need no https: the outbox, or a trial on loopback."""
    entry, pages = entry_of(settings), urlsplit(settings.site.public_url).hostname or ""
    is_trial = entry.is_on_loopback(settings) and bool(pages) and is_this_machine(pages)
    return entry.is_local or is_trial


def webhook_path(name: str) -> str:
    """Return the path where a transport's provider posts."""
    return f"/webhooks/{name}"


def require_ready_to_send(settings: Settings) -> None:
    """Raise ConfigError unless everything that must be true before a mail leaves is set."""
    for row in setting_rows(TRANSPORT_SETTINGS):
        if row.needed and not settings.value(row):
            raise _not_ready(settings, row.name, f"nothing can be sent before {row.name} is set. {row.help}")
    entry = entry_of(settings)
    if urlsplit(settings.site.public_url).scheme != "https" and not stays_here(settings):
        said = "site.public_url must begin with https:// unless mails stay on this machine: in the outbox, or with relay and pages on loopback"
        raise _not_ready(settings, "site.public_url", said)
    if "noreply" in settings.mail.reply_to.lower().replace("-", "").replace("_", ""):
        said = "mail.reply_to must be an address that somebody reads"
        raise _not_ready(settings, "mail.reply_to", said)
    if (missing := entry.missing(settings)) is not None:
        raise _not_ready(settings, *missing)


def _not_ready(settings: Settings, name: str, said: str) -> ConfigError:
    return ConfigError(said, setting=name, place=place_in_file(settings.folder / FILE_NAME, name))
