"""Readers at the desk: found by an index, shown whole, asked again, suppressed, exported, erased."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, Edition, ReaderStatus
from newsletter.digest import store
from newsletter.editing import readers as readers_store
from newsletter.editing.audit import list_entries
from newsletter.readers.admin import set_preferences
from tests.conftest import THURSDAY
from tests.web.desk.desk import Desk, said
from tests.web.house import heading
from tests.web.test_personal import files_with

ALICE = "alice@example.org"


@pytest.fixture
def alice(desk: Desk) -> int:
    return desk.house.add(ALICE)


def deeds(desk: Desk) -> list[tuple[str, str, str]]:
    """The latest deed first."""
    with desk.app.database.read() as connection:
        return [(each.by, each.action, each.detail) for each in list_entries(connection, 9)]


def add_named(connection: Connection, count: int) -> None:
    rows = [
        {
            "address": f"Reader{number}@example.org",
            "address_key": f"reader{number}@example.org",
            "name": f"Ada Number {number}" if number % 2 else "",
            "status": ReaderStatus.ACTIVE if number % 10 else ReaderStatus.LEFT,
            "status_at": THURSDAY,
            "added_at": THURSDAY,
        }
        for number in range(count)
    ]
    connection.execute(insert(readers), rows)


def test_one_is_found_by_number_by_address_and_by_name(desk: Desk, alice: int) -> None:
    desk.house.add("bob@example.org")
    with desk.app.database.write() as connection:
        add_named(connection, 4)
    for query in (ALICE, "ALICE@ex", "alice", f" {alice} "):
        assert heading(desk.publisher.post("/desk/readers", query=query)) == f"Reader {alice}", query
    page = desk.publisher.post("/desk/readers", query="ada")
    assert "Ada Number 1" in page.text
    assert "2 readers." in page.text
    assert "No readers found." in desk.publisher.post("/desk/readers", query="lic").text
    assert "No readers found." in desk.publisher.post("/desk/readers", query="%").text


def test_a_readers_page_says_all_that_they_chose(desk: Desk, alice: int) -> None:
    chosen = {
        "topics": ["Coding", "Vision"],
        "monthly_tokens": 2_500_000,
        "send_hour": 0,
        "time_zone": "Asia/Tokyo",
    }
    set_preferences(desk.app.database, ALICE, **chosen)
    page = " ".join(desk.publisher.get(f"/desk/readers/{alice}").text.split())
    rows = (("Topics", "Coding, Vision"), ("Tokens a month", "2,500,000"), ("Delivery hour", "0"))
    for label, words in (*rows, ("Time zone", "Asia/Tokyo")):
        assert f"<dt>{label}</dt> <dd>{words}</dd>" in page
    assert "Team size" not in page


def test_pages_go_back_in_time_and_by_state(desk: Desk) -> None:
    with desk.app.database.write() as connection:
        add_named(connection, 120)
    first = desk.publisher.get("/desk/readers")
    assert first.text.count("<tr><th scope") == 50 + 1
    assert 'href="/desk/readers?before=71"' in first.text
    last = desk.publisher.get("/desk/readers", before=21)
    assert last.text.count("<tr><th scope") == 20 + 1
    assert "Older" not in last.text
    left = desk.publisher.get("/desk/readers", status="left")
    assert left.text.count("<tr><th scope") == 12 + 1


def test_no_search_reads_all_readers(database: Database) -> None:
    with database.write() as connection:
        add_named(connection, 2000)
    asked: list[tuple[str, Any]] = []
    with database.read() as connection:
        event.listen(
            connection,
            "before_cursor_execute",
            lambda c, cursor, sql, values, *_: asked.append((sql, values)),
        )
        assert len(readers_store.find_by_address(connection, "reader15", 200)) == 111
        assert len(readers_store.find_by_name(connection, ["Ada Number 15"], 200)) == 56
        assert len(readers_store.page_of_readers(connection, 50, status=ReaderStatus.LEFT)) == 50
        assert len(readers_store.page_of_readers(connection, 50, before=100)) == 50
        assert readers_store.copies_of(connection, 7, 10) == ()
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.write() as connection:
        connection.execute(text("ANALYZE"))
    with database.read() as connection:
        plans = [
            "\n".join(map(str, connection.exec_driver_sql(explain + sql, values))) for sql, values in asked
        ]
    assert [plan for plan in plans if "SCAN readers" in plan or "SCAN deliveries" in plan] == []
    assert [plan for plan in plans if "Seq Scan on readers" in plan] == []


def test_a_reader_is_shown_with_everything_that_happened(desk: Desk, alice: int, clock: MovedClock) -> None:
    desk.house.post("/subscribe", address="bob@example.org")
    bob = desk.house.find("bob@example.org")
    assert bob is not None
    page = desk.publisher.get(f"/desk/readers/{bob.id}").text
    for words in (
        "bob@example.org",
        "requested",
        "form at /subscribe",
        "confirmation",
        "Resend confirmation",
    ):
        assert words in page
    assert desk.publisher.get("/desk/readers/99").status_code == 404


def test_whoever_has_not_confirmed_is_asked_again_but_not_at_once(desk: Desk, clock: MovedClock) -> None:
    desk.house.post("/subscribe", address="bob@example.org")
    bob = desk.house.find("bob@example.org")
    assert bob is not None
    path = f"/desk/readers/{bob.id}/confirmation"
    assert said(desk.publisher.post(path)).startswith("Nothing was sent: they were asked")
    clock.move(desk.app.settings.readers.confirm_again_after + timedelta(seconds=1))
    assert said(desk.publisher.post(path)) == "A confirmation email is on its way."
    assert len(desk.house.mails("bob@example.org")) == 2
    assert deeds(desk)[0] == ("Paul", "asked", f"reader {bob.id} to confirm")


def test_an_active_reader_is_not_asked(desk: Desk, alice: int) -> None:
    desk.publisher.post(f"/desk/readers/{alice}/confirmation")
    assert desk.house.mails(ALICE) == []


def test_a_suppressed_reader_has_left_for_good(desk: Desk, alice: int) -> None:
    path = f"/desk/readers/{alice}"
    refused = desk.publisher.post(f"{path}/suppress", reason="writes as alice@example.org")
    assert refused.status_code == 422
    assert "holds an address" in refused.text
    assert said(desk.publisher.post(f"{path}/suppress", reason="asked by phone")).startswith("Suppressed")
    assert desk.house.reader(alice).status is ReaderStatus.LEFT
    assert "Nothing is sent to this address: asked by phone (operator)." in desk.publisher.get(path).text
    assert (
        said(desk.publisher.post(f"{path}/suppress", reason="again"))
        == "This address was already suppressed."
    )
    assert deeds(desk)[0] == ("Paul", "suppressed", f"reader {alice}: asked by phone")


def test_an_export_is_written_down_and_is_what_the_reader_gets(desk: Desk, alice: int) -> None:
    answer = desk.publisher.post(f"/desk/readers/{alice}/export")
    assert answer.headers["content-disposition"] == f'attachment; filename="reader-{alice}.json"'
    assert json.loads(answer.content)["address"] == ALICE
    assert deeds(desk)[0] == ("Paul", "exported", f"reader {alice}")


def test_erasing_wants_the_address_and_leaves_it_in_no_file(desk: Desk, alice: int) -> None:
    desk.publisher.post(f"/desk/readers/{alice}/export")
    desk.publisher.post(f"/desk/readers/{alice}/suppress", reason="asked by phone")
    path = f"/desk/readers/{alice}/erase"
    refused = desk.publisher.post(path, typed="alicia@example.org")
    assert (refused.status_code, desk.house.reader(alice).address) == (422, ALICE)
    assert said(desk.publisher.post(path, typed=" Alice@Example.org ")) == "Erased."
    assert files_with(desk.app.settings.folder, b"alice") == []
    page = desk.publisher.get(f"/desk/readers/{alice}").text
    assert "Erase for good" not in page
    assert deeds(desk)[0] == ("Paul", "erased", f"reader {alice}")
    assert desk.publisher.post(path, typed="").status_code == 422


def test_no_page_about_readers_has_an_address_in_its_own(desk: Desk, alice: int) -> None:
    answer = desk.publisher.send("/desk/readers", query=ALICE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/readers/{alice}")
    assert "alice" not in str(desk.publisher.post("/desk/readers", query="alice@").url)


def test_what_an_issue_came_to_is_shown(desk: Desk, alice: int) -> None:
    with desk.app.database.write() as connection:
        issue = store.add_issue(
            connection,
            edition=Edition.WEEKLY,
            slot="2026-11-26T09:00",
            cutoff_at=THURSDAY,
            send_at=THURSDAY,
            now=THURSDAY,
        )
        batch = {
            "id": 1,
            "issue_id": issue.id,
            "variant": "everybody",
            "low": alice,
            "high": alice,
            "status": BatchStatus.DONE,
            "readers": 1,
        }
        connection.execute(insert(batches), batch)
        copy = {"issue_id": issue.id, "reader_id": alice, "batch_id": 1, "status": DeliveryStatus.REJECTED}
        connection.execute(insert(deliveries), {**copy, "at": THURSDAY, "code": "5.1.1"})
    page = desk.publisher.get(f"/desk/readers/{alice}").text
    assert "rejected" in page
    assert "5.1.1" in page
