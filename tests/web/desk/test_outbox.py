"""The outbox in the browser: seen from this machine alone, while mail goes nowhere else, and harmless."""

import pytest

from newsletter.app import App
from newsletter.db.statuses import EditorRole
from newsletter.web.application import make_web
from tests.editing.desk import with_settings
from tests.web.desk.desk import PUBLISHER, WRITER, Browser, Desk, new_browser, signed_in
from tests.web.house import heading
from tests.web.visitor import Visitor


@pytest.fixture
def mailed(desk: Desk) -> Desk:
    """Somebody asked to subscribe, and an editor for a link."""
    desk.house.post("/subscribe", address="bob@example.org")
    desk.browser().client.post("/desk/sign-in", data={"address": WRITER})
    desk.house.mails("bob@example.org")
    return desk


def test_single_mails_are_listed_and_shown(mailed: Desk) -> None:
    page = mailed.publisher.get("/desk/outbox").text
    assert "Confirmation 1" in page
    assert "bob@example.org" in page
    assert WRITER in page
    mail = mailed.publisher.get("/desk/outbox/0/1")
    assert "onfirm" in heading(mail)
    for words in ("Message-ID", "/confirm/", 'src="/desk/outbox/0/1/html"'):
        assert words in mail.text


def test_only_who_may_see_it_finds_it_in_the_menu(mailed: Desk) -> None:
    assert 'href="/desk/outbox"' in mailed.publisher.get("/desk").text
    assert 'href="/desk/outbox"' not in mailed.writer.get("/desk").text


def test_the_message_itself_stands_in_a_frame_that_runs_nothing(mailed: Desk) -> None:
    answer = mailed.publisher.get("/desk/outbox/0/1/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in answer.text


def test_a_mail_that_a_mail_program_has_read_is_found_as_well(mailed: Desk) -> None:
    outbox = mailed.app.settings.path(mailed.app.settings.paths.outbox)
    for each in (outbox / "new").iterdir():
        each.rename(outbox / "cur" / f"{each.name}:2,S")
    assert mailed.publisher.get("/desk/outbox/0/1").status_code == 200


def test_what_is_not_there_is_said_so(mailed: Desk) -> None:
    for path in ("/desk/outbox/0/99", "/desk/outbox/7", "/desk/outbox/7/1", "/desk/outbox/0/99/html"):
        assert mailed.publisher.get(path).status_code == 404, path


def test_every_page_says_that_no_issue_goes_out_while_a_sandbox_is_on(app: App) -> None:
    settings = {"mail.transport": "sendgrid", "sendgrid.api_key": "SG.x", "sendgrid.sandbox": True}
    words = "No issue goes out: sendgrid.sandbox is on, so SendGrid checks mails and delivers none."
    assert words in publisher_of(with_settings(app, settings)).get("/desk").text
    for others in ({**settings, "sendgrid.sandbox": False}, {"mail.transport": "outbox"}):
        assert "No issue goes out" not in publisher_of(with_settings(app, others)).get("/desk").text


def publisher_of(app: App) -> Browser:
    return signed_in(app, new_browser(make_web(app)), PUBLISHER, EditorRole.PUBLISHER, "Paul")


@pytest.mark.parametrize(
    "changes",
    [
        {"mail.transport": "smtp", "smtp.host": "127.0.0.1"},
        {"mail.transport": "sendgrid"},
        {"site.public_url": "http://news.example.org"},
    ],
    ids=["smtp", "sendgrid", "behind a server"],
)
def test_there_is_none_where_mail_goes_out_or_others_may_look(app: App, changes: dict[str, object]) -> None:
    elsewhere = with_settings(app, changes)
    browser = publisher_of(elsewhere)
    for path in ("/desk/outbox", "/desk/outbox/0/1", "/desk/outbox/0/1/html"):
        assert browser.get(path).status_code == 404
    assert "/desk/outbox" not in browser.get("/desk").text


def test_there_is_none_over_another_interface(app: App) -> None:
    assert publisher_of(app).get("/desk/outbox").status_code == 200
    web = make_web(app)
    signed = signed_in(app, new_browser(web), PUBLISHER, EditorRole.PUBLISHER, "Paul")
    cookie = {"Cookie": f"desk={signed.client.cookies['desk']}"}
    outside = Visitor(web, base_url="http://192.0.2.7:8000", headers=cookie)
    assert outside.get("/desk").status_code == 200
    assert outside.get("/desk/outbox").status_code == 404
