"""A dress rehearsal: a whole issue to a server on this machine that misbehaves, while the sender is killed again and again.

It works in a folder of its own, mails nobody, and ends in counts that have to be nought: readers lost, readers
mailed twice. `python -m newsletter.delivery.rehearsal` is the sender that gets killed.
"""

import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from sqlalchemy import insert, select, update

from newsletter.clock import Clock, SystemClock
from newsletter.db.engine import Database, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.schema import deliveries, readers
from newsletter.db.statuses import DeliveryStatus, Edition, IssueStatus, ReaderStatus
from newsletter.delivery.ledger import Point, pass_by
from newsletter.delivery.message import Marks, mailings_of
from newsletter.delivery.sender import Sender
from newsletter.delivery.store import start_issue
from newsletter.delivery.throttle import Patience
from newsletter.delivery.transports.smtp import Smtp
from newsletter.delivery.transports.smtp_wire import Relay, Waits
from newsletter.digest.issues import Step
from newsletter.digest.store import Frozen, add_issue, freeze, get_issue, take_step
from newsletter.readers.links import LinkSigner
from newsletter.render.headers import MessageFrame, issue_headers
from newsletter.render.plan import Block, Plan, Slot, SlotName

# An SMTP server on this machine that counts what it takes, and misbehaves as it is told. For rehearsals and tests.
#
# It listens on the loopback address only and delivers nothing to anybody.

_END_OF_BODY = b"\r\n.\r\n"


class Phase(StrEnum):
    """A moment in which a server can answer something else, or nothing."""

    GREETING = "greeting"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    #: When the first bytes of a body have come.
    BODY = "body"
    #: When the final dot has come, before the message is taken.
    DOT = "dot"
    #: When the message is taken, before that is said.
    TAKEN = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens instead: a pause, then a reply ("451 4.3.0 Later"), the end of the connection, or both."""

    reply: str = ""
    drop: bool = False
    wait: float = 0.0


#: Decides what goes wrong, by phase, recipient (empty before RCPT) and how many connections there were.
Faults = Callable[[Phase, str, int], Fault | None]


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the server took, as it stood on the wire without the stuffing."""

    sender: str
    recipient: str
    content: bytes


class _Over(Exception):
    """This connection ends."""


@dataclass(kw_only=True)
class Loopback:
    """The server; listens while its `with` block runs."""

    faults: Faults = lambda phase, recipient, connection: None
    extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 50000000", "ENHANCEDSTATUSCODES")
    #: With a context, STARTTLS is offered, or TLS spoken from the start.
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    #: Keep whole messages, not only their counts.
    keeps: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    taken: list[Taken] = field(default_factory=list)
    #: How many there were.
    connections: int = 0
    total: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # A thread in accept() holds on to a closed socket; shutting it down wakes the thread.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in tuple(self._open):
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                number = self.connections
            self._open.add(peer)
            threading.Thread(target=self._serve, args=(peer, number), daemon=True).start()

    def _serve(self, peer: socket.socket, number: int) -> None:
        dialogue = _Dialogue(self, peer, number)
        with suppress(OSError, _Over):
            dialogue.run()
        self._open.discard(peer)
        dialogue.close()

    def take(self, message: Taken) -> None:
        """Count a message."""
        with self._lock:
            self.counts[message.recipient] += 1
            self.total += 1
            if self.keeps:
                self.taken.append(message)


class _Dialogue:
    """One connection."""

    def __init__(self, server: Loopback, peer: socket.socket, number: int) -> None:
        self._server, self._peer, self._number = server, peer, number
        self._buffer = bytearray()
        self._sender = self._recipient = ""
        self._secured = server.tls_at_once

    def run(self) -> None:
        if self._secured and self._server.tls:
            self._peer = self._server.tls.wrap_socket(self._peer, server_side=True)
        self._answer(Phase.GREETING, "220 loopback ESMTP")
        while True:
            line = self._read_until(b"\r\n").decode("utf-8", "replace")
            word = line[:4].upper()
            answer = getattr(self, f"_{word.lower()}", None) if word.isalpha() else None
            if answer is None:
                self._say("250 2.0.0 Ok" if word in ("RSET", "NOOP") else "500 5.5.2 What?")
            else:
                answer(line)

    def close(self) -> None:
        """End the connection; TLS may have put another socket in the first one's place."""
        with suppress(OSError):
            self._peer.close()

    def _ehlo(self, line: str) -> None:
        offers = [*self._server.extensions, "AUTH PLAIN"]
        if self._server.tls and not self._secured:
            offers.append("STARTTLS")
        lines = ["loopback", *offers]
        shown = [
            f"250{' ' if last else '-'}{text}" for text, last in zip(lines, _marks_last(lines), strict=True)
        ]
        self._answer(Phase.EHLO, "\r\n".join(shown))

    def _star(self, line: str) -> None:
        self._say("220 2.0.0 Go ahead")
        if self._server.tls is None:
            raise _Over
        self._peer = self._server.tls.wrap_socket(self._peer, server_side=True)
        self._secured = True

    def _auth(self, line: str) -> None:
        self._answer(Phase.AUTH, "235 2.7.0 Come in")

    def _mail(self, line: str) -> None:
        if self._sender:
            self._say("503 5.5.1 Nested MAIL command")
        elif self._answer(Phase.MAIL, "250 2.1.0 Ok").startswith("250"):
            self._sender = _path(line)

    def _rcpt(self, line: str) -> None:
        address = _path(line)
        if not self._sender:
            self._say("503 5.5.1 MAIL first")
        elif self._answer(Phase.RCPT, "250 2.1.5 Ok", address).startswith("250"):
            self._recipient = address

    def _data(self, line: str) -> None:
        # Without a recipient some servers refuse here, others at the end of the body: both may (RFC 2920, 3.1).
        usual = "354 Go ahead" if self._recipient else "554 5.5.1 No valid recipients"
        if self._answer(Phase.DATA, usual).startswith("354"):
            self._take_body()

    def _take_body(self) -> None:
        recipient = self._recipient
        if not self._buffer:
            self._receive()
        self._answer(Phase.BODY, "", recipient)
        # A body of nothing but the final dot has no line end before it.
        self._buffer[:0] = b"\r\n"
        content = self._read_until(_END_OF_BODY)[2:].replace(b"\r\n..", b"\r\n.") + b"\r\n"
        sender, self._sender, self._recipient = self._sender, "", ""
        if not recipient:
            self._say("554 5.5.1 No valid recipients")
        elif not self._answer(Phase.DOT, "", recipient):
            self._server.take(Taken(sender, recipient, content))
            self._answer(Phase.TAKEN, f"250 2.0.0 Ok: queued as {self._number:X}A{len(content):X}", recipient)

    def _rset(self, line: str) -> None:
        self._sender = self._recipient = ""
        self._say("250 2.0.0 Ok")

    def _quit(self, line: str) -> None:
        self._say("221 2.0.0 Bye")
        raise _Over

    def _answer(self, phase: Phase, usual: str, recipient: str = "") -> str:
        """Answer as usual, or as the faults have it; returns what was said."""
        fault = self._server.faults(phase, recipient or self._recipient, self._number) or Fault()
        if fault.wait:
            threading.Event().wait(fault.wait)
        said = fault.reply or ("" if fault.drop else usual)
        self._say(said)
        if fault.drop:
            raise _Over
        return said

    def _say(self, text: str) -> None:
        if text:
            self._peer.sendall(text.encode() + b"\r\n")

    def _receive(self) -> None:
        data = self._peer.recv(262_144)
        if not data:
            raise _Over
        self._buffer += data

    def _read_until(self, end: bytes) -> bytes:
        """What comes before `end`, taken out of the buffer with it."""
        looked = 0
        while (found := self._buffer.find(end, max(0, looked - len(end)))) < 0:
            looked = len(self._buffer)
            self._receive()
        piece = bytes(self._buffer[:found])
        del self._buffer[: found + len(end)]
        return piece


def _marks_last(lines: Sequence[str]) -> list[bool]:
    return [position == len(lines) - 1 for position in range(len(lines))]


def _path(line: str) -> str:
    return line.partition("<")[2].rpartition(">")[0] if ">" in line else ""


_KEY = b"rehearsal".ljust(32, b".")
FRAME = MessageFrame(
    from_name="Rehearsal",
    from_address="rehearsal@news.example",
    reply_to="rehearsal@news.example",
    public_url="https://news.example",
)
PLAN = Plan(
    headers=issue_headers(FRAME, "Rehearsal"),
    text=(Block("", ("For ", Slot(SlotName.ADDRESS), "\n", Slot(SlotName.UNSUBSCRIBE_URL), "\n" * 20)),),
    html=(Block("", ("<p>For ", Slot(SlotName.ADDRESS), "</p>\n", "<p>words</p>\n" * 200)),),
)


class Trouble(StrEnum):
    """What the server does to a few readers in a hundred."""

    DEFER = "4xx"
    REFUSE = "5xx"
    SLOW = "slow"
    DROP_BEFORE = "drop-before"
    DROP_INSIDE = "drop-inside"
    DROP_AFTER = "drop-after"


_FAULTS: dict[Trouble, tuple[Phase, Fault]] = {
    Trouble.DEFER: (Phase.RCPT, Fault(reply="451 4.2.2 Later")),
    Trouble.REFUSE: (Phase.RCPT, Fault(reply="550 5.1.1 No such user")),
    Trouble.SLOW: (Phase.DOT, Fault(wait=0.3)),
    Trouble.DROP_BEFORE: (Phase.DATA, Fault(drop=True)),
    Trouble.DROP_INSIDE: (Phase.BODY, Fault(drop=True)),
    Trouble.DROP_AFTER: (Phase.TAKEN, Fault(drop=True)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
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


class Misbehaviour:
    """What a server does to about one message in a hundred, of each kind of trouble."""

    def __init__(self, troubles: Collection[Trouble], chance: random.Random, share: float = 0.01) -> None:
        self._faults = [_FAULTS[trouble] for trouble in troubles]
        self._chance, self._share = chance, share
        self._lock = threading.Lock()
        self.dropped_after_the_dot = 0

    def __call__(self, phase: Phase, recipient: str, connection: int) -> Fault | None:
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

    def run(self) -> Rehearsed:
        """Rehearse; leaves database, journals and the senders' log in the folder."""
        self._chance = random.Random(self.seed)
        self._url = f"sqlite:///{self.folder / 'rehearsal.db'}"
        self._killed = 0
        database = open_database(self._url)
        try:
            upgrade(database)
            _add_readers(database, self.readers, self.clock)
            return self._rehearse(database)
        finally:
            database.close()

    def _rehearse(self, database: Database) -> Rehearsed:
        begun_at = self.clock.monotonic()
        counts: list[_Count] = []
        behaviour = Misbehaviour(self.troubles, self._chance)
        while not counts or self._killed < self.kills:
            _wake_readers(database)
            issue_id = make_issue(database, len(counts) + 1, self.clock)
            with Loopback(faults=behaviour) as server:
                self._send(database, issue_id, server)
                counts.append(_count(database, issue_id, server.counts))
        return Rehearsed(
            issues=len(counts),
            readers=self.readers,
            kills=self._killed,
            accepted=sum(each.accepted for each in counts),
            rejected=sum(each.rejected for each in counts),
            unsure=tuple(reader for each in counts for reader in each.unsure),
            unsure_allowed=self._killed * self.connections + behaviour.dropped_after_the_dot,
            lost=tuple(reader for each in counts for reader in each.lost),
            doubled=tuple(reader for each in counts for reader in each.doubled),
            seconds=self.clock.monotonic() - begun_at,
        )

    def _send(self, database: Database, issue_id: int, server: Loopback) -> None:
        """Start one sender after the other, and kill each at a moment of its own, until the issue is sent."""
        while True:
            with database.read() as connection:
                if get_issue(connection, issue_id).status is IssueStatus.SENT:
                    return
            child = self._start_sender(issue_id, server.port)
            if self._killed < self.kills:
                self._kill(child, server)
            child.wait()

    def _start_sender(self, issue_id: int, port: int) -> "subprocess.Popen[bytes]":
        command = sender_command(self._url, issue_id, port, self.folder / "journal", self.connections)
        with (self.folder / "sender.log").open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _kill(self, child: "subprocess.Popen[bytes]", server: Loopback) -> None:
        """Wait for some messages and a moment more; a sender that ends before is let go."""
        enough = server.total + self._chance.randint(1, max(2, self.readers // 8))
        while server.total < enough:
            if child.poll() is not None:
                return
            self.clock.sleep(timedelta(milliseconds=1))
        self.clock.sleep(timedelta(milliseconds=self._chance.uniform(0, 20)))
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            self._killed += 1
            self.watch(self._killed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    accepted: int
    rejected: int
    unsure: tuple[str, ...]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]


def _count(database: Database, issue_id: int, arrived: Counter[str]) -> _Count:
    """Compare what the ledger says of each reader with what has arrived."""
    theirs = readers.c.id == deliveries.c.reader_id
    query = select(readers.c.address, deliveries.c.status).join_from(deliveries, readers, theirs)
    with database.read() as connection:
        rows = connection.execute(query.where(deliveries.c.issue_id == issue_id)).all()
    ended = {
        status: tuple(address for address, known in rows if known is status) for status in DeliveryStatus
    }
    final = {*ended[DeliveryStatus.REJECTED], *ended[DeliveryStatus.SKIPPED], *ended[DeliveryStatus.UNSURE]}
    return _Count(
        accepted=len(ended[DeliveryStatus.ACCEPTED]),
        rejected=len(ended[DeliveryStatus.REJECTED]),
        unsure=ended[DeliveryStatus.UNSURE],
        lost=tuple(address for address, _ in rows if address not in final and not arrived[address]),
        doubled=tuple(address for address, times in arrived.items() if times > 1),
    )


def _add_readers(database: Database, count: int, clock: Clock) -> None:
    now = clock.now()
    usual = {"status": ReaderStatus.ACTIVE, "status_at": now, "added_at": now}
    addresses = (f"reader{number}@example.org" for number in range(1, count + 1))
    with database.write() as connection:
        rows = [{"address": address, "address_key": address, **usual} for address in addresses]
        connection.execute(insert(readers), rows)


def _wake_readers(database: Database) -> None:
    """Whom a server refused in one issue gets the next one all the same: each goes to as many."""
    with database.write() as connection:
        connection.execute(update(readers).values(status=ReaderStatus.ACTIVE))


def make_issue(database: Database, number: int, clock: Clock) -> int:
    """An issue that has begun to go out; returns its id."""
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


class Death:
    """Kills this process when a point of the protocol is reached for the n-th time."""

    def __init__(self, point: Point, times: int) -> None:
        self._point, self._left = point, times

    def __call__(self, point: Point) -> None:
        self._left -= point is self._point
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def sender_command(
    url: str, issue_id: int, port: int, journals: Path, connections: int, *, lease: float = 5, death: str = ""
) -> list[str]:
    """How a sender to a server on this machine's `port` is started; `death` is "point:times"."""
    arguments = (url, issue_id, port, journals, connections, lease, death)
    return [sys.executable, "-m", "newsletter.delivery.rehearsal", *map(str, arguments)]


def main(url: str, issue_id: str, port: str, journals: str, connections: str, lease: str, death: str) -> None:
    """Send an issue as a real sender does, only in more of a hurry."""
    clock, database = SystemClock(), open_database(url)
    marks = Marks(key=_KEY, domain="news.example")
    point, _, times = death.partition(":")
    with database.read() as connection:
        mailings = mailings_of(connection, int(issue_id), LinkSigner([_KEY]), marks, clock)
    relay = Relay(host="127.0.0.1", port=int(port), waits=Waits(connect=5, command=5, body=5, final=5))
    sender = Sender(
        database=database,
        issue_id=int(issue_id),
        mailings=mailings,
        transport=Smtp(relay=relay, connections=int(connections), messages_per_connection=200),
        journals=Path(journals),
        clock=clock,
        hash_address=lambda key: key,
        patience=Patience(attempts=10, first=timedelta(seconds=0.05), longest=timedelta(seconds=0.1)),
        lease=timedelta(seconds=float(lease)),
        reach=Death(Point(point), int(times)) if death else pass_by,
    )
    signal.signal(signal.SIGTERM, lambda *_: sender.stop())
    rehearsal = os.getppid()
    # Without its rehearsal it would try to reach a server for ever that is gone with it.
    sender.watch = lambda progress: None if os.getppid() == rehearsal else sender.stop()
    sender.send()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
