"""Sends one issue: starts workers, takes over from dead ones, watches pause and cancel, and finishes the issue.

Two senders at once share the batches; nothing here is needed to keep them from each other.
"""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.exc import DBAPIError

from newsletter.commands import suggest
from newsletter.db.statuses import IssueStatus
from newsletter.delivery import store
from newsletter.delivery.bounces.store import count_complaints
from newsletter.delivery.journal import is_dead, sender_name, sweep
from newsletter.delivery.ledger import FaultPoint, list_running_batches, renew_lease
from newsletter.delivery.progress import Counts, count_refusals, get_counts
from newsletter.delivery.status import (
    Heartbeat,
    delete_heartbeat,
    delete_old_heartbeats,
    list_heartbeats,
    save_heartbeat,
)
from newsletter.delivery.takeover import take_over
from newsletter.delivery.throttle import FIRST
from newsletter.delivery.worker import Run, Worker, largest_window
from newsletter.digest.store import get_issue
from newsletter.errors import SendError

log = logging.getLogger(__name__)

#: Between two checks of the issue: how long a pause by another process may go unseen by a worker without work.
_CHECK_EVERY = timedelta(seconds=0.2)

#: Between two heartbeats, and two searches for dead owners.
_HEARTBEAT_EVERY = timedelta(seconds=2)

#: How long messages on their way may take once it was asked to stop, and then what is left to write down. Together less
#: than the ten seconds after which supervisors kill.
_PATIENCE, _LAST_WORDS = timedelta(seconds=5), timedelta(seconds=2)
_LOOK_SECONDS = 0.05


@contextmanager
def _old_objects_left_alone() -> Iterator[None]:
    """Keep the garbage collector off what was there before: a tenth of a sender's work otherwise."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _is_due(last: datetime, now: datetime, every: timedelta) -> bool:
    """Return whether it is time again; also where somebody has set the clock back."""
    return not timedelta(0) <= now - last <= every


class Ending(StrEnum):
    """Why a sender stopped."""

    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


@dataclass(kw_only=True)
class Sender(Run):
    """Sends the issue until it is sent, paused, cancelled, or `stop` is asked for, which a signal's handler may do."""

    #: Called a few times a second with how far the issue is.
    watch: Callable[[Counts], None] = lambda counts: None
    name: str = field(default_factory=sender_name)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._workers = [
            Worker(self, f"{self.name}-{number}") for number in range(self.transport.connections)
        ]
        self._started_at = self._renewed_at = self.clock.now()
        self._heartbeat_at = self._started_at - 2 * _HEARTBEAT_EVERY
        self._before: Counts | None = None
        self._complaints, self._counted_at = 0, self._heartbeat_at

    def send(self) -> Ending:
        """Send the issue, and say why it ended; raises StoreStale, and what made a worker fail."""
        if self.marks is not None:
            self.marks.require()
        self._take_over()
        self._sweep()
        if self.undelivered:
            # Nobody would have it, and "once" would keep them from ever getting it.
            self.pause(SendError(self.undelivered, permanent=True))
        with self.database.read() as connection:
            counts = get_counts(connection, self.issue_id)
        self.window = largest_window(self.transport, counts.readers)
        self.first = FIRST if counts.accepted else min(FIRST, counts.open)
        with _old_objects_left_alone():
            for worker in self._workers:
                worker.start()
            try:
                ending = self._supervise()
            finally:
                self._end_workers()
                with suppress(DBAPIError), self.database.write() as connection:
                    delete_heartbeat(connection, self.name)
        for worker in self._workers:
            if worker.error is not None:
                raise worker.error
        return ending

    def _supervise(self) -> Ending:
        """Check on the issue until there is nothing left to do here."""
        while True:
            try:
                ending = self._check()
            except DBAPIError as error:
                self.note_lost_database(error)
                ending = None
            if ending is not None:
                return ending
            if self.stop.asked or self.stopping.is_set():
                return Ending.STOPPED
            self._wait()

    def _end_workers(self) -> None:
        """Let the workers finish what they have begun; a server that takes too long is cut off.

        A worker that cannot even be cut off, since the system looks for the server's address, has told the server nothing: what it had
        begun is sorted out by the next sender.
        """
        self.stopping.set()
        for patience in (_PATIENCE, _LAST_WORDS):
            for _ in range(int(patience.total_seconds() / _LOOK_SECONDS)):
                left = [worker for worker in self._workers if worker.is_alive()]
                if not left:
                    return
                if self.stop.at_once and patience is _PATIENCE:
                    break
                left[0].join(_LOOK_SECONDS)
            if patience is _PATIENCE:
                for worker in left:
                    log.warning("%s is cut off from the server, which takes too long", worker.name)
                    worker.cut_off()

    def _check(self) -> Ending | None:
        with self.database.read() as connection:
            status = get_issue(connection, self.issue_id).status
            counts = get_counts(connection, self.issue_id)
        self.watch(counts)
        now = self.clock.now()
        if status is not IssueStatus.SENDING:
            self._keep_in_touch(now)
            return self._end(status) if self._is_idle() else None
        if counts.open and (reason := self._reason_to_pause(counts, now)):
            self.pause(SendError(reason, permanent=True))
            return None
        if counts.open == 0:
            with self.database.write() as connection:
                is_sent = store.finish_issue(connection, self.issue_id, now)
            if is_sent:
                self._tell_of_unsure()
                self._tell_of_refusals(counts)
                return Ending.SENT
        if _is_due(self._renewed_at, now, self.lease_duration / 3):
            self._renewed_at = now
            with self.database.write() as connection:
                renew_lease(connection, f"{self.name}-", now + self.lease_duration)
        self._keep_in_touch(now)
        return None

    def _keep_in_touch(self, now: datetime) -> None:
        """Save a heartbeat and look for dead owners, both only now and then."""
        if _is_due(self._heartbeat_at, now, _HEARTBEAT_EVERY):
            self._heartbeat_at = now
            wait = self.breaker.trouble
            heartbeat = Heartbeat(
                name=self.name,
                issue_id=self.issue_id,
                started_at=self._started_at,
                seen_at=now,
                waits_for=wait.words if wait else "",
                waits_since=wait.since if wait else None,
                waits_until=wait.until if wait else None,
            )
            with self.database.write() as connection:
                save_heartbeat(connection, heartbeat)
            if self.marks is not None and (trouble := self.marks.trouble()):
                self.pause(SendError(trouble, permanent=True))
            self._take_over()

    def _reason_to_pause(self, counts: Counts, now: datetime) -> str:
        """Return why the issue must not go on, or nothing; complaints are counted now and then only."""
        self._before = self._before or counts
        if self.pause_rules.complained and _is_due(self._counted_at, now, _HEARTBEAT_EVERY):
            self._counted_at = now
            with self.database.read() as connection:
                self._complaints = count_complaints(connection, self.issue_id, self._started_at)
        return self.pause_rules.reason_to_pause(self._before, counts, self._complaints)

    def _end(self, status: IssueStatus) -> Ending | None:
        if status is IssueStatus.CANCELLED:
            with self.database.write() as connection:
                store.skip_waiting(connection, self.issue_id, self.clock.now())
                if get_counts(connection, self.issue_id).open:
                    # Somebody else has a batch: alive, or dead and not yet known to be.
                    return None
            self._tell_of_unsure()
        endings = {IssueStatus.SENT: Ending.SENT, IssueStatus.CANCELLED: Ending.CANCELLED}
        return endings.get(status, Ending.PAUSED)

    def _tell_of_unsure(self) -> None:
        """Tell the operator of an issue that ended without an outcome for some of its readers."""
        with self.database.read() as connection:
            issue, unsure = get_issue(connection, self.issue_id), get_counts(connection, self.issue_id).unsure
        if unsure:
            readers = "1 reader" if unsure == 1 else f"{unsure:,} readers"
            subject = f"Issue {issue.label} is {issue.status}; whether {readers} have it is not known"
            body = (
                f"Their messages had left, and nobody said whether they were taken. They are not sent it again by itself."
                f"\n\nWho they are, and how to send once more:\n\n    {suggest('unsure', issue.id)}"
            )
            self.raise_alert(f"unsure:{issue.id}:{issue.version}", subject, body)

    def _tell_of_refusals(self, counts: Counts) -> None:
        """Tell the operator of an issue that ended with most of its readers refused."""
        if not counts.is_mostly_refused:
            return
        with self.database.read() as connection:
            issue = get_issue(connection, self.issue_id)
            codes = count_refusals(connection, self.issue_id)
        subject = f"Issue {issue.label} is sent, but {counts.refused_words}"
        body = f"With these codes: {codes}.\n\nThey do not have it. The provider's own log says more."
        self.raise_alert(f"refused:{issue.id}:{issue.version}", subject, body)

    def _is_idle(self) -> bool:
        return all(worker.is_idle for worker in self._workers)

    def _wait(self) -> None:
        # A moved clock moves only when somebody sleeps by it: let that be when there is nothing else to wait for.
        if self._is_idle():
            self.clock.sleep(_CHECK_EVERY)
        else:
            self.idling.wait(_CHECK_EVERY.total_seconds())
            self.idling.clear()

    def _take_over(self) -> None:
        with self.database.read() as connection:
            running = list_running_batches(connection, self.issue_id)
            heartbeats = list_heartbeats(connection, self.issue_id)
        for heartbeat in heartbeats:
            if is_dead(self.journals, heartbeat.name):
                with self.database.write() as connection:
                    delete_heartbeat(connection, heartbeat.name)
        for lease in running:
            if not lease.owner.startswith(f"{self.name}-"):
                now = self.clock.now()
                taken = take_over(self.database, lease, self.journals, now, self.retry_policy)
                if taken:
                    log.warning("batch %s taken over from %s", lease.batch_id, lease.owner)
                    # What a dead sender leaves unsure says nothing of the server: the rules count from here on.
                    self._before = None
                    self.fault_hook(FaultPoint.TAKEN_OVER)

    def _sweep(self) -> None:
        """Remove what dead senders left and nobody needs."""
        with self.database.write() as connection:
            delete_old_heartbeats(connection, self.clock.now() - self.lease_duration)
            self.throttle.prepare(connection, self.clock.now())
            needed = store.list_owners(connection)
        sweep(self.journals, lambda owner: owner in needed)
