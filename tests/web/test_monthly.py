"""A monthly issue on the web: a page and an entry of its own, and nothing said twice in the other feeds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.db.statuses import Edition
from newsletter.delivery.store import start_issue
from newsletter.digest.content import IssueContent
from newsletter.digest.draft import Drafted
from newsletter.editing.approve import approve
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import draft_at_once
from tests.web.house import House, heading
from tests.web.issues import open_house, send_issue


@dataclass(frozen=True)
class Month:
    """A house in which a weekly issue and a monthly one went out."""

    house: House
    letter: IssueContent


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder: Path = tmp_path_factory.mktemp("month")
    with open_house(folder) as house:
        send_issue(house)
        app = house.app
        drafted = draft_at_once(app, edition=Edition.MONTHLY)
        assert isinstance(drafted, Drafted)
        monthly = approve(app, drafted.issue, "dora")
        start_issue(app.database, monthly.id, app.clock.now())
        yield Month(house, letter_of(app, monthly))


def test_the_archive_calls_it_monthly_and_leads_to_it(month: Month) -> None:
    page = month.house.get("/archive").text
    assert "Monthly issue 1" in page
    assert 'href="/archive/monthly-1"' in page


def test_its_page_tells_each_week_and_leads_to_it(month: Month) -> None:
    answer = month.house.get("/archive/monthly-1")
    assert heading(answer) == month.letter.subject
    (week,) = month.letter.weeks
    assert week.bottom_line.text in answer.text
    assert week.issue is not None
    assert week.issue.url.endswith("/archive/weekly-1")
    assert all(f'id="{line.key}"' in answer.text for line in month.letter.lines)
    assert "Monthly issue 1" in answer.text


def test_the_feed_of_everything_has_it_as_monthly(month: Month) -> None:
    entries = month.house.get("/feed.json").json()["items"]
    assert next(each["title"] for each in entries) == f"Monthly issue 1: {month.letter.subject}"
    assert month.letter.weeks[0].bottom_line.text.split("'")[0] in entries[0]["content_html"]


def test_the_feeds_of_tools_and_the_search_say_nothing_a_second_time(month: Month) -> None:
    tool = month.house.get("/feed/tool/borealis-3-22b.json").json()
    assert tool["items"]
    assert all("monthly" not in each["id"] for each in tool["items"])
    assert "monthly-1" not in month.house.get("/archive?q=borealis").text


def test_every_anchor_of_its_feed_entry_is_on_its_page(month: Month) -> None:
    page = month.house.get("/archive/monthly-1").text
    (issue,) = [each for each in month.house.app.archive.issues() if each.edition is Edition.MONTHLY]
    assert all(f'id="{entry.anchor}"' in page for entry in issue.entries())
