"""The queries of bounces: which reports were read, who bounced softly, how far a mailbox was read. No commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, literal, select, update

from newsletter.db.engine import insert_into
from newsletter.db.schema import deliveries, issues, mailboxes, mails, reports, soft_bounces
from newsletter.db.statuses import IssueStatus, MailStatus, ReportKind
from newsletter.delivery.bounces.parse import Report

#: Single mails of a reader that are tried for a Message-ID.
_MAILS = 20
_WENT_OUT = (IssueStatus.SENDING, IssueStatus.PAUSED, IssueStatus.SENT, IssueStatus.CANCELLED)


def add_report(
    connection: Connection, report: Report, *, reader_id: int, issue_id: int, now: datetime
) -> bool:
    """Remember a report, without an address or a word of anybody's; return False when it was read before."""
    values = {
        "key": report.key,
        "kind": report.kind,
        "at": now,
        "reader_id": reader_id,
        "issue_id": issue_id,
        "code": report.code,
        "outcome": "",
    }
    statement = (
        insert_into(reports, connection.dialect.name)
        .values(values)
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return connection.execute(statement.returning(reports.c.key)).first() is not None


def set_outcome(connection: Connection, key: str, outcome: str) -> None:
    """Note what came of a report."""
    connection.execute(update(reports).where(reports.c.key == key).values(outcome=outcome))


def count_reports(connection: Connection, since: datetime) -> list[tuple[ReportKind, str, str, int]]:
    """Return how many reports there were of each kind, outcome and code, the most frequent first."""
    columns = (reports.c.kind, reports.c.outcome, reports.c.code)
    number = func.count().label("number")
    query = select(*columns, number).where(reports.c.at >= since).group_by(*columns)
    rows = connection.execute(query.order_by(number.desc(), *columns))
    return [(row.kind, row.outcome, row.code, row.number) for row in rows]


def count_complaints(connection: Connection, issue_id: int, since: datetime) -> int:
    """Return how many readers complained of the issue."""
    theirs = (reports.c.issue_id == issue_id, reports.c.kind == ReportKind.COMPLAINT, reports.c.at >= since)
    return connection.execute(select(func.count()).select_from(reports).where(*theirs)).scalar_one()


def add_soft_bounce(connection: Connection, reader_id: int, issue_id: int, code: str, now: datetime) -> None:
    """Count a soft bounce; an issue counts once."""
    values = {"reader_id": reader_id, "issue_id": issue_id, "at": now, "code": code}
    statement = insert_into(soft_bounces, connection.dialect.name).values(values)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["reader_id", "issue_id"]))


def add_soft_bounces(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Count a soft bounce for each of these deliveries."""
    at = literal(now, soft_bounces.c.at.type)
    code = func.coalesce(deliveries.c.code, "")
    rows = select(deliveries.c.reader_id, deliveries.c.issue_id, at, code).where(which)
    statement = insert_into(soft_bounces, connection.dialect.name).from_select(
        ["reader_id", "issue_id", "at", "code"], rows
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["reader_id", "issue_id"]))


def bounced_often(connection: Connection, issue_id: int, times: int) -> Sequence[int]:
    """Return the readers of whom this issue and others, at least so many in all, bounced softly."""
    now = select(soft_bounces.c.reader_id).where(soft_bounces.c.issue_id == issue_id)
    query = select(soft_bounces.c.reader_id).where(soft_bounces.c.reader_id.in_(now))
    query = query.group_by(soft_bounces.c.reader_id).having(func.count() >= times)
    return connection.execute(query).scalars().all()


def last_bounces(connection: Connection, reader_id: int, limit: int) -> Sequence[datetime | None]:
    """Return for each of the last issues that went to the reader, newest first, when it bounced softly, or None."""
    bounced = (soft_bounces.c.issue_id == issues.c.id) & (soft_bounces.c.reader_id == reader_id)
    theirs = (deliveries.c.issue_id == issues.c.id) & (deliveries.c.reader_id == reader_id)
    query = (
        select(soft_bounces.c.at)
        .select_from(issues.join(deliveries, theirs).join(soft_bounces, bounced, isouter=True))
        .where(issues.c.status.in_(_WENT_OUT))
        .order_by(issues.c.id.desc())
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def mails_to(connection: Connection, reader_id: int) -> Sequence[int]:
    """Return the ids of the last single mails to a reader."""
    query = select(mails.c.id).where(mails.c.reader_id == reader_id).order_by(mails.c.id.desc())
    return connection.execute(query.limit(_MAILS)).scalars().all()


def return_mail(connection: Connection, mail_id: int, code: str, now: datetime) -> None:
    """Note that a single mail came back."""
    settled = (MailStatus.ACCEPTED, MailStatus.UNSURE, MailStatus.BEGUN)
    statement = update(mails).where(mails.c.id == mail_id, mails.c.status.in_(settled))
    connection.execute(statement.values(status=MailStatus.REJECTED, code=code or None, at=now, values={}))


# ── mailboxes ──────────────────────────────────────────────────────────────────────────────────────────


def last_uid(connection: Connection, mailbox: str, validity: int) -> int:
    """Return the last UID of the mailbox that was looked at; 0 when none was, or its UIDs began anew."""
    known = mailboxes.c.name == mailbox, mailboxes.c.validity == validity
    return connection.execute(select(mailboxes.c.last_uid).where(*known)).scalar() or 0


def set_last_uid(connection: Connection, mailbox: str, validity: int, uid: int) -> None:
    """Note how far the mailbox was read."""
    values = {"validity": validity, "last_uid": uid}
    known = update(mailboxes).where(mailboxes.c.name == mailbox).values(values)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(mailboxes).values(name=mailbox, **values))
