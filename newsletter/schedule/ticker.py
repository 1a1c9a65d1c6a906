"""The ticker: at each tick, plans every job's slots and does what is due. APScheduler only ticks.

A tick looks at the record and the clock, nothing else, so ticks may be late, doubled or missing: the next one does
what there is to do, on whichever machine it falls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from newsletter.clock import Clock
from newsletter.schedule import store
from newsletter.schedule.jobs import Job
from newsletter.schedule.runner import Runner
from newsletter.schedule.slots import plan_slots
from newsletter.schedule.store import SlotRecord

#: How often to look.
INTERVAL = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ticker:
    """The jobs of one process and what runs them."""

    runner: Runner
    jobs: Sequence[Job]

    def tick(self) -> None:
        """Do everything that is due, in the order in which it came due."""
        now = self.runner.clock.now()
        for job in self.jobs:
            self.plan(job)
        named = {job.name: job for job in self.jobs}
        for record in self._due(list(named), now):
            self.runner.run(named[record.job], record)

    def plan(self, job: Job) -> None:
        """Bring the job's slots on record up to now."""
        now = self.runner.clock.now()
        with self.runner.database.read() as connection:
            last = store.last_slot(connection, job.name, now)
            ahead = store.slots_ahead(connection, job.name, now)
        planned = plan_slots(job.schedule, now=now, last=last)
        if [(slot.name, slot.due_at) for slot in planned] == [(each.name, each.due_at) for each in ahead]:
            return
        with self.runner.database.write() as connection:
            store.record_plan(connection, job.name, planned, now)

    def _due(self, names: Sequence[str], now: datetime) -> tuple[SlotRecord, ...]:
        with self.runner.database.read() as connection:
            return store.due_slots(connection, names, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Something to call again and again, never twice at once."""

    call: Callable[[], None]
    every: timedelta = INTERVAL


def start_beats(*beats: Beat, clock: Clock) -> BackgroundScheduler:
    """Call each beat now and then at its interval, in the background; `shutdown()` waits for what is running.

    The scheduler keeps nothing: its store is in memory, and a beat that was missed needs no making up.
    """
    scheduler = BackgroundScheduler(timezone="UTC")
    for beat in beats:
        scheduler.add_job(
            beat.call,
            IntervalTrigger(seconds=beat.every.total_seconds(), timezone="UTC"),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=clock.now(),
        )
    scheduler.start()
    return scheduler
