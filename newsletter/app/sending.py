"""Puts together what sends, and chooses the way out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.app.parts import Parts
from newsletter.config import AlertTransport, TransportName

if TYPE_CHECKING:
    from newsletter.delivery.dkim import DkimSigner
    from newsletter.delivery.herald import Herald
    from newsletter.delivery.postman import Postman
    from newsletter.delivery.progress import Progress
    from newsletter.delivery.sender import Sender
    from newsletter.delivery.throttle import Throttle
    from newsletter.delivery.transport import Transport


@dataclass(frozen=True)
class SendingParts(Parts):
    """What sends issues and single mails."""

    @cached_property
    def dkim(self) -> "DkimSigner | None":
        """What signs messages with DKIM; None where the settings name no key."""
        from newsletter.delivery.dkim_keys import DkimFiles

        return DkimFiles.of(self.settings).signer()

    def transport(self) -> "Transport":
        """The way out that the settings name."""
        return self._transport(self.settings.transport)

    def alert_transport(self) -> "Transport":
        """The way out of alerts."""
        from newsletter.delivery.smtp import Smtp
        from newsletter.delivery.smtp_wire import Relay

        settings = self.settings
        if settings.alerts_transport is AlertTransport.SAME:
            return self.transport()
        if settings.alerts_transport is AlertTransport.SMTP and settings.alerts_smtp_host:
            relay = Relay(
                host=settings.alerts_smtp_host,
                port=settings.alerts_smtp_port,
                tls=settings.alerts_smtp_tls,
                user=settings.alerts_smtp_user,
                password=settings.alerts_smtp_password,
            )
            return Smtp(relay=relay, connections=1)
        return self._transport(TransportName(settings.alerts_transport.value))

    def _transport(self, name: TransportName) -> "Transport":
        from newsletter.delivery.outbox import Outbox
        from newsletter.delivery.sendgrid import SendGrid
        from newsletter.delivery.smtp import Smtp
        from newsletter.delivery.smtp_wire import Relay

        settings = self.settings
        if name is TransportName.OUTBOX:
            return Outbox(settings.path(settings.outbox))
        if name is TransportName.SENDGRID:
            return SendGrid(
                api_key=settings.sendgrid_api_key,
                url=settings.sendgrid_url,
                sandbox=settings.sendgrid_sandbox,
                connections=max(1, settings.sendgrid_connections),
                now=self.clock.now,
            )
        relay = Relay(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            user=settings.smtp_user,
            password=settings.smtp_password,
        )
        return Smtp(
            relay=relay,
            connections=max(1, settings.smtp_connections),
            messages_per_connection=max(1, settings.smtp_messages_per_connection),
        )

    @property
    def journals(self) -> Path:
        """Where the senders of this machine keep their journals."""
        return self.settings.path(self.settings.journal)

    @property
    def throttle(self) -> "Throttle":
        """How much may leave at once; raises ConfigError for a limit that is none."""
        from newsletter.delivery.throttle import Throttle, parse_limit, parse_warm_up

        settings = self.settings
        return Throttle(
            transport=settings.transport.value,
            limits=tuple(parse_limit(each, setting="sending.limits") for each in settings.send_limits),
            warm_up=parse_warm_up(
                settings.warm_up_from, settings.warm_up_first, setting="sending.warm_up_from"
            ),
        )

    @cached_property
    def postman(self) -> "Postman":
        """What sends the single mails that wait."""
        from newsletter.delivery.postman import Postman

        settings = self.settings
        frame = replace(
            self.frame,
            from_address=settings.single_from_address or settings.from_address,
            list_id="",
            list_name="",
            archive_url="",
            feedback_id="",
        )
        return Postman(
            database=self.database,
            clock=self.clock,
            frame=frame,
            template_folders=self.template_folders,
            signer=self.links,
            marks=self.marks,
            operator_address=settings.operator_address or settings.reply_to,
            transport=self.transport,
            alert_transport=self.alert_transport,
            dkim=self.dkim,
        )

    @property
    def herald(self) -> "Herald":
        """What tells a URL of alerts, where the settings name one."""
        from newsletter.delivery.herald import Herald

        url, name = self.settings.alerts_webhook_url, self.settings.name
        return Herald(database=self.database, clock=self.clock, url=url, newsletter=name)

    def sender(self, issue_id: int, watch: "Callable[[Progress], None]" = lambda progress: None) -> "Sender":
        """What sends an approved issue; `watch` is told how far it is."""
        from newsletter.delivery.message import mailings_of
        from newsletter.delivery.retry import Patience
        from newsletter.delivery.sender import Sender
        from newsletter.delivery.shares import Shares
        from newsletter.readers.addresses import Address
        from newsletter.readers.suppression import address_hash

        settings = self.settings
        with self.database.read() as connection:
            mailings = mailings_of(connection, issue_id, self.links, self.marks, self.clock, self.dkim)
        return Sender(
            database=self.database,
            issue_id=issue_id,
            mailings=mailings,
            transport=self.transport(),
            journals=self.journals,
            clock=self.clock,
            hash_address=lambda key: address_hash(self.suppression_key, Address(text=key, key=key)),
            throttle=self.throttle,
            shares=Shares(
                rejected=settings.pause_at_rejections / 100, complained=settings.pause_at_complaints / 1000
            ),
            patience=Patience(attempts=max(1, settings.send_attempts), first=settings.send_retry_after),
            alerts=self.alerts,
            watch=watch,
        )
