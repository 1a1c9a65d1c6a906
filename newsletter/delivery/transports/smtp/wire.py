"""One SMTP connection: greeting, TLS, login, commands, prepared bytes, replies. What they mean for a message is in sending.py.

smtplib would connect and log in, but it forgets what a server says to EHLO, knows no password beyond ASCII, looks at each line of a
message with a regular expression, and does not pipeline.
"""

import base64
import hmac
import re
import socket
import ssl
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import ClassVar

from newsletter.config import Tls
from newsletter.config.rows import DNS_NAME
from newsletter.delivery.bounces.parse import names_nobody
from newsletter.delivery.states import Event
from newsletter.errors import SendError

_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_QUEUED_AS = re.compile(rb"(?:queued as|\bid=)\s*<?([\w.@+-]{1,150})", re.IGNORECASE)
_SERVICE_ENDS = 421

#: Octets of a reply's line, at most: eight times what RFC 5321 allows; and lines of a reply.
_LONGEST_LINE, _MOST_LINES = 4_096, 100

#: Of Linux only.
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)

#: Seconds to wait for the answer to QUIT.
_FAREWELL = 2

#: Ends of names that mean something on one network only (RFC 6761, RFC 6762, and what routers give).
_ONLY_HERE = (
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".lan",
    ".home",
    ".home.arpa",
    ".invalid",
    ".test",
    ".example",
)

#: Bytes of replies read at once.
_RECEIVED = 16_384

#: Bytes handed to TLS at once: of a write that fails, so much may have left all the same.
_TLS_PIECE = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds a server may take (RFC 5321, 4.5.3.2). A shorter wait for the final reply makes duplicates."""

    connect: float = 30
    command: float = 300
    body: float = 180
    final: float = 600
    #: For what was sent ahead of the end of a message to be answered behind that end: at the first try, and later on. A server that
    #: loses it never answers.
    trial: float = 5
    ahead: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A server that takes our mail, and how to be let in."""

    host: str
    port: int
    tls: Tls = Tls.NONE
    user: str = ""
    password: str = field(default="", repr=False)
    #: The name we greet with; empty: this machine's, where that has one that means something elsewhere, else `domain`.
    greet_as: str = ""
    domain: str = ""
    waits: Waits = Waits()
    #: Whose certificates are trusted; None: those that the system trusts.
    trust: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer; its text never leaves this process, since it may repeat the address."""

    number: int
    text: bytes
    #: The enhanced status code (RFC 3463) where there is one: "5.1.1"; else "550".
    code: str = field(init=False)
    #: What the server calls the message; empty where it does not say.
    provider_id: str = field(init=False)

    def __post_init__(self) -> None:
        enhanced, found = _ENHANCED.match(self.text), _QUEUED_AS.search(self.text)
        object.__setattr__(self, "code", enhanced[0].decode() if enhanced else str(self.number))
        object.__setattr__(self, "provider_id", found[1].decode() if found else "")

    @property
    def is_good(self) -> bool:
        return 200 <= self.number < 400

    @property
    def waits_for_body(self) -> bool:
        return self.number == 354

    @property
    def is_permanent(self) -> bool:
        return self.number >= 500

    @property
    def is_out_of_order(self) -> bool:
        """Whether the server says that it was not the time for this command."""
        return self.number == 503

    @property
    def has_enough(self) -> bool:
        """Whether the server says that the connection has carried its share of messages (RFC 9422, 5)."""
        return self.number == 452 and (self.code == "4.5.3" or b"too many" in self.text.lower())

    @property
    def ends_connection(self) -> bool:
        return self.number == _SERVICE_ENDS

    @property
    def refusal(self) -> Event:
        """What it means for a message that it refuses."""
        return Event.REJECT if self.is_permanent else Event.DEFER

    def about_recipient(self) -> "Reply":
        """Return it as the refusal of a recipient: "550 User unknown" says in words what others say by 5.1.1."""
        is_nobody = self.is_permanent and names_nobody(self.code, self.text.decode("utf-8", "replace"))
        return Reply(self.number, b"5.1.1 " + self.text) if is_nobody else self

    def __str__(self) -> str:
        return f"{self.number} {self.text.decode(errors='replace')}"


class Dropped(Exception):
    """The connection ended. `gone`: everything the server needs to accept the message may have left before.

    `is_silent`: it did not end, but nothing came in the time that the server had.
    """

    def __init__(self, words: str, *, gone: bool = False, is_silent: bool = False) -> None:
        self.gone, self.is_silent = gone, is_silent
        super().__init__(words)


class Wire:
    """A connection: `open` takes it past EHLO, TLS and AUTH."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        # Until there is a connection: what can be shut down and closed all the same.
        self._sock = socket.socket()
        self._sock.close()
        self._is_cut_off = self._secured = False
        self._wait: float | None = None
        #: Whether something has come since the last write, which would have acknowledged it.
        self._owes_ack = False
        self._lines: deque[bytes] = deque()
        self._rest = b""
        #: What the server offers, by keywords in lower case, with their parameters.
        self._offered: dict[str, str] = {}
        self.pipelines = False
        #: Whether the size of a message may be said beforehand, and the most octets it may have (RFC 1870).
        self.states_size = False
        self.size_limit: int | None = None
        #: The most messages of a connection, where it says so (RFC 9422, 3.1).
        self.message_limit: int | None = None
        #: Envelopes that this connection has answered, and how many it may have.
        self.served, self.most = 0, 1
        #: Whether commands may stand behind the end of a message; None: to be found out.
        self.looks_ahead: bool | None = False

    def open(self) -> None:
        """Connect, greet, start TLS and log in; raises SendError."""
        try:
            self._dial()
            self._come_in()
        except Dropped as drop:
            raise self._trouble(f"ended the connection: {drop}") from drop
        except ssl.SSLCertVerificationError as error:
            raise self._trouble(f"cannot prove who it is: {error.verify_message}", permanent=True) from error
        except UnicodeError as error:
            raise self._trouble("cannot be reached: no machine can be called so", permanent=True) from error
        except OSError as error:
            raise self._trouble(f"cannot be reached: {error.strerror or error}") from error
        self.pipelines = self.offers("pipelining")
        self.states_size = self.offers("size")
        # RFC 1870 has at most 20 digits.
        stated = self._offered.get("size", "")
        self.size_limit = int(stated) or None if re.fullmatch("[0-9]{1,20}", stated) else None
        limit = re.search(r"\bMAILMAX=([1-9][0-9]{0,5})\b", self._offered.get("limits", ""), re.IGNORECASE)
        self.message_limit = int(limit[1]) if limit else None

    def offers(self, extension: str) -> bool:
        return extension in self._offered

    def fits(self, content: bytes) -> bool:
        """Return whether the server says that it takes as many octets."""
        return self.size_limit is None or len(content) <= self.size_limit

    # Coming in.

    def _dial(self) -> None:
        relay = self._relay
        sock = self._sock = socket.create_connection((relay.host, relay.port), relay.waits.connect)
        # The end of a message must not wait for the acknowledgement of its middle.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._is_cut_off:
            raise Dropped("cut off, to stop")
        if relay.tls is Tls.TLS:
            self._secure(sock)
        else:
            # Waits that the system keeps cost no call of their own for each write and each reply.
            sock.settimeout(None)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(relay.waits.body))

    def _secure(self, plain: socket.socket) -> None:
        """Speak TLS from here on. What was said before, and what stands behind it, counts no more (RFC 3207, 4.2)."""
        trust = self._relay.trust or ssl.create_default_context()
        # The handshake is a step of its own: another thread can end what it can name.
        sock = self._sock = trust.wrap_socket(
            plain, server_hostname=self._relay.host, do_handshake_on_connect=False
        )
        self._secured, self._rest, self._offered = True, b"", {}
        self._lines.clear()
        sock.settimeout(self._relay.waits.connect)
        sock.do_handshake()

    def _come_in(self) -> None:
        greeting = self._first_reply()
        if not greeting.is_good:
            raise self._refused("does not let us in", greeting)
        self._greet()
        if self._relay.tls is Tls.STARTTLS:
            if not self.offers("starttls"):
                raise self._lacks("STARTTLS")
            reply = self._say("STARTTLS")
            if reply.number != 220:
                raise self._refused("does not start TLS", reply)
            self._secure(self._sock)
            self._greet()
        if self._relay.user:
            self._log_in()

    def _greet(self) -> None:
        relay = self._relay
        name = relay.greet_as or _own_name() or relay.domain or "[127.0.0.1]"
        reply = self._say(f"EHLO {name}")
        if reply.is_permanent:
            with suppress(Dropped):
                if self._say(f"HELO {name}").is_good:
                    return
        if not reply.is_good:
            raise self._refused(f"does not take our greeting, EHLO {name}", reply)
        _, *lines = reply.text.decode("ascii", "replace").splitlines()
        for line in lines:
            # Old servers write AUTH=LOGIN, some beside the other form.
            keyword, _, parameters = re.sub("^AUTH=", "AUTH ", line, flags=re.IGNORECASE).partition(" ")
            known = self._offered.get(keyword.lower(), "")
            self._offered[keyword.lower()] = f"{known} {parameters}".strip()

    def _log_in(self) -> None:
        offered = self._offered.get("auth", "").upper().split()
        ways = [way for name, way in self._WAYS_IN.items() if name in offered]
        if not ways:
            raise self._lacks(f"AUTH by {', '.join(self._WAYS_IN)}")
        for way in ways:
            reply = way(self, self._relay.user.encode(), self._relay.password.encode())
            if reply.number == 235:
                return
            if not reply.is_permanent:
                break
        raise self._refused(f"does not let {self._relay.user} in", reply)

    def _by_cram_md5(self, user: bytes, password: bytes) -> Reply:
        reply = self._say("AUTH CRAM-MD5")
        if reply.number != 334:
            return reply
        with suppress(ValueError):
            challenge = base64.b64decode(reply.text)
            return self._say(
                _base64(b"%s %s" % (user, hmac.digest(password, challenge, "md5").hex().encode()))
            )
        return self._say("*")

    def _by_plain(self, user: bytes, password: bytes) -> Reply:
        """Log in by RFC 4616, in UTF-8."""
        said = _base64(b"\0%s\0%s" % (user, password))
        reply = self._say(f"AUTH PLAIN {said}")
        return self._say(said) if reply.number == 334 else reply

    def _by_login(self, user: bytes, password: bytes) -> Reply:
        reply = self._say("AUTH LOGIN")
        for said in (user, password):
            if reply.number != 334:
                break
            reply = self._say(_base64(said))
        return reply

    _WAYS_IN: ClassVar = {"CRAM-MD5": _by_cram_md5, "PLAIN": _by_plain, "LOGIN": _by_login}

    def _say(self, command: str) -> Reply:
        self.write(f"{command}\r\n".encode())
        return self._first_reply()

    def _first_reply(self) -> Reply:
        return self.last_reply(self._relay.waits.connect)

    def _lacks(self, what: str) -> SendError:
        return self._trouble(f"does not offer what the settings ask for: {what}", permanent=True)

    def _trouble(self, words: str, *, permanent: bool = False) -> SendError:
        return SendError(f"{self._relay} {words}", permanent=permanent)

    def _refused(self, words: str, reply: Reply) -> SendError:
        return SendError(f"{self._relay} {words}: {reply}", permanent=reply.is_permanent, code=reply.code)

    # Talking.

    def write(self, *pieces: bytes, needed: int | None = None) -> None:
        """Hand the pieces to the system; raises Dropped, `gone` if the first `needed` bytes may have left."""
        sent, at_once = 0, _TLS_PIECE
        self._owes_ack = False
        try:
            if not self._secured:
                at_once = sum(map(len, pieces))
                sent = self._sock.sendmsg(pieces)
                if sent == at_once:
                    return
            self._be_patient(self._relay.waits.body, socket.SO_SNDTIMEO)
            view = memoryview(b"".join(pieces))
            while sent < len(view):
                sent += self._sock.send(view[sent : sent + at_once])
        except OSError as error:
            left = sent + at_once if self._secured else sent
            gone = needed is not None and left >= needed
            raise Dropped(f"the connection ended while sending: {_words(error)}", gone=gone) from error

    def reply(self, wait: float) -> Reply:
        """Return the next reply; raises Dropped where there is none, or when it says that the connection ends."""
        reply = self.last_reply(wait)
        if reply.ends_connection:
            raise Dropped(f"the server ended the connection: {reply}")
        return reply

    def last_reply(self, wait: float) -> Reply:
        """Return the next reply, also one that ends the connection; raises Dropped."""
        line = self._line(wait)
        if line[3:4] != b"-":
            return _read(line)
        last, text = self._other_lines(line[4:].rstrip(), wait)
        return replace(_read(last), text=text)

    def _other_lines(self, first: bytes, wait: float) -> tuple[bytes, bytes]:
        """Return the last line of a reply that has several, and all of its text."""
        texts = [first]
        while len(texts) < _MOST_LINES:
            line = self._line(wait)
            texts.append(line[4:].rstrip())
            if line[3:4] != b"-":
                return line, b"\n".join(texts)
        raise Dropped("the server's reply has no end")

    def _line(self, wait: float) -> bytes:
        while not self._lines:
            self._be_patient(wait, socket.SO_RCVTIMEO)
            try:
                if self._owes_ack:
                    self._acknowledge()
                data = self._sock.recv(_RECEIVED)
                self._owes_ack = True
            except OSError as error:
                is_silent = isinstance(error, BlockingIOError | TimeoutError)
                words = "nothing came in time" if is_silent else f"the connection ended: {error}"
                raise Dropped(words, is_silent=is_silent) from error
            if not data:
                raise Dropped("the connection ended without a reply")
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines.extend(lines)
            if len(self._rest) > _LONGEST_LINE:
                raise Dropped("the server's reply makes no sense")
        return self._lines.popleft()

    def _acknowledge(self) -> None:
        """Acknowledge what has come without waiting for more: a server that writes its answers one by one may wait for that with the
        next, and the system takes 40 ms over it (Haraka: a sixth of the rate)."""
        if _QUICK_ACK is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _be_patient(self, seconds: float, direction: int) -> None:
        """Let the next write or reply take so long."""
        if self._secured:
            self._sock.settimeout(seconds)
        elif direction == socket.SO_RCVTIMEO and seconds != self._wait:
            self._sock.setsockopt(socket.SOL_SOCKET, direction, _timeval(seconds))
            self._wait = seconds

    def quit(self) -> None:
        """End the connection politely; never raises."""
        with suppress(Dropped):
            self.write(b"QUIT\r\n")
            self.last_reply(_FAREWELL)
        self.drop()

    def cut_off(self) -> None:
        """Let whoever waits for the server wait no longer, from another thread."""
        self._is_cut_off = True
        with suppress(OSError):
            # Not the method of a secured one, which would take the other thread's state away.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def drop(self) -> None:
        """End the connection at once."""
        with suppress(OSError):
            self._sock.close()


# Envelopes are answered in the same words, message after message.
@lru_cache(maxsize=64)
def _read(line: bytes) -> Reply:
    if not line[:3].isdigit():
        raise Dropped("the server's reply makes no sense")
    return Reply(int(line[:3]), line[4:].rstrip())


@lru_cache(maxsize=1)
def _own_name() -> str:
    """Return this machine's full name; empty where it has none that means something elsewhere."""
    name = socket.getfqdn().lower()
    is_full = "." in name and not name.endswith(_ONLY_HERE) and DNS_NAME.fits(name)
    return name if is_full and not name.rpartition(".")[2].isdigit() else ""


def _base64(said: bytes) -> str:
    return base64.b64encode(said).decode()


def _timeval(seconds: float) -> bytes:
    """Pack a time as the system's calls want it: seconds and microseconds."""
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))


def _words(error: OSError) -> str:
    # A wait of the system's own ends as if nothing had been there to read.
    return "timed out" if isinstance(error, BlockingIOError) else str(error)
