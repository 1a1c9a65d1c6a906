"""One SMTP connection: connecting, commands, prepared bytes, replies. What they mean for a message is in sending.py.

smtplib connects, greets, starts TLS and logs in. Its `data` runs a regular expression over every line and it has
no pipelining, so envelopes and bodies are written from here.
"""

import re
import smtplib
import socket
import ssl
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache

from newsletter.config import Tls
from newsletter.delivery.states import Event
from newsletter.errors import SendError

_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_QUEUED_AS = re.compile(rb"(?:queued as|\bid=)\s*<?([\w.@+-]{1,150})", re.IGNORECASE)
_SERVICE_ENDS = 421

#: Octets of a reply's line, at most: eight times what RFC 5321 allows; and lines of a reply.
_LONGEST_LINE, _MOST_LINES = 4_096, 100

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
    #: The name we greet with; empty: this machine's.
    greet_as: str = ""
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
    """An open connection, past EHLO, TLS and AUTH."""

    def __init__(self, relay: Relay) -> None:
        """Connect and log in; raises SendError."""
        self._relay = relay
        self._smtp, self._sock = _connect(relay)
        self._secured = isinstance(self._sock, ssl.SSLSocket)
        self._wait: float | None = None
        if not self._secured:
            # Waits that the system keeps cost no call of their own for each write and each reply.
            self._sock.settimeout(None)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(relay.waits.body))
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self.pipelines = self.offers("pipelining")
        #: Whether the size of a message may be said beforehand, and the most octets it may have (RFC 1870).
        self.states_size = self.offers("size")
        stated = self._smtp.esmtp_features.get("size", "")
        # RFC 1870 has at most 20 digits.
        self.size_limit = int(stated) or None if re.fullmatch("[0-9]{1,20}", stated) else None
        #: The most messages of a connection, where it says so (RFC 9422, 3.1).
        limit = re.search(r"\bMAILMAX=([1-9][0-9]{0,5})\b", self._smtp.esmtp_features.get("limits", ""), re.I)
        self.message_limit = int(limit[1]) if limit else None
        #: Envelopes that this connection has answered, and how many it may have.
        self.served, self.most = 0, 1
        #: Whether commands may stand behind the end of a message; None: to be found out.
        self.looks_ahead: bool | None = False

    def offers(self, extension: str) -> bool:
        return self._smtp.has_extn(extension)

    def fits(self, content: bytes) -> bool:
        """Return whether the server says that it takes as many octets."""
        return self.size_limit is None or len(content) <= self.size_limit

    def write(self, *pieces: bytes, needed: int | None = None) -> None:
        """Hand the pieces to the system; raises Dropped, `gone` if the first `needed` bytes may have left."""
        sent, at_once = 0, _TLS_PIECE
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
                data = self._sock.recv(_RECEIVED)
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

    def _be_patient(self, seconds: float, direction: int) -> None:
        """Let the next write or reply take so long."""
        if self._secured:
            self._sock.settimeout(seconds)
        elif direction == socket.SO_RCVTIMEO and seconds != self._wait:
            self._sock.setsockopt(socket.SOL_SOCKET, direction, _timeval(seconds))
            self._wait = seconds

    def quit(self) -> None:
        """End the connection politely; never raises."""
        with suppress(smtplib.SMTPException, OSError):
            self._sock.settimeout(2)
            self._smtp.quit()
        self.drop()

    def cut_off(self) -> None:
        """Let whoever waits for the server wait no longer, from another thread."""
        with suppress(OSError):
            # Not the method of a secured one, which would take the other thread's state away.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def drop(self) -> None:
        """End the connection at once."""
        with suppress(OSError):
            self._smtp.close()


# Envelopes are answered in the same words, message after message.
@lru_cache(maxsize=64)
def _read(line: bytes) -> Reply:
    if not line[:3].isdigit():
        raise Dropped("the server's reply makes no sense")
    return Reply(int(line[:3]), line[4:].rstrip())


def _connect(relay: Relay) -> tuple[smtplib.SMTP, socket.socket]:
    try:
        smtp = _dial(relay)
    except smtplib.SMTPConnectError as error:
        raise _refused(relay, "does not let us in", error.smtp_code, error.smtp_error) from error
    except ssl.SSLCertVerificationError as error:
        raise _trouble(relay, f"cannot prove who it is: {error.verify_message}", permanent=True) from error
    except (smtplib.SMTPException, OSError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise _trouble(relay, f"cannot be reached: {reason}") from error
    try:
        _come_in(smtp, relay)
    except BaseException:
        smtp.close()
        raise
    sock = smtp.sock
    if sock is None:
        raise _trouble(relay, "ended the connection")
    # The end of a message must not wait for the acknowledgement of its middle.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp, sock


def _dial(relay: Relay) -> smtplib.SMTP:
    greet_as, wait = relay.greet_as or None, relay.waits.connect
    if relay.tls is Tls.TLS:
        return smtplib.SMTP_SSL(relay.host, relay.port, greet_as, timeout=wait, context=_trust(relay))
    return smtplib.SMTP(relay.host, relay.port, greet_as, timeout=wait)


def _come_in(smtp: smtplib.SMTP, relay: Relay) -> None:
    """Greet, start TLS and log in; raises SendError."""
    try:
        smtp.ehlo_or_helo_if_needed()
        if relay.tls is Tls.STARTTLS:
            smtp.starttls(context=_trust(relay))
            smtp.ehlo_or_helo_if_needed()
        if relay.user:
            smtp.login(relay.user, relay.password)
    except smtplib.SMTPNotSupportedError as error:
        raise _trouble(relay, f"does not offer what the settings ask for: {error}", permanent=True) from error
    except smtplib.SMTPAuthenticationError as error:
        raise _refused(relay, f"does not let {relay.user} in", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(relay, "refuses us", error.smtp_code, error.smtp_error) from error
    except ssl.SSLCertVerificationError as error:
        raise _trouble(relay, f"cannot prove who it is: {error.verify_message}", permanent=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _trouble(relay, f"ended the connection: {error}") from error


def _timeval(seconds: float) -> bytes:
    """Pack a time as the system's calls want it: seconds and microseconds."""
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))


def _words(error: OSError) -> str:
    # A wait of the system's own ends as if nothing had been there to read.
    return "timed out" if isinstance(error, BlockingIOError) else str(error)


def _trust(relay: Relay) -> ssl.SSLContext:
    return relay.trust or ssl.create_default_context()


def _trouble(relay: Relay, words: str, *, permanent: bool = False) -> SendError:
    return SendError(f"{relay} {words}", permanent=permanent)


def _refused(relay: Relay, words: str, number: int, text: bytes | str) -> SendError:
    reply = Reply(number, text if isinstance(text, bytes) else text.encode())
    return SendError(f"{relay} {words}: {reply}", permanent=reply.is_permanent, code=reply.code)
