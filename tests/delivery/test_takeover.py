"""What a dead, sleeping or far-away worker leaves behind, and who may take it. On both databases."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.db.engine import Database
from newsletter.db.statuses import DeliveryStatus, IssueStatus
from newsletter.delivery import ledger
from newsletter.delivery.journal import Journal
from newsletter.delivery.ledger import Lease
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import finish_issue, start_issue
from newsletter.delivery.takeover import record_late, take_over
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.unsure import send_again
from newsletter.digest.store import get_issue
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, hash_address, statuses

S = DeliveryStatus
AFTER_THE_LEASE = THURSDAY + ledger.LEASE_DURATION + timedelta(seconds=1)


@pytest.fixture
def lease(database: Database) -> Lease:
    """Five readers; a worker called "gone" has begun the first four."""
    add_readers(database, 5)
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        lease = ledger.claim_batch(connection, 1, "gone", THURSDAY)
        assert lease is not None
        ledger.begin_window(connection, lease, (), limit=4, now=THURSDAY, hash_address=hash_address)
    return lease


def leave_journal(folder: Path, lease: Lease) -> None:
    """1 was accepted, 2 rejected, 3 only started, 4 not even that; then its worker died."""
    journal = Journal(folder, lease.owner)
    journal.started(lease, [1, 2, 3])
    journal.answered(lease, Outcome(reader_id=1, event=Event.ACCEPT, code="2.0.0", provider_id="4F2A9"))
    journal.answered(lease, Outcome(reader_id=2, event=Event.REJECT, code="5.1.1"))
    journal.__exit__(KeyboardInterrupt)


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_the_journal_of_a_dead_worker_settles_all_but_what_was_in_flight(
    database: Database, lease: Lease, journals: Path
) -> None:
    leave_journal(journals, lease)
    assert take_over(database, lease, journals, THURSDAY)
    assert statuses(database) == {S.ACCEPTED: 1, S.REJECTED: 1, S.UNSURE: 1, S.PENDING: 2}
    with database.read() as connection:
        assert get_counts(connection, 1) == Counts(readers=5, accepted=1, rejected=1, unsure=1)


def test_whoever_was_deferred_before_the_kill_rests_like_everybody(
    database: Database, lease: Lease, journals: Path
) -> None:
    journal = Journal(journals, lease.owner)
    journal.started(lease, [1])
    journal.answered(lease, Outcome(reader_id=1, event=Event.DEFER, code="4.2.2"))
    journal.__exit__(KeyboardInterrupt)
    assert take_over(database, lease, journals, THURSDAY, RetryPolicy(first=timedelta(minutes=8)))
    assert begun_by_a_successor(database, THURSDAY + timedelta(minutes=5)) == [2, 3, 4, 5]
    assert statuses(database) == {S.BEGUN: 4, S.RETRY: 1}


def test_whoever_was_deferred_before_the_kill_is_tried_again_after_the_rest(
    database: Database, lease: Lease, journals: Path
) -> None:
    journal = Journal(journals, lease.owner)
    journal.started(lease, [1])
    journal.answered(lease, Outcome(reader_id=1, event=Event.DEFER, code="4.2.2"))
    journal.__exit__(KeyboardInterrupt)
    take_over(database, lease, journals, THURSDAY, RetryPolicy(first=timedelta(minutes=8)))
    assert begun_by_a_successor(database, THURSDAY + timedelta(minutes=11)) == [1, 2, 3, 4, 5]


def test_a_takeover_does_not_prolong_the_rest_of_those_deferred_before(
    database: Database, lease: Lease, journals: Path
) -> None:
    with database.write() as connection:
        told = [Outcome(reader_id=1, event=Event.DEFER, code="4.2.2")]
        rest = THURSDAY + timedelta(minutes=5)
        ledger.record_window(connection, lease, told, THURSDAY, retry_at=rest)
    leave_journal(journals, lease)
    take_over(database, lease, journals, THURSDAY + timedelta(minutes=4))
    assert begun_by_a_successor(database, THURSDAY + timedelta(minutes=5)) == [1, 4, 5]


def begun_by_a_successor(database: Database, now: datetime) -> list[int]:
    with database.write() as connection:
        lease = ledger.claim_batch(connection, 1, "successor", now)
        assert lease is not None
        window = ledger.begin_window(connection, lease, (), limit=9, now=now, hash_address=hash_address)
    assert window is not None
    return [each.reader_id for each in window.recipients]


def test_a_journal_is_removed_once_the_ledger_holds_what_it_said(
    database: Database, lease: Lease, journals: Path
) -> None:
    leave_journal(journals, lease)
    take_over(database, lease, journals, THURSDAY)
    assert list(journals.iterdir()) == []


def test_only_one_successor_takes_over(database: Database, lease: Lease, journals: Path) -> None:
    leave_journal(journals, lease)
    assert take_over(database, lease, journals, THURSDAY)
    assert not take_over(database, lease, journals, AFTER_THE_LEASE)
    assert statuses(database)[S.UNSURE] == 1


def test_lines_of_an_earlier_claim_prove_nothing(database: Database, lease: Lease, journals: Path) -> None:
    earlier = Lease(**{name: getattr(lease, name) for name in Lease.__slots__} | {"fence": lease.fence - 1})
    leave_journal(journals, earlier)
    take_over(database, lease, journals, THURSDAY)
    assert statuses(database) == {S.PENDING: 5}


def test_a_line_that_was_cut_short_was_never_acted_upon(
    database: Database, lease: Lease, journals: Path
) -> None:
    leave_journal(journals, lease)
    path = journals / "gone.journal"
    written = path.read_bytes()
    end = written.index(b"\0")
    # The rest of a line is written before its first byte.
    path.write_bytes(written[: end + 1] + b"tarted\t1\t1\t4\n" + written[end + 15 :])
    take_over(database, lease, journals, THURSDAY)
    assert statuses(database)[S.UNSURE] == 1


def test_without_a_journal_a_batch_is_left_alone_until_its_lease_ends(
    database: Database, lease: Lease, journals: Path
) -> None:
    assert not take_over(database, lease, journals, THURSDAY + ledger.LEASE_DURATION - timedelta(seconds=1))
    assert take_over(database, lease, journals, AFTER_THE_LEASE)
    assert statuses(database) == {S.UNSURE: 4, S.PENDING: 1}


def test_a_journal_of_another_boot_proves_nothing(database: Database, lease: Lease, journals: Path) -> None:
    leave_journal(journals, lease)
    path = journals / "gone.journal"
    _, *lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([b"boot\tbefore-the-power-failed\n", *lines]))
    assert not take_over(database, lease, journals, THURSDAY)
    assert take_over(database, lease, journals, AFTER_THE_LEASE)
    assert statuses(database) == {S.UNSURE: 4, S.PENDING: 1}


HOLD_A_JOURNAL = """
import sys, time
from pathlib import Path
from newsletter.delivery.journal import Journal
with Journal(Path(sys.argv[1]), "gone"):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def sleeper(journals: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the journal called "gone"."""
    command = [sys.executable, "-c", HOLD_A_JOURNAL, str(journals)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_sleeping_worker_is_left_alone_until_its_lease_ends(
    database: Database, lease: Lease, journals: Path, sleeper: subprocess.Popen[str]
) -> None:
    assert not take_over(database, lease, journals, THURSDAY)
    assert take_over(database, lease, journals, AFTER_THE_LEASE)
    assert statuses(database) == {S.UNSURE: 4, S.PENDING: 1}
    assert (journals / "gone.journal").exists()


def test_a_killed_worker_is_known_to_be_dead_at_once(
    database: Database, lease: Lease, journals: Path, sleeper: subprocess.Popen[str]
) -> None:
    os.kill(sleeper.pid, 9)
    sleeper.wait()
    assert take_over(database, lease, journals, THURSDAY)
    assert statuses(database) == {S.PENDING: 5}


def test_what_a_sleeper_knows_when_it_wakes_settles_the_unsure(
    database: Database, lease: Lease, journals: Path
) -> None:
    take_over(database, lease, journals, AFTER_THE_LEASE)
    outcomes = [
        Outcome(reader_id=1, event=Event.ACCEPT, code="2.0.0"),
        Outcome(reader_id=2, event=Event.REJECT, code="5.1.1"),
        Outcome(reader_id=3, event=Event.DEFER, code="4.2.2"),
        Outcome(reader_id=4, event=Event.RETURN),
    ]
    with database.write() as connection:
        record_late(connection, lease, outcomes, AFTER_THE_LEASE)
    # Whom it never started, and whom a server put off, has no copy: they wait again with the fifth.
    assert statuses(database) == {S.ACCEPTED: 1, S.REJECTED: 1, S.PENDING: 3}
    with database.read() as connection:
        assert get_counts(connection, 1) == Counts(readers=5, accepted=1, rejected=1)


NEVER_STARTED = [Outcome(reader_id=4, event=Event.RETURN)]


def take_next(database: Database, outcomes: Sequence[Outcome], now: datetime) -> None:
    """A successor claims the batch and sends what waits in it, to its end."""
    with database.write() as connection:
        lease = ledger.claim_batch(connection, 1, "successor", now)
        assert lease is not None
        ledger.begin_window(connection, lease, (), limit=9, now=now, hash_address=hash_address)
    with database.write() as connection:
        ledger.begin_window(connection, lease, outcomes, limit=9, now=now, hash_address=hash_address)


def test_a_sleeper_that_wakes_after_the_issue_is_sent_opens_it_again_for_whom_it_never_started(
    database: Database, lease: Lease, journals: Path
) -> None:
    take_over(database, lease, journals, AFTER_THE_LEASE)
    take_next(database, [Outcome(reader_id=5, event=Event.ACCEPT)], AFTER_THE_LEASE)
    with database.write() as connection:
        assert finish_issue(connection, 1, AFTER_THE_LEASE)
    with database.write() as connection:
        record_late(connection, lease, NEVER_STARTED, AFTER_THE_LEASE)
    assert statuses(database) == {S.ACCEPTED: 1, S.UNSURE: 3, S.PENDING: 1}
    with database.read() as connection:
        assert get_issue(connection, 1).status is IssueStatus.SENDING
        assert get_counts(connection, 1) == Counts(readers=5, accepted=1, unsure=3)
    take_next(database, [Outcome(reader_id=4, event=Event.ACCEPT)], AFTER_THE_LEASE)
    assert statuses(database) == {S.ACCEPTED: 2, S.UNSURE: 3}


def test_what_a_sleeper_never_started_is_not_sent_where_somebody_has_sent_it_once_more(
    database: Database, lease: Lease, journals: Path
) -> None:
    take_over(database, lease, journals, AFTER_THE_LEASE)
    take_next(database, [Outcome(reader_id=5, event=Event.ACCEPT)], AFTER_THE_LEASE)
    with database.write() as connection:
        send_again(connection, 1, {4}, AFTER_THE_LEASE)
        again = ledger.claim_batch(connection, 1, "another", AFTER_THE_LEASE)
        assert again is not None
        ledger.begin_window(connection, again, (), limit=9, now=AFTER_THE_LEASE, hash_address=hash_address)
    later = AFTER_THE_LEASE + ledger.LEASE_DURATION + timedelta(seconds=1)
    assert take_over(database, again, journals, later)
    with database.write() as connection:
        record_late(connection, lease, NEVER_STARTED, later)
    assert statuses(database) == {S.ACCEPTED: 1, S.UNSURE: 4}


@pytest.mark.parametrize(
    ("ahead", "is_taken"), [(timedelta(seconds=30), False), (timedelta(hours=12), False), (timedelta(days=7), True)]
)  # fmt: skip
def test_a_lease_of_a_wrong_clock_keeps_nobody_waiting(
    database: Database, lease: Lease, journals: Path, ahead: timedelta, is_taken: bool
) -> None:
    silent = replace(lease, lease_until=THURSDAY + ahead)
    assert take_over(database, silent, journals, THURSDAY) is is_taken
