"""The archive in a real browser: nothing that axe minds, readable without style, nothing wider than a phone."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from newsletter.content.records import BenchmarkEntry, Decision, Pack, ReviewEntry, SourceEntry, ToolEntry
from newsletter.readers.links import Purpose
from newsletter.web.application import make_web
from tests.digest.week import WEEK
from tests.web.house import House
from tests.web.issues import open_house, send_issue
from tests.web.test_archive import MUCH

PATHS = ("/", "/archive?q=heron", "/archive/weekly-1", "/archive/weekly-2", "/archive/feeds")

HOSTILE = Pack(
    source=SourceEntry(name="Tool desk <b>", url="https://tools.example.org/odd", ours=True),
    tools=(ToolEntry(id="odd", name="<script>alert(1)</script>" + "Long" * 30, category='"><img src=x>'),),
    reviews=(
        ReviewEntry(tool_id="odd", reviewer="<b>Builder", score=70, decision=Decision.SHIP, words="Odd."),
    ),
    benchmarks=(BenchmarkEntry(tool_id="odd", test="A" * 80, score=Decimal(1), out_of=Decimal(2)),),
)


@dataclass(frozen=True)
class Served:
    house: House
    url: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two issues, one of them long and hostile, on a real port."""
    with open_house(tmp_path_factory.mktemp("look")) as house:
        house.add("alice@example.org")
        send_issue(house, *WEEK, MUCH, note="Hello, *everybody*. [Ours](https://example.org).")
        send_issue(house, HOSTILE)
        config = uvicorn.Config(make_web(house.app), port=0, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(house, f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join(10)


@pytest.fixture(params=[(390, 844, "light"), (1280, 900, "dark")], ids=["phone", "desk"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Page:
    width, height, scheme = request.param
    return browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)


def violations(page: Page) -> list[tuple[str, list[Any]]]:
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_to_mind(served: Served, page: Page, path: str) -> None:
    page.goto(served.url + path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert violations(page) == []


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_wider_than_the_window_and_nothing_is_refused(
    served: Served, page: Page, path: str
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(served.url + path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert said == []


def test_an_issue_is_readable_without_style_in_the_order_of_the_mail(served: Served, page: Page) -> None:
    page.route("**/*.css", lambda route: route.abort())
    page.goto(f"{served.url}/archive/weekly-1")
    headings = page.locator("h2, caption").all_inner_texts()
    wanted = (
        "Borealis 3 (22B) vs Meridian Medium",
        "Side by side",
        "Scorecard",
        "More comparisons",
        "New this week",
        "One question, answered",
        "Sources",
    )
    assert [each for each in dict.fromkeys(headings) if each in wanted] == list(wanted)
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.evaluate("document.querySelectorAll('table:not(:has(caption))').length") == 0


def test_a_search_works_by_keyboard_alone(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/archive")
    page.focus("#q")
    page.keyboard.type("pelican")
    page.keyboard.press("Enter")
    page.wait_for_url("**/archive?q=pelican")
    page.focus(".issues a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/archive/weekly-1#*")


def test_the_own_copy_looks_as_the_mail_and_runs_nothing(served: Served, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    token = served.house.token(Purpose.VIEW, 1, 1)
    page.goto(f"{served.url}/view/{token}")
    assert "Borealis 3 (22B) vs Meridian Medium" in page.inner_text("body")
    size = page.evaluate("getComputedStyle(document.querySelector('h2')).fontFamily")
    assert "Georgia" in size
    assert said == []


@pytest.mark.parametrize("issue_id", [1, 2])
def test_the_own_copy_has_no_barriers(served: Served, page: Page, issue_id: int) -> None:
    page.goto(f"{served.url}/view/{served.house.token(Purpose.VIEW, 1, issue_id)}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
