"""SendGrid's event webhook, from a real send to the stand-in up to what each reader and delivery becomes."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook
from sqlalchemy import func, select, update
from starlette.datastructures import Headers

from newsletter import __version__
from newsletter.clock import MovedClock
from newsletter.config import Settings
from newsletter.db.engine import Database
from newsletter.db.schema import (
    batches,
    consents,
    deliveries,
    issues,
    mails,
    provider_events,
    readers,
    reports,
    webhook_posts,
)
from newsletter.db.statuses import (
    ConsentChannel,
    DeliveryStatus,
    MailKind,
    MailStatus,
    ReaderStatus,
    WithdrawalReason,
)
from newsletter.delivery.bounces.handling import Matcher, ReportHandler
from newsletter.delivery.message import MessageIds
from newsletter.delivery.progress import get_counts
from newsletter.delivery.store import resume_issue, start_issue
from newsletter.delivery.transactional import queue_mail
from newsletter.delivery.transports import TRANSPORTS
from newsletter.delivery.transports.contract import Verifier
from newsletter.delivery.transports.sendgrid import SendGridEntry
from newsletter.delivery.transports.sendgrid.events import SETTING, is_signed, read_events, read_keys
from newsletter.delivery.transports.sendgrid.sending import SendGrid as SendGridTransport
from newsletter.delivery.transports.webhook import (
    KEPT,
    MOST_UNREAD,
    ProviderEvent,
    Unreadable,
    Webhook,
    forget_events,
    forget_posts_about,
    webhook_trouble,
)
from newsletter.errors import ConfigError
from newsletter.readers.addresses import parse_address
from newsletter.readers.links import LinkSigner
from newsletter.readers.suppression import find_suppression
from tests.config.written import changed
from tests.conftest import THURSDAY
from tests.delivery.house import KEY, add_issue, add_readers, mailing, sender, statuses
from tests.standins.sendgrid import API_KEY, AcceptedMail, SendGrid, dropped
from tests.standins.sendgrid_webhook import Event, Post
from tests.standins.sendgrid_webhook import Webhook as Poster

S = DeliveryStatus
MESSAGE_IDS: MessageIds = mailing().message_ids
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
SENDGRID = TRANSPORTS["sendgrid"]


def verifier(*keys: str) -> Verifier:
    """What believes these keys."""
    return SENDGRID.verifier(changed(Settings(folder=Path()), {"sendgrid.webhook_key": keys}))


def taken(webhook: Webhook, post: Post) -> bool:
    return webhook.take(Headers(post.headers), post.body)


class Told:
    """The alerts that were raised."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def raise_once(self, key: str, subject: str, body: str) -> None:
        self.keys.append(key)


@dataclass(frozen=True)
class Place:
    """An installation, SendGrid's side of its webhook, and the mails that SendGrid has."""

    database: Database
    poster: Poster
    webhook: Webhook
    told: Told

    def post(self, events: Sequence[Event], **changes: Any) -> bool:
        post = replace(self.poster.post(events, THURSDAY), **changes)
        return taken(self.webhook, post)

    def happens(self, kind: str, mails: Sequence[AcceptedMail], **more: object) -> dict[tuple[str, str], int]:
        """SendGrid posts an event for each mail, and they are acted on."""
        assert self.post(self.poster.events(kind, mails, THURSDAY, **more))
        return dict(self.webhook.process())

    def reader(self, reader_id: int) -> ReaderStatus:
        with self.database.read() as connection:
            status: ReaderStatus = connection.execute(
                select(readers.c.status).where(readers.c.id == reader_id)
            ).scalar_one()
            return status

    def stands(self) -> dict[int, str]:
        """Where each reader's delivery stands."""
        with self.database.read() as connection:
            rows = connection.execute(select(deliveries.c.reader_id, deliveries.c.status))
            return {reader_id: status.value for reader_id, status in rows}

    def issue(self) -> str:
        with self.database.read() as connection:
            return str(connection.execute(select(issues.c.status)).scalar_one().value)

    def count(self, table: Any) -> int:
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def went_out(self, status: DeliveryStatus = S.ACCEPTED, count: int = 3) -> list[AcceptedMail]:
        """An issue to `count` readers; each delivery stands as `status`. Returns the mails as SendGrid has them."""
        add_readers(self.database, count)
        add_issue(self.database)
        start_issue(self.database, 1, THURSDAY)
        with self.database.write() as connection:
            connection.execute(update(deliveries).values(status=status))
            if status is not S.BEGUN:
                connection.execute(update(batches).values({status.value: batches.c.readers}))
        return [mail_to(1, number) for number in range(1, count + 1)]


def mail_to(issue_id: int, number: int, salt: int = 0) -> AcceptedMail:
    return AcceptedMail(
        address=f"reader{number}@example.org",
        message_id="stand-in-000001",
        subject="",
        text="",
        html="",
        headers={},
        custom_args={"delivery_id": MESSAGE_IDS.delivery_token(issue_id, number, (0, salt))},
        categories=(),
    )


@pytest.fixture
def place(database: Database) -> Place:
    poster, told = Poster(), Told()
    matcher = Matcher(signer=LinkSigner([KEY]), message_ids=MESSAGE_IDS)
    webhook = Webhook(
        database=database,
        clock=MovedClock(THURSDAY),
        provider=SENDGRID,
        verify=verifier(poster.public_key),
        message_ids=MESSAGE_IDS,
        handler=ReportHandler(database=database, matcher=matcher, suppression_key=KEY),
        alert=told.raise_once,
    )
    return Place(database, poster, webhook, told)


# ── from the wire to the ledger ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def server() -> Iterator[SendGrid]:
    with SendGrid() as server:
        yield server


def test_readers_of_an_unanswered_request_are_settled_by_the_webhook(
    place: Place, server: SendGrid, tmp_path: Path
) -> None:
    add_readers(place.database, 10)
    add_issue(place.database)
    start_issue(place.database, 1, THURSDAY)
    server.misbehave(dropped(accepts=True))
    transport = SendGridTransport(
        api_key=API_KEY, url=server.url, connections=1, now=MovedClock(THURSDAY).now
    )
    sender(place.database, transport, tmp_path).send()
    assert statuses(place.database) == {S.UNSURE: 10}

    assert place.happens("processed", server.mails[:6]) == {("processed", "arrived"): 6}
    place.happens("dropped", server.mails[6:8])
    place.happens("bounce", server.mails[8:9])

    assert statuses(place.database) == {S.ACCEPTED: 6, S.REJECTED: 3, S.UNSURE: 1}
    with place.database.read() as connection:
        progress = get_counts(connection, 1)
    assert (progress.accepted, progress.rejected, progress.unsure, progress.open) == (6, 3, 1, 0)


# ── who is believed ────────────────────────────────────────────────────────────────────────────────────


def test_the_signature_is_what_sendgrids_own_package_takes_for_one() -> None:
    poster = Poster()
    post = poster.post(poster.events("delivered", [mail_to(1, 1)], THURSDAY), THURSDAY)
    signature, timestamp = post.headers[SIGNATURE], post.headers[TIMESTAMP]
    helper = EventWebhook(poster.public_key)
    assert helper.verify_signature(post.body.decode(), signature, timestamp)
    assert is_signed(read_keys([poster.public_key]), post.body, signature, timestamp)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b"[]"},
        {"headers": {SIGNATURE: "", TIMESTAMP: "1"}},
        {"headers": {SIGNATURE: "not base64!", TIMESTAMP: "1"}},
        {"headers": {SIGNATURE: "AAAA", TIMESTAMP: "1"}},
        {"headers": {SIGNATURE: "é", TIMESTAMP: "é"}},
    ],
)
def test_what_is_forged_is_not_even_stored(place: Place, changes: dict[str, Any]) -> None:
    events = place.poster.events("spamreport", place.went_out(), THURSDAY)
    assert not place.post(events, **changes)
    assert place.count(webhook_posts) == 0
    place.webhook.process()
    assert place.reader(1) is ReaderStatus.ACTIVE


def test_a_right_signature_of_another_moment_does_not_fit(place: Place) -> None:
    post = place.poster.post([], THURSDAY)
    assert not taken(place.webhook, replace(post, headers={**post.headers, TIMESTAMP: "1"}))


@pytest.mark.parametrize(
    ("age", "is_taken"),
    [
        (timedelta(0), True),
        (timedelta(days=1, hours=23), True),
        (timedelta(days=2, minutes=1), False),
        (timedelta(days=700), False),
        (timedelta(days=-1), True),
        (timedelta(days=-3), False),
    ],
)
def test_a_post_of_another_time_is_refused_however_well_signed(
    place: Place, age: timedelta, is_taken: bool
) -> None:
    post = place.poster.post([], THURSDAY - age)
    assert taken(place.webhook, post) is is_taken
    week = replace(place.webhook, max_age=timedelta(days=1000))
    assert taken(week, post)


def test_another_accounts_key_is_refused_and_both_fit_while_the_key_changes(place: Place) -> None:
    other = Poster()
    post = other.post([], THURSDAY)
    assert not taken(place.webhook, post)
    both = replace(place.webhook, verify=verifier(place.poster.public_key, other.public_key))
    assert taken(both, post)


def test_without_a_key_nobody_is_believed(place: Place) -> None:
    closed = replace(place, webhook=replace(place.webhook, verify=verifier()))
    assert not closed.post([])


@pytest.mark.parametrize("key", ["", "nonsense", "AAAA", "MFkw"])
def test_a_key_that_is_none_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=SETTING):
        read_keys([key])


def test_a_mark_of_another_newsletter_at_the_same_account_is_left_alone(place: Place) -> None:
    (mail, *_) = place.went_out()
    others = replace(mail, custom_args={"delivery_id": "1.1.0123456789ab"})
    bare = replace(mail, custom_args={})
    assert place.happens("bounce", [others, bare]) == {("bounce", "no mark of ours"): 2}
    assert place.reader(1) is ReaderStatus.ACTIVE


# ── once ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_that_comes_twice_is_acted_on_once(place: Place) -> None:
    events = place.poster.events("bounce", place.went_out(), THURSDAY, status="4.2.2", reason="full")
    for _ in range(3):
        place.post(events)
    assert place.webhook.process() == {("bounce", "counted"): 3}
    assert place.count(provider_events) == 3
    assert place.webhook.process() == {}


def test_an_event_twice_in_one_post_is_acted_on_once(place: Place) -> None:
    (event, *_) = place.poster.events("spamreport", place.went_out(), THURSDAY)
    place.post([event, event])
    assert place.webhook.process() == {("spamreport", "complained"): 1}
    assert place.count(reports) == 1


def test_a_post_is_gone_once_it_was_acted_on_and_leaves_no_address(place: Place) -> None:
    mails_out = place.went_out()
    place.post(place.poster.events("delivered", mails_out, THURSDAY))
    assert place.count(webhook_posts) == 1
    place.webhook.process()
    assert place.count(webhook_posts) == 0
    with place.database.read() as connection:
        rows = connection.execute(select(provider_events)).all()
    assert "example.org" not in repr(rows)


def test_events_without_an_id_are_told_apart_by_what_they_say(place: Place) -> None:
    events = place.poster.events("delivered", place.went_out(), THURSDAY)
    for event in events:
        del event["sg_event_id"]
    place.post([*events, *events])
    place.webhook.process()
    assert place.count(provider_events) == 3


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_events_changes_nothing(place: Place, seed: int) -> None:
    mails_out = place.went_out(S.UNSURE, 4)
    events = [
        *place.poster.events("processed", mails_out, THURSDAY),
        *place.poster.events("delivered", mails_out[:3], THURSDAY),
        *place.poster.events("bounce", mails_out[1:2], THURSDAY),
        *place.poster.events("spamreport", mails_out[2:3], THURSDAY),
        *place.poster.events("deferred", mails_out, THURSDAY),
    ]
    chance = random.Random(seed)
    chance.shuffle(events)
    for start in range(0, len(events), 3):
        place.post(events[start : start + 3])
        place.webhook.process()
    assert statuses(place.database) == {S.ACCEPTED: 3, S.REJECTED: 1}
    assert [place.reader(number) for number in range(1, 5)] == [
        ReaderStatus.ACTIVE,
        ReaderStatus.BOUNCED,
        ReaderStatus.COMPLAINED,
        ReaderStatus.ACTIVE,
    ]


# ── what each kind means ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["processed", "deferred", "delivered", "open", "click"])
def test_what_sendgrid_has_did_arrive(place: Place, kind: str) -> None:
    mails_out = place.went_out(S.UNSURE)
    assert place.happens(kind, mails_out) == {(kind, "arrived"): 3}
    assert statuses(place.database) == {S.ACCEPTED: 3}
    assert place.happens("delivered", mails_out) == {("delivered", "as known"): 3}


def test_news_can_be_faster_than_our_own_commit(place: Place) -> None:
    place.happens("delivered", place.went_out(S.BEGUN))
    assert statuses(place.database) == {S.ACCEPTED: 3}


@pytest.mark.parametrize(
    ("said", "code", "outcome", "becomes"),
    [
        ({"status": "5.1.1"}, "5.1.1", "dead address", ReaderStatus.BOUNCED),
        ({"status": "5.0.0", "reason": "550 5.1.1 nobody"}, "5.1.1", "dead address", ReaderStatus.BOUNCED),
        ({"status": "", "reason": "no such user"}, None, "dead address", ReaderStatus.BOUNCED),
        (
            {"status": "", "reason": "no", "bounce_classification": "Unclassified"},
            None,
            "counted",
            ReaderStatus.ACTIVE,
        ),
        (
            {"type": "blocked", "status": "5.7.1", "bounce_classification": "Reputation"},
            "5.7.1",
            "policy",
            ReaderStatus.ACTIVE,
        ),
        ({"type": "blocked", "status": "5.0.0", "reason": "no"}, "5.0.0", "policy", ReaderStatus.ACTIVE),
        ({"status": "5.2.2", "bounce_classification": "Mailbox Unavailable"}, "5.2.2", "counted", ReaderStatus.ACTIVE),
    ],
)  # fmt: skip
def test_a_bounce_is_judged_by_the_same_rules_as_one_by_mail(
    place: Place, said: dict[str, object], code: str | None, outcome: str, becomes: ReaderStatus
) -> None:
    (mail, *_) = place.went_out()
    assert place.happens("bounce", [mail], **said) == {("bounce", outcome): 1}
    assert place.reader(1) is becomes
    with place.database.read() as connection:
        row = connection.execute(
            select(deliveries.c.status, deliveries.c.code).where(deliveries.c.reader_id == 1)
        ).one()
    assert (row.status, row.code) == (S.REJECTED, code)


@pytest.mark.parametrize(
    ("reason", "outcome", "becomes"),
    [
        ("Bounced Address", "dead address", ReaderStatus.BOUNCED),
        ("Invalid", "dead address", ReaderStatus.BOUNCED),
        ("Unsubscribed Address", "left", ReaderStatus.LEFT),
        ("Spam Reporting Address", "complained", ReaderStatus.COMPLAINED),
        ("Recipient List over Package Quota", "policy", ReaderStatus.ACTIVE),
        ("", "policy", ReaderStatus.ACTIVE),
    ],
)
def test_a_drop_says_what_sendgrid_knows_of_the_reader(
    place: Place, reason: str, outcome: str, becomes: ReaderStatus
) -> None:
    (mail, *_) = place.went_out()
    assert place.happens("dropped", [mail], reason=reason) == {("dropped", outcome): 1}
    assert place.reader(1) is becomes
    assert statuses(place.database) == {S.ACCEPTED: 2, S.REJECTED: 1}


def test_a_complaint_is_suppressed_and_said_to_come_from_sendgrid(place: Place) -> None:
    (mail, *_) = place.went_out()
    place.happens("spamreport", [mail])
    with place.database.read() as connection:
        address = parse_address("reader1@example.org")
        assert find_suppression(connection, address, KEY) is not None
        ends = connection.execute(select(consents.c.channel, consents.c.reason)).all()
    assert ends == [(ConsentChannel.PROVIDER, WithdrawalReason.COMPLAINT)]
    assert statuses(place.database) == {S.ACCEPTED: 3}


@pytest.mark.parametrize("kind", ["unsubscribe", "group_unsubscribe"])
def test_who_leaves_at_sendgrid_has_left(place: Place, kind: str) -> None:
    (mail, *_) = place.went_out()
    assert place.happens(kind, [mail]) == {(kind, "left"): 1}
    assert place.reader(1) is ReaderStatus.LEFT


def case(
    kind: str,
    reader: str = "active",
    delivery: str = "accepted",
    issue: str = "sending",
    told: str = "",
    **said: str,
) -> Any:
    """One row of the table below: what an event does to the reader, their delivery and the issue, and what is told."""
    return pytest.param(kind, said, reader, delivery, issue, told, id=" ".join((kind, *said.values())))  # fmt: skip


DROPS, ACCOUNT = (
    "sendgrid-trouble:2026-11-26:sendgrid-drops-mails",
    "sendgrid-trouble:2026-11-26:sendgrid-has-changed",
)


@pytest.mark.parametrize(
    ("kind", "said", "reader", "delivery", "issue", "told"),
    [
        *(case(kind) for kind in ("processed", "deferred", "delivered", "open", "click")),
        case("spamreport", "complained"),
        case("unsubscribe", "left"),
        case("group_unsubscribe", "left"),
        case("group_resubscribe"),
        case("tomorrows_kind"),
        case("bounce", "bounced", "rejected", type="bounce", status="5.1.1"),
        case("bounce", "bounced", "rejected", status="", reason="no such user"),
        case("bounce", "active", "rejected", status="5.2.2"),
        case("bounce", "active", "rejected", status="5.7.1"),
        case("bounce", "active", "rejected", type="blocked", status="5.1.1", reason="550 5.7.1 client host blocked"),
        case("bounce", "active", "rejected", type="blocked", status="5.1.1", reason="550 5.1.1 poor reputation"),
        case("bounce", "active", "rejected", type="Blocked", status="5.2.1", reason="550 5.2.1 disabled"),
        case("bounce", "active", "rejected", type="blocked", status="", reason="no"),
        case("bounce", "active", "rejected", type="bounce", status="5.1.1", bounce_classification="Reputation"),
        case("bounce", "active", "rejected", status="5.1.1", reason="550 5.1.1 no", bounce_classification="Content"),
        case("bounce", "active", "rejected", type="bounce", status="5.1.1", reason="550 5.7.1 we block you"),
        case("dropped", "bounced", "rejected", reason="Bounced Address"),
        case("dropped", "bounced", "rejected", reason="Invalid"),
        case("dropped", "left", "rejected", reason="Unsubscribed Address"),
        case("dropped", "complained", "rejected", reason="Spam Reporting Address"),
        case("dropped", "active", "rejected", "paused", DROPS, reason="Recipient List over Package Quota"),
        case("dropped", "active", "rejected", "paused", DROPS, reason="Spam Content"),
        case("dropped", "active", "rejected", "paused", DROPS, reason="Invalid SMTPAPI header"),
        case("dropped", "active", "rejected", "sending", DROPS, reason="Something new"),
        case("dropped", "active", "rejected", "sending", DROPS, reason=""),
        case("account_status_change", issue="paused", told=ACCOUNT, type="compliance_suspend"),
        case("account_status_change", issue="paused", told=ACCOUNT, type="compliance_ban"),
        case("account_status_change", issue="paused", told=ACCOUNT, type="compliance_deactivate"),
        case("account_status_change", issue="paused", told=ACCOUNT, type=""),
        case("account_status_change", type="compliance_reactivate"),
    ],
)  # fmt: skip
def test_what_each_event_does(
    place: Place, kind: str, said: dict[str, object], reader: str, delivery: str, issue: str, told: str
) -> None:
    mails_out = place.went_out()
    place.happens(kind, mails_out[:1], **said)
    place.happens(kind, mails_out[1:2], **said)
    stands = place.stands()
    assert [place.reader(1).value, stands[1], place.issue()] == [reader, delivery, issue]
    assert [place.reader(3).value, stands[3]] == ["active", "accepted"]
    assert [key[: len(told)] for key in place.told.keys] == ([told, told] if told else [])
    assert len(set(place.told.keys)) == bool(told)


def test_news_of_before_somebody_let_the_issue_go_on_does_not_pause_it_again(place: Place) -> None:
    first, second, third = place.went_out()
    place.happens("dropped", [first], reason="Recipient List over Package Quota")
    assert place.issue() == "paused"
    with place.database.write() as connection:
        resume_issue(connection, 1, THURSDAY + timedelta(hours=1))
    place.happens("dropped", [second], reason="Recipient List over Package Quota")
    assert place.issue() == "sending"
    later = int(THURSDAY.timestamp()) + 7200
    place.happens("dropped", [third], reason="Recipient List over Package Quota", timestamp=later)
    assert place.issue() == "paused"


def test_what_is_said_of_another_newsletter_at_the_account_stops_nothing(place: Place) -> None:
    (mail, *_) = place.went_out()
    others = replace(mail, custom_args={"delivery_id": "theirs"})
    place.happens("dropped", [others], reason="Spam Content")
    assert (place.issue(), place.told.keys) == ("sending", [])


@pytest.mark.parametrize("kind", ["group_resubscribe", "tomorrows_kind"])
def test_kinds_that_nobody_here_knows_are_kept_and_do_nothing(place: Place, kind: str) -> None:
    (mail, *_) = place.went_out(S.UNSURE)
    assert place.happens(kind, [mail]) == {(kind, KEPT): 1}
    assert (place.count(provider_events), place.reader(1)) == (1, ReaderStatus.ACTIVE)
    assert statuses(place.database) == {S.UNSURE: 3}


def test_a_single_mail_is_settled_and_its_reader_found(place: Place) -> None:
    add_readers(place.database, 1)
    with place.database.write() as connection:
        for key, reader_id in (("hello", 1), ("alert:x", None)):
            queue_mail(connection, MailKind.WELCOME, key, reader_id, {}, THURSDAY)
        connection.execute(update(mails).values(status=MailStatus.UNSURE))
        queued = connection.execute(select(mails.c.id, mails.c.salt).order_by(mails.c.id)).all()
    both = [mail_to(0, *each) for each in queued]
    assert place.happens("delivered", both) == {("delivered", "arrived"): 2}
    with place.database.read() as connection:
        assert connection.execute(select(mails.c.status)).scalars().all() == [MailStatus.ACCEPTED] * 2
    assert place.happens("bounce", both) == {("bounce", "dead address"): 1, ("bounce", "nobody known"): 1}
    assert place.reader(1) is ReaderStatus.BOUNCED


def test_a_mark_that_outlived_its_reader_does_nothing(place: Place) -> None:
    assert place.happens("bounce", [mail_to(7, 99)]) == {("bounce", "nobody known"): 1}


# ── two providers ──────────────────────────────────────────────────────────────────────────────────────


class OneAtATime(SendGridEntry):
    """A provider that posts each event by itself."""

    name = "other"

    def read_events(self, body: bytes) -> Sequence[ProviderEvent]:
        return read_events(b"[%b]" % body)


def test_each_provider_reads_its_own_posts(place: Place) -> None:
    first, second, _ = place.went_out()
    other = replace(place.webhook, provider=OneAtATime(), verify=lambda headers, body: True)
    place.post(place.poster.events("spamreport", [first], THURSDAY))
    (event,) = place.poster.events("bounce", [second], THURSDAY)
    assert other.take({}, json.dumps(event).encode())
    assert place.webhook.process() == {("spamreport", "complained"): 1}
    assert other.process() == {("bounce", "dead address"): 1}
    assert (place.count(webhook_posts), place.told.keys) == (0, [])


# ── posts as they should not be ────────────────────────────────────────────────────────────────────────


def post_raw(place: Place, body: bytes) -> None:
    moment = str(int(THURSDAY.timestamp()))
    headers = {TIMESTAMP: moment, SIGNATURE: place.poster.sign(moment.encode() + body)}
    assert taken(place.webhook, Post(body=body, headers=headers))


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"event": "bounce"}'])
def test_a_signed_post_that_is_no_list_is_kept_and_said_once(place: Place, body: bytes) -> None:
    post_raw(place, body)
    for _ in range(2):
        assert place.webhook.process() == {}
    assert (place.count(webhook_posts), place.told.keys) == (1, [f"webhook-unreadable:{__version__}"])


def test_what_could_not_be_read_is_read_by_a_later_release_and_bounded_until_then(place: Place) -> None:
    (mail, *_) = place.went_out(S.UNSURE)
    event = place.poster.events("delivered", [mail], THURSDAY)[0]
    for number in range(MOST_UNREAD + 2):
        post_raw(place, b"%d" % number)
    place.webhook.process()
    assert place.count(webhook_posts) == MOST_UNREAD
    # Behind them others are acted on as ever.
    assert place.happens("delivered", [mail_to(1, 2)]) == {("delivered", "arrived"): 1}
    later = {"unread_by": "0.0.1", "body": json.dumps([event]).encode()}
    with place.database.write() as connection:
        newest = select(func.max(webhook_posts.c.id)).scalar_subquery()
        connection.execute(update(webhook_posts).where(webhook_posts.c.id == newest).values(later))
    assert place.webhook.process() == {("delivered", "arrived"): 1}
    assert place.count(webhook_posts) == MOST_UNREAD - 1
    with place.database.write() as connection:
        forget_events(connection, THURSDAY + timedelta(seconds=1))
    assert place.count(webhook_posts) == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "Jos\xc3\xa9.X@example.org"}',
        b'{"email": "jos\\u00e9.x@EXAMPLE.org"}',
        b"email=jos%C3%A9.x%40example.org",
    ],
)
def test_a_post_that_nobody_can_read_is_forgotten_with_whom_it_names(place: Place, body: bytes) -> None:
    post_raw(place, body)
    post_raw(place, b'{"email": "somebody.else@example.org"}')
    place.webhook.process()
    with place.database.write() as connection:
        forget_posts_about(connection, ["josé.x@example.org"])
    with place.database.read() as connection:
        (kept,) = connection.execute(select(webhook_posts.c.body)).scalars()
    assert b"somebody.else" in kept


def test_what_is_no_event_among_events_is_passed_over(place: Place) -> None:
    (mail, *_) = place.went_out(S.UNSURE)
    event = place.poster.events("delivered", [mail], THURSDAY)[0]
    post_raw(place, json.dumps([None, 7, "x", [], {}, event]).encode())
    assert place.webhook.process()["delivered", "arrived"] == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    "event",
    "sg_event_id",
    "timestamp",
    "delivery_id",
    "reason",
    "status",
    "type",
    "bounce_classification",
)
KINDS = st.sampled_from(["bounce", "dropped", "spamreport", "delivered"])


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON | KINDS, max_size=8), max_size=3))
def test_events_of_any_shape_are_read_without_failing(events: list[dict[str, Any]]) -> None:
    told = read_events(json.dumps(events).encode())
    assert len(told) == len(events)
    assert all(len(each.key) <= 100 and each.key.isascii() and len(each.kind) <= 50 for each in told)
    assert all(len(each.code) <= 50 and "\0" not in each.mark + each.code for each in told if not each.mark)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Unreadable):
        read_events(body)


def test_a_post_of_thousands_of_events_is_acted_on(place: Place) -> None:
    mails_out = place.went_out(S.UNSURE, 2_000)
    assert place.happens("delivered", mails_out) == {("delivered", "arrived"): 2_000}
    assert statuses(place.database) == {S.ACCEPTED: 2_000}


def test_events_are_forgotten_in_time(place: Place) -> None:
    place.happens("delivered", place.went_out())
    with place.database.write() as connection:
        assert forget_events(connection, THURSDAY) == 0
        assert forget_events(connection, MovedClock(THURSDAY).now().replace(hour=10)) == 3


# ── whether it works ───────────────────────────────────────────────────────────────────────────────────


def trouble(place: Place, *, has_key: bool = True) -> str:
    given = {
        "mail.transport": "sendgrid",
        "site.public_url": "https://news.example.org",
        "sendgrid.webhook_key": (place.poster.public_key,) if has_key else (),
    }
    return webhook_trouble(place.database, changed(Settings(folder=Path()), given))


def test_a_webhook_that_was_never_seen_is_warned_of_until_it_is(place: Place) -> None:
    assert "is not set up (sendgrid.webhook_key)" in trouble(place, has_key=False)
    assert "has never reached https://news.example.org/webhooks/sendgrid" in trouble(place)
    place.post([], headers={SIGNATURE: "AAAA", TIMESTAMP: "1"})
    assert "sendgrid.webhook_key does not fit" in trouble(place)
    place.post([])
    assert place.webhook.health().seen_at == THURSDAY


def test_a_stranger_who_keeps_knocking_is_written_down_once_a_minute(place: Place) -> None:
    post = Post(body=b"", headers={SIGNATURE: "AAAA", TIMESTAMP: "1"})
    for _ in range(3):
        taken(place.webhook, post)
    assert place.webhook.health().refused_at == THURSDAY
