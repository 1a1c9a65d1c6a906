"""The journal's file: what is in it, when it is emptied, kept and removed."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.delivery.journal import Journal, JournalError, read_evidence, sweep
from newsletter.delivery.ledger import Lease
from newsletter.delivery.states import Event, Outcome
from tests.conftest import THURSDAY

HOLD = Lease(
    batch_id=7,
    issue_id=1,
    variant="everybody",
    low=1,
    high=9,
    owner="worker",
    fence=3,
    lease_until=THURSDAY + timedelta(minutes=1),
    attempts=0,
)


def killed(journal: Journal) -> None:
    """Close it as the system does for a process that was killed."""
    journal.__exit__(KeyboardInterrupt)


def test_it_says_who_was_started_and_how_they_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "worker")
    journal.started(HOLD, [1])
    accepted = Outcome(reader_id=1, event=Event.ACCEPT, code="2.0.0", provider_id="queued as 4F2A9")
    journal.answered(HOLD, accepted)
    journal.started(HOLD, [2, 3])
    killed(journal)
    with read_evidence(tmp_path, "worker") as found:
        evidence = found.of(HOLD)
    assert evidence is not None
    assert evidence.started == {1, 2, 3}
    assert evidence.answered == {1: accepted}


def test_a_servers_words_cannot_break_a_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "worker")
    hostile = Outcome(reader_id=1, event=Event.ACCEPT, code="2.0.0", provider_id="a\tb\r\nstarted\t7\t3\t2\n")
    journal.answered(HOLD, hostile)
    killed(journal)
    with read_evidence(tmp_path, "worker") as found:
        evidence = found.of(HOLD)
    assert evidence is not None
    assert evidence.started == frozenset()
    assert evidence.answered[1].provider_id == "a b started 7 3 2"


def test_it_never_holds_more_than_a_window(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "worker")
    size = (tmp_path / "worker.journal").stat().st_size
    for _ in range(100):
        journal.started(HOLD, range(100))
        journal.clear()
    assert (tmp_path / "worker.journal").stat().st_size == size
    journal.started(HOLD, [4])
    killed(journal)
    with read_evidence(tmp_path, "worker") as found:
        evidence = found.of(HOLD)
    assert evidence is not None
    assert evidence.started == {4}


def test_it_grows_with_a_large_window(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "worker")
    journal.started(HOLD, range(1, 20_001))
    answers = [
        Outcome(reader_id=number, event=Event.ACCEPT, provider_id=f"id-{number}")
        for number in range(1, 20_001)
    ]
    for each in answers:
        journal.answered(HOLD, each)
    killed(journal)
    with read_evidence(tmp_path, "worker") as found:
        evidence = found.of(HOLD)
    assert evidence is not None
    assert len(evidence.started) == 20_000
    assert list(evidence.answered.values()) == answers


def test_it_is_removed_when_its_worker_ends_and_kept_when_it_fails(tmp_path: Path) -> None:
    with Journal(tmp_path, "worker"):
        pass
    with pytest.raises(ZeroDivisionError), Journal(tmp_path, "other"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["other.journal"]


def test_a_living_workers_journal_proves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path, "worker"), read_evidence(tmp_path, "worker") as found:
        assert not found.owner_is_dead
        assert found.of(HOLD) is None


def test_two_successors_see_the_same(tmp_path: Path) -> None:
    killed(Journal(tmp_path, "worker"))
    with read_evidence(tmp_path, "worker") as one, read_evidence(tmp_path, "worker") as other:
        assert one.owner_is_dead
        assert other.owner_is_dead


def test_a_journal_that_is_not_there_proves_nothing(tmp_path: Path) -> None:
    with read_evidence(tmp_path, "worker") as found:
        assert not found.owner_is_dead


def test_a_sweep_removes_what_the_dead_left_and_nobody_needs(tmp_path: Path) -> None:
    killed(Journal(tmp_path, "dead"))
    killed(Journal(tmp_path, "needed"))
    with Journal(tmp_path, "alive"):
        sweep(tmp_path, lambda owner: owner == "needed")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["alive.journal", "needed.journal"]


@contextmanager
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond some bytes: to a writer that looks like a full disk.

    Not a fixture: pytest may itself be writing into a file once the test is over.
    """
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with small_files(), pytest.raises(JournalError, match="cannot be written"):
        Journal(tmp_path, "worker")
    assert list(tmp_path.iterdir()) == []


def test_it_is_for_nobody_elses_eyes(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", "worker"):
        modes = [
            os.stat(path).st_mode & 0o777
            for path in (tmp_path / "journal", tmp_path / "journal/worker.journal")
        ]
    assert modes == [0o700, 0o600]
