"""Limits in time: what may begin, over restarts, for all senders together, by domain, and while warming up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from newsletter.clock import MovedClock, SystemClock
from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, readers, reports
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Lease, Window
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.progress import Counts
from newsletter.delivery.sender import Ending
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.status import list_heartbeats
from newsletter.delivery.store import start_issue
from newsletter.delivery.throttle import Limit, PauseRules, Throttle, WarmUp, parse_limit, parse_warm_up
from newsletter.delivery.transports.outbox.maildir import Outbox
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.errors import ConfigError
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, hash_address, sender, statuses
from tests.delivery.test_sender import running, status, until

S = DeliveryStatus
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def throttle(*limits: str, warm_up: WarmUp | None = None) -> Throttle:
    return Throttle(
        transport="smtp", limits=tuple(parse_limit(each, setting="x") for each in limits), warm_up=warm_up
    )


@pytest.fixture
def lease(database: Database) -> Lease:
    """Twenty readers in one batch, every other of them at gmail.com."""
    add_readers(database, 20)
    with database.write() as connection:
        even = update(readers).where(readers.c.id % 2 == 0)
        connection.execute(even.values(address="somebody@Gmail.com"))
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    return claim(database)


def claim(database: Database, now: datetime = THURSDAY) -> Lease:
    with database.write() as connection:
        lease = ledger.claim_batch(connection, 1, "worker", now)
    assert lease is not None
    return lease


def begin(database: Database, lease: Lease, limits: Throttle, now: datetime = THURSDAY) -> Window | None:
    with database.write() as connection:
        limits.prepare(connection, now)
        begun = [
            Outcome(reader_id=row.id, event=Event.ACCEPT)
            for row in connection.execute(readers.select().order_by(readers.c.id))
        ]
        return ledger.begin_window(
            connection, lease, begun, limit=100, now=now, hash_address=hash_address, throttle=limits
        )


def count(window: Window | None) -> int:
    return len(window.recipients) if window else 0


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("10/second", Limit(count=10, period=SECOND)),
        (" 500 / hour ", Limit(count=500, period=HOUR)),
        ("Gmail.com 100/minute", Limit(count=100, period=MINUTE, domain="gmail.com")),
        ("20000/day", Limit(count=20_000, period=timedelta(days=1))),
    ],
)
def test_a_limit_is_read_and_written(text: str, limit: Limit) -> None:
    assert parse_limit(text, setting="sending.limits") == limit
    assert parse_limit(str(limit), setting="sending.limits") == limit


@pytest.mark.parametrize(
    "text", ["", "fast", "0/second", "-1/hour", "10/week", "10 per hour", "gmail 10/hour"]
)
def test_what_is_no_limit_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"sending\.limits has"):
        parse_limit(text, setting="sending.limits")


def test_no_more_begin_than_the_limit_and_the_next_when_its_time_is_over(
    database: Database, lease: Lease
) -> None:
    limits = throttle("7/minute")
    assert count(begin(database, lease, limits)) == 7
    used_up = begin(database, lease, limits, THURSDAY + timedelta(seconds=59))
    assert used_up is not None
    assert (count(used_up), used_up.waits_for, used_up.waits_until) == (0, "7/minute", THURSDAY + MINUTE)
    assert count(begin(database, lease, limits, THURSDAY + MINUTE)) == 7


def test_the_narrowest_limit_holds(database: Database, lease: Lease) -> None:
    limits = throttle("5/second", "8/hour")
    assert count(begin(database, lease, limits)) == 5
    assert count(begin(database, lease, limits, THURSDAY + SECOND)) == 3
    waiting = begin(database, lease, limits, THURSDAY + 2 * SECOND)
    assert waiting is not None
    assert (waiting.waits_for, waiting.waits_until) == ("8/hour", THURSDAY + HOUR)


def test_one_domains_limit_holds_up_nobody_else(database: Database, lease: Lease) -> None:
    limits = throttle("gmail.com 3/minute")
    window = begin(database, lease, limits)
    assert window is not None
    assert [each.reader_id for each in window.recipients] == [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 17, 19]


def test_a_batch_of_one_domain_waits_until_its_limit_ends(database: Database, lease: Lease) -> None:
    limits = throttle("gmail.com 3/minute")
    begin(database, lease, limits)
    assert begin(database, lease, limits) is None
    with database.write() as connection:
        assert ledger.claim_batch(connection, 1, "worker", THURSDAY) is None
    later = THURSDAY + MINUTE
    window = begin(database, claim(database, later), limits, later)
    assert window is not None
    assert [each.reader_id for each in window.recipients] == [8, 10, 12]


def test_limits_hold_for_each_transport_by_itself(database: Database, lease: Lease) -> None:
    assert count(begin(database, lease, throttle("7/minute"))) == 7
    other = Throttle(transport="sendgrid", limits=(Limit(count=4, period=MINUTE),))
    assert count(begin(database, lease, other)) == 4


def test_a_warm_up_grows_by_half_each_day() -> None:
    warm_up = WarmUp(starts_on=date(2026, 11, 26), first=200)
    counts = [warm_up.limit(date(2026, 11, 26) + timedelta(days=day)).count for day in (-3, 0, 1, 2, 10)]
    assert counts == [200, 200, 300, 450, 11533]
    assert warm_up.limit(date(9999, 1, 1)).count > 10**9


def test_a_warm_up_is_one_more_limit_a_day(database: Database, lease: Lease) -> None:
    limits = throttle("15/day", warm_up=WarmUp(starts_on=THURSDAY.date(), first=6))
    assert count(begin(database, lease, limits)) == 6
    assert count(begin(database, lease, limits, THURSDAY + timedelta(days=1))) == 9
    waiting = begin(database, lease, limits, THURSDAY + timedelta(days=1))
    assert waiting is not None
    assert waiting.waits_until == datetime(2026, 11, 28, tzinfo=UTC)


def test_a_warm_up_begins_on_a_day() -> None:
    assert parse_warm_up("", 200, setting="x") is None
    assert parse_warm_up("2026-11-26", 200, setting="x") == WarmUp(starts_on=date(2026, 11, 26), first=200)
    with pytest.raises(ConfigError, match="a day such as 2026-11-26"):
        parse_warm_up("soon", 200, setting="x")


def test_a_sender_keeps_its_limit_and_says_what_it_waits_for(
    sqlite_database: Database, tmp_path: Path
) -> None:
    add_readers(sqlite_database, 20)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    slow = sender(sqlite_database, Outbox(tmp_path), tmp_path, throttle=throttle("8/day"))

    def waits_for() -> str:
        with sqlite_database.read() as connection:
            return "".join(each.waits_for for each in list_heartbeats(connection, 1))

    with running(slow) as wait:
        until(lambda: "the limit of 8/day is used up" in waits_for())
        assert statuses(sqlite_database)[S.ACCEPTED] == 8
    assert wait() is Ending.STOPPED
    again = sender(sqlite_database, Outbox(tmp_path), tmp_path, throttle=throttle("8/day"))
    with running(again):
        until(lambda: "8/day" in waits_for())
    assert statuses(sqlite_database) == {S.ACCEPTED: 8, S.PENDING: 12}


def test_a_moved_clock_moves_through_the_limits(sqlite_database: Database, tmp_path: Path) -> None:
    add_readers(sqlite_database, 20)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    clock = MovedClock(THURSDAY)
    sending = sender(sqlite_database, Outbox(tmp_path), tmp_path, throttle=throttle("8/second"), clock=clock)
    assert sending.send() is Ending.SENT
    assert clock.now() >= THURSDAY + 2 * SECOND


def test_too_many_refusals_pause_the_issue(sqlite_database: Database, tmp_path: Path) -> None:
    add_readers(sqlite_database, 600)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)

    refusal = Misbehavior(reply="550 5.7.1 Go away", wait=0.02)

    def takes_some(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        is_taken = recipient.partition("@")[0].endswith(("1", "4", "7"))
        return refusal if phase is Phase.RCPT and not is_taken else None

    with Loopback(faults=takes_some) as server:
        transport = Smtp(relay=Relay(host="127.0.0.1", port=server.port))
        assert (
            sender(sqlite_database, transport, tmp_path, pause_rules=PauseRules(rejected=0.2)).send()
            is Ending.PAUSED
        )
    paused, reason = status(sqlite_database)
    assert paused is IssueStatus.PAUSED
    assert "messages were refused for good, which is too many to go on" in reason
    assert 50 <= statuses(sqlite_database)[S.REJECTED] < 600


# ── what is not used up ────────────────────────────────────────────────────────────────────────────────


def end(
    database: Database, lease: Lease, outcomes: list[Outcome], limits: Throttle, now: datetime = THURSDAY
) -> None:
    with database.write() as connection:
        ledger.record_window(connection, lease, outcomes, now, throttle=limits)


def returned(window: Window | None, count: int) -> list[Outcome]:
    """The first `count` of the window had no time to leave."""
    assert window is not None
    return [Outcome(reader_id=each.reader_id, event=Event.RETURN) for each in window.recipients[:count]]


def test_what_was_begun_and_never_left_is_given_back(database: Database, lease: Lease) -> None:
    limits = throttle("5/minute", "gmail.com 2/hour")
    window = begin(database, lease, limits)
    assert count(window) == 5
    # Readers 1 and 2: the second is at gmail.com.
    end(database, lease, returned(window, 2), limits)
    again = begin(database, lease, limits)
    assert again is not None
    assert [each.reader_id for each in again.recipients] == [1, 2]
    assert count(begin(database, lease, limits)) == 0


def test_nothing_is_given_back_to_a_period_that_came_after(database: Database, lease: Lease) -> None:
    limits = throttle("5/minute")
    window = begin(database, lease, limits)
    later = THURSDAY + MINUTE
    with database.write() as connection:
        limits.use(connection, ["a@example.org"] * 3, later)
    end(database, lease, returned(window, 5), limits, later)
    assert count(begin(database, lease, limits, later)) == 2


def test_a_slow_server_does_not_use_up_the_day(sqlite_database: Database, tmp_path: Path) -> None:
    add_readers(sqlite_database, 60)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    limits = throttle("40/day")
    with Loopback(faults=lambda phase, *_: Misbehavior(wait=0.1) if phase is Phase.DOT else None) as server:
        transport = Smtp(relay=Relay(host="127.0.0.1", port=server.port), connections=2)
        with running(sender(sqlite_database, transport, tmp_path, throttle=limits)):
            until(lambda: server.total >= 40)
            SystemClock().sleep(timedelta(seconds=0.3))
    assert server.total == 40


def test_a_domains_limit_costs_nobody_a_try(database: Database, lease: Lease) -> None:
    limits = throttle("gmail.com 3/minute")
    with database.write() as connection:
        begun = ledger.begin_window(
            connection, lease, [], limit=100, now=THURSDAY, hash_address=hash_address, throttle=limits
        )
        assert begun is not None
        deferred = [Outcome(reader_id=1, event=Event.DEFER, code="4.2.2")]
        rest = [Outcome(reader_id=each.reader_id, event=Event.ACCEPT) for each in begun.recipients[1:]]
        later = THURSDAY + HOUR
        left = ledger.begin_window(
            connection,
            lease,
            deferred + rest,
            limit=100,
            now=THURSDAY,
            hash_address=hash_address,
            retry_at=later,
            throttle=limits,
        )
    assert left is None
    minute = THURSDAY + MINUTE
    window = begin(database, claim(database, minute), limits, minute)
    assert window is not None
    assert 1 not in [each.reader_id for each in window.recipients]
    assert statuses(database)[S.RETRY] == 1
    # When the batch is through but for the one, it waits for that one's time.
    free = throttle()
    assert begin(database, claim_again(database, lease), free, minute) is None
    with database.write() as connection:
        assert ledger.claim_batch(connection, 1, "worker", THURSDAY + 59 * MINUTE) is None
    window = begin(database, claim(database, later), free, later)
    assert window is not None
    assert [each.reader_id for each in window.recipients] == [1]


def claim_again(database: Database, lease: Lease) -> Lease:
    """Everybody of the batch who waits was sent to meanwhile, and another worker claims it."""
    with database.write() as connection:
        waiting = deliveries.c.status.in_((S.PENDING, S.BEGUN))
        connection.execute(update(deliveries).where(waiting).values(status=S.ACCEPTED))
        connection.execute(update(batches).values(status=BatchStatus.PENDING, not_before=None))
    return claim(database, THURSDAY + MINUTE)


def test_a_batch_waits_for_the_domain_that_opens_first_and_no_other(database: Database, lease: Lease) -> None:
    limits = throttle("gmail.com 3/hour", "gmail.com 100/second", "elsewhere.example 9/second")
    begin(database, lease, limits)
    assert begin(database, lease, limits) is None
    with database.write() as connection:
        assert ledger.claim_batch(connection, 1, "worker", THURSDAY + 59 * MINUTE) is None
        assert ledger.claim_batch(connection, 1, "worker", THURSDAY + HOUR) is not None


def test_of_several_limits_that_are_used_up_the_last_to_end_counts(database: Database, lease: Lease) -> None:
    limits = throttle("5/minute", "5/hour", "9/second")
    begin(database, lease, limits)
    waiting = begin(database, lease, limits)
    assert waiting is not None
    assert (waiting.waits_for, waiting.waits_until) == ("5/hour", THURSDAY + HOUR)


# ── too many ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("refused", "accepted", "complaints", "words"),
    [
        (4, 0, 0, ""),
        (5, 0, 0, "5 of 5 messages were refused for good, which is too many to go on"),
        (11, 1, 0, "11 of 12 messages were refused for good, which is too many to go on"),
        (49, 7, 0, ""),
        (50, 450, 0, ""),
        (50, 150, 0, "50 of 200 messages were refused for good, which is too many to go on"),
        (0, 1_000, 4, ""),
        (0, 10_000, 30, ""),
        (0, 1_000, 5, "5 of 1,000 readers complained, which is too many to go on"),
    ],
)
def test_an_issue_goes_on_up_to_its_shares(refused: int, accepted: int, complaints: int, words: str) -> None:
    pause_rules, before = PauseRules(rejected=0.2, complained=0.003), Counts(readers=20_000)
    now = replace(before, rejected=refused, accepted=accepted)
    assert pause_rules.reason_to_pause(before, now, complaints) == words
    assert PauseRules().reason_to_pause(before, now, complaints) == ""


@pytest.mark.parametrize(
    ("unsure", "accepted", "words"),
    [
        (19, 0, ""),
        (20, 380, ""),
        (
            20,
            80,
            "20 of 100 messages left and nobody said whether they were taken, which is too many to go on",
        ),
    ],
)
def test_an_issue_goes_on_while_few_are_lost_sight_of(unsure: int, accepted: int, words: str) -> None:
    before = Counts(readers=20_000, unsure=7, accepted=3)
    now = replace(before, unsure=7 + unsure, accepted=3 + accepted)
    assert PauseRules(unsure=0.05).reason_to_pause(before, now, 0) == words
    assert PauseRules().reason_to_pause(before, now, 0) == ""


def test_who_resumed_knew_what_was_refused_before() -> None:
    before = Counts(readers=1_000, rejected=100, accepted=100)
    assert (
        PauseRules(rejected=0.2).reason_to_pause(before, replace(before, rejected=149, accepted=107), 0) == ""
    )


def test_too_many_complaints_pause_the_issue(sqlite_database: Database, tmp_path: Path) -> None:
    add_readers(sqlite_database, 400)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    rows = [
        {
            "key": f"{number}",
            "kind": "complaint",
            "at": SystemClock().now() + HOUR,
            "reader_id": number,
            "issue_id": 1,
        }
        for number in range(1, 6)
    ]
    with sqlite_database.write() as connection:
        connection.execute(insert(reports), [each | {"outcome": "complained"} for each in rows])
    with Loopback(faults=lambda phase, *_: Misbehavior(wait=0.05) if phase is Phase.DOT else None) as server:
        transport = Smtp(relay=Relay(host="127.0.0.1", port=server.port), connections=2)
        ending = sender(sqlite_database, transport, tmp_path, pause_rules=PauseRules(complained=0.003)).send()
    assert ending is Ending.PAUSED
    assert "readers complained, which is too many to go on" in status(sqlite_database)[1]
