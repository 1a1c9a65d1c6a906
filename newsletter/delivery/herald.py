"""Tells a URL of every alert: one POST of JSON, tried again where it is not taken. What has to be told is alerts_store.py.

The mail of an alert goes its own way: this one works where mail is just what does not.
"""

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.delivery.alerts_store import Alert, note_told, note_untold, take_untold

log = logging.getLogger(__name__)

#: How often an alert is tried in all, the rest before the second try, and the longest.
TRIES = 10
_FIRST_REST, _LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)

#: A herald that says nothing for so long must be dead.
_SILENCE = timedelta(minutes=5)


class _Stay(HTTPRedirectHandler):
    """An alert goes where the settings say, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Herald:
    """Tells `url`; with an empty one it tells nobody."""

    database: Database
    clock: Clock
    url: str
    #: The newsletter's name, for a URL that hears of several.
    newsletter: str = ""
    #: Seconds to wait for an answer.
    timeout: float = 10

    def deliver(self) -> int:
        """Tell what has not been told; returns how much of it was taken."""
        taken = 0
        while self.url and (alert := self._take()) is not None:
            taken += self._tell(alert)
        return taken

    def _take(self) -> Alert | None:
        now = self.clock.now()
        with self.database.write() as connection:
            return take_untold(connection, now, TRIES, now + _SILENCE)

    def _tell(self, alert: Alert) -> bool:
        trouble = self._post(alert)
        now = self.clock.now()
        with self.database.write() as connection:
            if trouble:
                note_untold(connection, alert.key, now + min(_LONGEST_REST, _FIRST_REST * 2**alert.tries))
            else:
                note_told(connection, alert.key, now)
        if trouble:
            log.warning("the alert %s was not taken by alerts.webhook_url: %s", alert.key, trouble)
        return not trouble

    def _post(self, alert: Alert) -> str:
        """Why it was not taken; empty: it was. The URL may hold a secret, so no word of it."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": alert.key}
        request = Request(self.url, data=self._json(alert), headers=headers, method="POST")
        try:
            with build_opener(_Stay).open(request, timeout=self.timeout):
                return ""
        except HTTPError as error:
            error.close()
            return f"it answered {error.code}"
        except (OSError, HTTPException, ValueError) as error:
            return f"it cannot be reached ({type(error).__name__})"

    def _json(self, alert: Alert) -> bytes:
        told = {
            "event": alert.key,
            "at": alert.at.isoformat(),
            "newsletter": self.newsletter,
            "subject": alert.subject,
            "body": alert.body,
            # What chat programs show.
            "text": f"{alert.subject}\n\n{alert.body}",
        }
        return json.dumps(told).encode()
