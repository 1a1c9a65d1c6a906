"""The protocol's steps, one by one, on both databases."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, issues, readers, suppressions
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, ReaderStatus, SuppressionKind
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Fenced, Lease, Window
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import start_issue
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, hash_address, statuses

S = DeliveryStatus


@pytest.fixture
def started(database: Database) -> Database:
    """Five readers, one batch."""
    add_readers(database, 5)
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    return database


def claim(database: Database, owner: str = "first", **changes: Any) -> Lease:
    with database.write() as connection:
        lease = ledger.claim_batch(connection, 1, owner, changes.get("now", THURSDAY))
    assert lease is not None
    return lease


def begin(
    database: Database, lease: Lease, outcomes: tuple[Outcome, ...] = (), **changes: Any
) -> Window | None:
    options: dict[str, Any] = {"limit": 2, "now": THURSDAY, "hash_address": hash_address, **changes}
    with database.write() as connection:
        return ledger.begin_window(connection, lease, outcomes, **options)


@pytest.mark.parametrize(
    ("waits", "attempts", "is_due"),
    [
        (timedelta(0), 0, True),
        (timedelta(hours=20), 0, False),
        (timedelta(days=7), 0, True),
        (timedelta(hours=2), 1, False),
        (timedelta(hours=20), 1, True),
        (timedelta(days=7), 1, True),
    ],
)
def test_nobody_waits_for_a_time_that_only_a_wrong_clock_can_have_set(
    started: Database, waits: timedelta, attempts: int, is_due: bool
) -> None:
    with started.write() as connection:
        connection.execute(
            update(batches).values(not_before=THURSDAY + waits, retry_at=None, attempts=attempts)
        )
        assert (ledger.claim_batch(connection, 1, "a", THURSDAY) is not None) is is_due


def ids(window: Window | None) -> list[int]:
    assert window is not None
    return [each.reader_id for each in window.recipients]


def told(event: Event, *reader_ids: int, **more: str) -> tuple[Outcome, ...]:
    return tuple(Outcome(reader_id=reader_id, event=event, **more) for reader_id in reader_ids)


def change(database: Database, table: Any, **values: Any) -> None:
    with database.write() as connection:
        connection.execute(update(table).values(values))


def counts(database: Database) -> Counts:
    with database.read() as connection:
        return get_counts(connection, 1)


def test_a_claimed_batch_is_nobody_elses(started: Database) -> None:
    lease = claim(started)
    assert (lease.batch_id, lease.owner, lease.fence) == (1, "first", 1)
    with started.write() as connection:
        assert ledger.claim_batch(connection, 1, "second", THURSDAY) is None


@pytest.mark.parametrize("status", [IssueStatus.PAUSED, IssueStatus.CANCELLED, IssueStatus.SENT])
def test_nothing_is_claimed_of_an_issue_that_is_not_going_out(started: Database, status: IssueStatus) -> None:
    change(started, issues, status=status)
    with started.write() as connection:
        assert ledger.claim_batch(connection, 1, "first", THURSDAY) is None


def test_a_batch_is_claimed_when_its_time_has_come(started: Database) -> None:
    change(started, batches, not_before=THURSDAY + timedelta(minutes=5))
    with started.write() as connection:
        assert ledger.claim_batch(connection, 1, "first", THURSDAY) is None
    assert claim(started, now=THURSDAY + timedelta(minutes=5)).batch_id == 1


def test_a_window_is_begun_before_anything_is_sent(started: Database) -> None:
    assert ids(begin(started, claim(started))) == [1, 2]
    assert statuses(started) == {S.BEGUN: 2, S.PENDING: 3}


def test_beginning_a_window_records_the_one_before(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    outcomes = told(Event.ACCEPT, 1, code="2.0.0", provider_id="4F2A9") + told(Event.REJECT, 2, code="5.1.1")
    assert ids(begin(started, lease, outcomes)) == [3, 4]
    with started.read() as connection:
        query = select(deliveries.c.status, deliveries.c.code, deliveries.c.provider_id, deliveries.c.at)
        rows = connection.execute(query.order_by(deliveries.c.reader_id).limit(2)).all()
    assert rows == [(S.ACCEPTED, "2.0.0", "4F2A9", THURSDAY), (S.REJECTED, "5.1.1", None, THURSDAY)]
    assert counts(started) == Counts(readers=5, accepted=1, rejected=1)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (Event.ACCEPT, S.ACCEPTED),
        (Event.REJECT, S.REJECTED),
        (Event.GIVE_UP, S.REJECTED),
        (Event.LOSE_SIGHT, S.UNSURE),
        (Event.DEFER, S.RETRY),
        (Event.RETURN, S.PENDING),
    ],
)
def test_every_outcome_leads_to_its_state_and_is_counted_if_final(
    started: Database, event: Event, status: DeliveryStatus
) -> None:
    lease = claim(started)
    begin(started, lease)
    with started.write() as connection:
        ledger.record_window(connection, lease, told(event, 1, 2), THURSDAY)
    assert statuses(started) == Counter({status: 2}) + Counter({S.PENDING: 3})
    progress = counts(started)
    final = Counter(accepted=progress.accepted, rejected=progress.rejected, unsure=progress.unsure)
    assert +final == ({status.value: 2} if status not in (S.RETRY, S.PENDING) else {})


def test_recording_an_outcome_twice_counts_it_once(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    for _ in range(2):
        with started.write() as connection:
            ledger.record_window(connection, lease, told(Event.ACCEPT, 1), THURSDAY)
    assert counts(started).accepted == 1


def test_a_batch_is_done_when_everybody_is(started: Database) -> None:
    lease = claim(started)
    window = begin(started, lease, limit=10)
    assert begin(started, lease, told(Event.ACCEPT, *ids(window))) is None
    with started.read() as connection:
        assert connection.execute(select(batches.c.status, batches.c.owner)).one() == (BatchStatus.DONE, None)


def test_whoever_was_deferred_waits_also_when_the_batch_changes_hands(started: Database) -> None:
    later = THURSDAY + timedelta(minutes=5)
    lease = claim(started)
    deferred = ids(begin(started, lease))
    with started.write() as connection:
        ledger.release_batch(connection, lease, told(Event.DEFER, *deferred), THURSDAY, retry_at=later)
    following = ids(begin(started, claim(started), limit=10))
    assert statuses(started)[S.RETRY] == 2
    assert not {*following} & {*deferred}


def test_a_batch_with_deferred_readers_waits_for_its_next_try(started: Database) -> None:
    lease, later = claim(started), THURSDAY + timedelta(minutes=5)
    begin(started, lease, limit=10)
    outcomes = told(Event.ACCEPT, 1, 2, 3) + told(Event.DEFER, 4, 5, code="4.2.2")
    assert begin(started, lease, outcomes, retry_at=later) is None
    with started.write() as connection:
        assert ledger.claim_batch(connection, 1, "second", THURSDAY) is None
    again = claim(started, "second", now=later)
    assert (again.fence, again.attempts) == (2, 1)
    window = begin(started, again, now=later)
    assert window is not None
    assert [(each.reader_id, each.attempts) for each in window.recipients] == [(4, 1), (5, 1)]


def test_whoever_was_returned_is_begun_again(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    outcomes = told(Event.ACCEPT, 1) + told(Event.RETURN, 2)
    assert ids(begin(started, lease, outcomes)) == [2, 3]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": ReaderStatus.LEFT}, "left"),
        ({"status": ReaderStatus.BOUNCED}, "bounced"),
        ({"status": ReaderStatus.COMPLAINED}, "complained"),
        ({"status": ReaderStatus.ERASED, "address": None, "address_key": None}, "erased"),
        ({"paused_until": (THURSDAY + timedelta(days=1)).date()}, "paused"),
    ],
)
def test_whoever_left_after_the_start_is_skipped(
    started: Database, values: dict[str, Any], reason: str
) -> None:
    with started.write() as connection:
        connection.execute(update(readers).where(readers.c.id == 1).values(values))
    window = begin(started, claim(started))
    assert (ids(window), window and window.skipped) == ([2], 1)
    with started.read() as connection:
        query = select(deliveries.c.status, deliveries.c.code).where(deliveries.c.reader_id == 1)
        assert connection.execute(query).one() == (S.SKIPPED, reason)
    assert counts(started).skipped == 1


def test_an_address_on_the_suppression_list_is_skipped(started: Database) -> None:
    row = {"address_hash": hash_address("reader2@example.org"), "kind": SuppressionKind.LEFT}
    listed = row | {"reason": "asked", "at": THURSDAY}
    with started.write() as connection:
        connection.execute(insert(suppressions).values(listed))
    assert ids(begin(started, claim(started))) == [1]
    with started.read() as connection:
        query = select(deliveries.c.code).where(deliveries.c.reader_id == 2)
        assert connection.execute(query).scalar() == "suppressed"


def test_a_window_of_people_who_left_is_empty_and_not_the_end(started: Database) -> None:
    with started.write() as connection:
        connection.execute(update(readers).where(readers.c.id <= 2).values(status=ReaderStatus.LEFT))
    lease = claim(started)
    assert ids(begin(started, lease)) == []
    assert ids(begin(started, lease)) == [3, 4]


def test_a_paused_issue_gets_its_batch_back_with_what_was_sent(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    change(started, issues, status=IssueStatus.PAUSED)
    assert begin(started, lease, told(Event.ACCEPT, 1, 2)) is None
    assert statuses(started) == {S.ACCEPTED: 2, S.PENDING: 3}
    with started.read() as connection:
        assert connection.execute(select(batches.c.status, batches.c.owner)).one() == (
            BatchStatus.PENDING,
            None,
        )


def test_the_rest_of_a_cancelled_batch_is_skipped(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    change(started, issues, status=IssueStatus.CANCELLED)
    assert begin(started, lease, told(Event.ACCEPT, 1) + told(Event.DEFER, 2)) is None
    assert statuses(started) == {S.ACCEPTED: 1, S.SKIPPED: 4}
    assert counts(started) == Counts(readers=5, accepted=1, skipped=4)


def test_a_worker_whose_batch_was_taken_can_do_nothing_more(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    change(started, batches, fence=lease.fence + 1)
    for step in (ledger.record_window, ledger.release_batch):
        with pytest.raises(Fenced), started.write() as connection:
            step(connection, lease, told(Event.ACCEPT, 1), THURSDAY)
    with pytest.raises(Fenced):
        begin(started, lease, told(Event.ACCEPT, 1))
    assert statuses(started) == {S.BEGUN: 2, S.PENDING: 3}


def test_a_released_batch_can_be_claimed_again(started: Database) -> None:
    lease = claim(started)
    begin(started, lease)
    with started.write() as connection:
        ledger.release_batch(connection, lease, told(Event.ACCEPT, 1, 2), THURSDAY)
    assert ids(begin(started, claim(started, "second"))) == [3, 4]


def test_each_step_renews_the_lease(started: Database) -> None:
    lease, later = claim(started), THURSDAY + timedelta(seconds=50)
    begin(started, lease, now=later)
    with started.read() as connection:
        assert connection.execute(select(batches.c.lease_until)).scalar() == later + ledger.LEASE_DURATION


def test_leases_are_renewed_for_the_workers_of_one_sender_only(started: Database) -> None:
    until = THURSDAY + timedelta(hours=1)
    claim(started, "host-1-ab-0")
    with started.write() as connection:
        ledger.renew_lease(connection, "host-1-a", until)
        ledger.renew_lease(connection, "host_1-ab-", until)
    with started.read() as connection:
        (running,) = ledger.list_running_batches(connection, 1)
    assert running.lease_until == until


def test_a_postgres_sender_does_not_wait_for_anothers_claim(postgres_database: Database) -> None:
    add_readers(postgres_database, 1001)
    add_issue(postgres_database)
    start_issue(postgres_database, 1, THURSDAY)
    with postgres_database.write() as first, postgres_database.write() as second:
        one = ledger.claim_batch(first, 1, "first", THURSDAY)
        other = ledger.claim_batch(second, 1, "second", THURSDAY)
    assert (one and one.batch_id, other and other.batch_id) == (1, 2)
