"""The breaker: everybody rests, longer each time, until a message passes."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import String, cast, update

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.sender import Ending
from newsletter.delivery.states import Event
from newsletter.delivery.status import list_heartbeats
from newsletter.delivery.store import start_issue
from newsletter.delivery.throttle import Breaker, RetryPolicy, Wait
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.errors import SendError
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, sender, statuses
from tests.delivery.test_sender import running, until

TROUBLE = SendError("mail.example.org cannot be reached", permanent=False)


def test_rests_grow_and_end_with_the_first_success(clock: MovedClock) -> None:
    breaker, rests = Breaker(clock), []
    for _ in range(3):
        breaker.trip(TROUBLE)
        rests.append(breaker.rest)
        clock.move(breaker.rest)
    assert rests[0] < timedelta(seconds=0.2) < rests[2]
    told = breaker.trouble
    assert told is not None
    assert (told.words, told.since) == ("mail.example.org cannot be reached", THURSDAY)
    breaker.close()
    assert breaker.rest == timedelta(0)
    assert breaker.trouble is None


def test_workers_that_fail_together_count_as_one_failure(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    for _ in range(8):
        breaker.trip(TROUBLE)
    assert breaker.rest < timedelta(seconds=0.2)


def test_no_rest_is_longer_than_five_minutes_and_a_quarter(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    for _ in range(40):
        breaker.trip(TROUBLE)
        assert breaker.rest <= timedelta(minutes=6, seconds=15)
        clock.move(breaker.rest)


def test_a_server_that_says_how_long_is_believed(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    breaker.trip(SendError("slow down", permanent=False, retry_after=timedelta(seconds=30)))
    assert breaker.rest == timedelta(seconds=30)


def test_a_limit_of_ours_is_told_while_it_lasts(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    breaker.note_limit("500/hour", clock.now() + timedelta(minutes=1))
    begun = clock.now()
    wait = Wait(words="the limit of 500/hour is used up", since=begun, until=begun + timedelta(minutes=1))
    assert breaker.trouble == wait
    clock.sleep(timedelta(seconds=30))
    breaker.note_limit("500/hour", wait.until)
    assert breaker.trouble == wait
    clock.sleep(timedelta(seconds=30))
    assert breaker.trouble is None


def test_a_server_that_puts_everybody_off_is_in_trouble(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    for number in range(20):
        assert not breaker.puts_everybody_off
        breaker.note(Event.DEFER, f"reader@domain{number}.example")
    assert breaker.puts_everybody_off
    breaker.note(Event.ACCEPT, "reader@example.org")
    assert not breaker.puts_everybody_off


def test_a_domain_that_has_enough_of_us_speaks_for_itself(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    for _ in range(200):
        breaker.note(Event.DEFER, "reader@example.org")
    assert not breaker.puts_everybody_off


def test_nobody_else_loses_a_try_to_a_server_that_puts_everybody_off(
    sqlite_database: Database, tmp_path: Path
) -> None:
    add_readers(sqlite_database, 300)
    with sqlite_database.write() as connection:
        spread = "reader" + cast(readers.c.id, String) + "@example" + cast(readers.c.id % 9, String) + ".org"
        connection.execute(update(readers).values(address=spread))
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    is_full = [True]

    def full(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        return (
            Misbehavior(reply="452 4.3.1 The disk is full", wait=0.02)
            if phase is Phase.RCPT and is_full[0]
            else None
        )

    with Loopback(faults=full) as server:
        transport = Smtp(relay=Relay(host="127.0.0.1", port=server.port), connections=1, window=20)
        retry_policy = RetryPolicy(attempts=2, first=timedelta(0), longest=timedelta(0))
        one = sender(sqlite_database, transport, tmp_path, retry_policy=retry_policy)
        with running(one) as ending:
            until(lambda: bool(waits(sqlite_database)))
            assert "the server puts everybody off" in waits(sqlite_database)
            is_full[0] = False
            assert ending() is Ending.SENT
    assert statuses(sqlite_database) == {DeliveryStatus.ACCEPTED: 300}


def waits(database: Database) -> str:
    """What the sender says that it waits for."""
    with database.read() as connection:
        return "".join(each.waits_for for each in list_heartbeats(connection, 1))
