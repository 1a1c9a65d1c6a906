import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from newsletter.db.statuses import Edition, ReaderStatus
from newsletter.readers.admin import take_off
from newsletter.readers.links import Purpose
from newsletter.readers.preferences import Preferences
from tests.installed import open_content
from tests.web.house import House, heading


@pytest.fixture
def reader_id(house: House) -> int:
    house.import_tools(("kite", "Kite", "Coding"), ("falcon", "Falcon <b>", "Vision & more"))
    return house.add("alice@example.org")


@pytest.fixture
def path(house: House, reader_id: int) -> str:
    return f"/preferences/{house.token(Purpose.PREFERENCES, reader_id)}"


def test_all_choices_are_kept(house: House, path: str, reader_id: int) -> None:
    house.post(f"{path}/follow/kite")
    answer = house.post(
        path,
        topics=["Coding", "Vision & more", "Gone"],
        tools=["kite"],
        edition="monthly",
        monthly_tokens="2,500,000",
        team_size="12",
        paused_until="2027-01-15",
        send_hour="7",
        time_zone="Europe/Berlin",
    )
    assert answer.status_code == 200
    assert "Saved." in answer.text
    chosen = house.reader(reader_id).preferences
    assert chosen.topics == ("Coding", "Vision & more")
    assert chosen.tools == ("kite",)
    assert (chosen.edition, chosen.monthly_tokens, chosen.team_size) == (Edition.MONTHLY, 2_500_000, 12)
    assert (str(chosen.paused_until), chosen.time_zone) == ("2027-01-15", "Europe/Berlin")
    assert chosen.send_hour == 7
    saved = '<p class="notice" role="status">Saved. Your changes apply from the next issue.</p>'
    assert house.get(path).text == answer.text.replace(saved, "")


def test_what_was_chosen_stands_in_the_form(house: House, path: str) -> None:
    house.post(
        path, send_hour="0", team_size="4", monthly_tokens="1000", time_zone="Asia/Tokyo", edition="monthly"
    )
    page = " ".join(house.get(path).text.split())
    for said in (
        '<option value="0" selected>00:00</option>',
        'name="team_size" value="4"',
        'name="monthly_tokens" value="1000"',
        "<option selected>Asia/Tokyo</option>",
        'value="monthly" checked',
    ):
        assert said in page


def test_an_empty_form_chooses_nothing(house: House, path: str, reader_id: int) -> None:
    house.post(path, topics=["Coding"], team_size="3", tools=["kite"])
    house.post(path)
    chosen = house.reader(reader_id).preferences
    assert (chosen.topics, chosen.tools, chosen.team_size, chosen.edition) == ((), (), None, Edition.WEEKLY)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("monthly_tokens", "many", "whole number"),
        ("monthly_tokens", "-5", "whole number"),
        ("monthly_tokens", "0", "whole number"),
        ("monthly_tokens", "9" * 30, "whole number"),
        ("monthly_tokens", "१२३", "whole number"),
        ("team_size", "1.5", "whole number"),
        ("paused_until", "tomorrow", "a day such as"),
        ("paused_until", "2029-01-01", "a year at most"),
        ("send_hour", "24", "an hour from the list"),
        ("send_hour", "-1", "an hour from the list"),
        ("send_hour", "noon", "an hour from the list"),
        ("time_zone", "Mars/Olympus", "time zone from the list"),
        ("time_zone", "../../etc/passwd", "time zone from the list"),
        ("edition", "hourly", "weekly or monthly"),
        ("another_tool", "Nothing of the kind", "no tool of this name"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_changed(
    house: House, path: str, field: str, value: str, words: str
) -> None:
    before = house.rows()
    answer = house.post(path, **{field: value, "topics": ["Coding"]})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'id="{field}-fault"' in answer.text
    assert f'Nothing has been saved yet: <a href="#{field}-fault">' in answer.text
    assert house.rows() == before


def test_a_pause_that_is_over_is_none(house: House, path: str, reader_id: int) -> None:
    house.post(path, paused_until="2026-11-01")
    assert house.reader(reader_id).preferences.paused_until is None


def test_a_tool_is_followed_and_left_alone_by_a_button(house: House, path: str, reader_id: int) -> None:
    before = house.rows()
    assert heading(house.get(f"{path}/follow/falcon")) == "Follow Falcon &lt;b&gt;?"
    assert house.rows() == before
    assert heading(house.post(f"{path}/follow/falcon")) == "You follow Falcon &lt;b&gt;"
    house.post(f"{path}/follow/falcon")
    assert [row[1] for row in house.rows()["reader_tools"]] == ["falcon"]
    house.post(f"{path}/follow/falcon", stop="yes")
    assert house.rows()["reader_tools"] == []


def test_a_tool_that_does_not_exist_cannot_be_followed(house: House, path: str) -> None:
    for tool in ("nothing", "../kite", "%00", "a" * 500):
        assert house.post(f"{path}/follow/{tool}").status_code == 404
    assert house.rows()["reader_tools"] == []


def test_the_page_shows_no_address_and_the_mailed_link_goes_to_the_reader(house: House, path: str) -> None:
    assert "alice" not in house.get(path).text
    answer = house.post(f"{path}/link")
    assert "alice" not in answer.text
    (mail,) = house.mails("alice@example.org")
    assert mail["Subject"] == "Your data at Weekly Verdicts"
    assert "personal" not in answer.text.replace("/personal", "")


def test_pressing_the_button_often_mails_once(house: House, path: str) -> None:
    for _again in range(10):
        house.post(f"{path}/link")
    assert len(house.mails("alice@example.org")) == 1


def test_whoever_left_is_told_how_to_come_back(house: House, path: str, reader_id: int) -> None:
    take_off(house.app.database, "alice@example.org", now=house.app.clock.now())
    assert "is not subscribed now" in house.get(path).text
    assert "is not subscribed now" in house.post(path, edition="monthly").text
    reader = house.reader(reader_id)
    assert (reader.status, reader.preferences.edition) == (ReaderStatus.LEFT, Edition.WEEKLY)


def test_a_tool_is_followed_by_its_name(house: House, path: str) -> None:
    assert '<option value="Kite">' in house.get(path).text
    page = house.post(path, another_tool=" kITE ").text
    assert 'value="kite" checked> Kite' in page
    assert 'id="another_tool" name="another_tool" value=""' in page
    assert [row[1] for row in house.rows()["reader_tools"]] == ["kite"]


# A form changes only what it showed.


def sent_by(page: str) -> dict[str, list[str]]:
    """What a browser sends of the preferences' form when nobody changes anything."""
    form = page.partition("<form")[2].partition("</form>")[0]
    sent: dict[str, list[str]] = {}
    for each in re.findall(r"<input[^>]*>", form):
        given = dict(re.findall(r'(\w+)="([^"]*)"', each))
        if given["type"] not in ("checkbox", "radio") or " checked" in each:
            sent.setdefault(given["name"], []).append(unescape(given.get("value", "")))
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="(\w*)")? selected>([^<]*)', options)
        sent[name] = ["" if chosen is None else chosen[1] if chosen[1] is not None else chosen[2]]
    return sent


@pytest.fixture
def chosen(house: House, path: str, reader_id: int) -> Preferences:
    house.post(f"{path}/follow/kite")
    house.post(
        path,
        topics=["Coding", "Vision & more"],
        tools=["kite"],
        edition="monthly",
        monthly_tokens="2500000",
        team_size="12",
        paused_until="2027-01-15",
        send_hour="7",
        time_zone="Europe/Berlin",
    )
    return house.reader(reader_id).preferences


def away(house: House) -> Path:
    """Put an empty store of content in the place of the real one, which is where the path leads."""
    settings = house.app.settings
    store, put_by = settings.path(settings.paths.content_db), settings.folder / "away.db"
    store.rename(put_by)
    with open_content(store):
        pass
    return put_by


def test_saving_what_was_opened_changes_nothing(
    house: House, path: str, reader_id: int, chosen: Preferences
) -> None:
    house.post(path, **sent_by(house.get(path).text))
    assert house.reader(reader_id).preferences == chosen


def test_saving_where_there_are_no_tools_changes_nothing(
    house: House, path: str, reader_id: int, chosen: Preferences
) -> None:
    with_tools = sent_by(house.get(path).text)
    put_by = away(house)
    without_tools = sent_by(house.get(path).text)
    for sent in (with_tools, without_tools):
        assert "Saved." in house.post(path, **sent).text
        assert house.reader(reader_id).preferences == chosen
    settings = house.app.settings
    put_by.replace(settings.path(settings.paths.content_db))
    house.post(path, **without_tools)
    assert house.reader(reader_id).preferences == chosen


def test_what_was_chosen_elsewhere_meanwhile_stays(
    house: House, path: str, reader_id: int, chosen: Preferences
) -> None:
    opened = sent_by(house.get(path).text)
    house.post(f"{path}/follow/falcon")
    house.import_tools(("merlin", "Merlin", "Audio"))
    house.post(path, **{**opened, "topics": ["Coding"], "tools": []})
    assert house.reader(reader_id).preferences == replace(chosen, topics=("Coding",), tools=("falcon",))


@pytest.mark.parametrize(
    "field", ["edition", "monthly_tokens", "team_size", "paused_until", "send_hour", "time_zone"]
)
def test_a_form_without_a_field_leaves_it_alone(
    house: House, path: str, reader_id: int, chosen: Preferences, field: str
) -> None:
    opened = sent_by(house.get(path).text)
    del opened[field]
    house.post(path, **opened)
    assert house.reader(reader_id).preferences == chosen
