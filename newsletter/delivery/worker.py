"""One thread of a sender: claims batches, and sends them window by window over a session of its own.

The order of every window is the protocol: commit (begun), journal (started), wire, journal (answered), and the
outcomes in the next window's commit. What may go wrong between two of these steps is decided in takeover.py.
"""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from newsletter.clock import Clock
from newsletter.commands import suggest
from newsletter.db.engine import Database
from newsletter.delivery import ledger
from newsletter.delivery.audience import AddressHash
from newsletter.delivery.journal import Evidence, Journal, JournalError
from newsletter.delivery.ledger import FaultHook, FaultPoint, Fenced, Lease, Recipient, Window, no_fault
from newsletter.delivery.marks import Marks
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import pause_issue
from newsletter.delivery.takeover import record_late, settle_batch
from newsletter.delivery.throttle import (
    FIRST,
    UNLIMITED,
    Breaker,
    PauseRules,
    RetryPolicy,
    Throttle,
    is_about_us,
)
from newsletter.delivery.transports import Transport
from newsletter.errors import ChangedMeanwhile, InvalidTransition, SendError
from newsletter.stopping import Stop

log = logging.getLogger(__name__)

#: A step of the ledger that needs no more than the outcomes.
LedgerStep = Callable[[Connection, Lease, Sequence[Outcome], datetime], None]

#: The work that a window may hold: so long a pause, a stop or somebody's leaving takes to be heeded.
WINDOW_SECONDS = 1.0

_NOTE_EVERY_SECONDS = 60.0

#: Between two looks at what somebody else has to change first.
_POLL_SECONDS = 0.1

#: Of readers who share one answer so many at first; and at most one in so many of the issue's.
_FIRST_SHARING, _ONE_IN = 10, 50


def largest_window(transport: Transport, readers: int) -> int:
    """Return the most readers of a window of an issue that goes to `readers`.

    Where they share one answer, one failure loses sight of them all: so of a small part of the issue.
    """
    most = max(_FIRST_SHARING, readers // _ONE_IN) if transport.one_answer else transport.window
    return min(most, transport.window)


@dataclass(kw_only=True)
class Run:
    """An issue on its way out of this process: what its sender and its workers share."""

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
    lease_duration: timedelta = ledger.LEASE_DURATION
    fault_hook: FaultHook = no_fault
    #: Why nothing of it would reach anybody; then it pauses. Empty: it is delivered.
    undelivered: str = ""
    #: Counts what begins beside the database, too; None: nobody asks, as in a rehearsal.
    marks: Marks | None = None
    #: How much may be refused or lost sight of, and how many may complain, before the issue pauses.
    pause_rules: PauseRules = field(default_factory=PauseRules)
    #: Tells the operator of a pause, once: key, subject, body. `Alerts.raise_once` is one.
    raise_alert: Callable[[str, str, str], object] = lambda key, subject, body: None
    breaker: Breaker = field(init=False)
    #: Most readers of a window.
    window: int = field(init=False)
    #: How many must be refused to say that everybody is; a sender that goes on where some have the issue knows more.
    first: int = field(init=False, default=FIRST)
    #: What somebody wishes; the sender's own loop passes it on to the workers.
    stop: Stop = field(init=False, default_factory=Stop)
    stopping: threading.Event = field(init=False, default_factory=threading.Event)
    #: Set by a worker that finds nothing more to do, for whoever waits for them all.
    idling: threading.Event = field(init=False, default_factory=threading.Event)
    _quiet_until: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.clock)
        self.window = self.transport.window

    @property
    def is_trying(self) -> bool:
        """Whether the first are still on trial: a server that refuses everybody must not lose the issue."""
        return 0 < self.pause_rules.rejected < 1 and not self.breaker.has_taken

    def note_lost_database(self, error: DBAPIError) -> None:
        """Log why the database cannot be used, once a minute: many threads ask for it many times a second."""
        now = self.clock.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _NOTE_EVERY_SECONDS
            log.warning("the database cannot be used: %s; tried again until it can", error.orig)

    def pause(self, trouble: SendError) -> None:
        """Pause the issue, since only a person can help: say why, and tell the operator."""
        log.error("%s", trouble)
        try:
            with self.database.write() as connection:
                issue = pause_issue(connection, self.issue_id, str(trouble), self.clock.now())
        except (InvalidTransition, ChangedMeanwhile):
            return
        subject = f"Issue {issue.label} is paused"
        body = (
            f"{trouble}\n\nNobody is mailed until you say so. To go on:\n\n    {suggest('resume', issue.id)}"
        )
        self.raise_alert(f"paused:{issue.id}:{issue.version}", subject, body)


class Worker(threading.Thread):
    """Works until the run is stopping. `name` is its owner's name in the ledger and its journal's."""

    def __init__(self, run: Run, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._run = run
        self._limit = _FIRST_SHARING if run.transport.one_answer else run.transport.window
        self._session = run.transport.open()
        self.is_idle = False
        self.error: Exception | None = None

    def run(self) -> None:
        """Claim and send; an error stops the whole sender and leaves the journal to the successor."""
        run = self._run
        try:
            with (
                closing(self._session),
                Journal(run.journals, self.name) as self._journal,
            ):
                while not run.stopping.is_set():
                    lease = self._claim()
                    if lease is None:
                        self._idle()
                    else:
                        self.is_idle = False
                        self._send_batch(lease)
        # Whatever it was: the main thread tells.
        except Exception as error:  # noqa: BLE001
            self.error = error
            run.stopping.set()
        finally:
            self.is_idle = True
            run.idling.set()

    def cut_off(self) -> None:
        """End what it says to the server, at once: what waits for an answer is lost sight of. From another thread."""
        self._session.cut_off()

    def _idle(self) -> None:
        if not self.is_idle:
            self.is_idle = True
            self._run.idling.set()
        self._run.stopping.wait(_POLL_SECONDS)

    def _claim(self) -> Lease | None:
        run = self._run
        try:
            with run.database.write() as connection:
                lease = ledger.claim_batch(
                    connection, run.issue_id, self.name, run.clock.now(), run.lease_duration
                )
        except DBAPIError as error:
            self._recover(error, ())
            return None
        if lease is not None:
            run.fault_hook(FaultPoint.CLAIMED)
        return lease

    def _send_batch(self, lease: Lease) -> None:
        outcomes: Sequence[Outcome] = ()
        try:
            while (window := self._begin(lease, outcomes)) is not None:
                if window.waits_until is not None:
                    outcomes = ()
                    self._wait_for_limit(window.waits_for, window.waits_until)
                    continue
                outcomes, trouble = self._send_window(window)
                self._run.fault_hook(FaultPoint.WINDOW_OVER)
                if trouble is not None:
                    self._step(self._with_limits(ledger.record_window, lease), lease, outcomes)
                    outcomes = ()
                    self._rest(trouble)
        except Fenced:
            log.warning(
                "batch %s was taken over from %s, which was silent too long", lease.batch_id, self.name
            )
            self._step(record_late, lease, outcomes)
        except DBAPIError as error:
            self._recover(error, outcomes)

    def _begin(self, lease: Lease, outcomes: Sequence[Outcome]) -> Window | None:
        """Begin the next window and commit it; None when the batch is through or given back."""
        run = self._run
        if run.stopping.is_set():
            self._step(self._with_limits(ledger.release_batch, lease), lease, outcomes)
            return None
        now = run.clock.now()
        with run.database.write() as connection:
            window = ledger.begin_window(
                connection,
                lease,
                outcomes,
                limit=min(self._limit, run.window, FIRST if run.is_trying else run.window),
                now=now,
                hash_address=run.hash_address,
                retry_at=run.retry_policy.next_try(lease.attempts, now),
                lease_duration=run.lease_duration,
                throttle=run.throttle,
            )
            run.fault_hook(FaultPoint.WRITTEN)
        if run.marks is not None and window is not None and window.begun:
            run.marks.note(begun=window.begun)
        run.fault_hook(FaultPoint.BEGUN)
        self._journal.clear()
        run.fault_hook(FaultPoint.CLEARED)
        return window

    def _with_limits(self, step: Callable[..., None], lease: Lease) -> LedgerStep:
        """Bind a step of the ledger to our limits, and to the rest of whoever was deferred."""
        run = self._run
        retry_at = run.retry_policy.next_try(lease.attempts, run.clock.now())
        return partial(step, throttle=run.throttle, retry_at=retry_at)

    def _step(self, step: LedgerStep, lease: Lease, outcomes: Sequence[Outcome]) -> None:
        with self._run.database.write() as connection:
            step(connection, lease, outcomes, self._run.clock.now())
        self._journal.clear()

    def _send_window(self, window: Window) -> tuple[Sequence[Outcome], SendError | None]:
        """Send what was begun; returns an outcome for everyone in the window, and what kept it from going on."""
        run, lease, trouble = self._run, window.lease, None
        recipients = {each.reader_id: each for each in window.recipients}
        on_trial = run.is_trying
        outcomes: dict[int, Outcome] = {}
        started: set[int] = set()

        def note_start(about_to_go: Sequence[Recipient]) -> None:
            ids = [each.reader_id for each in about_to_go]
            self._journal.started(lease, ids)
            started.update(ids)
            run.fault_hook(FaultPoint.STARTED)

        begun_at = run.clock.monotonic()
        offered = self._offer(window, begun_at + WINDOW_SECONDS)
        try:
            for told in self._session.send(offered, run.mailings[lease.variant], note_start):
                outcome = self._last_try_gives_up(told, recipients[told.reader_id])
                outcomes[outcome.reader_id] = outcome
                run.fault_hook(FaultPoint.ANSWERED)
                refuses_us = on_trial and outcome.event is Event.REJECT and is_about_us(outcome.code)
                # Killed before the pause is committed, their successor is to find them as they will be: never begun.
                noted = replace(outcome, event=Event.RETURN) if refuses_us else outcome
                self._journal.answered(lease, noted)
                run.fault_hook(FaultPoint.NOTED)
                run.breaker.note(outcome.event, recipients[outcome.reader_id].address, outcome.code)
        except SendError as error:
            trouble = error
        except (DBAPIError, JournalError):
            raise
        # Whatever it was, it would come again: a person has to look, and meanwhile nobody is tried over and over.
        except Exception as error:
            log.debug("", exc_info=True)
            trouble = SendError(_unforeseen(error), permanent=True)
        if trouble is None and run.breaker.puts_everybody_off:
            trouble = SendError("the server puts everybody off", permanent=False)
        trouble = self._keep_from_refusal(outcomes, started) or trouble
        if trouble is None and not on_trial:
            self._limit = self._fitting_limit(len(outcomes), run.clock.monotonic() - begun_at)
        elif trouble is not None and trouble.retry_after is None:
            # One message tries alone: what is lost sight of in a second failure is one reader's. A server that names
            # a rest is not in trouble; it would be asked more often for the same readers.
            self._limit = 1
        for reader_id in recipients.keys() - outcomes.keys():
            event = Event.LOSE_SIGHT if reader_id in started else Event.RETURN
            outcomes[reader_id] = Outcome(reader_id=reader_id, event=event)
        return tuple(outcomes.values()), trouble

    def _keep_from_refusal(self, outcomes: dict[int, Outcome], started: set[int]) -> SendError | None:
        """Return why nobody else is tried where all of the first were refused, and take out whom that is not about.

        The server has surely not got theirs: they are as if never begun, and go out once it takes them.
        """
        run = self._run
        words = run.breaker.refuses_everybody(run.first) if run.is_trying else ""
        if not words:
            return None
        for each in tuple(outcomes.values()):
            if each.event is Event.REJECT and is_about_us(each.code):
                del outcomes[each.reader_id]
                started.discard(each.reader_id)
        return SendError(words, permanent=True)

    def _offer(self, window: Window, until: float) -> Iterator[Recipient]:
        """Yield the window's recipients, as long as its time lasts and nobody wants to stop."""
        for position, recipient in enumerate(window.recipients):
            late = self._run.clock.monotonic() > until
            if position and (late or self._run.stopping.is_set()):
                return
            yield recipient

    def _fitting_limit(self, done: int, seconds: float) -> int:
        """Return how many fit into a window's time, judging by the last; at most twice the last limit."""
        fitting = int(done * WINDOW_SECONDS / seconds) if seconds else self._run.window
        return max(1, min(fitting, 2 * self._limit, self._run.window))

    def _last_try_gives_up(self, told: Outcome, recipient: Recipient) -> Outcome:
        if told.event is Event.DEFER and recipient.attempts + 1 >= self._run.retry_policy.attempts:
            return replace(told, event=Event.GIVE_UP, code="gave-up")
        return told

    def _rest(self, trouble: SendError) -> None:
        run = self._run
        if trouble.permanent:
            run.pause(trouble)
            return
        run.breaker.trip(trouble)
        log.warning("%s; next try in %.1f s", trouble, run.breaker.rest.total_seconds())
        while run.breaker.rest and not run.stopping.wait(_POLL_SECONDS):
            pass

    def _wait_for_limit(self, limit: str, until: datetime) -> None:
        """Rest until more may leave, or for a second, since the issue may be paused meanwhile."""
        run = self._run
        run.breaker.note_limit(limit, until)
        self.is_idle = True
        seconds = (until - run.clock.now()).total_seconds()
        run.stopping.wait(min(1.0, max(0.0, seconds)))
        self.is_idle = False

    def _recover(self, error: DBAPIError, outcomes: Sequence[Outcome]) -> None:
        """Settle our own batches from what we know, as a successor would: a commit failed, or nobody knows."""
        run = self._run
        evidence = Evidence(answered={each.reader_id: each for each in outcomes})
        while True:
            run.note_lost_database(error)
            if run.stopping.wait(1.0):
                raise error
            try:
                with run.database.write() as connection:
                    for left in ledger.list_running_batches(connection, run.issue_id):
                        if left.owner == self.name:
                            settle_batch(connection, left, evidence, run.clock.now(), run.retry_policy)
            except DBAPIError as again:
                error = again
            else:
                self._journal.clear()
                return


def _unforeseen(error: Exception) -> str:
    """Say what went wrong and where, without the error's own words, which may hold an address."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return f"sending failed by a fault of this program, {type(error).__name__} in {where}: please report it"
