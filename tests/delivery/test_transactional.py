"""Single mails: queued once, sent once, and what becomes of those that cannot be. On both databases."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from newsletter.clock import MovedClock
from newsletter.config import template_folders
from newsletter.db.engine import Database
from newsletter.db.schema import alerts, mails, readers
from newsletter.db.statuses import MailKind, MailStatus, ReaderStatus
from newsletter.delivery.alerts import Alerts
from newsletter.delivery.journal import Journal
from newsletter.delivery.ledger import Lease, Recipient
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.message import Mailing, MessageIds
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transactional import (
    FORGOTTEN_AFTER,
    TransactionalSender,
    begin_mails,
    describe_mails,
    queue_mail,
    record_mail,
)
from newsletter.delivery.transports import Session, Started
from newsletter.delivery.transports.outbox.maildir import Outbox
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from newsletter.readers.links import LinkSigner
from tests.conftest import THURSDAY
from tests.delivery.house import FRAME, KEY, add_readers, hash_address

CONFIRM = {"confirm_url": "https://news.example.org/confirm/abc", "days": 30}


def queue(database: Database, key: str = "confirm:1", reader_id: int | None = 1, **values: Any) -> bool:
    with database.write() as connection:
        return queue_mail(connection, MailKind.CONFIRMATION, key, reader_id, {**CONFIRM, **values}, THURSDAY)


def add_unconfirmed(database: Database) -> None:
    add_readers(database, 1, status=ReaderStatus.UNCONFIRMED)


def transactional_sender(
    database: Database, clock: MovedClock, transport: Any, journals: Path, **changes: Any
) -> TransactionalSender:
    usual: dict[str, Any] = {
        "database": database,
        "clock": clock,
        "frame": replace(FRAME, list_id="", list_name="", archive_url=""),
        "template_folders": template_folders(None),
        "signer": LinkSigner([KEY]),
        "message_ids": MessageIds(key=KEY, domain="news.example.org"),
        "operator_address": "operator@example.org",
        "transport": lambda: transport,
        "retry_policy": RetryPolicy(attempts=2, first=timedelta(minutes=5), longest=timedelta(hours=1)),
        "journals": journals,
        "hash_address": hash_address,
    }
    return TransactionalSender(**usual | changes)


def smtp(server: Loopback) -> Smtp:
    waits = Waits(connect=5, command=5, body=5, final=5)
    return Smtp(relay=Relay(host="127.0.0.1", port=server.port, waits=waits))


def rows(database: Database) -> list[tuple[MailStatus, str | None]]:
    with database.read() as connection:
        return [
            tuple(row)
            for row in connection.execute(select(mails.c.status, mails.c.code).order_by(mails.c.id))
        ]


def test_a_mail_is_sent_once(database: Database, clock: MovedClock, tmp_path: Path) -> None:
    add_unconfirmed(database)
    queue(database)
    man = transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal")
    assert (man.deliver(), man.deliver()) == (1, 0)
    (path,) = (tmp_path / "new").iterdir()
    message = path.read_bytes()
    assert b"To: reader1@example.org\r\n" in message
    assert b"https://news.example.org/confirm/abc" in message
    assert b"List-Unsubscribe" not in message
    assert rows(database) == [(MailStatus.ACCEPTED, "250")]


def test_the_same_key_is_queued_once(database: Database) -> None:
    add_unconfirmed(database)
    assert queue(database)
    assert not queue(database)
    assert len(rows(database)) == 1


def test_what_a_mail_said_is_forgotten_with_its_end(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal").deliver()
    with database.read() as connection:
        assert connection.execute(select(mails.c["values"])).scalar() == {}


def test_a_deferred_mail_is_tried_again_later_and_given_up_in_the_end(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    with Loopback(
        faults=lambda phase, *_: Misbehavior(reply="451 4.2.1 Later") if phase is Phase.RCPT else None
    ) as server:
        man = transactional_sender(database, clock, smtp(server), tmp_path)
        man.deliver()
        assert rows(database) == [(MailStatus.PENDING, "4.2.1")]
        man.deliver()
        assert rows(database) == [(MailStatus.PENDING, "4.2.1")]
        clock.move(timedelta(minutes=10))
        man.deliver()
    assert rows(database) == [(MailStatus.REJECTED, "gave-up")]


def test_a_mail_that_was_lost_sight_of_is_not_sent_again(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    with Loopback(
        faults=lambda phase, *_: Misbehavior(drop=True) if phase is Phase.TAKEN else None
    ) as server:
        man = transactional_sender(database, clock, smtp(server), tmp_path)
        man.deliver()
        clock.move(timedelta(days=1))
        man.deliver()
    assert rows(database) == [(MailStatus.UNSURE, "no-reply")]
    assert server.total == 1


def test_a_server_in_trouble_leaves_the_mail_waiting(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    with Loopback() as server:
        pass
    man = transactional_sender(database, clock, smtp(server), tmp_path)
    assert man.deliver() == 0
    ((status, why),) = rows(database)
    assert (status, (why or "").startswith("127.0.0.1:")) == (MailStatus.PENDING, True)


def test_what_a_dead_postman_had_begun_is_unsure(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    with database.write() as connection:
        assert len(begin_mails(connection, 10, clock.now(), hash_address)) == 1
    man = transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal")
    man.deliver()
    assert rows(database) == [(MailStatus.BEGUN, None)]
    clock.move(FORGOTTEN_AFTER)
    man.deliver()
    assert rows(database) == [(MailStatus.UNSURE, "no-journal")]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (Event.ACCEPT, MailStatus.ACCEPTED),
        (Event.REJECT, MailStatus.REJECTED),
        (Event.RETURN, MailStatus.PENDING),
        (Event.LOSE_SIGHT, MailStatus.UNSURE),
    ],
)
def test_a_sender_that_slept_for_long_still_knows_what_it_did(
    database: Database, clock: MovedClock, tmp_path: Path, event: Event, status: MailStatus
) -> None:
    add_unconfirmed(database)
    queue(database)
    awake = transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal")
    with Journal(tmp_path / "journal", "sleeper"):
        with database.write() as connection:
            begin_mails(connection, 10, clock.now(), hash_address, owner="sleeper")
        awake.deliver()
        assert rows(database) == [(MailStatus.BEGUN, None)]
        clock.move(FORGOTTEN_AFTER)
        assert awake.deliver() == 0
        assert rows(database) == [(MailStatus.UNSURE, "no-journal")]
        with database.write() as connection:
            record_mail(connection, "sleeper", Outcome(reader_id=1, event=event), clock.now(), RetryPolicy())
    assert rows(database)[0][0] is status


def test_an_erased_reader_gets_no_mail(database: Database, clock: MovedClock, tmp_path: Path) -> None:
    add_unconfirmed(database)
    queue(database)
    erased = {"status": ReaderStatus.ERASED, "address": None, "address_key": None}
    with database.write() as connection:
        connection.execute(update(readers).values(erased))
    transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal").deliver()
    assert rows(database) == [(MailStatus.SKIPPED, "erased")]


def test_values_that_its_template_does_not_know_hold_up_nobody_else(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    with database.write() as connection:
        queue_mail(connection, MailKind.CONFIRMATION, "broken", 1, {}, THURSDAY)
    queue(database)
    transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal").deliver()
    assert rows(database) == [(MailStatus.REJECTED, "bad-template"), (MailStatus.ACCEPTED, "250")]


def test_an_alert_reaches_the_operator_once(database: Database, clock: MovedClock, tmp_path: Path) -> None:
    stored = Alerts(database, clock)
    for _ in range(2):
        stored.raise_once("paused:1:3", "Issue #1 is paused", "The server lets nobody in.")
    assert transactional_sender(database, clock, Outbox(tmp_path), tmp_path / "journal").deliver() == 1
    (path,) = (tmp_path / "new").iterdir()
    message = path.read_bytes()
    assert b"To: operator@example.org" in message
    assert b"Issue #1 is paused" in message
    assert b"The server lets nobody in." in message
    with database.read() as connection:
        assert connection.execute(select(alerts.c.key, alerts.c.delivered_at)).all() == [
            ("paused:1:3", clock.now())
        ]


def test_the_operators_mail_may_go_another_way(database: Database, clock: MovedClock, tmp_path: Path) -> None:
    add_unconfirmed(database)
    queue(database)
    Alerts(database, clock).raise_once("paused:1:3", "Issue #1 is paused", "The server lets nobody in.")
    man = transactional_sender(database, clock, Outbox(tmp_path / "readers"), tmp_path / "journal")
    own = replace(man, alert_transport=lambda: Outbox(tmp_path / "operator"))
    assert own.deliver() == 2
    told = {
        way: [b"To: operator@example.org" in each.read_bytes() for each in (tmp_path / way / "new").iterdir()]
        for way in ("readers", "operator")
    }
    assert told == {"readers": [False], "operator": [True]}


def test_two_postmen_send_nothing_twice(
    postgres_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(postgres_database)
    for number in range(4):
        queue(postgres_database, f"confirm:{number}")
    with postgres_database.write() as first, postgres_database.write() as second:
        one = begin_mails(first, 2, clock.now(), hash_address)
        other = begin_mails(second, 10, clock.now(), hash_address)
    assert ([mail.id for mail in one], [mail.id for mail in other]) == ([1, 2], [3, 4])


@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.WELCOME, MailKind.SIGN_IN, MailKind.ALERT])
def test_every_kind_that_is_queued_has_templates(kind: MailKind) -> None:
    folders = template_folders(None)
    assert any((folder / "email" / kind.value / "body.mjml.j2").is_file() for folder in folders)


def test_an_alert_that_the_webhook_told_is_not_repeated(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    Alerts(database, clock).raise_once("paused:1:3", "Issue #1 is paused", "The server lets nobody in.")
    unknown = transactional_sender(
        database, clock, Outbox(tmp_path), tmp_path / "journal", operator_address=""
    )
    unknown.deliver()
    assert rows(database) == [(MailStatus.PENDING, "no-address")]
    with database.write() as connection:
        connection.execute(update(alerts).values(posted_at=clock.now()))
    clock.move(timedelta(days=1))
    unknown.deliver()
    assert rows(database) == [(MailStatus.REJECTED, "no-address")]


def test_the_operator_hears_once_a_day_of_mails_that_wait_for_long(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    with Loopback() as server:
        pass
    told = Alerts(database, clock)
    man = transactional_sender(database, clock, smtp(server), tmp_path, raise_alert=told.raise_once)
    for hours in (0, 1, 1, 24):
        clock.move(timedelta(hours=hours))
        man.deliver()
    with database.read() as connection:
        subjects = connection.execute(select(alerts.c.subject).order_by(alerts.c.at)).scalars().all()
    assert subjects == ["Single mails have waited since 2026-11-26 09:00 UTC"] * 2
    assert rows(database)[0][0] is MailStatus.PENDING


@dataclass(frozen=True)
class BrokenFirst:
    """A session that fails in an unforeseen way with the first mail."""

    session: Session

    def send(self, recipients: Sequence[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        if recipients[0].reader_id == 1:
            raise UnicodeEncodeError("ascii", "\xfc", 0, 1, "ordinal not in range(128)")
        return self.session.send(recipients, mailing, started)

    def close(self) -> None:
        self.session.close()


def test_one_mail_that_nobody_foresaw_holds_up_no_other(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    queue(database)
    queue(database, "confirm:2")
    broken = BrokenFirst(Outbox(tmp_path).open())
    transport = SimpleNamespace(open=lambda: broken)
    assert transactional_sender(database, clock, transport, tmp_path / "journal").deliver() == 1
    assert rows(database) == [(MailStatus.PENDING, "error"), (MailStatus.ACCEPTED, "250")]


def test_trouble_with_the_server_costs_one_mail_at_a_time(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    add_unconfirmed(database)
    for number in range(12):
        queue(database, f"confirm:{number}")
    with Loopback(
        faults=lambda phase, *_: Misbehavior(drop=True) if phase is Phase.TAKEN else None
    ) as server:
        transactional_sender(database, clock, smtp(server), tmp_path).deliver()
    assert [status for status, _ in rows(database)] == [MailStatus.UNSURE, *[MailStatus.PENDING] * 11]


def begin_by(database: Database, owner: str, now: datetime) -> Lease:
    """Begin what waits as this sender, and return what its journal calls it."""
    with database.write() as connection:
        begun = begin_mails(connection, 10, now, hash_address, owner=owner)
    assert begun
    return Lease(
        batch_id=0, issue_id=0, variant="", low=0, high=0, owner=owner, fence=0, lease_until=now, attempts=0
    )


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("alive", "2 are on their way"),
        ("unstarted", "2 wait"),
        ("started", "1 waits; 1 may or may not have arrived"),
        ("answered", "1 waits"),
        ("another machine", "2 are on their way"),
        ("long ago", "2 may or may not have arrived"),
    ],
)
def test_what_a_dead_sender_had_begun_counts_as_what_it_is(
    database: Database, tmp_path: Path, left: str, said: str
) -> None:
    add_readers(database, 2, status=ReaderStatus.UNCONFIRMED)
    for number in (1, 2):
        queue(database, f"confirm:{number}", number)
    lease = begin_by(database, "mails-x", THURSDAY)
    now = THURSDAY + (FORGOTTEN_AFTER if left == "long ago" else timedelta(seconds=1))
    with ExitStack() as open_until:
        if left not in ("another machine", "long ago"):
            journal = Journal(tmp_path, "mails-x")
            if left in ("started", "answered"):
                journal.started(lease, [1])
            if left == "answered":
                journal.answered(lease, Outcome(reader_id=1, event=Event.ACCEPT))
            # With an error its file stays, as a killed process leaves it.
            close = partial(journal.__exit__, OSError)
            open_until.callback(close) if left == "alive" else close()
        with database.read() as connection:
            told = describe_mails(connection, tmp_path, now, now)
    assert told is not None
    assert told.why == said
