"""Readers' pages in German: none of them says anything of ours in English."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from newsletter.clock import MovedClock
from newsletter.db.statuses import Edition
from newsletter.delivery.store import start_issue
from newsletter.digest.draft import Drafted
from newsletter.editing.approve import approve
from newsletter.editing.correct import correct
from newsletter.editing.draft import draft_at_once
from newsletter.readers.links import Purpose
from newsletter.web.application import make_web
from tests.editing.desk import with_settings
from tests.web.house import House, path_in
from tests.web.issues import open_house, send_issue
from tests.web.visitor import Visitor

LEAD = "borealis-3-22b-vs-meridian-medium"
CATALOGUE = Path(__file__).parents[2] / "templates" / "locales" / "de" / "LC_MESSAGES" / "messages.po"

#: What a reader reads of a page's HTML: its text and what is said of a link or a field.
_SAID = re.compile(r">([^<>]+)<|(?:aria-label|title|content)=\"([^\"]*)\"")
_VALUE = re.compile(r"%\(\w+\)s|<[^<>]+>")
#: Words that stand on most English pages, and on no German one.
_ENGLISH = re.compile(
    r"\b(the|you|your|this|that|and|of|is|are|not|with|from|please|there|will|we|our|to)\b", re.IGNORECASE
)


def move(house: House, **time: int) -> None:
    assert isinstance(house.app.clock, MovedClock)
    house.app.clock.move(timedelta(**time))


def personal_pages(house: House) -> Iterator[tuple[str, str]]:
    """Every page on which only our own words and the reader's stand: its name and its text."""
    yield from _signing_up(house)
    yield from _choosing(house)
    yield from _leaving(house)
    yield from _refused(house)


def _signing_up(house: House) -> Iterator[tuple[str, str]]:
    yield "archive, empty", house.get("/archive").text
    yield "subscribe", house.get("/subscribe").text
    yield "form", house.get("/subscribe/form").text
    yield "subscribe, wrong", house.post("/subscribe", address="nobody").text
    yield "subscribe, cut off", house.post("/subscribe", address="nobody@").text
    yield "subscribe, empty", house.post("/subscribe", address="").text
    yield "subscribe, odd", house.post("/subscribe", address="a..b@example.org").text
    yield "asked", house.post("/subscribe", address="Erika@example.org").text
    yield "json", house.client.post("/api/subscriptions", json={"address": "max@example.org"}).text
    yield "json, wrong", house.client.post("/api/subscriptions", json={"address": "max"}).text
    (mail,) = house.mails("Erika@example.org")
    confirm = path_in(mail, "confirm")
    yield "confirm", house.get(confirm).text
    yield "confirmed", house.post(confirm).text
    yield "bad link", house.get("/confirm/nonsense").text
    yield "not found", house.get("/nowhere").text
    yield "not allowed", house.client.put("/subscribe").text
    yield "from elsewhere", house.client.post("/follow/kite", headers={"Sec-Fetch-Site": "cross-site"}).text
    yield "too much", house.client.post("/subscribe", content=b"a" * 70_000).text
    yield "too long", house.get(f"/subscribe?{'a' * 5000}").text
    yield "not whole", house.client.post(confirm, content=b"\xff").text


def _choosing(house: House) -> Iterator[tuple[str, str]]:
    reader = house.find("Erika@example.org")
    assert reader is not None
    preferences = f"/preferences/{house.token(Purpose.PREFERENCES, reader.id)}"
    house.import_tools(("kite", "Kite", "llm"))
    yield "preferences", house.get(preferences).text
    yield "preferences, saved", house.post(preferences, topics="llm", tools="kite").text
    wrong: dict[str, str | list[str]] = {
        "another_tool": "Nothing",
        "tools": [f"tool-{number}" for number in range(201)],
        "monthly_tokens": "-1",
        "team_size": "0",
        "edition": "daily",
        "paused_until": "soon",
        "send_hour": "25",
        "time_zone": "Mars",
    }
    for name, value in wrong.items():
        answer = house.post(preferences, **{name: value})
        assert answer.status_code == 422
        yield f"preferences, {name}", answer.text
    yield "preferences, paused", house.post(preferences, paused_until="2029-01-01").text
    yield "follow", house.post(f"{preferences}/follow/kite", stop="yes").text
    yield "followed", house.post(f"{preferences}/follow/kite").text
    house.post(preferences, tools=[f"tool-{number}" for number in range(200)])
    yield "follow, too many", house.post(f"{preferences}/follow/kite").text
    yield "ask to follow", house.get("/follow/kite").text
    yield "ask to follow, wrong", house.post("/follow/kite", address="nobody@").text
    yield "follow mailed", house.post("/follow/kite", address="Erika@example.org").text
    yield "link mailed", house.post(f"{preferences}/link").text


def _leaving(house: House) -> Iterator[tuple[str, str]]:
    reader = house.find("Erika@example.org")
    assert reader is not None
    preferences = f"/preferences/{house.token(Purpose.PREFERENCES, reader.id)}"
    personal = f"/personal/{house.token(Purpose.PERSONAL, reader.id)}"
    yield "address, wrong", house.post(f"{personal}/address", address="nobody@@").text
    yield "move asked", house.post(f"{personal}/address", address="new@example.org").text
    yield "not sure", house.post(f"{personal}/erase").text
    (mail,) = house.mails("new@example.org")
    yield "moved", house.post(path_in(mail, "confirm")).text

    leaving = f"/unsubscribe/{house.token(Purpose.UNSUBSCRIBE, reader.id)}"
    yield "unsubscribe", house.get(leaving).text
    yield "paused", house.post(f"{leaving}/pause").text
    yield "monthly", house.post(f"{leaving}/monthly").text
    yield "unsubscribe, monthly", house.get(leaving).text
    yield "left", house.post(leaving, reason="too-often").text
    yield "personal, left", house.get(personal).text
    yield "preferences, left", house.get(preferences).text
    yield "pause, left", house.post(f"{leaving}/pause").text
    yield "undone", house.post(f"{leaving}/undo").text
    yield "undone again", house.post(f"{leaving}/undo").text
    yield "personal", house.get(personal).text
    yield "erased", house.post(f"{personal}/erase", sure="yes").text


def _refused(house: House) -> Iterator[tuple[str, str]]:
    answers = (house.post("/subscribe", address=f"many-{number}@example.com") for number in range(60))
    yield "too many", next(each.text for each in answers if each.status_code == 429)
    closed = with_settings(house.app, {"site.controller": ""})
    client = Visitor(make_web(closed), base_url="http://localhost:8000")
    yield "closed", client.get("/subscribe").text
    yield "json, closed", client.post("/api/subscriptions", json={"address": "max@example.org"}).text


def issue_pages(house: House) -> Iterator[tuple[str, str]]:
    """Every page with words of an issue, which are other people's in part."""
    house.add("alice@example.org")
    issue = send_issue(house)
    correct(house.app, issue, said="$0.10", right="$0.07", to_tell=False, by="dora")
    monthly = draft_at_once(house.app, edition=Edition.MONTHLY)
    assert isinstance(monthly, Drafted)
    start_issue(house.app.database, approve(house.app, monthly.issue, "dora").id, house.app.clock.now())
    move(house, hours=-1)
    yield "archive", house.get("/archive").text
    yield "search", house.get("/archive?q=Borealis").text
    yield "search, one", house.get("/archive?q=Pelican").text
    yield "search, nothing", house.get("/archive?q=zebra").text
    yield "issue", house.get("/archive/weekly-1").text
    yield "month", house.get("/archive/monthly-1").text
    yield "feeds", house.get("/archive/feeds").text
    for form in ("atom", "rss", "json"):
        yield form, house.get(f"/feed.{form}").text
    yield "feed", house.get("/feed/tool/borealis-3-22b.atom").text
    reader = house.find("alice@example.org")
    assert reader is not None
    vote = f"/preferences/{house.token(Purpose.PREFERENCES, reader.id)}/vote/{LEAD}"
    yield "vote", house.get(vote).text
    yield "voted", house.post(vote, left="ship", right="skip").text
    yield "vote, withdrawn", house.post(vote, left="", right="").text
    yield "vote, closed", _closed(house, vote)


def _closed(house: House, vote: str) -> str:
    move(house, days=30)
    return house.get(vote).text


def said_in(page: str) -> list[str]:
    """What a page says, text by text; the whole of one that is no HTML."""
    if not page.startswith("<!doctype"):
        return [page]
    texts = (unescape(each[1] or each[2]) for each in _SAID.finditer(page))
    return [" ".join(text.split()) for text in texts if text.strip()]


def english_messages() -> frozenset[str]:
    """The catalogue's English between values and tags, as far as the German is another."""
    with CATALOGUE.open("rb") as file:
        messages = [each for each in read_po(file) if each.id]
    parts: set[str] = set()
    for each in messages:
        german = " ".join(each.string) if isinstance(each.string, tuple) else str(each.string)
        for text in each.id if isinstance(each.id, tuple | list) else (each.id,):
            parts.update(part for part in _parts_of(str(text)) if part not in german)
    return frozenset(parts)


def _parts_of(message: str) -> Iterator[str]:
    """What stands between values and tags, as far as it is words."""
    for part in _VALUE.split(message.replace("%%", "%")):
        words = part.strip(" .,:;?!“”()·")
        if re.search("[A-Za-z]{2}", words):
            yield words


def said_of(text: str, messages: frozenset[str]) -> Iterator[str]:
    """Those of the messages that a text says; of one or two words only all of it, since other people say them, too."""
    for each in messages:
        if each == text.strip(" .,:;?!“”()·") or (each.count(" ") > 1 and each in text):
            yield each


@pytest.fixture(scope="module")
def personal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with open_house(tmp_path_factory.mktemp("personal"), "de") as house:
        return dict(personal_pages(house))


@pytest.fixture(scope="module")
def issues(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with open_house(tmp_path_factory.mktemp("issues"), "de") as house:
        return dict(issue_pages(house))


def test_no_page_says_an_english_sentence_of_ours(personal: dict[str, str], issues: dict[str, str]) -> None:
    english = english_messages()
    pages = (personal | issues).items()
    found = [
        (name, each) for name, page in pages for text in said_in(page) for each in said_of(text, english)
    ]
    assert found == []


def test_pages_without_other_peoples_words_have_no_english_at_all(personal: dict[str, str]) -> None:
    found = [
        (name, said) for name, page in personal.items() for said in said_in(page) if _ENGLISH.search(said)
    ]
    assert found == []


def test_every_page_says_its_language(personal: dict[str, str], issues: dict[str, str]) -> None:
    pages = {name: page for name, page in (personal | issues).items() if page.startswith("<!doctype")}
    assert len(pages) > 50
    assert [name for name, page in pages.items() if '<html lang="de">' not in page] == []
    assert 'xml:lang="de"' in issues["atom"]
    assert "<language>de</language>" in issues["rss"]


def test_dates_numbers_and_categories_are_german(personal: dict[str, str], issues: dict[str, str]) -> None:
    assert "am Donnerstag, dem 3. Dezember." in personal["confirmed"]
    assert "zwischen 1 und 1.000.000 an" in personal["preferences, team_size"]
    assert "> Sprachmodelle<" in personal["preferences"]
    assert "Wochenausgabe 1" in issues["issue"]
    assert "Donnerstag, 3. Dezember 2026" in issues["issue"]


def test_a_number_may_be_written_with_the_points_of_its_thousands(personal_house: House) -> None:
    reader_id = personal_house.add("alice@example.org")
    path = f"/preferences/{personal_house.token(Purpose.PREFERENCES, reader_id)}"
    assert personal_house.post(path, monthly_tokens="10.000.000", team_size="12").status_code == 200
    assert personal_house.reader(reader_id).preferences.monthly_tokens == 10_000_000
    assert personal_house.post(path, monthly_tokens="1,5").status_code == 422


def test_the_desk_stays_english(personal_house: House) -> None:
    page = personal_house.get("/desk/sign-in").text
    assert '<html lang="en">' in page
    assert "Sign in" in page


@pytest.fixture
def personal_house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path, "de") as house:
        yield house
