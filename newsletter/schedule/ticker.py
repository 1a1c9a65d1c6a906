"""The ticker: at each tick, plans every job's slots and does what is due. APScheduler only ticks.

A tick looks at the record and the clock, nothing else, so ticks may be late, doubled or missing: the next one does
what there is to do, on whichever machine it falls.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from newsletter.clock import Clock
from newsletter.db.engine import in_plain_words
from newsletter.errors import NewsletterError
from newsletter.schedule import store
from newsletter.schedule.jobs import Job
from newsletter.schedule.runner import Runner
from newsletter.schedule.slots import plan_slots

log = logging.getLogger(__name__)

#: How often to look.
INTERVAL = timedelta(seconds=30)

_SAME_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ticker:
    """The jobs of one process and what runs them."""

    runner: Runner
    jobs: tuple[Job, ...]

    def tick(self) -> None:
        """Do everything that is due, in the order in which it came due."""
        self.plan()
        named = {job.name: job for job in self.jobs}
        with self.runner.database.read() as connection:
            due = store.due_slots(connection, list(named), self.runner.clock.now())
        for record in due:
            self.runner.run(named[record.job], record)

    def plan(self) -> None:
        """Bring every job's slots on record up to now."""
        now = self.runner.clock.now()
        names = [job.name for job in self.jobs]
        with self.runner.database.read() as connection:
            last = store.last_slots(connection, names, now)
            ahead = {(each.job, each.name, each.due_at) for each in store.slots_ahead(connection, names, now)}
        plans = {job.name: plan_slots(job.schedule, now=now, last=last.get(job.name)) for job in self.jobs}
        if ahead == {(job, slot.name, slot.due_at) for job, planned in plans.items() for slot in planned}:
            return
        with self.runner.database.write() as connection:
            for job, planned in plans.items():
                store.record_plan(connection, job, planned, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Something to call again and again, never twice at once."""

    call: Callable[[], object]
    every: timedelta = INTERVAL


def start_beats(*beats: Beat, clock: Clock) -> BackgroundScheduler:
    """Call each beat now and then at its interval, in the background; `shutdown()` waits for what is running.

    The scheduler keeps nothing: its store is in memory, and a beat that was missed needs no making up.
    """
    scheduler, said = BackgroundScheduler(timezone="UTC"), _Said(clock)
    for beat in beats:
        scheduler.add_job(
            partial(_call, beat, said),
            IntervalTrigger(seconds=beat.every.total_seconds(), timezone="UTC"),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=clock.now(),
        )
    scheduler.start()
    return scheduler


class _Said:
    """What was logged within the last minute: the same trouble meets every beat, every few seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._at = clock, dict[str, float]()

    def is_news(self, words: str) -> bool:
        now = self._clock.monotonic()
        self._at = {each: at for each, at in self._at.items() if now - at < _SAME_EVERY_SECONDS}
        return self._at.setdefault(words, now) == now


def _call(beat: Beat, logged: _Said) -> None:
    """Call a beat; what a person has to mend (a database, a file of keys) is a line of the log, and the next call tries again."""
    try:
        beat.call()
    except Exception as error:
        said = error if isinstance(error, NewsletterError) else in_plain_words(error)
        if said is None:
            raise
        if logged.is_news(str(said)):
            log.error("%s", said)
