import threading
from datetime import timedelta
from itertools import chain

import pytest

from newsletter.clock import Clock, MovedClock, SystemClock
from newsletter.db.engine import Database
from newsletter.db.statuses import SlotStatus
from newsletter.errors import NewsletterError
from newsletter.schedule import store
from newsletter.schedule.jobs import Done, Result, Skipped, Waiting
from newsletter.schedule.runner import duration_words, retry_delay
from newsletter.schedule.slots import Slot
from newsletter.schedule.store import SlotRecord
from tests.jobs.recording import THURSDAYS, RecordedAlerts, RecordedJob, make_ticker, utc

SLOT = "2026-11-26T09:00"


@pytest.fixture
def clock() -> MovedClock:
    """Wednesday noon; the slot is on Thursday at 8:00 UTC."""
    return MovedClock(utc("2026-11-25T12:00"))


def record_of(database: Database, name: str = SLOT, job: str = "dispatch") -> SlotRecord:
    with database.read() as connection:
        settled = (
            store.settled_slots(connection, job, each, 9) for each in (SlotStatus.DONE, SlotStatus.SKIPPED)
        )
        records = (*store.open_slots(connection, job), *chain.from_iterable(settled))
    (found,) = (each for each in records if each.name == name)
    return found


def test_a_job_runs_once_when_its_slot_is_due(sqlite_database: Database, clock: MovedClock) -> None:
    job = RecordedJob()
    ticker = make_ticker(sqlite_database, clock, [job.job()])
    for _hour in range(48):
        ticker.tick()
        clock.move(timedelta(hours=1))
    assert job.slots == [SLOT]
    assert record_of(sqlite_database).status is SlotStatus.DONE
    assert record_of(sqlite_database).outcome == "Done."


def test_a_waiting_job_is_asked_at_each_tick_until_it_is_done(
    sqlite_database: Database, clock: MovedClock
) -> None:
    answers: list[Result] = [Waiting("Nobody approved."), Waiting("Nobody approved."), Done("Sent.")]
    job = RecordedJob(turn=lambda slot: answers.pop(0))
    ticker = make_ticker(sqlite_database, clock, [job.job()])
    ticker.tick()
    clock.move(timedelta(days=1))
    ticker.tick()
    assert record_of(sqlite_database).outcome == "Nobody approved."
    ticker.tick()
    ticker.tick()
    ticker.tick()
    assert (answers, len(job.slots)) == ([], 3)


def test_a_slot_past_the_limit_is_skipped_with_one_alert(
    sqlite_database: Database, clock: MovedClock
) -> None:
    alerts, job = RecordedAlerts(), RecordedJob()
    ticker = make_ticker(sqlite_database, clock, [job.job()], raise_alert=alerts.raise_once)
    ticker.tick()
    clock.move(timedelta(days=5))
    ticker.tick()
    ticker.tick()
    assert job.slots == []
    assert record_of(sqlite_database).status is SlotStatus.SKIPPED
    assert alerts.raised == {
        f"skipped:dispatch:{SLOT}": "Skipped: dispatch for Thu 26 Nov 2026 09:00 (Europe/Berlin)\n"
        "It was not done within 48 hours of its time."
    }


def test_a_job_that_gives_up_says_what_became_of_the_slot(
    sqlite_database: Database, clock: MovedClock
) -> None:
    from dataclasses import replace

    job = replace(RecordedJob().job(), give_up=lambda slot: Done("It had gone out by hand."))
    ticker = make_ticker(sqlite_database, clock, [job])
    ticker.tick()
    clock.move(timedelta(days=5))
    ticker.tick()
    assert record_of(sqlite_database).status is SlotStatus.DONE


def test_a_job_may_skip_its_slot_itself(sqlite_database: Database, clock: MovedClock) -> None:
    alerts = RecordedAlerts()
    job = RecordedJob(turn=lambda slot: Skipped("A thin week."))
    ticker = make_ticker(sqlite_database, clock, [job.job()], raise_alert=alerts.raise_once)
    ticker.tick()
    clock.move(timedelta(days=1))
    ticker.tick()
    assert list(alerts.raised) == [f"skipped:dispatch:{SLOT}"]


def failing(slot: Slot) -> Result:
    raise NewsletterError("The disk is full.")


def test_a_failed_job_is_tried_again_later_and_said_once(
    sqlite_database: Database, clock: MovedClock
) -> None:
    alerts = RecordedAlerts()
    job = RecordedJob(turn=failing)
    ticker = make_ticker(sqlite_database, clock, [job.job()], raise_alert=alerts.raise_once)
    ticker.tick()
    clock.move(timedelta(days=1))
    for _minute in range(10):
        ticker.tick()
        clock.move(timedelta(minutes=1))
    # At 0, 1, 3 and 7 minutes.
    assert len(job.slots) == 4
    assert record_of(sqlite_database).outcome == "Failed: The disk is full."
    assert list(alerts.raised) == [f"failed:dispatch:{SLOT}"]


def test_a_job_that_breaks_stops_neither_the_others_nor_the_next_tick(
    sqlite_database: Database, clock: MovedClock
) -> None:
    def broken(slot: Slot) -> Result:
        raise ZeroDivisionError("division by zero")

    good = RecordedJob()
    jobs = [RecordedJob(turn=broken).job("broken"), good.job("good")]
    ticker = make_ticker(sqlite_database, clock, jobs)
    ticker.tick()
    clock.move(timedelta(days=1))
    ticker.tick()
    assert good.slots == [SLOT]
    assert record_of(sqlite_database, job="broken").outcome == "Failed: ZeroDivisionError: division by zero"


def test_a_person_may_try_a_failed_slot_at_once(sqlite_database: Database, clock: MovedClock) -> None:
    answers: list[Result | None] = [None, Done("Sent.")]

    def turn(slot: Slot) -> Result:
        answer = answers.pop(0)
        return answer if answer is not None else failing(slot)

    job = RecordedJob(turn=turn).job()
    ticker = make_ticker(sqlite_database, clock, [job])
    ticker.tick()
    clock.move(timedelta(days=1))
    ticker.tick()
    assert ticker.runner.run(job, record_of(sqlite_database)) is None
    assert ticker.runner.run(job, record_of(sqlite_database), at_once=True) == Done("Sent.")


def test_a_scheduler_that_died_in_its_slot_is_succeeded_when_the_lease_runs_out(
    sqlite_database: Database, clock: MovedClock
) -> None:
    job = RecordedJob()
    dead = make_ticker(sqlite_database, clock, [job.job()], owner="dead")
    alive = make_ticker(sqlite_database, clock, [job.job()], owner="alive")
    dead.tick()
    clock.move(timedelta(days=1))
    with sqlite_database.write() as connection:
        now = clock.now()
        record = store.due_slots(connection, ["dispatch"], now)[0]
        store.take_slot(connection, record, owner="dead", now=now, until=now + dead.runner.lease)
    alive.tick()
    assert job.slots == []
    clock.move(timedelta(minutes=5))
    alive.tick()
    assert job.slots == [SLOT]


def long_turn(
    database: Database, clock: Clock, begun: threading.Event, go_on: threading.Event
) -> RecordedJob:
    def turn(slot: Slot) -> Result:
        begun.set()
        assert go_on.wait(10)
        return Done("At last.")

    return RecordedJob(turn=turn)


def test_the_lease_is_renewed_while_a_long_job_runs(database: Database) -> None:
    clock = SystemClock()
    begun, go_on = threading.Event(), threading.Event()
    lease = timedelta(seconds=0.3)
    job = long_turn(database, clock, begun, go_on).job()
    with database.write() as connection:
        overdue = THURSDAYS.slot((clock.now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
        store.record_plan(connection, "dispatch", [overdue], clock.now() - timedelta(days=2))
    first = make_ticker(database, clock, [job], lease=lease)
    working = threading.Thread(target=first.runner.run, args=(job, record_of(database, overdue.name)))
    working.start()
    assert begun.wait(10)
    clock.sleep(3 * lease)
    second = make_ticker(database, clock, [job], owner="two", lease=lease)
    assert second.runner.run(job, record_of(database, overdue.name)) is None
    go_on.set()
    working.join(10)
    assert record_of(database, overdue.name).outcome == "At last."


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 1), (2, 2), (6, 32), (7, 60), (5000, 60)])
def test_retries_rest_longer_and_longer(attempt: int, minutes: int) -> None:
    assert retry_delay(attempt) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(hours=48), "48 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
    ],
)
def test_durations_read_as_words(duration: timedelta, words: str) -> None:
    assert duration_words(duration) == words
