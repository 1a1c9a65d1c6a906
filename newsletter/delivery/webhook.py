"""SendGrid's event webhook: a post is stored as it came, answered, and acted on afterwards; then its body is deleted.

Posts come late, twice and in any order. An event is acted on once, by its id; what the events of one delivery lead to
does not depend on their order: that is states.py's work. What an event says is sendgrid_events.py, what a bounce or
complaint means for a reader feedback/.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from newsletter.clock import Clock
from newsletter.config import Settings, TransportName
from newsletter.db.engine import Database
from newsletter.delivery import webhook_store as store
from newsletter.delivery.feedback.acting import Feedback
from newsletter.delivery.feedback.matching import Match
from newsletter.delivery.late import settle
from newsletter.delivery.message import Marks
from newsletter.delivery.sendgrid_events import Told, Unreadable, is_signed, read_events
from newsletter.delivery.states import Event
from newsletter.delivery.webhook_store import EventRow, Sign

log = logging.getLogger(__name__)

#: Events acted on in one transaction, and posts in one go: a sender waits for no more than that.
_EVENTS, _POSTS = 100, 100

#: Strangers may knock as often as they like; it is written down this often at most.
_KNOCKS = timedelta(minutes=1)

KEPT = "kept"
_NOT_OURS, _NOBODY, _AS_KNOWN, _ARRIVED = "no mark of ours", "nobody known", "as known", "arrived"


class Alerts(Protocol):
    """How the operator is told; the same key is said once."""

    def raise_once(self, key: str, subject: str, body: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The webhook of one installation; without keys it believes nobody."""

    database: Database
    clock: Clock
    keys: Sequence[EllipticCurvePublicKey]
    marks: Marks
    feedback: Feedback
    alerts: Alerts

    def take(self, body: bytes, signature: str, timestamp: str) -> bool:
        """Store a post, durably; False, and nothing stored, where its signature is not SendGrid's."""
        now = self.clock.now()
        if not is_signed(self.keys, body, signature, timestamp):
            self._note_refusal(now)
            return False
        with self.database.write() as connection:
            store.add_post(connection, body, now)
            store.note_sign(connection, seen_at=now)
        return True

    def _note_refusal(self, now: datetime) -> None:
        refused_at = self.sign().refused_at
        if refused_at is None or refused_at + _KNOCKS < now:
            with self.database.write() as connection:
                store.note_sign(connection, refused_at=now)

    def sign(self) -> Sign:
        """When it was last seen working, and last refused somebody."""
        with self.database.read() as connection:
            return store.sign_of(connection)

    def process(self) -> Counter[tuple[str, str]]:
        """Act on every post that waits; returns how often each kind of event came to each outcome."""
        with self.database.read() as connection:
            waiting = store.waiting_posts(connection, _POSTS)
        outcomes: Counter[tuple[str, str]] = Counter()
        for post_id in waiting:
            try:
                outcomes += self._process(post_id)
            except DBAPIError:
                raise
            except Exception:
                # One post that we cannot digest must not keep the others waiting; it stays, and is tried again.
                log.exception("post %s of the webhook could not be acted on", post_id)
        return outcomes

    def _process(self, post_id: int) -> Counter[tuple[str, str]]:
        with self.database.read() as connection:
            body = store.post_body(connection, post_id)
        if body is None:
            return Counter()
        outcomes: Counter[tuple[str, str]] = Counter()
        for told in _parts(self._read(body)):
            with self.database.write() as connection:
                outcomes += self._act_on_all(connection, told)
        with self.database.write() as connection:
            store.purge_post(connection, post_id)
        return outcomes

    def _read(self, body: bytes) -> Sequence[Told]:
        try:
            return read_events(body)
        except Unreadable as error:
            log.error("a signed post of the webhook cannot be read: %s", error)
            words = f"SendGrid posted something that is no list of events: {error}. It was thrown away."
            self.alerts.raise_once(
                "webhook-unreadable", "SendGrid's webhook posts what we cannot read", words
            )
            return ()

    def _act_on_all(self, connection: Connection, told: Sequence[Told]) -> Counter[tuple[str, str]]:
        now = self.clock.now()
        targets = {each.key: self.marks.read(each.mark) for each in told}
        new = store.add_events(connection, [_row(each, targets[each.key], now) for each in told])
        fresh = {each.key: each for each in told if each.key in new}
        still_open = self._still_open(connection, [target for key in fresh if (target := targets[key])])
        outcomes = {
            key: self._act(connection, each, targets[key], still_open, now) for key, each in fresh.items()
        }
        for outcome in set(outcomes.values()):
            store.set_outcomes(
                connection, outcome, [key for key, what in outcomes.items() if what == outcome]
            )
        return Counter((fresh[key].kind, outcome) for key, outcome in outcomes.items())

    def _still_open(
        self, connection: Connection, targets: Sequence[tuple[int, int]]
    ) -> frozenset[tuple[int, int]]:
        """The deliveries among them that news of their arrival would change: mostly none, so that one look is enough."""
        found: set[tuple[int, int]] = set()
        for issue_id in {issue_id for issue_id, _ in targets if issue_id}:
            readers = [reader_id for each, reader_id in targets if each == issue_id]
            found |= {(issue_id, reader_id) for reader_id in store.open_among(connection, issue_id, readers)}
        return frozenset(found)

    def _act(
        self,
        connection: Connection,
        told: Told,
        target: tuple[int, int] | None,
        still_open: frozenset[tuple[int, int]],
        now: datetime,
    ) -> str:
        """What one event leads to, in a word or two."""
        if told.event is None and told.report is None:
            return KEPT
        if target is None:
            return _NOT_OURS
        issue_id, number = target
        if told.report is None and issue_id and target not in still_open:
            return _AS_KNOWN
        outcome = self._settle(connection, told, issue_id, number, now)
        if told.report is None:
            return outcome
        match = self._match(connection, issue_id, number)
        if match is None or not self.feedback.knows(connection, match):
            return _NOBODY
        return self.feedback.act_on(connection, told.report, match, now)

    def _settle(self, connection: Connection, told: Told, issue_id: int, number: int, now: datetime) -> str:
        if told.event is None:
            return _AS_KNOWN
        if issue_id:
            settled = settle(connection, issue_id, number, told.event, code=told.code, now=now) is not None
        else:
            settled = told.event is Event.ARRIVE and store.settle_mail(connection, number, now)
        return _ARRIVED if settled else _AS_KNOWN

    def _match(self, connection: Connection, issue_id: int, number: int) -> Match | None:
        """Whom it is about. A single mail belongs to issue 0, and its own number stands in the reader's place."""
        if issue_id:
            return Match(reader_id=number, issue_id=issue_id)
        reader_id = store.reader_of_mail(connection, number)
        return None if reader_id is None else Match(reader_id=reader_id, mail_id=number)


def _parts(told: Sequence[Told]) -> Iterator[Sequence[Told]]:
    for start in range(0, len(told), _EVENTS):
        yield told[start : start + _EVENTS]


def _row(told: Told, target: tuple[int, int] | None, now: datetime) -> EventRow:
    issue_id, reader_id = target if target and target[0] else (None, None)
    at = told.at if told.at is not None and told.at < now else now
    return EventRow(
        id=told.key, kind=told.kind, at=at, reader_id=reader_id, issue_id=issue_id, code=told.code
    )


def url_of(settings: Settings) -> str:
    """Where SendGrid is to post its events."""
    return f"{settings.public_url.rstrip('/')}/webhooks/sendgrid"


def webhook_trouble(database: Database, settings: Settings) -> str:
    """What an operator should know before sending; empty when the webhook was seen working, or mail goes another way."""
    if settings.transport is not TransportName.SENDGRID:
        return ""
    with database.read() as connection:
        sign = store.sign_of(connection)
    return trouble_words(sign, has_key=bool(settings.sendgrid_webhook_key), url=url_of(settings))


def trouble_words(sign: Sign, *, has_key: bool, url: str) -> str:
    """What is wrong with the webhook, in words; empty when it was seen working."""
    if not has_key:
        return (
            "SendGrid's event webhook is not set up (sendgrid.webhook_key): bounces and complaints will not come back, "
            "and readers of whom SendGrid did not answer stay unsure."
        )
    if sign.refused_at is not None and (sign.seen_at is None or sign.seen_at < sign.refused_at):
        return f"Posts to {url} are refused since {sign.refused_at:%Y-%m-%d %H:%M} UTC: sendgrid.webhook_key does not fit their signature."
    if sign.seen_at is None:
        return (
            f"SendGrid's event webhook has never reached {url}: test it on SendGrid's page before you rely on it. "
            "Until then bounces and complaints do not come back."
        )
    return ""
