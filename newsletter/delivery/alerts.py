"""Alerts: what the operator must be told, each event once. Written down first, whatever becomes of the telling."""

import logging
from dataclasses import dataclass

from sqlalchemy.dialects import postgresql, sqlite

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.db.schema import alerts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredAlerts:
    """The alerts of one installation, in its database."""

    database: Database
    clock: Clock

    def raise_once(self, key: str, subject: str, body: str) -> None:
        """Record an event, unless one of the same key is on record. Commits."""
        insert = postgresql.insert if self.database.dialect == "postgresql" else sqlite.insert
        row = {"key": key, "at": self.clock.now(), "subject": subject, "body": body}
        with self.database.write() as connection:
            added = connection.execute(insert(alerts).values(row).on_conflict_do_nothing())
        if added.rowcount:
            log.warning("%s", subject)
