"""Single mails, outside any issue: confirmations, sign-in links, alerts. Queued and sent here.

A mail is queued in the transaction of what it is about, under a key that makes it one mail: a repeat queues nothing.
It goes out as a delivery does: begun in one commit, which asks once more whether its reader may get it; noted in a
journal before its body leaves and after the reply; then recorded. In the journal and to transports it belongs to
issue 0, and its own id stands in the reader's place. What a dead sender had begun is settled by its journal: unstarted
goes out, answered is recorded, the rest is unsure. An unsure mail is listed and sent again by a person only; an alert is
repeated until it was told.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, text, update

from newsletter.clock import Clock
from newsletter.commands import suggest
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import alerts, editors, mails, readers
from newsletter.db.statuses import MailKind, MailStatus, ReaderStatus, SuppressionKind
from newsletter.delivery.audience import AddressHash
from newsletter.delivery.dkim import DkimSigner
from newsletter.delivery.journal import (
    Journal,
    JournalError,
    read_evidence,
    remove_journal,
    sender_name,
    sweep,
)
from newsletter.delivery.ledger import FaultHook, FaultPoint, Lease, Recipient, no_fault
from newsletter.delivery.marks import Marks, advance
from newsletter.delivery.message import Mailing, MessageIds
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.status import StatusReport
from newsletter.delivery.store import list_owners
from newsletter.delivery.takeover import outcome_from
from newsletter.delivery.throttle import Breaker, RetryPolicy
from newsletter.delivery.transports import Session, Transport
from newsletter.delivery.unsure import unsure_words
from newsletter.delivery.worker import WINDOW_SECONDS
from newsletter.errors import BadInput, NotFound, SendError
from newsletter.readers.links import LIFETIMES, LinkSigner, Purpose, draw_salt
from newsletter.readers.store import MAY_GET
from newsletter.readers.subscribing import count_trapped
from newsletter.readers.suppression import MAY_GET_LISTED, count_asked, kinds_among
from newsletter.render.compile import compile_mail
from newsletter.render.headers import MessageFrame
from newsletter.stopping import Stop

log = logging.getLogger(__name__)

#: What the key of an alert's mail begins with; the rest is the alert's.
ALERT_KEY = "alert:"

#: How long what a mail says holds; it is not sent later. A kind that is not here says nothing that ends.
HOLDS: Mapping[MailKind, timedelta] = {
    MailKind.CONFIRMATION: LIFETIMES[Purpose.CONFIRM],
    MailKind.REMINDER: LIFETIMES[Purpose.CONFIRM],
    MailKind.PERSONAL_LINK: LIFETIMES[Purpose.PERSONAL],
    MailKind.SIGN_IN: timedelta(minutes=15),
}

#: After so long a sender of whom this machine knows nothing must be dead: longer than any server may take.
FORGOTTEN_AFTER = timedelta(minutes=20)

#: Mails begun together, at most: what is unsure after a power cut.
_HANDFUL = 10

#: Letters that the table has for what is known of a mail.
_CODE = 50

#: When the operator is told that mails wait because of trouble with the server.
_LONG_WAIT = timedelta(hours=1)

#: What becomes of a begun mail. An alert waits again until somebody was told, by mail or at the webhook's URL.
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
    """A single mail. `address` is None for the operator, and where its owner is gone; `values` are its template's."""

    id: int
    kind: MailKind
    key: str
    is_for_operator: bool
    address: str | None
    values: Mapping[str, object]
    attempts: int
    salt: int
    status: MailStatus
    code: str
    queued_at: datetime
    #: When it may be begun; it rests until then.
    not_before: datetime
    #: When it was begun, or what became of it was written down.
    at: datetime | None
    owner: str | None
    #: Why it is not to be sent, in a word: "left", "suppressed", "expired"; empty where it may.
    obstacle: str = ""

    @property
    def words(self) -> str:
        """What is known of it, for people."""
        if self.status is MailStatus.UNSURE:
            return unsure_words(self.code)
        if self.obstacle:
            return f"not to be sent: {self.obstacle}"
        if self.status is MailStatus.BEGUN:
            return "on its way"
        return f"put off: {self.code}" if self.code and self.status is MailStatus.PENDING else self.code


# Queueing.


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


# Looking: which mails there are, and what speaks against sending one.


#: In the words of the index of open mails, and so is what is pending: only so can SQLite see that an index holds all it needs.
_IS_IN_HAND = text("mails.status IN ('begun', 'unsure')")
_IS_PENDING = text("mails.status = 'pending'")


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a mail rests no longer; a rest beyond a day was given while a clock was wrong."""
    return or_(mails.c.not_before <= now, mails.c.not_before > now + timedelta(days=1))


_IS_BEGUN = and_(_IS_IN_HAND, mails.c.status == MailStatus.BEGUN)
_IS_UNSURE = and_(_IS_IN_HAND, mails.c.status == MailStatus.UNSURE, mails.c.answered_at.is_(None))

_COLUMNS = (
    *(
        mails.c[name]
        for name in (
            "id",
            "kind",
            "key",
            "values",
            "attempts",
            "salt",
            "status",
            "queued_at",
            "not_before",
            "at",
            "owner",
        )
    ),
    func.coalesce(mails.c.code, "").label("code"),
    (mails.c.reader_id.is_(None) & mails.c.editor_id.is_(None)).label("is_for_operator"),
    func.coalesce(readers.c.address, editors.c.address).label("address"),
)
_MAIL = (
    select(*_COLUMNS, readers.c.address_key, readers.c.status.label("reader_status"), mails.c.answered_at)
    .join_from(mails, readers, readers.c.id == mails.c.reader_id, isouter=True)
    .outerjoin(editors, (editors.c.id == mails.c.editor_id) & editors.c.revoked_at.is_(None))
)


def _read(
    connection: Connection, query: Any, hash_address: AddressHash, now: datetime
) -> tuple[TransactionalMail, ...]:
    """Return the mails of a query on _MAIL, each with what speaks against sending it."""
    rows = connection.execute(query).all()
    hashes = {row.address_key: hash_address(row.address_key) for row in rows if row.address_key}
    listed = kinds_among(connection, set(hashes.values()))
    names = tuple(column.name for column in _COLUMNS)
    return tuple(
        TransactionalMail(
            **dict(zip(names, row, strict=False)),
            obstacle=_obstacle(row, listed.get(hashes.get(row.address_key, "")), now),
        )
        for row in rows
    )


def _obstacle(row: Any, listed: SuppressionKind | None, now: datetime) -> str:
    """Return why the mail in this row is not to be sent, in a word; empty where it may be."""
    reader_status: ReaderStatus | None = row.reader_status
    if reader_status is not None and reader_status not in MAY_GET.get(row.kind, frozenset()):
        return "answered" if reader_status is ReaderStatus.ACTIVE else reader_status.value
    if listed is not None and row.kind not in MAY_GET_LISTED[listed]:
        return "suppressed"
    if row.address is None and not row.is_for_operator:
        return "revoked"
    if row.answered_at is not None:
        can_answer = (ReaderStatus.ACTIVE, ReaderStatus.UNCONFIRMED)
        return "answered" if reader_status is None or reader_status in can_answer else reader_status.value
    if row.kind in HOLDS and row.queued_at + HOLDS[row.kind] <= now:
        return "expired"
    return ""


def list_open_mails(
    connection: Connection, hash_address: AddressHash, now: datetime
) -> tuple[TransactionalMail, ...]:
    """Return the mails that wait, are on their way, or may or may not have arrived, oldest first.

    An unsure mail that was answered is not listed: it did arrive, or its reader is gone.
    """
    is_open = or_(_IS_PENDING, _IS_BEGUN, _IS_UNSURE)
    return _read(connection, _MAIL.where(is_open).order_by(mails.c.id), hash_address, now)


def sender_is_gone(mail: TransactionalMail, journals: Path, now: datetime) -> bool:
    """Return whether whoever began this mail runs no more, as far as this machine can know."""
    if mail.at is not None and mail.at <= now - FORGOTTEN_AFTER:
        return True
    with read_evidence(journals, mail.owner or "") as found:
        return found.owner_is_dead


def resend_mail(connection: Connection, mail_id: int, hash_address: AddressHash, now: datetime) -> None:
    """Put an unsure mail back among the waiting: it may arrive twice. Raises NotFound, and BadInput for any other."""
    found = _read(connection, _MAIL.where(mails.c.id == mail_id), hash_address, now)
    if not found:
        raise NotFound("mail", mail_id)
    (mail,) = found
    if mail.status is not MailStatus.UNSURE:
        raise BadInput(f"mail {mail_id} is {mail.status}, not unsure: it is not sent again")
    if mail.kind is MailKind.TEST:
        raise BadInput(
            f"mail {mail_id} was a test: send another with {suggest('test-send', 'ISSUE', '--to', 'ADDRESS')}"
        )
    if not mail.values:
        # Releases before this one forgot it when a backup was put back.
        raise BadInput(
            f"mail {mail_id} is not sent again: what it said is forgotten; whoever wants it asks for another"
        )
    if mail.obstacle:
        raise BadInput(f"mail {mail_id} is not sent again: {_OBSTACLES.get(mail.obstacle, mail.obstacle)}")
    waiting = {"status": MailStatus.PENDING, "not_before": now, "attempts": 0, "code": None, "owner": None}
    connection.execute(update(mails).where(mails.c.id == mail_id).values(waiting))


_OBSTACLES = {
    "answered": "it was answered, so it did arrive",
    "expired": "its link holds no longer; whoever wants one asks for another",
    "revoked": "its editor may not sign in any more",
    "suppressed": "its address is on the suppression list",
    "left": "its reader has left",
    "bounced": "its reader's address is dead",
    "complained": "its reader complained",
    "erased": "its reader was erased",
}


def count_open_mails(
    connection: Connection, journals: Path, now: datetime
) -> dict[MailStatus, tuple[int, datetime]]:
    """Return how many mails wait (PENDING), are on their way (BEGUN) or unsure, and since when the oldest.

    What a dead sender had begun counts as what its journal will make of it; nothing is changed.
    """
    counted: dict[MailStatus, tuple[int, datetime]] = {}

    def count(status: MailStatus, queued_at: datetime, number: int = 1) -> None:
        before, since = counted.get(status, (0, queued_at))
        counted[status] = before + number, min(since, queued_at)

    for status, which in ((MailStatus.PENDING, _IS_PENDING), (MailStatus.UNSURE, _IS_UNSURE)):
        number, since = connection.execute(
            select(func.count(), func.min(mails.c.queued_at)).where(which)
        ).one()
        if number:
            count(status, since, number)
    begun = select(mails).where(_IS_BEGUN).order_by(mails.c.owner)
    for owner, rows in groupby(connection.execute(begun).all(), key=attrgetter("owner")):
        theirs = list(rows)
        begun_at = max(each.at for each in theirs)
        with read_evidence(journals, owner or "") as found:
            is_gone = found.owner_is_dead or begun_at <= now - FORGOTTEN_AFTER
            evidence = found.of(_claim(owner or "", begun_at))
        for each in theirs:
            status = MailStatus.BEGUN
            if is_gone:
                status = _afterwards(connection, each.kind, each.key, outcome_from(evidence, each.id))
            is_known = status is MailStatus.UNSURE and each.answered_at is not None
            if status in (MailStatus.PENDING, MailStatus.BEGUN, MailStatus.UNSURE) and not is_known:
                count(status, each.queued_at)
    return counted


def describe_mails(
    connection: Connection, journals: Path, now: datetime, sign_ups_since: datetime, held: str = ""
) -> StatusReport | None:
    """Return where the single mails stand; None where none is open, no form fell into the trap, and nobody asked in vain.

    `held` says why none leaves, where that is so. Without it, what the server said last of those that wait is told.
    """
    counted = count_open_mails(connection, journals, now)
    numbers = {status: number for status, (number, _) in counted.items()}
    waiting, begun, unsure = (
        numbers.get(each, 0) for each in (MailStatus.PENDING, MailStatus.BEGUN, MailStatus.UNSURE)
    )
    said = [f"{waiting:,} {'waits' if waiting == 1 else 'wait'}"] if waiting else []
    last = (
        select(mails.c.code)
        .where(_IS_PENDING, mails.c.code.is_not(None))
        .order_by(mails.c.at.desc())
        .limit(1)
    )
    if waiting and (reason := held or connection.execute(last).scalar()):
        said[0] += f": {reason.rstrip('.')}"
    if begun:
        said.append(f"{begun:,} {'is' if begun == 1 else 'are'} on {'its' if begun == 1 else 'their'} way")
    if unsure:
        said.append(f"{unsure:,} may or may not have arrived")
    trapped = count_trapped(connection, sign_ups_since)
    if trapped:
        forms = "1 sign-up form" if trapped == 1 else f"{trapped:,} sign-up forms"
        said.append(f"{forms} had the field filled in that people do not see, and asked once more")
    asked = count_asked(connection, sign_ups_since)
    if asked:
        addresses = "1 address" if asked == 1 else f"{asked:,} addresses"
        said.append(f"{addresses} asked for the newsletter and {'is' if asked == 1 else 'are'} kept out")
    if not said:
        return None
    return StatusReport(
        state="unsure" if unsure else "waiting" if waiting else "on their way" if begun else "nothing waits",
        why="; ".join(said),
        since=min((since for _, since in counted.values()), default=None),
        by_itself=_by_itself(held) if waiting else "nothing",
        next_command=suggest("mails", "list")
        if counted
        else suggest("readers", "list", "--suppressed")
        if asked
        else "",
    )


def _by_itself(held: str) -> str:
    if held:
        return "nothing, until that is mended; then newsletter serve sends what waits if it runs"
    return "newsletter serve sends what waits if it runs"


# The steps: begin, record, and settle what a dead sender left. Each in the caller's transaction.


def begin_mails(
    connection: Connection,
    limit: int,
    now: datetime,
    hash_address: AddressHash,
    *,
    owner: str | None = None,
    for_operator: bool | None = None,
) -> tuple[TransactionalMail, ...]:
    """Begin the mails that have waited longest; what is committed here may be sent. Empty when none is due.

    What is not to be sent any more is skipped instead. `for_operator` takes only the operator's, or only others.
    """
    due = select(mails.c.id).where(_IS_PENDING, _is_due(now))
    if for_operator is not None:
        is_operators = mails.c.reader_id.is_(None) & mails.c.editor_id.is_(None)
        due = due.where(is_operators if for_operator else ~is_operators)
    due = due.order_by(mails.c.not_before, mails.c.id).limit(limit).with_for_update(skip_locked=True)
    while ids := connection.execute(due).scalars().all():
        found = _read(connection, _MAIL.where(mails.c.id.in_(ids)).order_by(mails.c.id), hash_address, now)
        for each in found:
            if each.obstacle:
                ended = {"status": MailStatus.SKIPPED, "at": now, "code": each.obstacle, "values": {}}
                connection.execute(update(mails).where(mails.c.id == each.id).values(ended))
        if begun := tuple(each for each in found if not each.obstacle):
            taken = update(mails).where(mails.c.id.in_([each.id for each in begun]))
            connection.execute(taken.values(status=MailStatus.BEGUN, at=now, owner=owner))
            return tuple(replace(each, status=MailStatus.BEGUN, at=now, owner=owner) for each in begun)
    return ()


def begin_mail_now(connection: Connection, kind: MailKind, key: str, now: datetime) -> TransactionalMail:
    """Begin a mail that its caller sends at once, to an address that is no reader's; it never waits here."""
    salt = draw_salt()
    row = {"kind": kind, "key": key, "values": {}, "status": MailStatus.BEGUN, "salt": salt}
    made = insert(mails).values(**row, not_before=now, queued_at=now, at=now).returning(mails.c.id)
    return TransactionalMail(
        id=connection.execute(made).scalar_one(),
        kind=kind,
        key=key,
        is_for_operator=False,
        address=None,
        values={},
        attempts=0,
        salt=salt,
        status=MailStatus.BEGUN,
        code="",
        queued_at=now,
        not_before=now,
        at=now,
        owner=None,
    )


def record_mail(
    connection: Connection, owner: str | None, outcome: Outcome, now: datetime, retry_policy: RetryPolicy
) -> None:
    """Write down how a mail ended that `owner` began, also where it had to be called unsure meanwhile.

    What it said is forgotten with its end: it may hold a link that opens doors. Of an unsure one it is kept, to send it again.
    """
    begun_by_them = (mails.c.id == outcome.reader_id, mails.c.owner.is_not_distinct_from(owner))
    in_hand = mails.c.status.in_((MailStatus.BEGUN, MailStatus.UNSURE))
    query = select(mails.c.kind, mails.c.key, mails.c.attempts).where(*begun_by_them, in_hand)
    found = connection.execute(query.with_for_update()).one_or_none()
    if found is None:
        return
    status = _afterwards(connection, found.kind, found.key, outcome)
    is_tried_again = status is MailStatus.PENDING and outcome.event is not Event.RETURN
    values: dict[str, object] = {
        "status": status,
        "at": now,
        "code": outcome.code or None,
        "provider_id": outcome.provider_id or None,
    }
    if status in (MailStatus.ACCEPTED, MailStatus.REJECTED):
        values["values"] = {}
    if status is MailStatus.PENDING:
        values["owner"] = None
    if is_tried_again:
        values |= {
            "attempts": mails.c.attempts + 1,
            "not_before": retry_policy.next_try(found.attempts, now),
        }
    connection.execute(update(mails).where(*begun_by_them).values(values))
    if status is MailStatus.ACCEPTED and found.key.startswith(ALERT_KEY):
        alert = alerts.c.key == found.key.removeprefix(ALERT_KEY)
        connection.execute(update(alerts).where(alert).values(delivered_at=now))


def _afterwards(connection: Connection, kind: MailKind, key: str, outcome: Outcome) -> MailStatus:
    """Return what becomes of a begun mail; an alert that nobody was told of at the webhook's URL waits again."""
    status = AFTERWARDS[outcome.event]
    if kind is not MailKind.ALERT or status not in (MailStatus.REJECTED, MailStatus.UNSURE):
        return status
    alert = select(alerts.c.posted_at).where(alerts.c.key == key.removeprefix(ALERT_KEY))
    return MailStatus.PENDING if connection.execute(alert).scalar() is None else status


def take_over_mails(database: Database, journals: Path, now: datetime, retry_policy: RetryPolicy) -> int:
    """Settle what dead senders had begun, each by its journal; returns how many there were.

    A sender on this machine is known to be dead at once; of others, and of one that began before the machine last
    started, only time tells, and what they had begun is unsure. Commits.
    """
    with database.read() as connection:
        query = select(mails.c.owner, func.max(mails.c.at)).where(_IS_BEGUN).group_by(mails.c.owner)
        senders = connection.execute(query).all()
    settled = 0
    for owner, begun_at in senders:
        with read_evidence(journals, owner or "") as found:
            if not found.owner_is_dead and begun_at > now - FORGOTTEN_AFTER:
                continue
            evidence = found.of(_claim(owner or "", begun_at))
            with database.write() as connection:
                begun = select(mails.c.id).where(_IS_BEGUN, mails.c.owner.is_not_distinct_from(owner))
                for mail_id in connection.execute(begun).scalars().all():
                    record_mail(connection, owner, outcome_from(evidence, mail_id), now, retry_policy)
            if found.owner_is_dead:
                remove_journal(journals, owner or "")
        settled += 1
    return settled


def _claim(owner: str, now: datetime) -> Lease:
    """Return what a sender's journal names beside each single mail: all that it has begun is one claim, of issue 0."""
    return Lease(
        batch_id=0,
        issue_id=0,
        variant="",
        low=0,
        high=0,
        owner=owner,
        fence=0,
        lease_until=now + FORGOTTEN_AFTER,
        attempts=0,
    )


# Sending.


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
    journals: Path
    hash_address: AddressHash
    #: The way of mails to the operator; None: the same.
    alert_transport: Callable[[], Transport] | None = None
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    dkim: DkimSigner | None = None
    #: Tells the operator that mails wait for long, once a day: key, subject, body. `Alerts.raise_once` is one.
    raise_alert: Callable[[str, str, str], object] = lambda key, subject, body: None
    marks: Marks | None = None
    fault_hook: FaultHook = no_fault
    #: What keeps either way from sending, by whether it is the operator's.
    breakers: Mapping[bool, Breaker] = field(init=False)
    #: Once asked for, the mail that has begun is finished, and no other begins.
    stop: Stop = field(init=False, default_factory=Stop)

    def __post_init__(self) -> None:
        object.__setattr__(self, "breakers", {way: Breaker(self.clock) for way in (False, True)})

    def deliver(self) -> int:
        """Send every mail that is due; returns how many were accepted. Trouble with the server leaves them waiting.

        Raises StoreStale where the database is not the one that sent last.
        """
        if self.marks is not None:
            self.marks.require()
        if take_over_mails(self.database, self.journals, self.clock.now(), self.retry_policy):
            self.fault_hook(FaultPoint.TAKEN_OVER)
        if not self._is_any_due():
            return 0
        with self.database.read() as connection:
            needed = list_owners(connection)
        sweep(self.journals, lambda owner: owner in needed)
        way_of_alerts = self.alert_transport or self.transport
        owner = f"mails-{sender_name()}"
        with (
            closing(self.transport().open()) as usual,
            closing(way_of_alerts().open()) as own,
            Journal(self.journals, owner) as journal,
        ):
            return self._deliver(owner, journal, {False: usual, True: own})

    def _is_any_due(self) -> bool:
        due = select(mails.c.id).where(_IS_PENDING, _is_due(self.clock.now())).limit(1)
        with self.database.read() as connection:
            return connection.execute(due).first() is not None

    def _deliver(self, owner: str, journal: Journal, sessions: Mapping[bool, Session]) -> int:
        accepted, limit = 0, 1
        outcomes: Sequence[Outcome] = ()
        while begun := self._begin(owner, outcomes, limit):
            self.fault_hook(FaultPoint.BEGUN)
            journal.clear()
            self.fault_hook(FaultPoint.CLEARED)
            outcomes = tuple(self._send_window(begun, journal, sessions))
            accepted += sum(outcome.event is Event.ACCEPT for outcome in outcomes)
            done = sum(outcome.event is not Event.RETURN for outcome in outcomes)
            limit = max(1, min(2 * limit, _HANDFUL, done * 2))
            self.fault_hook(FaultPoint.WINDOW_OVER)
        return accepted

    def _begin(self, owner: str, outcomes: Iterable[Outcome], limit: int) -> tuple[TransactionalMail, ...]:
        """Record the mails before and begin the next, in one commit; none where each way has trouble, or we stop."""
        open_ways = [way for way, breaker in self.breakers.items() if not breaker.rest]
        now = self.clock.now()
        with self.database.write() as connection:
            for outcome in outcomes:
                record_mail(connection, owner, outcome, now, self.retry_policy)
            if not open_ways or self.stop.asked:
                return ()
            only = None if len(open_ways) > 1 else open_ways[0]
            begun = begin_mails(connection, limit, now, self.hash_address, owner=owner, for_operator=only)
            count = advance(connection) if begun else 0
            self.fault_hook(FaultPoint.WRITTEN)
        if self.marks is not None and count:
            self.marks.note(begun=count)
        return begun

    def _send_window(
        self, begun: Sequence[TransactionalMail], journal: Journal, sessions: Mapping[bool, Session]
    ) -> Iterable[Outcome]:
        """Send what was begun, as long as a window's time lasts; yields an outcome for each."""
        until = self.clock.monotonic() + WINDOW_SECONDS
        for position, mail in enumerate(begun):
            is_late = position and (self.clock.monotonic() > until or self.stop.asked)
            if is_late or self.breakers[mail.is_for_operator].rest:
                yield Outcome(reader_id=mail.id, event=Event.RETURN)
            else:
                yield self._send(sessions[mail.is_for_operator], mail, journal)

    def _send(self, session: Session, mail: TransactionalMail, journal: Journal) -> Outcome:
        """Send one mail and note it in the journal; returns how it ended, also where the server is in trouble."""
        claim, started = _claim(mail.owner or "", self.clock.now()), False
        outcome: Outcome | None = None
        why = ""

        def note_start(recipients: Sequence[Recipient]) -> None:
            nonlocal started
            journal.started(claim, [mail.id])
            started = True
            self.fault_hook(FaultPoint.STARTED)

        breaker = self.breakers[mail.is_for_operator]
        try:
            for told in self._offer(session, mail, note_start):
                outcome = self._last_try_gives_up(told, mail)
                self.fault_hook(FaultPoint.ANSWERED)
                journal.answered(claim, outcome)
                self.fault_hook(FaultPoint.NOTED)
                if outcome.event in (Event.ACCEPT, Event.REJECT):
                    breaker.close()
                if outcome.event is Event.RETURN and outcome.code:
                    raise SendError(f"this way delivers nothing ({outcome.code})", permanent=False)
            if outcome is None:
                # To begin it once more at once would not end.
                raise SendError("this way said nothing of it", permanent=False)
        except SendError as error:
            breaker.trip(error)
            why = str(error) if len(str(error)) <= _CODE else f"{str(error)[: _CODE - 1]}…"
            seconds = breaker.rest.total_seconds()
            log.warning(
                "mail %s (%s) could not be sent: %s; next try in %.1f s", mail.id, mail.kind, error, seconds
            )
            self._tell_of_wait(mail, error)
        except JournalError:
            raise
        # Whatever is wrong with this mail, the others wait behind it.
        except Exception as error:
            # What it says may hold the address.
            log.error("mail %s (%s) could not be sent: %s", mail.id, mail.kind, type(error).__name__)
            log.debug("", exc_info=True)
            outcome = outcome or self._last_try_gives_up(
                Outcome(reader_id=mail.id, event=Event.LOSE_SIGHT if started else Event.DEFER, code="error"),
                mail,
            )
        if outcome is None and started:
            return Outcome(reader_id=mail.id, event=Event.LOSE_SIGHT)
        return outcome or Outcome(reader_id=mail.id, event=Event.RETURN, code=why)

    def _tell_of_wait(self, mail: TransactionalMail, error: SendError) -> None:
        now = self.clock.now()
        if mail.is_for_operator or mail.queued_at > now - _LONG_WAIT:
            return
        body = (
            f"{error}\n\nConfirmations and links that readers asked for wait. They go out by themselves when the server takes them. "
            f"Which:\n\n    {suggest('mails', 'list')}"
        )
        subject = f"Single mails have waited since {mail.queued_at:%Y-%m-%d %H:%M} UTC"
        self.raise_alert(f"mails-wait:{now:%Y-%m-%d}", subject, body)

    def _offer(
        self, session: Session, mail: TransactionalMail, note_start: Callable[[Sequence[Recipient]], None]
    ) -> Iterable[Outcome]:
        address = self.operator_address if mail.is_for_operator else mail.address
        if not address:
            return (Outcome(reader_id=mail.id, event=Event.REJECT, code="no-address"),)
        try:
            plan = compile_mail(mail.kind.value, mail.values, self.frame, self.template_folders)
        except BadInput as error:
            log.error("mail %s (%s) cannot be made: %s", mail.id, mail.kind, error)
            return (Outcome(reader_id=mail.id, event=Event.REJECT, code="bad-template"),)
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
        return session.send((recipient,), mailing, note_start)

    def _last_try_gives_up(self, told: Outcome, mail: TransactionalMail) -> Outcome:
        if told.event is Event.DEFER and mail.attempts + 1 >= self.retry_policy.attempts:
            return replace(told, event=Event.GIVE_UP, code="gave-up")
        return told
