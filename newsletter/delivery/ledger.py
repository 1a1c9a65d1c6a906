"""The ledger's protocol: claim a batch, begin a window, record it, give the batch back.

Each function is one step inside the caller's transaction, which must commit durably before anything is sent on
its strength. A batch belongs to one worker; `fence` counts its claims, so that a worker who slept through its
lease and was replaced finds every later step refused with `Fenced`. What a dead owner left
behind is settled by takeover.py; who comes next is in recipients.py; reading for people is in store.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select, update

from newsletter.db.schema import batches, deliveries, issues, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery.audience import AddressHash
from newsletter.delivery.holds import HOLD_COLUMNS, Hold, leave_batch, of_batch
from newsletter.delivery.recipients import Recipient, choose_next
from newsletter.delivery.recording import cancel_batch, let_rest, record
from newsletter.delivery.states import Event, Outcome, sources_of, target_of
from newsletter.delivery.throttle import UNLIMITED, Throttle
from newsletter.errors import NewsletterError

#: How long a batch stays with a worker of whom nothing is heard.
LEASE = timedelta(seconds=60)


class Fenced(NewsletterError):
    """The batch belongs to another sender now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Deliveries that were begun in one commit; none where everybody in it was skipped."""

    hold: Hold
    recipients: tuple[Recipient, ...]
    skipped: int = 0
    #: With nobody in it: which limit is used up, and until when.
    waits_for: str = ""
    waits_until: datetime | None = None


# A window costs some ten statements, here, in recipients.py and in recording.py. Made once, they cost it nothing but
# their execution: 25 µs a delivery less.

_MINE = and_(
    batches.c.id == bindparam("b_batch"),
    batches.c.owner == bindparam("b_owner"),
    batches.c.fence == bindparam("b_fence"),
    batches.c.status == BatchStatus.RUNNING,
)
_RENEW = update(batches).where(_MINE).values(lease_until=bindparam("b_until"))
_ISSUE_STATUS = select(issues.c.status).where(issues.c.id == bindparam("b_issue"))
#: Whoever of the batch still waits between two readers: no list of a hundred ids to be read for each window.
_BEGIN = (
    update(deliveries)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id.between(bindparam("b_low"), bindparam("b_high")),
        deliveries.c.batch_id == bindparam("b_batch"),
        deliveries.c.status.in_(sources_of(Event.BEGIN)),
    )
    .values(status=target_of(Event.BEGIN), at=bindparam("b_at"))
)


def claim_batch(
    connection: Connection, issue_id: int, owner: str, now: datetime, lease: timedelta = LEASE
) -> Hold | None:
    """Make the issue's next waiting batch the owner's; None when none is due or the issue is not going out."""
    going_out = exists().where(issues.c.id == issue_id, issues.c.status == IssueStatus.SENDING)
    due = or_(batches.c.not_before.is_(None), batches.c.not_before <= now)
    query = select(batches.c.id).where(
        batches.c.issue_id == issue_id, batches.c.status == BatchStatus.PENDING, due, going_out
    )
    # Several senders must not queue up for one row; SQLite's write lock lets one at a time in anyway.
    query = query.order_by(batches.c.id).limit(1).with_for_update(skip_locked=True, of=batches)
    batch_id = connection.execute(query).scalar()
    if batch_id is None:
        return None
    taken = {
        "status": BatchStatus.RUNNING,
        "owner": owner,
        "lease_until": now + lease,
        "fence": batches.c.fence + 1,
        "not_before": None,
        "retry_at": case((batches.c.retry_at > now, batches.c.retry_at)),
    }
    claim = update(batches).where(batches.c.id == batch_id).values(taken)
    *claimed, retry_at = connection.execute(claim.returning(*HOLD_COLUMNS, batches.c.retry_at)).one()
    hold = Hold(**dict(zip((column.name for column in HOLD_COLUMNS), claimed, strict=True)))
    if retry_at is None:
        due_again = of_batch(hold, DeliveryStatus.RETRY)
        connection.execute(update(deliveries).where(*due_again).values(status=target_of(Event.COME_DUE)))
    return hold


def begin_window(
    connection: Connection,
    hold: Hold,
    outcomes: Sequence[Outcome],
    *,
    limit: int,
    now: datetime,
    hash_address: AddressHash,
    retry_at: datetime | None = None,
    lease: timedelta = LEASE,
    throttle: Throttle = UNLIMITED,
) -> Window | None:
    """Record the window before and begin the next, of at most `limit` deliveries.

    None when the batch is no longer the owner's: it is through, or back among the waiting because the issue is
    paused or cancelled, or because the limits of its readers' domains are used up. `retry_at` is when the batch is
    tried again if some of it was deferred. Raises Fenced.
    """
    _check_hold(connection, hold, now + lease)
    _record(connection, hold, outcomes, now, throttle, retry_at)
    if not _is_going_out(connection, hold, now):
        return None
    permit = throttle.permit(connection, now, limit)
    if not permit.left:
        return Window(hold=hold, recipients=(), waits_for=permit.reason, waits_until=permit.until)
    chosen = choose_next(connection, hold, permit, now, hash_address)
    if chosen is None:
        _finish_batch(connection, hold, retry_at or now)
        return None
    recipients, skips = chosen.recipients, chosen.skips
    if not recipients and not skips:
        _leave_to_limits(connection, hold, permit.domains_until, retry_at or now)
        return None
    record(connection, hold, skips, now)
    _begin(connection, hold, recipients, now, has_gaps=bool(permit.domains))
    throttle.use(connection, (each.address for each in recipients), now)
    return Window(hold=hold, recipients=recipients, skipped=len(skips))


def _begin(
    connection: Connection, hold: Hold, recipients: Sequence[Recipient], now: datetime, *, has_gaps: bool
) -> None:
    """Mark the window as begun. `has_gaps`: between its readers wait some whose time has not come."""
    if has_gaps or not recipients:
        begun = (Outcome(reader_id=each.reader_id, event=Event.BEGIN) for each in recipients)
        record(connection, hold, begun, now)
        return
    low, high = recipients[0].reader_id, recipients[-1].reader_id
    part = {"b_issue": hold.issue_id, "b_batch": hold.batch_id, "b_low": low, "b_high": high, "b_at": now}
    connection.execute(_BEGIN, part)


def record_window(
    connection: Connection,
    hold: Hold,
    outcomes: Sequence[Outcome],
    now: datetime,
    *,
    lease: timedelta = LEASE,
    throttle: Throttle = UNLIMITED,
    retry_at: datetime | None = None,
) -> None:
    """Record a window's outcomes without beginning another: the worker has to wait. Raises Fenced."""
    _check_hold(connection, hold, now + lease)
    _record(connection, hold, outcomes, now, throttle, retry_at)


def release_batch(
    connection: Connection,
    hold: Hold,
    outcomes: Sequence[Outcome],
    now: datetime,
    *,
    throttle: Throttle = UNLIMITED,
    retry_at: datetime | None = None,
) -> None:
    """Record a window's outcomes and put the batch back among the waiting. Raises Fenced."""
    _check_hold(connection, hold, now)
    _record(connection, hold, outcomes, now, throttle, retry_at)
    leave_batch(connection, hold, None)


def _record(
    connection: Connection,
    hold: Hold,
    outcomes: Sequence[Outcome],
    now: datetime,
    throttle: Throttle,
    retry_at: datetime | None,
) -> None:
    """Record a window, and give back to the limits what was begun in it and never left."""
    if retry_at is not None:
        let_rest(connection, hold, outcomes, retry_at)
    unused = [each.reader_id for each in outcomes if each.event is Event.RETURN]
    if unused and throttle.limits_at(now):
        begun = and_(*of_batch(hold, DeliveryStatus.BEGUN), deliveries.c.reader_id.in_(unused))
        theirs = readers.c.id == deliveries.c.reader_id
        query = select(deliveries.c.at, readers.c.address).join_from(deliveries, readers, theirs).where(begun)
        for begun_at, rows in groupby(connection.execute(query.order_by(deliveries.c.at)), key=itemgetter(0)):
            throttle.give_back(connection, (address or "" for _, address in rows), begun_at)
    record(connection, hold, outcomes, now)


def renew_lease(connection: Connection, owners: str, until: datetime) -> None:
    """Renew the leases of every worker whose name begins with `owners`."""
    mine = and_(batches.c.status == BatchStatus.RUNNING, batches.c.owner.startswith(owners, autoescape=True))
    connection.execute(update(batches).where(mine).values(lease_until=until))


def running_batches(connection: Connection, issue_id: int) -> tuple[Hold, ...]:
    """Every batch that somebody owns, dead or alive."""
    query = select(*HOLD_COLUMNS).where(
        batches.c.issue_id == issue_id, batches.c.status == BatchStatus.RUNNING
    )
    return tuple(Hold(**row._mapping) for row in connection.execute(query))


def _check_hold(connection: Connection, hold: Hold, lease_until: datetime) -> None:
    """Renew the lease; raises Fenced unless the batch is still this owner's by this claim.

    A lease that ran out while nobody took the batch is renewed: the row decides, not the clock.
    """
    mine = {"b_batch": hold.batch_id, "b_owner": hold.owner, "b_fence": hold.fence, "b_until": lease_until}
    if connection.execute(_RENEW, mine).rowcount != 1:
        raise Fenced


def _is_going_out(connection: Connection, hold: Hold, now: datetime) -> bool:
    """Whether the issue still is; if not, the batch is given back, or closed with a cancelled issue."""
    status = connection.execute(_ISSUE_STATUS, {"b_issue": hold.issue_id}).scalar_one()
    if status is IssueStatus.CANCELLED:
        cancel_batch(connection, hold, now)
    elif status is not IssueStatus.SENDING:
        leave_batch(connection, hold, None)
    return status is IssueStatus.SENDING


def _finish_batch(connection: Connection, hold: Hold, retry_at: datetime) -> None:
    """Close the batch, or put it back until `retry_at` when some of it was deferred."""
    if _has_deferred(connection, hold):
        due = func.coalesce(batches.c.retry_at, retry_at)
        leave_batch(connection, hold, due, retry_at=None, attempts=batches.c.attempts + 1)
    else:
        leave_batch(connection, hold, None, retry_at=None, status=BatchStatus.DONE)


def _leave_to_limits(connection: Connection, hold: Hold, until: datetime, retry_at: datetime) -> None:
    """Put the batch back until a limit ends; whoever was deferred in it must not lose a try by that."""
    if _has_deferred(connection, hold):
        due = func.coalesce(batches.c.retry_at, retry_at)
        leave_batch(connection, hold, until, retry_at=due)
    else:
        leave_batch(connection, hold, until)


def _has_deferred(connection: Connection, hold: Hold) -> bool:
    deferred = select(deliveries.c.reader_id).where(*of_batch(hold, DeliveryStatus.RETRY)).limit(1)
    return connection.execute(deferred).first() is not None
