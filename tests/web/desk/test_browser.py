"""The desk's side pages in a real Chromium: on a phone, at a desk with the keyboard alone, and without JavaScript.

The draft's own pages have tests of their own beside this one.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from newsletter.app import App
from newsletter.db.statuses import ClickKind, EditorRole
from newsletter.delivery.store import start_issue
from newsletter.digest.clicks import Click, IssueLink, add_clicks, put_links
from newsletter.editing.approve import approve
from newsletter.editing.editors import invite
from newsletter.web.application import make_web
from tests.content.conflicts.pages import SEEN_AT
from tests.content.packs import pack, tool
from tests.digest.week import PANEL_PAGE
from tests.editing.desk import drafted
from tests.installed import install
from tests.web.house import House, path_in
from tests.web.test_browser import DESK, PHONE, Keyboard, Visit, serving, write
from tests.web.visitor import Visitor

ALICE, PAUL = "alice@example.org", "paul@desk.example.org"
LONG = "a-very-long-address-that-nobody-would-have-but-somebody-does@a-long-domain.example.org"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[House, str]]:
    """An installation with a reader, mails in the outbox and two shops that differ, and where it is served."""
    install(tmp_path / "weekly", example=True)
    with serving(tmp_path / "weekly") as (app, base):
        house = House(app, Visitor(make_web(app), base_url=base))
        house.add(ALICE)
        house.add(LONG)
        house.post("/subscribe", address="bob@example.org")
        house.mails("bob@example.org")
        with app.content() as content:
            for shop, price in (("Shop One", "$2/Mtok"), ("Shop Two", "$1/Mtok")):
                claim = {"tool": "heron", "attribute": "input_price", "value": price}
                made = pack(source={"name": shop}, tools=[tool("heron", name="Heron")], claims=[claim])
                content.import_pack(made, SEEN_AT)
        yield house, base


def sign_in(visit: Visit, app: App) -> None:
    link = invite(app, PAUL, EditorRole.PUBLISHER, name="Paul", by="the test")
    visit.open(urlsplit(link).path)
    visit.press("Sign in as Paul")
    assert visit.heading() == "Issues"


def search(visit: Visit, label: str, text: str) -> None:
    if isinstance(visit, Keyboard):
        visit.reach("searchbox", label)
        visit.tab.keyboard.type(text)
    else:
        visit.tab.get_by_label(label).fill(text)


def work(visit: Visit, house: House) -> None:
    """Everything beside the issues that an editor does."""
    sign_in(visit, house.app)
    visit.open("/desk/editors")
    write(visit, "Email address", "wendy@desk.example.org")
    write(visit, "Name", "Wendy")
    visit.press("Send invitation")
    visit.press("Make Wendy a publisher")
    assert visit.tab.get_by_role("status").inner_text() == "Role changed."

    visit.open("/desk/facts/heron")
    visit.tab.get_by_role("radio", name="None: leave it out").check()
    visit.press("Rule on input price")
    assert "Say why" in visit.tab.get_by_role("alert").inner_text()
    write(visit, "Why", "Nobody knows.")
    visit.press("Rule on input price")
    assert "Ruling saved." in visit.tab.get_by_role("status").inner_text()
    visit.open("/desk/facts")

    visit.open("/desk/readers")
    search(visit, "Find a reader", "ali")
    visit.press("Find")
    assert visit.heading() == "Reader 1"
    write(visit, "Type their address to confirm", "bob@example.org")
    visit.press("Erase for good")
    assert "nothing was erased" in visit.tab.get_by_role("alert").inner_text()
    write(visit, "Type their address to confirm", ALICE)
    visit.press("Erase for good")
    assert visit.tab.get_by_role("status").inner_text() == "Erased."

    visit.open("/desk/audit")
    assert "erased" in visit.tab.get_by_role("table").inner_text()
    visit.open("/desk/profile")
    visit.press("Sign out")
    assert visit.heading() == "Sign in to the desk"


def test_an_editors_work_on_a_phone_with_a_finger(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")  # type: ignore[arg-type]
    visit = Visit(context.new_page(), base, axe=True)
    visit.tab.on("dialog", lambda dialog: dialog.accept())
    work(visit, house)


def test_an_editors_work_with_the_keyboard_alone(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
    work(Keyboard(context.new_page(), base, axe=True), house)


def test_an_editors_work_without_javascript(browser: Browser, served: tuple[House, str]) -> None:
    house, base = served
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    work(Visit(context.new_page(), base, axe=False), house)


def test_a_newcomer_reads_a_mail_in_the_browser_and_follows_its_link(
    browser: Browser, served: tuple[House, str]
) -> None:
    house, base = served
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    visit, said = Visit(context.new_page(), base, axe=True), list[str]()
    visit.tab.on("console", lambda message: said.append(message.text))
    sign_in(visit, house.app)
    visit.follow(visit.tab.get_by_role("link", name="Outbox"))
    visit.follow(visit.tab.get_by_role("link", name="Confirmation 1"))
    mail = visit.tab.frame_locator("iframe")
    with context.expect_page() as opened:
        mail.get_by_role("link", name="Confirm").first.click()
    opened.value.wait_for_load_state()
    (sent,) = house.mails("bob@example.org")
    assert opened.value.url == base + path_in(sent, "confirm")
    assert [each for each in said if "Content Security Policy" in each] == []


def test_an_issues_links_and_their_figures_fit_on_a_phone(
    browser: Browser, served: tuple[House, str]
) -> None:
    house, base = served
    app, now = house.app, house.app.clock.now()
    with app.content() as content:
        content.import_pack(PANEL_PAGE, now)
    issue = approve(app, drafted(app), "dora")
    link = IssueLink(
        number=1, url=f"https://tools.example.org/{'a-long-name-' * 9}", place="brief:" + "x" * 60
    )
    with app.database.write() as connection:
        put_links(connection, issue.id, [link])
        add_clicks(
            connection, {Click(issue_id=issue.id, number=1, kind=ClickKind.HUMAN, day=now.date()): 1234}
        )
    start_issue(app.database, issue.id, now)
    context = browser.new_context(viewport=PHONE, color_scheme="dark")  # type: ignore[arg-type]
    visit = Visit(context.new_page(), base, axe=True)
    sign_in(visit, app)
    visit.open(f"/desk/issues/{issue.id}/report")
    table = visit.tab.locator("[aria-labelledby=clicks].scroll")
    assert "1,234" in table.inner_text()
    assert table.evaluate("each => each.scrollWidth <= each.clientWidth")
