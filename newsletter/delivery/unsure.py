"""Who is unsure of an issue, page by page, and sending to them once more.

Of a million deliveries only the batches that have any unsure are read.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select, update

from newsletter.db.schema import batches, deliveries, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery.states import Event, target_of
from newsletter.digest.issues import Step
from newsletter.digest.store import get_issue, take_step
from newsletter.errors import StoreBusy


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """A reader of whom nobody can say whether the issue arrived; `code` says how sight of it was lost."""

    reader_id: int
    address: str | None
    batch_id: int
    code: str
    at: datetime

    @property
    def words(self) -> str:
        """What is known of it."""
        return unsure_words(self.code)


def unsure_words(code: str) -> str:
    """Return what is known of a message of which nobody can say whether it arrived."""
    if code.isdigit():
        return f"the provider answered {code}, which does not say whether it took the request"
    return _KNOWN.get(code, "the connection ended before the server answered")


_KNOWN = {
    "no-journal": "its sender fell silent; whether it had begun with this reader is not known",
    "killed": "its sender was killed before the server's answer was written down",
    "restored": "the database was put back from a copy of before; what was sent since is not known",
    "no-reply": "the whole message had left, and the server never answered",
    "timeout": "the whole request had left, and the provider never answered",
}

_UNSURE = (
    select(
        deliveries.c.reader_id,
        readers.c.address,
        deliveries.c.batch_id,
        func.coalesce(deliveries.c.code, "").label("code"),
        deliveries.c.at,
    )
    .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
    .where(deliveries.c.status == DeliveryStatus.UNSURE)
    .order_by(deliveries.c.reader_id)
)


def list_unsure(connection: Connection, issue_id: int) -> tuple[Unsure, ...]:
    """Return everyone whose delivery is unsure, by reader id."""
    found: list[Unsure] = []
    while page := list_unsure_page(
        connection, issue_id, after=found[-1].reader_id if found else 0, limit=1_000
    ):
        found += page
    return tuple(found)


def list_unsure_page(
    connection: Connection, issue_id: int, *, after: int = 0, limit: int = 50
) -> tuple[Unsure, ...]:
    """Return the next `limit` of them by reader id, beyond `after`."""
    found: list[Unsure] = []
    mine = (batches.c.issue_id == issue_id, batches.c.unsure > 0, batches.c.high > after)
    # Batches of one send time are in the order of their readers; those of several overlap.
    ranges = select(batches.c.id, batches.c.low, batches.c.high).where(*mine).order_by(batches.c.low)
    for batch_id, low, high in connection.execute(ranges).all():
        if len(found) >= limit and low > found[limit - 1].reader_id:
            break
        part = _UNSURE.where(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id.between(max(low, after + 1), high),
            deliveries.c.batch_id == batch_id,
        )
        found += (Unsure(**row._mapping) for row in connection.execute(part.limit(limit)))
        found.sort(key=lambda each: each.reader_id)
    return tuple(found[:limit])


def send_again(
    connection: Connection, issue_id: int, reader_ids: Collection[int] | None, now: datetime
) -> int:
    """Put unsure deliveries back among the waiting, of these readers or (None) of all: they may get a second copy.

    Returns how many. An issue that is sent goes out again for them. Raises StoreBusy while a sender works on their batches, and
    InvalidTransition for a cancelled issue, of which nobody is mailed any more.
    """
    issue = get_issue(connection, issue_id)
    if issue.status not in (IssueStatus.SENDING, IssueStatus.PAUSED):
        take_step(connection, issue, Step.REOPEN, now, finished_at=None)
    wanted = None if reader_ids is None else set(reader_ids)
    by_batch: dict[int, list[int]] = {}
    for each in list_unsure(connection, issue_id):
        if wanted is None or each.reader_id in wanted:
            by_batch.setdefault(each.batch_id, []).append(each.reader_id)
    moved = 0
    for batch_id, group in by_batch.items():
        of_group = and_(deliveries.c.issue_id == issue_id, deliveries.c.reader_id.in_(group))
        unsure = and_(of_group, deliveries.c.status == DeliveryStatus.UNSURE)
        waiting = {"status": target_of(Event.SEND_AGAIN), "code": None}
        count = connection.execute(update(deliveries).where(unsure).values(waiting)).rowcount
        reopened = {"status": BatchStatus.PENDING, "not_before": None, "unsure": batches.c.unsure - count}
        done = and_(batches.c.id == batch_id, batches.c.status != BatchStatus.RUNNING)
        if connection.execute(update(batches).where(done).values(reopened)).rowcount != 1:
            raise StoreBusy("A sender works on some of these readers. Pause the issue first.")
        moved += count
    return moved
