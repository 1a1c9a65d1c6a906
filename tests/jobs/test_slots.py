from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import Weekday
from newsletter.schedule.slots import (
    Schedule,
    Slot,
    is_too_late,
    moment_of,
    next_slot,
    plan_slots,
    slot_words,
    wall_time,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
walls = st.datetimes(wall("1971-01-02"), wall("2036-12-30")).map(
    lambda each: each.replace(second=0, microsecond=0)
)
leads = st.timedeltas(timedelta(0), timedelta(days=6)).map(
    lambda each: timedelta(minutes=each // timedelta(minutes=1))
)
schedules = st.builds(
    Schedule,
    days=st.lists(st.sampled_from(Weekday), min_size=1, max_size=7, unique=True).map(tuple),
    time=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    zone=zones,
    lead=leads,
)


def thursdays(hour: int, minute: int, zone: ZoneInfo = BERLIN) -> Schedule:
    return Schedule(days=(Weekday.THU,), time=time(hour, minute), zone=zone)


def monthly(day: int) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(9, 0), zone=BERLIN, month_day=day)


@pytest.mark.parametrize(
    ("day", "named"),
    [
        (1, ["2026-12-01T09:00", "2027-01-01T09:00", "2027-02-01T09:00"]),
        (31, ["2026-11-30T09:00", "2026-12-31T09:00", "2027-01-31T09:00", "2027-02-28T09:00"]),
    ],
)
def test_a_day_of_the_month_comes_once_a_month_and_is_the_last_where_the_month_is_shorter(
    day: int, named: list[str]
) -> None:
    following = islice(monthly(day).after(wall("2026-11-23")), len(named))
    assert [each.name for each in following] == named


def test_a_month_that_was_done_is_not_done_again_when_its_day_moves_by_a_few() -> None:
    planned = plan_slots(monthly(3), now=utc(2026, 12, 2), last="2026-12-01T09:00")
    assert [each.name for each in planned] == ["2027-01-03T09:00"]


@pytest.mark.parametrize(
    ("local", "zone", "moment"),
    [
        (wall("2026-03-26T09:00"), BERLIN, utc(2026, 3, 26, 8, 0)),
        (wall("2026-04-02T09:00"), BERLIN, utc(2026, 4, 2, 7, 0)),
        (wall("2026-11-05T09:00"), NEW_YORK, utc(2026, 11, 5, 14, 0)),
    ],
)
def test_a_wall_time_is_a_moment_in_its_zone(local: datetime, zone: ZoneInfo, moment: datetime) -> None:
    assert moment_of(local, zone) == moment


@pytest.mark.parametrize(
    ("local", "zone", "moment"),
    [
        (wall("2026-03-29T02:00"), BERLIN, utc(2026, 3, 29, 1, 0)),
        (wall("2026-03-29T02:30"), BERLIN, utc(2026, 3, 29, 1, 0)),
        (wall("2026-03-29T02:59"), BERLIN, utc(2026, 3, 29, 1, 0)),
        (wall("2026-03-08T02:30"), NEW_YORK, utc(2026, 3, 8, 7, 0)),
        # Lord Howe moves by half an hour only.
        (wall("2026-10-04T02:15"), ZoneInfo("Australia/Lord_Howe"), utc(2026, 10, 3, 15, 30)),
        # Samoa left out the whole of 30 December 2011.
        (wall("2011-12-30T09:00"), ZoneInfo("Pacific/Apia"), utc(2011, 12, 30, 10, 0)),
    ],
)
def test_a_time_in_the_spring_gap_is_the_first_moment_after_it(
    local: datetime, zone: ZoneInfo, moment: datetime
) -> None:
    assert moment_of(local, zone) == moment


@pytest.mark.parametrize(
    ("local", "zone", "moment"),
    [
        (wall("2026-10-25T02:30"), BERLIN, utc(2026, 10, 25, 0, 30)),
        (wall("2026-11-01T01:30"), NEW_YORK, utc(2026, 11, 1, 5, 30)),
    ],
)
def test_a_time_that_autumn_shows_twice_is_its_first_showing(
    local: datetime, zone: ZoneInfo, moment: datetime
) -> None:
    assert moment_of(local, zone) == moment


@given(local=walls, zone=zones)
def test_no_earlier_moment_shows_the_time_or_a_later_one(local: datetime, zone: ZoneInfo) -> None:
    moment = moment_of(local, zone)
    assert wall_time(moment, zone) >= local
    assert wall_time(moment - timedelta(seconds=1), zone) < local


@given(local=walls, later=leads, zone=zones)
def test_later_wall_times_are_never_earlier_moments(
    local: datetime, later: timedelta, zone: ZoneInfo
) -> None:
    assert moment_of(local, zone) <= moment_of(local + later, zone)


@given(schedule=schedules, start=walls)
def test_slots_come_in_order_each_under_its_own_name(schedule: Schedule, start: datetime) -> None:
    slots = list(islice(schedule.after(start), 12))
    assert all(earlier.name < later.name for earlier, later in pairwise(slots))
    assert all(earlier.due_at <= later.due_at for earlier, later in pairwise(slots))
    assert all(slot.due_at <= slot.at for slot in slots)
    assert all(schedule.slot(slot.name) == slot for slot in slots)


@given(
    schedule=schedules,
    start=walls,
    steps=st.lists(st.timedeltas(timedelta(0), timedelta(days=20)), max_size=12),
)
def test_however_the_time_passes_every_slot_is_planned_exactly_once(
    schedule: Schedule, start: datetime, steps: list[timedelta]
) -> None:
    begin = moment_of(start, schedule.zone)
    now, seen = begin, list(plan_slots(schedule, now=begin, last=None))
    for step in steps:
        now += step
        if seen[-1].due_at <= now:
            seen.extend(plan_slots(schedule, now=now, last=seen[-1].name))
    expected = schedule.after(wall_time(begin, schedule.zone) - timedelta(days=1))
    wanted: list[Slot] = []
    while not wanted or wanted[-1].due_at <= now:
        wanted.extend(slot for slot in islice(expected, 1) if slot.due_at > begin)
    assert seen == wanted


def test_the_lead_keeps_its_hour_when_the_clocks_change() -> None:
    sunday = Schedule(days=(Weekday.SUN,), time=time(9, 0), zone=BERLIN).before(timedelta(hours=24))
    slot = sunday.slot("2026-03-29T09:00")
    assert wall_time(slot.due_at, BERLIN) == wall("2026-03-28T09:00")
    assert slot.at - slot.due_at == timedelta(hours=23)


def test_a_schedule_begins_with_the_next_slot() -> None:
    (slot,) = plan_slots(thursdays(9, 0), now=utc(2026, 11, 26, 8, 30), last=None)
    assert slot.name == "2026-12-03T09:00"


def test_what_an_outage_missed_is_planned_with_the_next_slot() -> None:
    slots = plan_slots(thursdays(9, 0), now=utc(2026, 12, 11, 12, 0), last="2026-11-26T09:00")
    assert [slot.name for slot in slots] == ["2026-12-03T09:00", "2026-12-10T09:00", "2026-12-17T09:00"]


@pytest.mark.parametrize(("day", "following"), [(Weekday.FRI, "2026-12-04"), (Weekday.MON, "2026-11-30")])
def test_a_changed_day_does_not_bring_the_same_week_twice(day: Weekday, following: str) -> None:
    changed = Schedule(days=(day,), time=time(9, 0), zone=BERLIN)
    slots = plan_slots(changed, now=utc(2026, 11, 26, 12, 0), last="2026-11-26T09:00")
    assert [slot.name for slot in slots] == [f"{following}T09:00"]


def test_the_limit_counts_from_the_issues_time() -> None:
    draft = thursdays(9, 0).before(timedelta(hours=24)).slot("2026-11-26T09:00")
    limit = utc(2026, 11, 28, 8, 0)
    assert not is_too_late(draft, now=limit, catch_up=timedelta(hours=48))
    assert is_too_late(draft, now=limit + timedelta(seconds=1), catch_up=timedelta(hours=48))


def test_the_next_slot_is_not_due_yet() -> None:
    assert next_slot(thursdays(9, 0), utc(2026, 11, 26, 8, 0)).name == "2026-12-03T09:00"
    assert next_slot(thursdays(9, 0), utc(2026, 11, 26, 7, 59)).name == "2026-11-26T09:00"


def test_a_slot_reads_as_a_local_time_with_its_zone() -> None:
    assert slot_words("2026-11-26T09:00", BERLIN) == "Thu 26 Nov 2026 09:00 (Europe/Berlin)"


def test_an_hourly_job_has_a_slot_at_every_full_hour_of_the_wall_clock() -> None:
    hourly = Schedule(days=tuple(Weekday), time=time(0, 0), zone=BERLIN, repeat=timedelta(hours=1))
    names = [each.name for each in islice(hourly.after(wall("2026-03-28T22:30")), 5)]
    assert names == [
        "2026-03-28T23:00",
        "2026-03-29T00:00",
        "2026-03-29T01:00",
        "2026-03-29T02:00",
        "2026-03-29T03:00",
    ]
    planned = plan_slots(hourly, now=utc(2026, 11, 26, 9, 5), last="2026-11-26T09:00")
    assert [each.name for each in planned] == ["2026-11-26T10:00", "2026-11-26T11:00"]
