"""The queries of the event webhook: posts that wait, events that were seen, when the last good post came. No commits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from newsletter.db.conflicts import insert_into
from newsletter.db.schema import deliveries, mails, provider_events, webhook_posts, webhooks
from newsletter.db.statuses import MailStatus
from newsletter.delivery.states import Event, sources_of

#: The one webhook there is.
NAME = "sendgrid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """When the last post with a right signature came, and the last with a wrong one; None: never."""

    seen_at: datetime | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event as it is remembered: no address, no word of anybody's."""

    id: str
    kind: str
    at: datetime
    reader_id: int | None
    issue_id: int | None
    code: str
    outcome: str = ""


def add_post(connection: Connection, body: bytes, now: datetime) -> None:
    connection.execute(insert(webhook_posts).values(body=body, received_at=now))


def waiting_posts(connection: Connection, limit: int) -> Sequence[int]:
    """The ids of the posts that wait, oldest first."""
    query = select(webhook_posts.c.id).order_by(webhook_posts.c.id).limit(limit)
    return connection.execute(query).scalars().all()


def post_body(connection: Connection, post_id: int) -> bytes | None:
    """None when somebody else has been through it meanwhile."""
    query = select(webhook_posts.c.body).where(webhook_posts.c.id == post_id)
    body: bytes | None = connection.execute(query).scalar()
    return None if body is None else bytes(body)


def purge_post(connection: Connection, post_id: int) -> None:
    connection.execute(delete(webhook_posts).where(webhook_posts.c.id == post_id))


def add_events(connection: Connection, rows: Sequence[EventRow]) -> frozenset[str]:
    """Remember events; returns the ids of those that were not known."""
    if not rows:
        return frozenset()
    values = [{name: getattr(row, name) for name in EventRow.__dataclass_fields__} for row in rows]
    statement = insert_into(provider_events, connection.dialect.name).on_conflict_do_nothing(
        index_elements=["id"]
    )
    return frozenset(connection.execute(statement.returning(provider_events.c.id), values).scalars())


def set_outcomes(connection: Connection, outcome: str, ids: Collection[str]) -> None:
    statement = update(provider_events).where(provider_events.c.id.in_(ids))
    connection.execute(statement.values(outcome=outcome))


def forget_events(connection: Connection, before: datetime) -> int:
    """Delete events that happened before a moment; returns how many."""
    return connection.execute(delete(provider_events).where(provider_events.c.at < before)).rowcount


def open_among(connection: Connection, issue_id: int, reader_ids: Iterable[int]) -> frozenset[int]:
    """Those of the readers whose delivery the news of its arrival would change."""
    theirs = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id.in_(list(reader_ids)))
    query = select(deliveries.c.reader_id).where(*theirs, deliveries.c.status.in_(sources_of(Event.ARRIVE)))
    return frozenset(connection.execute(query).scalars())


def reader_of_mail(connection: Connection, mail_id: int) -> int | None:
    """Whom a single mail went to; None for the operator, and for a mail that is forgotten."""
    reader_id: int | None = connection.execute(
        select(mails.c.reader_id).where(mails.c.id == mail_id)
    ).scalar()
    return reader_id


def settle_mail(connection: Connection, mail_id: int, now: datetime) -> bool:
    """A single mail that was unsure did arrive; False where nothing was open."""
    unsure = update(mails).where(mails.c.id == mail_id, mails.c.status == MailStatus.UNSURE)
    return connection.execute(unsure.values(status=MailStatus.ACCEPTED, at=now, code=None)).rowcount == 1


def sign_of(connection: Connection) -> Sign:
    row = connection.execute(
        select(webhooks.c.seen_at, webhooks.c.refused_at).where(webhooks.c.name == NAME)
    ).first()
    return Sign(seen_at=row.seen_at, refused_at=row.refused_at) if row else Sign()


def note_sign(connection: Connection, **moments: datetime) -> None:
    """Write down `seen_at` or `refused_at`."""
    statement = insert_into(webhooks, connection.dialect.name).values(name=NAME, **moments)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moments))
