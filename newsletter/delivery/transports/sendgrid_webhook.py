"""SendGrid's event webhook: a post is stored as it came, answered, and acted on afterwards; then its body is deleted.

Posts come late, twice and in any order. An event is acted on once, by its id; what the events of one delivery lead to
does not depend on their order: that is states.py's work. What an event says is sendgrid_events.py, what a bounce or
complaint means for a reader bounces/.
"""

import hashlib
import json
import logging
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from newsletter.clock import Clock
from newsletter.config import Settings, TransportName
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import deliveries, mails, provider_events, webhook_posts, webhooks
from newsletter.db.statuses import MailStatus, ReportKind
from newsletter.delivery.bounces.handling import Match, ReportHandler
from newsletter.delivery.bounces.parse import ENHANCED, Meaning, Report
from newsletter.delivery.message import MessageIds
from newsletter.delivery.states import Event, sources_of
from newsletter.delivery.takeover import settle
from newsletter.errors import ConfigError

# What SendGrid's event webhook says, as values: whether a post is SendGrid's, and what each of its events means.
#
# No database: webhook.py stores posts and acts on events. Fields and kinds are those of SendGrid's event reference; of
# what others may send in its name nothing is believed before `is_signed`.

SETTING = "sendgrid.webhook_key"

#: Where a consent ledger or a report says that it came from.
VIA = "by SendGrid"

_KIND = re.compile(r"[a-z][a-z_]{0,49}")
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,100}")
#: The year 2242: what is later is no time.
_LATEST = 2**33

#: SendGrid has the message, or had it: it did arrive there.
_HAS_IT = frozenset({"processed", "deferred", "delivered", "open", "click"})
_COMPLAINTS = frozenset({"spamreport"})
_FAREWELLS = frozenset({"unsubscribe", "group_unsubscribe"})

#: Why SendGrid did not even try (its word in `reason`), where that says something of the reader.
_DROPPED_AS_DEAD = frozenset({"bounced address", "invalid"})
_DROPPED_AS = {
    "unsubscribed address": ReportKind.LEAVING,
    "spam reporting address": ReportKind.COMPLAINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event. `key` tells it from every other; `mark` is the delivery_id that we gave the message, or empty."""

    key: str
    kind: str
    mark: str = ""
    at: datetime | None = None
    #: An enhanced status code, or a word of ours.
    code: str = ""
    #: What it means for the delivery: ARRIVE, BOUNCE or nothing.
    event: Event | None = None
    #: What it means for the reader, by the rules of bounces/.
    report: Report | None = None


class Unreadable(ValueError):
    """A post is not what SendGrid documents."""


def read_keys(keys: Iterable[str]) -> tuple[EllipticCurvePublicKey, ...]:
    """Verification keys as SendGrid's pages show them (base64); raises ConfigError."""
    return tuple(_read_key(key) for key in keys)


def _read_key(key: str) -> EllipticCurvePublicKey:
    try:
        public = load_der_public_key(b64decode(key, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(public, EllipticCurvePublicKey):
        raise _no_key()
    return public


def _no_key() -> ConfigError:
    wanted = "the verification key of the signed event webhook was expected, which begins with MFkw"
    return ConfigError(f"{SETTING} is no public key: {wanted}", setting=SETTING)


def is_signed(keys: Sequence[EllipticCurvePublicKey], body: bytes, signature: str, timestamp: str) -> bool:
    """Whether one of the keys signed the timestamp and the raw body (ECDSA with SHA-256)."""
    try:
        raw = b64decode(signature, validate=True)
        signed = timestamp.encode("ascii") + body
    except ValueError:
        return False
    return any(_has_signed(key, raw, signed) for key in keys)


def _has_signed(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def read_events(body: bytes) -> tuple[Told, ...]:
    """The events of a post, in its order; raises Unreadable where there is no list of them."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the post is not JSON") from error
    if not isinstance(events, list):
        raise Unreadable("the post is not a list of events")
    return tuple(_told(event) for event in events if isinstance(event, dict))


def _told(event: dict[str, Any]) -> Told:
    key, kind = _key(event), _word(event, "event").casefold()
    told = Told(
        key=key,
        kind=kind if _KIND.fullmatch(kind) else "unreadable",
        mark=_word(event, "delivery_id")[:100],
        at=_moment(event.get("timestamp")),
    )
    if kind in _HAS_IT:
        return replace(told, event=Event.ARRIVE)
    if kind in _COMPLAINTS:
        return replace(told, event=Event.ARRIVE, report=_report(key, ReportKind.COMPLAINT))
    if kind in _FAREWELLS:
        return replace(told, event=Event.ARRIVE, report=_report(key, ReportKind.LEAVING))
    if kind == "bounce":
        code = _code(event)
        return replace(told, code=code, report=_report(key, ReportKind.BOUNCE, code, _meaning(event, code)))
    if kind == "dropped":
        return _dropped(told, event)
    return told


def _report(key: str, kind: ReportKind, code: str = "", meaning: Meaning | None = None) -> Report:
    report_key = hashlib.sha256(f"sendgrid:{key}".encode()).hexdigest()
    return Report(key=report_key, kind=kind, code=code, meaning=meaning, via=VIA)


def _meaning(event: dict[str, Any], code: str) -> Meaning | None:
    """What SendGrid makes of a bounce whose code says nothing. "blocked" is a refusal that may not come again."""
    if (code and not code.endswith(".0.0")) or _word(event, "type") == "blocked":
        return None
    return Meaning.DEAD if _word(event, "bounce_classification").casefold() == "invalid address" else None


def _dropped(told: Told, event: dict[str, Any]) -> Told:
    reason = _word(event, "reason").strip().casefold()
    told = replace(told, code="dropped")
    if reason in _DROPPED_AS:
        return replace(told, event=Event.BOUNCE, report=_report(told.key, _DROPPED_AS[reason]))
    meaning = Meaning.DEAD if reason in _DROPPED_AS_DEAD else Meaning.POLICY
    return replace(told, report=_report(told.key, ReportKind.BOUNCE, told.code, meaning))


def _code(event: dict[str, Any]) -> str:
    """The enhanced code; where `status` is as good as none ("5.0.0"), the receiving server's own words may say more."""
    status, said = (ENHANCED.search(_word(event, name)) for name in ("status", "reason"))
    if status is None or status.group().endswith(".0.0"):
        better = said or status
        return better.group() if better else ""
    return status.group()


def _key(event: dict[str, Any]) -> str:
    given = event.get("sg_event_id")
    if isinstance(given, str) and _EVENT_ID.fullmatch(given):
        return given
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode("utf-8", "backslashreplace")).hexdigest()


def _word(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < _LATEST:
        return datetime.fromtimestamp(seconds, UTC)
    return None


# The queries of the event webhook: posts that wait, events that were seen, when the last good post came. No commits.

#: The one webhook there is.
NAME = "sendgrid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """When the last post with a right signature came, and the last with a wrong one; None: never."""

    seen_at: datetime | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event as it is remembered: no address, no word of anybody's."""

    id: str
    kind: str
    at: datetime
    reader_id: int | None
    issue_id: int | None
    code: str
    outcome: str = ""


def add_post(connection: Connection, body: bytes, now: datetime) -> None:
    connection.execute(insert(webhook_posts).values(body=body, received_at=now))


def waiting_posts(connection: Connection, limit: int) -> Sequence[int]:
    """The ids of the posts that wait, oldest first."""
    query = select(webhook_posts.c.id).order_by(webhook_posts.c.id).limit(limit)
    return connection.execute(query).scalars().all()


def post_body(connection: Connection, post_id: int) -> bytes | None:
    """None when somebody else has been through it meanwhile."""
    query = select(webhook_posts.c.body).where(webhook_posts.c.id == post_id)
    body: bytes | None = connection.execute(query).scalar()
    return None if body is None else bytes(body)


def purge_post(connection: Connection, post_id: int) -> None:
    connection.execute(delete(webhook_posts).where(webhook_posts.c.id == post_id))


def add_events(connection: Connection, rows: Sequence[EventRow]) -> frozenset[str]:
    """Remember events; returns the ids of those that were not known."""
    if not rows:
        return frozenset()
    values = [{name: getattr(row, name) for name in EventRow.__dataclass_fields__} for row in rows]
    statement = insert_into(provider_events, connection.dialect.name).on_conflict_do_nothing(
        index_elements=["id"]
    )
    return frozenset(connection.execute(statement.returning(provider_events.c.id), values).scalars())


def set_outcomes(connection: Connection, outcome: str, ids: Collection[str]) -> None:
    statement = update(provider_events).where(provider_events.c.id.in_(ids))
    connection.execute(statement.values(outcome=outcome))


def forget_events(connection: Connection, before: datetime) -> int:
    """Delete events that happened before a moment; returns how many."""
    return connection.execute(delete(provider_events).where(provider_events.c.at < before)).rowcount


def open_among(connection: Connection, issue_id: int, reader_ids: Iterable[int]) -> frozenset[int]:
    """Those of the readers whose delivery the news of its arrival would change."""
    theirs = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id.in_(list(reader_ids)))
    query = select(deliveries.c.reader_id).where(*theirs, deliveries.c.status.in_(sources_of(Event.ARRIVE)))
    return frozenset(connection.execute(query).scalars())


def reader_of_mail(connection: Connection, mail_id: int) -> int | None:
    """Whom a single mail went to; None for the operator, and for a mail that is forgotten."""
    reader_id: int | None = connection.execute(
        select(mails.c.reader_id).where(mails.c.id == mail_id)
    ).scalar()
    return reader_id


def settle_mail(connection: Connection, mail_id: int, now: datetime) -> bool:
    """A single mail that was unsure did arrive; False where nothing was open."""
    unsure = update(mails).where(mails.c.id == mail_id, mails.c.status == MailStatus.UNSURE)
    return connection.execute(unsure.values(status=MailStatus.ACCEPTED, at=now, code=None)).rowcount == 1


def sign_of(connection: Connection) -> Sign:
    row = connection.execute(
        select(webhooks.c.seen_at, webhooks.c.refused_at).where(webhooks.c.name == NAME)
    ).first()
    return Sign(seen_at=row.seen_at, refused_at=row.refused_at) if row else Sign()


def note_sign(connection: Connection, **moments: datetime) -> None:
    """Write down `seen_at` or `refused_at`."""
    statement = insert_into(webhooks, connection.dialect.name).values(name=NAME, **moments)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moments))


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
    message_ids: MessageIds
    handler: ReportHandler
    alerts: Alerts

    def take(self, body: bytes, signature: str, timestamp: str) -> bool:
        """Store a post, durably; False, and nothing stored, where its signature is not SendGrid's."""
        now = self.clock.now()
        if not is_signed(self.keys, body, signature, timestamp):
            self._note_refusal(now)
            return False
        with self.database.write() as connection:
            add_post(connection, body, now)
            note_sign(connection, seen_at=now)
        return True

    def _note_refusal(self, now: datetime) -> None:
        refused_at = self.sign().refused_at
        if refused_at is None or refused_at + _KNOCKS < now:
            with self.database.write() as connection:
                note_sign(connection, refused_at=now)

    def sign(self) -> Sign:
        """When it was last seen working, and last refused somebody."""
        with self.database.read() as connection:
            return sign_of(connection)

    def process(self) -> Counter[tuple[str, str]]:
        """Act on every post that waits; returns how often each kind of event came to each outcome."""
        with self.database.read() as connection:
            waiting = waiting_posts(connection, _POSTS)
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
            body = post_body(connection, post_id)
        if body is None:
            return Counter()
        outcomes: Counter[tuple[str, str]] = Counter()
        for told in _parts(self._read(body)):
            with self.database.write() as connection:
                outcomes += self._act_on_all(connection, told)
        with self.database.write() as connection:
            purge_post(connection, post_id)
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
        targets = {each.key: self.message_ids.read_delivery_token(each.mark) for each in told}
        new = add_events(connection, [_row(each, targets[each.key], now) for each in told])
        fresh = {each.key: each for each in told if each.key in new}
        still_open = self._still_open(connection, [target for key in fresh if (target := targets[key])])
        outcomes = {
            key: self._act(connection, each, targets[key], still_open, now) for key, each in fresh.items()
        }
        for outcome in set(outcomes.values()):
            set_outcomes(connection, outcome, [key for key, what in outcomes.items() if what == outcome])
        return Counter((fresh[key].kind, outcome) for key, outcome in outcomes.items())

    def _still_open(
        self, connection: Connection, targets: Sequence[tuple[int, int]]
    ) -> frozenset[tuple[int, int]]:
        """The deliveries among them that news of their arrival would change: mostly none, so that one look is enough."""
        found: set[tuple[int, int]] = set()
        for issue_id in {issue_id for issue_id, _ in targets if issue_id}:
            readers = [reader_id for each, reader_id in targets if each == issue_id]
            found |= {(issue_id, reader_id) for reader_id in open_among(connection, issue_id, readers)}
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
        if match is None or not self.handler.knows(connection, match):
            return _NOBODY
        return self.handler.handle_matched(connection, told.report, match, now)

    def _settle(self, connection: Connection, told: Told, issue_id: int, number: int, now: datetime) -> str:
        if told.event is None:
            return _AS_KNOWN
        if issue_id:
            settled = settle(connection, issue_id, number, told.event, code=told.code, now=now) is not None
        else:
            settled = told.event is Event.ARRIVE and settle_mail(connection, number, now)
        return _ARRIVED if settled else _AS_KNOWN

    def _match(self, connection: Connection, issue_id: int, number: int) -> Match | None:
        """Whom it is about. A single mail belongs to issue 0, and its own number stands in the reader's place."""
        if issue_id:
            return Match(reader_id=number, issue_id=issue_id)
        reader_id = reader_of_mail(connection, number)
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
    return f"{settings.site.public_url.rstrip('/')}/webhooks/sendgrid"


def webhook_trouble(database: Database, settings: Settings) -> str:
    """What an operator should know before sending; empty when the webhook was seen working, or mail goes another way."""
    if settings.mail.transport is not TransportName.SENDGRID:
        return ""
    with database.read() as connection:
        sign = sign_of(connection)
    return trouble_words(sign, has_key=bool(settings.sendgrid.webhook_key), url=url_of(settings))


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
