"""A week's work of an editor in a real Chromium, from signing in to the report: by finger on a phone, and by keyboard alone.

Pages are served, mails sent and thousands of readers mailed as in an installation; only the way out is a server here.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from newsletter.app import App
from newsletter.clock import SystemClock
from newsletter.config import Tls
from newsletter.db.statuses import EditorRole, IssueStatus
from newsletter.delivery.loopback import Loopback
from newsletter.digest.store import get_issue
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import draft_now
from newsletter.editing.editors import invite
from tests.config.written import changed
from tests.delivery.house import add_readers
from tests.examples.weeks import SAMPLE_WEEK, SAMPLE_WEEK_AT, import_week
from tests.installed import install
from tests.web.house import read_mail
from tests.web.test_archive_look import violations
from tests.web.test_browser import DESK, PHONE, serving, tab_to

READERS = 3_000
PAUL = "paul@desk.example.org"
SUBJECT = "Which coder keeps your code at home?"
NOTE = "We read **every** source this week."
ISSUE = "/desk/issues/1"


class Hand(Protocol):
    """How an editor works."""

    def press(self, what: Locator) -> None: ...

    def write(self, field: Locator, text: str) -> None: ...


class Finger:
    def press(self, what: Locator) -> None:
        what.tap()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)


class Keys:
    """The keyboard alone: Tab until the focus is there."""

    def press(self, what: Locator) -> None:
        tab_to(what, most=200)
        what.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        tab_to(field, most=200)
        field.page.keyboard.press("Control+A")
        field.page.keyboard.insert_text(text)


class Editor:
    """An editor, a tab and a hand. Every page that is new to them is looked at for barriers."""

    def __init__(self, tab: Page, base: str, hand: Hand) -> None:
        self.tab, self.base, self.hand = tab, base, hand
        self._seen: set[str] = set()
        self.complaints: list[str] = []
        tab.on("console", lambda message: self.complaints.append(message.text))

    def open(self, path: str) -> None:
        self.tab.goto(self.base + path)
        self.look()

    def button(self, name: str | re.Pattern[str]) -> None:
        """Press a button, and come to the page after it."""
        self.go(self.tab.get_by_role("button", name=name).first)

    def link(self, name: str | re.Pattern[str]) -> None:
        self.go(self.tab.get_by_role("link", name=name).first)

    def go(self, what: Locator) -> None:
        """Press something that leads to another page."""
        with self.tab.expect_navigation():
            self.hand.press(what)
        self.look()

    def unfold(self, words: str) -> None:
        self.hand.press(self.tab.locator("summary", has_text=words).first)

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        self.hand.write(self.tab.get_by_label(label).first, text)

    def said(self) -> str:
        return self.tab.get_by_role("status").first.inner_text()

    def look(self) -> None:
        title = self.tab.title()
        if title in self._seen:
            return
        self._seen.add(title)
        assert self.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{title} is too wide"
        assert violations(self.tab) == [], title


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[App, str]]:
    """The sample week drafted, for thousands of readers, and the desk on a real port."""
    install(tmp_path / "weekly", example=True)
    with serving(tmp_path / "weekly") as (app, base):
        with app.content() as content:
            import_week(content, SAMPLE_WEEK, SAMPLE_WEEK_AT)
        draft_now(app)
        add_readers(app.database, READERS)
        yield app, base


@contextmanager
def sending(app: App) -> Iterator[Loopback]:
    """What `newsletter serve` does once the issue goes out: a sender, to a server of ours."""
    with Loopback() as server:
        way_out = changed(
            app.settings,
            {
                "mail.transport": "smtp",
                "smtp.host": "127.0.0.1",
                "smtp.port": server.port,
                "smtp.tls": Tls.NONE,
                # Slow enough to be paused in time.
                "sending.limits": ("600/second",),
            },
        )
        sender, over = App(way_out, app.clock, app.database), threading.Event()

        def serve() -> None:
            while not over.is_set():
                if status(app) is IssueStatus.SENDING:
                    sender.sender(1).send()
                SystemClock().sleep(timedelta(milliseconds=50))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            thread.join(20)


def status(app: App) -> IssueStatus:
    with app.database.read() as connection:
        return get_issue(connection, 1).status


def sign_in(editor: Editor, app: App) -> None:
    editor.open(urlsplit(invite(app, PAUL, EditorRole.PUBLISHER, name="Paul", by="the test")).path)
    editor.button("Sign in as Paul")
    editor.link("This week’s issue")


def correct(editor: Editor, app: App) -> None:
    """Words, a quote, the items, and a step back."""
    editor.write("Subject", SUBJECT)
    editor.write("Note", NOTE)
    editor.button("Save texts")
    assert editor.said() == "Saved."
    editor.go(editor.tab.get_by_role("list", name="Suggestions for the preheader").get_by_role("button").last)
    other = editor.tab.locator("button.sentence:not([aria-current])").first
    words = other.inner_text()
    editor.go(other)
    assert words in str(letter(app))
    second = editor.tab.locator("#more-room + ol form.line").nth(1).locator(".title").inner_text()
    editor.button(f"Up {second}")
    first = editor.tab.locator("#more-room + ol form.line").first.locator(".title")
    expect(first).to_contain_text(second)
    editor.unfold("Move or remove")
    editor.button(re.compile("^Remove until next week"))
    assert editor.tab.get_by_role("heading", name="Removed").is_visible()
    editor.button(re.compile("^Undo: "))
    assert editor.tab.get_by_role("heading", name="Removed").count() == 0
    editor.link(re.compile("Check for newer items|Review and merge"))
    editor.button("Merge these changes")


def look_in_every_way(editor: Editor) -> None:
    editor.link("Preview")
    ways = [each.get_attribute("href") or "" for each in editor.tab.locator(".switches a").all()]
    assert len(ways) >= 10
    for way in ways:
        editor.open(way if way.startswith("/") else f"{ISSUE}/preview{way}")
    editor.open(ISSUE)


def answer_everything(editor: Editor) -> None:
    """The first answer that is offered, to each finding."""
    while editor.tab.locator(".finding").count():
        editor.go(editor.tab.locator(".finding .buttons button").last)


def subject_of_the_test(app: App) -> str:
    app.transactional_sender.deliver()
    folder = app.settings.path(app.settings.paths.outbox) / "new"
    subjects = [str(read_mail(each)["Subject"]) for each in folder.iterdir()]
    (subject,) = (each for each in subjects if each.startswith("[Test]"))
    return subject


def week(editor: Editor, app: App) -> None:
    sign_in(editor, app)
    correct(editor, app)
    look_in_every_way(editor)
    answer_everything(editor)
    editor.unfold("Send a test")
    editor.button(f"Send to {PAUL}")
    assert subject_of_the_test(app) == f"[Test] {SUBJECT}"
    editor.button("Approve")
    assert status(app) is IssueStatus.APPROVED
    editor.unfold("Send now")
    editor.write(re.compile("type the number of readers"), f"{READERS:,}")
    editor.button("Send now")
    with sending(app) as server:
        editor.open(f"{ISSUE}/progress")
        accepted = editor.tab.locator('[data-live="accepted"]')
        expect(accepted).not_to_have_text("0", timeout=20_000)
        editor.unfold("Pause")
        editor.button("Pause sending")
        assert status(app) is IssueStatus.PAUSED
        assert server.total < READERS
        editor.button("Resume sending")
        expect(accepted).to_have_text(f"{READERS:,}", timeout=60_000)
        expect(editor.tab.locator(".state").first).to_have_text("sent", timeout=20_000)
    editor.open(f"{ISSUE}/report")
    assert f"{READERS:,}" in editor.tab.get_by_role("row", name="Accepted").first.inner_text()
    assert (server.total, len(server.counts)) == (READERS, READERS)
    assert [each for each in editor.complaints if "Content Security Policy" in each] == []


def letter(app: App) -> object:
    with app.database.read() as connection:
        issue = get_issue(connection, 1)
    return letter_of(app, issue)


def test_a_week_at_the_desk_on_a_phone_with_a_finger(browser: Browser, served: tuple[App, str]) -> None:
    app, base = served
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")  # type: ignore[arg-type]
    week(Editor(context.new_page(), base, Finger()), app)


def test_a_week_at_the_desk_with_the_keyboard_alone(browser: Browser, served: tuple[App, str]) -> None:
    app, base = served
    context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
    week(Editor(context.new_page(), base, Keys()), app)
