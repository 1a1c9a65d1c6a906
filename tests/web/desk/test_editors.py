"""Publishers invite and revoke; everybody sees where they are signed in, and the log."""

import re
from datetime import timedelta

from newsletter.clock import MovedClock
from newsletter.editing.audit import list_entries
from newsletter.editing.editors import forget_desk, get_editor_by_address
from newsletter.web.desk.flash import DONE
from tests.web.desk.desk import PUBLISHER, WRITER, Desk, said
from tests.web.house import heading


def test_a_publisher_invites_and_the_link_is_shown_once(desk: Desk) -> None:
    answer = desk.publisher.post("/desk/editors", address="new@example.org", name="Nora", role="writer")
    link = re.search(r"<code>http://localhost:8000(/desk/sign-in/\S+)</code>", answer.text)
    assert link
    assert link[1] not in desk.publisher.get("/desk/editors").text
    newcomer = desk.browser()
    assert heading(newcomer.client.post(link[1])) == "Issues"
    assert "Nora" in newcomer.get("/desk").text


def test_what_was_typed_stays_beside_what_is_wrong_with_it(desk: Desk) -> None:
    answer = desk.publisher.post("/desk/editors", address="not an address", name="Nora", role="publisher")
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert 'value="Nora"' in answer.text
    assert 'value="publisher" checked' in answer.text
    assert desk.publisher.post("/desk/editors", address="a@example.org", role="king").status_code == 422


def test_a_role_changes_from_the_next_page_on(desk: Desk) -> None:
    wendy = get_editor_by_address(desk.app, WRITER).id
    assert desk.writer.get("/desk/editors").status_code == 403
    answer = desk.publisher.post(f"/desk/editors/{wendy}/role", role="publisher")
    assert said(answer) == DONE["role"]
    assert desk.writer.get("/desk/editors").status_code == 200


def test_a_revoked_editor_is_out_at_once(desk: Desk) -> None:
    wendy = get_editor_by_address(desk.app, WRITER).id
    assert said(desk.publisher.post(f"/desk/editors/{wendy}/revoke")) == DONE["revoked"]
    assert heading(desk.writer.get("/desk")) == "Sign in to the desk"


def test_the_only_publisher_is_not_revoked(desk: Desk) -> None:
    paul = get_editor_by_address(desk.app, PUBLISHER).id
    answer = desk.publisher.post(f"/desk/editors/{paul}/revoke")
    assert answer.status_code == 400
    assert "only publisher" in answer.text
    assert desk.publisher.post("/desk/editors/99/revoke").status_code == 404


def test_everybody_sees_their_sessions_and_ends_them(desk: Desk) -> None:
    page = desk.writer.get("/desk/profile")
    assert page.text.count("this one") == 1
    assert WRITER in page.text
    assert heading(desk.writer.post("/desk/sign-out/everywhere")) == "Sign in to the desk"
    assert heading(desk.publisher.get("/desk")) == "Issues"


def test_the_log_says_who_did_what(desk: Desk) -> None:
    wendy = get_editor_by_address(desk.app, WRITER).id
    desk.publisher.post(f"/desk/editors/{wendy}/revoke")
    page = desk.publisher.get("/desk/audit").text
    assert re.search(rf"<td>Paul</td><td>revoked</td><td></td><td>editor {wendy}</td>", page)
    assert "No activity yet." in desk.publisher.get("/desk/audit", issue=7).text


def test_old_deeds_links_and_sessions_are_forgotten(desk: Desk, clock: MovedClock) -> None:
    settings = desk.app.settings
    clock.move(settings.desk.session + settings.retention.sessions + timedelta(days=1))
    assert forget_desk(desk.app) == (0, 4)
    clock.move(settings.retention.audit)
    assert forget_desk(desk.app) == (4, 0)
    with desk.app.database.read() as connection:
        assert list_entries(connection, 9) == ()
