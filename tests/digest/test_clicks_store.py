"""Links and their clicks on both databases: added up, never lost to another, gone with the approval."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, select

from newsletter.db.engine import Database
from newsletter.db.schema import clicks
from newsletter.db.statuses import ClickKind, Edition
from newsletter.digest import store
from newsletter.digest.clicks import (
    Click,
    IssueLink,
    LinkClicks,
    Uncounted,
    add_clicks,
    clicks_by_issue,
    clicks_of,
    count_clicks,
    get_target,
    links_of,
    put_links,
)
from newsletter.errors import NotFound
from tests.digest.week import CUTOFF, SEND_AT

DAY = date(2026, 11, 26)
LINKS = (
    IssueLink(number=1, url="https://kite.example", place="lead"),
    IssueLink(number=2, url="https://heron.example/?a=1&b=2", place="card:heron"),
)


def issue_with_links(connection: Connection) -> int:
    issue = store.add_issue(
        connection,
        edition=Edition.WEEKLY,
        slot="2026-11-26T09:00",
        cutoff_at=CUTOFF,
        send_at=SEND_AT,
        now=CUTOFF,
    )
    put_links(connection, issue.id, LINKS)
    return issue.id


def click(issue_id: int, number: int, kind: ClickKind = ClickKind.HUMAN, day: date = DAY) -> Click:
    return Click(issue_id=issue_id, number=number, kind=kind, day=day)


def test_a_link_leads_where_it_was_frozen_to(database: Database) -> None:
    with database.write() as connection:
        issue_id = issue_with_links(connection)
        assert links_of(connection, issue_id) == LINKS
        assert get_target(connection, issue_id, 2, 0) == ("https://heron.example/?a=1&b=2", None)
        with pytest.raises(NotFound):
            get_target(connection, issue_id, 3, 0)


def test_clicks_add_up_by_link_kind_and_day(database: Database) -> None:
    with database.write() as connection:
        issue_id = issue_with_links(connection)
        add_clicks(connection, {click(issue_id, 1): 2, click(issue_id, 2, ClickKind.MACHINE): 5})
        add_clicks(connection, {click(issue_id, 1): 1, click(issue_id, 1, day=DAY + timedelta(days=1)): 4})
        assert clicks_of(connection, issue_id) == (
            LinkClicks(link=LINKS[0], human=7),
            LinkClicks(link=LINKS[1], machine=5),
        )
        assert clicks_by_issue(connection) == {
            issue_id: {ClickKind.HUMAN: 7, ClickKind.MACHINE: 5, ClickKind.UNSURE: 0}
        }
        assert len(connection.execute(select(clicks)).all()) == 3


def test_with_the_links_their_clicks_go_and_later_ones_are_left_out(database: Database) -> None:
    with database.write() as connection:
        issue_id = issue_with_links(connection)
        add_clicks(connection, {click(issue_id, 1): 2})
        store.delete_frozen(connection, issue_id)
        add_clicks(connection, {click(issue_id, 1): 1})
        assert clicks_of(connection, issue_id) == ()
        assert clicks_by_issue(connection) == {}


def test_of_many_threads_that_count_at_once_no_click_is_lost(database: Database) -> None:
    with database.write() as connection:
        issue_id = issue_with_links(connection)
    uncounted = Uncounted()

    def count(_: int) -> None:
        uncounted.add(click(issue_id, 1), "192.0.2.0/24", SEND_AT)
        count_clicks(database, uncounted)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(200)))
    count_clicks(database, uncounted)
    with database.read() as connection:
        assert clicks_of(connection, issue_id)[0].human == 200
