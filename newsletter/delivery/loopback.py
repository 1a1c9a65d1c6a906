"""An SMTP server on this machine that counts what it takes, and misbehaves as it is told. For rehearsals and tests.

It listens on the loopback address only and delivers nothing to anybody.
"""

import base64
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

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


class BehindDot(StrEnum):
    """What a server does with commands that stand behind the end of a message, in the same write."""

    TAKES = "takes"
    #: As Haraka does since 3.0: 503 for each.
    REFUSES = "refuses"
    #: As Courier does: no answer, ever.
    LOSES = "loses"
    #: It ends the connection, and has not taken the message.
    ENDS = "ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehavior:
    """What happens instead: a pause, then a reply ("451 4.3.0 Later"), the end of the connection, or both."""

    reply: str = ""
    drop: bool = False
    wait: float = 0.0


#: Decides what goes wrong, by phase, recipient (empty before RCPT) and how many connections there were.
Faults = Callable[[Phase, str, int], Misbehavior | None]


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
    behind_dot: BehindDot = BehindDot.TAKES
    #: The ways to log in that it offers, and who did: name and password, or what it could read of them.
    ways_in: Sequence[str] = ("PLAIN",)
    logins: list[tuple[str, ...]] = field(default_factory=list)
    #: The names that it was greeted with.
    greetings: list[str] = field(default_factory=list)
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
        self._server.greetings.append(line[5:])
        offers = [*self._server.extensions, f"AUTH {' '.join(self._server.ways_in)}"]
        if self._server.tls and not self._secured:
            offers.append("STARTTLS")
        *lines, last = "loopback", *offers
        self._answer(Phase.EHLO, "\r\n".join((*(f"250-{each}" for each in lines), f"250 {last}")))

    def _star(self, line: str) -> None:
        self._say("220 2.0.0 Go ahead")
        if self._server.tls is None:
            raise _Over
        self._peer = self._server.tls.wrap_socket(self._peer, server_side=True)
        self._secured = True

    def _auth(self, line: str) -> None:
        way, _, said = line[5:].partition(" ")
        login: tuple[str, ...]
        if way == "LOGIN":
            login = (self._ask_for("Username:"), self._ask_for("Password:"))
        elif way == "CRAM-MD5":
            login = tuple(self._ask_for("<1@loopback>").rsplit(" ", 1))
        else:
            login = tuple(_from_base64(said).split("\0")[1:])
        self._server.logins.append(login)
        self._answer(Phase.AUTH, "235 2.7.0 Come in")

    def _ask_for(self, what: str) -> str:
        self._say(f"334 {base64.b64encode(what.encode()).decode()}")
        return _from_base64(self._read_until(b"\r\n").decode())

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
        refused = 0
        if self._server.behind_dot is not BehindDot.TAKES:
            if self._buffer and self._server.behind_dot is BehindDot.ENDS:
                raise _Over
            if self._server.behind_dot is BehindDot.REFUSES:
                refused = self._buffer.count(b"\r\n")
            self._buffer.clear()
        if not recipient:
            self._say("554 5.5.1 No valid recipients")
        elif not self._answer(Phase.DOT, "", recipient):
            self._server.take(Taken(sender, recipient, content))
            self._answer(Phase.TAKEN, f"250 2.0.0 Ok: queued as {self._number:X}A{len(content):X}", recipient)
        for _ in range(refused):
            self._say("503 Bad sequence of commands - pipelined after end of DATA")

    def _rset(self, line: str) -> None:
        self._sender = self._recipient = ""
        self._say("250 2.0.0 Ok")

    def _quit(self, line: str) -> None:
        self._say("221 2.0.0 Bye")
        raise _Over

    def _answer(self, phase: Phase, usual: str, recipient: str = "") -> str:
        """Answer as usual, or as the faults have it; returns what was said."""
        fault = self._server.faults(phase, recipient or self._recipient, self._number) or Misbehavior()
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
        """Return what comes before `end`, taken out of the buffer with it."""
        looked = 0
        while (found := self._buffer.find(end, max(0, looked - len(end)))) < 0:
            looked = len(self._buffer)
            self._receive()
        piece = bytes(self._buffer[:found])
        del self._buffer[: found + len(end)]
        return piece


def _from_base64(said: str) -> str:
    return base64.b64decode(said).decode("utf-8", "replace")


def _path(line: str) -> str:
    return line.partition("<")[2].rpartition(">")[0] if ">" in line else ""
