"""The queries on an issue's links and their clicks. Nothing here commits, but `count_clicks`."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from newsletter.db.conflicts import insert_into
from newsletter.db.engine import Database
from newsletter.db.schema import clicks, issues, links
from newsletter.db.statuses import ClickKind
from newsletter.digest.clicks import Click, IssueLink, LinkClicks, Uncounted
from newsletter.errors import NotFound

log = logging.getLogger(__name__)


def put_links(connection: Connection, issue_id: int, frozen: Iterable[IssueLink]) -> None:
    """Replace the issue's links; what was counted of earlier ones goes with them."""
    for table in (clicks, links):
        connection.execute(delete(table).where(table.c.issue_id == issue_id))
    rows = [{"issue_id": issue_id, **asdict(each)} for each in frozen]
    if rows:
        connection.execute(insert(links), rows)


def links_of(connection: Connection, issue_id: int) -> tuple[IssueLink, ...]:
    """The links that approval froze, by number; none where clicks were not to be counted."""
    query = select(links.c.number, links.c.url, links.c.place).where(links.c.issue_id == issue_id)
    return tuple(IssueLink(**row) for row in connection.execute(query.order_by(links.c.number)).mappings())


def get_target(connection: Connection, issue_id: int, number: int) -> tuple[str, datetime | None]:
    """Where a link of the issue leads, and when the issue began to go out; raises NotFound."""
    query = select(links.c.url, issues.c.started_at).join(issues, issues.c.id == links.c.issue_id)
    found = connection.execute(
        query.where(links.c.issue_id == issue_id, links.c.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound("link", f"{issue_id}/{number}")
    return found.url, found.started_at


def count_clicks(database: Database, uncounted: Uncounted) -> None:
    """Write what waits, unless somebody does already. Commits; a busy database leaves it to the next click."""
    while uncounted.writing.acquire(blocking=False):
        try:
            counts = uncounted.take()
            if not counts:
                return
            try:
                with database.write() as connection:
                    add_clicks(connection, counts)
            except DBAPIError as error:
                log.warning("clicks wait to be counted: %s", type(error).__name__)
                uncounted.put_back(counts)
                return
        finally:
            uncounted.writing.release()


def add_clicks(connection: Connection, counts: Mapping[Click, int]) -> None:
    """Add to the counts; clicks on links that were withdrawn meanwhile are left out."""
    known = {each: links_of(connection, each) for each in {click.issue_id for click in counts}}
    numbers = {(issue_id, link.number) for issue_id, of_issue in known.items() for link in of_issue}
    rows = [
        {**asdict(each), "count": count}
        for each, count in sorted(
            counts.items(), key=lambda each: (each[0].issue_id, each[0].number, each[0].kind)
        )
        if count and (each.issue_id, each.number) in numbers
    ]
    if not rows:
        return
    statement = insert_into(clicks, connection.dialect.name)
    upsert = statement.on_conflict_do_update(
        index_elements=["issue_id", "number", "kind", "day"],
        set_={"count": clicks.c.count + statement.excluded["count"]},
    )
    connection.execute(upsert, rows)


def clicks_of(connection: Connection, issue_id: int) -> tuple[LinkClicks, ...]:
    """Every frozen link of the issue with its clicks, in the order of the mail."""
    query = select(clicks.c.number, clicks.c.kind, func.sum(clicks.c.count).label("clicked"))
    query = query.where(clicks.c.issue_id == issue_id).group_by(clicks.c.number, clicks.c.kind)
    counted = {(row.number, row.kind): int(row.clicked) for row in connection.execute(query)}
    return tuple(
        LinkClicks(link=each, **{kind.value: counted.get((each.number, kind), 0) for kind in ClickKind})
        for each in links_of(connection, issue_id)
    )


def clicks_by_issue(connection: Connection) -> dict[int, dict[ClickKind, int]]:
    """All clicks of every issue that has any, by kind."""
    query = select(clicks.c.issue_id, clicks.c.kind, func.sum(clicks.c.count).label("clicked"))
    found: dict[int, dict[ClickKind, int]] = {}
    for row in connection.execute(query.group_by(clicks.c.issue_id, clicks.c.kind)):
        found.setdefault(row.issue_id, dict.fromkeys(ClickKind, 0))[row.kind] = int(row.clicked)
    return found
