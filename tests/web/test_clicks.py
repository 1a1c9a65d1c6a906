"""Counting clicks: off unless asked for, the same link for everybody, and no way to anywhere else."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.db.schema import links
from newsletter.digest.clicks import clicks_of, links_of
from newsletter.digest.issues import Issue
from newsletter.digest.store import freeze, get_frozen
from newsletter.editing.approve import approve, withdraw
from newsletter.editing.compiled import compile_issue, hash_of
from newsletter.editing.preview import Format, preview
from newsletter.readers.links import Purpose, draw_salt
from newsletter.web.application import make_web
from tests.config.written import changed
from tests.conftest import THURSDAY
from tests.digest.week import WEEK
from tests.editing.desk import drafted
from tests.installed import install
from tests.web.house import House, heading, text_of
from tests.web.issues import WEEKLY, send_issue
from tests.web.visitor import Visitor

BY_HAND = {"User-Agent": "Mozilla/5.0 Firefox/140.0", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"}
OURS = re.compile(r"http://localhost:8000(/to/\d+\.[0-9a-f]{8}/\d+)")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An installation that counts clicks."""
    install(tmp_path / "weekly", example=True)
    opened = open_app(tmp_path / "weekly", MovedClock(THURSDAY))
    app = App(changed(opened.settings, {"privacy.count_clicks": True}), opened.clock, opened.database)
    yield House(app, Visitor(make_web(app), base_url="http://localhost:8000", follow_redirects=False))
    app.close()


@pytest.fixture
def issue(house: House) -> Issue:
    """One that went out to alice, an hour ago."""
    house.add("alice@example.org")
    sent = send_issue(house, *WEEK)
    house.app.sender(sent.id).send()
    later(house, timedelta(hours=1))
    return sent


def later(house: House, time: timedelta) -> None:
    clock = house.app.clock
    assert isinstance(clock, MovedClock)
    clock.move(time)


def link(house: House, issue: Issue, number: int) -> str:
    """Return the path of a counted link of the issue, as its mails have it."""
    with house.app.database.read() as connection:
        return f"/to/{issue.id}.{get_frozen(connection, issue.id).salt:08x}/{number}"


def click(house: House, issue: Issue, *numbers: int) -> None:
    for number in numbers:
        house.client.get(link(house, issue, number), headers=BY_HAND)


def counted(house: House, issue: Issue) -> tuple[int, int, int]:
    with house.app.database.read() as connection:
        found = clicks_of(connection, issue.id)
    return (
        sum(each.human for each in found),
        sum(each.machine for each in found),
        sum(each.unsure for each in found),
    )


def test_every_link_of_the_mail_leads_where_approval_froze_it_to(house: House, issue: Issue) -> None:
    (mail,) = house.mails("alice@example.org")
    html = mail.get_body(("html",))
    assert html is not None
    with house.app.database.read() as connection:
        urls = {each.number: each.url for each in links_of(connection, issue.id)}
    frozen = {link(house, issue, number): url for number, url in urls.items()}
    assert set(OURS.findall(html.get_content())) == set(frozen)
    assert set(OURS.findall(text_of(mail))) <= set(frozen)
    assert len(set(OURS.findall(text_of(mail)))) > 2
    for path, url in frozen.items():
        answer = house.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, url)
        assert "set-cookie" not in answer.headers
        assert url not in text_of(mail).split()


def test_links_of_a_readers_own_and_of_the_newsletter_stay(house: House, issue: Issue) -> None:
    (mail,) = house.mails("alice@example.org")
    text = text_of(mail)
    for page in ("unsubscribe/", "preferences/", "view/", "archive", "subscribe"):
        assert f"http://localhost:8000/{page}" in text
    with house.app.database.read() as connection:
        urls = [each.url for each in links_of(connection, issue.id)]
    assert not [each for each in urls if each.startswith("http://localhost:8000")]
    assert house.app.settings.site.privacy_url not in urls


def test_the_archive_keeps_the_plain_links_and_view_in_browser_the_counted(
    house: House, issue: Issue
) -> None:
    with house.app.database.read() as connection:
        urls = [each.url for each in links_of(connection, issue.id)]
    page = house.get("/archive/weekly-1").text
    assert "/to/" not in page
    assert any(url in page for url in urls)
    reader = house.find("alice@example.org")
    assert reader is not None
    shown = house.get(f"/view/{house.token(Purpose.VIEW, reader.id, issue.id)}").text
    assert OURS.findall(shown)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "SALTED/999",
            "SALTED/0",
            "SALTED/-1",
            "SALTED/" + "9" * 40,
            "SALTED/%D9%A1",
            "SALTED/https:",
            "2/1",
            "x/1",
        ),
        # Another installation's, a guess, and what an earlier release would have written.
        *(
            "1.0badcafe/1",
            "1.00000000/1",
            "1/1",
            "1./1",
            "1.0/1",
            "1.ZZZZZZZZ/1",
            "1.\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661/1",
        ),
    ],
)
def test_a_number_that_is_not_in_the_issue_leads_nowhere(house: House, issue: Issue, path: str) -> None:
    salted = link(house, issue, 1).split("/")[2]
    answer = house.get(f"/to/{path.replace('SALTED', salted)}")
    assert (answer.status_code, heading(answer)) == (404, "Page not found")


def test_links_of_an_earlier_release_carry_no_salt_and_lead_on(house: House, issue: Issue) -> None:
    with house.app.database.write() as connection:
        connection.execute(links.update().values(salt=0))
    assert house.client.get(f"/to/{issue.id}/1", headers=BY_HAND).status_code == 302
    assert house.get(link(house, issue, 1)).status_code == 404
    assert counted(house, issue) == (1, 0, 0)


def test_two_installations_that_approve_the_same_issue_share_no_counted_link(house: House) -> None:
    house.add("alice@example.org")
    sent = send_issue(house, *WEEK)
    first = link(house, sent, 1)
    compiled = compile_issue(house.app, sent)
    with house.app.database.write() as connection:
        # Approved once more, as on a copy: the same words, the same number.
        assert compiled.frozen is not None
        freeze(connection, sent.id, replace(compiled.frozen, salt=draw_salt()))
    again = link(house, sent, 1)
    assert house.get(first).status_code == 404
    assert house.get(again).status_code == 302
    (copy,) = load_mailings_of(house, sent)
    assert again in copy
    assert first not in copy


def load_mailings_of(house: House, issue: Issue) -> list[str]:
    return [str(each.plan.to_bytes(), "utf-8") for each in house.app.mailings(issue.id).values()]


def test_an_address_in_the_request_leads_nowhere_else(house: House, issue: Issue) -> None:
    right = house.get(link(house, issue, 1)).headers["location"]
    answer = house.client.get(
        link(house, issue, 1) + "?url=https://evil.example", headers={"Host": "evil.example"}
    )
    assert answer.headers["location"] == right


def test_people_programs_and_the_unsure_are_counted_apart(house: House, issue: Issue) -> None:
    path = link(house, issue, 1)
    house.client.get(path, headers=BY_HAND)
    assert counted(house, issue) == (1, 0, 0)
    house.client.head(path, headers=BY_HAND)
    house.client.get(path, headers={**BY_HAND, "Sec-Purpose": "prefetch;prerender"})
    house.client.get(path, headers={**BY_HAND, "User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"})
    assert counted(house, issue) == (1, 3, 0)
    house.client.get(path, headers={"User-Agent": "Mozilla/5.0 Thunderbird/140.0"})
    assert counted(house, issue) == (1, 3, 1)


def test_whoever_opens_everything_at_once_is_a_program_from_the_first_link_on(
    house: House, issue: Issue
) -> None:
    click(house, issue, 1, 2, 3)
    assert counted(house, issue) == (3, 0, 0)
    click(house, issue, 4, 5)
    assert counted(house, issue) == (0, 5, 0)
    later(house, timedelta(seconds=11))
    click(house, issue, 1)
    assert counted(house, issue) == (1, 5, 0)


def test_earlier_clicks_of_a_burst_move_from_where_they_were_counted(house: House, issue: Issue) -> None:
    house.client.get(link(house, issue, 1), headers={"User-Agent": "Mozilla/5.0 Thunderbird/140.0"})
    house.client.get(link(house, issue, 1), headers=BY_HAND)
    click(house, issue, 2, 3)
    assert counted(house, issue) == (3, 0, 1)
    click(house, issue, 4)
    assert counted(house, issue) == (0, 5, 0)
    with house.app.database.read() as connection:
        assert [each.machine for each in clicks_of(connection, issue.id)][:4] == [2, 1, 1, 1]


def test_what_was_clicked_longer_ago_stays_a_persons(house: House, issue: Issue) -> None:
    click(house, issue, 1)
    later(house, timedelta(seconds=6))
    click(house, issue, 2, 3)
    later(house, timedelta(seconds=6))
    click(house, issue, 4)
    assert counted(house, issue) == (4, 0, 0)
    click(house, issue, 5)
    assert counted(house, issue) == (1, 4, 0)


def test_a_burst_is_known_while_the_store_is_away(house: House, issue: Issue) -> None:
    with house.app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE clicks RENAME TO away")
    click(house, issue, 1, 2, 3, 4)
    with house.app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO clicks")
    click(house, issue, 5)
    assert counted(house, issue) == (0, 5, 0)


def test_in_an_issues_first_minute_nobody_is_surely_a_person(house: House) -> None:
    sent = send_issue(house, *WEEK)
    later(house, timedelta(seconds=59))
    house.client.get(link(house, sent, 1), headers=BY_HAND)
    assert counted(house, sent) == (0, 0, 1)


def test_opening_every_link_changes_nothing_but_counts(house: House, issue: Issue) -> None:
    (mail,) = house.mails("alice@example.org")
    paths = set(re.findall(r"http://localhost:8000(/\S*)", text_of(mail)))
    before = house.rows()
    for path in paths:
        assert house.client.get(path).status_code < 500
        assert house.client.head(path).status_code < 500
    after = house.rows()
    assert {name for name in after if after[name] != before[name]} == {"clicks"}
    assert counted(house, issue)[0] == 0


def test_the_way_on_is_open_when_nothing_can_be_counted(house: House, issue: Issue) -> None:
    path = link(house, issue, 1)
    with house.app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE clicks RENAME TO away")
    assert house.client.get(path, headers=BY_HAND).status_code == 302
    with house.app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO clicks")
    assert counted(house, issue) == (0, 0, 0)
    assert house.client.get(path, headers=BY_HAND).status_code == 302
    assert counted(house, issue) == (2, 0, 0)


def test_turned_off_again_the_links_lead_on_uncounted(house: House, issue: Issue) -> None:
    app = App(
        changed(house.app.settings, {"privacy.count_clicks": False}), house.app.clock, house.app.database
    )
    client = Visitor(make_web(app), base_url="http://localhost:8000", follow_redirects=False)
    assert client.get(link(house, issue, 1), headers=BY_HAND).status_code == 302
    assert counted(house, issue) == (0, 0, 0)


def test_the_hash_covers_where_links_lead_and_a_withdrawn_issue_has_none(house: House) -> None:
    app = house.app
    with app.content() as content:
        for pack in WEEK:
            content.import_pack(pack, app.clock.now())
    later(house, WEEKLY)
    draft = drafted(app)
    assert b"/to/" not in preview(app, compile_issue(app, draft), None, Format.TEXT)
    approved = approve(app, draft, "dora")
    assert b"/to/" in preview(app, compile_issue(app, approved), None, Format.TEXT)
    with app.database.read() as connection:
        frozen = get_frozen(connection, approved.id)
    assert approved.content_hash == hash_of(frozen)
    elsewhere = replace(frozen.links[0], url="https://evil.example")
    assert hash_of(replace(frozen, links=(elsewhere, *frozen.links[1:]))) != approved.content_hash
    assert house.client.get(link(house, approved, 1), headers=BY_HAND).status_code == 302
    assert counted(house, approved) == (0, 0, 0)
    path = link(house, approved, 1)
    withdraw(app, approved)
    assert house.get(path).status_code == 404


def test_unless_asked_for_no_link_is_rewritten(house: House) -> None:
    app = App(
        changed(house.app.settings, {"privacy.count_clicks": False}), house.app.clock, house.app.database
    )
    plain = House(app, Visitor(make_web(app), base_url="http://localhost:8000", follow_redirects=False))
    plain.add("alice@example.org")
    sent = send_issue(plain, *WEEK)
    app.sender(sent.id).send()
    (mail,) = plain.mails("alice@example.org")
    assert "/to/" not in text_of(mail)
    with app.database.read() as connection:
        assert links_of(connection, sent.id) == ()
    assert plain.get(link(plain, sent, 1)).status_code == 404
