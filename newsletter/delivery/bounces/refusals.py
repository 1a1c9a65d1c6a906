"""What servers refused at once, while an issue went out: judged by the same rules as what comes back later.

In whole statements, since a large issue may have tens of thousands of refusals.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, literal, not_, or_, select, update

from newsletter.db.schema import deliveries, mails, readers, reports
from newsletter.db.statuses import DeliveryStatus, ReaderStatus
from newsletter.delivery.bounces import store
from newsletter.delivery.bounces.parse import DEAD, POLICY, POLICY_SUBJECTS, Tolerance
from newsletter.readers.store import MAY_BECOME


def judge_refusals(
    connection: Connection, issue_id: int, now: datetime, tolerance: Tolerance | None = None
) -> int:
    """Give up the addresses that the issue showed to be dead, and count the soft refusals.

    Return how many were given up. What a report said already is not judged again; repeating it changes nothing.
    """
    tolerance = tolerance or Tolerance()
    code = func.coalesce(deliveries.c.code, "")
    policy = (code.startswith(each, autoescape=True) for each in POLICY_SUBJECTS)
    is_soft = not_(or_(code.in_(DEAD | POLICY), *policy))
    store.add_soft_bounces(connection, _refused(issue_id, is_soft), now)
    worn_out = [
        reader_id
        for reader_id in store.bounced_often(connection, issue_id, tolerance.issues)
        if tolerance.is_exceeded(store.last_bounces(connection, reader_id, tolerance.issues))
    ]
    dead = select(deliveries.c.reader_id).where(_refused(issue_id, deliveries.c.code.in_(DEAD)))
    return _give_up(connection, readers.c.id.in_(dead), now) + sum(
        _give_up(connection, readers.c.id == reader_id, now) for reader_id in worn_out
    )


def _refused(issue_id: int, meaning: ColumnElement[bool]) -> ColumnElement[bool]:
    reported = select(literal(1)).where(
        reports.c.reader_id == deliveries.c.reader_id, reports.c.issue_id == issue_id
    )
    return and_(
        deliveries.c.issue_id == issue_id,
        deliveries.c.status == DeliveryStatus.REJECTED,
        meaning,
        not_(reported.exists()),
    )


def _give_up(connection: Connection, who: ColumnElement[bool], now: datetime) -> int:
    before = [each for each, after in MAY_BECOME.items() if ReaderStatus.BOUNCED in after]
    able = select(readers.c.id).where(who, readers.c.status.in_(before))
    theirs = update(mails).where(mails.c.reader_id.in_(able), mails.c.answered_at.is_(None))
    connection.execute(theirs.values(answered_at=now))
    statement = update(readers).where(who, readers.c.status.in_(before))
    return connection.execute(statement.values(status=ReaderStatus.BOUNCED, status_at=now)).rowcount
