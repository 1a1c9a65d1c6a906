"""What happens to the batch of a worker that died or fell silent, and to what a silent one still knows.

The rules: a journal whose lock can be taken, written since this machine started, says who was started and what
was answered. Without one (another machine, another boot, an owner that only sleeps) everything that was begun
and has no outcome is unsure. Unsure is never sent again by itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, and_, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery.journal import Evidence, read_evidence, remove_journal
from newsletter.delivery.ledger import Lease, deliveries_in, let_rest, list_running_batches, put_back, record
from newsletter.delivery.states import FINAL, TRANSITIONS, Event, Outcome
from newsletter.delivery.throttle import RetryPolicy
from newsletter.digest.issues import Step
from newsletter.digest.store import get_issue, take_step

_USUAL = RetryPolicy()

#: A lease that ends later was given while a clock was wrong.
_LONGEST_LEASE = timedelta(days=1)

#: What a delivery says of which nobody knows whether its silent owner had begun with it.
_NO_JOURNAL = "no-journal"


def take_over(
    database: Database, silent: Lease, journals: Path, now: datetime, retry_policy: RetryPolicy = _USUAL
) -> bool:
    """Settle the batch of an owner that is dead or whose lease ran out; False if it is neither, or others did.

    An owner on this machine is known to be dead at once; of others only the lease tells. Whoever the journal says was
    deferred rests as long as `retry_policy` wants.
    """
    with read_evidence(journals, silent.owner) as found:
        if not found.owner_is_dead and now < silent.lease_until <= now + _LONGEST_LEASE:
            return False
        with database.write() as connection:
            settled = settle_batch(connection, silent, found.of(silent), now, retry_policy)
        if settled and found.owner_is_dead:
            remove_journal(journals, silent.owner)
    return settled


def take_over_dead(database: Database, issue_id: int, journals: Path, now: datetime) -> int:
    """Settle every batch of the issue whose owner is dead or silent; returns how many that were."""
    with database.read() as connection:
        running = list_running_batches(connection, issue_id)
    return sum(take_over(database, lease, journals, now) for lease in running)


def settle_batch(
    connection: Connection, left: Lease, evidence: Evidence | None, now: datetime, retry_policy: RetryPolicy
) -> bool:
    """Give every begun delivery its outcome and put the batch back among the waiting; False if others did."""
    unchanged = and_(
        batches.c.id == left.batch_id,
        batches.c.owner == left.owner,
        batches.c.fence == left.fence,
        batches.c.status == BatchStatus.RUNNING,
    )
    fenced = update(batches).where(unchanged).values(fence=batches.c.fence + 1)
    if connection.execute(fenced).rowcount != 1:
        return False
    begun = select(deliveries.c.reader_id).where(*deliveries_in(left, DeliveryStatus.BEGUN))
    ids = connection.execute(begun).scalars().all()
    outcomes = [outcome_from(evidence, reader_id) for reader_id in ids]
    let_rest(connection, left, outcomes, retry_policy.next_try(left.attempts, now))
    record(connection, left, outcomes, now)
    put_back(connection, left, None)
    return True


def outcome_from(evidence: Evidence | None, reader_id: int) -> Outcome:
    """Return how a begun delivery ended, by the evidence on its dead owner's claim; None: there is none."""
    if evidence is None:
        return Outcome(reader_id=reader_id, event=Event.LOSE_SIGHT, code=_NO_JOURNAL)
    if reader_id in evidence.answered:
        return evidence.answered[reader_id]
    if reader_id in evidence.started:
        return Outcome(reader_id=reader_id, event=Event.LOSE_SIGHT, code="killed")
    return Outcome(reader_id=reader_id, event=Event.RETURN)


def record_late(connection: Connection, lease: Lease, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Record what a fenced-off worker still knows of its last window: its successor had to call that unsure.

    Whom it never started, or a server refused for now, waits again, also where the issue is sent meanwhile.
    """
    query = select(batches.c.fence, batches.c.status).where(batches.c.id == lease.batch_id).with_for_update()
    batch = connection.execute(query).one()
    known = [each for each in outcomes if each.event in (Event.ACCEPT, Event.REJECT)]
    known += [replace(each, event=Event.REJECT) for each in outcomes if each.event is Event.GIVE_UP]
    record(connection, lease, known, now, was=DeliveryStatus.UNSURE)
    # Nobody has claimed the batch since its taking over and once more: whoever is unsure for the want of a journal is
    # so by this claim, not by a later one whose copy may have left.
    if batch.fence > lease.fence + 2:
        return
    unstarted = [each.reader_id for each in outcomes if each.event in (Event.RETURN, Event.DEFER)]
    by_this_claim = (*deliveries_in(lease, DeliveryStatus.UNSURE), deliveries.c.code == _NO_JOURNAL)
    theirs = select(deliveries.c.reader_id).where(*by_this_claim, deliveries.c.reader_id.in_(unstarted))
    waiting = [
        Outcome(reader_id=each, event=Event.SEND_AGAIN) for each in connection.execute(theirs).scalars()
    ]
    issue = get_issue(connection, lease.issue_id)
    if not waiting or issue.status is IssueStatus.CANCELLED:
        return
    if issue.status is IssueStatus.SENT:
        take_step(connection, issue, Step.REOPEN, now, finished_at=None)
    record(connection, lease, waiting, now, was=DeliveryStatus.UNSURE)
    if batch.status is BatchStatus.DONE:
        put_back(connection, lease, None)


# Late evidence: what is learnt of a delivery after its sender was done with it, from a bounce or a webhook.


def settle(
    connection: Connection, issue_id: int, reader_id: int, event: Event, *, code: str, now: datetime
) -> DeliveryStatus | None:
    """Apply ARRIVE or BOUNCE to a delivery, and keep its batch's counts exact.

    Returns where it stood before; None, and nothing changed, where there is no such delivery, or the event cannot
    happen there.
    """
    mine = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id == reader_id)
    found = connection.execute(select(deliveries.c.status, deliveries.c.batch_id).where(*mine)).one_or_none()
    target = None if found is None else TRANSITIONS.get((found.status, event))
    if found is None or target is None:
        return None
    values = {"status": target, "at": now, "code": code or None}
    moved = update(deliveries).where(*mine, deliveries.c.status == found.status).values(values)
    if connection.execute(moved).rowcount != 1:
        return None
    counts = [(found.status, -1), (target, 1)]
    changes = {each.value: batches.c[each.value] + change for each, change in counts if each in FINAL}
    connection.execute(update(batches).where(batches.c.id == found.batch_id).values(changes))
    before: DeliveryStatus = found.status
    return before
