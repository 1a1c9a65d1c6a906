"""A reader's whole life in a real Chromium: on a phone, at a desk with the keyboard alone, and without JavaScript.

The pages need no script; axe-core, which looks for barriers on every page, brings its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from newsletter.app import App, open_app
from newsletter.clock import SystemClock
from newsletter.delivery.store import start_issue
from newsletter.editing.approve import approve
from newsletter.readers.links import Purpose
from newsletter.web.application import make_web
from newsletter.web.server import server_config
from tests.digest.week import PANEL_PAGE
from tests.editing.desk import drafted
from tests.installed import install
from tests.web.house import House, path_in
from tests.web.test_personal import files_with
from tests.web.visitor import Visitor

ALICE = "alice@example.org"
PHONE = {"width": 375, "height": 667}
DESK = {"width": 1280, "height": 800}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[House, str]]:
    """An installation whose pages a real server serves, and where."""
    install(tmp_path / "weekly", example=True)
    with serving(tmp_path / "weekly") as (app, base):
        house = House(app, Visitor(make_web(app)))
        house.import_tools(("kite", "Kite", "Coding"), ("falcon", "Falcon", "Vision"))
        yield house, base


@contextmanager
def serving(folder: Path) -> Iterator[tuple[App, str]]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = folder / "newsletter.toml"
        settings.write_text(settings.read_text().replace("http://localhost:8000", base))
        app = open_app(folder)
        server = uvicorn.Server(server_config(make_web(app), app))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                SystemClock().sleep(timedelta(milliseconds=20))
            yield app, base
        finally:
            server.should_exit = True
            thread.join()
            app.close()


class Visit:
    """A tab. With `axe` every page that is come to is looked at."""

    def __init__(self, tab: Page, base: str, *, axe: bool) -> None:
        self.tab, self.base, self.axe = tab, base, axe
        self.seen: list[str] = []

    def open(self, path: str) -> None:
        self.tab.goto(self.base + path)
        self.look()

    def press(self, name: str) -> None:
        """Press a button with the pointer."""
        self.follow(self.tab.get_by_role("button", name=name, exact=True))

    def follow(self, what: Locator) -> None:
        """Click what leads to another page, and look at that."""
        # A click that scrolls first may miss what moves under it, as nobody's finger does.
        what.hover()
        with self.tab.expect_navigation():
            what.click()
        self.look()

    def look(self) -> None:
        self.seen.append(self.heading())
        fits = self.tab.evaluate("document.documentElement.scrollWidth <= innerWidth") if self.axe else True
        assert fits, f"{self.heading()} is wider than the screen"
        if self.axe:
            found = Axe().run(self.tab)
            assert found.violations_count == 0, found.generate_report()

    def heading(self) -> str:
        return self.tab.get_by_role("heading", level=1).inner_text()


class Keyboard(Visit):
    """The same, with keys alone."""

    def press(self, name: str) -> None:
        self.reach("button", name)
        with self.tab.expect_navigation():
            self.tab.keyboard.press("Enter")
        self.look()

    def reach(self, role: str, name: str) -> None:
        """Tab until the focus is on it."""
        tab_to(self.tab.get_by_role(role, name=name, exact=True), most=60)  # type: ignore[arg-type]


def tab_to(wanted: Locator, most: int) -> None:
    """Press Tab until the focus is there."""
    # Found once: to look for an element by its role, each time, takes much longer than the key.
    element = wanted.element_handle()
    for _key in range(most):
        if element.evaluate("each => each === document.activeElement"):
            return
        wanted.page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


def live(visit: Visit, house: House) -> None:
    """From the first page to having left no trace."""
    tab = visit.tab
    visit.open("/subscribe")
    write(visit, "Your email address", ALICE)
    visit.press("Subscribe")
    assert visit.heading() == "Check your email"
    (mail,) = house.mails(ALICE)
    visit.open(path_in(mail, "confirm"))
    visit.press("Yes, confirm my address")
    assert visit.heading() == "You are subscribed"
    welcome = house.mails(ALICE)[-1]

    preferences = path_in(welcome, "preferences")
    visit.open(preferences)
    tick(visit, "checkbox", "Coding")
    tick(visit, "radio", "Once a month")
    write(visit, "Tokens you use per month", "lots")
    visit.press("Save")
    assert "whole number" in tab.get_by_role("alert").inner_text()
    write(visit, "Tokens you use per month", "5,000,000")
    visit.press("Save")
    assert "Saved" in tab.get_by_role("status").inner_text()
    visit.open(f"{preferences}/follow/kite")
    visit.press("Follow Kite")
    assert visit.heading() == "You follow Kite"

    visit.open(path_in(welcome, "unsubscribe"))
    visit.press("Unsubscribe")
    assert visit.heading() == "You are unsubscribed"
    visit.press("That was a mistake: undo")
    assert visit.heading() == "You are still subscribed"

    visit.open(preferences)
    assert tab.get_by_role("checkbox", name="Coding").is_checked()
    assert tab.get_by_role("checkbox", name="Kite").is_checked()
    visit.press("Email me the link")
    personal = next(mail for mail in house.mails(ALICE) if str(mail["Subject"]).startswith("Your data"))
    visit.open(path_in(personal, "personal"))
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download all your data (JSON)").click()
    exported = Path(download.value.path())
    assert ALICE in exported.read_text()
    exported.unlink()
    caption, heads = tab.locator("caption").bounding_box(), tab.locator("thead").bounding_box()
    assert caption is not None
    assert heads is not None
    assert caption["y"] + caption["height"] <= heads["y"]
    tick(visit, "checkbox", "Yes, erase everything you have about me")
    visit.press("Erase")
    assert visit.heading() == "Everything is erased"
    assert files_with(house.app.settings.folder, b"alice") == []


def write(visit: Visit, label: str, text: str) -> None:
    field = visit.tab.get_by_label(label, exact=True)
    if isinstance(visit, Keyboard):
        visit.reach("textbox", label)
        visit.tab.keyboard.press("Control+A")
        visit.tab.keyboard.type(text)
    else:
        field.fill(text)


def tick(visit: Visit, role: str, name: str) -> None:
    box = visit.tab.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    if not isinstance(visit, Keyboard):
        box.check()
    elif role == "radio":
        # Of a group of radio buttons the keyboard reaches the chosen one, and moves within by arrows.
        visit.reach("radio", "Every week")
        visit.tab.keyboard.press("ArrowDown")
    else:
        visit.reach(role, name)
        visit.tab.keyboard.press("Space")
    assert box.is_checked()


def test_a_life_on_a_phone_with_a_finger(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")  # type: ignore[arg-type]
    live(Visit(context.new_page(), base, axe=True), house)


def test_a_life_at_a_desk_with_the_keyboard_alone(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
    live(Keyboard(context.new_page(), base, axe=True), house)


def test_a_life_without_javascript(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    live(Visit(context.new_page(), base, axe=False), house)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_other_pages_have_no_barriers(
    browser: Browser, served: tuple[House, str], size: dict[str, int]
) -> None:
    house, base = served
    reader_id = house.add("erin@example.org")
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    visit = Visit(context.new_page(), base, axe=True)
    leaving = f"/unsubscribe/{house.token(Purpose.UNSUBSCRIBE, reader_id)}"
    for path in ("/subscribe/form", "/nowhere", "/follow/kite", "/unsubscribe/x", leaving):
        visit.open(path)
    visit.press("Pause for four weeks")
    visit.open(leaving)
    visit.press("Switch to once a month")
    now = house.token(Purpose.PERSONAL, reader_id)
    visit.open(f"/personal/{now}")
    write(visit, "New email address", "new@example.org")
    visit.press("Send a confirmation")
    assert visit.seen[-1] == "Check the new mailbox"


def test_a_vote_from_the_mail_has_no_barriers(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    reader_id = house.add("frank@example.org")
    app = house.app
    with app.content() as content:
        content.import_pack(PANEL_PAGE, app.clock.now())
    start_issue(app.database, approve(app, drafted(app), "dora").id, app.clock.now())
    page = (
        f"/preferences/{house.token(Purpose.PREFERENCES, reader_id)}/vote/borealis-3-22b-vs-meridian-medium"
    )
    context = browser.new_context(viewport=PHONE, color_scheme="dark")  # type: ignore[arg-type]
    visit = Keyboard(context.new_page(), base, axe=True)
    visit.open(f"{page}?skip=meridian-medium")
    visit.press("Vote")
    assert visit.heading() == "Your vote counts"
    assert len(house.rows()["vote_marks"]) == 1
