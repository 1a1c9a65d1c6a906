"""Watching an issue go out: what is told as it happens, and what a publisher can do about it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import insert, update

from newsletter.app import App
from newsletter.clock import SystemClock
from newsletter.config import Tls
from newsletter.db.schema import issues, snapshots
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.loopback import Loopback
from newsletter.delivery.sender import Ending
from newsletter.delivery.store import start_issue
from newsletter.digest.content import issue_content_to_json
from newsletter.digest.store import get_issue
from newsletter.editing.audit import list_entries
from newsletter.web.desk.flash import DONE, FAILED
from newsletter.web.desk.progress import COME_AGAIN, MOST_VIEWERS, ProgressFeed, duration
from tests.beside import run_beside
from tests.config.written import changed
from tests.delivery.house import FRAME, add_issue, add_readers
from tests.delivery.test_progress import lose_sight
from tests.installed import install
from tests.render.letters import USUAL
from tests.web.desk.desk import Desk, fault, said, sign_in_browser
from tests.web.house import heading
from tests.web.test_archive_look import violations
from tests.web.test_browser import serving

PROGRESS = "/desk/issues/1/progress"


def approve_one(app: App, readers: int) -> None:
    """An approved issue with so many readers."""
    add_issue(app.database)
    with app.database.write() as connection:
        letter = issue_content_to_json(USUAL)
        connection.execute(insert(snapshots).values(issue_id=1, letter=letter, sender=FRAME.to_json()))
    add_readers(app.database, readers)


@pytest.fixture
def going(desk: Desk) -> Desk:
    """Issue 1 is going out to 120 readers, and no sender is at work."""
    approve_one(desk.app, 120)
    start_issue(desk.app.database, 1, desk.app.clock.now())
    return desk


def status(desk: Desk) -> tuple[IssueStatus, str]:
    with desk.app.database.read() as connection:
        issue = get_issue(connection, 1)
    return issue.status, issue.reason


def deeds(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.app.database.read() as connection:
        return [(each.action, each.by, each.detail) for each in list_entries(connection, 10, issue_id=1)]


def test_a_page_says_where_the_issue_stands_without_a_script(going: Desk) -> None:
    page = going.writer.get(PROGRESS)
    assert heading(page) == "Progress of Weekly #1"
    assert 'data-live="readers">120<' in page.text
    assert "120 readers are left and no sender is at work" in page.text
    assert "newsletter serve starts a sender if it runs" in page.text
    assert f'<a href="{PROGRESS}">Refresh</a>' in page.text
    assert '<div class="count rejected none">' in page.text, "none rejected is no bad news"
    assert '<div class="count open">' in page.text


def test_a_publisher_pauses_and_resumes_and_the_log_says_who(going: Desk) -> None:
    answer = going.publisher.post("/desk/issues/1/pause", reason="A wrong price")
    assert said(answer) == DONE["paused"]
    assert status(going) == (IssueStatus.PAUSED, "A wrong price")
    answer = going.publisher.post("/desk/issues/1/resume")
    assert said(answer) == DONE["resumed"]
    assert status(going) == (IssueStatus.SENDING, "")
    assert deeds(going) == [("resumed", "Paul", ""), ("paused", "Paul", "A wrong price")]


def test_cancelling_skips_whoever_waits(going: Desk) -> None:
    answer = going.publisher.post("/desk/issues/1/cancel", **{"cancel-reason": "All wrong"})
    assert said(answer) == DONE["cancelled"]
    assert status(going) == (IssueStatus.CANCELLED, "All wrong")
    assert 'data-live="skipped">120<' in answer.text
    assert [each[:2] for each in deeds(going)] == [("cancelled", "Paul")]


@pytest.mark.parametrize("deed", ["pause", "resume", "cancel"])
def test_a_deed_that_comes_too_late_changes_nothing_and_says_so(going: Desk, deed: str) -> None:
    going.publisher.post("/desk/issues/1/cancel")
    before = going.house.rows()
    answer = going.publisher.post(f"/desk/issues/1/{deed}")
    assert fault(answer) == FAILED["too-late"]
    assert going.house.rows() == before


@pytest.mark.parametrize("deed", ["pause", "resume", "cancel", "unsure"])
def test_a_writer_looks_on(going: Desk, deed: str) -> None:
    assert going.writer.send(f"/desk/issues/1/{deed}").status_code == 403
    assert "Pause sending" not in going.writer.get(PROGRESS).text
    assert status(going)[0] is IssueStatus.SENDING


def test_looking_changes_nothing(going: Desk) -> None:
    before = going.house.rows()
    for path in (PROGRESS, "/desk/issues/1/unsure"):
        going.publisher.get(path)
    assert going.house.rows() == before


# ── who may or may not have it ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def unsure(going: Desk) -> Desk:
    """It is sent, and of 60 readers nobody knows whether they have it."""
    going.app.sender(1).send()
    lose_sight(going.app.database, *range(21, 81))
    return going


def test_the_unsure_come_in_pages_with_what_is_known(unsure: Desk) -> None:
    first = unsure.publisher.get("/desk/issues/1/unsure").text
    assert "reader21@example.org" in first
    assert "its sender was killed before" in first
    assert first.count('name="reader"') == 50
    second = unsure.publisher.get("/desk/issues/1/unsure", after=70).text
    assert second.count('name="reader"') == 10
    assert 'href="?after=70"' in first
    assert "after=" not in second


def test_those_chosen_get_it_once_more_and_the_others_are_left(unsure: Desk) -> None:
    answer = unsure.publisher.post("/desk/issues/1/unsure", reader=["21", "22"])
    assert said(answer) == DONE["sent-again"]
    assert unsure.app.sender(1).send() is Ending.SENT
    page = unsure.publisher.get("/desk/issues/1/unsure").text
    assert "Send again to all 58" in page
    assert deeds(unsure)[0] == ("sent", "Paul", "once more to 2 unsure readers")


def test_all_of_them_get_it_once_more(unsure: Desk) -> None:
    unsure.publisher.post("/desk/issues/1/unsure", who="all")
    assert unsure.app.sender(1).send() is Ending.SENT
    assert "No unsure readers." in unsure.publisher.get("/desk/issues/1/unsure").text


def test_of_a_cancelled_issue_the_unsure_are_listed_and_nothing_is_offered(unsure: Desk) -> None:
    with unsure.app.database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.CANCELLED))
    page = unsure.publisher.get("/desk/issues/1/unsure").text
    assert "reader21@example.org" in page
    assert "it cannot be sent again" in page
    assert 'name="reader"' not in page
    assert "<button" not in page.partition("<main")[2]


@pytest.mark.parametrize("reader", ["", "²", "-1", "9223372036854775808", "9" * 5000])
def test_nobody_chosen_is_nobody_mailed(unsure: Desk, reader: str) -> None:
    before = unsure.house.rows()
    answer = unsure.publisher.post("/desk/issues/1/unsure", reader=reader)
    assert fault(answer) == FAILED["none-selected"]
    assert unsure.house.rows() == before


# ── events ─────────────────────────────────────────────────────────────────────────────────────────────


def first_events(feed: ProgressFeed, most: int) -> list[str]:
    """What a viewer hears who goes away after so many."""

    async def listen() -> list[str]:
        heard, told = [], feed.events(1)
        async for event in told:
            heard.append(event)
            if len(heard) == most:
                break
        await told.aclose()  # type: ignore[attr-defined]
        return heard

    return run_beside(listen())


def test_an_event_tells_the_counts_by_the_names_of_their_places(going: Desk) -> None:
    retry, event = first_events(ProgressFeed(going.app), 2)
    assert retry == "retry: 2000\n\n"
    name, data = event.strip().split("\n")
    told = json.loads(data.removeprefix("data: "))
    assert name == "event: counts"
    assert (told["readers"], told["open"], told["rate"], told["status"]) == ("120", "120", "–", "sending")


def test_an_issue_that_is_over_says_so_and_then_there_is_nothing_to_hear(unsure: Desk) -> None:
    heard = first_events(ProgressFeed(unsure.app), 9)
    assert heard[-1].startswith("event: over\n")
    assert len(heard) == 2
    assert unsure.writer.get("/desk/issues/1/events").status_code == 204


def test_too_many_viewers_get_a_look_and_come_again_later(going: Desk) -> None:
    feed = ProgressFeed(going.app, viewers=MOST_VIEWERS)
    retry, event = first_events(feed, 9)
    assert retry == f"retry: {COME_AGAIN}\n\n"
    assert event.startswith("event: counts\n")
    assert feed.viewers == MOST_VIEWERS


def test_a_viewer_who_went_away_is_counted_no_longer(going: Desk) -> None:
    feed = ProgressFeed(going.app)
    first_events(feed, 2)
    assert feed.viewers == 0


def test_many_viewers_cost_one_look(going: Desk) -> None:
    feed = ProgressFeed(going.app)
    assert feed.snapshot(1) is feed.snapshot(1)
    feed.forget(1)
    assert feed.snapshot(1) is feed.snapshot(1)


def test_while_it_goes_out_a_look_serves_everybody_though_domains_are_behind(going: Desk) -> None:
    feed = ProgressFeed(going.app)
    going.app.sender(1).send()
    with going.app.database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.SENDING))
    assert feed.snapshot(1) is feed.snapshot(1)
    with going.app.database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.SENT))
    feed.forget(1)
    assert feed.snapshot(1).is_over


def test_events_are_for_editors(going: Desk) -> None:
    answer = going.browser().client.get("/desk/issues/1/events", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "20 s"), (89.6, "2 min"), (600, "10 min"), (3900, "65 min"), (5700, "1 h 35 min")],
)
def test_a_time_left_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


# ── in a browser ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[App, str]]:
    """An approved issue with 10,000 readers on a real port."""
    install(tmp_path / "weekly", example=True)
    with serving(tmp_path / "weekly") as (app, base):
        approve_one(app, 10_000)
        yield app, base


@contextmanager
def sending(app: App) -> Iterator[Loopback]:
    """What `newsletter serve` does, to a server of ours: a sender as long as there is something to send."""
    with Loopback() as server:
        to_server = changed(
            app.settings,
            {
                "mail.transport": "smtp",
                "smtp.host": "127.0.0.1",
                "smtp.port": server.port,
                "smtp.tls": Tls.NONE,
                # Slow enough to be seen.
                "sending.limits": ("3000/second",),
            },
        )
        sender = App(to_server, app.clock, app.database)

        def send() -> None:
            while sender.sender(1).send() is not Ending.SENT:
                SystemClock().sleep(timedelta(milliseconds=50))

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        yield server
        thread.join(20)


def test_ten_thousand_go_out_under_an_editors_eyes_who_pauses_and_resumes(
    browser: Browser, served: tuple[App, str]
) -> None:
    app, base = served
    start_issue(app.database, 1, app.clock.now())
    context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme="dark")
    page = sign_in_browser(context, app).new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(f"{message.text} {message.location['url']}"))
    page.goto(base + PROGRESS)
    with sending(app) as server:
        accepted = page.locator('[data-live="accepted"]')
        expect(accepted).not_to_have_text("0", timeout=20_000)
        page.locator("summary", has_text="Pause").press("Enter")
        page.locator("#reason").fill("A wrong price")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Paused: within a second")).to_be_visible()
        expect(page.locator('[data-live="why"]')).to_have_text("A wrong price")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with app.database.read() as connection:
            assert get_issue(connection, 1).status is IssueStatus.PAUSED
        assert server.total < 10_000
        page.get_by_role("button", name="Resume sending").click()
        expect(page.get_by_text("Resumed:")).to_be_visible()
        expect(page.locator(".state")).to_have_text("sent", timeout=30_000)
        expect(accepted).to_have_text("10,000")
        expect(page.get_by_role("row", name="example.org")).to_contain_text("10,000")
    assert [each for each in errors if not each.endswith("/favicon.ico")] == []
    assert (server.total, len(server.counts)) == (10_000, 10_000)
