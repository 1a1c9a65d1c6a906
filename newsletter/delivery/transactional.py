"""Single mails, outside any issue: confirmations, sign-in links, alerts. Queued and sent here.

A mail is queued in the transaction of what it is about, under a key that makes it one mail: a repeat queues nothing.
Like a delivery it is begun before it is sent, and what is lost sight of is not sent again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from newsletter.clock import Clock
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import alerts, editors, mails, readers
from newsletter.db.statuses import MailKind, MailStatus
from newsletter.delivery.dkim import DkimSigner
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing, MessageIds
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transports import Session, Transport
from newsletter.errors import BadInput, SendError
from newsletter.readers.links import LinkSigner, draw_salt
from newsletter.render.compile import compile_mail
from newsletter.render.headers import MessageFrame

log = logging.getLogger(__name__)

#: What the key of an alert's mail begins with; the rest is the alert's.
ALERT_KEY = "alert:"

#: After so long without an outcome its sender must be dead: longer than any server may take.
FORGOTTEN_AFTER = timedelta(minutes=20)

#: Mails begun together: what a dead sender leaves unsure at most.
_HANDFUL = 10

#: What becomes of a begun mail.
AFTERWARDS: Mapping[Event, MailStatus] = {
    Event.ACCEPT: MailStatus.ACCEPTED,
    Event.REJECT: MailStatus.REJECTED,
    Event.GIVE_UP: MailStatus.REJECTED,
    Event.LOSE_SIGHT: MailStatus.UNSURE,
    Event.DEFER: MailStatus.PENDING,
    Event.RETURN: MailStatus.PENDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionalMail:
    """A mail that was begun. `address` is None for the operator, and where its owner is gone; `values` are its template's."""

    id: int
    kind: MailKind
    key: str
    is_for_operator: bool
    address: str | None
    values: Mapping[str, object]
    attempts: int
    salt: int


def queue_mail(
    connection: Connection,
    kind: MailKind,
    key: str,
    reader_id: int | None,
    values: Mapping[str, object],
    now: datetime,
    *,
    editor_id: int | None = None,
) -> bool:
    """Queue a mail to a reader, an editor, or with neither to the operator; False if one of this key was queued before.

    `values` are the template's, without any address.
    """
    row = {
        "kind": kind,
        "key": key,
        "reader_id": reader_id,
        "editor_id": editor_id,
        "values": dict(values),
        "salt": draw_salt(),
        "status": MailStatus.PENDING,
        "not_before": now,
        "queued_at": now,
    }
    return connection.execute(_queue(connection.dialect.name), row).first() is not None


@cache
def _queue(dialect: str) -> Any:
    """Return the statement that queues a mail. Every sign-up runs it: making it takes longer than running it."""
    return insert_into(mails, dialect).on_conflict_do_nothing(index_elements=["key"]).returning(mails.c.id)


def begin_mails(connection: Connection, limit: int, now: datetime) -> tuple[TransactionalMail, ...]:
    """Begin the mails that have waited longest; what is committed here may be sent."""
    # What was begun long ago and has no outcome may have left: its sender died.
    forgotten = update(mails).where(mails.c.status == MailStatus.BEGUN, mails.c.at <= now - FORGOTTEN_AFTER)
    connection.execute(forgotten.values(status=MailStatus.UNSURE, code="killed", values={}))
    due = select(mails.c.id).where(mails.c.status == MailStatus.PENDING, mails.c.not_before <= now)
    due = due.order_by(mails.c.not_before, mails.c.id).limit(limit).with_for_update(skip_locked=True)
    ids = connection.execute(due).scalars().all()
    connection.execute(update(mails).where(mails.c.id.in_(ids)).values(status=MailStatus.BEGUN, at=now))
    columns = (mails.c[name] for name in ("id", "kind", "key", "values", "attempts", "salt"))
    to_nobody_else = mails.c.reader_id.is_(None) & mails.c.editor_id.is_(None)
    address = func.coalesce(readers.c.address, editors.c.address).label("address")
    query = (
        select(*columns, to_nobody_else.label("is_for_operator"), address)
        .join_from(mails, readers, readers.c.id == mails.c.reader_id, isouter=True)
        .outerjoin(editors, (editors.c.id == mails.c.editor_id) & editors.c.revoked_at.is_(None))
        .where(mails.c.id.in_(ids))
        .order_by(mails.c.id)
    )
    return tuple(TransactionalMail(**row._mapping) for row in connection.execute(query))


def begin_mail_now(connection: Connection, kind: MailKind, key: str, now: datetime) -> TransactionalMail:
    """Begin a mail that its caller sends at once, to an address that is no reader's; it never waits here."""
    salt = draw_salt()
    row = {"kind": kind, "key": key, "values": {}, "status": MailStatus.BEGUN, "salt": salt}
    made = insert(mails).values(**row, not_before=now, queued_at=now, at=now).returning(mails.c.id)
    number = connection.execute(made).scalar_one()
    return TransactionalMail(
        id=number,
        kind=kind,
        key=key,
        is_for_operator=False,
        address=None,
        values={},
        attempts=0,
        salt=salt,
    )


def record_mail(
    connection: Connection, mail: TransactionalMail, outcome: Outcome, now: datetime, retry_at: datetime
) -> None:
    """Write down how a begun mail ended. What it said is forgotten with its end: it may hold a link that opens doors."""
    status = AFTERWARDS[outcome.event]
    values: dict[str, object] = {
        "status": status,
        "at": now,
        "code": outcome.code or None,
        "provider_id": outcome.provider_id or None,
    }
    if status is not MailStatus.PENDING:
        values["values"] = {}
    elif outcome.event is Event.DEFER:
        values |= {"attempts": mails.c.attempts + 1, "not_before": retry_at}
    else:
        values["not_before"] = retry_at
    begun = update(mails).where(mails.c.id == mail.id, mails.c.status == MailStatus.BEGUN)
    connection.execute(begun.values(values))
    if status is MailStatus.ACCEPTED and mail.key.startswith(ALERT_KEY):
        told = alerts.c.key == mail.key.removeprefix(ALERT_KEY)
        connection.execute(update(alerts).where(told).values(delivered_at=now))


@dataclass(frozen=True, kw_only=True)
class TransactionalSender:
    """Sends the mails that wait, by the transport that issues go by; the operator's may go by another one.

    `frame` is that of single mails: no list, no archive.
    """

    database: Database
    clock: Clock
    frame: MessageFrame
    template_folders: Sequence[Path]
    signer: LinkSigner
    message_ids: MessageIds
    operator_address: str
    transport: Callable[[], Transport]
    #: The way of mails to the operator; None: the same.
    alert_transport: Callable[[], Transport] | None = None
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
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

    def _begin(self) -> tuple[TransactionalMail, ...]:
        with self.database.write() as connection:
            return begin_mails(connection, _HANDFUL, self.clock.now())

    def _send(self, session: Session, mail: TransactionalMail) -> Outcome:
        outcome = self._try(session, mail)
        if outcome.event is Event.DEFER and mail.attempts + 1 >= self.retry_policy.attempts:
            outcome = replace(outcome, event=Event.GIVE_UP, code="gave-up")
        now = self.clock.now()
        with self.database.write() as connection:
            record_mail(connection, mail, outcome, now, self.retry_policy.next_try(mail.attempts, now))
        return outcome

    def _try(self, session: Session, mail: TransactionalMail) -> Outcome:
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
            message_ids=self.message_ids,
            clock=self.clock,
            dkim=self.dkim,
        )
        recipient = Recipient(reader_id=mail.id, address=address, attempts=mail.attempts, salt=mail.salt)
        started: list[Recipient] = []
        outcomes: list[Outcome] = []
        try:
            for outcome in session.send((recipient,), mailing, started.extend):
                outcomes.append(outcome)
        except SendError as error:
            log.warning("mail %s (%s) could not be sent: %s", mail.id, mail.kind, error)
        lost = Event.LOSE_SIGHT if started else Event.RETURN
        return outcomes[0] if outcomes else Outcome(reader_id=mail.id, event=lost)
