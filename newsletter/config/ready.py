"""What must be set before a mail leaves."""

from urllib.parse import urlsplit

from newsletter.config.reading import FILE_NAME, place_in_file, setting_rows
from newsletter.config.rows import env_name, is_this_machine
from newsletter.config.settings import Settings, Tls, TransportName
from newsletter.errors import ConfigError


def require_ready_to_send(settings: Settings) -> None:
    """Raise ConfigError unless everything that must be true before a mail leaves is set."""
    for row in setting_rows():
        if row.needed and not settings.value(row):
            said = f"nothing can be sent before {row.name} is set. {row.help}"
            raise _not_ready(settings, row.name, said)
    transport, smtp = settings.mail.transport, settings.smtp
    if transport is not TransportName.OUTBOX and urlsplit(settings.site.public_url).scheme != "https":
        said = "site.public_url must begin with https:// unless mail.transport is outbox"
        raise _not_ready(settings, "site.public_url", said)
    if "noreply" in settings.mail.reply_to.lower().replace("-", "").replace("_", ""):
        said = "mail.reply_to must be an address that somebody reads"
        raise _not_ready(settings, "mail.reply_to", said)
    if smtp.tls is Tls.NONE and not is_this_machine(smtp.host):
        said = "smtp.tls may be none only for a relay on this machine; use starttls or tls"
        raise _not_ready(settings, "smtp.tls", said)
    if transport is TransportName.SMTP and not smtp.host:
        raise _not_ready(settings, "smtp.host", "mail.transport is smtp, so smtp.host is needed")
    outbox = settings.path(settings.paths.outbox)
    if transport is TransportName.OUTBOX and outbox.exists() and not outbox.is_dir():
        raise _not_ready(settings, "paths.outbox", f"paths.outbox must be a folder, but {outbox} is a file")
    if transport is TransportName.SENDGRID and not settings.sendgrid.api_key:
        variable = env_name("sendgrid.api_key")
        said = f"mail.transport is sendgrid, so {variable} or sendgrid.api_key_file is needed"
        raise _not_ready(settings, "sendgrid.api_key", said)


def _not_ready(settings: Settings, name: str, said: str) -> ConfigError:
    return ConfigError(said, setting=name, place=place_in_file(settings.folder / FILE_NAME, name))
