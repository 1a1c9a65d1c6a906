"""The feeds, read as programs read them and held to their standards."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.feeds import FORMS, Feed, FeedEntry
from tests.digest.week import WEEK
from tests.web.house import House
from tests.web.issues import open_house, send_issue

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ("/feed", "/feed/category/developer-tools", "/feed/tool/heron-small")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two issues went out; no test here changes anything."""
    with open_house(tmp_path_factory.mktemp("feeds")) as opened:
        send_issue(opened, WEEK[0])
        send_issue(opened, *WEEK[1:])
        yield opened


def test_the_feed_of_everything_has_an_entry_for_each_issue(house: House) -> None:
    parsed = feedparser.parse(house.get("/feed.atom").content)
    assert [each.link for each in parsed.entries] == [
        "http://localhost:8000/archive/weekly-2",
        "http://localhost:8000/archive/weekly-1",
    ]
    assert "Borealis 3 (22B)" in parsed.entries[1].title


def test_the_feed_of_a_category_or_a_tool_has_what_was_said_of_it(house: House) -> None:
    of_category = feedparser.parse(house.get("/feed/category/developer-tools.rss").content)
    assert "Borealis 3 (22B) vs Meridian Medium" in [each.title for each in of_category.entries]
    of_tool = feedparser.parse(house.get("/feed/tool/borealis-3-22b.rss").content)
    assert [each.title for each in of_tool.entries] == ["Borealis 3 (22B) vs Meridian Medium"]


@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize(("form", "version"), [("atom", "atom10"), ("rss", "rss20")])
def test_programs_that_read_feeds_find_no_fault(house: House, path: str, form: str, version: str) -> None:
    response = house.get(f"{path}.{form}")
    parsed = feedparser.parse(response.content, response_headers=dict(response.headers))
    assert (parsed.bozo, parsed.version) == (False, version)
    assert parsed.entries
    assert all(each.title and each.summary and each.published_parsed for each in parsed.entries)


@pytest.mark.parametrize("path", FEEDS)
def test_atom_has_what_the_standard_asks_for(house: House, path: str) -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2."""
    root = ElementTree.fromstring(house.get(f"{path}.atom").content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert RFC3339.fullmatch(element.findtext(f"{ATOM}updated") or "")
        assert urlsplit(element.findtext(f"{ATOM}id") or "").scheme == "http"
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    [own] = [each for each in root.findall(f"{ATOM}link") if each.get("rel") == "self"]
    assert own.get("href") == f"http://localhost:8000{path}.atom"
    ids = [each.findtext(f"{ATOM}id") for each in root.findall(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", FEEDS)
def test_rss_has_what_the_standard_asks_for(house: House, path: str) -> None:
    root = ElementTree.fromstring(house.get(f"{path}.rss").content)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    [channel] = root
    assert all(channel.findtext(name) for name in ("title", "link", "description"))
    assert parsedate_to_datetime(channel.findtext("lastBuildDate") or "").tzinfo is not None
    guids = [each.findtext("guid") for each in channel.findall("item")]
    assert len(set(guids)) == len(guids) > 0
    for item in channel.findall("item"):
        assert parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo is not None


@pytest.mark.parametrize("path", FEEDS)
def test_json_has_what_the_standard_asks_for(house: House, path: str) -> None:
    response = house.get(f"{path}.json")
    assert response.headers["content-type"] == "application/feed+json"
    whole = json.loads(response.content)
    assert whole["version"] == "https://jsonfeed.org/version/1.1"
    assert whole["feed_url"] == f"http://localhost:8000{path}.json"
    assert whole["title"]
    for item in whole["items"]:
        assert isinstance(item["id"], str)
        assert item["content_html"]
        assert RFC3339.fullmatch(item["date_published"])
    assert len({item["id"] for item in whole["items"]}) == len(whole["items"]) > 0


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_a_feed_is_asked_for_again_by_its_tag(house: House, form: str) -> None:
    first = house.get(f"/feed.{form}")
    kept = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    assert house.client.get(f"/feed.{form}", headers=kept).status_code == 304
    assert parsedate_to_datetime(first.headers["last-modified"]) == house.app.archive.issues()[0].started_at


@pytest.mark.parametrize(
    "path", ["/feed.xml", "/feed/category/none.atom", "/feed/tool/none.rss", "/feed/tool/heron-small.exe"]
)
def test_a_feed_that_is_not_there_is_a_404(house: House, path: str) -> None:
    assert house.get(path).status_code == 404


def test_before_the_first_issue_feeds_are_empty_and_whole() -> None:
    feed = Feed(title="Weekly", url="u:1", home_url="u:2", language="en", author="Desk", entries=())
    for _, write in FORMS.values():
        assert write(feed)
    assert feedparser.parse(FORMS["atom"][1](feed)).bozo is False


def test_what_was_corrected_says_when_in_every_form() -> None:
    entry = FeedEntry(
        id="http://localhost/1",
        url="http://localhost/1",
        title="Heron Small",
        summary="Its price was wrong.",
        points=(),
        published_at=datetime(2026, 11, 26, 9, tzinfo=UTC),
        updated_at=datetime(2026, 11, 28, 9, tzinfo=UTC),
        categories=(),
    )
    feed = Feed(title="Weekly", url="u:1", home_url="u:2", language="en", author="Desk", entries=(entry,))
    for form in ("atom", "rss"):
        [read] = feedparser.parse(FORMS[form][1](feed)).entries
        assert (read.published_parsed.tm_mday, read.updated_parsed.tm_mday) == (26, 28)
    [item] = json.loads(FORMS["json"][1](feed))["items"]
    assert (item["date_published"], item["date_modified"]) == ("2026-11-26T09:00:00Z", "2026-11-28T09:00:00Z")


anything = st.text(max_size=60)


@given(title=anything, words=anything, category=anything)
def test_whatever_is_said_the_feeds_stay_well_formed(title: str, words: str, category: str) -> None:
    entry = FeedEntry(
        id="http://localhost/1",
        url="http://localhost/1",
        title=title,
        summary=words,
        points=((title, words, "http://localhost/1#a"),),
        published_at=datetime(2026, 11, 26, 9, tzinfo=UTC),
        updated_at=datetime(2026, 11, 26, 9, tzinfo=UTC),
        categories=(category,),
    )
    feed = Feed(title=title, url="u:1", home_url="u:2", language="en", author="Desk", entries=(entry,))
    atom, rss, whole = (write(feed) for _, write in FORMS.values())
    ElementTree.fromstring(atom)
    ElementTree.fromstring(rss)
    assert json.loads(whole)["items"][0]["title"] == title


def test_the_page_of_feeds_leads_to_feeds_that_are_there(house: House) -> None:
    paths = re.findall(r'href="(/feed[^"]+)"', house.get("/archive/feeds").text)
    assert len(paths) > 10
    assert [path for path in paths if house.get(path).status_code != 200] == []
