"""Voting from the mail: by the link that every mail carries, counted by a button, closed in time, shown next week."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.clock import MovedClock
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ConsentChannel
from newsletter.digest.issues import Issue
from newsletter.editing.compiled import compile_issue
from newsletter.editing.preview import Format, preview
from newsletter.readers.admin import take_off
from newsletter.readers.links import Purpose
from tests.digest.week import PANEL_PAGE, WEEK
from tests.editing.desk import drafted
from tests.installed import open_content
from tests.web.house import House, heading
from tests.web.issues import send_issue

LEAD = "borealis-3-22b-vs-meridian-medium"
LEFT, RIGHT = "borealis-3-22b", "meridian-medium"


@pytest.fixture
def issue(house: House) -> Issue:
    house.add("alice@example.org")
    return send_issue(house, PANEL_PAGE)


def vote_path(house: House, name: str = "alice", comparison_id: str = LEAD) -> str:
    reader = house.find(f"{name}@example.org")
    assert reader is not None
    return f"/preferences/{house.token(Purpose.PREFERENCES, reader.id)}/vote/{comparison_id}"


def later(house: House, **time: int) -> None:
    assert isinstance(house.app.clock, MovedClock)
    house.app.clock.move(timedelta(**time))


def close(house: House) -> str:
    from jobs import votes
    from newsletter.schedule.slots import Slot

    now = house.app.clock.now()
    return votes.run(house.app, Slot(name=f"{now:%Y-%m-%dT03:00}", at=now, due_at=now)).words


def part(house: House, issue: Issue, form: Format) -> str:
    return preview(house.app, compile_issue(house.app, issue), None, form).decode()


def marks(house: House) -> int:
    return len(house.rows()["vote_marks"])


def test_opening_a_link_of_the_mail_counts_nothing_and_the_button_does(house: House, issue: Issue) -> None:
    before = house.rows()
    page = house.get(f"{vote_path(house)}?ship={LEFT}")
    assert heading(page) == "Borealis 3 (22B) or Meridian Medium?"
    assert re.search(r'name="left" value="ship" checked', page.text)
    assert re.search(r'name="right" value="" checked', page.text)
    assert house.rows() == before
    answer = house.post(vote_path(house), left="ship", right="skip")
    assert heading(answer) == "Your vote counts"
    assert marks(house) == 2


def test_a_readers_own_export_has_their_open_votes_and_nobody_elses(house: House, issue: Issue) -> None:
    house.add("bob@example.org")
    house.post(vote_path(house), left="ship", right="skip")
    house.post(vote_path(house, "bob"), left="skip", right="")

    def exported(name: str) -> list[dict[str, str]]:
        reader = house.find(f"{name}@example.org")
        assert reader is not None
        path = f"/personal/{house.token(Purpose.PERSONAL, reader.id)}/export"
        votes: list[dict[str, str]] = house.get(path).json()["open_votes"]
        return votes

    assert exported("alice") == [
        {"comparison": LEAD, "tool": LEFT, "vote": "ship"},
        {"comparison": LEAD, "tool": RIGHT, "vote": "skip"},
    ]
    assert exported("bob") == [{"comparison": LEAD, "tool": LEFT, "vote": "skip"}]
    later(house, days=6)
    close(house)
    assert exported("alice") == []


def test_a_vote_counts_once_and_can_be_changed(house: House, issue: Issue) -> None:
    path = vote_path(house)
    with ThreadPoolExecutor(4) as pool:
        clicks = [pool.submit(house.post, path, left="ship", right="") for _ in range(8)]
        assert {click.result().status_code for click in clicks} == {200}
    assert marks(house) == 1
    house.post(path, left="", right="skip")
    assert marks(house) == 1
    assert "Change my vote" in house.get(path).text
    taken_back = house.post(path, left="nonsense", right="")
    assert "Your vote has been withdrawn" in taken_back.text
    assert marks(house) == 0


def test_the_next_issue_and_the_archive_show_totals_and_the_marks_are_gone(
    house: House, issue: Issue
) -> None:
    house.add("bob@example.org")
    house.post(vote_path(house), left="ship", right="skip")
    house.post(vote_path(house, "bob"), left="ship", right="ship")
    later(house, days=4)
    close(house)
    assert marks(house) == 4
    later(house, days=1, minutes=11)
    close(house)
    assert marks(house) == 0
    with house.app.content() as content:
        counted = content.reader_votes([LEAD])
    assert {(each.tool_id, each.ship, each.skip) for each in counted} == {(LEFT, 2, 0), (RIGHT, 1, 1)}
    assert heading(house.get(vote_path(house))) == "Voting is closed"
    page = house.get(f"/archive/weekly-{issue.number or 1}").text
    assert "Readers voted" in page
    assert re.search(r"Borealis 3 \(22B\)</th>\s*<td>2</td>\s*<td>0</td>", page)
    with house.app.content() as content:
        for pack in WEEK:
            content.import_pack(pack, house.app.clock.now())
    later(house, hours=1)
    following = drafted(house.app, "2026-12-10T09:00")
    said = "You voted: ship Borealis 3 (22B) (2–0), tie on Meridian Medium (1–1)."
    text = " ".join(part(house, following, Format.TEXT).split())
    assert said in text


def test_who_comes_too_late_changes_nothing(house: House, issue: Issue) -> None:
    path = vote_path(house)
    later(house, days=5)
    late = house.post(path, left="ship", right="ship")
    assert (late.status_code, heading(late), marks(house)) == (409, "Voting is closed", 0)


def test_counting_twice_keeps_the_first_totals(house: House, issue: Issue) -> None:
    house.post(vote_path(house), left="ship")
    later(house, days=6)
    close(house)
    close(house)
    with house.app.content() as content:
        assert [(each.ship, each.skip) for each in content.reader_votes()] == [(1, 0)]


def test_what_the_store_of_content_does_not_know_is_not_forgotten(house: House, issue: Issue) -> None:
    house.post(vote_path(house), left="ship", right="skip")
    later(house, days=6)
    settings = house.app.settings
    store, away = settings.path(settings.paths.content_db), settings.folder / "away.db"
    store.rename(away)
    with open_content(store):
        pass
    for _night in range(2):
        assert close(house) == "Counted the votes on 0 comparisons. 1 wait until content.db knows them."
    assert marks(house) == 2
    assert [row[2] for row in house.rows()["alerts"]] == [f"Votes on {LEAD} wait to be counted"]
    away.replace(store)
    assert (close(house), marks(house)) == ("Counted the votes on 1 comparisons.", 0)
    with house.app.content() as content:
        assert {(each.ship, each.skip) for each in content.reader_votes()} == {(1, 0), (0, 1)}


def test_only_active_readers_vote_and_only_on_what_went_out(house: House, issue: Issue) -> None:
    path = vote_path(house)
    assert house.get(vote_path(house, comparison_id="never-heard-of")).status_code == 404
    take_off(house.app.database, "alice@example.org", now=house.app.clock.now())
    assert "Only readers" in house.get(path).text
    assert house.post(path, left="ship").status_code == 409
    assert house.get("/preferences/forged/vote/x").status_code == 400
    assert marks(house) == 0


def test_erasing_a_reader_takes_the_votes_back(house: House, issue: Issue) -> None:
    house.post(vote_path(house), left="ship", right="ship")
    reader = house.find("alice@example.org")
    assert reader is not None
    house.app.eraser.erase(reader.id, ConsentChannel.PAGE)
    assert marks(house) == 0


def test_both_parts_of_the_mail_lead_to_the_page(house: House, issue: Issue) -> None:
    html, text = part(house, issue, Format.HTML), part(house, issue, Format.TEXT)
    assert html.count(f'/vote/{LEAD}"') == 1
    assert sum(word.endswith(f"/vote/{LEAD}") for word in text.split()) == 1


def test_the_communitys_line_is_our_readers_where_the_site_counts_nobody(house: House, issue: Issue) -> None:
    house.post(vote_path(house), left="skip")
    later(house, days=6)
    close(house)
    with ContentStore.read_only(
        Path(house.app.settings.path(house.app.settings.paths.content_db))
    ) as content:
        votes = content.votes([LEFT])[LEFT]
    assert (votes.ship, votes.skip, votes.source_id) == (0, 1, "reader-votes")


def test_an_issues_page_does_without_the_store_of_content(house: House, issue: Issue) -> None:
    settings = house.app.settings
    settings.path(settings.paths.content_db).rename(settings.folder / "away.db")
    assert house.get("/archive/weekly-1").status_code == 200
