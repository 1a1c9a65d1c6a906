"""The ledger's protocol: claim a batch, begin a window, record it, give the batch back.

Each function is one step inside the caller's transaction, which must commit durably before anything is sent on
its strength. A batch belongs to one worker; `fence` counts its claims, so that a worker who slept through its
lease and was replaced finds every later step refused with `Fenced`. What a dead owner left
behind is settled by takeover.py; what people are told is in status.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import compress, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

from newsletter.db.schema import batches, deliveries, issues, readers, suppressions
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery.audience import SKIP_REASON, AddressHash
from newsletter.delivery.marks import advance
from newsletter.delivery.states import FINAL, TRANSITIONS, Event, Outcome, sources_of, target_of
from newsletter.delivery.throttle import UNLIMITED, Permit, Throttle
from newsletter.errors import NewsletterError
from newsletter.readers.preferences import (
    CONTENT_COLUMNS,
    NO_PREFERENCES,
    Preferences,
    from_content_columns,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A worker's claim on a batch, or a dead worker's."""

    batch_id: int
    issue_id: int
    variant: str
    low: int
    high: int
    owner: str
    fence: int
    lease_until: datetime
    #: Passes before this one that left readers to be tried again.
    attempts: int


LEASE_COLUMNS = (
    batches.c.id.label("batch_id"),
    *(batches.c[name] for name in ("issue_id", "variant", "low", "high")),
    *(batches.c[name] for name in ("owner", "fence", "lease_until", "attempts")),
)


def deliveries_in(lease: Lease, status: DeliveryStatus) -> tuple[ColumnElement[bool], ...]:
    """Return the batch's deliveries in a state, as conditions that the primary key serves."""
    return (
        deliveries.c.issue_id == lease.issue_id,
        deliveries.c.reader_id.between(lease.low, lease.high),
        deliveries.c.batch_id == lease.batch_id,
        deliveries.c.status == status,
    )


def put_back(
    connection: Connection,
    lease: Lease,
    not_before: datetime | ColumnElement[datetime] | None,
    **changes: object,
) -> None:
    """Put the batch back among the waiting until `not_before`, with these other changes to its row."""
    values = {
        "status": BatchStatus.PENDING,
        "owner": None,
        "lease_until": None,
        "not_before": not_before,
        **changes,
    }
    connection.execute(update(batches).where(batches.c.id == lease.batch_id).values(values))


# Who of a batch comes next: whoever waits, may still receive the issue, and is within our limits.

#: More than any batch has.
_WHOLE_BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A reader whose delivery has begun; `attempts` counts the tries that a server put off."""

    reader_id: int
    address: str
    attempts: int
    preferences: Preferences = NO_PREFERENCES
    salt: int = 0


_NEXT_PENDING = (
    select(
        *(readers.c[name] for name in ("id", "address", "address_key")),
        SKIP_REASON,
        deliveries.c.attempts,
        readers.c.salt,
        *CONTENT_COLUMNS,
    )
    .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id.between(bindparam("b_low"), bindparam("b_high")),
        deliveries.c.batch_id == bindparam("b_batch"),
        deliveries.c.status == DeliveryStatus.PENDING,
    )
    .order_by(deliveries.c.reader_id)
    .limit(bindparam("b_limit"))
)
_SUPPRESSED = select(suppressions.c.address_hash).where(
    suppressions.c.address_hash.in_(bindparam("b_hashes", expanding=True))
)


def choose_next(
    connection: Connection, lease: Lease, permit: Permit, now: datetime, hash_address: AddressHash
) -> tuple[tuple[Recipient, ...], tuple[Outcome, ...]] | None:
    """Return who of the batch comes next, as many as the permit leaves, and who is skipped instead.

    Both are empty where everybody waits for a limit of their domain. None when nobody in the batch waits.
    """
    # Whose domain has had its share is passed over: then more are looked at than chosen.
    limit = _WHOLE_BATCH if permit.domains else permit.left
    batch = {"b_issue": lease.issue_id, "b_low": lease.low, "b_high": lease.high, "b_batch": lease.batch_id}
    rows = connection.execute(_NEXT_PENDING, {**batch, "b_limit": limit, "b_today": now.date()}).all()
    if not rows:
        return None
    skips = _skips(connection, rows, hash_address)
    return _within(permit, rows, skips), skips


def _skips(connection: Connection, rows: Sequence[Any], hash_address: AddressHash) -> tuple[Outcome, ...]:
    """Return who of the rows may not receive the issue any more, and why."""
    hashes = {hash_address(key): reader_id for reader_id, _, key, *_ in rows if key is not None}
    listed = connection.execute(_SUPPRESSED, {"b_hashes": list(hashes)}).scalars()
    reasons = {hashes[each]: "suppressed" for each in listed}
    reasons |= {row[0]: row.skip_reason for row in rows if row[3] is not None}
    return tuple(
        Outcome(reader_id=reader_id, event=Event.SKIP, code=reason) for reader_id, reason in reasons.items()
    )


def _within(permit: Permit, rows: Sequence[Any], skips: Sequence[Outcome]) -> tuple[Recipient, ...]:
    """Return who of the rows is not skipped and within the limits."""
    skipped = {each.reader_id for each in skips}
    able = [row for row in rows if row[0] not in skipped]
    return tuple(
        Recipient(
            reader_id=reader_id,
            address=address,
            attempts=attempts,
            preferences=from_content_columns(preferences),
            salt=salt,
        )
        for reader_id, address, _, _, attempts, salt, *preferences in compress(
            able, permit.choose(row.address for row in able)
        )
    )


# Writing outcomes down: each delivery to the state that its event leads to, and the batch's counts with it.

_MOVE = (
    update(deliveries)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id.in_(bindparam("b_readers", expanding=True)),
        deliveries.c.status == bindparam("b_source"),
    )
    .values(
        status=bindparam("b_target"),
        attempts=deliveries.c.attempts + bindparam("b_tries"),
        at=bindparam("b_at"),
        code=bindparam("b_code"),
        provider_id=bindparam("b_provider"),
    )
)
_MOVE_ONE = (
    update(deliveries)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id == bindparam("b_reader"),
        deliveries.c.status == bindparam("b_source"),
    )
    .values(
        status=bindparam("b_target"),
        attempts=deliveries.c.attempts + bindparam("b_tries"),
        at=bindparam("b_at"),
        code=bindparam("b_code"),
        provider_id=bindparam("b_provider"),
    )
)
_COUNT = (
    update(batches)
    .where(batches.c.id == bindparam("b_batch"))
    .values(
        {status.value: batches.c[status.value] + bindparam(f"b_{status.value}") for status in sorted(FINAL)}
    )
)
_REST = (
    update(batches)
    .where(batches.c.id == bindparam("b_batch"))
    .values(retry_at=func.coalesce(batches.c.retry_at, bindparam("b_until", type_=batches.c.retry_at.type)))
)


def record(
    connection: Connection,
    lease: Lease,
    outcomes: Iterable[Outcome],
    now: datetime,
    *,
    was: DeliveryStatus | None = None,
) -> None:
    """Apply each outcome to its delivery where it can happen, and count what became final on the batch.

    `was` says in which state the deliveries must be; None: the one that the sender itself left them in.
    """
    changes = dict.fromkeys(FINAL, 0)
    for (event, code), group in groupby(sorted(outcomes, key=_alike), key=_alike):
        source = was or (DeliveryStatus.PENDING if event in _OF_PENDING else DeliveryStatus.BEGUN)
        moved = _move(connection, lease.issue_id, source, event, code, tuple(group), now)
        target = TRANSITIONS[source, event]
        for status, count in ((source, -moved), (target, moved)):
            if status in FINAL:
                changes[status] += count
    _count_on_batch(connection, lease.batch_id, changes)


def let_rest(connection: Connection, lease: Lease, outcomes: Sequence[Outcome], retry_at: datetime) -> None:
    """Let the deferred wait until `retry_at`, also where the batch changes hands before it is through."""
    if any(each.event is Event.DEFER for each in outcomes):
        connection.execute(_REST, {"b_batch": lease.batch_id, "b_until": retry_at})


def _alike(outcome: Outcome) -> tuple[Event, str]:
    return outcome.event, outcome.code


_OF_PENDING = (Event.BEGIN, Event.SKIP)


def _count_on_batch(connection: Connection, batch_id: int, changes: dict[DeliveryStatus, int]) -> None:
    """Add to the batch's counts of what is final."""
    if any(changes.values()):
        counts = {f"b_{status.value}": changes.get(status, 0) for status in FINAL}
        connection.execute(_COUNT, {"b_batch": batch_id, **counts})


def _move(
    connection: Connection,
    issue_id: int,
    source: DeliveryStatus,
    event: Event,
    code: str,
    outcomes: Sequence[Outcome],
    now: datetime,
) -> int:
    """Apply one event and code to many deliveries in one statement; returns to how many it could happen."""
    values = {
        "b_issue": issue_id,
        "b_source": source,
        "b_target": TRANSITIONS[source, event],
        "b_tries": 1 if event in (Event.DEFER, Event.GIVE_UP) else 0,
        "b_at": now,
        "b_code": code or None,
    }
    provider_ids = {each.provider_id for each in outcomes}
    if len(provider_ids) > 1:
        return _move_one_by_one(connection, values, outcomes)
    values |= {"b_provider": provider_ids.pop() or None, "b_readers": [each.reader_id for each in outcomes]}
    return connection.execute(_MOVE, values).rowcount


def _move_one_by_one(
    connection: Connection, values: Mapping[str, object], outcomes: Sequence[Outcome]
) -> int:
    """Do the same for those of whom each has a provider's id of their own: most of every issue.

    The values that they share are put into the driver's form once: through Core it takes three times as long.
    """
    dialect = connection.dialect
    as_moment = deliveries.c.at.type.dialect_impl(dialect).bind_processor(dialect)
    shared = {
        **values,
        "b_source": str(values["b_source"]),
        "b_target": str(values["b_target"]),
        "b_at": as_moment(values["b_at"]) if as_moment else values["b_at"],
    }
    rows = [
        {**shared, "b_reader": each.reader_id, "b_provider": each.provider_id or None} for each in outcomes
    ]
    return connection.exec_driver_sql(_driver_words(dialect), rows).rowcount


@lru_cache(maxsize=8)
def _driver_words(dialect: Dialect) -> str:
    # SQLite's driver takes names as well as places; the other one takes nothing but names.
    named = sqlite.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect
    return str(_MOVE_ONE.compile(dialect=named))


def cancel_batch(connection: Connection, lease: Lease, now: datetime) -> int:
    """Skip whoever of the batch still waits, and close it; returns how many. Its issue was cancelled."""
    skipped = 0
    for status in sources_of(Event.SKIP):
        waiting = update(deliveries).where(*deliveries_in(lease, status))
        values = {"status": target_of(Event.SKIP), "at": now, "code": "cancelled"}
        skipped += connection.execute(waiting.values(values)).rowcount
    _count_on_batch(connection, lease.batch_id, {DeliveryStatus.SKIPPED: skipped})
    put_back(connection, lease, None, status=BatchStatus.DONE)
    return skipped


#: How long a batch stays with a worker of whom nothing is heard.
LEASE_DURATION = timedelta(seconds=60)


class Fenced(NewsletterError):
    """The batch belongs to another sender now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Deliveries that were begun in one commit; none where everybody in it was skipped."""

    lease: Lease
    recipients: tuple[Recipient, ...]
    skipped: int = 0
    #: What has begun by now, for `Marks.note`; 0 with nobody in it.
    begun: int = 0
    #: With nobody in it: which limit is used up, and until when.
    waits_for: str = ""
    waits_until: datetime | None = None


# A window costs some ten statements. Made once, they cost it nothing but
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


#: Some of the batch were deferred, and wait for their next try.
WAS_TRIED = or_(batches.c.attempts > 0, batches.c.retry_at.is_not(None))

#: No rest of the deferred is longer, and no wait for a limit, or for an hour of somebody's day: what comes due later was
#: written while a clock was wrong.
_LONGEST_REST, _LONGEST_WAIT = timedelta(hours=3), timedelta(hours=26)


def claim_batch(
    connection: Connection,
    issue_id: int,
    owner: str,
    now: datetime,
    lease_duration: timedelta = LEASE_DURATION,
) -> Lease | None:
    """Make the issue's next waiting batch the owner's; None when none is due or the issue is not going out."""
    going_out = exists().where(issues.c.id == issue_id, issues.c.status == IssueStatus.SENDING)
    due = or_(
        batches.c.not_before.is_(None),
        batches.c.not_before <= now,
        and_(WAS_TRIED, batches.c.not_before > now + _LONGEST_REST),
        batches.c.not_before > now + _LONGEST_WAIT,
    )
    query = select(batches.c.id).where(
        batches.c.issue_id == issue_id, batches.c.status == BatchStatus.PENDING, due, going_out
    )
    # Several senders must not queue up for one row; SQLite's write lock lets one at a time in anyway.
    query = query.order_by(batches.c.id).limit(1).with_for_update(skip_locked=True, of=batches)
    batch_id = connection.execute(query).scalar()
    if batch_id is None:
        return None
    still_rests = and_(batches.c.retry_at > now, batches.c.retry_at <= now + _LONGEST_REST)
    taken = {
        "status": BatchStatus.RUNNING,
        "owner": owner,
        "lease_until": now + lease_duration,
        "fence": batches.c.fence + 1,
        "not_before": None,
        "retry_at": case((still_rests, batches.c.retry_at)),
    }
    claim = update(batches).where(batches.c.id == batch_id).values(taken)
    *claimed, retry_at = connection.execute(claim.returning(*LEASE_COLUMNS, batches.c.retry_at)).one()
    lease = Lease(**dict(zip((column.name for column in LEASE_COLUMNS), claimed, strict=True)))
    if retry_at is None:
        due_again = deliveries_in(lease, DeliveryStatus.RETRY)
        connection.execute(update(deliveries).where(*due_again).values(status=target_of(Event.COME_DUE)))
    return lease


def begin_window(
    connection: Connection,
    lease: Lease,
    outcomes: Sequence[Outcome],
    *,
    limit: int,
    now: datetime,
    hash_address: AddressHash,
    retry_at: datetime | None = None,
    lease_duration: timedelta = LEASE_DURATION,
    throttle: Throttle = UNLIMITED,
) -> Window | None:
    """Record the window before and begin the next, of at most `limit` deliveries.

    None when the batch is no longer the owner's: it is through, or back among the waiting because the issue is
    paused or cancelled, or because the limits of its readers' domains are used up. `retry_at` is when the batch is
    tried again if some of it was deferred. Raises Fenced.
    """
    _check_lease(connection, lease, now + lease_duration)
    _record(connection, lease, outcomes, now, throttle, retry_at)
    if not _is_going_out(connection, lease, now):
        return None
    permit = throttle.permit(connection, now, limit)
    if not permit.left:
        return Window(lease=lease, recipients=(), waits_for=permit.reason, waits_until=permit.until)
    chosen = choose_next(connection, lease, permit, now, hash_address)
    if chosen is None:
        _finish_batch(connection, lease, retry_at or now)
        return None
    recipients, skips = chosen
    if not recipients and not skips:
        _leave_to_limits(connection, lease, permit.domains_until, retry_at or now)
        return None
    record(connection, lease, skips, now)
    _begin(connection, lease, recipients, now, has_gaps=bool(permit.domains))
    throttle.use(connection, (each.address for each in recipients), now)
    begun = advance(connection) if recipients else 0
    return Window(lease=lease, recipients=recipients, skipped=len(skips), begun=begun)


def _begin(
    connection: Connection, lease: Lease, recipients: Sequence[Recipient], now: datetime, *, has_gaps: bool
) -> None:
    """Mark the window as begun. `has_gaps`: between its readers wait some whose time has not come."""
    if has_gaps or not recipients:
        begun = (Outcome(reader_id=each.reader_id, event=Event.BEGIN) for each in recipients)
        record(connection, lease, begun, now)
        return
    low, high = recipients[0].reader_id, recipients[-1].reader_id
    part = {"b_issue": lease.issue_id, "b_batch": lease.batch_id, "b_low": low, "b_high": high, "b_at": now}
    connection.execute(_BEGIN, part)


def record_window(
    connection: Connection,
    lease: Lease,
    outcomes: Sequence[Outcome],
    now: datetime,
    *,
    lease_duration: timedelta = LEASE_DURATION,
    throttle: Throttle = UNLIMITED,
    retry_at: datetime | None = None,
) -> None:
    """Record a window's outcomes without beginning another: the worker has to wait. Raises Fenced."""
    _check_lease(connection, lease, now + lease_duration)
    _record(connection, lease, outcomes, now, throttle, retry_at)


def release_batch(
    connection: Connection,
    lease: Lease,
    outcomes: Sequence[Outcome],
    now: datetime,
    *,
    throttle: Throttle = UNLIMITED,
    retry_at: datetime | None = None,
) -> None:
    """Record a window's outcomes and put the batch back among the waiting. Raises Fenced."""
    _check_lease(connection, lease, now)
    _record(connection, lease, outcomes, now, throttle, retry_at)
    put_back(connection, lease, None)


def _record(
    connection: Connection,
    lease: Lease,
    outcomes: Sequence[Outcome],
    now: datetime,
    throttle: Throttle,
    retry_at: datetime | None,
) -> None:
    """Record a window, and give back to the limits what was begun in it and never left."""
    if retry_at is not None:
        let_rest(connection, lease, outcomes, retry_at)
    unused = [each.reader_id for each in outcomes if each.event is Event.RETURN]
    if unused and throttle.limits_at(now):
        begun = and_(*deliveries_in(lease, DeliveryStatus.BEGUN), deliveries.c.reader_id.in_(unused))
        theirs = readers.c.id == deliveries.c.reader_id
        query = select(deliveries.c.at, readers.c.address).join_from(deliveries, readers, theirs).where(begun)
        for begun_at, rows in groupby(connection.execute(query.order_by(deliveries.c.at)), key=itemgetter(0)):
            throttle.give_back(connection, (address or "" for _, address in rows), begun_at)
    record(connection, lease, outcomes, now)


def renew_lease(connection: Connection, owners: str, until: datetime) -> None:
    """Renew the leases of every worker whose name begins with `owners`."""
    mine = and_(batches.c.status == BatchStatus.RUNNING, batches.c.owner.startswith(owners, autoescape=True))
    connection.execute(update(batches).where(mine).values(lease_until=until))


def list_running_batches(connection: Connection, issue_id: int) -> tuple[Lease, ...]:
    """Return every batch that somebody owns, dead or alive."""
    query = select(*LEASE_COLUMNS).where(
        batches.c.issue_id == issue_id, batches.c.status == BatchStatus.RUNNING
    )
    return tuple(Lease(**row._mapping) for row in connection.execute(query))


def _check_lease(connection: Connection, lease: Lease, lease_until: datetime) -> None:
    """Renew the lease; raises Fenced unless the batch is still this owner's by this claim.

    A lease that ran out while nobody took the batch is renewed: the row decides, not the clock.
    """
    mine = {"b_batch": lease.batch_id, "b_owner": lease.owner, "b_fence": lease.fence, "b_until": lease_until}
    if connection.execute(_RENEW, mine).rowcount != 1:
        raise Fenced


def _is_going_out(connection: Connection, lease: Lease, now: datetime) -> bool:
    """Return whether the issue still goes out; if not, give the batch back, or close it with a cancelled issue."""
    status = connection.execute(_ISSUE_STATUS, {"b_issue": lease.issue_id}).scalar_one()
    if status is IssueStatus.CANCELLED:
        cancel_batch(connection, lease, now)
    elif status is not IssueStatus.SENDING:
        put_back(connection, lease, None)
    return status is IssueStatus.SENDING


def _finish_batch(connection: Connection, lease: Lease, retry_at: datetime) -> None:
    """Close the batch, or put it back until `retry_at` when some of it was deferred."""
    if _has_deferred(connection, lease):
        due = func.coalesce(batches.c.retry_at, retry_at)
        put_back(connection, lease, due, retry_at=None, attempts=batches.c.attempts + 1)
    else:
        put_back(connection, lease, None, retry_at=None, status=BatchStatus.DONE)


def _leave_to_limits(connection: Connection, lease: Lease, until: datetime, retry_at: datetime) -> None:
    """Put the batch back until a limit ends; whoever was deferred in it must not lose a try by that."""
    if _has_deferred(connection, lease):
        due = func.coalesce(batches.c.retry_at, retry_at)
        put_back(connection, lease, until, retry_at=due)
    else:
        put_back(connection, lease, until)


def _has_deferred(connection: Connection, lease: Lease) -> bool:
    deferred = select(deliveries.c.reader_id).where(*deliveries_in(lease, DeliveryStatus.RETRY)).limit(1)
    return connection.execute(deferred).first() is not None


# The steps of the protocol by name, so that a test can make a process die between any two of them.


class FaultPoint(StrEnum):
    """A moment between two steps of a worker."""

    CLAIMED = "claimed"
    #: In the transaction of a window's beginning, before it is committed.
    WRITTEN = "written"
    BEGUN = "begun"
    CLEARED = "cleared"
    STARTED = "started"
    ANSWERED = "answered"
    NOTED = "noted"
    WINDOW_OVER = "window-over"
    TAKEN_OVER = "taken-over"


#: Called at every point; what it does in a test is the test's business.
FaultHook = Callable[[FaultPoint], None]


def no_fault(point: FaultPoint) -> None:
    """Do nothing: what happens at every point outside tests."""
