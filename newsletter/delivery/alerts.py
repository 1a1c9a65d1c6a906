"""Alerts: what the operator must be told, each event once. Written down and queued as a mail, in one transaction."""

import logging
from dataclasses import dataclass

from newsletter.clock import Clock
from newsletter.db.conflicts import insert_into
from newsletter.db.engine import Database
from newsletter.db.schema import alerts
from newsletter.db.statuses import MailKind
from newsletter.delivery.mails import ALERT_KEY, queue_mail

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredAlerts:
    """The alerts of one installation, in its database."""

    database: Database
    clock: Clock

    def raise_once(self, key: str, subject: str, body: str) -> None:
        """Record an event, unless one of the same key is on record. Commits."""
        row = {"key": key, "at": self.clock.now(), "subject": subject, "body": body}
        with self.database.write() as connection:
            unless_known = insert_into(alerts, self.database.dialect).values(row).on_conflict_do_nothing()
            is_new = connection.execute(unless_known.returning(alerts.c.key)).first() is not None
            if is_new:
                values = {"title": subject, "why": body, "since": "", "next": "", "command": ""}
                queue_mail(connection, MailKind.ALERT, f"{ALERT_KEY}{key}", None, values, self.clock.now())
        if is_new:
            log.warning("%s", subject)
