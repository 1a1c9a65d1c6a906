"""SendGrid. What sends is sending.py, which writes requests by requests.py; events.py reads its webhook's posts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.clock import Clock
from newsletter.config import Settings, env_name
from newsletter.delivery.transports.contract import Entry, Transport, Verifier
from newsletter.delivery.transports.sendgrid.settings import SendGridSettings

if TYPE_CHECKING:
    from newsletter.db.engine import Database
    from newsletter.delivery.transports.webhook import ProviderEvent


class SendGridEntry(Entry):
    """SendGrid's Web API v3 and its signed event webhook."""

    name = "sendgrid"
    title = "SendGrid"
    settings = SendGridSettings
    #: Events come in posts of up to 768 KB.
    webhook_limit = 2 * 1024 * 1024
    webhook_setting = "sendgrid.webhook_key"
    webhook_headers = ("x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp")

    def missing(self, settings: Settings) -> tuple[str, str] | None:
        if not settings.section(SendGridSettings).api_key:
            variable = env_name("sendgrid.api_key")
            said = f"mail.transport is sendgrid, so {variable} or sendgrid.api_key_file is needed"
            return "sendgrid.api_key", said
        return None

    def undelivered(self, settings: Settings) -> str:
        is_on = settings.section(SendGridSettings).sandbox
        return "sendgrid.sandbox is on, so SendGrid checks mails and delivers none" if is_on else ""

    def make(self, settings: Settings, clock: Clock, database: "Database | None" = None) -> Transport:
        from newsletter.delivery.transports.sendgrid.sending import SendGrid

        own = settings.section(SendGridSettings)
        return SendGrid(
            api_key=own.api_key,
            url=own.url,
            sandbox=own.sandbox,
            connections=own.connections,
            now=clock.now,
        )

    def has_webhook_key(self, settings: Settings) -> bool:
        return bool(settings.section(SendGridSettings).webhook_key)

    def verifier(self, settings: Settings) -> Verifier:
        from newsletter.delivery.transports.sendgrid.events import SIGNATURE, TIMESTAMP, is_signed, read_keys

        keys = read_keys(settings.section(SendGridSettings).webhook_key)
        return lambda headers, body: is_signed(
            keys, body, headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
        )

    def signed_at(self, headers: Mapping[str, str]) -> datetime | None:
        from newsletter.delivery.transports.sendgrid.events import TIMESTAMP

        seconds = headers.get(TIMESTAMP, "")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 10):
            return None
        return datetime.fromtimestamp(int(seconds), UTC)

    def webhook_max_age(self, settings: Settings) -> timedelta:
        return settings.section(SendGridSettings).webhook_max_age

    def read_events(self, body: bytes) -> Sequence["ProviderEvent"]:
        from newsletter.delivery.transports.sendgrid.events import read_events

        return read_events(body)
