"""The settings as a whole, and the table of them.

A new setting is a row in the class of its section (newsletter/config/sections): its name in the file, its type,
default and help. `make docs` writes it into docs/reference/settings.md.
"""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

# A row of the table of settings.


def setting(
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


# What is about the installation as a whole: the newsletter, its pages, its files.


@dataclass(frozen=True, kw_only=True)
class Site:
    """The newsletter and who answers for it."""

    name: str = setting("site.name", "Weekly Verdicts", help="The newsletter's name.")
    public_url: str = setting(
        "site.public_url",
        "",
        help="Where readers reach these pages; https, except with the outbox.",
        needed=True,
        example="http://localhost:8000",
    )
    site_url: str = setting("site.url", "", help="The comparison site that the issue links to.")
    language: str = setting("site.language", "en", help="Language of the mail, as in HTML's lang.")
    postal_address: str = setting(
        "site.postal_address",
        "",
        help="The postal address the law wants in every mail.",
        needed=True,
        example="Weekly Verdicts, 1 Example Street, 12345 Exampletown",
    )
    controller: str = setting(
        "site.controller",
        "",
        help="Who answers for readers' data: a person or company.",
        needed=True,
        example="Weekly Verdicts Ltd",
    )
    privacy_url: str = setting(
        "site.privacy_url",
        "",
        help="The page that says what happens to readers' data.",
        needed=True,
        example="https://example.org/privacy",
    )
    affiliate_hosts: tuple[str, ...] = setting(
        "site.affiliate_hosts", (), help="Hosts whose links pay; they are labelled in every issue."
    )


@dataclass(frozen=True, kw_only=True)
class Web:
    """The pages."""

    web_host: str = setting(
        "web.host", "127.0.0.1", help="The address of this machine that pages are served on."
    )
    web_port: int = setting("web.port", 8000, help="Their port; 0: serve runs without pages.")
    web_trusted_proxies: tuple[str, ...] = setting(
        "web.trusted_proxies",
        ("127.0.0.1", "::1"),
        help="Addresses or networks of the proxies whose word on a visitor's address is taken.",
    )


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where files stand; relative paths start at the folder of newsletter.toml."""

    content_db: Path = setting("paths.content_db", Path("content.db"), help="The content store.")
    database_url: str = setting(
        "paths.database_url",
        "",
        help="SQLAlchemy URL of the subscribers' store; empty: subscribers.db in this folder.",
        secret=False,
    )
    templates: Path | None = setting(
        "paths.templates", None, help="Your own templates, looked up before ours."
    )
    outbox: Path = setting("paths.outbox", Path("outbox"), help="The Maildir of the outbox transport.")
    journal: Path = setting("paths.journal", Path("journal"), help="The folder of the sender's journals.")
    link_keys: Path = setting(
        "paths.link_keys", Path("keys/links"), help="Keys that sign links, newest last."
    )
    suppression_key: Path = setting(
        "paths.suppression_key",
        Path("keys/suppression"),
        help="The key of the suppression list; never rotated.",
    )
    site_db: Path | None = setting("paths.site_db", None, help="The site's own SQLite, for content sync.")
    site_views: Path | None = setting(
        "paths.site_views", None, help="The SQL file that maps the site's tables for content sync."
    )


# The words that a setting may be, where it is one of a few.


class TransportName(StrEnum):
    """The ways out."""

    OUTBOX = "outbox"
    SMTP = "smtp"
    SENDGRID = "sendgrid"


class AlertTransport(StrEnum):
    """The ways of alerts: that of issues, or one of their own."""

    SAME = "same"
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


class ChangedFigures(StrEnum):
    """What happens to an issue of which a figure changed after approval."""

    HOLD = "hold"
    SEND = "send"


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


# What is about an issue: when it goes out, and what it is made from.


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When an issue is made, approved and sent."""

    slot_day: Weekday = setting("schedule.day", Weekday.THU, help="The day on which the issue goes out.")
    slot_time: str = setting("schedule.time", "09:00", help="Local time at which it goes out, HH:MM.")
    monthly_day: int = setting(
        "schedule.monthly_day",
        1,
        help="The day of the month on which the monthly issue goes out; 31 is the last of any month.",
    )
    monthly_time: str = setting(
        "schedule.monthly_time", "09:00", help="Local time at which the monthly issue goes out, HH:MM."
    )
    time_zone: str = setting("schedule.time_zone", "UTC", help="IANA zone of every time of the schedule.")
    draft_before: timedelta = setting(
        "schedule.draft_before", timedelta(hours=24), help="How long before the slot the draft is built."
    )
    remind_before: timedelta = setting(
        "schedule.remind_before",
        timedelta(hours=3),
        help="How long before the slot an unapproved draft is called to mind.",
    )
    catch_up: timedelta = setting(
        "schedule.catch_up",
        timedelta(hours=48),
        help="How late a slot may still be done; later it is skipped, with an alert.",
    )
    approval: Approval = setting(
        "schedule.approval",
        Approval.REQUIRED,
        help="required: a person approves; automatic: a draft without errors goes out by itself.",
    )
    extra_jobs: tuple[str, ...] = setting(
        "schedule.extra_jobs",
        (),
        help="Modules of jobs of your own, beside newsletter.toml or installed; they run besides the built-in ones.",
    )
    disabled_jobs: tuple[str, ...] = setting(
        "schedule.disabled_jobs",
        (),
        help="Built-in jobs that do not run, by the names that newsletter jobs shows.",
    )


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What goes into an issue."""

    thin_week: ThinWeek = setting(
        "digest.thin_week",
        ThinWeek.ROLL_OVER,
        help="What a week with too few items does: skip, send or roll-over.",
    )
    thin_below: int = setting("digest.thin_below", 2, help="Fewer items than this make a thin week.")
    item_limit: int = setting("digest.item_limit", 12, help="Most items in an issue.")
    clear_margin: int = setting(
        "digest.clear_margin", 5, help="Points between the means below which there is no clear pick."
    )
    team_seats: int = setting("digest.team_seats", 5, help="Seats of the team in the cost table.")
    team_messages: int = setting("digest.team_messages", 80, help="Messages per seat and day.")
    team_tokens: int = setting("digest.team_tokens", 1500, help="Tokens per message, half in, half out.")
    team_days: int = setting("digest.team_days", 22, help="Working days a month.")
    source_order: tuple[str, ...] = setting(
        "digest.source_order", (), help="Sources by name or site, the most trusted first: the last tie-break."
    )
    stale_after: timedelta = setting(
        "digest.stale_after",
        timedelta(days=180),
        help="The age from which a fact is stale, by the date of its statement.",
    )
    vote_for: timedelta = setting(
        "digest.vote_for",
        timedelta(days=5),
        help="How long readers may vote on an issue's comparisons once it goes out; 0h asks for no votes.",
    )


# What is about mail on its way out.


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The addresses of a mail, and its way out."""

    from_name: str = setting("mail.from_name", "", help="The name in From; empty: site.name.")
    from_address: str = setting(
        "mail.from_address", "", help="The address in From.", needed=True, example="weekly@example.org"
    )
    reply_to: str = setting(
        "mail.reply_to",
        "",
        help="An address that somebody reads; not noreply.",
        needed=True,
        example="editors@example.org",
    )
    list_id: str = setting(
        "mail.list_id", "", help="List-Id, such as weekly.example.org; empty: made from From's domain."
    )
    single_from_address: str = setting(
        "mail.single_from_address",
        "",
        help="From of confirmations and sign-in links; empty: the same as mail.from_address.",
    )
    operator_address: str = setting(
        "mail.operator_address", "", help="Where alerts go; empty: mail.reply_to."
    )
    transport: TransportName = setting(
        "mail.transport", TransportName.OUTBOX, help="The way out of issues: outbox, smtp or sendgrid."
    )


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How fast, how often, and when to stop."""

    send_attempts: int = setting(
        "sending.attempts", 6, help="How often a message is tried that a server puts off, in all."
    )
    send_retry_after: timedelta = setting(
        "sending.retry_after",
        timedelta(minutes=5),
        help="How long such a message rests before its second try; then twice as long, up to two hours.",
    )
    send_limits: tuple[str, ...] = setting(
        "sending.limits",
        (),
        help='Most messages in a time: "10/second", "500/hour", for one domain "gmail.com 100/minute".',
    )
    warm_up_from: str = setting(
        "sending.warm_up_from",
        "",
        help="First day of a warm-up, such as 2026-11-26, for a new sending address; empty: none.",
    )
    warm_up_first: int = setting(
        "sending.warm_up_first",
        200,
        help="Messages on the first day of a warm-up; each day after it has half as many again.",
    )
    pause_at_rejections: int = setting(
        "sending.pause_at_rejections",
        20,
        help="Per cent of messages refused for good at which an issue pauses, from 50 of them on; 0: never.",
    )
    pause_at_complaints: int = setting(
        "sending.pause_at_complaints",
        3,
        help="Complaints in a thousand readers at which an issue pauses, from 5 of them on; 0: never.",
    )


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """The relay."""

    smtp_host: str = setting("smtp.host", "", help="The SMTP relay.")
    smtp_port: int = setting("smtp.port", 587, help="Its port.")
    smtp_tls: Tls = setting("smtp.tls", Tls.STARTTLS, help="none (loopback only), starttls or tls.")
    smtp_user: str = setting("smtp.user", "", help="User name; empty for no AUTH.")
    smtp_password: str = setting("smtp.password", "", help="Password.", secret=True)
    smtp_connections: int = setting("smtp.connections", 4, help="Connections kept open at once.")
    smtp_messages_per_connection: int = setting(
        "smtp.messages_per_connection",
        1_000,
        help="Messages after which a connection is closed and opened anew.",
    )
    smtp_return_path: str = setting(
        "smtp.return_path", "", help="Address that gets bounces; empty: mail.from_address."
    )


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """How the operator hears of what needs a person: a way of its own works where that of issues does not."""

    alerts_transport: AlertTransport = setting(
        "alerts.transport",
        AlertTransport.SAME,
        help="The way out of alerts: same (as mail.transport), outbox, smtp or sendgrid.",
    )
    alerts_smtp_host: str = setting(
        "alerts.smtp_host",
        "",
        help="The SMTP relay of alerts; empty: smtp.host, with all that belongs to it.",
    )
    alerts_smtp_port: int = setting("alerts.smtp_port", 587, help="Its port.")
    alerts_smtp_tls: Tls = setting(
        "alerts.smtp_tls", Tls.STARTTLS, help="none (loopback only), starttls or tls."
    )
    alerts_smtp_user: str = setting("alerts.smtp_user", "", help="User name; empty for no AUTH.")
    alerts_smtp_password: str = setting("alerts.smtp_password", "", help="Password.", secret=True)
    alerts_webhook_url: str = setting(
        "alerts.webhook_url",
        "",
        help="A URL that is told of each alert once, by a POST of JSON; empty: none. It may hold a secret.",
        secret=True,
    )


@dataclass(frozen=True, kw_only=True)
class Dkim:
    """The signature."""

    dkim_domain: str = setting(
        "dkim.domain", "", help="The domain that signs messages; empty: that of mail.from_address."
    )
    dkim_selector: str = setting(
        "dkim.selector",
        "newsletter",
        help="The RSA key's name in DNS; the Ed25519 key's is this with -ed25519 behind it.",
    )
    dkim_rsa_key: Path | None = setting(
        "dkim.rsa_key",
        None,
        help="PEM file of the RSA key that signs what goes by SMTP and into the outbox; made by newsletter keys dkim.",
    )
    dkim_ed25519_key: Path | None = setting(
        "dkim.ed25519_key", None, help="PEM file of an Ed25519 key, for a second signature."
    )


@dataclass(frozen=True, kw_only=True)
class Sendgrid:
    """The provider."""

    sendgrid_api_key: str = setting("sendgrid.api_key", "", help="The API key.", secret=True)
    sendgrid_url: str = setting(
        "sendgrid.url",
        "https://api.sendgrid.com",
        help="The API's address (EU: https://api.eu.sendgrid.com).",
    )
    sendgrid_connections: int = setting("sendgrid.connections", 2, help="Requests under way at once.")
    sendgrid_webhook_key: tuple[str, ...] = setting(
        "sendgrid.webhook_key",
        (),
        help="The verification key of the signed event webhook; two of them while you change it.",
    )
    sendgrid_sandbox: bool = setting(
        "sendgrid.sandbox", False, help="Let SendGrid check the request and send nothing."
    )


# What is about readers: signing up, what is kept of them, and what comes back from their servers.


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Signing up."""

    confirm_again_after: timedelta = setting(
        "readers.confirm_again_after",
        timedelta(hours=12),
        help="An address gets at most one confirmation mail in this time.",
    )
    remind_unconfirmed_after: timedelta = setting(
        "readers.remind_after", timedelta(hours=48), help="When an unconfirmed reader gets the one reminder."
    )
    forget_unconfirmed_after: timedelta = setting(
        "readers.forget_unconfirmed_after",
        timedelta(days=30),
        help="When an address that was never confirmed is forgotten.",
    )
    network_limit: int = setting(
        "readers.network_limit", 20, help="Most sign-ups from one network (IPv4 /24, IPv6 /48) in an hour."
    )
    domain_limit: int = setting(
        "readers.domain_limit", 300, help="Most sign-ups of addresses at one domain in an hour."
    )
    disposable_domains: Path | None = setting(
        "readers.disposable_domains",
        None,
        help="A file of domains, one a line, whose addresses cannot sign up.",
    )


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long things are kept."""

    forget_left_after: timedelta = setting(
        "retention.left", timedelta(days=730), help="When a reader who left is erased; a keyed hash stays."
    )
    forget_events_after: timedelta = setting(
        "retention.events", timedelta(days=30), help="When what a provider told of a delivery is deleted."
    )
    forget_mails_after: timedelta = setting(
        "retention.mails", timedelta(days=90), help="When the record of a single mail is deleted."
    )
    forget_audit_after: timedelta = setting(
        "retention.audit", timedelta(days=730), help="When what an editor did is forgotten."
    )
    forget_sessions_after: timedelta = setting(
        "retention.sessions",
        timedelta(days=30),
        help="When the record of an editor's session that is over is deleted.",
    )


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What is counted of readers' doings."""

    count_clicks: bool = setting(
        "privacy.count_clicks",
        False,
        help="Count how often an issue's links are opened, never by whom; its links lead over this server then.",
    )


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """The mailbox of bounces and complaints."""

    feedback_maildir: Path | None = setting(
        "feedback.maildir",
        None,
        help="The Maildir where bounces and complaints arrive; it holds nothing else.",
    )
    feedback_address: str = setting(
        "feedback.address",
        "",
        help="The mailbox's address, to which readers leave by mail; empty: mail.reply_to.",
    )
    feedback_imap_host: str = setting(
        "feedback.imap_host", "", help="The IMAP server of the mailbox where bounces and complaints arrive."
    )
    feedback_imap_port: int = setting("feedback.imap_port", 993, help="Its port.")
    feedback_imap_tls: Tls = setting(
        "feedback.imap_tls", Tls.TLS, help="none (loopback only), starttls or tls."
    )
    feedback_imap_user: str = setting("feedback.imap_user", "", help="User name.")
    feedback_imap_password: str = setting("feedback.imap_password", "", help="Password.", secret=True)
    feedback_imap_folder: str = setting("feedback.imap_folder", "INBOX", help="The folder that is read.")
    feedback_delete: bool = setting(
        "feedback.delete", False, help="Delete a report once it was acted on: it holds an address."
    )


# Rows of the table of settings: how editors check, test and approve an issue.


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What holds at the editors' desk."""

    four_eyes: bool = setting(
        "desk.four_eyes", False, help="Whoever edited an issue may not approve it: somebody else has to."
    )
    desk_session: timedelta = setting(
        "desk.session", timedelta(days=30), help="How long an editor stays signed in at most."
    )
    desk_idle: timedelta = setting(
        "desk.idle", timedelta(days=7), help="How long without using the desk until an editor signs in again."
    )
    changed_figures: ChangedFigures = setting(
        "desk.changed_figures",
        ChangedFigures.HOLD,
        help="A figure that changed between approval and the slot: hold the issue back, or send it as approved. "
        "Either way the operator is told.",
    )
    test_group: tuple[str, ...] = setting(
        "desk.test_group", (), help="Addresses that a test send to the group goes to."
    )
    check_links: bool = setting(
        "desk.check_links",
        False,
        help="Whether newsletter check opens every link of the issue, and the desk has a button for it.",
    )


@dataclass(frozen=True, kw_only=True)
class Settings(
    Site,
    Mail,
    Schedule,
    Digest,
    Desk,
    Web,
    Readers,
    Retention,
    Privacy,
    Paths,
    Sending,
    Smtp,
    Alerts,
    Dkim,
    Sendgrid,
    Feedback,
):
    """Every setting, checked. `folder` is where `newsletter.toml` stands; relative paths start there.

    The bases stand in the order in which sections are shown.
    """

    folder: Path

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

    @property
    def reads_mail(self) -> bool:
        """Whether there is a mailbox of bounces, complaints and requests to leave."""
        return self.feedback_maildir is not None or bool(self.feedback_imap_host)

    @property
    def leave_address(self) -> str:
        """Where a mail lets its writer leave; empty where nobody would read it."""
        return (self.feedback_address or self.reply_to) if self.reads_mail else ""

    def path(self, path: Path) -> Path:
        """A path of the settings, seen from their folder."""
        return self.folder / path


def setting_fields() -> Iterator[Field[Any]]:
    """The rows of the table, by section."""
    return (row for section in Settings.__bases__ for row in fields(section))


def env_name(name: str) -> str:
    """The environment variable that overrides setting `name`: "mail.reply_to" → NEWSLETTER_MAIL_REPLY_TO."""
    return "NEWSLETTER_" + name.replace(".", "_").upper()
