"""The life of an issue while it goes out: start, pause, resume, finish, and which issues have work.

The ledger's protocol is in ledger.py and takeover.py, what is unsure in unsure.py, who sends in status.py. Functions
that take a `Database` commit.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)

from newsletter.commands import suggest
from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, issues, mails, plans, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, MailStatus
from newsletter.delivery.audience import audience, split_by_send_time
from newsletter.delivery.bounces.refusals import judge_refusals
from newsletter.delivery.ledger import LEASE_COLUMNS, Lease, cancel_batch
from newsletter.delivery.progress import Counts, get_counts
from newsletter.digest.issues import Issue, Step
from newsletter.digest.store import get_issue, take_step
from newsletter.errors import BadInput, StoreError

#: Readers of a batch, which are claimed together: as few as share a small audience out among the connections, as
#: many as fit into a provider's request.
SMALLEST_BATCH, LARGEST_BATCH, WANTED_BATCHES = 100, 1_000, 16

_HAS_WORK = or_(
    issues.c.status == IssueStatus.SENDING,
    and_(
        issues.c.status == IssueStatus.CANCELLED,
        exists().where(batches.c.issue_id == issues.c.id, batches.c.status != BatchStatus.DONE),
    ),
)


def start_issue(
    database: Database,
    issue_id: int,
    now: datetime,
    *,
    zone: str = "UTC",
    note: Callable[[Connection], None] = lambda connection: None,
) -> Counts:
    """Freeze the audience into batches and deliveries, and let the issue go: approved → sending, in one transaction.

    Readers who want it at an hour of their own day wait for that hour; `zone` is for those who named none.
    An issue that is going out or paused is left as it is, so that starting twice changes nothing. `note` writes down
    in the same transaction that it was started here. Raises BadInput for an issue that is on hold.
    """
    with database.write() as connection:
        # Who starts it a moment later waits here and joins.
        connection.execute(select(issues.c.id).where(issues.c.id == issue_id).with_for_update())
        issue = get_issue(connection, issue_id)
        if issue.status not in (IssueStatus.SENDING, IssueStatus.PAUSED):
            if issue.held_at is not None and issue.status is IssueStatus.APPROVED:
                raise BadInput(
                    f"issue {issue.label} is on hold since {issue.held_at:%Y-%m-%d %H:%M} UTC. "
                    f"To let it go: {suggest('release', issue.id)}"
                )
            take_step(connection, issue, Step.START, now, started_at=now, reason="")
            everybody = audience(issue.edition, now.date())
            for not_before, members in split_by_send_time(connection, everybody, now, zone):
                _freeze_part(connection, issue, members, not_before)
            note(connection)
        return get_counts(connection, issue_id)


def _freeze_part(
    connection: Connection, issue: Issue, whole: Select[tuple[int]], not_before: datetime | None
) -> None:
    """Freeze one part batch by batch: a join of batches and readers would leave the order of reading to the database.

    PostgreSQL, which knows nothing yet of batches made a moment ago, read all readers for each of them.
    """
    total = connection.execute(select(func.count()).select_from(whole.subquery())).scalar_one()
    size = min(LARGEST_BATCH, max(SMALLEST_BATCH, total // WANTED_BATCHES))
    batch = insert(batches).values(
        issue_id=issue.id,
        variant=_only_variant(connection, issue.id),
        status=BatchStatus.PENDING,
        not_before=not_before,
    )
    members = whole.where(readers.c.id.between(bindparam("b_low"), bindparam("b_high")))
    batch_id = bindparam("b_batch", type_=deliveries.c.batch_id.type)
    rows = members.add_columns(literal(issue.id), batch_id, literal(DeliveryStatus.PENDING.value))
    copies = insert(deliveries).from_select(
        ["reader_id", "issue_id", "batch_id", "status"], rows.order_by(readers.c.id)
    )
    parts = [
        {"low": low, "high": high, "readers": count} for low, high, count in _parts(connection, whole, size)
    ]
    if parts:
        made = connection.execute(
            batch.returning(batches.c.id, sort_by_parameter_order=True), parts
        ).scalars()
        for part, made_id in zip(parts, made.all(), strict=True):
            connection.execute(copies, {"b_low": part["low"], "b_high": part["high"], "b_batch": made_id})


def _parts(connection: Connection, whole: Select[tuple[int]], size: int) -> Iterator[tuple[int, int, int]]:
    """Yield lowest id, highest id and count of one part of the audience after the other.

    A step through the index for each part: numbering the rows would take as long as writing them.
    """
    after = whole.where(readers.c.id > bindparam("b_last")).order_by(readers.c.id).limit(size).subquery()
    bounds = select(func.min(after.c.id), func.max(after.c.id), func.count()).select_from(after)
    last = 0
    while True:
        low, high, count = connection.execute(bounds, {"b_last": last}).one()
        if not count:
            return
        yield low, high, count
        last = high


def _only_variant(connection: Connection, issue_id: int) -> str:
    """Return the name of the one plan that everybody gets; raises StoreError where there are more or none."""
    variants = connection.execute(select(plans.c.variant).where(plans.c.issue_id == issue_id)).scalars().all()
    if len(variants) != 1:
        raise StoreError(f"Issue {issue_id} has {len(variants)} plans where one is wanted.")
    return str(variants[0])


def finish_issue(connection: Connection, issue_id: int, now: datetime) -> bool:
    """Move sending → sent once no batch is open; False while one is, or when the issue is not going out.

    With it goes what the servers' refusals say of readers.
    """
    query = select(issues.c.id).where(issues.c.id == issue_id).with_for_update()
    connection.execute(query).one()
    issue = get_issue(connection, issue_id)
    left = exists().where(batches.c.issue_id == issue_id, batches.c.status != BatchStatus.DONE)
    if issue.status is not IssueStatus.SENDING or connection.execute(select(left)).scalar():
        return False
    take_step(connection, issue, Step.FINISH, now, finished_at=now)
    judge_refusals(connection, issue_id, now)
    return True


def pause_issue(connection: Connection, issue_id: int, reason: str, now: datetime) -> Issue:
    """Move sending → paused: senders finish the windows they have begun and begin no other."""
    return take_step(connection, get_issue(connection, issue_id), Step.PAUSE, now, reason=reason)


def resume_issue(connection: Connection, issue_id: int, now: datetime) -> Issue:
    """Move paused → sending."""
    return take_step(connection, get_issue(connection, issue_id), Step.RESUME, now, reason="")


def list_issues_with_work(connection: Connection) -> tuple[int, ...]:
    """Return the issues a sender has work on: those going out, and cancelled ones with a dead sender's batch."""
    return tuple(connection.execute(select(issues.c.id).where(_HAS_WORK).order_by(issues.c.id)).scalars())


def list_current_issues(connection: Connection) -> tuple[int, ...]:
    """Return the issues that are not over, oldest first, after the one sent last and any cancelled since."""
    over = (IssueStatus.SENT, IssueStatus.CANCELLED)
    going = select(issues.c.id).where(or_(issues.c.status.not_in(over), _HAS_WORK)).order_by(issues.c.id)
    last = select(issues.c.id).where(issues.c.status == IssueStatus.SENT)
    sent = connection.execute(last.order_by(issues.c.finished_at.desc()).limit(1)).scalars().all()
    ended = select(issues.c.id).where(issues.c.status.in_(over)).order_by(issues.c.updated_at.desc())
    latest = connection.execute(ended.limit(1)).scalars().all()
    return tuple(dict.fromkeys((*sent, *latest, *connection.execute(going).scalars())))


def skip_waiting(connection: Connection, issue_id: int, now: datetime) -> int:
    """Skip whoever still waits in a cancelled issue, in batches that nobody owns; returns how many.

    A batch that a sender holds is skipped by that sender, once the window it has begun is recorded.
    """
    if get_issue(connection, issue_id).status is not IssueStatus.CANCELLED:
        return 0
    waiting = and_(batches.c.issue_id == issue_id, batches.c.status == BatchStatus.PENDING)
    query = select(*LEASE_COLUMNS).where(waiting).order_by(batches.c.id).with_for_update()
    leases = [Lease(**row._mapping) for row in connection.execute(query)]
    return sum(cancel_batch(connection, lease, now) for lease in leases)


def list_owners(connection: Connection) -> frozenset[str]:
    """Return everybody who has a batch of any issue, or has begun a single mail, dead or alive: theirs are the journals needed."""
    of_batches = select(batches.c.owner).where(batches.c.owner.is_not(None))
    of_mails = select(mails.c.owner).where(mails.c.status == MailStatus.BEGUN, mails.c.owner.is_not(None))
    return frozenset(connection.execute(union(of_batches, of_mails)).scalars())
