"""Slots: when a job is due, as pure calculation. No database and no clock: those are in store.py and ticker.py.

A slot is named by the local date-time of the issue that it serves, "2026-11-26T09:00": the draft of an issue and
its dispatch have slots of the same name, one with a lead. All arithmetic is on the wall clock of the zone, so that
"a day before" keeps its hour when the clocks change; only at the end does a wall time become a moment.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.commands import suggest
from newsletter.config import Settings, Weekday
from newsletter.db.statuses import Edition
from newsletter.errors import BadInput

NAME = "%Y-%m-%dT%H:%M"

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MONTH = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One turn of a job. `at` is the moment that the name says, `due_at` is earlier by the job's lead."""

    name: str
    at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Local time on some days, in an IANA zone; `lead` is how long before it the job is due.

    The days are those of the week, or the one of the month that `month_day` says: the last where a month is shorter.
    `repeat` is how soon it comes again, until the day ends; None for once a day.
    """

    days: tuple[Weekday, ...]
    time: time
    zone: ZoneInfo
    lead: timedelta = timedelta(0)
    repeat: timedelta | None = None
    month_day: int | None = None

    def before(self, lead: timedelta) -> "Schedule":
        """Return the same slots, due earlier."""
        return replace(self, lead=lead)

    @property
    def spacing(self) -> timedelta:
        """How far apart two slots must be at least: half the way to the next one.

        It holds when the settings change: a week that was done on Thursday is not done again on Friday.
        """
        if self.month_day is not None:
            return MONTH / 2
        if self.repeat is not None:
            return self.repeat / 2
        return WEEK / 2 if len(self.days) == 1 else DAY / 2

    def slot(self, name: str) -> Slot:
        """Return the slot of that name, whether or not it is one of this schedule's days."""
        local = local_time(name)
        due = local - self.lead
        return Slot(name=name, at=moment_of(local, self.zone), due_at=moment_of(due, self.zone))

    def has(self, name: str) -> bool:
        """Return whether the slot of that name is one of this schedule's."""
        named = local_time(name)
        return named in self._times_of(named.date())

    def after(self, local: datetime) -> Iterator[Slot]:
        """Yield every slot whose name is later than a wall time, earliest first, without end."""
        day = local.date()
        while True:
            for named in self._times_of(day):
                if named > local:
                    yield self.slot(named.strftime(NAME))
            day += DAY

    def _times_of(self, day: date) -> Iterator[datetime]:
        named = datetime.combine(day, self.time)
        while self._runs_on(day) and named.date() == day:
            yield named
            if self.repeat is None:
                return
            named += self.repeat

    def _runs_on(self, day: date) -> bool:
        if self.month_day is not None:
            return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        return list(Weekday)[day.weekday()] in self.days


def issue_schedule(settings: Settings, edition: Edition = Edition.WEEKLY) -> Schedule:
    """Return the schedule of the edition's issues."""
    if edition is Edition.MONTHLY:
        return Schedule(
            days=tuple(Weekday),
            time=_time(settings.schedule.monthly_time),
            zone=settings.zone,
            month_day=settings.schedule.monthly_day,
        )
    return Schedule(days=(settings.schedule.day,), time=_time(settings.schedule.time), zone=settings.zone)


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def hourly_schedule(settings: Settings) -> Schedule:
    """Return a schedule of every full hour of every day."""
    return Schedule(days=tuple(Weekday), time=time(0, 0), zone=settings.zone, repeat=timedelta(hours=1))


def plan_slots(schedule: Schedule, *, now: datetime, last: str | None) -> tuple[Slot, ...]:
    """Return the slots that must be on record: each that came due after the one named `last`, and the next one.

    Without a last one the schedule begins now: nothing that is already due is made up for.
    """
    if last is None:
        return (next_slot(schedule, now),)
    planned = []
    for slot in schedule.after(local_time(last) + schedule.spacing):
        planned.append(slot)
        if slot.due_at > now:
            break
    return tuple(planned)


def next_slot(schedule: Schedule, now: datetime) -> Slot:
    """Return the first slot that is not due yet."""
    return next(coming_slots(schedule, now=now, last=None))


def coming_slots(schedule: Schedule, *, now: datetime, last: str | None) -> Iterator[Slot]:
    """Yield the slots that are not due yet and will be planned after the one named `last`, without end."""
    begin = wall_time(now, schedule.zone) - DAY
    if last is not None:
        begin = max(begin, local_time(last) + schedule.spacing)
    return (slot for slot in schedule.after(begin) if slot.due_at > now)


def is_too_late(slot: Slot, *, now: datetime, catch_up: timedelta) -> bool:
    """Return whether the catch-up limit has passed. It counts from the issue's time, also for a job with a lead."""
    return now > slot.at + catch_up


def moment_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment at which the wall clock of `zone` shows `local` or later, in UTC.

    So a time that the spring change leaves out becomes the first moment after the gap, and a time that autumn
    shows twice is its first showing.
    """
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(moment, zone) == local:
        return moment
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    # PEP 495: in a gap, fold=1 reads the time with the new offset and fold=0 with the old one; the change is between.
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (before, middle) if wall_time(middle, zone) >= local else (middle, after)
    return after


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the wall clock of `zone` shows at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def local_time(name: str) -> datetime:
    """Return the wall time that a slot's name says."""
    return datetime.fromisoformat(name)


def slot_words(name: str, zone: ZoneInfo) -> str:
    """Write a slot's name for people: "Thu 26 Nov 2026 09:00 (Europe/Berlin)"."""
    return f"{local_time(name):%a %d %b %Y %H:%M} ({zone.key})"


# A slot as a person names it.

_EXAMPLE = "2026-11-26T09:00"


def named_slot(schedule: Schedule, text: str, *, now: datetime, catch_up: timedelta) -> Slot:
    """Return the schedule's slot that `text` names, by local time or by day alone.

    Raises BadInput for what is no slot of the schedule, and for one that is over.
    """
    slot = schedule.slot(_local(schedule, text).strftime(NAME))
    words = slot_words(slot.name, schedule.zone)
    if not schedule.has(slot.name):
        following = next(schedule.after(datetime.fromisoformat(slot.name)))
        raise BadInput(
            f"No issue is due on {words}: the schedule's next after it is {following.name}. "
            f"For one outside the schedule: {suggest('draft', '--now')}"
        )
    if is_too_late(slot, now=now, catch_up=catch_up):
        raise BadInput(
            f"The slot {words} is over. For an issue outside the schedule: {suggest('draft', '--now')}"
        )
    return slot


def _local(schedule: Schedule, text: str) -> datetime:
    try:
        if len(text) == len("2026-11-26"):
            return datetime.combine(date.fromisoformat(text), schedule.time)
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no slot: give a local time such as {_EXAMPLE}.") from error
    if local.tzinfo is not None:
        raise BadInput(
            f"{text!r} names a zone, but a slot is local time in {schedule.zone.key}, such as {_EXAMPLE}."
        )
    return local
