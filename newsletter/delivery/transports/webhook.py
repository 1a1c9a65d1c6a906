"""A provider's webhook: a post is stored as it came, answered, and acted on afterwards; then its body is deleted.

A post that this release cannot read is kept for a later one: the provider, which would try again, does so for a day only.
Posts come late, twice and in any order. An event is acted on once, by its id; what the events of one delivery lead to
does not depend on their order: that is states.py's work. What the events of a provider say is in the provider's folder,
what a bounce or complaint means for a reader in bounces/.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError

from newsletter import __version__
from newsletter.clock import Clock
from newsletter.commands import suggest
from newsletter.config import Settings
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import deliveries, issues, mails, provider_events, webhook_posts, webhooks
from newsletter.db.statuses import IssueStatus, MailStatus
from newsletter.delivery.bounces.handling import Match, ReportHandler
from newsletter.delivery.bounces.parse import Report
from newsletter.delivery.message import MessageIds
from newsletter.delivery.states import Event, sources_of
from newsletter.delivery.store import pause_issue
from newsletter.delivery.takeover import settle
from newsletter.delivery.transports import entry_of, webhook_path
from newsletter.delivery.transports.contract import Entry, Verifier
from newsletter.errors import NewsletterError

log = logging.getLogger(__name__)

#: Events acted on in one transaction, and posts in one go: a sender waits for no more than that.
_EVENTS, _POSTS = 100, 100

#: Posts of a provider that are kept though they cannot be read, the newest.
MOST_UNREAD = 20

#: Strangers may post as often as they like: a refusal is recorded this often at most.
_REFUSAL_NOTED_EVERY = timedelta(minutes=1)

#: What events come to.
KEPT = "kept"
_NOT_OURS, _NOBODY, _AS_KNOWN, _ARRIVED = "no mark of ours", "nobody known", "as known", "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One event. `key` tells it from every other, those of other providers too; `mark` is the delivery_id that we gave the message, or empty."""

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
    #: What it says of us and not of a reader, in words for the operator; and whether an issue must not go on.
    trouble: str = ""
    stops: bool = False


class Unreadable(ValueError):
    """A post is not what its provider documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHealth:
    """When the last post with a right signature came, and the last with a wrong one; None: never."""

    seen_at: datetime | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The webhook of one transport at one installation; without keys it believes nobody."""

    provider: Entry
    verify: Verifier
    database: Database
    clock: Clock
    message_ids: MessageIds
    handler: ReportHandler
    max_age: timedelta = timedelta(days=2)
    #: Tells the operator, of one key once: key, subject, body.
    alert: Callable[[str, str, str], None]
    #: Whether issues go out by this provider now.
    is_in_use: bool = True

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Store a post, durably; False, and nothing stored, where its signature is not the provider's or too old.

        A post that somebody kept must not be told again when the ids of its events are forgotten.
        """
        now = self.clock.now()
        signed_at = self.provider.signed_at(headers)
        is_old = signed_at is not None and abs(now - signed_at) > self.max_age
        if is_old or not self.verify(headers, body):
            refused_at = self.health().refused_at
            if refused_at is None or refused_at + _REFUSAL_NOTED_EVERY < now:
                with self.database.write() as connection:
                    _note_health(connection, self.provider.name, refused_at=now)
            return False
        with self.database.write() as connection:
            connection.execute(
                insert(webhook_posts).values(provider=self.provider.name, body=body, received_at=now)
            )
            _note_health(connection, self.provider.name, seen_at=now)
        return True

    def health(self) -> WebhookHealth:
        """Return when it was last seen working, and last refused somebody."""
        with self.database.read() as connection:
            return _health_of(connection, self.provider.name)

    def process(self) -> Counter[tuple[str, str]]:
        """Act on every post of the provider that waits; return how often each kind of event came to each outcome."""
        with self.database.read() as connection:
            may_be_read = or_(webhook_posts.c.unread_by.is_(None), webhook_posts.c.unread_by != __version__)
            mine = select(webhook_posts.c.id).where(
                webhook_posts.c.provider == self.provider.name, may_be_read
            )
            waiting = connection.execute(mine.order_by(webhook_posts.c.id).limit(_POSTS)).scalars().all()
        outcomes: Counter[tuple[str, str]] = Counter()
        for post_id in waiting:
            try:
                outcomes += self._process(post_id)
            except (DBAPIError, NewsletterError, OSError):
                # The place, not the post: it waits for the next time.
                raise
            except Unreadable as error:
                log.error("a signed post of the webhook cannot be read: %s", error)
                self._keep(post_id, str(error))
            # One post that we cannot digest must not keep the others waiting.
            except Exception:
                log.exception("post %s of the webhook could not be acted on", post_id)
                self._keep(post_id, "an error in this program, which stands in its log")
        return outcomes

    def _keep(self, post_id: int, why: str) -> None:
        """Put a post aside for a later release, with the newest others, and tell the operator. Commits."""
        unread = select(webhook_posts.c.id).where(
            webhook_posts.c.provider == self.provider.name, webhook_posts.c.unread_by.is_not(None)
        )
        with self.database.write() as connection:
            this = update(webhook_posts).where(webhook_posts.c.id == post_id)
            connection.execute(this.values(unread_by=__version__))
            kept = connection.execute(unread.order_by(webhook_posts.c.id.desc())).scalars().all()
            connection.execute(delete(webhook_posts).where(webhook_posts.c.id.in_(kept[MOST_UNREAD:])))
        title = self.provider.title
        self.alert(
            f"webhook-unreadable:{__version__}",
            f"{title}'s webhook posts what we cannot read",
            f"{title} signed a post that this release ({__version__}) cannot read: {why}.\n\nThe newest {MOST_UNREAD} such posts "
            "are kept for retention.events, and a later release reads them. Until then bounces and complaints in them are missing.",
        )

    def _process(self, post_id: int) -> Counter[tuple[str, str]]:
        with self.database.read() as connection:
            query = select(webhook_posts.c.body).where(webhook_posts.c.id == post_id)
            body: bytes | None = connection.execute(query).scalar()
        if body is None:
            # Somebody else has been through it meanwhile.
            return Counter()
        outcomes: Counter[tuple[str, str]] = Counter()
        events = self.provider.read_events(bytes(body))
        # Before they are noted: who dies in between tells it again, which is no second alert.
        self._tell_of_trouble([each for each in events if each.trouble])
        for start in range(0, len(events), _EVENTS):
            with self.database.write() as connection:
                outcomes += self._act_on_all(connection, events[start : start + _EVENTS])
        with self.database.write() as connection:
            connection.execute(delete(webhook_posts).where(webhook_posts.c.id == post_id))
        return outcomes

    def _act_on_all(
        self, connection: Connection, events: Sequence[ProviderEvent]
    ) -> Counter[tuple[str, str]]:
        now = self.clock.now()
        known = self.message_ids.read_delivery_tokens(connection, {each.mark for each in events})
        targets = {each.key: known.get(each.mark) for each in events}
        new = _add_events(connection, [_row(each, targets[each.key], now) for each in events])
        fresh = {each.key: each for each in events if each.key in new}
        still_open = _still_open(connection, [target for key in fresh if (target := targets[key])])
        outcomes = {
            key: self._act(connection, each, targets[key], still_open, now) for key, each in fresh.items()
        }
        for each in fresh.values():
            if each.stops:
                self._stop(connection, each, targets[each.key], now)
        for outcome in set(outcomes.values()):
            alike = provider_events.c.id.in_([key for key, what in outcomes.items() if what == outcome])
            connection.execute(update(provider_events).where(alike).values(outcome=outcome))
        return Counter((fresh[key].kind, outcome) for key, outcome in outcomes.items())

    def _tell_of_trouble(self, events: Sequence[ProviderEvent]) -> None:
        """Tell the operator what the provider says of us: each trouble once a day, of our own mails only."""
        with self.database.read() as connection:
            ours = self.message_ids.read_delivery_tokens(connection, {each.mark for each in events})
        about_us = [each for each in events if each.report is None or ours.get(each.mark)]
        for event in {each.trouble: each for each in about_us}.values():
            word = re.sub(r"[^a-z]+", "-", event.trouble.lower()).strip("-")
            on = (event.at or self.clock.now()).date()
            paused = "What goes out this way is paused. " if event.stops else ""
            of_issues = {
                target[0]
                for each in about_us
                if each.trouble == event.trouble and (target := ours.get(each.mark)) and target[0]
            }
            issue = str(of_issues.pop()) if len(of_issues) == 1 else "ISSUE"
            body = (
                f"{event.trouble}.\n\n{paused}Look at {self.provider.title}'s page. Whose copy was dropped has none and is "
                "rejected, with the code `dropped`. Once that is mended, let the issue go on if it is paused, and send it to them:\n\n"
                f"    {suggest('status')}\n    {suggest('resume', issue)}\n    {suggest('send', '--to-missed', issue)}"
            )
            self.alert(f"{self.provider.name}-trouble:{on}:{word}"[:200], event.trouble, body)

    def _stop(
        self, connection: Connection, event: ProviderEvent, target: tuple[int, int] | None, now: datetime
    ) -> None:
        """Pause what goes out: the event's issue, or every one where it is about the account.

        What happened before somebody let the issue go on is no news to them.
        """
        if target is None and (event.report is not None or not self.is_in_use):
            return
        going = select(issues.c.id, issues.c.updated_at).where(issues.c.status == IssueStatus.SENDING)
        if target is not None:
            going = going.where(issues.c.id == target[0])
        for issue_id, let_go_at in connection.execute(going).all():
            if event.at is None or event.at >= let_go_at.replace(microsecond=0):
                pause_issue(connection, issue_id, event.trouble, now)

    def _act(
        self,
        connection: Connection,
        event: ProviderEvent,
        target: tuple[int, int] | None,
        still_open: frozenset[tuple[int, int]],
        now: datetime,
    ) -> str:
        """Act on one event, and return what it leads to in a word or two."""
        if event.event is None and event.report is None:
            return KEPT
        if target is None:
            return _NOT_OURS
        issue_id, number = target
        if event.report is None and issue_id and target not in still_open:
            return _AS_KNOWN
        outcome = self._settle(connection, event, issue_id, number, now)
        if event.report is None:
            return outcome
        match = self._match(connection, issue_id, number)
        if match is None or not self.handler.knows(connection, match):
            return _NOBODY
        return self.handler.handle_matched(connection, event.report, match, now)

    def _settle(
        self, connection: Connection, event: ProviderEvent, issue_id: int, number: int, now: datetime
    ) -> str:
        if event.event is None:
            return _AS_KNOWN
        if issue_id:
            settled = settle(connection, issue_id, number, event.event, code=event.code, now=now) is not None
        else:
            unsure = update(mails).where(mails.c.id == number, mails.c.status == MailStatus.UNSURE)
            accepted = unsure.values(status=MailStatus.ACCEPTED, at=now, code=None, values={})
            settled = event.event is Event.ARRIVE and connection.execute(accepted).rowcount == 1
        return _ARRIVED if settled else _AS_KNOWN

    def _match(self, connection: Connection, issue_id: int, number: int) -> Match | None:
        """Return whom it is about. A single mail belongs to issue 0, and its own id stands in the reader's place."""
        if issue_id:
            return Match(reader_id=number, issue_id=issue_id)
        reader_id = connection.execute(select(mails.c.reader_id).where(mails.c.id == number)).scalar()
        return None if reader_id is None else Match(reader_id=reader_id, mail_id=number)


def _row(event: ProviderEvent, target: tuple[int, int] | None, now: datetime) -> dict[str, Any]:
    """Return the event as it is remembered: no address, no word of anybody's."""
    issue_id, reader_id = target if target and target[0] else (None, None)
    return {
        "id": event.key,
        "kind": event.kind,
        "at": event.at if event.at is not None and event.at < now else now,
        "reader_id": reader_id,
        "issue_id": issue_id,
        "code": event.code,
        "outcome": "",
    }


def webhook_trouble(database: Database, settings: Settings) -> str:
    """Return what an operator should know before sending; empty: the webhook was seen working, or there is none."""
    entry = entry_of(settings)
    if not entry.webhook_limit:
        return ""
    unread = select(func.count()).where(
        webhook_posts.c.provider == entry.name, webhook_posts.c.unread_by.is_not(None)
    )
    with database.read() as connection:
        health = _health_of(connection, entry.name)
        kept = connection.execute(unread).scalar_one()
    url = f"{settings.site.public_url.rstrip('/')}{webhook_path(entry.name)}"
    title, setting = entry.title, entry.webhook_setting
    if not entry.has_webhook_key(settings):
        return (
            f"{title}'s event webhook is not set up ({setting}): bounces and complaints will not come back, "
            f"and readers of whom {title} did not answer stay unsure."
        )
    if health.refused_at is not None and (health.seen_at is None or health.seen_at < health.refused_at):
        since = f"{health.refused_at:%Y-%m-%d %H:%M} UTC"
        return f"Posts to {url} are refused since {since}: {setting} does not fit their signature."
    if health.seen_at is None:
        return (
            f"{title}'s event webhook has never reached {url}: test it on {title}'s page before you rely on it. "
            "Until then bounces and complaints do not come back."
        )
    if kept:
        posts = "1 post" if kept == 1 else f"{kept} posts"
        return f"{posts} of {title}'s event webhook could not be read: bounces and complaints in them wait for a later release."
    return ""


# Queries: events that were seen, deliveries they would change, when the last good post came. No commits.


def _add_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Remember events, rows of provider_events; returns the ids of those that were not known."""
    if not rows:
        return frozenset()
    statement = insert_into(provider_events, connection.dialect.name).on_conflict_do_nothing(
        index_elements=["id"]
    )
    return frozenset(connection.execute(statement.returning(provider_events.c.id), list(rows)).scalars())


def forget_events(connection: Connection, before: datetime) -> int:
    """Delete events that happened before a moment, and posts from before it that nobody could read; returns how many events."""
    unread = (webhook_posts.c.unread_by.is_not(None), webhook_posts.c.received_at < before)
    connection.execute(delete(webhook_posts).where(*unread))
    return connection.execute(delete(provider_events).where(provider_events.c.at < before)).rowcount


def forget_posts_about(connection: Connection, addresses: Sequence[str]) -> None:
    """Delete the posts that nobody could read and that name one of the addresses."""
    unread = select(webhook_posts.c.id, webhook_posts.c.body).where(webhook_posts.c.unread_by.is_not(None))
    written = {
        way(address).casefold()
        for address in addresses
        for way in (str, quote, lambda each: json.dumps(each)[1:-1])
    }
    for post_id, body in connection.execute(unread).all() if written else ():
        said = bytes(body).decode("utf-8", "replace").casefold()
        if any(each in said for each in written):
            connection.execute(delete(webhook_posts).where(webhook_posts.c.id == post_id))


def _still_open(connection: Connection, targets: Sequence[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Return the deliveries that news of their arrival would change: mostly none, so that one look is enough."""
    found: set[tuple[int, int]] = set()
    for issue_id in {issue_id for issue_id, _ in targets if issue_id}:
        reader_ids = [reader_id for each, reader_id in targets if each == issue_id]
        theirs = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id.in_(reader_ids))
        can_arrive = deliveries.c.status.in_(sources_of(Event.ARRIVE))
        query = select(deliveries.c.reader_id).where(*theirs, can_arrive)
        found |= {(issue_id, reader_id) for reader_id in connection.execute(query).scalars()}
    return frozenset(found)


def _health_of(connection: Connection, name: str) -> WebhookHealth:
    query = select(webhooks.c.seen_at, webhooks.c.refused_at).where(webhooks.c.name == name)
    row = connection.execute(query).first()
    return WebhookHealth(**row._mapping) if row else WebhookHealth()


def _note_health(connection: Connection, name: str, **moments: datetime) -> None:
    """Write down `seen_at` or `refused_at`."""
    statement = insert_into(webhooks, connection.dialect.name).values(name=name, **moments)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moments))
