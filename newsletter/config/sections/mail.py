"""What is about mail on its way out."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.config.choices import AlertTransport, Tls, TransportName
from newsletter.config.row import setting


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
