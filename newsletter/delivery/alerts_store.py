"""The alerts that a URL has to be told of: which, and what became of it. Telling it is herald.py."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from newsletter.db.schema import alerts

#: What is older is no news to a URL that was set, or came back, only now.
NEWS = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the operator must be told; `key` makes it one event, `tries` counts how often the URL was tried before."""

    key: str
    at: datetime
    subject: str
    body: str
    tries: int


def take_untold(connection: Connection, now: datetime, most: int, until: datetime) -> Alert | None:
    """The oldest alert that the URL is to be told of, kept from everybody else `until`; None when there is none."""
    due = (alerts.c.post_after.is_(None)) | (alerts.c.post_after <= now)
    query = (
        select(alerts.c.key, alerts.c.at, alerts.c.subject, alerts.c.body, alerts.c.posts.label("tries"))
        .where(alerts.c.posted_at.is_(None), alerts.c.posts < most, alerts.c.at > now - NEWS, due)
        .order_by(alerts.c.at, alerts.c.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    taken = {"posts": alerts.c.posts + 1, "post_after": until}
    connection.execute(update(alerts).where(alerts.c.key == row.key).values(taken))
    return Alert(**row._mapping)


def note_told(connection: Connection, key: str, now: datetime) -> None:
    """The URL took it."""
    connection.execute(update(alerts).where(alerts.c.key == key).values(posted_at=now))


def note_untold(connection: Connection, key: str, again: datetime) -> None:
    """The URL did not take it: it is tried again at that time."""
    connection.execute(update(alerts).where(alerts.c.key == key).values(post_after=again))
