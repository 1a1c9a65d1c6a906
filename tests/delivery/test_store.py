"""Freezing the audience, finishing, pausing, and what is told of an issue's progress. On both databases."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, issues, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, Edition, IssueStatus, ReaderStatus
from newsletter.delivery import status, store
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.status import Heartbeat
from newsletter.errors import InvalidTransition
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, statuses


def audience_of(database: Database) -> list[int]:
    query = select(deliveries.c.reader_id).order_by(deliveries.c.reader_id)
    with database.read() as connection:
        return list(connection.execute(query).scalars())


def test_the_audience_is_everybody_who_is_active(database: Database) -> None:
    add_readers(database, 3)
    add_readers(database, 1, status=ReaderStatus.UNCONFIRMED)
    add_readers(database, 1, status=ReaderStatus.LEFT)
    add_readers(database, 1, status=ReaderStatus.BOUNCED)
    add_issue(database)
    assert store.start_issue(database, 1, THURSDAY) == Counts(readers=3)
    assert audience_of(database) == [1, 2, 3]


def test_readers_of_another_edition_wait_for_theirs(database: Database) -> None:
    add_readers(database, 1)
    add_readers(database, 1, edition=Edition.MONTHLY)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    assert audience_of(database) == [1]


def test_a_pause_ends_on_its_day(database: Database) -> None:
    add_readers(database, 1, paused_until=date(2026, 11, 26))
    add_readers(database, 1, paused_until=date(2026, 11, 27))
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    assert audience_of(database) == [1]


def bounds(database: Database) -> list[tuple[int, int, int]]:
    query = select(batches.c.low, batches.c.high, batches.c.readers).order_by(batches.c.id)
    with database.read() as connection:
        return [(low, high, count) for low, high, count in connection.execute(query)]


def test_a_small_audience_is_shared_out_in_batches(database: Database) -> None:
    add_readers(database, 201)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    assert bounds(database) == [(1, 100, 100), (101, 200, 100), (201, 201, 1)]


def test_a_batch_has_at_most_a_thousand_readers(sqlite_database: Database) -> None:
    add_readers(sqlite_database, 20_001)
    add_issue(sqlite_database)
    store.start_issue(sqlite_database, 1, THURSDAY)
    assert bounds(sqlite_database)[:2] == [(1, 1000, 1000), (1001, 2000, 1000)]
    assert bounds(sqlite_database)[-1] == (20_001, 20_001, 1)


def test_gaps_between_readers_do_not_make_small_batches(database: Database) -> None:
    add_readers(database, 300)
    with database.write() as connection:
        gone = update(readers).where(readers.c.id % 3 != 0).values(status=ReaderStatus.LEFT)
        connection.execute(gone)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    assert bounds(database) == [(3, 300, 100)]
    with database.read() as connection:
        in_batch = select(func.count()).select_from(deliveries).where(deliveries.c.batch_id == 1)
        assert connection.execute(in_batch).scalar() == 100


def test_starting_twice_changes_nothing(database: Database) -> None:
    add_readers(database, 5)
    add_issue(database)
    first = store.start_issue(database, 1, THURSDAY)
    add_readers(database, 5)
    assert store.start_issue(database, 1, THURSDAY + timedelta(hours=1)) == first
    assert audience_of(database) == [1, 2, 3, 4, 5]


def test_a_draft_cannot_start(database: Database) -> None:
    add_readers(database, 1)
    add_issue(database, status=IssueStatus.DRAFT)
    with pytest.raises(InvalidTransition, match="it cannot start"):
        store.start_issue(database, 1, THURSDAY)
    assert audience_of(database) == []


def test_two_issues_have_deliveries_of_their_own(database: Database) -> None:
    add_readers(database, 2)
    for issue_id in (1, 2):
        add_issue(database, issue_id)
        store.start_issue(database, issue_id, THURSDAY)
    assert statuses(database, 1) == statuses(database, 2) == {DeliveryStatus.PENDING: 2}


def test_an_issue_without_readers_is_finished_at_once(database: Database) -> None:
    add_issue(database)
    assert store.start_issue(database, 1, THURSDAY) == Counts()
    with database.write() as connection:
        assert store.finish_issue(connection, 1, THURSDAY)


def test_an_issue_is_not_finished_while_a_batch_is_open(database: Database) -> None:
    add_readers(database, 1)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        assert not store.finish_issue(connection, 1, THURSDAY)
        connection.execute(update(batches).values(status=BatchStatus.DONE))
        assert store.finish_issue(connection, 1, THURSDAY)
        assert not store.finish_issue(connection, 1, THURSDAY)
    with database.read() as connection:
        row = connection.execute(select(issues.c.status, issues.c.finished_at)).one()
    assert row == (IssueStatus.SENT, THURSDAY)


def test_a_pause_says_why_and_is_lifted_by_resuming(database: Database) -> None:
    add_readers(database, 1)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        assert store.pause_issue(connection, 1, "a typo", THURSDAY).reason == "a typo"
        resumed = store.resume_issue(connection, 1, THURSDAY)
    assert (resumed.status, resumed.reason) == (IssueStatus.SENDING, "")


def test_cancelling_skips_whoever_waits(database: Database) -> None:
    add_readers(database, 3)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.CANCELLED))
        assert store.skip_waiting(connection, 1, THURSDAY) == 3
    with database.read() as connection:
        assert get_counts(connection, 1) == Counts(readers=3, skipped=3)
        assert set(connection.execute(select(deliveries.c.code)).scalars()) == {"cancelled"}


def test_the_rest_is_skipped_only_of_a_cancelled_issue(database: Database) -> None:
    add_readers(database, 3)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        assert store.skip_waiting(connection, 1, THURSDAY) == 0
    assert statuses(database) == {DeliveryStatus.PENDING: 3}


@pytest.mark.parametrize(
    ("deferred", "expected"),
    [({"attempts": 1}, "try"), ({"retry_at": THURSDAY}, "try"), ({}, "turn")],
)
def test_waiting_for_a_try_is_told_from_waiting_for_a_turn(
    database: Database, tmp_path: Path, deferred: dict[str, object], expected: str
) -> None:
    add_readers(database, 3)
    add_issue(database)
    store.start_issue(database, 1, THURSDAY)
    later = THURSDAY + timedelta(minutes=5)
    with database.write() as connection:
        connection.execute(update(batches).values(not_before=later, **deferred))
        situation = status.get_situation(connection, 1, tmp_path)
    found = {"try": situation.next_try, "turn": situation.next_turn}
    assert found == {"try": None, "turn": None} | {expected: later}


def test_a_sender_gives_signs_until_it_is_forgotten(database: Database) -> None:
    add_issue(database)
    sign = Heartbeat(name="host-1-aa", issue_id=1, started_at=THURSDAY, seen_at=THURSDAY)
    later = Heartbeat(
        name="host-1-aa",
        issue_id=1,
        started_at=THURSDAY,
        seen_at=THURSDAY + timedelta(seconds=2),
        waits_for="mail.example.org cannot be reached",
        waits_until=THURSDAY + timedelta(seconds=9),
    )
    with database.write() as connection:
        status.save_heartbeat(connection, sign)
        status.save_heartbeat(connection, later)
        assert status.list_heartbeats(connection, 1) == (later,)
        status.delete_old_heartbeats(connection, THURSDAY)
        assert status.list_heartbeats(connection, 1) == (later,)
        status.delete_heartbeat(connection, "host-1-aa")
        assert status.list_heartbeats(connection, 1) == ()


def test_only_one_plan_is_known_how_to_share_out(database: Database) -> None:
    from newsletter.db.schema import plans
    from newsletter.errors import StoreError

    add_readers(database, 1)
    add_issue(database)
    with database.write() as connection:
        connection.execute(insert(plans).values(issue_id=1, variant="other", plan=b""))
    with pytest.raises(StoreError, match="2 plans"):
        store.start_issue(database, 1, THURSDAY)
    assert statuses(database) == {}


def test_who_starts_an_issue_at_the_same_moment_joins(database: Database) -> None:
    add_readers(database, 300)
    add_issue(database)
    together, joined = threading.Barrier(4), list[Counts]()

    def start() -> None:
        together.wait()
        joined.append(store.start_issue(database, 1, THURSDAY))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert joined == [Counts(readers=300)] * 4
