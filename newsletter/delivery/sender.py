"""Sends one issue: starts workers, takes over from dead ones, watches pause and cancel, and finishes the issue.

Two senders at once share the batches; nothing here is needed to keep them from each other.
"""

import gc
import logging
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.db.statuses import IssueStatus
from newsletter.delivery import store
from newsletter.delivery.audience import AddressHash
from newsletter.delivery.bounces.store import count_complaints
from newsletter.delivery.journal import is_dead, sweep
from newsletter.delivery.ledger import (
    LEASE_DURATION,
    FaultHook,
    FaultPoint,
    list_running_batches,
    no_fault,
    renew_lease,
)
from newsletter.delivery.message import Mailing
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.status import (
    Heartbeat,
    delete_heartbeat,
    delete_old_heartbeats,
    list_heartbeats,
    save_heartbeat,
)
from newsletter.delivery.takeover import take_over
from newsletter.delivery.throttle import UNLIMITED, Breaker, PauseRules, RetryPolicy, Throttle
from newsletter.delivery.transports import Transport
from newsletter.delivery.worker import Run, Worker
from newsletter.digest.store import get_issue
from newsletter.errors import ChangedMeanwhile, InvalidTransition, SendError

log = logging.getLogger(__name__)

#: Between two looks at the issue: how long a pause by another process may go unseen by a worker without work.
_LOOK = timedelta(seconds=0.2)

#: Between two signs of life, and two looks for dead owners.
_SIGN = timedelta(seconds=2)


def sender_name() -> str:
    """A name that no other sender has or had: "mailhost-4711-9f86d081"."""
    host = re.sub(r"[^A-Za-z0-9]+", "", socket.gethostname())[:40] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"


@contextmanager
def _garbage_looked_for_among_the_new() -> Iterator[None]:
    """Leave out what was there before when memory is searched for garbage: a tenth of a sender's work otherwise."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Alerts(Protocol):
    """How the operator is told; the same key is said once."""

    def raise_once(self, key: str, subject: str, body: str) -> None: ...


class Ending(StrEnum):
    """Why a sender stopped."""

    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


@dataclass(kw_only=True)
class Sender:
    """Sends the issue until it is sent, paused, cancelled, or `stop` is called from another thread or a signal."""

    database: Database
    issue_id: int
    #: What is sent, by the variant of the batch.
    mailings: Mapping[str, Mailing]
    transport: Transport
    journals: Path
    clock: Clock
    hash_address: AddressHash
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    throttle: Throttle = UNLIMITED
    lease_duration: timedelta = LEASE_DURATION
    fault_hook: FaultHook = no_fault
    alerts: Alerts | None = None
    #: How much may be refused, and how many may complain, before the issue pauses.
    pause_rules: PauseRules = field(default_factory=PauseRules)
    #: Called a few times a second with how far the issue is.
    watch: Callable[[Counts], None] = lambda progress: None
    name: str = field(default_factory=sender_name)

    def __post_init__(self) -> None:
        self._breaker = Breaker(self.clock)
        self._run = Run(
            database=self.database,
            issue_id=self.issue_id,
            mailings=self.mailings,
            transport=self.transport,
            journals=self.journals,
            clock=self.clock,
            hash_address=self.hash_address,
            retry_policy=self.retry_policy,
            breaker=self._breaker,
            give_in=self._give_in,
            throttle=self.throttle,
            lease_duration=self.lease_duration,
            fault_hook=self.fault_hook,
        )
        self._workers = [
            Worker(self._run, f"{self.name}-{number}") for number in range(self.transport.connections)
        ]
        self._started_at = self._renewed_at = self.clock.now()
        self._signed_at = self._started_at - 2 * _SIGN
        self._before: Counts | None = None
        self._complaints, self._counted_at = 0, self._signed_at

    def stop(self) -> None:
        """Finish the windows that have begun and begin no other. Safe in a signal handler."""
        self._run.stopping.set()
        self._run.idling.set()

    def send(self) -> Ending:
        """Send; raises what made a worker fail."""
        self._take_over()
        self._sweep()
        with _garbage_looked_for_among_the_new():
            for worker in self._workers:
                worker.start()
            try:
                ending = self._look_after()
            finally:
                self.stop()
                for worker in self._workers:
                    worker.join()
                self._sign_off()
        for worker in self._workers:
            if worker.error is not None:
                raise worker.error
        return ending

    def _look_after(self) -> Ending:
        """Until there is nothing left to do here."""
        while True:
            try:
                ending = self._look()
            except DBAPIError as error:
                log.warning("the database cannot be used: %s", error.orig)
                ending = None
            if ending is not None:
                return ending
            if self._run.stopping.is_set():
                return Ending.STOPPED
            self._wait()

    def _look(self) -> Ending | None:
        with self.database.read() as connection:
            status = get_issue(connection, self.issue_id).status
            progress = get_counts(connection, self.issue_id)
        self.watch(progress)
        now = self.clock.now()
        if status is not IssueStatus.SENDING:
            self._show_up(now)
            return self._end(status) if self._is_idle() else None
        if progress.open and (reason_to_pause := self._objection(progress, now)):
            self._give_in(SendError(reason_to_pause, permanent=True))
            return None
        if progress.open == 0:
            with self.database.write() as connection:
                if store.finish_issue(connection, self.issue_id, now):
                    return Ending.SENT
        if now - self._renewed_at > self.lease_duration / 3:
            self._renewed_at = now
            with self.database.write() as connection:
                renew_lease(connection, f"{self.name}-", now + self.lease_duration)
        self._show_up(now)
        return None

    def _show_up(self, now: datetime) -> None:
        """Give a sign of life now and then, and look for the dead."""
        if now - self._signed_at > _SIGN:
            self._signed_at = now
            self._sign()
            self._take_over()

    def _objection(self, progress: Counts, now: datetime) -> str:
        """Why the issue must not go on; complaints are counted now and then only."""
        self._before = self._before or progress
        if self.pause_rules.complained and now - self._counted_at > _SIGN:
            self._counted_at = now
            with self.database.read() as connection:
                self._complaints = count_complaints(connection, self.issue_id, self._started_at)
        return self.pause_rules.reason_to_pause(self._before, progress, self._complaints)

    def _end(self, status: IssueStatus) -> Ending | None:
        if status is IssueStatus.CANCELLED:
            with self.database.write() as connection:
                store.skip_waiting(connection, self.issue_id, self.clock.now())
                if get_counts(connection, self.issue_id).open:
                    # Somebody else has a batch: alive, or dead and not yet known to be.
                    return None
        endings = {IssueStatus.SENT: Ending.SENT, IssueStatus.CANCELLED: Ending.CANCELLED}
        return endings.get(status, Ending.PAUSED)

    def _is_idle(self) -> bool:
        return all(worker.is_idle for worker in self._workers)

    def _wait(self) -> None:
        # A moved clock moves only when somebody sleeps by it: let that be when there is nothing else to wait for.
        if self._is_idle():
            self.clock.sleep(_LOOK)
        else:
            self._run.idling.wait(_LOOK.total_seconds())
            self._run.idling.clear()

    def _give_in(self, trouble: SendError) -> None:
        """Only a person can help: pause the issue, say why, and tell the operator."""
        log.error("%s", trouble)
        try:
            with self.database.write() as connection:
                issue = store.pause_issue(connection, self.issue_id, str(trouble), self.clock.now())
        except (InvalidTransition, ChangedMeanwhile):
            return
        if self.alerts is not None:
            subject = f"Issue {issue.label} is paused"
            body = f"{trouble}\n\nNobody is mailed until you say so. To go on: newsletter resume {issue.id}"
            self.alerts.raise_once(f"paused:{issue.id}:{issue.version}", subject, body)

    def _take_over(self) -> None:
        with self.database.read() as connection:
            running = list_running_batches(connection, self.issue_id)
            signs = list_heartbeats(connection, self.issue_id)
        for sign in signs:
            if is_dead(self.journals, sign.name):
                self._forget(sign.name)
        for lease in running:
            if not lease.owner.startswith(f"{self.name}-"):
                now = self.clock.now()
                taken = take_over(self.database, lease, self.journals, now, self.retry_policy)
                if taken:
                    log.warning("batch %s taken over from %s", lease.batch_id, lease.owner)
                    self.fault_hook(FaultPoint.TAKEN_OVER)

    def _sweep(self) -> None:
        """Remove what dead senders left and nobody needs."""
        with self.database.write() as connection:
            delete_old_heartbeats(connection, self.clock.now() - self.lease_duration)
            self.throttle.prepare(connection, self.clock.now())
            needed = store.list_batch_owners(connection)
        sweep(self.journals, lambda owner: owner in needed)

    def _sign(self) -> None:
        wait = self._breaker.trouble
        sign = Heartbeat(
            name=self.name,
            issue_id=self.issue_id,
            started_at=self._started_at,
            seen_at=self.clock.now(),
            waits_for=wait.words if wait else "",
            waits_since=wait.since if wait else None,
            waits_until=wait.until if wait else None,
        )
        with self.database.write() as connection:
            save_heartbeat(connection, sign)

    def _sign_off(self) -> None:
        with suppress(DBAPIError):
            self._forget(self.name)

    def _forget(self, sender: str) -> None:
        with self.database.write() as connection:
            delete_heartbeat(connection, sender)
