"""The outbox as the desk shows it: which messages were written into it, and one of them taken apart.

Which there are is known from the records of what was sent: the folder may hold a million files.
"""

import email
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from sqlalchemy import Connection, func, select

from newsletter.app import App
from newsletter.db.schema import deliveries, editors, issues, mails, readers
from newsletter.db.statuses import DeliveryStatus, MailStatus
from newsletter.delivery.message import load_salts
from newsletter.delivery.transports.outbox.maildir import file_name
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail:
    """A message in a list. `issue_id` is 0 for a single mail, and `reader_id` is then the mail's own number; `to` is None once erased."""

    issue_id: int
    reader_id: int
    what: str
    to: str | None
    at: datetime | None


def single_mails(connection: Connection, limit: int, before: int | None = None) -> tuple[ListedMail, ...]:
    """List the latest single mails that went out; those before one's number where asked for. `to` is None for the operator."""
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
        ListedMail(issue_id=0, reader_id=row.id, what=row.kind.value, to=row.to, at=row.at) for row in rows
    )


def sent_issues(connection: Connection, limit: int) -> tuple[Issue, ...]:
    """List the latest issues that began to go out."""
    query = select(issues).where(issues.c.started_at.is_not(None)).order_by(issues.c.id.desc())
    return tuple(Issue(**row) for row in connection.execute(query.limit(limit)).mappings())


def sent_issue(connection: Connection, issue_id: int) -> Issue:
    """Return an issue that began to go out; raises NotFound for any other."""
    issue = get_issue(connection, issue_id)
    if issue.started_at is None:
        raise NotFound("issue in the outbox", issue_id)
    return issue


def copies_out(connection: Connection, issue_id: int, limit: int, after: int = 0) -> tuple[ListedMail, ...]:
    """List copies of an issue, by reader's number, those after one's."""
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
        ListedMail(issue_id=issue_id, reader_id=row.reader_id, what="copy", to=row.address, at=row.at)
        for row in connection.execute(query)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMail:
    """A message, taken apart: headers, both parts, and the bytes as they lie there. A part that it does not have is empty."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    source: str


def read_mail(app: App, issue_id: int, reader_id: int) -> OutboxMail:
    """Read the message of an issue to a reader, or the single mail of that number where `issue_id` is 0; raises NotFound."""
    with app.database.read() as connection:
        [salts] = load_salts(connection, [(issue_id, reader_id)]).values()
    name = file_name(app.message_ids.message_id(issue_id, reader_id, salts))
    raw = _find(app.settings.path(app.settings.paths.outbox), name)
    if raw is None:
        raise NotFound("message", name)
    message = email.message_from_bytes(raw, policy=default)
    return OutboxMail(
        subject=str(message["Subject"] or ""),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=raw.decode("utf-8", "replace"),
    )


def _find(outbox: Path, name: str) -> bytes | None:
    """Read a message wherever a mail program has moved it: "cur/<name>:2,S" is found by its beginning."""
    try:
        return (outbox / "new" / name).read_bytes()
    except OSError:
        pass
    moved = sorted((outbox / "cur").glob(f"{name}*")) if (outbox / "cur").is_dir() else []
    return moved[0].read_bytes() if moved else None


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
