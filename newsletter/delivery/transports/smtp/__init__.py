"""SMTP. What sends is sending.py, one connection wire.py."""

from typing import TYPE_CHECKING

from newsletter.clock import Clock
from newsletter.config import Settings, is_this_machine
from newsletter.config.rows import LONGEST_ADDRESS, LONGEST_LOCAL_PART
from newsletter.delivery.transports.contract import Entry, Transport
from newsletter.delivery.transports.smtp.settings import SmtpSettings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.db.engine import Database


#: Letters of the mark in a return path, with issues of five digits and readers of ten: "+12345.1234567890.0123456789ab".
LONGEST_MARK = 30


class SmtpEntry(Entry):
    """A relay; alerts may have one of their own, which works where that of issues does not."""

    name = "smtp"
    title = "SMTP"
    settings = SmtpSettings

    def missing(self, settings: Settings) -> tuple[str, str] | None:
        own = settings.section(SmtpSettings)
        if not own.host:
            return "smtp.host", "mail.transport is smtp, so smtp.host is needed"
        local, _, domain = own.return_path.rpartition("@")
        fits = min(LONGEST_LOCAL_PART, LONGEST_ADDRESS - len(f"@{domain}")) - LONGEST_MARK
        if len(local) > fits:
            said = (
                f"smtp.return_path has {len(local)} letters before the @, and at most {fits} fit: behind them each message has a mark "
                f"of up to {LONGEST_MARK}"
            )
            return "smtp.return_path", said
        return None

    def is_on_loopback(self, settings: Settings) -> bool:
        host = settings.section(SmtpSettings).host
        return bool(host) and is_this_machine(host)

    def make(self, settings: Settings, clock: Clock, database: "Database | None" = None) -> Transport:
        from newsletter.delivery.transports.smtp.habits import Habits
        from newsletter.delivery.transports.smtp.sending import Smtp
        from newsletter.delivery.transports.smtp.wire import Relay

        own = settings.section(SmtpSettings)
        relay = Relay(
            host=own.host,
            port=own.port,
            tls=own.tls,
            user=own.user,
            password=own.password,
            greet_as=own.greet_as,
            domain=settings.mail.from_address.rpartition("@")[2],
        )
        return Smtp(
            relay=relay,
            connections=own.connections,
            messages_per_connection=own.messages_per_connection,
            pipelining=own.pipelining,
            habits=Habits(host=str(relay), database=database, clock=clock),
        )

    def describe_server(
        self, settings: Settings, connection: "Connection"
    ) -> tuple[str, list[tuple[str, str]]]:
        from newsletter.delivery.transports.smtp.habits import describe_habits, find_habits

        own = settings.section(SmtpSettings)
        host = f"{own.host}:{own.port}"
        seen = find_habits(connection, host)
        return f"Relay {host}", describe_habits(seen) if seen else []

    def return_path(self, settings: Settings) -> str:
        return settings.section(SmtpSettings).return_path

    def make_for_alerts(
        self, settings: Settings, clock: Clock, database: "Database | None" = None
    ) -> Transport:
        alerts = settings.alerts
        if not alerts.smtp_host:
            return self.make(settings, clock, database)
        from newsletter.delivery.transports.smtp.habits import Habits
        from newsletter.delivery.transports.smtp.sending import Smtp
        from newsletter.delivery.transports.smtp.wire import Relay

        relay = Relay(
            host=alerts.smtp_host,
            port=alerts.smtp_port,
            tls=alerts.smtp_tls,
            user=alerts.smtp_user,
            password=alerts.smtp_password,
            greet_as=settings.section(SmtpSettings).greet_as,
            domain=settings.mail.from_address.rpartition("@")[2],
        )
        return Smtp(
            relay=relay,
            connections=1,
            habits=Habits(host=str(relay), database=database, clock=clock),
        )
