from datetime import timedelta

import pytest

from newsletter.clock import MovedClock
from newsletter.db.statuses import ConsentChannel, ConsentEvent, Edition, ReaderStatus, WithdrawalReason
from newsletter.readers.consents import ConsentOrigin, list_consents
from newsletter.readers.links import Purpose
from newsletter.readers.store import change_status
from tests.web.house import House, heading


@pytest.fixture
def reader_id(house: House) -> int:
    return house.add("alice@example.org")


@pytest.fixture
def path(house: House, reader_id: int) -> str:
    return f"/unsubscribe/{house.token(Purpose.UNSUBSCRIBE, reader_id)}"


def test_the_page_has_a_button_and_changes_nothing(house: House, path: str) -> None:
    before = house.rows()
    assert heading(house.get(path)) == "Unsubscribe from Weekly Verdicts?"
    assert house.client.head(path).status_code == 200
    assert house.rows() == before


def test_one_click_leaves_in_both_encodings(house: House) -> None:
    urlencoded = house.add("alice@example.org")
    multipart = house.add("erin@example.org")
    body = "List-Unsubscribe=One-Click"
    first = house.client.post(
        f"/unsubscribe/{house.token(Purpose.UNSUBSCRIBE, urlencoded)}",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        follow_redirects=False,
    )
    second = house.client.post(
        f"/unsubscribe/{house.token(Purpose.UNSUBSCRIBE, multipart)}",
        files={"List-Unsubscribe": (None, "One-Click")},
        follow_redirects=False,
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert "set-cookie" not in first.headers
    assert [house.reader(each).status for each in (urlencoded, multipart)] == [ReaderStatus.LEFT] * 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ""),
        (b"\xff\xfe%%%", "application/x-www-form-urlencoded"),
        (b"not multipart at all", "multipart/form-data; boundary=x"),
        (b"not multipart at all", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"),
    ],
)
def test_nothing_in_the_body_stops_a_leaving(
    house: House, path: str, reader_id: int, content: bytes, kind: str
) -> None:
    headers = {"Content-Type": kind, "Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
    response = house.client.post(path, content=content, headers=headers)
    assert response.status_code == 200
    assert house.reader(reader_id).status is ReaderStatus.LEFT


def test_leaving_again_and_leaving_once_erased_says_so_again(house: House, path: str, reader_id: int) -> None:
    assert heading(house.post(path)) == "You are unsubscribed"
    assert heading(house.post(path)) == "You are unsubscribed"
    house.app.eraser.erase(reader_id, ConsentChannel.PAGE)
    answer = house.post(path)
    assert (answer.status_code, heading(answer)) == (200, "You are unsubscribed")
    assert house.get(path).status_code == 200


def test_the_reason_is_kept_in_the_ledger(house: House, path: str, reader_id: int) -> None:
    house.post(path, reason="too-often")
    with house.app.database.read() as connection:
        last = list_consents(connection, reader_id)[-1]
    assert (last.event, last.channel, last.issue_id, last.reason) == (
        ConsentEvent.WITHDRAWN,
        ConsentChannel.PAGE,
        12,
        WithdrawalReason.TOO_OFTEN,
    )
    assert last.words == "personal page, issue 12, too-often"


@pytest.mark.parametrize("reason", ["alice@example.org", "complaint"])
def test_a_reason_that_is_not_offered_is_not_kept(
    house: House, path: str, reader_id: int, reason: str
) -> None:
    house.post(path, reason=reason)
    with house.app.database.read() as connection:
        assert list_consents(connection, reader_id)[-1].reason is None


def test_a_slip_is_undone_for_a_day(house: House, path: str, reader_id: int, clock: MovedClock) -> None:
    assert "undo" in house.post(path).text
    assert heading(house.post(f"{path}/undo")) == "You are still subscribed"
    assert house.reader(reader_id).status is ReaderStatus.ACTIVE
    house.post(path)
    clock.move(timedelta(days=1, seconds=1))
    assert "undo" not in house.post(path).text
    assert heading(house.post(f"{path}/undo")) == "You are unsubscribed"
    assert house.reader(reader_id).status is ReaderStatus.LEFT


def test_whoever_left_by_one_click_finds_the_undo_behind_the_link_of_the_mail(
    house: House, path: str, reader_id: int, clock: MovedClock
) -> None:
    house.client.post(path, content="List-Unsubscribe=One-Click")
    page = house.get(path)
    assert heading(page) == "You are unsubscribed"
    assert f'action="{path}/undo"' in page.text
    house.post(f"{path}/undo")
    assert heading(house.get(path)) == "Unsubscribe from Weekly Verdicts?"
    house.post(path)
    clock.move(timedelta(days=1, seconds=1))
    page = house.get(path)
    assert heading(page) == "You are unsubscribed"
    assert "undo" not in page.text
    assert house.reader(reader_id).status is ReaderStatus.LEFT


@pytest.mark.parametrize("status", [ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED, ReaderStatus.LEFT])
def test_undo_brings_back_nobody_who_did_not_leave_by_a_link(
    house: House, path: str, reader_id: int, status: ReaderStatus
) -> None:
    by_hand = ConsentOrigin(channel=ConsentChannel.COMMAND)
    with house.app.database.write() as connection:
        change_status(connection, reader_id, status, by_hand, house.app.clock.now())
    house.post(f"{path}/undo")
    assert house.reader(reader_id).status is status


def test_a_pause_or_the_monthly_issue_may_be_had_instead(house: House, path: str, reader_id: int) -> None:
    assert heading(house.post(f"{path}/pause")) == "Paused"
    assert heading(house.post(f"{path}/monthly")) == "Once a month"
    reader = house.reader(reader_id)
    assert (str(reader.preferences.paused_until), reader.preferences.edition) == (
        "2026-12-24",
        Edition.MONTHLY,
    )
    assert "Once a month" not in house.get(path).text


def test_whoever_left_gets_neither(house: House, path: str, reader_id: int) -> None:
    house.post(path)
    assert heading(house.post(f"{path}/pause")) == "You are unsubscribed"
    assert heading(house.post(f"{path}/monthly")) == "You are unsubscribed"
    assert house.reader(reader_id).preferences.edition is Edition.WEEKLY


def test_the_offers_are_no_one_click_and_come_from_our_own_page_only(
    house: House, path: str, reader_id: int
) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert house.client.post(f"{path}/monthly", headers=foreign).status_code == 403
    assert house.reader(reader_id).preferences.edition is Edition.WEEKLY
