"""A dress rehearsal: a whole issue to a server on this machine that misbehaves, while the sender is killed again and again.

It works in a folder of its own, mails nobody, and ends in counts that have to be nought: readers lost, readers
mailed twice.
"""

import multiprocessing
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from newsletter.clock import Clock, SystemClock
from newsletter.config import sqlite_url
from newsletter.db import migrate
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import deliveries, readers
from newsletter.db.statuses import DeliveryStatus, Edition, IssueStatus, ReaderStatus
from newsletter.delivery.ledger import FaultHook, FaultPoint, no_fault
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.message import MessageIds, load_mailings
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.sender import Sender
from newsletter.delivery.store import start_issue
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from newsletter.digest.issues import Step
from newsletter.digest.store import Frozen, add_issue, freeze, get_issue, take_step
from newsletter.errors import NewsletterError
from newsletter.readers.links import LinkSigner
from newsletter.render.headers import MessageFrame, issue_headers
from newsletter.render.plan import Block, Plan, PlanSlot, SlotName
from newsletter.stopping import stopped_by_signals

_KEY = b"rehearsal".ljust(32, b".")
FRAME = MessageFrame(
    from_name="Rehearsal",
    from_address="rehearsal@news.example",
    reply_to="rehearsal@news.example",
    public_url="https://news.example",
)
PLAN = Plan(
    headers=issue_headers(FRAME, "Rehearsal"),
    text=(
        Block("", ("For ", PlanSlot(SlotName.ADDRESS), "\n", PlanSlot(SlotName.UNSUBSCRIBE_URL), "\n" * 20)),
    ),
    html=(Block("", ("<p>For ", PlanSlot(SlotName.ADDRESS), "</p>\n", "<p>words</p>\n" * 200)),),
)


class Trouble(StrEnum):
    """What the server does to a few readers in a hundred."""

    DEFER = "4xx"
    REFUSE = "5xx"
    SLOW = "slow"
    DROP_BEFORE = "drop-before"
    DROP_INSIDE = "drop-inside"
    DROP_AFTER = "drop-after"


_FAULTS: dict[Trouble, tuple[Phase, Misbehavior]] = {
    Trouble.DEFER: (Phase.RCPT, Misbehavior(reply="451 4.2.2 Later")),
    Trouble.REFUSE: (Phase.RCPT, Misbehavior(reply="550 5.1.1 No such user")),
    Trouble.SLOW: (Phase.DOT, Misbehavior(wait=0.3)),
    Trouble.DROP_BEFORE: (Phase.DATA, Misbehavior(drop=True)),
    Trouble.DROP_INSIDE: (Phase.BODY, Misbehavior(drop=True)),
    Trouble.DROP_AFTER: (Phase.TAKEN, Misbehavior(drop=True)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalResult:
    """What a rehearsal counted, by reader id where it matters.

    `unsure_allowed`: messages in flight at the kills, and connections that ended after the final dot had left.
    """

    issues: int
    readers: int
    kills: int
    accepted: int
    rejected: int
    unsure: tuple[str, ...]
    unsure_allowed: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.lost and not self.doubled and len(self.unsure) <= self.unsure_allowed


class RandomTrouble:
    """What a server does to about one message in a hundred, of each kind of trouble."""

    def __init__(self, troubles: Collection[Trouble], chance: random.Random, share: float = 0.01) -> None:
        self._faults = [_FAULTS[trouble] for trouble in troubles]
        self._chance, self._share = chance, share
        self._lock = threading.Lock()
        self.dropped_after_the_dot = 0

    def __call__(self, phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        for when, fault in self._faults:
            with self._lock:
                if when is not phase or self._chance.random() >= self._share:
                    continue
                # With the first bytes of a body its final dot has left the sender too: the system's buffers hold both.
                self.dropped_after_the_dot += fault.drop and phase in (Phase.BODY, Phase.TAKEN)
            return fault
        return None


@dataclass(kw_only=True)
class Rehearsal:
    """Issues to `readers` readers, one after the other, until a sender was killed `kills` times and all are sent."""

    folder: Path
    readers: int = 2_000
    kills: int = 20
    troubles: Collection[Trouble] = tuple(Trouble)
    connections: int = 4
    seed: int = 1
    clock: Clock = field(default_factory=SystemClock)
    #: Told after each kill how many there were.
    watch: Callable[[int], None] = lambda kills: None

    def run(self) -> RehearsalResult:
        """Rehearse, and leave database, journals and the senders' log in the folder."""
        self._chance = random.Random(self.seed)
        self._url = sqlite_url(self.folder / "rehearsal.db")
        self._killed = 0
        database = open_database(self._url)
        try:
            migrate.upgrade(database)
            _add_readers(database, self.readers, self.clock)
            return self._rehearse(database)
        finally:
            database.close()

    def _rehearse(self, database: Database) -> RehearsalResult:
        begun_at, issues, accepted, rejected = self.clock.monotonic(), 0, 0, 0
        unsure, lost, doubled = list[str](), list[str](), list[str]()
        trouble = RandomTrouble(self.troubles, self._chance)
        while not issues or self._killed < self.kills:
            issues += 1
            # Whom a server refused in one issue still gets the next.
            with database.write() as connection:
                connection.execute(update(readers).values(status=ReaderStatus.ACTIVE))
            issue_id = make_issue(database, issues, self.clock)
            with Loopback(faults=trouble) as server:
                self._send(database, issue_id, server)
                with database.read() as connection:
                    counts = get_counts(connection, issue_id)
                    found = _compare(connection, issue_id, server.counts)
            accepted, rejected = accepted + counts.accepted, rejected + counts.rejected
            for known, more in zip((unsure, lost, doubled), found, strict=True):
                known += more
        return RehearsalResult(
            issues=issues,
            readers=self.readers,
            kills=self._killed,
            accepted=accepted,
            rejected=rejected,
            unsure=tuple(unsure),
            unsure_allowed=self._killed * self.connections + trouble.dropped_after_the_dot,
            lost=tuple(lost),
            doubled=tuple(doubled),
            seconds=self.clock.monotonic() - begun_at,
        )

    def _send(self, database: Database, issue_id: int, server: Loopback) -> None:
        """Start one sender after the other, and kill each at a moment of its own, until the issue is sent.

        Raises NewsletterError where a sender ends by itself with an error: the next would too.
        """
        log = self.folder / "sender.log"
        while True:
            with database.read() as connection:
                if get_issue(connection, issue_id).status is IssueStatus.SENT:
                    return
            child = start_sender(
                self._url,
                issue_id,
                server.port,
                self.folder / "journal",
                self.connections,
                log=log,
            )
            if self._killed < self.kills:
                self._kill(child, server)
            child.join()
            if child.exitcode not in (0, -signal.SIGKILL):
                last = next(reversed(log.read_text(errors="replace").split("\n")[:-1]), "it left no word")
                raise NewsletterError(
                    f"A sender ended with status {child.exitcode} before its issue was sent: {last}"
                )

    def _kill(self, child: BaseProcess, server: Loopback) -> None:
        """Wait for some messages and a moment more; a sender that ends before is let go."""
        enough = server.total + self._chance.randint(1, max(2, self.readers // 8))
        while server.total < enough:
            if not child.is_alive():
                return
            self.clock.sleep(timedelta(milliseconds=1))
        self.clock.sleep(timedelta(milliseconds=self._chance.uniform(0, 20)))
        if child.is_alive():
            child.kill()
            self._killed += 1
            self.watch(self._killed)


def _compare(
    connection: Connection, issue_id: int, arrived: Counter[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return the unsure, the lost and those mailed twice: what the ledger says of each reader beside what arrived."""
    theirs = readers.c.id == deliveries.c.reader_id
    query = select(readers.c.address, deliveries.c.status).join_from(deliveries, readers, theirs)
    rows = connection.execute(query.where(deliveries.c.issue_id == issue_id)).all()
    excused = (DeliveryStatus.REJECTED, DeliveryStatus.SKIPPED, DeliveryStatus.UNSURE)
    return (
        [address for address, status in rows if status is DeliveryStatus.UNSURE],
        [address for address, status in rows if status not in excused and not arrived[address]],
        [address for address, times in arrived.items() if times > 1],
    )


def _add_readers(database: Database, count: int, clock: Clock) -> None:
    now = clock.now()
    usual = {"status": ReaderStatus.ACTIVE, "status_at": now, "added_at": now}
    addresses = (f"reader{number}@example.org" for number in range(1, count + 1))
    with database.write() as connection:
        rows = [{"address": address, "address_key": address, **usual} for address in addresses]
        connection.execute(insert(readers), rows)


def make_issue(database: Database, number: int, clock: Clock) -> int:
    """Make an issue that has begun to go out; returns its id."""
    now = clock.now()
    slot = f"rehearsal-{number:06}"
    frozen = Frozen(letter="", sender=FRAME.to_json(), plans={"everybody": PLAN.to_bytes()})
    with database.write() as connection:
        issue = add_issue(connection, edition=Edition.WEEKLY, slot=slot, cutoff_at=now, send_at=now, now=now)
        take_step(connection, issue, Step.APPROVE, now, number=number)
        freeze(connection, issue.id, frozen)
    start_issue(database, issue.id, now)
    return issue.id


# ── the sender that is killed ──────────────────────────────────────────────────────────────────────────


class KillAt:
    """Kills this process when a point of the protocol is reached for the n-th time."""

    def __init__(self, point: FaultPoint, times: int) -> None:
        self._point, self._left = point, times

    def __call__(self, point: FaultPoint) -> None:
        self._left -= point is self._point
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def start_sender(
    url: str,
    issue_id: int,
    port: int,
    journals: Path,
    connections: int,
    *,
    lease_duration: timedelta = timedelta(seconds=5),
    fault_hook: FaultHook = no_fault,
    log: Path | None = None,
) -> BaseProcess:
    """Start a sender to a server on this machine's `port`: a process of its own, which writes to `log`.

    It is forked from one that has read the program already, or a killed sender would mostly have been starting.
    """
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    arguments = (url, issue_id, port, journals, connections, lease_duration, fault_hook, log)
    process = forks.Process(target=_send, args=arguments, daemon=True)
    process.start()
    return process


def _send(
    url: str,
    issue_id: int,
    port: int,
    journals: Path,
    connections: int,
    lease_duration: timedelta,
    fault_hook: FaultHook,
    log: Path | None,
) -> None:
    """Send an issue as a real sender does, only in more of a hurry."""
    if log is not None:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    clock, database = SystemClock(), open_database(url)
    message_ids = MessageIds(key=_KEY, domain="news.example")
    with database.read() as connection:
        mailings = load_mailings(connection, issue_id, LinkSigner([_KEY]), message_ids, clock)
    relay = Relay(host="127.0.0.1", port=port, waits=Waits(connect=5, command=5, body=5, final=5))
    sender = Sender(
        database=database,
        issue_id=issue_id,
        mailings=mailings,
        transport=Smtp(relay=relay, connections=connections, messages_per_connection=200),
        journals=journals,
        clock=clock,
        hash_address=lambda key: key,
        retry_policy=RetryPolicy(attempts=10, first=timedelta(seconds=0.05), longest=timedelta(seconds=0.1)),
        lease_duration=lease_duration,
        fault_hook=fault_hook,
    )
    parent = os.getppid()

    def watch(counts: Counts) -> None:
        # Without its rehearsal it would try to reach a server for ever that is gone with it.
        sender.stop.asked = sender.stop.asked or os.getppid() != parent

    sender.watch = watch
    with stopped_by_signals(sender.stop, clock):
        sender.send()
    database.close()
