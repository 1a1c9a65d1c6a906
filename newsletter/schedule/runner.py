"""Does one slot: takes it, keeps its lease while the job works, and writes down what came of it.

What is due and in which order is the ticker's business (ticker.py).
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from newsletter.clock import Clock
from newsletter.commands import suggest
from newsletter.db.engine import Database, in_plain_words
from newsletter.db.statuses import SlotStatus
from newsletter.errors import NewsletterError
from newsletter.schedule import store
from newsletter.schedule.jobs import Done, Job, Result, Skipped, Waiting
from newsletter.schedule.slots import Slot, is_too_late, slot_words
from newsletter.schedule.store import SlotLease, SlotRecord

log = logging.getLogger(__name__)

#: How long a slot stays taken after its scheduler died.
LEASE = timedelta(minutes=5)

#: A failed slot is tried again after this, then after twice as long, up to the longest.
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failed:
    """The job raised an error; the slot is tried again by itself."""

    words: str


#: Tells the operator by key, subject and body; the same key is said once.
RaiseAlert = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """`owner` names this scheduler on record: machine and process."""

    database: Database
    clock: Clock
    raise_alert: RaiseAlert
    catch_up: timedelta
    owner: str
    lease: timedelta = LEASE

    def run(self, job: Job, record: SlotRecord, *, at_once: bool = False) -> Result | Failed | None:
        """Do a slot of the job; None when somebody else does it or has done it.

        `at_once` does one that rests after a failure as well, which is for a person to decide.
        """
        now = self.clock.now()
        with self.database.write() as connection:
            claim = store.take_slot(
                connection, record, owner=self.owner, now=now, until=now + self.lease, at_once=at_once
            )
        if claim is None:
            return None
        slot = job.schedule.slot(record.name)
        log.info("%s for %s: begun", job.name, record.name)
        try:
            with self._kept(claim):
                result = self._turn(job, slot)
        # Whatever a job raises, the other jobs and the next tick go on.
        except Exception as error:  # noqa: BLE001
            return self._fail(job, claim, error)
        self._settle(job, claim, result)
        return result

    def _turn(self, job: Job, slot: Slot) -> Result:
        if not is_too_late(slot, now=self.clock.now(), catch_up=self.catch_up):
            return job.run(slot)
        if job.give_up is not None:
            return job.give_up(slot)
        return Skipped(f"It was not done within {duration_words(self.catch_up)} of its time.")

    def _settle(self, job: Job, claim: SlotLease, result: Result) -> None:
        if isinstance(result, Skipped):
            key = result.alert_key or f"skipped:{job.name}:{claim.name}"
            subject = f"Skipped: {job.name} for {slot_words(claim.name, job.schedule.zone)}"
            self.raise_alert(key, subject, result.words)
        now = self.clock.now()
        with self.database.write() as connection:
            match result:
                case Done(words):
                    ours = store.finish_slot(connection, claim, SlotStatus.DONE, words, now)
                case Skipped(words=words):
                    ours = store.finish_slot(connection, claim, SlotStatus.SKIPPED, words, now)
                case Waiting(words):
                    ours = store.put_off_slot(connection, claim, words, until=None)
        self._note(claim, ours, result.words)

    def _fail(self, job: Job, claim: SlotLease, error: Exception) -> Failed:
        """Put the slot off and say so: it is tried again until the catch-up limit."""
        error = in_plain_words(error) or error
        expected = isinstance(error, NewsletterError)
        words = str(error) if expected else f"{type(error).__name__}: {error}"
        log.error("%s for %s failed: %s", claim.job, claim.name, words, exc_info=None if expected else error)
        until = self.clock.now() + retry_delay(claim.attempt)
        with self.database.write() as connection:
            ours = store.put_off_slot(connection, claim, f"Failed: {words}", until=until)
        self._note(claim, ours, "put off")
        self.raise_alert(
            f"failed:{claim.job}:{claim.name}",
            f"Failed: {claim.job} for {slot_words(claim.name, job.schedule.zone)}",
            f"{words}\n\nIt is tried again by itself, for {duration_words(self.catch_up)} after its time. "
            f"To try at once:\n\n    {suggest('jobs', 'run', claim.job)}",
        )
        return Failed(words)

    @contextmanager
    def _kept(self, claim: SlotLease) -> Iterator[None]:
        """Renew the lease in the background while the block runs."""
        over = threading.Event()
        keeper = threading.Thread(
            target=self._keep, args=(claim, over), name=f"lease of {claim.job}", daemon=True
        )
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()

    def _keep(self, claim: SlotLease, over: threading.Event) -> None:
        while not over.wait(self.lease.total_seconds() / 3):
            try:
                with self.database.write() as connection:
                    until = self.clock.now() + self.lease
                    if not store.keep_slot(connection, claim, until=until):
                        return
            except SQLAlchemyError as error:
                log.warning("the lease of %s for %s was not renewed: %s", claim.job, claim.name, error)

    def _note(self, claim: SlotLease, ours: bool, words: str) -> None:
        if ours:
            log.info("%s for %s: %s", claim.job, claim.name, words)
        else:
            log.warning("%s for %s was taken over meanwhile; not recorded: %s", claim.job, claim.name, words)


def scheduler_name() -> str:
    """Return a name for this process that no other has or had: "mailhost-4711-9f86d081"."""
    return f"{socket.gethostname()[:100]}-{os.getpid()}-{secrets.token_hex(4)}"


def retry_delay(attempt: int) -> timedelta:
    """Return how long a slot rests after its n-th failure."""
    doublings = min(attempt - 1, 10)
    return min(LONGEST_RETRY, FIRST_RETRY * (1 << doublings))


def duration_words(duration: timedelta) -> str:
    """Write a duration as "48 hours" or "90 minutes"."""
    minutes = duration // timedelta(minutes=1)
    count, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
