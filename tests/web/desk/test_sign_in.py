"""Signing in by a mailed link, what a session is worth, and how it ends."""

from datetime import timedelta

import pytest

from newsletter.clock import MovedClock
from newsletter.db.statuses import EditorRole
from newsletter.editing.editors import (
    MAILED_FOR,
    PER_ADDRESS,
    PER_NETWORK,
    get_editor_by_address,
    invite,
    revoke,
    set_role,
)
from newsletter.errors import BadInput
from tests.web.desk.desk import PUBLISHER, WRITER, Desk
from tests.web.house import heading, path_in


def mailed_path(desk: Desk, address: str) -> str:
    """Ask for a link as anybody can; the path of the one in the mail."""
    assert desk.browser().client.post("/desk/sign-in", data={"address": address}).status_code == 200
    return path_in(desk.house.mails(address)[-1], "desk/sign-in")


def test_a_mailed_link_opens_a_page_whose_button_signs_in(desk: Desk) -> None:
    path, browser = (
        mailed_path(desk, WRITER),
        desk.browser(),
    )
    before = desk.house.rows()
    for _ in range(2):
        assert "Sign in as Wendy" in browser.get(path).text
    assert desk.house.rows() == before
    assert heading(browser.client.post(path)) == "Issues"
    cookie = next(each for each in browser.client.cookies.jar if each.name == "desk")
    assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == ("/desk", True)
    assert "Wendy" in browser.get("/desk").text


def test_a_link_works_once_and_for_a_short_time(desk: Desk, clock: MovedClock) -> None:
    once, late = mailed_path(desk, WRITER), mailed_path(desk, PUBLISHER)
    assert desk.browser().client.post(once).status_code == 200
    clock.move(MAILED_FOR + timedelta(seconds=1))
    for path in (once, late, "/desk/sign-in/nonsense"):
        assert desk.browser().get(path).status_code == 400
        answer = desk.browser().client.post(path)
        assert (answer.status_code, heading(answer)) == (400, "This link does not work any more")


def test_a_stranger_learns_nothing_and_gets_no_mail(desk: Desk) -> None:
    known = desk.browser().client.post("/desk/sign-in", data={"address": WRITER})
    unknown = desk.browser().client.post("/desk/sign-in", data={"address": "mallory@example.org"})
    assert known.text == unknown.text
    assert desk.house.mails("mallory@example.org") == []
    assert desk.browser().client.post("/desk/sign-in", data={"address": "no address"}).status_code == 422


def test_an_address_is_not_flooded_and_a_network_not_let_guess(desk: Desk) -> None:
    for _ in range(PER_ADDRESS + 2):
        answer = desk.browser().client.post("/desk/sign-in", data={"address": WRITER})
        assert heading(answer) == "Check your email"
    assert len(desk.house.mails(WRITER)) == PER_ADDRESS
    for number in range(PER_NETWORK - PER_ADDRESS - 2):
        desk.browser().client.post("/desk/sign-in", data={"address": f"guess{number}@example.org"})
    answer = desk.browser().client.post("/desk/sign-in", data={"address": PUBLISHER})
    assert answer.status_code == 429
    assert desk.house.mails(PUBLISHER) == []


def test_the_database_holds_no_token(desk: Desk) -> None:
    path = mailed_path(desk, WRITER)
    token, cookie = path.rpartition("/")[2], desk.writer.client.cookies["desk"]
    rows = str(desk.house.rows())
    assert WRITER in rows
    assert cookie not in rows
    assert token not in rows


def test_a_session_ends_by_leaving_by_idleness_and_by_age(desk: Desk, clock: MovedClock) -> None:
    assert desk.writer.send("/desk/sign-out").headers["location"] == "/desk/sign-in"
    assert desk.writer.client.get("/desk", follow_redirects=False).status_code == 303
    settings = desk.app.settings
    for _ in range(settings.desk.session // settings.desk.idle):
        clock.move(settings.desk.idle)
        assert heading(desk.publisher.get("/desk")) == "Issues"
    clock.move(settings.desk.session % settings.desk.idle + timedelta(seconds=1))
    assert heading(desk.publisher.get("/desk")) == "Sign in to the desk"


def test_an_idle_session_is_over(desk: Desk, clock: MovedClock) -> None:
    clock.move(desk.app.settings.desk.idle + timedelta(seconds=1))
    assert heading(desk.writer.get("/desk")) == "Sign in to the desk"


def test_revoking_ends_sessions_and_links_at_once(desk: Desk) -> None:
    path = mailed_path(desk, WRITER)
    revoke(desk.app, get_editor_by_address(desk.app, WRITER).id, by="Paul")
    assert heading(desk.writer.get("/desk")) == "Sign in to the desk"
    assert desk.browser().get(path).status_code == 400
    desk.browser().client.post("/desk/sign-in", data={"address": WRITER})
    assert len(desk.house.mails(WRITER)) == 1


def test_an_editor_invited_again_is_back_and_keeps_the_name(desk: Desk) -> None:
    revoke(desk.app, get_editor_by_address(desk.app, WRITER).id, by="Paul")
    invite(desk.app, WRITER, EditorRole.PUBLISHER, by="Paul")
    back = get_editor_by_address(desk.app, WRITER)
    assert (back.name, back.role, back.revoked_at) == ("Wendy", EditorRole.PUBLISHER, None)


def test_the_last_publisher_stays_one(desk: Desk) -> None:
    paul = get_editor_by_address(desk.app, PUBLISHER)
    with pytest.raises(BadInput, match="only publisher"):
        revoke(desk.app, paul.id, by="Paul")
    with pytest.raises(BadInput, match="only publisher"):
        set_role(desk.app, paul.id, EditorRole.WRITER, by="Paul")


def test_a_form_without_its_token_or_with_anothers_is_not_taken(desk: Desk) -> None:
    for csrf in ("", desk.publisher.csrf, "é"):
        answer = desk.writer.client.post("/desk/sign-out", data={"csrf": csrf})
        assert (answer.status_code, heading(answer)) == (403, "That did not work")
    assert heading(desk.writer.get("/desk")) == "Issues"


def test_a_form_sent_after_the_session_ended_says_so(desk: Desk) -> None:
    answer = desk.browser().post("/desk/sign-out")
    assert (answer.status_code, heading(answer)) == (401, "Please sign in")


def test_the_pages_of_the_desk_may_have_scripts_and_frames_of_our_own_and_nothing_else(desk: Desk) -> None:
    answer = desk.writer.get("/desk")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
