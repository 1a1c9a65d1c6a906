"""Who missed an issue for no reason of theirs, and sending it to them after all: nobody of them has a copy.

Missed by whoever was refused it for the sake of us: the provider dropped the message (over quota, say), or the server refused what is
sent or who sends it; or who was put off until the last try. Not by whose copy came back later: a mailbox that hands mail
on may have kept it. What is unsure is in unsure.py.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, literal, not_, or_, select, update

from newsletter.db.schema import batches, deliveries, readers, reports, soft_bounces
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, ReaderStatus
from newsletter.delivery.bounces.parse import POLICY, POLICY_SUBJECTS
from newsletter.delivery.ledger import WAS_TRIED
from newsletter.delivery.states import Event, target_of
from newsletter.digest.issues import Step
from newsletter.digest.store import get_issue, take_step

#: The code of a message that a provider took and then did not try to deliver.
DROPPED = "dropped"


def _is_missed() -> ColumnElement[bool]:
    """Return the condition that a delivery's reader missed the issue, and may still get it."""
    code = func.coalesce(deliveries.c.code, "")
    for_our_sake = (code.startswith(each, autoescape=True) for each in POLICY_SUBJECTS)
    came_back = select(literal(1)).where(
        reports.c.reader_id == deliveries.c.reader_id, reports.c.issue_id == deliveries.c.issue_id
    )
    refused = and_(or_(code == "gave-up", code.in_(POLICY), *for_our_sake), not_(came_back.exists()))
    active = select(readers.c.id).where(
        readers.c.id == deliveries.c.reader_id, readers.c.status == ReaderStatus.ACTIVE
    )
    is_rejected = deliveries.c.status == DeliveryStatus.REJECTED
    return and_(is_rejected, or_(code == DROPPED, refused), active.exists())


def count_missed(connection: Connection, issue_id: int) -> tuple[int, int]:
    """Return how many missed the issue, and how many of them since their message was dropped."""
    # Only of batches that have any: those of a large issue are mostly without.
    in_batch = and_(
        deliveries.c.issue_id == batches.c.issue_id,
        deliveries.c.reader_id.between(batches.c.low, batches.c.high),
        deliveries.c.batch_id == batches.c.id,
    )
    dropped = func.sum(case((deliveries.c.code == DROPPED, 1), else_=0))
    query = select(func.count(), func.coalesce(dropped, 0)).select_from(batches.join(deliveries, in_batch))
    found = query.where(batches.c.issue_id == issue_id, batches.c.rejected > 0, _is_missed())
    count, of_these = connection.execute(found).one()
    return count, int(of_these)


def send_to_missed(connection: Connection, issue_id: int, now: datetime) -> int:
    """Put whoever missed the issue back among the waiting, and let whoever is put off be tried at once; returns how many missed it.

    Left alone are batches that a sender works on. An issue that is sent goes out again for them; raises InvalidTransition for a
    cancelled one.
    """
    issue = get_issue(connection, issue_id)
    mine = and_(
        batches.c.issue_id == issue_id, batches.c.rejected > 0, batches.c.status != BatchStatus.RUNNING
    )
    moved = 0
    ranges = select(batches.c.id, batches.c.low, batches.c.high).where(mine).order_by(batches.c.id)
    for batch in connection.execute(ranges.with_for_update()).all():
        theirs = and_(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id.between(batch.low, batch.high),
            deliveries.c.batch_id == batch.id,
            _is_missed(),
        )
        # Being refused for our sake said nothing of them.
        counted = soft_bounces.c.reader_id.in_(select(deliveries.c.reader_id).where(theirs))
        connection.execute(delete(soft_bounces).where(soft_bounces.c.issue_id == issue_id, counted))
        waiting = {"status": target_of(Event.SEND_AGAIN), "code": None, "attempts": 0}
        count = connection.execute(update(deliveries).where(theirs).values(waiting)).rowcount
        if count:
            reopened = {"status": BatchStatus.PENDING, "not_before": None, "attempts": 0}
            of_batch = update(batches).where(batches.c.id == batch.id)
            connection.execute(of_batch.values(**reopened, rejected=batches.c.rejected - count))
            moved += count
    if moved and issue.status not in (IssueStatus.SENDING, IssueStatus.PAUSED):
        take_step(connection, issue, Step.REOPEN, now, finished_at=None)
    pending = and_(batches.c.issue_id == issue_id, batches.c.status == BatchStatus.PENDING)
    connection.execute(update(batches).where(pending, WAS_TRIED).values(not_before=None, retry_at=None))
    return moved
