"""A year of slots on a moved clock: two schedulers on one database, an outage, kills, every change of the clocks."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from newsletter.clock import MovedClock
from newsletter.config import Weekday
from newsletter.db.engine import Database
from newsletter.schedule.jobs import Done, Job, Result, Waiting
from newsletter.schedule.slots import Schedule, Slot
from newsletter.schedule.ticker import Ticker
from tests.jobs.recording import RecordedAlerts, make_ticker, utc

START = utc("2026-01-02T12:00")

#: A whole year on SQLite. PostgreSQL sees its first half: what differs between the two is in the statements.
YEAR, HALF = timedelta(days=371), timedelta(days=182)

#: The machine is away for forty hours, from a Thursday's slot until after a Sunday's draft.
OUTAGE_BEGINS, OUTAGE = utc("2026-05-14T06:00"), timedelta(hours=40)

#: The days on which New York's and Berlin's clocks change: there the ticks are close together.
CHANGES = ("2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01")

#: At these turns of a job its scheduler is killed in the middle.
KILLS = (5, 15, 23, 40)


def weekly(zone: str, day: Weekday, at: time) -> Schedule:
    return Schedule(days=(day,), time=at, zone=ZoneInfo(zone))


#: Berlin leaves out 02:30 in spring and shows it twice in autumn; New York leaves out 02:30 and repeats 01:30.
SCHEDULES = {
    "berlin": weekly("Europe/Berlin", Weekday.THU, time(9, 0)),
    "berlin-night": weekly("Europe/Berlin", Weekday.SUN, time(2, 30)),
    "new-york-gap": weekly("America/New_York", Weekday.SUN, time(2, 30)),
    "new-york-fold": weekly("America/New_York", Weekday.SUN, time(1, 30)),
}


class Killed(BaseException):
    """The process is gone: nothing catches this, nothing is tidied up."""


@dataclass
class Week:
    """A draft and its dispatch, remembered; the dispatch waits for its draft, and is killed a few times."""

    kills: set[int]
    drafted: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def draft(self, slot: Slot) -> Result:
        self.drafted.append(slot.name)
        return Done("Drafted.")

    def dispatch(self, slot: Slot) -> Result:
        if slot.name not in self.drafted:
            return Waiting("There is no draft.")
        if len(self.sent) in self.kills:
            self.kills.remove(len(self.sent))
            raise Killed
        self.sent.append(slot.name)
        return Done("Sent.")

    def jobs(self, name: str, schedule: Schedule) -> tuple[Job, Job]:
        early = schedule.before(timedelta(hours=24))
        return (
            Job(name=f"draft-{name}", schedule=early, run=self.draft),
            Job(name=f"dispatch-{name}", schedule=schedule, run=self.dispatch),
        )


def live_through(tickers: list[Ticker], clock: MovedClock, until: datetime) -> None:
    """Tick now one, now the other, now both; a killed one is started again an hour later."""
    random = Random(2026)
    away_until = dict.fromkeys(range(len(tickers)), clock.now())
    while clock.now() < until:
        if OUTAGE_BEGINS <= clock.now() < OUTAGE_BEGINS + OUTAGE:
            clock.move(OUTAGE)
        for number in random.choice([(0,), (1,), (0, 1), (1, 0)]):
            if away_until[number] > clock.now():
                continue
            try:
                tickers[number].tick()
            except Killed:
                away_until[number] = clock.now() + timedelta(hours=1)
        clock.move(timedelta(minutes=random.randint(1, 20 if is_restless(clock.now()) else 1200)))


def is_restless(now: datetime) -> bool:
    return str(now.date()) in CHANGES and now.hour < 10


def names_until(schedule: Schedule, until: datetime) -> list[str]:
    names: list[str] = []
    for slot in schedule.after(datetime.fromisoformat("2026-01-03T18:00")):
        if slot.at > until:
            break
        names.append(slot.name)
    return names


def test_in_a_year_every_slot_is_done_exactly_once(sqlite_database: Database) -> None:
    every_slot_is_done_exactly_once(sqlite_database, YEAR, weeks=range(52, 54))


def test_in_half_a_year_every_slot_is_done_exactly_once(postgres_database: Database) -> None:
    every_slot_is_done_exactly_once(postgres_database, HALF, weeks=range(25, 27))


def every_slot_is_done_exactly_once(database: Database, span: timedelta, weeks: range) -> None:
    clock, alerts = MovedClock(START), RecordedAlerts()
    lived = {name: Week({turn for turn in KILLS if turn < weeks.start}) for name in SCHEDULES}
    jobs = [job for name, week in lived.items() for job in week.jobs(name, SCHEDULES[name])]
    tickers = [
        make_ticker(database, clock, jobs, owner=owner, raise_alert=alerts.raise_once)
        for owner in ("one", "two")
    ]
    live_through(tickers, clock, START + span)
    for name, week in lived.items():
        expected = names_until(SCHEDULES[name], clock.now() - timedelta(days=2))
        assert len(expected) in weeks
        assert week.sent[: len(expected)] == expected
        assert max(Counter(week.sent).values()) == max(Counter(week.drafted).values()) == 1
        assert week.kills == set()
    assert alerts.raised == {}
