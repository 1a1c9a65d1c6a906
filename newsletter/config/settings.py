"""The settings: a class for each section of newsletter.toml, and `Settings`, which holds them all.

The sections of transports are in delivery/transports, each in the folder of its transport.

A new setting is a field of its section's class; `make docs` writes it into docs/reference/settings.md.
"""

from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from newsletter.config.rows import (
    ADDRESS,
    DATABASE,
    DAY,
    DAY_OF_MONTH,
    DNS_NAME,
    LIMIT,
    NETWORK,
    ONE_WORD,
    OWN_ADDRESS,
    PORT,
    SECRET_URL,
    TIME,
    TIME_ZONE,
    URL,
    Row,
    Section,
    is_this_machine,
    setting,
    whole,
)
from newsletter.language import Language, open_language

S = TypeVar("S", bound=Section)

# What a setting may be, where it is one of a few words.


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


# The sections, in the order of newsletter.toml.


@dataclass(frozen=True, kw_only=True)
class SiteSettings(Section):
    """The newsletter and who answers for it."""

    name: str = setting("Weekly Verdicts", never_empty=True, help="The newsletter's name.")
    public_url: str = setting(
        "",
        form=URL,
        help="Where readers reach these pages; https, except with the outbox.",
        needed=True,
        example="http://localhost:8000",
    )
    url: str = setting("", form=URL, help="The comparison site that the issue links to.")
    language: str = setting(
        "en",
        form=ONE_WORD,
        never_empty=True,
        help="Language of mails and readers' pages: en, de, or one with a catalogue of your own.",
    )
    postal_address: str = setting(
        "",
        multiline=True,
        help="The postal address the law wants in every mail.",
        needed=True,
        example="Weekly Verdicts, 1 Example Street, 12345 Exampletown",
    )
    controller: str = setting(
        "",
        help="Who answers for readers' data: a person or company.",
        needed=True,
        example="Weekly Verdicts Ltd",
    )
    privacy_url: str = setting(
        "",
        form=URL,
        help="The page that says what happens to readers' data.",
        needed=True,
        example="https://example.org/privacy",
    )
    affiliate_hosts: tuple[str, ...] = setting(
        (), help="Hosts whose links pay; they are labelled in every issue."
    )


@dataclass(frozen=True, kw_only=True)
class MailSettings(Section):
    """The addresses of a mail, and its way out."""

    from_name: str = setting("", help="The name in From; empty: site.name.")
    from_address: str = setting(
        "", form=OWN_ADDRESS, help="The address in From.", needed=True, example="weekly@example.org"
    )
    reply_to: str = setting(
        "",
        form=OWN_ADDRESS,
        help="An address that somebody reads; not noreply.",
        needed=True,
        example="editors@example.org",
    )
    list_id: str = setting(
        "", form=ONE_WORD, help="List-Id, such as weekly.example.org; empty: made from From's domain."
    )
    single_from_address: str = setting(
        "",
        form=OWN_ADDRESS,
        help="From of confirmations and sign-in links; empty: the same as mail.from_address.",
    )
    operator_address: str = setting("", form=ADDRESS, help="Where alerts go; empty: mail.reply_to.")
    transport: str = setting("outbox", names_transport=True, help="The way out of issues: {transports}.")


@dataclass(frozen=True, kw_only=True)
class ScheduleSettings(Section):
    """When an issue is made, approved and sent."""

    day: Weekday = setting(Weekday.THU, help="The day on which the issue goes out.")
    time: str = setting("09:00", form=TIME, never_empty=True, help="Local time at which it goes out, HH:MM.")
    monthly_day: int = setting(
        1,
        form=DAY_OF_MONTH,
        help="The day of the month on which the monthly issue goes out; 31 is the last of any month.",
    )
    monthly_time: str = setting(
        "09:00", form=TIME, never_empty=True, help="Local time at which the monthly issue goes out, HH:MM."
    )
    time_zone: str = setting(
        "UTC", form=TIME_ZONE, never_empty=True, help="IANA zone of every time of the schedule."
    )
    draft_before: timedelta = setting(
        timedelta(hours=24), help="How long before the slot the draft is built."
    )
    remind_before: timedelta = setting(
        timedelta(hours=3),
        help="How long before the slot an unapproved draft is called to mind.",
    )
    catch_up: timedelta = setting(
        timedelta(hours=48),
        help="How late a slot may still be done; later it is skipped, with an alert.",
    )
    approval: Approval = setting(
        Approval.REQUIRED,
        help="required: a person approves; automatic: a draft without errors goes out by itself.",
    )
    extra_jobs: tuple[str, ...] = setting(
        (),
        help="Modules of jobs of your own, beside newsletter.toml or installed; they run besides the built-in ones.",
    )
    disabled_jobs: tuple[str, ...] = setting(
        (),
        help="Built-in jobs that do not run, by the names that newsletter jobs shows.",
    )

    def fault(self) -> tuple[str, str] | None:
        if self.remind_before > self.draft_before:
            said = "must not be longer than schedule.draft_before: there is no draft yet to be reminded of"
            return "remind_before", said
        return None


@dataclass(frozen=True, kw_only=True)
class DigestSettings(Section):
    """What goes into an issue."""

    thin_week: ThinWeek = setting(
        ThinWeek.ROLL_OVER,
        help="What a week with too few items does: skip, send or roll-over.",
    )
    thin_below: int = setting(2, form=whole(0, 1_000), help="Fewer items than this make a thin week.")
    item_limit: int = setting(12, form=whole(1, 1_000), help="Most items in an issue.")
    clear_margin: int = setting(
        5, form=whole(0, 100), help="Points between the means below which there is no clear pick."
    )
    team_seats: int = setting(5, form=whole(0, 1_000_000), help="Seats of the team in the cost table.")
    team_messages: int = setting(80, form=whole(0, 1_000_000), help="Messages per seat and day.")
    team_tokens: int = setting(1500, form=whole(0, 1_000_000), help="Tokens per message, half in, half out.")
    team_days: int = setting(22, form=whole(0, 31), help="Working days a month.")
    source_order: tuple[str, ...] = setting(
        (), help="Sources by name or site, the most trusted first: the last tie-break."
    )
    stale_after: timedelta = setting(
        timedelta(days=180),
        help="The age from which a fact is stale, by the date of its statement.",
    )
    vote_for: timedelta = setting(
        timedelta(days=5),
        help="How long readers may vote on an issue's comparisons once it goes out; 0h asks for no votes.",
    )


@dataclass(frozen=True, kw_only=True)
class DeskSettings(Section):
    """What holds at the editors' desk."""

    four_eyes: bool = setting(False, help="Whoever edited an issue may not approve it: somebody else has to.")
    session: timedelta = setting(timedelta(days=30), help="How long an editor stays signed in at most.")
    idle: timedelta = setting(
        timedelta(days=7), help="How long without using the desk until an editor signs in again."
    )
    changed_figures: ChangedFigures = setting(
        ChangedFigures.HOLD,
        help="A figure that changed between approval and the slot: hold the issue back, or send it as approved. "
        "Either way the operator is told.",
    )
    test_group: tuple[str, ...] = setting(
        (), form=ADDRESS, help="Addresses that a test send to the group goes to."
    )
    check_links: bool = setting(
        False,
        help="Whether newsletter check opens every link of the issue, and the desk has a button for it.",
    )


@dataclass(frozen=True, kw_only=True)
class WebSettings(Section):
    """The pages."""

    host: str = setting("127.0.0.1", help="The address of this machine that pages are served on.")
    port: int = setting(8000, form=PORT, help="Their port; 0: serve runs without pages.")
    trusted_proxies: tuple[str, ...] = setting(
        ("127.0.0.1", "::1"),
        form=NETWORK,
        help="Addresses or networks of the proxies whose word on a visitor's address is taken.",
    )


@dataclass(frozen=True, kw_only=True)
class ReadersSettings(Section):
    """Signing up."""

    confirm_again_after: timedelta = setting(
        timedelta(hours=12),
        help="An address gets at most one confirmation mail in this time.",
    )
    remind_after: timedelta = setting(
        timedelta(hours=48), help="When an unconfirmed reader gets the one reminder."
    )
    forget_unconfirmed_after: timedelta = setting(
        timedelta(days=30),
        help="When an address that was never confirmed is forgotten.",
    )
    network_limit: int = setting(
        20, form=whole(0, 1_000_000), help="Most sign-ups from one network (IPv4 /24, IPv6 /48) in an hour."
    )
    domain_limit: int = setting(
        300, form=whole(0, 1_000_000), help="Most sign-ups of addresses at one domain in an hour."
    )
    disposable_domains: Path | None = setting(
        None,
        help="A file of domains, one a line, whose addresses cannot sign up.",
    )


@dataclass(frozen=True, kw_only=True)
class RetentionSettings(Section):
    """How long things are kept."""

    left: timedelta = setting(
        timedelta(days=730), help="When a reader who left is erased; a keyed hash stays."
    )
    events: timedelta = setting(
        timedelta(days=30), help="When what a provider told of a delivery is deleted."
    )
    mails: timedelta = setting(timedelta(days=90), help="When the record of a single mail is deleted.")
    audit: timedelta = setting(timedelta(days=730), help="When what an editor did is forgotten.")
    sessions: timedelta = setting(
        timedelta(days=30),
        help="When the record of an editor's session that is over is deleted.",
    )


@dataclass(frozen=True, kw_only=True)
class PrivacySettings(Section):
    """What is counted of readers' doings."""

    count_clicks: bool = setting(
        False,
        help="Count how often an issue's links are opened, never by whom; its links lead over this server then.",
    )


@dataclass(frozen=True, kw_only=True)
class BackupsSettings(Section):
    """What `newsletter backup` makes, and how long that is kept."""

    nightly: bool = setting(False, help="Make a backup each night, while newsletter serve runs.")
    keep: int = setting(14, form=whole(1, 10_000), help="How many backups are kept; older ones are deleted.")
    keys: bool = setting(
        True,
        help="Put keys/ and newsletter.toml into backups, too: without them links in mails and the suppression list are lost.",
    )


@dataclass(frozen=True, kw_only=True)
class PathsSettings(Section):
    """Where files stand; relative paths start at the folder of newsletter.toml."""

    content_db: Path = setting(Path("content.db"), help="The content store.")
    database_url: str = setting(
        "",
        form=DATABASE,
        help="SQLAlchemy URL of the subscribers' store; empty: subscribers.db in this folder.",
    )
    templates: Path | None = setting(None, help="Your own templates, looked up before ours.")
    outbox: Path = setting(Path("outbox"), help="The Maildir of the outbox transport.")
    journal: Path = setting(Path("journal"), help="The folder of the sender's journals.")
    link_keys: Path = setting(Path("keys/links"), help="Keys that sign links, newest last.")
    suppression_key: Path = setting(
        Path("keys/suppression"),
        help="The key of the suppression list; never rotated.",
    )
    marks: Path = setting(
        Path("keys/marks"),
        help="The file that says how far sending has come, so that a database put back from a copy is known for one.",
    )
    backups: Path = setting(Path("backups"), help="Where newsletter backup puts what it makes.")
    site_db: Path | None = setting(None, help="The site's own SQLite, for content sync.")
    site_views: Path | None = setting(None, help="The SQL file that maps the site's tables for content sync.")


@dataclass(frozen=True, kw_only=True)
class SendingSettings(Section):
    """How fast, how often, and when to stop."""

    attempts: int = setting(
        6, form=whole(1, 100), help="How often a message is tried that a server puts off, in all."
    )
    retry_after: timedelta = setting(
        timedelta(minutes=5),
        help="How long such a message rests before its second try; then twice as long, up to two hours.",
    )
    limits: tuple[str, ...] = setting(
        (),
        form=LIMIT,
        help='Most messages in a time: "10/second", "500/hour", for one domain "gmail.com 100/minute".',
    )
    warm_up_from: str = setting(
        "",
        form=DAY,
        help="First day of a warm-up, such as 2026-11-26, for a new sending address; empty: none.",
    )
    warm_up_first: int = setting(
        200,
        form=whole(1, 1_000_000),
        help="Messages on the first day of a warm-up; each day after it has half as many again.",
    )
    pause_at_rejections: int = setting(
        20,
        form=whole(0, 100),
        help="Per cent of messages refused for good at which an issue pauses, from 50 of them on, from 5 where nearly all were; 0: never.",
    )
    pause_at_unsure: int = setting(
        5,
        form=whole(0, 100),
        help="Per cent of messages that left and had no answer at which an issue pauses, from 20 of them on; 0: never.",
    )
    pause_at_complaints: int = setting(
        3,
        form=whole(0, 1_000),
        help="Complaints in a thousand readers at which an issue pauses, from 5 of them on; 0: never.",
    )


@dataclass(frozen=True, kw_only=True)
class AlertsSettings(Section):
    """How the operator hears of what needs a person: a way of its own works where that of issues does not."""

    transport: str = setting(
        "same",
        choices=("same",),
        names_transport=True,
        help="The way out of alerts: same (as mail.transport), {transports}.",
    )
    smtp_host: str = setting(
        "",
        help="The SMTP relay of alerts; empty: smtp.host, with all that belongs to it.",
    )
    smtp_port: int = setting(587, form=PORT, help="Its port.")
    smtp_tls: Tls = setting(Tls.STARTTLS, help="none (loopback only), starttls or tls.")
    smtp_user: str = setting("", help="User name; empty for no AUTH.")
    smtp_password: str = setting("", help="Password.", secret=True)
    webhook_url: str = setting(
        "",
        form=SECRET_URL,
        help="A URL that is told of each alert once, by a POST of JSON; empty: none. It may hold a secret.",
        secret=True,
    )

    def fault(self) -> tuple[str, str] | None:
        if self.smtp_tls is Tls.NONE and not is_this_machine(self.smtp_host):
            return "smtp_tls", "may be none only for a server on this machine; use starttls or tls"
        return None


@dataclass(frozen=True, kw_only=True)
class DkimSettings(Section):
    """The signature."""

    domain: str = setting(
        "", form=DNS_NAME, help="The domain that signs messages; empty: that of mail.from_address."
    )
    selector: str = setting(
        "newsletter",
        form=DNS_NAME,
        never_empty=True,
        help="The RSA key's name in DNS; the Ed25519 key's is this with -ed25519 behind it.",
    )
    rsa_key: Path | None = setting(
        None,
        help="PEM file of the RSA key that signs what goes by SMTP and into the outbox; made by newsletter keys dkim.",
    )
    ed25519_key: Path | None = setting(None, help="PEM file of an Ed25519 key, for a second signature.")


@dataclass(frozen=True, kw_only=True)
class BouncesSettings(Section):
    """The mailbox of bounces and complaints."""

    maildir: Path | None = setting(
        None,
        help="The Maildir where bounces and complaints arrive; it holds nothing else.",
    )
    address: str = setting(
        "",
        form=OWN_ADDRESS,
        help="The mailbox's address, to which readers leave by mail; empty: mail.reply_to.",
    )
    imap_host: str = setting("", help="The IMAP server of the mailbox where bounces and complaints arrive.")
    imap_port: int = setting(993, form=PORT, help="Its port.")
    imap_tls: Tls = setting(Tls.TLS, help="none (loopback only), starttls or tls.")
    imap_user: str = setting("", help="User name.")
    imap_password: str = setting("", help="Password.", secret=True)
    imap_folder: str = setting("INBOX", help="The folder that is read.")
    delete: bool = setting(False, help="Delete a report once it was acted on: it holds an address.")

    def fault(self) -> tuple[str, str] | None:
        if self.imap_tls is Tls.NONE and not is_this_machine(self.imap_host):
            return "imap_tls", "may be none only for a server on this machine; use starttls or tls"
        return None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, checked. `folder` is where newsletter.toml stands; relative paths start there."""

    folder: Path
    site: SiteSettings = SiteSettings()
    mail: MailSettings = MailSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    digest: DigestSettings = DigestSettings()
    desk: DeskSettings = DeskSettings()
    web: WebSettings = WebSettings()
    readers: ReadersSettings = ReadersSettings()
    retention: RetentionSettings = RetentionSettings()
    privacy: PrivacySettings = PrivacySettings()
    backups: BackupsSettings = BackupsSettings()
    paths: PathsSettings = PathsSettings()
    sending: SendingSettings = SendingSettings()
    alerts: AlertsSettings = AlertsSettings()
    dkim: DkimSettings = DkimSettings()
    bounces: BouncesSettings = BouncesSettings()
    #: The sections of the transports: see `section`.
    transports: tuple[Section, ...] = ()

    def section(self, kind: type[S]) -> S:
        """Return the section of a transport, by its class: `settings.section(SmtpSettings).host`."""
        return next((each for each in self.transports if isinstance(each, kind)), None) or kind()

    @property
    def signing_domain(self) -> str:
        """The domain of DKIM signatures; empty while neither it nor mail.from_address is set."""
        return (self.dkim.domain or self.mail.from_address.rpartition("@")[2]).lower()

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Where templates and catalogues are looked up: the operator's own folder, then ours."""
        return template_folders(self.path(self.paths.templates) if self.paths.templates else None)

    @cached_property
    def language(self) -> Language:
        """What mails and readers' pages are written in; raises LanguageError where it has no catalogue."""
        return open_language(self.site.language, self.template_folders)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.schedule.time_zone)

    @property
    def store_url(self) -> str:
        return self.paths.database_url or sqlite_url(self.folder / "subscribers.db")

    @property
    def reads_mail(self) -> bool:
        """Whether there is a mailbox of bounces, complaints and requests to leave."""
        return self.bounces.maildir is not None or bool(self.bounces.imap_host)

    @property
    def leave_address(self) -> str:
        """Where a mail lets its writer leave; empty where nobody would read it."""
        return (self.bounces.address or self.mail.reply_to) if self.reads_mail else ""

    def value(self, row: Row) -> Any:
        """Return the value of a row of the table."""
        own = SECTIONS.get(row.section)
        return getattr(getattr(self, row.section) if own else self.section(row.section_class), row.key)

    def path(self, path: Path) -> Path:
        """Return a path of the settings, seen from their folder."""
        return self.folder / path


def sqlite_url(file: Path) -> str:
    """Return the SQLAlchemy URL of a file, in which `?` and `%` of a folder's name mean themselves."""
    return f"sqlite:///{quote(str(file))}"


def template_folders(own: Path | None) -> tuple[Path, ...]:
    """Return where templates are looked up, first match wins: the operator's own folder, the package, the checkout."""
    package = Path(__file__).parent.parent
    folders = (own, package / "_templates", package.parent / "templates")
    return tuple(folder for folder in folders if folder is not None and folder.is_dir())


SECTIONS: dict[str, type[Section]] = {
    each.name: type(each.default) for each in fields(Settings) if isinstance(each.default, Section)
}
