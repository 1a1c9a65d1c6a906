"""What a person says of a database that was put back or copied: which issues went out, and that this one sends from now on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import (
    Connection,
    and_,
    select,
)

from newsletter.app import App
from newsletter.backups.catching_up import RESTORED, doubt_mails, highest
from newsletter.commands import suggest
from newsletter.db.schema import (
    batches,
    deliveries,
    issues,
)
from newsletter.db.statuses import (
    BatchStatus,
    DeliveryStatus,
    IssueStatus,
)
from newsletter.delivery.ledger import LEASE_COLUMNS, Lease, deliveries_in, put_back, record
from newsletter.delivery.marks import Mark, next_epoch, read_mark
from newsletter.delivery.message import load_salts
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import finish_issue, resume_issue, start_issue
from newsletter.delivery.transports.outbox.maildir import file_name
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue, set_held
from newsletter.errors import BadInput, StoreError


def settle_sent(app: App, sent: Sequence[Issue], *, none_sent: bool = False) -> dict[str, Counts]:
    """Take these issues for sent, and let sending go on: whose copy does not lie in the outbox is unsure. Commits.

    Returns what is known of each, by its label. Raises BadInput for a draft, and where an issue that was going out is not named.
    """
    now = app.clock.now()
    with app.database.read() as connection:
        going = select(issues).where(issues.c.status.in_((IssueStatus.SENDING, IssueStatus.PAUSED)))
        open_issues = [Issue(**row) for row in connection.execute(going).mappings()]
    for issue in sent:
        if issue.status in (IssueStatus.DRAFT, IssueStatus.CANCELLED):
            raise BadInput(
                f"issue {issue.label} is {issue.status} in this copy, so nobody can say who has it. If it went out, "
                f"approve it first, or cancel it and leave its items out: {suggest('cancel', issue.id)}"
            )
    unnamed = [each for each in open_issues if each.id not in {issue.id for issue in sent}]
    if unnamed and not none_sent:
        raise BadInput(
            f"issue {unnamed[0].label} was going out when the copy was made: name it, too (--sent {unnamed[0].id}), "
            "or say --none-sent if nobody was mailed since"
        )
    for issue in sent:
        _settle(app, issue, now)
    with app.database.write() as connection:
        # What was queued later waits because nothing is sent.
        doubt_mails(connection, app.marks.last_written())
    _go_on(app)
    with app.database.read() as connection:
        return {issue.label: get_counts(connection, issue.id) for issue in sent}


def move_here(app: App) -> None:
    """Let this installation be the one that sends: it was moved, or is a copy that takes over. Commits.

    What else is wrong with it stays so.
    """
    kept = app.marks.read_file()
    with app.database.read() as connection:
        here = read_mark(connection) or Mark()
    waits = kept is None or here.waits or here.epoch != kept.epoch or here.begun < kept.begun
    app.marks.put(replace(here, epoch=next_epoch(here.epoch, kept.epoch if kept else "")), waits=waits)


def _go_on(app: App) -> None:
    """Begin a new epoch: what may not be sent is known."""
    try:
        kept = app.marks.read_file()
    except StoreError:
        kept = None
    with app.database.read() as connection:
        here = read_mark(connection) or Mark()
    every = [each for each in (here, kept) if each is not None]
    app.marks.put(replace(highest(every), epoch=next_epoch(*(each.epoch for each in every))))


def _settle(app: App, issue: Issue, now: datetime) -> None:
    """Give everybody in the issue's audience an outcome: accepted who is known to have it, unsure all others."""
    if issue.status is IssueStatus.APPROVED:
        with app.database.write() as connection:
            set_held(connection, issue, None, now)
        start_issue(app.database, issue.id, now, zone=app.settings.schedule.time_zone)
    with app.database.write() as connection:
        if get_issue(connection, issue.id).status is IssueStatus.PAUSED:
            resume_issue(connection, issue.id, now)
        open_batches = and_(batches.c.issue_id == issue.id, batches.c.status != BatchStatus.DONE)
        leases = [
            Lease(**row._mapping) for row in connection.execute(select(*LEASE_COLUMNS).where(open_batches))
        ]
        lying = _lying_there(app.settings.path(app.settings.paths.outbox))
        for lease in leases:
            _settle_batch(app, connection, lease, lying, now)
        finish_issue(connection, issue.id, now)


def _settle_batch(
    app: App, connection: Connection, lease: Lease, lying: frozenset[str], now: datetime
) -> None:
    def waiting(status: DeliveryStatus) -> list[int]:
        query = select(deliveries.c.reader_id).where(*deliveries_in(lease, status))
        return list(connection.execute(query).scalars())

    def step(event: Event, source: DeliveryStatus) -> None:
        outcomes = [Outcome(reader_id=each, event=event) for each in waiting(source)]
        record(connection, lease, outcomes, now, was=source)

    step(Event.COME_DUE, DeliveryStatus.RETRY)
    step(Event.BEGIN, DeliveryStatus.PENDING)
    begun = waiting(DeliveryStatus.BEGUN)
    salts = load_salts(connection, [(lease.issue_id, each) for each in begun])
    named = {pair[1]: file_name(app.message_ids.message_id(*pair, each)) for pair, each in salts.items()}
    outcomes = [
        Outcome(reader_id=each, event=Event.ACCEPT, code="250")
        if named[each] in lying
        else Outcome(reader_id=each, event=Event.LOSE_SIGHT, code=RESTORED)
        for each in begun
    ]
    record(connection, lease, outcomes, now)
    put_back(connection, lease, None, retry_at=None, status=BatchStatus.DONE)


def _lying_there(outbox: Path) -> frozenset[str]:
    """Return the names of the messages in an outbox, wherever a mail program has moved them: "cur/<name>:2,S"."""
    found = (each for part in ("new", "cur") for each in (outbox / part).glob("*.eml*"))
    return frozenset(each.name.partition(":")[0] for each in found)
