"""What an issue needs, on its page: answers, test sends, approval, holding and sending; and that each is done once."""

import re
from datetime import timedelta
from html import unescape

import pytest
from httpx2 import Response

from newsletter.clock import MovedClock
from newsletter.content.records import Pack, SourceEntry
from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.audit import list_entries
from newsletter.editing.checks.links import Opener
from newsletter.editing.checks.slow import SlowChecks
from newsletter.web.desk.flash import DONE, FAILED
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE, VERDICT_PAGE
from tests.editing.desk import drafted, edit, with_settings
from tests.web.desk.desk import Desk, fault, open_desk, said
from tests.web.issues import WEEKLY

CLEAN = (PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE)
DISPUTED = "disputed:heron-small:input_price"


def draft(desk: Desk, *packs: Pack) -> Issue:
    """The week's draft."""
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    with desk.app.content() as content:
        for pack in packs:
            content.import_pack(pack, clock.now())
    clock.move(WEEKLY)
    desk.house.add("alice@example.org")
    desk.house.add("erin@example.org")
    return drafted(desk.app, f"{clock.now():%Y-%m-%dT09:00}")


@pytest.fixture
def issue(desk: Desk) -> Issue:
    return draft(desk, *CLEAN)


def path(issue: Issue, end: str = "") -> str:
    return f"/desk/issues/{issue.id}{end}"


def stored(desk: Desk, issue: Issue) -> Issue:
    with desk.app.database.read() as connection:
        return get_issue(connection, issue.id)


def deeds(desk: Desk, issue: Issue) -> list[tuple[str, str]]:
    with desk.app.database.read() as connection:
        return [(each.by, each.action) for each in list_entries(connection, 50, issue_id=issue.id)]


def hidden(answer: Response, name: str) -> str:
    """What a form on the page carries."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found is not None, f"no form carries {name}"
    return unescape(found[1])


def approve(desk: Desk, issue: Issue) -> Response:
    """Look, then click."""
    expect = hidden(desk.publisher.get(path(issue)), "expect")
    return desk.publisher.post(path(issue, "/approve"), expect=expect)


def test_an_untouched_clean_draft_is_approved_in_two_clicks(desk: Desk, issue: Issue) -> None:
    home = desk.publisher.get("/desk")
    assert f'href="{path(issue)}"' in home.text, "the first click"
    page = desk.publisher.get(path(issue))
    assert "The checks found nothing." in page.text
    assert "Thu 03 Dec 2026 09:00 (UTC)" in page.text
    done = desk.publisher.post(path(issue, "/approve"), expect=hidden(page, "expect"))
    assert said(done) == DONE["approved"]
    approved = stored(desk, issue)
    assert (approved.status, approved.approved_by) == (IssueStatus.APPROVED, "Paul")
    assert approved.content_hash == hidden(page, "expect")


def test_a_double_click_approves_once_and_says_so_both_times(desk: Desk, issue: Issue) -> None:
    expect = hidden(desk.publisher.get(path(issue)), "expect")
    first, second = (desk.publisher.post(path(issue, "/approve"), expect=expect) for _ in range(2))
    assert said(first) == said(second) == DONE["approved"]
    assert deeds(desk, issue).count(("Paul", "approved")) == 1


def test_whoever_lost_the_connection_sees_what_became_of_the_click(desk: Desk, issue: Issue) -> None:
    approve(desk, issue)
    page = desk.publisher.get(path(issue)).text
    assert "approved by Paul" in page
    assert "Until it starts it can be withdrawn." in page


def test_a_stale_tab_approves_nothing(desk: Desk, issue: Issue) -> None:
    stale = hidden(desk.publisher.get(path(issue)), "expect")
    edit(desk.app, issue, subject="Somebody else's words")
    answer = desk.publisher.post(path(issue, "/approve"), expect=stale)
    assert fault(answer) == FAILED["reads-otherwise"]
    assert "Somebody else&#39;s words" in answer.text
    assert stored(desk, issue).status is IssueStatus.DRAFT


def test_a_writer_sees_who_approves_and_has_no_button(desk: Desk, issue: Issue) -> None:
    page = desk.writer.get(path(issue)).text
    assert "A publisher has to approve it." in page
    assert path(issue, "/approve") not in page
    assert desk.writer.post(path(issue, "/approve"), expect="x").status_code == 403


def test_warnings_are_answered_before_it_is_approved(desk: Desk) -> None:
    issue = draft(desk, *CLEAN, PROFILE_PAGE)
    page = desk.writer.get(path(issue))
    assert "Answer the warnings first." in desk.publisher.get(path(issue)).text
    claim, seen = hidden(page, "claim"), hidden(page, "seen")
    done = desk.writer.post(path(issue, "/answer"), key=DISPUTED, seen=seen, answer="use", claim=claim)
    assert said(done) == "Answered."
    assert DISPUTED not in done.text
    while 'value="acknowledge"' in (page := desk.writer.get(path(issue))).text:
        key, seen = hidden(page, "key"), hidden(page, "seen")
        desk.writer.post(path(issue, "/answer"), key=key, seen=seen, answer="acknowledge")
    assert ("Wendy", "ruled") in deeds(desk, issue)
    assert said(approve(desk, issue)).startswith("Approved")


def test_an_answer_is_taken_back_and_asked_again(desk: Desk) -> None:
    issue = draft(desk, *CLEAN, PROFILE_PAGE)
    seen = hidden(desk.writer.get(path(issue)), "seen")
    answered = desk.writer.post(path(issue, "/answer"), key=DISPUTED, seen=seen, answer="both")
    assert "Set to show both by Wendy" in answered.text
    again = desk.writer.post(path(issue, "/answer"), key=DISPUTED, answer="back")
    assert said(again) == DONE["asked-again"]
    assert "Show both" in again.text


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"key": DISPUTED, "answer": "acknowledge", "seen": "f" * 64}, "changed"),
        ({"key": "nothing", "answer": "acknowledge"}, "gone"),
        ({"key": DISPUTED, "answer": "nonsense"}, "answer"),
        ({"key": DISPUTED, "answer": "use", "claim": "claim-of-nobody"}, "answer"),
    ],
)
def test_an_answer_that_cannot_be_taken_changes_nothing(
    desk: Desk, fields: dict[str, str], code: str
) -> None:
    issue = draft(desk, *CLEAN, PROFILE_PAGE)
    answer = desk.writer.post(path(issue, "/answer"), **fields)
    assert fault(answer) == FAILED[code]
    assert deeds(desk, issue) == []


def test_an_error_is_overridden_by_a_publisher_with_a_reason(desk: Desk, issue: Issue) -> None:
    own = desk.app.settings.folder / "own" / "email"
    own.mkdir(parents=True)
    [folder] = desk.app.template_folders
    masthead = (folder / "email/_masthead.mjml.j2").read_text("utf-8")
    own.joinpath("_masthead.mjml.j2").write_text(
        masthead.replace("<h1", '<img src="https://a.example/x"/><h1')
    )
    changed = open_desk(with_settings(desk.app, {"paths.templates": own.parent}))
    page = changed.publisher.get(path(issue))
    assert "Fix or override the errors first." in page.text
    fields = {"key": hidden(page, "key"), "seen": hidden(page, "seen")}
    assert "A publisher can override it." in changed.writer.get(path(issue)).text
    assert changed.writer.post(path(issue, "/override"), **fields, reason="why").status_code == 403
    assert fault(changed.publisher.post(path(issue, "/override"), **fields, reason=" ")) == FAILED["reason"]
    done = changed.publisher.post(path(issue, "/override"), **fields, reason="It says nothing.")
    assert said(done) == DONE["overridden"]
    assert "It says nothing." in done.text
    assert said(approve(changed, issue)).startswith("Approved")


def test_a_test_goes_to_oneself_marked_and_in_no_ledger(desk: Desk, issue: Issue) -> None:
    done = desk.writer.client.post(
        path(issue, "/test"),
        data={"csrf": desk.writer.csrf, "to": "me", "kind": ["usual", "volume"]},
    )
    assert said(done) == DONE["tested"]
    mails = list((desk.app.settings.path(desk.app.settings.paths.outbox) / "new").glob("*.eml"))
    subjects = [each.read_text("utf-8") for each in mails if "Test" in each.read_text("utf-8")[:2000]]
    assert len(subjects) == 2
    assert ("Wendy", "tested") in deeds(desk, issue)
    assert fault(desk.writer.post(path(issue, "/test"), to="me")) == FAILED["test-empty"]
    assert desk.writer.post(path(issue, "/test"), to="group", kind="usual").status_code == 403


def test_links_are_opened_when_asked_for_and_what_is_found_is_answered(desk: Desk, issue: Issue) -> None:
    assert "Check the links" not in desk.writer.get(path(issue)).text
    app = with_settings(desk.app, {"desk.check_links": True})
    # What is not on the open network is never connected to.
    nowhere = Opener(resolve=lambda host, port: ("127.0.0.1",))
    asking = open_desk(app)
    asking.web.state.cache.slow_checks = SlowChecks(app.settings, opener=nowhere, spamassassin=None)
    assert "The checks found nothing." in asking.publisher.get(path(issue)).text
    asked = asking.writer.post(path(issue, "/check"), ask="links")
    assert said(asked) == DONE["check-started"]
    assert "it leads into a private network and was not opened" in asked.text
    assert "Answer the warnings first." in asking.publisher.get(path(issue)).text
    seen = asking.web.state.cache.checked(stored(asking, issue)).compiled.content_hash
    assert fault(asking.publisher.post(path(issue, "/approve"), expect=seen)) == FAILED["blocked"]
    fields = {"key": hidden(asked, "key"), "seen": hidden(asked, "seen"), "answer": "acknowledge"}
    assert said(asking.writer.post(path(issue, "/answer"), **fields)) == "Answered."
    edit(app, issue, subject="Other content")
    assert "The checks found nothing." in asking.writer.get(path(issue)).text


@pytest.mark.parametrize("ask", ["links", "spam", "nobody"])
def test_nobody_is_asked_who_is_not_offered(desk: Desk, issue: Issue, ask: str) -> None:
    asking = open_desk(desk.app)
    asking.web.state.cache.slow_checks = SlowChecks(desk.app.settings, spamassassin=None)
    assert fault(asking.writer.post(path(issue, "/check"), ask=ask)) == FAILED["changed"]


def test_whatever_is_open_on_the_page_holds_the_click_as_well(desk: Desk) -> None:
    issue = draft(desk, *CLEAN, PROFILE_PAGE)
    seen = desk.web.state.cache.checked(issue).compiled.content_hash
    assert "Answer the warnings first." in desk.publisher.get(path(issue)).text
    assert fault(desk.publisher.post(path(issue, "/approve"), expect=seen)) == FAILED["blocked"]
    assert stored(desk, issue).status is IssueStatus.DRAFT


def test_it_is_withdrawn_until_it_starts(desk: Desk, issue: Issue) -> None:
    approve(desk, issue)
    assert said(desk.publisher.post(path(issue, "/withdraw"))) == DONE["withdrawn"]
    approve(desk, issue)
    _send(desk, issue)
    assert fault(desk.publisher.post(path(issue, "/withdraw"))) == FAILED["too-late"]
    assert stored(desk, issue).status is IssueStatus.SENDING


def test_it_is_held_and_let_go(desk: Desk, issue: Issue) -> None:
    approve(desk, issue)
    held = desk.publisher.post(path(issue, "/hold"))
    assert said(held) == DONE["held"]
    assert "Send now" not in held.text
    assert desk.publisher.post(path(issue, "/send"), expect="x").status_code == 200
    assert stored(desk, issue).status is IssueStatus.APPROVED
    assert said(desk.publisher.post(path(issue, "/schedule"))) == DONE["released"]
    assert [each for _, each in deeds(desk, issue)] == ["scheduled", "held", "approved"]


def test_a_publisher_chooses_when_it_goes_out(desk: Desk, issue: Issue) -> None:
    approve(desk, issue)
    page = desk.publisher.get(path(issue)).text
    assert "Date and time in UTC" in page
    assert 'value="2026-12-03T09:00"' in page
    done = desk.publisher.post(path(issue, "/schedule"), at="2026-12-04T18:30")
    assert said(done) == DONE["scheduled"]
    assert "Fri 04 Dec 2026 18:30 (UTC)" in done.text
    assert "4 December 2026, 18:30" in desk.writer.get("/desk").text
    assert deeds(desk, issue)[0] == ("Paul", "scheduled")


@pytest.mark.parametrize("at", ["", "2020-01-01T09:00", "soon"])
def test_a_time_that_cannot_be_is_said_beside_its_field(desk: Desk, issue: Issue, at: str) -> None:
    answer = desk.publisher.post(path(issue, "/schedule"), at=at)
    assert fault(answer) == FAILED["time"]
    assert 'aria-describedby="at-fault"' in answer.text
    assert stored(desk, issue) == issue


def test_a_writer_chooses_no_time(desk: Desk, issue: Issue) -> None:
    assert "Date and time in" not in desk.writer.get(path(issue)).text
    assert desk.writer.post(path(issue, "/schedule"), at="2026-12-04T18:30").status_code == 403


def _send(desk: Desk, issue: Issue, typed: str = "") -> Response:
    page = desk.publisher.get(path(issue))
    audience = hidden(page, "audience")
    fields = {"expect": hidden(page, "expect"), "audience": audience, "typed": typed or audience}
    return desk.publisher.post(path(issue, "/send"), **fields)


def test_it_is_sent_now_once_the_number_of_readers_is_typed(desk: Desk, issue: Issue) -> None:
    approve(desk, issue)
    for typed in ("7", "²", "-1", "9" * 5000):
        assert fault(_send(desk, issue, typed=typed)) == FAILED["number"]
    page = desk.publisher.get(path(issue))
    fields = {"expect": hidden(page, "expect"), "typed": hidden(page, "audience")}
    assert fault(desk.publisher.post(path(issue, "/send"), audience="9" * 5000, **fields)) == FAILED["number"]
    assert stored(desk, issue).status is IssueStatus.APPROVED
    assert said(_send(desk, issue)) == DONE["sending"]
    assert stored(desk, issue).status is IssueStatus.SENDING


def test_a_double_click_on_send_is_one_send(desk: Desk, issue: Issue) -> None:
    approve(desk, issue)
    page = desk.publisher.get(path(issue))
    fields = {name: hidden(page, name) for name in ("expect", "audience")}
    for _ in range(2):
        answer = desk.publisher.send(path(issue, "/send"), **fields, typed=fields["audience"])
        assert answer.headers["location"].startswith(path(issue, "/progress"))
    assert deeds(desk, issue).count(("Paul", "sent")) == 1


def test_an_issue_that_is_meant_for_a_later_day_is_warned_of_before_it_is_sent(desk: Desk) -> None:
    with desk.app.content() as content:
        for pack in CLEAN:
            content.import_pack(pack, desk.app.clock.now())
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    clock.move(WEEKLY / 2)
    issue = drafted(desk.app)
    approve(desk, issue)
    assert "is meant for Thursday 3 December 2026, 4 days from now." in desk.publisher.get(path(issue)).text


def test_four_eyes_are_said_before_and_kept_after_the_click(desk: Desk, issue: Issue) -> None:
    wary = open_desk(with_settings(desk.app, {"desk.four_eyes": True}))
    words = {"version": str(issue.version), "subject": "My own words"}
    assert said(wary.publisher.post(path(issue, "/texts"), **words)) == "Saved."
    page = wary.publisher.get(path(issue)).text
    assert "You have edited this issue, so somebody else has to approve it" in page
    seen = wary.web.state.cache.checked(stored(wary, issue)).compiled.content_hash
    assert fault(wary.publisher.post(path(issue, "/approve"), expect=seen)) == FAILED["own-work"]


def test_the_next_slot_is_named_only_where_an_issues_own_is_past(desk: Desk, issue: Issue) -> None:
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    clock.move(-timedelta(days=10))
    assert "The next slot is" not in open_desk(desk.app).writer.get(path(issue)).text
    clock.move(timedelta(days=10, hours=2))
    page = open_desk(desk.app).writer.get(path(issue)).text
    assert "which is past: as soon as it is approved. The next slot is Thu 10 Dec 2026 09:00 (UTC)." in page


def test_the_forms_are_taken_from_ones_own_page_only(desk: Desk, issue: Issue) -> None:
    for end in ("answer", "check", "override", "test", "approve", "withdraw", "hold", "schedule", "send"):
        answer = desk.publisher.client.post(path(issue, f"/{end}"), data={"csrf": "of another session"})
        assert answer.status_code == 403, end
    assert deeds(desk, issue) == []


def test_names_from_elsewhere_are_only_words_on_the_page(desk: Desk) -> None:
    source = SourceEntry(name="<script>alert(1)</script>{{ 7*7 }}", url="https://a.example.net/", ours=False)
    hostile = PROFILE_PAGE.model_copy(update={"source": source})
    page = desk.writer.get(path(draft(desk, *CLEAN, hostile))).text
    assert "<script>alert" not in page
    assert "{{ 7*7 }}" in page
