"""The archive as a visitor meets it."""

import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape

import pytest

from newsletter.content.records import (
    BenchmarkEntry,
    Decision,
    NoteEntry,
    NoteKind,
    Pack,
    QuestionEntry,
    ReviewEntry,
    SourceEntry,
)
from newsletter.digest.content import issue_content_from_json
from newsletter.digest.store import get_frozen, set_archived
from newsletter.editing.approve import cancel
from newsletter.readers.links import Purpose
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE, WEEK
from tests.web.house import House
from tests.web.issues import open_house, send_issue

PAGE = "/archive/weekly-1"

MUCH = Pack(
    # What a comparison prints is on its own page.
    source=PANEL_PAGE.source,
    reviews=tuple(
        ReviewEntry(
            tool_id=tool, reviewer=f"Reviewer {number}", score=60 + number, decision=Decision.SHIP, words=""
        )
        for number in range(12)
        for tool in ("borealis-3-22b", "meridian-medium")
    ),
    benchmarks=tuple(
        BenchmarkEntry(
            tool_id="borealis-3-22b", test=f"Test {number}", score=Decimal(number), out_of=Decimal(9)
        )
        for number in range(7)
    ),
    questions=tuple(
        QuestionEntry(
            comparison_id="borealis-3-22b-vs-meridian-medium",
            question=f"Is question {number} answered?",
            answer="Yes. " * 40,
        )
        for number in range(3)
    ),
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One issue went out; whoever asks for this only looks."""
    with open_house(tmp_path_factory.mktemp("archive")) as opened:
        send_issue(opened)
        yield opened


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_an_issue_that_went_out_is_a_page_of_its_own(published: House) -> None:
    page = published.get(PAGE)
    assert page.status_code == 200
    assert "Borealis 3 (22B) vs Meridian Medium" in page.text
    assert "4 ship / 0 skip" in page.text
    assert "Test 1" not in page.text


def test_every_word_and_number_that_was_approved_is_on_the_page(house: House) -> None:
    issue = send_issue(house, note="Hello, **you**.")
    with house.app.database.read() as connection:
        letter = issue_content_from_json(get_frozen(connection, issue.id).letter)
    page = house.get(PAGE).text
    assert "<p>Hello, <strong>you</strong>.</p>" in page
    shown = text_of(page)
    printed = [letter.subject, *(each.text for each in letter.findings), "Hello, you ."]
    assert letter.lead is not None
    printed += [letter.lead.bottom_line.text, *(each.words for each in letter.lead.quotes)]
    printed += [figure.text for row in letter.lead.decision for figure in (row.left, row.right)]
    printed += [each.words.text for each in letter.more] + [each.split.text for each in letter.cards]
    printed += [fact.text for card in letter.cards for _, fact in card.facts]
    printed += [each.name for each in letter.sources.origins] + [
        each.words for each in letter.sources.disputes
    ]
    assert letter.answer is not None
    printed += [letter.answer.question, letter.answer.answer]
    assert [each for each in printed if " ".join(each.split()) not in shown] == []


def test_what_the_mail_had_no_room_for_is_there(house: House) -> None:
    issue = send_issue(house, *WEEK, MUCH)
    with house.app.database.read() as connection:
        letter = issue_content_from_json(get_frozen(connection, issue.id).letter)
    assert letter.lead is not None
    assert letter.lead.scorecard is not None
    assert len(letter.lead.scorecard.rows) == 8
    page = text_of(house.get(PAGE).text)
    assert [number for number in range(12) if f"Reviewer {number} {60 + number} ship" not in page] == []
    assert [number for number in range(7) if f"Test {number} {number} of 9 untested" not in page] == []
    assert [number for number in range(3) if f"Is question {number} answered?" not in page] == []


def test_our_own_notes_on_a_tool_are_there_and_nobody_elses(house: House) -> None:
    noted = tuple(
        NoteEntry(tool_id="tern-notes", kind=kind, other=other, words=words)
        for kind, other, words in (
            (NoteKind.STRENGTH, "", "It keeps every name <right>."),
            (NoteKind.VERSUS, "Heron", "It hears less and writes more."),
            (NoteKind.TRADE_OFF, "", "It costs $9 where we know of no price."),
        )
    )
    theirs = SourceEntry(name="Almanac", url="https://almanac.example.net/tern")
    foreign = (NoteEntry(tool_id="tern-notes", kind=NoteKind.STRENGTH, words="The almanac likes it."),)
    send_issue(
        house, *WEEK, Pack(source=VERDICT_PAGE.source, notes=noted), Pack(source=theirs, notes=foreign)
    )
    page = text_of(house.get(PAGE).text)
    assert "Strength: It keeps every name <right>." in page
    assert "Compared with Heron: It hears less and writes more." in page
    assert "no price" not in page
    assert "almanac likes" not in page


def test_the_page_stays_as_approved_whatever_the_store_learns(house: House) -> None:
    send_issue(house)
    before = house.get(PAGE).content
    with house.app.content() as content:
        content.import_pack(MUCH, house.app.clock.now())
    house.app.settings.path(house.app.settings.paths.content_db).unlink()
    assert house.get(PAGE).content == before


def test_nothing_on_a_public_page_is_anybodys(house: House) -> None:
    reader_id = house.add("alice@example.org")
    send_issue(house)
    token = house.token(Purpose.UNSUBSCRIBE, reader_id, 1)
    for path in ("/", PAGE, "/archive/feeds", "/feed.atom", "/feed.json", "/sitemap.xml"):
        page = house.get(path).text
        assert "alice" not in page
        assert token not in page
        assert "/unsubscribe/" not in page


@pytest.mark.parametrize("path", ["/archive", PAGE, "/feed.atom", "/archive?q=heron", "/sitemap.xml"])
def test_a_draft_or_a_hidden_issue_is_nowhere(house: House, path: str) -> None:
    issue = send_issue(house)
    assert "weekly-1" in house.get(path).text
    with house.app.database.write() as connection:
        assert set_archived(connection, issue.id, False)
        assert not set_archived(connection, issue.id, False)
    assert "weekly-1" not in house.get(path).text
    assert house.get(PAGE).status_code == 404


def test_a_cancelled_issue_is_not_shown(house: House) -> None:
    issue = send_issue(house)
    cancel(house.app, issue, "wrong")
    assert house.get(PAGE).status_code == 404
    assert "has not been sent yet" in house.get("/").text


def test_issues_are_listed_by_year_the_newest_first_and_lead_to_each_other(house: House) -> None:
    send_issue(house, WEEK[0])
    send_issue(house, PRICE_PAGE)
    listed = house.get("/archive").text
    assert listed.index("weekly-2") < listed.index("weekly-1")
    assert "<h2>2026</h2>" in listed
    assert 'rel="next" href="/archive/weekly-2"' in house.get(PAGE).text
    assert 'rel="prev" href="/archive/weekly-1"' in house.get("/archive/weekly-2").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pelican", 3),
        ("PELICAN  heron", 2),
        ("developer tools", 6),
        ("pelican tern", 0),
        ("<script>", 0),
        ("%", 0),
    ],
)
def test_a_search_finds_what_holds_all_its_words(published: House, query: str, found: int) -> None:
    page = published.client.get("/archive", params={"q": query})
    assert page.status_code == 200
    assert len(re.findall('<li>\n    <h2><a href="/archive/weekly-1#', page.text)) == found
    assert page.headers["x-robots-tag"] == "noindex"
    assert "<script>" not in page.text


def test_what_a_search_or_a_feed_links_to_is_there(published: House) -> None:
    page = published.get(PAGE).text
    linked = re.findall(
        r"weekly-1#([^\"]+)", published.get("/archive?q=e").text + published.get("/feed.atom").text
    )
    assert linked
    assert [each for each in linked if f'id="{unescape(each)}"' not in page] == []


def test_a_page_says_where_it_lives_and_what_it_is_about(published: House) -> None:
    page = published.get(PAGE).text
    for wanted in (
        f'<link rel="canonical" href="http://localhost:8000{PAGE}">',
        f'<meta property="og:url" content="http://localhost:8000{PAGE}">',
        '<meta property="og:type" content="article">',
        '<meta name="twitter:card" content="summary">',
        'type="application/atom+xml"',
    ):
        assert wanted in page
    assert re.search(r'<meta property="og:title" content="[^"]+">', page)
    assert re.search(r'<meta property="og:description" content="[^"]+">', page)


def test_the_archive_may_be_kept_and_is_asked_for_again_by_its_tag(published: House) -> None:
    first = published.get(PAGE)
    assert first.headers["cache-control"] == "public, max-age=300"
    again = published.client.get(PAGE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    since = published.client.get(PAGE, headers={"If-Modified-Since": first.headers["last-modified"]})
    assert since.status_code == 304
    assert published.client.get(PAGE, headers={"If-Modified-Since": "not a date"}).status_code == 200


@pytest.mark.parametrize(
    "slug", ["weekly-2", "monthly-1", "weekly-1/", "..%2f..%2fetc", "%00", "weekly-" + "9" * 400]
)
def test_an_issue_that_is_not_there_is_a_friendly_404(published: House, slug: str) -> None:
    page = published.get(f"/archive/{slug}")
    assert page.status_code == 404
    assert "There is no page here" in page.text


def test_the_sitemap_names_every_public_page_and_robots_find_it(published: House) -> None:
    assert "Sitemap: http://localhost:8000/sitemap.xml" in published.get("/robots.txt").text
    places = re.findall("<loc>(.*?)</loc>", published.get("/sitemap.xml").text)
    assert places == [f"http://localhost:8000{path}" for path in ("/archive", "/subscribe", PAGE)]
    assert [place for place in places if published.get(place).status_code != 200] == []


def test_a_reader_sees_the_own_copy_in_the_browser_without_the_address(house: House) -> None:
    reader_id = house.add("alice@example.org")
    issue = send_issue(house)
    page = house.get(f"/view/{house.token(Purpose.VIEW, reader_id, issue.id)}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "script-src" not in page.headers["content-security-policy"]
    assert "Sent to you." in page.text
    assert "alice" not in page.text
    assert house.token(Purpose.PREFERENCES, reader_id, issue.id) in page.text


def test_a_hidden_issue_is_still_its_readers(house: House) -> None:
    reader_id = house.add("alice@example.org")
    issue = send_issue(house)
    with house.app.database.write() as connection:
        set_archived(connection, issue.id, False)
    assert house.get(f"/view/{house.token(Purpose.VIEW, reader_id, issue.id)}").status_code == 200


def test_a_view_link_that_is_wrong_gets_the_page_of_every_bad_link(house: House) -> None:
    reader_id = house.add("alice@example.org")
    send_issue(house)
    bad = [
        "x",
        house.token(Purpose.UNSUBSCRIBE, reader_id, 1),
        house.token(Purpose.VIEW, reader_id, 99),
        house.token(Purpose.VIEW, 4711, 1),
        house.token(Purpose.VIEW, reader_id, 1)[:-1],
    ]
    pages = {(page.status_code, page.content) for page in (house.get(f"/view/{token}") for token in bad)}
    assert len(pages) == 1
    assert pages.pop()[0] == 400
