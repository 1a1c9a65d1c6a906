"""Which messages were written into the outbox, from the records of what was sent: the folder may hold a million files."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter.db.schema import deliveries, editors, issues, mails, readers
from newsletter.db.statuses import DeliveryStatus, Edition, MailStatus
from newsletter.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message. `issue_id` is 0 for a single mail, and `reader_id` is then the mail's own number; `to` is None once erased."""

    issue_id: int
    reader_id: int
    what: str
    to: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentIssue:
    """An issue of which copies went out."""

    id: int
    edition: Edition
    number: int | None
    started_at: datetime


def single_mails(connection: Connection, limit: int, before: int | None = None) -> tuple[Sent, ...]:
    """The latest single mails that went out; those before one's number where asked for. `to` is None for the operator."""
    to = func.coalesce(readers.c.address, editors.c.address).label("to")
    query = (
        select(mails.c.id, mails.c.kind, mails.c.at, to)
        .join_from(mails, readers, readers.c.id == mails.c.reader_id, isouter=True)
        .outerjoin(editors, editors.c.id == mails.c.editor_id)
        .where(mails.c.status == MailStatus.ACCEPTED)
    )
    if before is not None:
        query = query.where(mails.c.id < before)
    rows = connection.execute(query.order_by(mails.c.id.desc()).limit(limit))
    return tuple(
        Sent(issue_id=0, reader_id=row.id, what=row.kind.value, to=row.to, at=row.at) for row in rows
    )


def sent_issues(connection: Connection, limit: int) -> tuple[SentIssue, ...]:
    """The latest issues that began to go out."""
    columns = (issues.c[name] for name in SentIssue.__dataclass_fields__)
    query = select(*columns).where(issues.c.started_at.is_not(None)).order_by(issues.c.id.desc())
    return tuple(SentIssue(**row._mapping) for row in connection.execute(query.limit(limit)))


def sent_issue(connection: Connection, issue_id: int) -> SentIssue:
    """An issue that began to go out; raises NotFound for any other."""
    columns = (issues.c[name] for name in SentIssue.__dataclass_fields__)
    query = select(*columns).where(issues.c.id == issue_id, issues.c.started_at.is_not(None))
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("issue in the outbox", issue_id)
    return SentIssue(**row._mapping)


def copies_out(connection: Connection, issue_id: int, limit: int, after: int = 0) -> tuple[Sent, ...]:
    """Copies of an issue, by reader's number, those after one's."""
    query = (
        select(deliveries.c.reader_id, deliveries.c.at, readers.c.address)
        .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
        .where(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id > after,
            deliveries.c.status == DeliveryStatus.ACCEPTED,
        )
        .order_by(deliveries.c.reader_id)
        .limit(limit)
    )
    return tuple(
        Sent(issue_id=issue_id, reader_id=row.reader_id, what="copy", to=row.address, at=row.at)
        for row in connection.execute(query)
    )
