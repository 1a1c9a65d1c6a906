"""A whole sender against a server on this machine: what everybody ends as, and who can stop it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from newsletter.clock import SystemClock
from newsletter.config import Tls
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import batches, deliveries, issues, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, ReaderStatus
from newsletter.delivery.ledger import FaultPoint, Recipient
from newsletter.delivery.loopback import Faults, Loopback, Misbehavior, Phase
from newsletter.delivery.message import Mailing
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.sender import Ending, Sender
from newsletter.delivery.states import Outcome
from newsletter.delivery.store import pause_issue, resume_issue, start_issue
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transports import Started
from newsletter.delivery.transports.outbox.maildir import Outbox
from newsletter.delivery.transports.smtp.sending import Smtp, SmtpSession
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, sender, statuses

S = DeliveryStatus


@pytest.fixture
def going(database: Database) -> Callable[[int], Database]:
    """Starts an issue for so many readers."""

    def start(count: int) -> Database:
        add_readers(database, count)
        add_issue(database)
        start_issue(database, 1, THURSDAY)
        return database

    return start


def smtp(server: Loopback, **changes: Any) -> Smtp:
    waits = Waits(connect=5, command=5, body=5, final=5)
    return Smtp(relay=Relay(host="127.0.0.1", port=server.port, waits=waits), **changes)


def progress(database: Database) -> Counts:
    with database.read() as connection:
        return get_counts(connection, 1)


def status(database: Database) -> tuple[IssueStatus, str]:
    with database.read() as connection:
        row = connection.execute(select(issues.c.status, issues.c.reason)).one()
    return row.status, row.reason


def counted_once(server: Loopback, count: int) -> bool:
    return len(server.counts) == count and set(server.counts.values()) == {1}


@contextmanager
def running(sender: Sender) -> Iterator[Callable[[], Ending]]:
    """Runs it in a thread; yields what waits for its ending."""
    endings: list[Ending] = []
    thread = threading.Thread(target=lambda: endings.append(sender.send()))
    thread.start()

    def wait() -> Ending:
        thread.join(30)
        return endings[0]

    try:
        yield wait
    finally:
        sender.stop.asked = True
        thread.join(30)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    for _ in range(600):
        if condition():
            return
        SystemClock().sleep(timedelta(seconds=0.05))
    raise AssertionError("it never happened")


def slowly(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
    """A server that takes some hundred messages a second."""
    return Misbehavior(wait=0.01) if phase is Phase.DOT else None


def test_everybody_gets_the_issue_once_and_it_is_sent(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(250)
    with Loopback() as server:
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert counted_once(server, 250)
    assert statuses(database) == {S.ACCEPTED: 250}
    assert progress(database) == Counts(readers=250, accepted=250)
    assert status(database) == (IssueStatus.SENT, "")


def test_sending_twice_sends_nothing_twice(going: Callable[[int], Database], tmp_path: Path) -> None:
    database = going(20)
    with Loopback() as server:
        sender(database, smtp(server), tmp_path).send()
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert counted_once(server, 20)


def test_two_senders_at_once_share_the_work(going: Callable[[int], Database], tmp_path: Path) -> None:
    database = going(1200)
    with Loopback() as server:
        first, second = (sender(database, smtp(server), tmp_path) for _ in range(2))
        with running(first) as one, running(second) as other:
            assert {one(), other()} == {Ending.SENT}
    assert counted_once(server, 1200)
    assert progress(database) == Counts(readers=1200, accepted=1200)


def test_the_outbox_holds_one_file_for_each_reader(going: Callable[[int], Database], tmp_path: Path) -> None:
    database = going(30)
    assert sender(database, Outbox(tmp_path / "outbox"), tmp_path).send() is Ending.SENT
    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 30


def test_nothing_is_left_behind(going: Callable[[int], Database], tmp_path: Path) -> None:
    database = going(5)
    sender(database, Outbox(tmp_path / "outbox"), tmp_path).send()
    assert list((tmp_path / "journal").iterdir()) == []
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM senders")).scalar() == 0
        rows = connection.execute(select(batches.c.status, batches.c.owner)).all()
    assert rows == [(BatchStatus.DONE, None)]


def one_in(share: int, phase: Phase, fault: Misbehavior) -> Faults:
    """The fault for every reader whose number divides by `share`."""

    def decide(now: Phase, recipient: str, connection: int) -> Misbehavior | None:
        number = recipient.partition("@")[0].removeprefix("reader")
        return fault if now is phase and number.isdigit() and int(number) % share == 0 else None

    return decide


def test_refusals_end_as_rejected_with_their_code(going: Callable[[int], Database], tmp_path: Path) -> None:
    database = going(20)
    refusal = Misbehavior(reply="550 5.1.1 No such user")
    with Loopback(faults=one_in(5, Phase.RCPT, refusal)) as server:
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert statuses(database) == {S.ACCEPTED: 16, S.REJECTED: 4}
    with database.read() as connection:
        query = select(deliveries.c.code).where(deliveries.c.status == S.REJECTED)
        assert set(connection.execute(query).scalars()) == {"5.1.1"}


def test_the_deferred_are_tried_again_and_given_up_in_the_end(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database, tries = going(10), []

    def faults(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        if phase is not Phase.RCPT or recipient not in ("reader3@example.org", "reader7@example.org"):
            return None
        tries.append(recipient)
        passing = recipient == "reader3@example.org" and tries.count(recipient) == 2
        return None if passing else Misbehavior(reply="451 4.2.2 Mailbox full")

    with Loopback(faults=faults) as server:
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert statuses(database) == {S.ACCEPTED: 9, S.REJECTED: 1}
    assert (tries.count("reader3@example.org"), tries.count("reader7@example.org")) == (2, 3)
    with database.read() as connection:
        query = select(deliveries.c.reader_id, deliveries.c.code, deliveries.c.attempts)
        assert connection.execute(query.where(deliveries.c.status == S.REJECTED)).one() == (7, "gave-up", 3)


def test_connections_lost_after_the_final_dot_are_unsure_and_not_sent_again(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(12)
    with Loopback(faults=one_in(6, Phase.TAKEN, Misbehavior(drop=True))) as server:
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert counted_once(server, 12)
    assert statuses(database) == {S.ACCEPTED: 10, S.UNSURE: 2}


def test_a_pause_stops_within_a_second_and_resuming_goes_on(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(400)
    with Loopback(faults=slowly) as server:
        with running(sender(database, smtp(server), tmp_path)) as wait:
            until(lambda: sum(server.counts.values()) > 20)
            with database.write() as connection:
                pause_issue(connection, 1, "a typo", THURSDAY)
            SystemClock().sleep(timedelta(seconds=1.2))
            stopped_at = sum(server.counts.values())
            assert wait() is Ending.PAUSED
        assert sum(server.counts.values()) == stopped_at < 400
        assert progress(database).accepted == stopped_at
        with database.write() as connection:
            resume_issue(connection, 1, THURSDAY)
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert counted_once(server, 400)


def test_a_cancelled_issue_skips_everybody_who_waited(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(400)
    with Loopback(faults=slowly) as server, running(sender(database, smtp(server), tmp_path)) as wait:
        until(lambda: sum(server.counts.values()) > 20)
        with database.write() as connection:
            connection.execute(update(issues).values(status=IssueStatus.CANCELLED))
        assert wait() is Ending.CANCELLED
    sent = sum(server.counts.values())
    assert statuses(database) == {S.ACCEPTED: sent, S.SKIPPED: 400 - sent}
    assert progress(database) == Counts(readers=400, accepted=sent, skipped=400 - sent)


def test_a_stopped_sender_finishes_what_it_began_and_gives_the_rest_back(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(400)
    with Loopback(faults=slowly) as server:
        stopped = sender(database, smtp(server), tmp_path)
        with running(stopped) as wait:
            until(lambda: sum(server.counts.values()) > 20)
            stopped.stop.asked = True
            assert wait() is Ending.STOPPED
        sent = sum(server.counts.values())
        assert statuses(database) == {S.ACCEPTED: sent, S.PENDING: 400 - sent}
        assert list((tmp_path / "journal").iterdir()) == []
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert counted_once(server, 400)


SILENT = Misbehavior(wait=60, drop=True)


@pytest.mark.parametrize(
    ("phase", "fault", "tls", "unsure"),
    [
        (Phase.GREETING, SILENT, Tls.NONE, 0),
        # It is in the middle of a handshake, as far as we know.
        (Phase.GREETING, SILENT, Tls.TLS, 0),
        (Phase.EHLO, SILENT, Tls.NONE, 0),
        (Phase.MAIL, SILENT, Tls.NONE, 0),
        (Phase.RCPT, SILENT, Tls.NONE, 0),
        (Phase.DATA, SILENT, Tls.NONE, 0),
        (Phase.DOT, SILENT, Tls.NONE, 1),
        (Phase.DOT, Misbehavior(reply="250-and half a reply"), Tls.NONE, 1),
        (Phase.TAKEN, SILENT, Tls.NONE, 1),
    ],
)
def test_a_stopped_sender_does_not_wait_for_a_silent_server(
    sqlite_database: Database, tmp_path: Path, phase: Phase, fault: Misbehavior, tls: Tls, unsure: int
) -> None:
    reached = threading.Event()

    def silent(now: Phase, recipient: str, connection: int) -> Misbehavior | None:
        if now is not phase:
            return None
        reached.set()
        return fault

    add_readers(sqlite_database, 3)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    patient = Smtp(relay=Relay(host="127.0.0.1", port=0, tls=tls), connections=1)
    with Loopback(faults=silent, extensions=("8BITMIME",)) as server:
        transport = replace(patient, relay=replace(patient.relay, port=server.port))
        stopped = sender(sqlite_database, transport, tmp_path)
        with running(stopped) as wait:
            assert reached.wait(30)
            stopped.stop.at_once = stopped.stop.asked = True
            assert wait() is Ending.STOPPED
    counted = statuses(sqlite_database)
    assert (counted[S.UNSURE], counted[S.PENDING]) == (unsure, 3 - unsure)
    assert list((tmp_path / "journal").iterdir()) == []


@dataclass(frozen=True)
class Faulty(Smtp):
    """A way out that has a fault of its own after the first message."""

    def open(self) -> Any:
        return FaultySession(self)


class FaultySession(SmtpSession):
    def send(self, recipients: Iterable[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        for position, outcome in enumerate(super().send(recipients, mailing, started)):
            yield outcome
            if position:
                "reader2@example.org: ü".encode("ascii")


def test_an_error_that_nobody_foresaw_pauses_the_issue_and_says_where(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database, alerts = going(20), list[str]()
    with Loopback() as server:
        faulty = Faulty(relay=Relay(host="127.0.0.1", port=server.port), connections=1)
        ending = sender(
            database, faulty, tmp_path, raise_alert=lambda key, subject, body: alerts.append(body)
        ).send()
        assert ending is Ending.PAUSED
        paused, why = status(database)
        assert (paused, why.partition(" in test_sender.py, line ")[0]) == (
            IssueStatus.PAUSED,
            "sending failed by a fault of this program, UnicodeEncodeError",
        )
        assert (len(alerts), "reader2" in alerts[0] + why) == (1, False)
        with database.write() as connection:
            resume_issue(connection, 1, THURSDAY)
        assert sender(database, smtp(server), tmp_path).send() is Ending.SENT
    assert counted_once(server, 20)


def test_whoever_leaves_while_it_goes_out_is_not_mailed(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(400)
    with (
        Loopback(faults=slowly) as server,
        running(sender(database, smtp(server, connections=1), tmp_path)) as wait,
    ):
        until(lambda: sum(server.counts.values()) > 5)
        with database.write() as connection:
            late = readers.c.id > 300
            connection.execute(update(readers).where(late).values(status=ReaderStatus.LEFT))
        assert wait() is Ending.SENT
    assert statuses(database) == {S.ACCEPTED: 300, S.SKIPPED: 100}
    assert len(server.counts) == 300


def test_trouble_that_only_a_person_can_end_pauses_the_issue(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(20)
    refusal = Misbehavior(reply="550 5.7.1 Not from this sender")
    with Loopback(faults=lambda phase, *_: refusal if phase is Phase.MAIL else None) as server:
        assert sender(database, smtp(server), tmp_path).send() is Ending.PAUSED
    assert statuses(database) == {S.PENDING: 20}
    paused, reason = status(database)
    assert paused is IssueStatus.PAUSED
    assert "takes no mail from weekly@news.example.org: 550 5.7.1 Not from this sender" in reason


def test_a_server_that_comes_back_gets_everything_and_nobody_loses_an_attempt(
    going: Callable[[int], Database], tmp_path: Path
) -> None:
    database = going(30)

    def faults(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        return Misbehavior(drop=True) if phase is Phase.GREETING and connection <= 2 else None

    with Loopback(faults=faults) as server:
        assert sender(database, smtp(server, connections=1), tmp_path).send() is Ending.SENT
    assert counted_once(server, 30)
    with database.read() as connection:
        assert set(connection.execute(select(deliveries.c.attempts)).scalars()) == {0}


def test_a_waiting_sender_says_what_it_waits_for(sqlite_database: Database, tmp_path: Path) -> None:
    from newsletter.delivery.status import list_heartbeats

    add_readers(sqlite_database, 1)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    with Loopback() as gone:
        pass

    def waits_for() -> str:
        with sqlite_database.read() as connection:
            return "".join(each.waits_for for each in list_heartbeats(connection, 1))

    with running(sender(sqlite_database, smtp(gone), tmp_path)) as wait:
        until(lambda: "cannot be reached: Connection refused" in waits_for())
    assert wait() is Ending.STOPPED


def test_a_locked_database_is_waited_for_and_nobody_is_mailed_twice(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    from newsletter.db.schema import metadata

    metadata.create_all(database.write_engine)
    add_readers(database, 300)
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    database.close()
    impatient = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}?timeout=0.2")
    with Loopback(faults=slowly) as server, running(sender(impatient, smtp(server), tmp_path)) as wait:
        until(lambda: sum(server.counts.values()) > 20)
        with database.write():
            SystemClock().sleep(timedelta(seconds=1.5))
        assert wait() is Ending.SENT
    assert counted_once(server, 300)
    assert statuses(database) == {S.ACCEPTED: 300}
    impatient.close()
    database.close()


def test_patience_doubles_and_has_an_end() -> None:
    retry_policy = RetryPolicy(attempts=6, first=timedelta(minutes=5), longest=timedelta(hours=2))
    rests = [retry_policy.next_try(passes, THURSDAY) - THURSDAY for passes in (0, 1, 9)]
    assert timedelta(minutes=3.75) <= rests[0] <= timedelta(minutes=6.25)
    assert timedelta(minutes=7.5) <= rests[1] <= timedelta(minutes=12.5)
    assert timedelta(hours=1.5) <= rests[2] <= timedelta(hours=2.5)


def test_a_sender_whose_connections_an_administrator_ends_goes_on_and_says_so_in_a_line(
    postgres_database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_readers(postgres_database, 40)
    add_issue(postgres_database)
    start_issue(postgres_database, 1, THURSDAY)
    ended: list[int] = []

    def end_all(point: FaultPoint) -> None:
        if point is not FaultPoint.WRITTEN or len(ended) == 1:
            return
        mine = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with (
            closing(open_database(postgres_database.url)) as administrator,
            administrator.read() as connection,
        ):
            ended.append(connection.execute(mine).scalar_one())

    with Loopback() as server:
        ending = sender(postgres_database, smtp(server), tmp_path, fault_hook=end_all).send()
        assert (ending, counted_once(server, 40)) == (Ending.SENT, True)
    assert ended
    assert statuses(postgres_database) == {S.ACCEPTED: 40}
    lines = [each.getMessage() for each in caplog.records if "database" in each.getMessage()]
    assert len(lines) == 1
    # The server's word where it arrived, else the driver's on a connection that was closed meanwhile.
    assert "AdminShutdown" in lines[0] or "server closed the connection" in lines[0]
    assert not any(each.exc_info for each in caplog.records)
