"""What the desk asks about readers: finding some among a million by an index, and one reader's history.

Nothing here commits. Who calls this sees personal data: the pages are for publishers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, literal_column, or_, select

from newsletter.db.schema import deliveries, issues, mails, readers, reports, soft_bounces
from newsletter.db.statuses import DeliveryStatus, Edition, MailKind, MailStatus, ReaderStatus, ReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundReader:
    """A reader in a list. `address` is None once erased."""

    id: int
    address: str | None
    name: str
    status: ReaderStatus
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A reader's copy of an issue. `code` says how it ended, where there is anything to say."""

    issue_id: int
    edition: Edition
    number: int | None
    status: DeliveryStatus
    at: datetime | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleMail:
    """A single mail to a reader."""

    id: int
    kind: MailKind
    status: MailStatus
    queued_at: datetime
    at: datetime | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What came back by mail about a reader's copy; `issue_id` is 0 for a single mail."""

    what: str
    at: datetime
    issue_id: int
    code: str


_FOUND = tuple(readers.c[name] for name in FoundReader.__dataclass_fields__)


def page_of_readers(
    connection: Connection, limit: int, *, status: ReaderStatus | None = None, before: int | None = None
) -> tuple[FoundReader, ...]:
    """The latest readers first; those before one's id, and of one status, where asked for."""
    query = select(*_FOUND).order_by(readers.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(readers.c.id < before)
    if status is not None:
        query = query.where(readers.c.status == status)
    if status not in (None, ReaderStatus.ACTIVE):
        # Said as the index says it: the few who are not active are found without passing everybody else.
        query = query.where(literal_column("status <> 'active'"))
    return tuple(FoundReader(**row._mapping) for row in connection.execute(query))


def find_by_id(connection: Connection, reader_id: int) -> tuple[FoundReader, ...]:
    rows = connection.execute(select(*_FOUND).where(readers.c.id == reader_id))
    return tuple(FoundReader(**row._mapping) for row in rows)


def find_by_address(connection: Connection, beginning: str, limit: int) -> tuple[FoundReader, ...]:
    """Readers whose address, casefolded, begins so."""
    query = select(*_FOUND).where(_begins(readers.c.address_key, beginning))
    rows = connection.execute(query.order_by(readers.c.address_key).limit(limit))
    return tuple(FoundReader(**row._mapping) for row in rows)


def find_by_name(connection: Connection, beginnings: Iterable[str], limit: int) -> tuple[FoundReader, ...]:
    """Readers whose name begins in one of these ways."""
    begins = or_(*(_begins(readers.c.name, each) for each in beginnings))
    query = select(*_FOUND).where(begins, literal_column("name <> ''"))
    rows = connection.execute(query.order_by(readers.c.name).limit(limit))
    return tuple(FoundReader(**row._mapping) for row in rows)


def _begins(column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    """As a range, which an index answers on either database."""
    return (column >= beginning) & (column < beginning + "\U0010ffff")


# ── one reader ─────────────────────────────────────────────────────────────────────────────────────────


def copies_of(connection: Connection, reader_id: int, limit: int) -> tuple[Copy, ...]:
    """The reader's copies of the latest issues: looked up issue by issue, for the ledger is kept by issue."""
    latest = select(issues.c.id).order_by(issues.c.id.desc()).limit(limit)
    columns = (deliveries.c.issue_id, issues.c.edition, issues.c.number)
    query = (
        select(*columns, deliveries.c.status, deliveries.c.at, deliveries.c.code)
        .join_from(deliveries, issues, issues.c.id == deliveries.c.issue_id)
        .where(deliveries.c.issue_id.in_(latest), deliveries.c.reader_id == reader_id)
        .order_by(deliveries.c.issue_id.desc())
    )
    return tuple(Copy(**row._mapping) for row in connection.execute(query))


def mails_to(connection: Connection, reader_id: int, limit: int) -> tuple[SingleMail, ...]:
    columns = (mails.c[name] for name in SingleMail.__dataclass_fields__)
    query = select(*columns).where(mails.c.reader_id == reader_id).order_by(mails.c.id.desc()).limit(limit)
    return tuple(SingleMail(**row._mapping) for row in connection.execute(query))


def feedback_on(connection: Connection, reader_id: int) -> tuple[Feedback, ...]:
    """What came back, the latest first."""
    reported = select(reports.c.kind, reports.c.at, reports.c.issue_id, reports.c.code)
    bounced = select(soft_bounces.c.at, soft_bounces.c.issue_id, soft_bounces.c.code)
    found = [
        Feedback(what=ReportKind(row.kind).value, at=row.at, issue_id=row.issue_id, code=row.code)
        for row in connection.execute(reported.where(reports.c.reader_id == reader_id))
    ]
    found += [
        Feedback(what="soft bounce", at=row.at, issue_id=row.issue_id, code=row.code)
        for row in connection.execute(bounced.where(soft_bounces.c.reader_id == reader_id))
    ]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))
