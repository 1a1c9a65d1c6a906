"""The preview is the mail itself, for anybody, and nobody leaves by it."""

import re
from email import message_from_string, policy
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.delivery.store import start_issue
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_frozen
from newsletter.editing.approve import approve
from newsletter.editing.compiled import hash_of
from newsletter.readers.preferences import Preferences, put_preferences
from tests.config.written import changed
from tests.digest.week import WEEK
from tests.editing.desk import drafted
from tests.web.desk.desk import Desk, open_desk
from tests.web.house import heading
from tests.web.issues import WEEKLY, send_issue

HASH = re.compile(r'<code class="hash">([0-9a-f]{64})</code>')


@pytest.fixture
def issue(desk: Desk) -> Issue:
    """The week's draft."""
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    with desk.app.content() as content:
        for pack in WEEK:
            content.import_pack(pack, clock.now())
    clock.move(WEEKLY)
    return drafted(desk.app, f"{clock.now():%Y-%m-%dT09:00}")


def preview(issue: Issue, query: str = "") -> str:
    return f"/desk/issues/{issue.id}/preview{query}"


def mail(issue: Issue, query: str = "") -> str:
    return f"/desk/issues/{issue.id}/mail{query}"


def test_the_hash_shown_of_a_draft_is_that_of_what_is_approved_and_sent(desk: Desk, issue: Issue) -> None:
    shown = [HASH.findall(desk.writer.get(preview(issue)).text)]
    approve(desk.app, issue, "dora")
    shown.append(HASH.findall(desk.writer.get(preview(issue)).text))
    start_issue(desk.app.database, issue.id, desk.app.clock.now())
    shown.append(HASH.findall(desk.writer.get(preview(issue)).text))
    with desk.app.database.read() as connection:
        frozen = get_frozen(connection, issue.id)
    assert shown == [[hash_of(frozen)]] * 3


def test_the_frame_holds_the_mail_and_nothing_in_it_can_run(desk: Desk, issue: Issue) -> None:
    page = desk.writer.get(preview(issue))
    assert f'src="{mail(issue)}"' in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    answer = desk.writer.get(mail(issue))
    security = answer.headers["content-security-policy"]
    assert security.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "script-src" not in security
    assert "frame-ancestors 'self'" in security
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "<script" not in answer.text


def test_the_scheme_is_decided_in_the_mails_own_style(desk: Desk, issue: Issue) -> None:
    light, dark = (desk.writer.get(mail(issue, f"?scheme={each}")).text for each in ("light", "dark"))
    assert "@media (max-width:0){" in light
    assert "@media (min-width:0){" in dark
    assert "prefers-color-scheme" not in light + dark
    assert light.partition("<body")[2] == dark.partition("<body")[2]


def test_images_off_means_that_the_browser_may_load_none(desk: Desk, issue: Issue) -> None:
    assert "img-src 'none'" in desk.writer.get(mail(issue, "?images=off")).headers["content-security-policy"]
    assert "img-src 'self' https: data:" in desk.writer.get(mail(issue)).headers["content-security-policy"]


def test_text_headers_and_source_are_those_of_the_message(desk: Desk, issue: Issue) -> None:
    text = desk.writer.get(preview(issue, "?part=text")).text
    assert "SIDE BY SIDE" in text
    assert not {"Width", "Scheme", "Images"} & set(re.findall(r'<span id="switch-\d">(\w+)</span>', text))
    headers = desk.writer.get(preview(issue, "?part=headers")).text
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert "Content-Transfer-Encoding" not in headers
    source = desk.writer.get(preview(issue, "?part=source")).text
    shown = re.search(r'<pre class="part"[^>]*>(.*?)</pre>', source, re.DOTALL)
    assert shown
    message = message_from_string(shown[1].replace("&lt;", "<").replace("&gt;", ">"), policy=policy.default)
    assert message["Precedence"] == "bulk"
    assert message["To"] == "reader@example.org"


def test_a_made_up_reader_gets_what_such_a_reader_would(desk: Desk, issue: Issue) -> None:
    follow(desk, "heron-small")
    assert "Your tools" not in desk.writer.get(mail(issue)).text
    assert "Your tools" in desk.writer.get(mail(issue, "?tools=heron-small")).text
    page = desk.writer.get(preview(issue, "?tools=heron-small&team_size=12")).text
    assert "As a sample reader gets it: follows: heron-small; team size: 12." in page
    assert 'value="heron-small" checked' in page
    assert 'src="' + mail(issue, "?tools=heron-small&amp;team_size=12") + '"' in page


def follow(desk: Desk, tool_id: str) -> int:
    """A reader who follows a tool: only what somebody follows stands in an issue."""
    alice = desk.house.add("alice@example.org")
    with desk.app.database.write() as connection:
        put_preferences(connection, alice, Preferences(tools=(tool_id,)))
    return alice


def test_what_is_no_number_is_said_beside_the_mail(desk: Desk, issue: Issue) -> None:
    answer = desk.writer.get(preview(issue, "?team_size=many"))
    assert answer.status_code == 422
    assert "Please give a whole number" in answer.text


def test_a_publisher_looks_as_any_reader_and_no_link_acts_for_them(desk: Desk, issue: Issue) -> None:
    alice = follow(desk, "heron-small")
    answer = desk.publisher.send(preview(issue), address="Alice@EXAMPLE.org")
    assert (answer.status_code, answer.headers["location"]) == (303, preview(issue, f"?reader={alice}"))
    page = desk.publisher.get(preview(issue, f"?reader={alice}"))
    assert "As alice@example.org will get it" in page.text
    shown = desk.publisher.get(mail(issue, f"?reader={alice}")).text
    assert "Sent to alice@example.org" in shown
    assert "Your tools" in shown
    source = desk.publisher.get(preview(issue, f"?reader={alice}&part=source")).text
    for text in (shown, source.replace("=\n", "")):
        for path in re.findall(r"https?://[^\s\"&<>]*?(/(?:unsubscribe|preferences|view)/[^\s\"&<>]+)", text):
            assert path.split("/")[2] == "preview"
    before = desk.house.rows()
    assert desk.house.client.post("/unsubscribe/preview").status_code == 400
    assert desk.house.rows() == before


def test_a_writer_sees_no_readers_copy(desk: Desk, issue: Issue) -> None:
    alice = desk.house.add("alice@example.org")
    assert desk.writer.get(mail(issue, f"?reader={alice}")).status_code == 403
    assert desk.writer.get(preview(issue, f"?reader={alice}")).status_code == 403
    assert desk.writer.send(preview(issue), address="alice@example.org").status_code == 403
    assert "A reader’s address" not in desk.writer.get(preview(issue)).text


@pytest.mark.parametrize(
    ("typed", "why"), [("nobody@example.org", "No reader has"), ("no address", "no address")]
)
def test_an_address_that_is_no_readers_is_kept_and_said(
    desk: Desk, issue: Issue, typed: str, why: str
) -> None:
    answer = desk.publisher.post(preview(issue), address=typed)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert why in answer.text


def test_last_weeks_issue_stands_beside(desk: Desk) -> None:
    first = send_issue(desk.house, *WEEK[:2])
    second = send_issue(desk.house, *WEEK[2:])
    # Two weeks have gone by: everybody signs in anew.
    desk = open_desk(desk.app)
    assert "The issue before" not in desk.writer.get(preview(first)).text
    page = desk.writer.get(preview(second, "?beside=on&scheme=dark")).text
    assert page.count("<iframe") == 2
    assert f'src="{mail(first, "?scheme=dark")}"' in page
    assert f'src="{mail(second, "?scheme=dark")}"' in page


def test_a_template_that_is_broken_is_named_with_its_line(desk: Desk, issue: Issue, tmp_path: Path) -> None:
    own = tmp_path / "own" / "email" / "weekly"
    own.mkdir(parents=True)
    (own / "body.mjml.j2").write_text("<mjml>\n{{ letter.nothing }}\n</mjml>")
    app = App(
        changed(desk.app.settings, {"paths.templates": tmp_path / "own"}), desk.app.clock, desk.app.database
    )
    page = open_desk(app).writer.get(preview(issue)).text
    assert "The email could not be made." in page
    assert "email/weekly/body.mjml.j2, line 2</code>" in page


def test_an_issue_that_is_not_there_is_not_found(desk: Desk) -> None:
    assert heading(desk.writer.get("/desk/issues/99/preview")) == "Page not found"
    assert desk.writer.get("/desk/issues/99/mail").status_code == 404
