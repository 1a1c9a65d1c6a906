"""What is about readers: signing up, what is kept of them, and what comes back from their servers."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.config.choices import Tls
from newsletter.config.row import setting


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
