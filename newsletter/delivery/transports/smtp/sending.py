"""The way out by SMTP: envelopes, bodies, and what a reply or its absence means for a message.

Where the server offers PIPELINING (RFC 2920), the body of a message and the envelope of the next travel in one
write: one round trip a message. Elsewhere each command waits for its reply. Either way:

- refused before its body: nothing arrived; 4xx is deferred, 5xx rejected
- the connection ended before the final dot left: nothing arrived
- the connection ended after the final dot, without a reply: unsure (RFC 1047)
"""

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports.contract import Started
from newsletter.delivery.transports.smtp.wire import Dropped, Relay, Reply, Wire
from newsletter.errors import BadHeader, SendError

_PATH = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>\x00-\x1f\x7f]+")
_FINAL_DOT = b".\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A transport to one relay."""

    relay: Relay
    connections: int = 4
    #: Messages after which a connection is ended and opened anew.
    messages_per_connection: int = 1_000
    name: str = "smtp"
    window: int = 100
    one_answer: bool = False

    def open(self) -> "SmtpSession":
        return SmtpSession(self)


@dataclass(frozen=True, slots=True)
class _Message:
    """A message ready to leave: without the final dot."""

    recipient: Recipient
    return_path: str
    content: bytes

    def ended(self, event: Event, code: str, provider_id: str = "") -> Outcome:
        reader_id = self.recipient.reader_id
        return Outcome(reader_id=reader_id, event=event, code=code, provider_id=provider_id)


class SmtpSession:
    """One connection at a time, opened when it is needed and used until it ends or has carried its share."""

    def __init__(self, transport: Smtp) -> None:
        self._transport = transport
        self._waits = transport.relay.waits
        self._wire: Wire | None = None
        self._is_cut_off = False

    def send(self, recipients: Iterable[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        try:
            unmailable: list[Outcome] = []
            messages = self._prepare(recipients, mailing, unmailable)
            message = next(messages, None)
            while message is not None:
                message = yield from self._converse(self._connected(), message, messages, started)
            yield from unmailable
        except BaseException:
            # Whatever ended it, nobody knows any more what the server expects next.
            self._drop()
            raise

    def close(self) -> None:
        if self._wire is not None:
            self._wire.quit()
            self._wire = None

    def cut_off(self) -> None:
        self._is_cut_off = True
        if (wire := self._wire) is not None:
            wire.cut_off()

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.drop()
            self._wire = None

    def _connected(self) -> Wire:
        if self._wire is not None and self._wire.served >= self._transport.messages_per_connection:
            self.close()
        if self._wire is None:
            self._require_going()
            self._wire = Wire(self._transport.relay)
        return self._wire

    def _require_going(self) -> None:
        if self._is_cut_off:
            raise SendError(f"{self._transport.relay}: cut off, to stop", permanent=False)

    def _prepare(
        self, recipients: Iterable[Recipient], mailing: Mailing, unmailable: list[Outcome]
    ) -> Iterator[_Message]:
        """Compose one message after the other, as they are asked for."""
        for recipient in recipients:
            code = self._reason_not_to_mail(recipient)
            try:
                content = mailing.compose(recipient)
            except BadHeader:
                code = "bad-address"
            if code:
                unmailable.append(Outcome(reader_id=recipient.reader_id, event=Event.REJECT, code=code))
            else:
                yield _Message(recipient, mailing.return_path(recipient), content)

    def _reason_not_to_mail(self, recipient: Recipient) -> str:
        if not _PATH.fullmatch(recipient.address):
            return "bad-address"
        needs_utf8 = not recipient.address.isascii()
        wire = self._wire or self._connected()
        return "5.6.7" if needs_utf8 and not wire.offers("smtputf8") else ""

    def _converse(
        self, wire: Wire, message: _Message, messages: Iterator[_Message], started: Started
    ) -> Generator[Outcome, None, _Message | None]:
        """Send over one connection; returns the message that needs another one, None when all are through."""
        following: _Message | None = message
        announced = False
        while following is not None:
            message = following
            try:
                refused = self._ask(wire, message, announced=announced)
            except Dropped as drop:
                return (yield from self._not_taken(wire, message, drop))
            wire.served += 1
            if refused is not None:
                yield message.ended(refused.refusal, refused.code)
                following, announced = next(messages, None), False
                continue
            following = next(messages, None)
            is_last = wire.served >= self._transport.messages_per_connection
            announced = (
                following is not None and not is_last and wire.pipelines and wire.fits(following.content)
            )
            started((message.recipient,))
            try:
                reply = self._deliver(wire, message, following if announced else None)
            except Dropped as drop:
                yield message.ended(Event.LOSE_SIGHT if drop.gone else Event.DEFER, "no-reply")
                raise SendError(f"{self._transport.relay}: {drop}", permanent=False) from drop
            yield self._verdict(message, reply)
            if is_last or reply.ends_connection:
                self.close()
                return following
        return None

    def _not_taken(
        self, wire: Wire, message: _Message, drop: Dropped
    ) -> Generator[Outcome, None, _Message | None]:
        """Handle an end before the body: a used connection has had its time, on a fresh one the message counts."""
        self._drop()
        self._require_going()
        if wire.served:
            return message
        yield message.ended(Event.DEFER, "disconnected")
        raise SendError(f"{self._transport.relay}: {drop}", permanent=False) from drop

    def _ask(self, wire: Wire, message: _Message, *, announced: bool) -> Reply | None:
        """Ask whether the server takes sender and recipient: None when it waits for the body, else its refusal.

        Raises Dropped, and SendError when it will not have mail from us at all.
        """
        wait = self._waits.command
        if wire.pipelines:
            if not announced:
                wire.write(b"".join(self._envelope(wire, message)))
            sender, recipient, data = wire.reply(wait), wire.reply(wait), wire.reply(wait)
        else:
            commands = self._envelope(wire, message)
            sender = self._exchange(wire, commands[0])
            recipient = self._exchange(wire, commands[1]) if sender.is_good else sender
            data = self._exchange(wire, commands[2]) if recipient.is_good else recipient
        if not sender.is_good:
            words = f"{self._transport.relay} takes no mail from {message.return_path}: {sender}"
            raise SendError(words, permanent=sender.is_permanent, code=sender.code)
        if recipient.is_good and data.waits_for_body:
            return None
        # An envelope was opened that nobody's message will fill. Where the body is waited for nobody would get it,
        # so an empty one closes it; the server answers 554 (RFC 2920, 3.1).
        with suppress(Dropped):
            self._exchange(wire, b".\r\n" if data.waits_for_body else b"RSET\r\n")
        return data if recipient.is_good else recipient

    def _envelope(self, wire: Wire, message: _Message) -> tuple[bytes, bytes, bytes]:
        size = len(message.content)
        if not wire.fits(message.content):
            most = wire.size_limit
            words = f"{self._transport.relay} takes at most {most} bytes a message; this issue has {size}"
            raise SendError(words, permanent=True, code="5.3.4")
        options = f" SIZE={size}" if wire.states_size else ""
        if not message.recipient.address.isascii():
            options += " BODY=8BITMIME SMTPUTF8"
        return (
            f"MAIL FROM:<{message.return_path}>{options}\r\n".encode(),
            f"RCPT TO:<{message.recipient.address}>\r\n".encode(),
            b"DATA\r\n",
        )

    def _exchange(self, wire: Wire, command: bytes) -> Reply:
        wire.write(command)
        return wire.reply(self._waits.command)

    def _deliver(self, wire: Wire, message: _Message, following: _Message | None) -> Reply:
        """Write the body, with the envelope of the next message behind it; raises Dropped.

        No line of a composed message begins with a dot: render/encode.py sees to it.
        """
        behind = self._envelope(wire, following) if following else ()
        needed = len(message.content) + len(_FINAL_DOT)
        wire.write(message.content, b"".join((_FINAL_DOT, *behind)), needed=needed)
        try:
            return wire.last_reply(self._waits.final)
        except Dropped as drop:
            raise Dropped(str(drop), gone=True) from drop

    def _verdict(self, message: _Message, reply: Reply) -> Outcome:
        if reply.is_good:
            return message.ended(Event.ACCEPT, reply.code, reply.provider_id)
        return message.ended(reply.refusal, reply.code)
