"""The way out by SMTP: envelopes, bodies, and what a reply or its absence means for a message.

Where the server offers PIPELINING (RFC 2920), the body of a message and the envelope of the next travel in one
write: one round trip a message. Some servers offer it and refuse or lose what stands behind the end of a message, so each
connection shows first, by a RSET there, that it takes that. Elsewhere each command waits for its reply. Either way:

- refused before its body: nothing arrived; 4xx is deferred, 5xx rejected
- the connection ended before the final dot left: nothing arrived
- the connection ended after the final dot, without a reply: unsure (RFC 1047)
"""

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports.contract import Started
from newsletter.delivery.transports.smtp.habits import Habits
from newsletter.delivery.transports.smtp.settings import Pipelining
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
    pipelining: Pipelining = Pipelining.AUTO
    habits: Habits = field(default_factory=Habits)
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


class _Enough(Dropped):
    """The server takes no more messages over this connection."""


#: So many recipients taken after a refused one, and DATA goes ahead of the answer again.
_WARY_FOR = 20


class SmtpSession:
    """One connection at a time, opened when it is needed and used until it ends or has carried its share."""

    def __init__(self, transport: Smtp) -> None:
        self._transport = transport
        self._waits = transport.relay.waits
        self._wire: Wire | None = None
        self._is_cut_off = False
        #: While it is not 0, DATA waits for the recipient to be taken: where RCPT is refused, DATA is an error of ours, too, and
        #: servers slow down by errors.
        self._wary = 0

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
            self._transport.habits.end_trial(None)
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
        if self._wire is not None and self._wire.served >= self._wire.most:
            self.close()
        if self._wire is None:
            self._require_going()
            return self._new_wire()
        return self._wire

    def _new_wire(self) -> Wire:
        transport, habits = self._transport, self._transport.habits
        wire = self._wire = Wire(transport.relay)
        # Whoever cuts off says so first, and then looks for a connection.
        self._require_going()
        try:
            wire.open()
        except SendError as trouble:
            self._require_going()
            habits.note_trouble(str(trouble))
            raise
        habits.note_trouble("")
        limits = (transport.messages_per_connection, habits.messages, wire.message_limit)
        wire.most = min(filter(None, limits))
        match transport.pipelining:
            case Pipelining.AUTO:
                wire.looks_ahead = False if habits.looks_ahead is False else None
            case Pipelining.NONE:
                wire.pipelines = wire.looks_ahead = False
            case mode:
                wire.looks_ahead = mode is Pipelining.FULL
        return wire

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
        #: How many commands of the next envelope have gone ahead.
        ahead = 0
        while following is not None:
            message = following
            try:
                refused = self._ask(wire, message, ahead)
            except Dropped as drop:
                if ahead and drop.is_silent:
                    self._note_unheard(wire)
                return (yield from self._not_taken(wire, message, drop))
            wire.served += 1
            if refused is not None:
                yield message.ended(refused.refusal, refused.code)
                following, ahead = next(messages, None), 0
                continue
            following = next(messages, None)
            is_last = wire.served >= wire.most
            behind, tries = self._behind(wire, None if is_last else following)
            started((message.recipient,))
            try:
                reply = self._deliver(wire, message, behind)
            except Dropped as drop:
                if tries and drop.gone:
                    self._note_unheard(wire)
                yield message.ended(Event.LOSE_SIGHT if drop.gone else Event.DEFER, "no-reply")
                raise SendError(f"{self._transport.relay}: {drop}", permanent=False) from drop
            yield self._verdict(message, reply)
            if is_last or reply.ends_connection:
                self.close()
                return following
            if tries and not self._has_heard(wire):
                self._drop()
                return following
            ahead = 0 if tries else len(behind)
        return None

    def _behind(self, wire: Wire, following: _Message | None) -> tuple[Sequence[bytes], bool]:
        """Return the commands that go with the end of a message, and whether they are there to find out if that is heard."""
        if following is None or wire.looks_ahead is False or not wire.pipelines:
            return (), False
        if wire.looks_ahead:
            # What is too large for the server is told on its own: this message goes first.
            return (self._envelope(wire, following) if wire.fits(following.content) else ()), False
        tries = self._transport.habits.begin_trial()
        return ((b"RSET\r\n",) if tries else ()), tries

    def _note_unheard(self, wire: Wire) -> None:
        """Note that the server does not hear what stands behind the end of a message; not where it was us who ended it."""
        wire.looks_ahead = False
        if not self._is_cut_off:
            self._transport.habits.end_trial(False)

    def _has_heard(self, wire: Wire) -> bool:
        """Note whether the server heard what stood behind the end of a message; False: the connection is of no more use.

        After a silence nobody knows to which command the next reply belongs.
        """
        habits = self._transport.habits
        try:
            reply = wire.last_reply(self._waits.trial)
        except Dropped:
            self._note_unheard(wire)
            return False
        if reply.ends_connection:
            habits.end_trial(None)
            return False
        wire.looks_ahead = reply.is_good
        habits.end_trial(reply.is_good)
        return True

    def _not_taken(
        self, wire: Wire, message: _Message, drop: Dropped
    ) -> Generator[Outcome, None, _Message | None]:
        """Handle an end before the body: a used connection has had its time, on a fresh one the message counts."""
        self._drop()
        self._require_going()
        if isinstance(drop, _Enough):
            self._transport.habits.note_messages(wire.served)
        if wire.served:
            return message
        yield message.ended(Event.DEFER, "disconnected")
        raise SendError(f"{self._transport.relay}: {drop}", permanent=False) from drop

    def _ask(self, wire: Wire, message: _Message, ahead: int) -> Reply | None:
        """Ask whether the server takes sender and recipient: None when it waits for the body, else its refusal.

        `ahead` commands of the envelope were sent before. Raises Dropped, and SendError when it will not have mail from us at
        all.
        """
        wait, data = self._waits.command, None
        if wire.pipelines:
            commands = () if ahead else self._envelope(wire, message)
            if commands:
                wire.write(b"".join(commands))
            else:
                wait = self._waits.ahead
            sender, recipient = wire.reply(wait), wire.reply(wait)
            if (ahead or len(commands)) == 3:
                data = wire.reply(wait)
        else:
            commands = self._envelope(wire, message)
            sender = self._exchange(wire, commands[0])
            recipient = self._exchange(wire, commands[1]) if sender.is_good else sender
        if not sender.is_good:
            if ahead and sender.is_out_of_order:
                # What went ahead, behind the end of the message before, was not taken for what it is.
                self._note_unheard(wire)
                return self._ask(wire, message, 0)
            if wire.served and sender.has_enough:
                raise _Enough(str(sender))
            words = f"{self._transport.relay} takes no mail from {message.return_path}: {sender}"
            raise SendError(words, permanent=sender.is_permanent, code=sender.code)
        if recipient.is_good:
            self._wary -= self._wary > 0
        else:
            self._wary = _WARY_FOR
        if data is None:
            data = self._exchange(wire, b"DATA\r\n") if recipient.is_good else recipient
        if recipient.is_good and data.waits_for_body:
            return None
        # An envelope was opened that nobody's message will fill. Where the body is waited for nobody would get it,
        # so an empty one closes it; the server answers 554 (RFC 2920, 3.1).
        with suppress(Dropped):
            self._exchange(wire, b".\r\n" if data.waits_for_body else b"RSET\r\n")
        return data if recipient.is_good else recipient.about_recipient()

    def _envelope(self, wire: Wire, message: _Message) -> Sequence[bytes]:
        """Return the commands before the body, without DATA where that has to wait for their answers."""
        size = len(message.content)
        if not wire.fits(message.content):
            most = wire.size_limit
            words = f"{self._transport.relay} takes at most {most} bytes a message; this issue has {size}"
            raise SendError(words, permanent=True, code="5.3.4")
        options = f" SIZE={size}" if wire.states_size else ""
        if not message.recipient.address.isascii():
            options += " BODY=8BITMIME SMTPUTF8"
        sender = f"MAIL FROM:<{message.return_path}>{options}\r\n".encode()
        recipient = f"RCPT TO:<{message.recipient.address}>\r\n".encode()
        return (sender, recipient) if self._wary else (sender, recipient, b"DATA\r\n")

    def _exchange(self, wire: Wire, command: bytes) -> Reply:
        wire.write(command)
        return wire.reply(self._waits.command)

    def _deliver(self, wire: Wire, message: _Message, behind: Sequence[bytes]) -> Reply:
        """Write the body, with the commands behind it; raises Dropped.

        No line of a composed message begins with a dot: render/encode.py sees to it.
        """
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
