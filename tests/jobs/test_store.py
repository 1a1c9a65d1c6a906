import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from newsletter.db.engine import Database
from newsletter.db.statuses import SlotStatus
from newsletter.schedule import store
from newsletter.schedule.slots import plan_slots
from newsletter.schedule.store import SlotLease, SlotRecord
from tests.jobs.recording import LEASE, THURSDAYS, utc

WEDNESDAY = utc("2026-11-25T12:00")
SLOT_AT = utc("2026-11-26T08:00")


@pytest.fixture
def planned(database: Database) -> Database:
    """One slot ahead: Thursday 26 November 2026."""
    with database.write() as connection:
        store.record_plan(connection, "dispatch", plan_slots(THURSDAYS, now=WEDNESDAY, last=None), WEDNESDAY)
    return database


def due(database: Database) -> SlotRecord:
    with database.read() as connection:
        (record,) = store.due_slots(connection, ["dispatch"], SLOT_AT)
    return record


def take(
    database: Database, record: SlotRecord, owner: str, *, after: timedelta = timedelta(0)
) -> SlotLease | None:
    now = SLOT_AT + after
    with database.write() as connection:
        return store.take_slot(connection, record, owner=owner, now=now, until=now + LEASE)


def finish(database: Database, claim: SlotLease | None) -> bool:
    assert claim is not None
    with database.write() as connection:
        return store.finish_slot(connection, claim, SlotStatus.DONE, "Sent.", SLOT_AT)


def test_a_slot_ahead_is_not_due(planned: Database) -> None:
    with planned.read() as connection:
        assert store.due_slots(connection, ["dispatch"], SLOT_AT - timedelta(seconds=1)) == ()
        assert [each.name for each in store.slots_ahead(connection, ["dispatch"], WEDNESDAY)] == [
            "2026-11-26T09:00"
        ]
        assert store.last_slots(connection, ["dispatch"], WEDNESDAY) == {}
        assert store.last_slots(connection, ["dispatch"], SLOT_AT) == {"dispatch": "2026-11-26T09:00"}


def test_planning_twice_changes_nothing(planned: Database) -> None:
    with planned.write() as connection:
        store.record_plan(connection, "dispatch", plan_slots(THURSDAYS, now=WEDNESDAY, last=None), WEDNESDAY)
    assert due(planned).status is SlotStatus.DUE


def test_a_plan_that_changed_takes_back_the_slot_ahead(planned: Database) -> None:
    later = THURSDAYS.slot("2026-12-03T09:00")
    with planned.write() as connection:
        store.record_plan(connection, "dispatch", [later], WEDNESDAY)
        assert [each.name for each in store.open_slots(connection, "dispatch")] == ["2026-12-03T09:00"]


def test_a_slot_that_keeps_its_name_follows_its_new_moment(planned: Database) -> None:
    earlier = THURSDAYS.before(timedelta(hours=3)).slot("2026-11-26T09:00")
    with planned.write() as connection:
        store.record_plan(connection, "dispatch", [earlier], WEDNESDAY)
    assert due(planned).due_at == utc("2026-11-26T05:00")


def test_a_slot_is_taken_by_one_scheduler(planned: Database) -> None:
    record = due(planned)
    assert take(planned, record, "one") is not None
    assert take(planned, record, "two") is None


def test_of_many_schedulers_at_one_moment_one_gets_the_slot(planned: Database) -> None:
    record = due(planned)
    together = threading.Barrier(6)

    def compete(owner: str) -> SlotLease | None:
        together.wait(10)
        return take(planned, record, owner)

    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(compete, "abcdef"))
    assert sum(claim is not None for claim in claims) == 1


def test_a_finished_slot_is_never_taken_again(planned: Database) -> None:
    record = due(planned)
    assert finish(planned, take(planned, record, "one"))
    assert take(planned, record, "two", after=timedelta(days=1)) is None


def test_a_slot_whose_lease_ran_out_is_taken_over_and_its_first_owner_is_fenced_off(
    planned: Database,
) -> None:
    record = due(planned)
    first = take(planned, record, "one")
    second = take(planned, record, "two", after=LEASE)
    assert second is not None
    assert not finish(planned, first)
    assert finish(planned, second)


def test_a_lease_that_only_a_wrong_clock_can_have_given_keeps_nobody_away(planned: Database) -> None:
    record = due(planned)
    assert take(planned, record, "one", after=timedelta(days=7)) is not None
    assert take(planned, record, "two") is not None
    assert take(planned, record, "three") is None


def test_the_same_owner_is_fenced_off_from_its_own_earlier_attempt(planned: Database) -> None:
    record = due(planned)
    first = take(planned, record, "one")
    second = take(planned, record, "one", after=LEASE)
    assert not finish(planned, first)
    assert finish(planned, second)


def test_a_renewed_lease_keeps_others_away(planned: Database) -> None:
    record = due(planned)
    claim = take(planned, record, "one")
    assert claim is not None
    with planned.write() as connection:
        assert store.keep_slot(connection, claim, until=SLOT_AT + 2 * LEASE)
    assert take(planned, record, "two", after=LEASE) is None


def test_a_lost_lease_cannot_be_renewed(planned: Database) -> None:
    record = due(planned)
    claim = take(planned, record, "one")
    assert claim is not None
    take(planned, record, "two", after=LEASE)
    with planned.write() as connection:
        assert not store.keep_slot(connection, claim, until=SLOT_AT + 3 * LEASE)


def test_a_slot_put_off_rests_until_its_moment_unless_a_person_wants_it(planned: Database) -> None:
    record = due(planned)
    claim = take(planned, record, "one")
    assert claim is not None
    with planned.write() as connection:
        assert store.put_off_slot(connection, claim, "Failed.", until=SLOT_AT + timedelta(hours=1))
    assert take(planned, record, "two", after=timedelta(minutes=59)) is None
    with planned.write() as connection:
        until = SLOT_AT + LEASE
        assert (
            store.take_slot(connection, record, owner="two", now=SLOT_AT, until=until, at_once=True)
            is not None
        )


def test_wanting_it_at_once_does_not_take_it_from_one_who_has_it(planned: Database) -> None:
    record = due(planned)
    take(planned, record, "one")
    with planned.write() as connection:
        until = SLOT_AT + LEASE
        assert (
            store.take_slot(connection, record, owner="two", now=SLOT_AT, until=until, at_once=True) is None
        )


def test_what_was_settled_is_listed_latest_first(planned: Database) -> None:
    finish(planned, take(planned, due(planned), "one"))
    with planned.read() as connection:
        (record,) = store.settled_slots(connection, "dispatch", SlotStatus.DONE, 5)
    assert (record.name, record.outcome, record.finished_at) == ("2026-11-26T09:00", "Sent.", SLOT_AT)
