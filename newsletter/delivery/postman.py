"""Sends the single mails that wait, by the transport that issues go by; the operator's may go by another one.

What waits, and what becomes of it, is mails.py.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.delivery.dkim import DkimSigner
from newsletter.delivery.mails import WaitingMail, begin_mails, record_mail
from newsletter.delivery.message import Mailing, Marks
from newsletter.delivery.recipients import Recipient
from newsletter.delivery.retry import Patience
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transport import Session, Transport
from newsletter.errors import BadInput, SendError
from newsletter.readers.links import LinkSigner
from newsletter.render.compile import compile_mail
from newsletter.render.frame import MessageFrame

log = logging.getLogger(__name__)

#: Mails begun together: what a dead postman leaves unsure at most.
_HANDFUL = 10


@dataclass(frozen=True, kw_only=True)
class Postman:
    """Sends what waits. `frame` is that of single mails: no list, no archive."""

    database: Database
    clock: Clock
    frame: MessageFrame
    template_folders: Sequence[Path]
    signer: LinkSigner
    marks: Marks
    operator_address: str
    transport: Callable[[], Transport]
    #: The way of mails to the operator; None: the same.
    alert_transport: Callable[[], Transport] | None = None
    patience: Patience = field(default_factory=Patience)
    dkim: DkimSigner | None = None

    def deliver(self) -> int:
        """Send every mail that is due; returns how many were accepted. Trouble with the server leaves them waiting."""
        accepted = 0
        way_of_alerts = self.alert_transport or self.transport
        with closing(self.transport().open()) as usual, closing(way_of_alerts().open()) as own:
            while mails := self._begin():
                outcomes = [self._send(own if mail.is_for_operator else usual, mail) for mail in mails]
                accepted += sum(outcome.event is Event.ACCEPT for outcome in outcomes)
        return accepted

    def _begin(self) -> tuple[WaitingMail, ...]:
        with self.database.write() as connection:
            return begin_mails(connection, _HANDFUL, self.clock.now())

    def _send(self, session: Session, mail: WaitingMail) -> Outcome:
        outcome = self._try(session, mail)
        if outcome.event is Event.DEFER and mail.attempts + 1 >= self.patience.attempts:
            outcome = replace(outcome, event=Event.GIVE_UP, code="gave-up")
        now = self.clock.now()
        with self.database.write() as connection:
            record_mail(connection, mail, outcome, now, self.patience.next_try(mail.attempts, now))
        return outcome

    def _try(self, session: Session, mail: WaitingMail) -> Outcome:
        address = self.operator_address if mail.is_for_operator else mail.address
        if not address:
            return Outcome(reader_id=mail.id, event=Event.REJECT, code="erased")
        try:
            plan = compile_mail(mail.kind.value, mail.values, self.frame, self.template_folders)
        except BadInput as error:
            log.error("mail %s (%s) cannot be made: %s", mail.id, mail.kind, error)
            return Outcome(reader_id=mail.id, event=Event.REJECT, code="bad-template")
        # A single mail belongs to issue 0, and its own id stands in the reader's place.
        mailing = Mailing(
            issue_id=0,
            plan=plan,
            frame=self.frame,
            signer=self.signer,
            marks=self.marks,
            clock=self.clock,
            dkim=self.dkim,
        )
        recipient = Recipient(reader_id=mail.id, address=address, attempts=mail.attempts)
        started: list[Recipient] = []
        outcomes: list[Outcome] = []
        try:
            for outcome in session.send((recipient,), mailing, started.extend):
                outcomes.append(outcome)
        except SendError as error:
            log.warning("mail %s (%s) could not be sent: %s", mail.id, mail.kind, error)
        lost = Event.LOSE_SIGHT if started else Event.RETURN
        return outcomes[0] if outcomes else Outcome(reader_id=mail.id, event=lost)
