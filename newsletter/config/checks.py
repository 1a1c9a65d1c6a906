"""What the types of settings cannot say: zones exist, addresses are addresses, one setting agrees with another."""

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.config.settings import Settings, Tls, TransportName, env_name, setting_fields
from newsletter.config.values import FILE_NAME, place_in_file, shown
from newsletter.errors import ConfigError, Place

_THIS_MACHINE = ("", "localhost", "127.0.0.1", "::1")
_AT_LEAST_ONE = ("digest.item_limit", "sending.attempts", "smtp.connections", "sendgrid.connections")
_NEVER_EMPTY = {
    "site.name": "a text",
    "site.language": "a text",
    "schedule.time": "a time such as 09:00",
    "schedule.monthly_time": "a time such as 09:00",
    "schedule.time_zone": "an IANA zone such as Europe/Berlin",
    "dkim.selector": "a name such as newsletter",
}

#: A limit of sending: to one domain or in all, so many, in how long.
SEND_LIMIT = re.compile(
    r"(?:(?P<domain>[a-z0-9.-]+\.[a-z0-9-]+)\s+)?(?P<count>[1-9][0-9]{0,17})\s*/\s*(?P<period>second|minute|hour|day)"
)
_DNS_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_OWN = re.compile(r'[^\s<>()\[\],;:\\"@]+@[^\s<>()\[\],;:\\"@]+')
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")


def check_settings(settings: Settings, place: Callable[[str], Place]) -> None:
    """Raise ConfigError for the first setting that makes no sense; `place` says where a setting was given."""
    for row in setting_fields():
        name = row.metadata["name"]
        fault = _fault(name, getattr(settings, row.name))
        if fault:
            raise ConfigError(f"{name} {fault}", setting=name, place=place(name))
    if settings.remind_before > settings.draft_before:
        raise ConfigError(
            "schedule.remind_before must not be longer than schedule.draft_before: there is no draft yet to be reminded of",
            setting="schedule.remind_before",
            place=place("schedule.remind_before"),
        )
    if settings.alerts_smtp_tls is Tls.NONE and settings.alerts_smtp_host not in _THIS_MACHINE:
        raise ConfigError(
            "alerts.smtp_tls may be none only for a server on this machine; use starttls or tls",
            setting="alerts.smtp_tls",
            place=place("alerts.smtp_tls"),
        )
    if settings.feedback_imap_tls is Tls.NONE and settings.feedback_imap_host not in _THIS_MACHINE:
        raise ConfigError(
            "feedback.imap_tls may be none only for a server on this machine; use starttls or tls",
            setting="feedback.imap_tls",
            place=place("feedback.imap_tls"),
        )


def _fault(name: str, value: Any) -> str:
    """What is wrong with the value of one setting; empty: nothing."""
    if isinstance(value, str):
        return _fault_of_text(name, value)
    if name in _LISTS:
        return _fault_of_list(name, value)
    if name.endswith((".port", "_port")) and value > 65535:
        return f"is {value}, but a port from 0 to 65535 was expected"
    if name in _AT_LEAST_ONE and value < 1:
        return f"is {value}, but a whole number from 1 was expected"
    if name == "schedule.monthly_day" and not 1 <= value <= 31:
        return f"is {value}, but a day of the month from 1 to 31 was expected"
    if name == "schedule.jobs" and (not value or "" in value):
        return "names an empty job" if value else "is empty, but at least one job was expected"
    return ""


def _fault_of_text(name: str, value: str) -> str:
    if not value:
        return f"is empty, but {_NEVER_EMPTY[name]} was expected" if name in _NEVER_EMPTY else ""
    if "\n" in value and name != "site.postal_address":
        return "has several lines, but one was expected"
    if name == "paths.database_url" and not _is_database(value):  # it may hold a password: not shown
        return (
            "is no address of a database: one such as postgresql+psycopg://user@host/newsletter or "
            "sqlite:////folder/subscribers.db was expected"
        )
    if name == "alerts.webhook_url" and not _is_url(value):  # it may hold a secret: not shown
        return "is no address of a page: one such as https://example.org/hook was expected"
    if name in _FORMS and not _FORMS[name][0](value):
        return f"is {shown(value)}, but {_FORMS[name][1]} was expected"
    return ""


def _fault_of_list(name: str, values: tuple[str, ...]) -> str:
    is_right, wanted = _LISTS[name]
    wrong = next((each for each in values if not is_right(each)), None)
    return "" if wrong is None else f"has {shown(wrong)}, but {wanted} was expected"


def _is_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and _is_one_word(text)


def _is_address(text: str) -> bool:
    return text.count("@") == 1 and text.strip("@") == text and " " not in text


def _is_own_address(text: str) -> bool:
    """Of ASCII: one that is not would need SMTPUTF8 of every server on the way, to every reader (RFC 6531)."""
    return bool(_OWN.fullmatch(text)) and text.isascii()


def _is_database(text: str) -> bool:
    """Whether there is one shows when it is opened."""
    kind, separator, _ = text.partition("://")
    return bool(separator) and kind.partition("+")[0] in ("sqlite", "postgresql")


def _is_one_word(text: str) -> bool:
    return len(text.split()) == 1


def _is_dns_name(text: str) -> bool:
    return bool(_DNS_NAME.fullmatch(text))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_limit(text: str) -> bool:
    return bool(SEND_LIMIT.fullmatch(text.strip().lower()))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text))


_URL = (_is_url, "an address such as https://news.example.org")
_ADDRESS = (_is_address, "an address such as news@example.org")
_OWN_ADDRESS = (
    _is_own_address,
    "an address such as news@example.org, in ASCII (a domain beyond that in its form with xn--)",
)
_NAME = (_is_one_word, "a name without blanks")
_DOMAIN = (_is_dns_name, "a name of letters, digits, hyphens and dots")

#: What a setting must look like, and how that is said.
_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "site.public_url": _URL,
    "site.url": _URL,
    "site.privacy_url": _URL,
    "site.language": _NAME,
    "mail.from_address": _OWN_ADDRESS,
    "mail.reply_to": _OWN_ADDRESS,
    "mail.single_from_address": _OWN_ADDRESS,
    "mail.operator_address": _ADDRESS,
    "mail.list_id": _NAME,
    "smtp.return_path": _OWN_ADDRESS,
    "feedback.address": _OWN_ADDRESS,
    "schedule.time": (_is_time, "a time such as 09:00"),
    "schedule.monthly_time": (_is_time, "a time such as 09:00"),
    "schedule.time_zone": (_is_zone, "an IANA zone such as Europe/Berlin"),
    "dkim.domain": _DOMAIN,
    "dkim.selector": _DOMAIN,
    "sending.warm_up_from": (_is_day, "a day such as 2026-11-26"),
    "sendgrid.url": _URL,
}

#: What each part of a list must look like, and how that is said.
_LISTS: dict[str, tuple[Callable[[str], bool], str]] = {
    "desk.test_group": (_is_address, "an address such as dora@example.org"),
    "sending.limits": (_is_limit, 'a limit such as "500/hour" or "gmail.com 100/minute"'),
    "web.trusted_proxies": (_is_network, 'an address or a network such as "10.0.0.0/8"'),
}


def require_ready_to_send(settings: Settings) -> None:
    """Raise ConfigError unless everything that must be true before a mail leaves is set."""
    for row in setting_fields():
        if row.metadata["needed"] and not getattr(settings, row.name):
            name = row.metadata["name"]
            raise _not_ready(
                settings, name, f"nothing can be sent before {name} is set. {row.metadata['help']}"
            )
    if settings.transport is not TransportName.OUTBOX and urlsplit(settings.public_url).scheme != "https":
        said = "site.public_url must begin with https:// unless mail.transport is outbox"
        raise _not_ready(settings, "site.public_url", said)
    if "noreply" in settings.reply_to.lower().replace("-", "").replace("_", ""):
        said = "mail.reply_to must be an address that somebody reads"
        raise _not_ready(settings, "mail.reply_to", said)
    if settings.smtp_tls is Tls.NONE and settings.smtp_host not in _THIS_MACHINE:
        said = "smtp.tls may be none only for a relay on this machine; use starttls or tls"
        raise _not_ready(settings, "smtp.tls", said)
    if settings.transport is TransportName.SMTP and not settings.smtp_host:
        raise _not_ready(settings, "smtp.host", "mail.transport is smtp, so smtp.host is needed")
    outbox = settings.path(settings.outbox)
    if settings.transport is TransportName.OUTBOX and outbox.exists() and not outbox.is_dir():
        raise _not_ready(settings, "paths.outbox", f"paths.outbox must be a folder, but {outbox} is a file")
    if settings.transport is TransportName.SENDGRID and not settings.sendgrid_api_key:
        variable = env_name("sendgrid.api_key")
        said = f"mail.transport is sendgrid, so {variable} or sendgrid.api_key_file is needed"
        raise _not_ready(settings, "sendgrid.api_key", said)


def _not_ready(settings: Settings, name: str, said: str) -> ConfigError:
    return ConfigError(said, setting=name, place=place_in_file(settings.folder / FILE_NAME, name))
