"""What the tests of the schedule pass in: alerts and jobs that remember, schedulers on one database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.clock import Clock
from newsletter.config import Weekday
from newsletter.db.engine import Database
from newsletter.schedule.jobs import Done, Job, Result
from newsletter.schedule.runner import RaiseAlert, Runner
from newsletter.schedule.slots import Schedule, Slot
from newsletter.schedule.ticker import Ticker

CATCH_UP = timedelta(hours=48)
LEASE = timedelta(minutes=5)

#: Thursdays at nine in Berlin.
THURSDAYS = Schedule(days=(Weekday.THU,), time=time(9, 0), zone=ZoneInfo("Europe/Berlin"))


def utc(text: str) -> datetime:
    """ "2026-11-26T09:00" as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class RecordedAlerts:
    """Keeps what was raised, each key once."""

    raised: dict[str, str] = field(default_factory=dict)

    def raise_once(self, key: str, subject: str, body: str) -> None:
        self.raised.setdefault(key, f"{subject}\n{body}")


@dataclass
class RecordedJob:
    """Does what it is told and remembers for which slots."""

    turn: Callable[[Slot], Result] = field(default=lambda slot: Done("Done."))
    slots: list[str] = field(default_factory=list)

    def __call__(self, slot: Slot) -> Result:
        self.slots.append(slot.name)
        return self.turn(slot)

    def job(self, name: str = "dispatch", schedule: Schedule = THURSDAYS) -> Job:
        return Job(name=name, schedule=schedule, run=self)


def make_ticker(
    database: Database,
    clock: Clock,
    jobs: Sequence[Job],
    *,
    owner: str = "one",
    raise_alert: RaiseAlert | None = None,
    lease: timedelta = LEASE,
) -> Ticker:
    runner = Runner(
        database=database,
        clock=clock,
        raise_alert=raise_alert or RecordedAlerts().raise_once,
        catch_up=CATCH_UP,
        owner=owner,
        lease=lease,
    )
    return Ticker(runner, tuple(jobs))
