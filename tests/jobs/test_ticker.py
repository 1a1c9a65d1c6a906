import threading
from datetime import time, timedelta

import pytest

from newsletter.clock import MovedClock, SystemClock
from newsletter.config import Weekday
from newsletter.db.engine import Database
from newsletter.errors import StoreError
from newsletter.schedule import store
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot
from newsletter.schedule.ticker import Beat, start_beats
from tests.jobs.recording import THURSDAYS, RecordedJob, make_ticker, utc


def test_the_first_start_does_not_make_up_for_slots_before_it(sqlite_database: Database) -> None:
    clock = MovedClock(utc("2026-11-26T10:00"))
    job = RecordedJob()
    ticker = make_ticker(sqlite_database, clock, [job.job()])
    ticker.tick()
    clock.move(timedelta(days=6))
    ticker.tick()
    assert job.slots == []


def test_a_restart_makes_up_for_what_came_due_meanwhile(sqlite_database: Database) -> None:
    clock = MovedClock(utc("2026-11-25T10:00"))
    job = RecordedJob()
    make_ticker(sqlite_database, clock, [job.job()]).tick()
    clock.move(timedelta(hours=40))
    make_ticker(sqlite_database, clock, [job.job()]).tick()
    assert job.slots == ["2026-11-26T09:00"]


def test_what_came_due_first_is_done_first(sqlite_database: Database) -> None:
    clock = MovedClock(utc("2026-11-20T10:00"))
    order: list[str] = []

    def named(name: str) -> RecordedJob:
        def turn(slot: Slot) -> Result:
            order.append(name)
            return Done("Done.")

        return RecordedJob(turn=turn)

    jobs = [
        named("dispatch").job("dispatch", THURSDAYS),
        named("draft").job("draft", THURSDAYS.before(timedelta(hours=24))),
    ]
    ticker = make_ticker(sqlite_database, clock, jobs)
    ticker.tick()
    clock.move(timedelta(days=7))
    ticker.tick()
    assert order == ["draft", "dispatch"]


def test_changed_settings_move_the_slot_ahead(sqlite_database: Database) -> None:
    clock = MovedClock(utc("2026-11-23T10:00"))
    friday = Schedule(days=(Weekday.FRI,), time=time(9, 0), zone=THURSDAYS.zone)
    make_ticker(sqlite_database, clock, [RecordedJob().job()]).tick()
    make_ticker(sqlite_database, clock, [RecordedJob().job(schedule=friday)]).tick()
    with sqlite_database.read() as connection:
        assert [each.name for each in store.open_slots(connection, "dispatch")] == ["2026-11-27T09:00"]


def test_a_long_outage_skips_all_but_what_is_within_the_limit(sqlite_database: Database) -> None:
    clock = MovedClock(utc("2026-11-25T10:00"))
    job = RecordedJob()
    ticker = make_ticker(sqlite_database, clock, [job.job()])
    ticker.tick()
    clock.move(timedelta(days=22, hours=12))
    ticker.tick()
    assert job.slots == ["2026-12-17T09:00"]


def test_the_ticker_ticks_at_once_and_then_at_every_interval() -> None:
    ticks = threading.Semaphore(0)
    scheduler = start_beats(Beat(call=ticks.release, every=timedelta(seconds=0.05)), clock=SystemClock())
    try:
        assert all(ticks.acquire(timeout=5) for _ in range(3))
    finally:
        scheduler.shutdown()


def test_stopping_waits_for_the_tick_that_is_running() -> None:
    begun, over = threading.Event(), threading.Event()

    def tick() -> None:
        begun.set()
        SystemClock().sleep(timedelta(seconds=0.2))
        over.set()

    scheduler = start_beats(Beat(call=tick), clock=SystemClock())
    assert begun.wait(5)
    scheduler.shutdown()
    assert over.is_set()


def test_the_same_trouble_at_every_beat_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    beaten = threading.Semaphore(0)

    def fail() -> None:
        beaten.release()
        raise StoreError("The database is away.")

    scheduler = start_beats(*[Beat(call=fail, every=timedelta(seconds=0.05))] * 2, clock=SystemClock())
    try:
        assert all(beaten.acquire(timeout=5) for _ in range(6))
    finally:
        scheduler.shutdown()
    assert [each.getMessage() for each in caplog.records if "away" in each.getMessage()] == [
        "The database is away."
    ]
