"""Alerts: what the operator must be told, each event once. Written down and queued as a mail, in one transaction.

A webhook URL of the operator's is told too: one POST of JSON, tried again where it is not taken. It works where mail
is just what does not.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sqlalchemy import select, update

from newsletter.clock import Clock
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import alerts
from newsletter.db.statuses import MailKind
from newsletter.delivery.transactional import ALERT_KEY, queue_mail

log = logging.getLogger(__name__)

#: What is older is no news to a URL that was set, or came back, only now.
NEWS = timedelta(days=1)

#: How often an alert is tried in all, the rest before the second try, and the longest.
TRIES = 10
_FIRST_REST, _LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)

#: A process that took an alert and says nothing for so long must be dead.
_SILENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts of one installation, in its database."""

    database: Database
    clock: Clock

    def raise_once(self, key: str, subject: str, body: str) -> None:
        """Record an event, unless one of the same key is on record. Commits.

        A line of the body that begins with four blanks is a command: the mail keeps it whole.
        """
        row = {"key": key, "at": self.clock.now(), "subject": subject, "body": body}
        with self.database.write() as connection:
            unless_known = insert_into(alerts, self.database.dialect).values(row).on_conflict_do_nothing()
            is_new = connection.execute(unless_known.returning(alerts.c.key)).first() is not None
            if is_new:
                values: dict[str, object] = {
                    "title": subject,
                    "lines": [_line(each) for each in body.splitlines()],
                }
                values |= dict.fromkeys(("why", "since", "next", "command"), "")
                queue_mail(connection, MailKind.ALERT, f"{ALERT_KEY}{key}", None, values, self.clock.now())
        if is_new:
            log.warning("%s", subject)


def _line(text: str) -> dict[str, str]:
    """Return a line of a body as the mail's templates take it: words to wrap, or a command."""
    is_command = text.startswith("    ")
    return {"words": "" if is_command else text, "command": text.strip() if is_command else ""}


class _NoRedirect(HTTPRedirectHandler):
    """An alert goes where the settings say, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the operator must be told; `key` makes it one event, `tries` counts how often it was posted before."""

    key: str
    at: datetime
    subject: str
    body: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWebhook:
    """Posts alerts to `url`; with an empty one to nobody."""

    database: Database
    clock: Clock
    url: str
    #: The newsletter's name, for a URL that hears of several.
    newsletter: str = ""
    #: Seconds to wait for an answer.
    timeout: float = 10

    def deliver(self) -> int:
        """Post what has not been posted, and return how much of it was taken."""
        taken = 0
        while self.url and (alert := self._take()) is not None:
            trouble = self._post(alert)
            now = self.clock.now()
            rest = min(_LONGEST_REST, _FIRST_REST * 2**alert.tries)
            ended = {"post_after": now + rest} if trouble else {"posted_at": now}
            with self.database.write() as connection:
                connection.execute(update(alerts).where(alerts.c.key == alert.key).values(ended))
            if trouble:
                log.warning("the alert %s was not taken by alerts.webhook_url: %s", alert.key, trouble)
            taken += not trouble
        return taken

    def _take(self) -> Alert | None:
        """Return the oldest alert to post, kept from everybody else for a while; None when there is none."""
        now = self.clock.now()
        due = (
            (alerts.c.post_after.is_(None))
            | (alerts.c.post_after <= now)
            | (alerts.c.post_after > now + NEWS)
        )
        query = (
            select(alerts.c.key, alerts.c.at, alerts.c.subject, alerts.c.body, alerts.c.posts.label("tries"))
            .where(alerts.c.posted_at.is_(None), alerts.c.posts < TRIES, alerts.c.at > now - NEWS, due)
            .order_by(alerts.c.at, alerts.c.key)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self.database.write() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            taken = {"posts": alerts.c.posts + 1, "post_after": now + _SILENCE}
            connection.execute(update(alerts).where(alerts.c.key == row.key).values(taken))
        return Alert(**row._mapping)

    def _post(self, alert: Alert) -> str:
        """Return why it was not taken; empty: it was. The URL may hold a secret, so no word of it."""
        told = {
            "event": alert.key,
            "at": alert.at.isoformat(),
            "newsletter": self.newsletter,
            "subject": alert.subject,
            "body": alert.body,
            # What chat programs show.
            "text": f"{alert.subject}\n\n{alert.body}",
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": alert.key}
        request = Request(self.url, data=json.dumps(told).encode(), headers=headers, method="POST")
        try:
            with build_opener(_NoRedirect).open(request, timeout=self.timeout):
                return ""
        except HTTPError as error:
            error.close()
            return f"it answered {error.code}"
        except (OSError, HTTPException, ValueError) as error:
            return f"it cannot be reached ({type(error).__name__})"
