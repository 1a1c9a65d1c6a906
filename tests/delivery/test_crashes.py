"""Real sender processes, killed, stopped and doubled up: nobody is lost, nobody is mailed twice.

The longer ones, marked `rehearsal`, run with `make rehearse`.
"""

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from newsletter.clock import SystemClock
from newsletter.db.engine import Database
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.ledger import FaultHook, FaultPoint, no_fault
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.progress import get_counts
from newsletter.delivery.rehearsal import KillAt, Rehearsal, Trouble, make_issue, start_sender
from newsletter.delivery.store import list_issues_with_work, skip_waiting
from newsletter.digest.issues import Step
from newsletter.digest.store import get_issue, take_step
from newsletter.errors import NewsletterError
from tests.delivery.house import add_readers, statuses

S = DeliveryStatus
CONNECTIONS = 2
LEASE = timedelta(seconds=2)


class Stage:
    """An issue that goes out to a server on this machine, and senders for it in processes of their own."""

    def __init__(self, database: Database, folder: Path, server: Loopback, readers: int) -> None:
        self.database, self.server, self.readers = database, server, readers
        self.journals = folder / "journal"
        add_readers(database, readers)
        self._issue_id = make_issue(database, 1, SystemClock())

    def start(self, fault_hook: FaultHook = no_fault) -> BaseProcess:
        url, port = self.database.url, self.server.port
        return start_sender(
            url, self._issue_id, port, self.journals, CONNECTIONS, lease_duration=LEASE, fault_hook=fault_hook
        )

    def send(self, fault_hook: FaultHook = no_fault) -> int | None:
        """Start a sender and wait for its end; return its exit code."""
        return ended(self.start(fault_hook))

    def cancel(self) -> None:
        with self.database.write() as connection:
            issue = get_issue(connection, self._issue_id)
            take_step(connection, issue, Step.CANCEL, SystemClock().now(), reason="")
            skip_waiting(connection, issue.id, SystemClock().now())

    def wait_for(self, messages: int) -> None:
        for _ in range(3000):
            if self.server.total >= messages:
                return
            SystemClock().sleep(timedelta(milliseconds=10))
        raise AssertionError(f"{messages} messages never came")

    def nobody_lost_or_doubled(self) -> bool:
        """Everybody who is not unsure has exactly one copy, and the unsure at most one."""
        found = statuses(self.database, self._issue_id)
        arrived = self.server.counts
        sure = found[S.ACCEPTED]
        return (
            sure + found[S.UNSURE] == self.readers
            and set(arrived.values()) == {1}
            and sure <= len(arrived) <= self.readers
            and self._counts_are_kept()
        )

    def _counts_are_kept(self) -> bool:
        """The batches' counts equal the deliveries counted one by one."""
        found = statuses(self.database, self._issue_id)
        with self.database.read() as connection:
            kept = get_counts(connection, self._issue_id)
        return (kept.accepted, kept.unsure) == (found[S.ACCEPTED], found[S.UNSURE])

    @property
    def unsure(self) -> int:
        return statuses(self.database, self._issue_id)[S.UNSURE]


def ended(sender: BaseProcess, seconds: float = 60) -> int | None:
    """Wait for a sender's end; return its exit code, None when it takes too long."""
    sender.join(seconds)
    return sender.exitcode


def slowly(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
    return Misbehavior(wait=0.005) if phase is Phase.DOT else None


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Iterator[Callable[[int], Stage]]:
    with Loopback(faults=slowly) as server:
        yield lambda readers: Stage(sqlite_database, tmp_path, server, readers)


@pytest.mark.parametrize(
    ("point", "times"),
    [
        (FaultPoint.CLAIMED, 2),
        (FaultPoint.WRITTEN, 1),
        (FaultPoint.WRITTEN, 3),
        (FaultPoint.BEGUN, 3),
        (FaultPoint.CLEARED, 3),
        (FaultPoint.STARTED, 30),
        (FaultPoint.ANSWERED, 30),
        (FaultPoint.NOTED, 30),
        (FaultPoint.WINDOW_OVER, 2),
    ],
)
def test_a_sender_may_die_between_any_two_steps(
    stage: Callable[[int], Stage], point: FaultPoint, times: int
) -> None:
    play = stage(250)
    assert play.send(KillAt(point, times)) == -signal.SIGKILL
    assert play.send() == 0
    assert play.nobody_lost_or_doubled()
    assert play.unsure <= CONNECTIONS


def test_a_sender_may_die_while_it_takes_over(stage: Callable[[int], Stage]) -> None:
    play = stage(250)
    assert play.send(KillAt(FaultPoint.NOTED, 60)) == -signal.SIGKILL
    assert play.send(KillAt(FaultPoint.TAKEN_OVER, 1)) == -signal.SIGKILL
    assert play.send() == 0
    assert play.nobody_lost_or_doubled()
    assert play.unsure <= CONNECTIONS


def test_a_sender_that_sleeps_past_its_lease_doubles_nobody(stage: Callable[[int], Stage]) -> None:
    play = stage(400)
    sleeper = play.start()
    play.wait_for(40)
    os.kill(sleeper.pid or 0, signal.SIGSTOP)
    assert play.send() == 0
    unsure_meanwhile = play.unsure
    os.kill(sleeper.pid or 0, signal.SIGCONT)
    assert ended(sleeper) == 0
    assert play.nobody_lost_or_doubled()
    assert play.unsure <= unsure_meanwhile <= CONNECTIONS * 100


def test_another_machine_takes_over_without_the_journal(stage: Callable[[int], Stage]) -> None:
    play = stage(400)
    killed = play.start()
    play.wait_for(40)
    killed.kill()
    killed.join()
    shutil.rmtree(play.journals)
    assert play.send() == 0
    assert play.nobody_lost_or_doubled()
    assert 0 < play.unsure <= CONNECTIONS * 100


def test_two_senders_started_at_once_double_nobody(stage: Callable[[int], Stage]) -> None:
    play = stage(400)
    pair = [play.start(), play.start()]
    assert [ended(each) for each in pair] == [0, 0]
    assert play.nobody_lost_or_doubled()
    assert play.unsure == 0


def test_what_a_killed_sender_of_a_cancelled_issue_held_is_settled(stage: Callable[[int], Stage]) -> None:
    play = stage(400)
    killed = play.start()
    play.wait_for(40)
    killed.kill()
    killed.join()
    play.cancel()
    with play.database.read() as connection:
        assert list_issues_with_work(connection) == (1,)
    mailed = play.server.total
    assert play.send() == 0
    found = statuses(play.database)
    assert play.server.total == mailed
    assert set(found) <= {S.ACCEPTED, S.UNSURE, S.SKIPPED}
    assert found.total() == 400
    assert found[S.UNSURE] <= CONNECTIONS
    with play.database.read() as connection:
        assert list_issues_with_work(connection) == ()


def test_a_full_disk_loses_and_doubles_nobody(stage: Callable[[int], Stage]) -> None:
    play = stage(400)
    running = play.start()
    play.wait_for(40)
    # No file of the sender's may grow: to it that is a full disk, which has room again a moment later.
    resource.prlimit(running.pid or 0, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    SystemClock().sleep(timedelta(seconds=2.5))
    while_full = play.server.total
    resource.prlimit(
        running.pid or 0, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )
    if ended(running):
        # It could not even note what it had begun, and gave up; then another follows, as under `newsletter serve`.
        assert play.send() == 0
    assert while_full < 400
    assert play.nobody_lost_or_doubled()
    assert play.unsure == 0


def test_sigterm_lets_the_window_end_and_loses_nothing(stage: Callable[[int], Stage]) -> None:
    play = stage(400)
    stopped = play.start()
    play.wait_for(40)
    stopped.terminate()
    assert ended(stopped, 10) == 0
    assert list(play.journals.iterdir()) == []
    assert play.send() == 0
    assert play.nobody_lost_or_doubled()
    assert play.unsure == 0


def test_without_a_journal_nothing_is_sent(stage: Callable[[int], Stage]) -> None:
    play = stage(250)
    play.journals.write_text("where the folder should be")
    assert play.send() == 1
    assert play.server.total == 0
    play.journals.unlink()
    assert play.send() == 0
    assert play.nobody_lost_or_doubled()


def test_five_kills_at_random_moments_lose_and_double_nobody(tmp_path: Path) -> None:
    counted = Rehearsal(folder=tmp_path, readers=400, kills=5).run()
    assert (counted.lost, counted.doubled) == ((), ())
    assert counted.passed, counted
    assert counted.accepted + counted.rejected + len(counted.unsure) == counted.issues * counted.readers


def test_a_rehearsal_says_why_its_senders_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where their folder would be")
    with pytest.raises(NewsletterError, match=r"^A sender ended with status 1 before .*: .*Error: .*journal"):
        Rehearsal(folder=tmp_path, readers=10, kills=1).run()


@pytest.mark.rehearsal
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_kills_at_random_moments_lose_and_double_nobody(tmp_path: Path, seed: int) -> None:
    counted = Rehearsal(folder=tmp_path, readers=2_000, kills=100, seed=seed, troubles=tuple(Trouble)).run()
    assert (counted.lost, counted.doubled) == ((), ())
    assert counted.passed, counted
    assert counted.accepted + counted.rejected + len(counted.unsure) == counted.issues * counted.readers
