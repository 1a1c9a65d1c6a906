"""Checking and approving in a real Chromium: two clicks on a phone, the keyboard alone at a desk, no barriers in either."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from newsletter.app import App
from newsletter.db.statuses import EditorRole, IssueStatus
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.approve import withdraw
from newsletter.editing.editors import invite
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE, VERDICT_PAGE
from tests.editing.desk import drafted
from tests.installed import install
from tests.web.test_browser import DESK, PHONE, Keyboard, Visit, serving, write

PAUL = "paul@desk.example.org"


@dataclass(frozen=True)
class Served:
    app: App
    base: str
    issue: Issue

    @property
    def path(self) -> str:
        return f"/desk/issues/{self.issue.id}"

    def stored(self) -> Issue:
        with self.app.database.read() as connection:
            return get_issue(connection, self.issue.id)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An installation with a clean draft, and where it is served."""
    folder: Path = tmp_path_factory.mktemp("desk") / "weekly"
    install(folder, example=True)
    with serving(folder) as (app, base):
        with app.content() as content:
            for pack in (PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE):
                content.import_pack(pack, app.clock.now() - timedelta(hours=1))
        yield Served(app, base, drafted(app))


def sign_in(visit: Visit, app: App) -> None:
    visit.open(urlsplit(invite(app, PAUL, EditorRole.PUBLISHER, name="Paul", by="the test")).path)
    visit.press("Sign in as Paul")


def test_a_clean_draft_is_approved_in_two_taps_on_a_phone(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")  # type: ignore[arg-type]
    visit = Visit(context.new_page(), served.base, axe=True)
    sign_in(visit, served.app)
    visit.tab.locator(f'main a[href="{served.path}"]').first.tap()
    visit.tab.wait_for_url(f"**{served.path}")
    visit.tab.get_by_role("button", name="Approve").tap()
    visit.tab.wait_for_url("**?flash=approved", timeout=60_000)
    assert visit.tab.get_by_role("status").first.inner_text() == "Approved: exactly this will be sent."
    visit.look()
    assert served.stored().status is IssueStatus.APPROVED
    withdraw(served.app, served.stored())


def test_the_way_from_warnings_to_sending_needs_no_mouse(browser: Browser, served: Served) -> None:
    with served.app.content() as content:
        content.import_pack(PROFILE_PAGE, served.app.clock.now() - timedelta(hours=1))
    context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
    visit = Keyboard(context.new_page(), served.base, axe=True)
    sign_in(visit, served.app)
    visit.open(served.path)
    visit.press("Show both")
    while visit.tab.get_by_role("button", name="Acknowledge", exact=True).count():
        visit.press("Acknowledge")
    visit.press("Approve")
    visit.press("Put on hold")
    visit.press("Release")
    visit.tab.locator("summary", has_text="Send now").focus()
    visit.tab.keyboard.press("Enter")
    write(visit, "To confirm, type the number of readers it goes to: 0", "0")
    visit.press("Send now")
    assert served.stored().status in (IssueStatus.SENDING, IssueStatus.SENT)
    assert "/progress" in visit.tab.url
