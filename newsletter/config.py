"""The settings: one table in code, read from `newsletter.toml` and the environment. The only reader of both.

Each field of `Settings` is one setting: its section and name in the file, its type, default and help. The
environment overrides the file: `NEWSLETTER_<SECTION>_<NAME>`. Secrets come from the environment or from a file
that the setting names, never from `newsletter.toml` itself.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.errors import ConfigError, Place

FILE_NAME = "newsletter.toml"

_DNS_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")


class TransportName(StrEnum):
    """The ways out."""

    OUTBOX = "outbox"
    SMTP = "smtp"
    SENDGRID = "sendgrid"


class Approval(StrEnum):
    """Who lets an issue go."""

    REQUIRED = "required"
    AUTOMATIC = "automatic"


class ThinWeek(StrEnum):
    """What happens to a week with too few items."""

    SKIP = "skip"
    SEND = "send"
    ROLL_OVER = "roll-over"


class Tls(StrEnum):
    """How an SMTP connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Weekday(StrEnum):
    """A day of the week, by name: numbers mean different days to different programs."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _setting(
    name: str,
    default: Any = MISSING,
    *,
    help: str,
    needed: bool = False,
    secret: bool = False,
    example: str = "",
) -> Any:
    """A row of the table. `needed`: nothing leaves before it is set. `secret`: environment or file only."""
    metadata = {"name": name, "help": help, "needed": needed, "secret": secret, "example": example}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, checked. `folder` is where `newsletter.toml` stands; relative paths start there."""

    folder: Path

    name: str = _setting("site.name", "Weekly Verdicts", help="The newsletter's name.")
    public_url: str = _setting(
        "site.public_url",
        "",
        help="Where readers reach these pages; https, except with the outbox.",
        needed=True,
        example="http://localhost:8000",
    )
    site_url: str = _setting("site.url", "", help="The comparison site that the issue links to.")
    language: str = _setting("site.language", "en", help="Language of the mail, as in HTML's lang.")
    postal_address: str = _setting(
        "site.postal_address",
        "",
        help="The postal address the law wants in every mail.",
        needed=True,
        example="Weekly Verdicts, 1 Example Street, 12345 Exampletown",
    )
    controller: str = _setting(
        "site.controller",
        "",
        help="Who answers for readers' data: a person or company.",
        needed=True,
        example="Weekly Verdicts Ltd",
    )
    privacy_url: str = _setting(
        "site.privacy_url",
        "",
        help="The page that says what happens to readers' data.",
        needed=True,
        example="https://example.org/privacy",
    )
    affiliate_hosts: tuple[str, ...] = _setting(
        "site.affiliate_hosts", (), help="Hosts whose links pay; they are labelled in every issue."
    )

    from_name: str = _setting("mail.from_name", "", help="The name in From; empty: site.name.")
    from_address: str = _setting(
        "mail.from_address", "", help="The address in From.", needed=True, example="weekly@example.org"
    )
    reply_to: str = _setting(
        "mail.reply_to",
        "",
        help="An address that somebody reads; not noreply.",
        needed=True,
        example="editors@example.org",
    )
    list_id: str = _setting(
        "mail.list_id", "", help="List-Id, such as weekly.example.org; empty: made from From's domain."
    )
    single_from_address: str = _setting(
        "mail.single_from_address",
        "",
        help="From of confirmations and sign-in links; empty: the same as mail.from_address.",
    )
    operator_address: str = _setting(
        "mail.operator_address", "", help="Where alerts go; empty: mail.reply_to."
    )
    transport: TransportName = _setting(
        "mail.transport", TransportName.OUTBOX, help="The way out of issues: outbox, smtp or sendgrid."
    )

    slot_day: Weekday = _setting("schedule.day", Weekday.THU, help="The day on which the issue goes out.")
    slot_time: str = _setting("schedule.time", "09:00", help="Local time at which it goes out, HH:MM.")
    time_zone: str = _setting("schedule.time_zone", "UTC", help="IANA zone of every time of the schedule.")
    draft_before: timedelta = _setting(
        "schedule.draft_before", timedelta(hours=24), help="How long before the slot the draft is built."
    )
    remind_before: timedelta = _setting(
        "schedule.remind_before",
        timedelta(hours=3),
        help="How long before the slot an unapproved draft is called to mind.",
    )
    catch_up: timedelta = _setting(
        "schedule.catch_up",
        timedelta(hours=48),
        help="How late a slot may still be done; later it is skipped, with an alert.",
    )
    approval: Approval = _setting(
        "schedule.approval",
        Approval.REQUIRED,
        help="required: a person approves; automatic: a draft without errors goes out by itself.",
    )
    jobs: tuple[str, ...] = _setting(
        "schedule.jobs",
        ("jobs.draft", "jobs.remind", "jobs.dispatch", "jobs.confirmations", "jobs.retention"),
        help="The job modules that serve loads.",
    )

    thin_week: ThinWeek = _setting(
        "digest.thin_week",
        ThinWeek.ROLL_OVER,
        help="What a week with too few items does: skip, send or roll-over.",
    )
    thin_below: int = _setting("digest.thin_below", 2, help="Fewer items than this make a thin week.")
    item_limit: int = _setting("digest.item_limit", 12, help="Most items in an issue.")
    clear_margin: int = _setting(
        "digest.clear_margin", 5, help="Points between the means below which there is no clear pick."
    )
    team_seats: int = _setting("digest.team_seats", 5, help="Seats of the team in the cost table.")
    team_messages: int = _setting("digest.team_messages", 80, help="Messages per seat and day.")
    team_tokens: int = _setting("digest.team_tokens", 1500, help="Tokens per message, half in, half out.")
    team_days: int = _setting("digest.team_days", 22, help="Working days a month.")
    source_order: tuple[str, ...] = _setting(
        "digest.source_order", (), help="Sources by name or site, the most trusted first: the last tie-break."
    )
    stale_after: timedelta = _setting(
        "digest.stale_after",
        timedelta(days=180),
        help="The age from which a fact is stale, by the date of its statement.",
    )

    web_host: str = _setting(
        "web.host", "127.0.0.1", help="The address of this machine that pages are served on."
    )
    web_port: int = _setting("web.port", 8000, help="Their port; 0: serve runs without pages.")
    web_trusted_proxies: tuple[str, ...] = _setting(
        "web.trusted_proxies",
        ("127.0.0.1", "::1"),
        help="Addresses or networks of the proxies whose word on a visitor's address is taken.",
    )

    confirm_again_after: timedelta = _setting(
        "readers.confirm_again_after",
        timedelta(hours=12),
        help="An address gets at most one confirmation mail in this time.",
    )
    remind_unconfirmed_after: timedelta = _setting(
        "readers.remind_after", timedelta(hours=48), help="When an unconfirmed reader gets the one reminder."
    )
    forget_unconfirmed_after: timedelta = _setting(
        "readers.forget_unconfirmed_after",
        timedelta(days=30),
        help="When an address that was never confirmed is forgotten.",
    )
    network_limit: int = _setting(
        "readers.network_limit", 20, help="Most sign-ups from one network (IPv4 /24, IPv6 /48) in an hour."
    )
    domain_limit: int = _setting(
        "readers.domain_limit", 300, help="Most sign-ups of addresses at one domain in an hour."
    )
    disposable_domains: Path | None = _setting(
        "readers.disposable_domains",
        None,
        help="A file of domains, one a line, whose addresses cannot sign up.",
    )
    forget_left_after: timedelta = _setting(
        "retention.left", timedelta(days=730), help="When a reader who left is erased; a keyed hash stays."
    )
    forget_events_after: timedelta = _setting(
        "retention.events", timedelta(days=30), help="When what a provider told of a delivery is deleted."
    )
    forget_mails_after: timedelta = _setting(
        "retention.mails", timedelta(days=90), help="When the record of a single mail is deleted."
    )

    content_db: Path = _setting("paths.content_db", Path("content.db"), help="The content store.")
    database_url: str = _setting(
        "paths.database_url",
        "",
        help="SQLAlchemy URL of the subscribers' store; empty: subscribers.db in this folder.",
        secret=False,
    )
    templates: Path | None = _setting(
        "paths.templates", None, help="Your own templates, looked up before ours."
    )
    outbox: Path = _setting("paths.outbox", Path("outbox"), help="The Maildir of the outbox transport.")
    journal: Path = _setting("paths.journal", Path("journal"), help="The folder of the sender's journals.")
    link_keys: Path = _setting(
        "paths.link_keys", Path("keys/links"), help="Keys that sign links, newest last."
    )
    suppression_key: Path = _setting(
        "paths.suppression_key",
        Path("keys/suppression"),
        help="The key of the suppression list; never rotated.",
    )
    site_db: Path | None = _setting("paths.site_db", None, help="The site's own SQLite, for content sync.")
    site_views: Path | None = _setting(
        "paths.site_views", None, help="The SQL file that maps the site's tables for content sync."
    )

    send_attempts: int = _setting(
        "sending.attempts", 6, help="How often a message is tried that a server puts off, in all."
    )
    send_retry_after: timedelta = _setting(
        "sending.retry_after",
        timedelta(minutes=5),
        help="How long such a message rests before its second try; then twice as long, up to two hours.",
    )

    send_limits: tuple[str, ...] = _setting(
        "sending.limits",
        (),
        help='Most messages in a time: "10/second", "500/hour", for one domain "gmail.com 100/minute".',
    )
    warm_up_from: str = _setting(
        "sending.warm_up_from",
        "",
        help="First day of a warm-up, such as 2026-11-26, for a new sending address; empty: none.",
    )
    warm_up_first: int = _setting(
        "sending.warm_up_first",
        200,
        help="Messages on the first day of a warm-up; each day after it has half as many again.",
    )
    pause_at_rejections: int = _setting(
        "sending.pause_at_rejections",
        20,
        help="Per cent of messages refused for good at which an issue pauses, from 50 of them on; 0: never.",
    )
    pause_at_complaints: int = _setting(
        "sending.pause_at_complaints",
        3,
        help="Complaints in a thousand readers at which an issue pauses, from 5 of them on; 0: never.",
    )

    smtp_host: str = _setting("smtp.host", "", help="The SMTP relay.")
    smtp_port: int = _setting("smtp.port", 587, help="Its port.")
    smtp_tls: Tls = _setting("smtp.tls", Tls.STARTTLS, help="none (loopback only), starttls or tls.")
    smtp_user: str = _setting("smtp.user", "", help="User name; empty for no AUTH.")
    smtp_password: str = _setting("smtp.password", "", help="Password.", secret=True)
    smtp_connections: int = _setting("smtp.connections", 4, help="Connections kept open at once.")
    smtp_messages_per_connection: int = _setting(
        "smtp.messages_per_connection",
        1_000,
        help="Messages after which a connection is closed and opened anew.",
    )
    smtp_return_path: str = _setting(
        "smtp.return_path", "", help="Address that gets bounces; empty: mail.from_address."
    )

    dkim_domain: str = _setting(
        "dkim.domain", "", help="The domain that signs messages; empty: that of mail.from_address."
    )
    dkim_selector: str = _setting(
        "dkim.selector",
        "newsletter",
        help="The RSA key's name in DNS; the Ed25519 key's is this with -ed25519 behind it.",
    )
    dkim_rsa_key: Path | None = _setting(
        "dkim.rsa_key",
        None,
        help="PEM file of the RSA key that signs what goes by SMTP and into the outbox; made by newsletter keys dkim.",
    )
    dkim_ed25519_key: Path | None = _setting(
        "dkim.ed25519_key", None, help="PEM file of an Ed25519 key, for a second signature."
    )

    sendgrid_api_key: str = _setting("sendgrid.api_key", "", help="The API key.", secret=True)
    sendgrid_url: str = _setting(
        "sendgrid.url",
        "https://api.sendgrid.com",
        help="The API's address (EU: https://api.eu.sendgrid.com).",
    )
    sendgrid_connections: int = _setting("sendgrid.connections", 2, help="Requests under way at once.")
    sendgrid_webhook_key: tuple[str, ...] = _setting(
        "sendgrid.webhook_key",
        (),
        help="The verification key of the signed event webhook; two of them while you change it.",
    )
    sendgrid_sandbox: bool = _setting(
        "sendgrid.sandbox", False, help="Let SendGrid check the request and send nothing."
    )

    feedback_maildir: Path | None = _setting(
        "feedback.maildir",
        None,
        help="The Maildir where bounces and complaints arrive; it holds nothing else.",
    )
    feedback_imap_host: str = _setting(
        "feedback.imap_host", "", help="The IMAP server of the mailbox where bounces and complaints arrive."
    )
    feedback_imap_port: int = _setting("feedback.imap_port", 993, help="Its port.")
    feedback_imap_tls: Tls = _setting(
        "feedback.imap_tls", Tls.TLS, help="none (loopback only), starttls or tls."
    )
    feedback_imap_user: str = _setting("feedback.imap_user", "", help="User name.")
    feedback_imap_password: str = _setting("feedback.imap_password", "", help="Password.", secret=True)
    feedback_imap_folder: str = _setting("feedback.imap_folder", "INBOX", help="The folder that is read.")
    feedback_delete: bool = _setting(
        "feedback.delete", False, help="Delete a report once it was acted on: it holds an address."
    )

    @property
    def signing_domain(self) -> str:
        """The domain of DKIM signatures; empty while neither it nor mail.from_address is set."""
        return (self.dkim_domain or self.from_address.rpartition("@")[2]).lower()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'subscribers.db'}"

    def path(self, path: Path) -> Path:
        """A path of the settings, seen from their folder."""
        return self.folder / path


def setting_fields() -> Iterator[Field[Any]]:
    """The rows of the table: every field that is a setting."""
    return (each for each in fields(Settings) if "name" in each.metadata)


def env_name(name: str) -> str:
    """The environment variable that overrides setting `name`: "mail.reply_to" → NEWSLETTER_MAIL_REPLY_TO."""
    return "NEWSLETTER_" + name.replace(".", "_").upper()


def load_settings(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of `folder`; raises ConfigError that names the first wrong one."""
    environ = os.environ if environ is None else environ
    file = folder / FILE_NAME
    if not file.is_file():
        raise ConfigError(
            "there is no newsletter here. Make one with: newsletter init", setting="", place=Place(file)
        )
    given = _flatten(_read_toml(file), file)
    known = {each.metadata["name"]: each for each in setting_fields()}
    for name in given:
        if name not in known:
            raise ConfigError(
                f"there is no setting {name}; see docs/reference/settings.md",
                setting=name,
                place=_place(file, name),
            )
    _refuse_unknown_variables(known, environ)
    values = {}
    for name, row in known.items():
        raw, place = _raw_value(row, given, file, environ)
        if raw is not None:
            values[row.name] = _convert(raw, row, name, place)
    settings = Settings(folder=folder, **values)
    _check(settings, file)
    return settings


def _refuse_unknown_variables(known: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """A variable that begins like a section's is a setting, and a misspelt one is a fault, as it is in the file."""
    variables = {env_name(name) for name in known}
    sections = tuple({env_name(name.partition(".")[0]) + "_" for name in known})
    for variable in sorted(environ):
        if variable.startswith(sections) and variable not in variables:
            raise ConfigError(
                "there is no such setting; see docs/reference/settings.md",
                setting="",
                place=Place(f"environment variable {variable}"),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInForce:
    """One setting as it is now; `place` is None where the default holds."""

    name: str
    value: Any
    place: Place | None
    secret: bool


def explain_settings(folder: Path, environ: Mapping[str, str] | None = None) -> tuple[SettingInForce, ...]:
    """Every setting of `folder` with where its value comes from; raises ConfigError as `load_settings` does."""
    environ = os.environ if environ is None else environ
    settings = load_settings(folder, environ)
    file = folder / FILE_NAME
    given = _flatten(_read_toml(file), file)
    explained = []
    for row in setting_fields():
        raw, place = _raw_value(row, given, file, environ)
        explained.append(
            SettingInForce(
                name=row.metadata["name"],
                value=getattr(settings, row.name),
                place=None if raw is None else place,
                secret=row.metadata["secret"],
            )
        )
    return tuple(explained)


def require_ready_to_send(settings: Settings) -> None:
    """Raise ConfigError unless everything that must be true before a mail leaves is set."""
    file = settings.folder / FILE_NAME
    for row in setting_fields():
        name = row.metadata["name"]
        if row.metadata["needed"] and not getattr(settings, row.name):
            raise ConfigError(
                f"nothing can be sent before {name} is set. {row.metadata['help']}",
                setting=name,
                place=Place(file),
            )
    if settings.transport is not TransportName.OUTBOX and urlsplit(settings.public_url).scheme != "https":
        raise ConfigError(
            "site.public_url must begin with https:// unless mail.transport is outbox",
            setting="site.public_url",
            place=_place(file, "site.public_url"),
        )
    if "noreply" in settings.reply_to.lower().replace("-", "").replace("_", ""):
        raise ConfigError(
            "mail.reply_to must be an address that somebody reads",
            setting="mail.reply_to",
            place=_place(file, "mail.reply_to"),
        )
    if settings.smtp_tls is Tls.NONE and settings.smtp_host not in ("", "localhost", "127.0.0.1", "::1"):
        raise ConfigError(
            "smtp.tls may be none only for a relay on this machine; use starttls or tls",
            setting="smtp.tls",
            place=_place(file, "smtp.tls"),
        )
    if settings.transport is TransportName.SMTP and not settings.smtp_host:
        raise ConfigError(
            "mail.transport is smtp, so smtp.host is needed", setting="smtp.host", place=Place(file)
        )
    if settings.transport is TransportName.SENDGRID and not settings.sendgrid_api_key:
        raise ConfigError(
            f"mail.transport is sendgrid, so {env_name('sendgrid.api_key')} or sendgrid.api_key_file is needed",
            setting="sendgrid.api_key",
            place=Place(file),
        )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}", setting="", place=Place(file)) from error
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"this cannot be read: {error}", setting="", place=Place(file)) from error


def _flatten(table: dict[str, Any], file: Path) -> dict[str, Any]:
    flat = {}
    for section, rows in table.items():
        if not isinstance(rows, dict):
            raise ConfigError(
                f"{section} stands outside a section such as [site]",
                setting=section,
                place=_place(file, section),
            )
        flat.update({f"{section}.{name}": value for name, value in rows.items()})
    secrets = {row.metadata["name"] for row in setting_fields() if row.metadata["secret"]}
    for name in secrets & flat.keys():
        raise ConfigError(
            f"{name} is a secret: set {env_name(name)}, or name a file in {name}_file",
            setting=name,
            place=_place(file, name),
        )
    return {name: value for name, value in flat.items() if name.removesuffix("_file") not in secrets} | {
        name.removesuffix("_file"): _read_secret(file, name, value)
        for name, value in flat.items()
        if name.endswith("_file") and name.removesuffix("_file") in secrets
    }


def _read_secret(file: Path, name: str, value: Any) -> str:
    try:
        return (file.parent / str(value)).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"{name}: the file {value} cannot be read: {error.strerror}",
            setting=name,
            place=_place(file, name),
        ) from error


def _raw_value(
    row: Field[Any], given: dict[str, Any], file: Path, environ: Mapping[str, str]
) -> tuple[Any, Place]:
    name = row.metadata["name"]
    variable = env_name(name)
    if variable in environ:
        return environ[variable], Place(f"environment variable {variable}")
    return given.get(name), _place(file, name)


def _place(file: Path, name: str) -> Place:
    """The line of `name` in the file: the first line that assigns its last part in its section."""
    section, _, key = name.rpartition(".")
    inside = not section
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            inside = stripped.strip("[] ") == section
        elif inside and stripped.split("=")[0].strip() in (key, f"{key}_file"):
            return Place(file, number)
    return Place(file)


def _convert(raw: Any, row: Field[Any], name: str, place: Place) -> Any:
    wanted = row.type
    try:
        return _CONVERTERS[wanted](raw) if wanted in _CONVERTERS else _choice(raw, wanted)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise ConfigError(f"{name} is {_shown(raw)}, {_wanted(wanted)}", setting=name, place=place) from error


def _shown(raw: Any) -> str:
    """A value as somebody wrote it in the file."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return json.dumps(raw, ensure_ascii=False)
    return "a list" if isinstance(raw, list) else "a table" if isinstance(raw, dict) else str(raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError
    if any(ord(character) < 32 and character != "\n" for character in raw):
        raise ValueError
    return raw.strip()


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise TypeError
    number = int(raw)
    if number < 0:
        raise ValueError
    return number


def _yes_or_no(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
        _known_word(str(raw).lower())
    ]


def _known_word(word: str) -> str:
    if word not in ("true", "1", "yes", "false", "0", "no"):
        raise ValueError
    return word


def _names(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if not isinstance(raw, list):
        raise TypeError
    return tuple(_text(part) for part in raw)


def _duration(raw: Any) -> timedelta:
    """ "48h", "90m", "2d", "30s"."""
    number, unit = _text(raw)[:-1], _text(raw)[-1:]
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if unit not in seconds or not Decimal(number) >= 0:
        raise ValueError
    return timedelta(seconds=float(Decimal(number)) * seconds[unit])


def _path(raw: Any) -> Path | None:
    return Path(_text(raw)) if raw else None


def _needed_path(raw: Any) -> Path:
    if not _text(raw):
        raise ValueError
    return Path(_text(raw))


def _choice(raw: Any, wanted: Any) -> StrEnum:
    choices: type[StrEnum] = wanted
    return choices(raw)


_CONVERTERS: dict[Any, Any] = {
    str: _text,
    int: _whole,
    bool: _yes_or_no,
    tuple[str, ...]: _names,
    timedelta: _duration,
    Path: _needed_path,
    Path | None: _path,
}

_WANTED: dict[Any, str] = {
    str: "but a text was expected",
    int: "but a whole number from 0 was expected",
    bool: "but true or false was expected",
    tuple[str, ...]: "but a list of texts was expected",
    timedelta: 'but a duration such as "90m", "48h" or "2d" was expected',
    Path: "but a path was expected",
    Path | None: "but a path was expected",
}


def _wanted(kind: Any) -> str:
    if kind in _WANTED:
        return _WANTED[kind]
    return "but one of these was expected: " + ", ".join(choice.value for choice in kind)


def _check(settings: Settings, file: Path) -> None:
    """What a type cannot say: the zone exists, times are times, URLs are URLs, addresses are addresses."""
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"schedule.time_zone is {settings.time_zone!r}, but an IANA zone such as Europe/Berlin was expected",
            setting="schedule.time_zone",
            place=_place(file, "schedule.time_zone"),
        ) from error
    _check_time(settings, file)
    _check_mailbox(settings, file)
    _check_dkim(settings, file)
    _check_database_url(settings, file)
    _check_values(settings, file)
    for name, url in (
        ("site.public_url", settings.public_url),
        ("site.url", settings.site_url),
        ("site.privacy_url", settings.privacy_url),
        ("sendgrid.url", settings.sendgrid_url),
    ):
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
            raise ConfigError(
                f"{name} is {url!r}, but an address such as https://news.example.org was expected",
                setting=name,
                place=_place(file, name),
            )
    for name, address in (
        ("mail.from_address", settings.from_address),
        ("mail.reply_to", settings.reply_to),
        ("mail.single_from_address", settings.single_from_address),
        ("mail.operator_address", settings.operator_address),
    ):
        if address and (address.count("@") != 1 or address.strip("@") != address or " " in address):
            raise ConfigError(
                f"{name} is {address!r}, but an address such as news@example.org was expected",
                setting=name,
                place=_place(file, name),
            )


def _check_values(settings: Settings, file: Path) -> None:
    """Names are one line, ports are ports, and what counts something counts at least one."""
    for row in setting_fields():
        name, value = row.metadata["name"], getattr(settings, row.name)
        fault = _fault(name, value)
        if fault:
            raise ConfigError(f"{name} {fault}", setting=name, place=_source(file, name))


def _fault(name: str, value: Any) -> str:
    if name in ("site.name", "site.language") and not value:
        return "is empty, but a text was expected"
    if isinstance(value, str) and "\n" in value and name != "site.postal_address":
        return "has several lines, but one was expected"
    if name in ("mail.list_id", "site.language") and len(value.split()) > 1:
        return f'is "{value}", but a name without blanks was expected'
    if name.endswith((".port", "_port")) and value > 65535:
        return f"is {value}, but a port from 0 to 65535 was expected"
    if name in _AT_LEAST_ONE and value < 1:
        return f"is {value}, but a whole number from 1 was expected"
    if name == "schedule.jobs" and (not value or "" in value):
        return "names an empty job" if value else "is empty, but at least one job was expected"
    return ""


_AT_LEAST_ONE = ("digest.item_limit", "sending.attempts", "smtp.connections", "sendgrid.connections")


def _check_database_url(settings: Settings, file: Path) -> None:
    """An address that no database can have; whether there is one shows when it is opened. It may hold a password."""
    kind = settings.database_url.partition("://")[0].partition("+")[0]
    if settings.database_url and ("://" not in settings.database_url or kind not in ("sqlite", "postgresql")):
        raise ConfigError(
            "paths.database_url is no address of a database: one such as "
            "postgresql+psycopg://user@host/newsletter or sqlite:////folder/subscribers.db was expected",
            setting="paths.database_url",
            place=_source(file, "paths.database_url"),
        )


def _source(file: Path, name: str) -> Place:
    """Where a setting's value comes from: the environment goes before the file."""
    variable = env_name(name)
    return Place(f"environment variable {variable}") if variable in os.environ else _place(file, name)


def _check_mailbox(settings: Settings, file: Path) -> None:
    here = settings.feedback_imap_host in ("", "localhost", "127.0.0.1", "::1")
    if settings.feedback_imap_tls is Tls.NONE and not here:
        raise ConfigError(
            "feedback.imap_tls may be none only for a server on this machine; use starttls or tls",
            setting="feedback.imap_tls",
            place=_place(file, "feedback.imap_tls"),
        )


def _check_dkim(settings: Settings, file: Path) -> None:
    for name, value in (("dkim.domain", settings.dkim_domain), ("dkim.selector", settings.dkim_selector)):
        if value and not _DNS_NAME.fullmatch(value):
            raise ConfigError(
                f"{name} is {value!r}, but a name of letters, digits, hyphens and dots was expected",
                setting=name,
                place=_place(file, name),
            )
    if not settings.dkim_selector:
        raise ConfigError(
            "dkim.selector is empty, but a name such as newsletter was expected",
            setting="dkim.selector",
            place=_place(file, "dkim.selector"),
        )


def _check_time(settings: Settings, file: Path) -> None:
    hour, _, minute = settings.slot_time.partition(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2 and int(hour) < 24 and int(minute) < 60):
        raise ConfigError(
            f"schedule.time is {settings.slot_time!r}, but a time such as 09:00 was expected",
            setting="schedule.time",
            place=_place(file, "schedule.time"),
        )
