"""A draft corrected in a real Chromium: with a finger on a phone, with keys alone, without JavaScript, by two at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, expect

from newsletter.app import App
from newsletter.db.statuses import Room
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue, items_of
from tests.digest.week import WEEK
from tests.editing.desk import drafted, edit
from tests.editing.wider import LATE, WIDER
from tests.installed import install
from tests.web.desk.desk import sign_in_browser
from tests.web.test_browser import DESK, PHONE, Keyboard, Visit, serving

LEAD, BRIEF = "Borealis 3 (22B) vs Meridian Medium", "Pelican Large vs Heron Small"


@dataclass(frozen=True)
class House:
    """A served installation with a draft."""

    app: App
    base: str
    issue: Issue

    @property
    def path(self) -> str:
        return f"/desk/issues/{self.issue.id}"

    def stored(self) -> Issue:
        with self.app.database.read() as connection:
            return get_issue(connection, self.issue.id)

    def lead(self) -> str:
        with self.app.database.read() as connection:
            return next(each.key for each in items_of(connection, self.issue.id) if each.room is Room.LEAD)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    install(tmp_path / "weekly", example=True)
    with serving(tmp_path / "weekly") as (app, base):
        with app.content() as content:
            for pack in (*WEEK, WIDER):
                content.import_pack(pack, app.clock.now() - timedelta(days=1))
        issue = drafted(app)
        with app.content() as content:
            content.import_pack(LATE, app.clock.now())
        yield House(app, base, issue)


def correct(visit: Visit, house: House) -> None:
    """All that can be corrected, one after the other."""
    tab = visit.tab
    visit.open(house.path)
    tab.locator("#subject").fill("Ours this week")
    tab.locator("#note").fill("**Mind** the gap")
    press(visit, "Save texts")
    assert (house.stored().subject, house.stored().note) == ("Ours this week", "**Mind** the gap")
    assert tab.locator(".note-shown strong").inner_text() == "Mind"
    press(visit, "It installs in one line.")
    assert "It installs in one line." in mail_of(visit)
    press(visit, f"Move to the lead {BRIEF}")
    assert house.lead() == "pelican-large-vs-heron-small"
    press(visit, f"Down {LEAD}")
    press(visit, "Remove for good Tern Notes")
    press(visit, "Bring back Tern Notes")
    visit.follow(tab.get_by_role("link", name="Review and merge 1 newer"))
    assert "Godwit vs Hoopoe" in tab.get_by_role("main").inner_text()
    press(visit, "Merge these changes")
    assert "Merged" in tab.get_by_role("status").first.inner_text()
    for _ in range(6):
        with tab.expect_navigation():
            tab.locator(".undo button").first.click()
    visit.look()
    assert (house.stored().subject, house.lead()) == ("Ours this week", "borealis-3-22b-vs-meridian-medium")


def press(visit: Visit, name: str) -> None:
    button = visit.tab.get_by_role("button", name=name, exact=True, include_hidden=True).first
    unfold(visit, button)
    if isinstance(visit, Keyboard):
        button.focus()
    else:
        button.hover()
    with visit.tab.expect_navigation():
        if isinstance(visit, Keyboard):
            visit.tab.keyboard.press("Enter")
        else:
            button.click()


def unfold(visit: Visit, button: Locator) -> None:
    """Open what a button is folded into, by the hand of the visit."""
    fold = button.locator("xpath=ancestor::details[not(@open)]")
    if fold.count() == 0:
        return
    if isinstance(visit, Keyboard):
        fold.locator("summary").focus()
        visit.tab.keyboard.press("Enter")
    else:
        fold.locator("summary").click()


def mail_of(visit: Visit) -> str:
    frame = visit.tab.frame_locator("iframe.mail").locator("body")
    return frame.inner_text()


def test_everything_is_corrected_on_a_phone_with_a_finger(browser: Browser, house: House) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")  # type: ignore[arg-type]
    correct(Visit(sign_in_browser(context, house.app).new_page(), house.base, axe=True), house)


def test_everything_is_corrected_without_javascript(browser: Browser, house: House) -> None:
    context = browser.new_context(viewport=DESK, java_script_enabled=False)  # type: ignore[arg-type]
    correct(Visit(sign_in_browser(context, house.app).new_page(), house.base, axe=False), house)


def test_the_keys_do_what_the_page_says_and_enter_in_a_field_saves(browser: Browser, house: House) -> None:
    context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
    visit = Keyboard(sign_in_browser(context, house.app).new_page(), house.base, axe=True)
    tab, keys = visit.tab, visit.tab.keyboard
    visit.open(house.path)
    focused = "document.activeElement"
    keys.press("j")
    first = tab.evaluate(f"{focused}.id")
    keys.press("j")
    assert first.startswith("finding-")
    assert tab.evaluate(f"{focused}.id") != first
    keys.press("k")
    assert tab.evaluate(f"{focused}.id") == first
    keys.press("?")
    assert tab.evaluate("document.getElementById('shortcuts').open")
    keys.press("e")
    keys.type("Typed: jkepamu?")
    with tab.expect_navigation():
        keys.press("Enter")
    visit.look()
    assert house.stored().subject == "Typed: jkepamu?"
    keys.press("u")
    with tab.expect_navigation():
        keys.press("Enter")
    assert house.stored().subject == ""
    keys.press("m")
    tab.wait_for_url("**/merge")
    visit.look()
    tab.go_back()
    keys.press("?")
    tab.get_by_label("Use these keys").uncheck()
    # Where one clicks, the keyboard goes on from.
    tab.locator("#texts-head").click()
    keys.press("m")
    tab.wait_for_timeout(300)
    assert urlsplit(tab.url).path == house.path
    visit.reach("textbox", "Subject")


def test_two_at_once_a_stale_tab_and_a_double_click_lose_nothing(browser: Browser, house: House) -> None:
    context = sign_in_browser(browser.new_context(viewport=DESK), house.app)  # type: ignore[arg-type]
    other = sign_in_browser(browser.new_context(viewport=DESK), house.app, "Wendy")  # type: ignore[arg-type]
    mine, hers = (Visit(each.new_page(), house.base, axe=True) for each in (context, other))
    for each in (mine, hers):
        each.tab.goto(house.base + house.path)
    # Typed first: a page on which nobody types loads itself again.
    mine.tab.locator("#subject").fill("Mine")
    hers.tab.locator("#subject").fill("Hers")
    press(hers, "Save texts")
    press(mine, "Save texts")
    mine.look()
    assert mine.heading() == "Somebody else was faster"
    assert mine.tab.get_by_label("Subject: your version").input_value() == "Mine"
    assert "Hers" in mine.tab.get_by_role("group", name="Subject: current version").inner_text()
    assert house.stored().subject == "Hers"
    press(mine, "Save my version")
    assert house.stored().subject == "Mine"
    # Two clicks within a moment: the second is the browser's own, or comes to a page that was answered already.
    version = house.stored().version
    lead = mine.tab.get_by_role("button", name=f"Move to the lead {BRIEF}", exact=True, include_hidden=True)
    unfold(mine, lead)
    with mine.tab.expect_navigation():
        lead.dblclick()
    mine.tab.wait_for_timeout(300)
    assert house.stored().version == version + 1
    assert mine.heading() == "Weekly 1"


def test_the_page_loads_itself_again_but_not_over_what_is_typed(browser: Browser, house: House) -> None:
    context = sign_in_browser(browser.new_context(viewport=DESK), house.app)  # type: ignore[arg-type]
    visit = Visit(context.new_page(), house.base, axe=False)
    tab, notice = visit.tab, visit.tab.locator(".changed-meanwhile:visible")
    visit.open(house.path)
    press(visit, "Save texts")
    edit(house.app, house.stored(), subject="From elsewhere")
    tab.locator(".subject-line b", has_text="From elsewhere").wait_for(timeout=9000)
    expect(tab.get_by_role("status").first).to_have_text("Saved.")
    tab.locator("#preheader").fill("I am typing")
    edit(house.app, house.stored(), subject="Once more")
    notice.wait_for(timeout=9000)
    expect(notice).to_be_in_viewport()
    assert tab.locator("#preheader").input_value() == "I am typing"


def test_what_was_refused_is_not_loaded_over(browser: Browser, house: House) -> None:
    context = sign_in_browser(browser.new_context(viewport=DESK), house.app)  # type: ignore[arg-type]
    visit = Visit(context.new_page(), house.base, axe=False)
    visit.open(house.path)
    visit.tab.locator("#note").fill("word " * 100)
    press(visit, "Save texts")
    edit(house.app, house.stored(), subject="From elsewhere")
    visit.tab.locator(".changed-meanwhile:visible").wait_for(timeout=9000)
    assert visit.tab.locator("#note").input_value() == "word " * 100


def test_a_connection_lost_on_the_way_loses_nothing_that_was_typed(browser: Browser, house: House) -> None:
    context = sign_in_browser(browser.new_context(viewport=DESK), house.app)  # type: ignore[arg-type]
    visit = Visit(context.new_page(), house.base, axe=False)
    visit.open(house.path)
    visit.tab.locator("#subject").fill("Typed in a train")
    visit.tab.locator("#note").fill("In a tunnel")
    context.set_offline(True)
    visit.tab.get_by_role("button", name="Save texts").first.click()
    visit.tab.wait_for_url("chrome-error://**")
    context.set_offline(False)
    visit.tab.go_back()
    expect(visit.tab.locator("#subject")).to_have_value("Typed in a train")
    expect(visit.tab.locator("#note")).to_have_value("In a tunnel")
    # What was changed elsewhere does not load the page over it.
    edit(house.app, house.stored(), preheader="From elsewhere")
    visit.tab.locator(".changed-meanwhile:visible").wait_for(timeout=9000)
    expect(visit.tab.locator("#subject")).to_have_value("Typed in a train")
