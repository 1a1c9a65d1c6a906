"""The page of a draft: everything on it is saved, undone, and done once; who comes too late sees both and loses nothing."""

import re
from html import unescape

import pytest
from httpx2 import Response

from newsletter.clock import MovedClock
from newsletter.digest.issues import Issue, Item
from newsletter.digest.store import get_issue, items_of
from newsletter.editing.approve import approve
from newsletter.editing.audit import list_entries
from newsletter.editing.checks.links import Opener
from newsletter.editing.checks.slow import SlowCheck, SlowChecks
from tests.digest.week import WEEK
from tests.editing.desk import drafted
from tests.editing.wider import LATE, STRANGER, WIDER
from tests.web.desk.desk import Browser, Desk, said
from tests.web.house import heading
from tests.web.issues import WEEKLY

LEAD = "comparison:borealis-3-22b-vs-meridian-medium"
BRIEF = "comparison:pelican-large-vs-heron-small"
CARD = "verdict:tern-notes"


@pytest.fixture
def issue(desk: Desk) -> Issue:
    """The week's draft."""
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    with desk.app.content() as content:
        for pack in (*WEEK, WIDER, STRANGER):
            content.import_pack(pack, clock.now())
    clock.move(WEEKLY)
    return drafted(desk.app, f"{clock.now():%Y-%m-%dT09:00}")


def path(issue: Issue, end: str = "") -> str:
    return f"/desk/issues/{issue.id}{end}"


def stored(desk: Desk, issue: Issue) -> Issue:
    with desk.app.database.read() as connection:
        return get_issue(connection, issue.id)


def items(desk: Desk, issue: Issue) -> dict[str, Item]:
    with desk.app.database.read() as connection:
        return {f"{each.kind}:{each.key}": each for each in items_of(connection, issue.id)}


def post(desk: Desk, browser: Browser, issue: Issue, end: str, **fields: str) -> Response:
    """A form as the page of the stored version has it."""
    return browser.post(path(issue, end), **{"version": str(stored(desk, issue).version), **fields})


def words_on(answer: Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def test_the_page_has_the_mail_what_it_needs_and_what_can_be_edited(desk: Desk, issue: Issue) -> None:
    page = desk.writer.get(path(issue))
    assert heading(page) == "Weekly 1"
    for part in ('id="todo"', f'src="{path(issue, "/mail")}"', 'id="subject"', 'id="items"', 'id="quotes"'):
        assert part in page.text
    assert "Automatic: Borealis 3 (22B) beats Meridian Medium<" in page.text


def test_words_are_saved_and_proposals_taken(desk: Desk, issue: Issue) -> None:
    texts = {"subject": "Ours", "preheader": "", "note": "**Hello**", "bottom_line": ""}
    answer = post(desk, desk.writer, issue, "/texts", **texts)
    assert said(answer) == "Saved."
    assert 'value="Ours"' in answer.text
    assert "<strong>Hello</strong>" in answer.text
    proposal = re.findall(r'name="take_subject" value="([^"]*)"', answer.text)
    assert 2 <= len(proposal) <= 5
    assert all(len(unescape(each)) <= 60 for each in proposal)
    post(desk, desk.writer, issue, "/texts", **texts, take_subject=unescape(proposal[0]))
    assert (stored(desk, issue).subject, stored(desk, issue).note) == (unescape(proposal[0]), "**Hello**")


def test_what_cannot_be_saved_stays_in_its_field_with_the_reason(desk: Desk, issue: Issue) -> None:
    typed = {"subject": "Mine", "note": "![a cat](https://x.example/cat.png)"}
    answer = post(desk, desk.writer, issue, "/texts", **typed)
    assert answer.status_code == 422
    assert 'value="Mine"' in answer.text
    assert "![a cat](https://x.example/cat.png)" in answer.text
    assert "The note has an image; images are not allowed" in words_on(answer)
    assert stored(desk, issue) == issue
    answer = post(desk, desk.writer, issue, "/item-note", item=BRIEF, note="word " * 31)
    assert (answer.status_code, "at most 30 are allowed" in answer.text) == (422, True)
    assert f'value="{"word " * 31}"' in answer.text


def test_items_are_moved_pinned_taken_out_and_brought_back(desk: Desk, issue: Issue) -> None:
    assert said(post(desk, desk.writer, issue, "/lead", item=BRIEF)).startswith("This is the lead now.")
    assert items(desk, issue)[BRIEF].room == "lead"
    post(desk, desk.writer, issue, "/order", item=LEAD, to="down")
    assert items(desk, issue)[LEAD].position == 1
    post(desk, desk.writer, issue, "/order", item=LEAD, to="overflow")
    post(desk, desk.writer, issue, "/pin", item=LEAD, pinned="no")
    assert (items(desk, issue)[LEAD].room, items(desk, issue)[LEAD].pinned) == ("overflow", False)
    page = post(desk, desk.writer, issue, "/exclude", item=CARD, reach="for-ever")
    assert "Tern Notes for good" in words_on(page)
    assert CARD not in items(desk, issue)
    post(desk, desk.writer, issue, "/exclude", item=CARD, reach="back")
    assert CARD in items(desk, issue)
    assert said(post(desk, desk.writer, issue, "/item-note", item=BRIEF, note="*Mind*")) == "Saved."
    assert "<em>Mind</em>" in desk.writer.get(path(issue, "/mail")).text


IMPOSSIBLE: tuple[tuple[str, dict[str, str], str], ...] = (
    ("/order", {"item": "comparison:nothing", "to": "up"}, "is not in this issue"),
    ("/order", {"item": CARD, "to": "more"}, "cannot stand in more comparisons"),
    ("/order", {"item": CARD, "to": "nowhere"}, "names no place"),
    ("/order", {"item": "<script>", "to": "up"}, "names no item"),
    ("/exclude", {"item": CARD, "reach": "long"}, "does not say for how long"),
    ("/quote", {"comparison": "x", "review": "y", "words": "z"}, "Only the lead quotes reviews"),
    ("/undo", {}, "There is nothing to undo."),
    ("/merge", {"cutoff": "soon"}, "does not say up to when"),
)


def test_what_cannot_be_done_is_said_in_a_sentence(desk: Desk, issue: Issue) -> None:
    for end, fields, words in IMPOSSIBLE:
        answer = post(desk, desk.writer, issue, end, **fields)
        assert (answer.status_code, words in words_on(answer)) == (422, True), (end, fields)
    assert stored(desk, issue) == issue


def test_another_sentence_is_quoted_by_a_click(desk: Desk, issue: Issue) -> None:
    page = desk.writer.get(path(issue)).text
    form = re.search(
        r'name="comparison" value="([^"]*)"><input type="hidden" name="review" value="([^"]*)"', page
    )
    assert form is not None
    fields = {"comparison": form[1], "review": form[2], "words": "It installs in one line."}
    page = post(desk, desk.writer, issue, "/quote", **fields).text
    assert 'value="It installs in one line." aria-current="true"' in page
    assert "“It installs in one line.”" in desk.writer.get(path(issue, "/mail")).text
    assert "Choose automatically" in page


def test_steps_are_undone_and_done_again_by_whoever(desk: Desk, issue: Issue) -> None:
    post(desk, desk.writer, issue, "/texts", subject="Ours")
    page = desk.publisher.get(path(issue))
    assert "Undo: wrote the subject" in page.text
    assert said(post(desk, desk.publisher, issue, "/undo")) == "Undone."
    assert stored(desk, issue).subject == ""
    assert said(post(desk, desk.writer, issue, "/undo", redo="yes")) == "Redone."
    assert stored(desk, issue).subject == "Ours"
    with desk.app.database.read() as connection:
        log = [(each.by, each.action) for each in list_entries(connection, 3, issue_id=issue.id)]
    assert log == [("Wendy", "undone"), ("Paul", "undone"), ("Wendy", "edited")]


def test_what_was_undone_stands_once_among_the_steps(desk: Desk, issue: Issue) -> None:
    post(desk, desk.writer, issue, "/texts", subject="Ours")
    post(desk, desk.publisher, issue, "/undo")
    steps = re.search(r'<ol class="steps">(.*?)</ol>', desk.writer.get(path(issue)).text, re.DOTALL)
    assert steps is not None
    assert steps[1].count("<li") == 1
    assert "Wendy: wrote the subject (undone)" in steps[1]


def test_of_two_editors_the_second_sees_both_texts_and_decides(desk: Desk, issue: Issue) -> None:
    version = str(issue.version)
    desk.writer.post(path(issue, "/texts"), version=version, subject="Hers", note="Hers too")
    late = desk.publisher.post(path(issue, "/texts"), version=version, subject="His", note="")
    assert late.status_code == 409
    assert heading(late) == "Somebody else was faster"
    assert 'name="subject" rows="3">His</textarea>' in late.text
    assert "Hers" in words_on(late)
    assert "Wendy: wrote the subject and note" in words_on(late)
    assert stored(desk, issue).subject == "Hers"
    # What he typed into one field and what she typed into another: he decides with both before him.
    fields = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', late.text))
    assert (
        said(desk.publisher.post(path(issue, "/texts"), **fields, subject="His", note="Hers too")) == "Saved."
    )
    assert (stored(desk, issue).subject, stored(desk, issue).note) == ("His", "Hers too")


def test_a_field_that_was_not_touched_is_neither_saved_nor_asked_about(desk: Desk, issue: Issue) -> None:
    seen = {f"was_{name}": "" for name in ("subject", "note")}
    version = str(issue.version)
    desk.writer.post(path(issue, "/texts"), version=version, subject="", note="Hers", **seen)
    late = desk.publisher.post(path(issue, "/texts"), version=version, subject="His", note="", **seen)
    assert late.status_code == 409
    assert 'name="subject" rows="3">His</textarea>' in late.text
    assert 'name="note"' not in late.text
    fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', late.text))
    assert said(desk.publisher.post(path(issue, "/texts"), **fields, subject="His")) == "Saved."
    assert (stored(desk, issue).subject, stored(desk, issue).note) == ("His", "Hers")
    page = desk.publisher.get(path(issue)).text
    assert '<input type="hidden" name="was_note" value="Hers">' in page


def test_a_stale_tab_is_told_what_was_done_and_may_do_it_all_the_same(desk: Desk, issue: Issue) -> None:
    post(desk, desk.publisher, issue, "/texts", subject="Ours")
    late = desk.writer.post(path(issue, "/lead"), version=str(issue.version), item=BRIEF)
    assert late.status_code == 409
    assert "choose another lead" in late.text
    assert items(desk, issue)[LEAD].room == "lead"
    fields = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', late.text))
    desk.writer.post(path(issue, "/lead"), **fields)
    assert items(desk, issue)[BRIEF].room == "lead"


def test_words_for_an_issue_that_was_approved_meanwhile_are_not_lost(desk: Desk, issue: Issue) -> None:
    approve(desk.app, issue, "Paul")
    late = desk.writer.post(path(issue, "/texts"), version=str(issue.version), subject="Too late")
    assert late.status_code == 409
    assert ">Too late</textarea>" in late.text
    assert "is approved now and cannot be edited" in words_on(late)
    assert "<button>Save" not in late.text


@pytest.mark.parametrize("end", ["/order", "/texts", "/undo"])
def test_a_double_click_does_nothing_twice(desk: Desk, issue: Issue, end: str) -> None:
    post(desk, desk.writer, issue, "/texts", subject="Before")
    fields = {
        "/order": {"item": "comparison:avocet-vs-bittern", "to": "down"},
        "/texts": {"subject": "Once"},
        "/undo": {},
    }[end]
    version = str(stored(desk, issue).version)
    first = desk.writer.post(path(issue, end), version=version, **fields)
    once = stored(desk, issue)
    second = desk.writer.post(path(issue, end), version=version, **fields)
    assert (first.status_code, second.status_code) == (200, 200)
    assert said(first) == said(second)
    assert stored(desk, issue) == once
    assert once.version == int(version) + 1


def test_newer_items_are_shown_before_they_are_merged(desk: Desk, issue: Issue) -> None:
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    post(desk, desk.writer, issue, "/exclude", item="comparison:avocet-vs-bittern", reach="this-issue")
    clock.move(WEEKLY)
    page = desk.writer.get(path(issue, "/merge"))
    assert "Nothing would be added" in words_on(page)
    assert "Merge these changes" not in words_on(page)
    with desk.app.content() as content:
        content.import_pack(LATE, clock.now() - WEEKLY / 2)
    assert "Review and merge 1 newer" in words_on(desk.writer.get(path(issue)))
    page = desk.writer.get(path(issue, "/merge"))
    assert "Added: 1 Godwit vs Hoopoe the lead" in words_on(page)
    assert "Borealis 3 (22B) vs Meridian Medium the lead → more comparisons" in words_on(page)
    cutoff = re.search(r'name="cutoff" value="([^"]*)"', page.text)
    assert cutoff is not None
    answer = post(desk, desk.writer, issue, "/merge", cutoff=cutoff[1])
    assert said(answer).startswith("Merged")
    assert items(desk, issue)["comparison:godwit-vs-hoopoe"].room == "lead"
    assert "comparison:avocet-vs-bittern" not in items(desk, issue)


def test_the_note_is_shown_while_it_is_typed_and_nothing_is_saved(desk: Desk, issue: Issue) -> None:
    shown = desk.writer.post(path(issue, "/note-preview"), note="*Hi* <script>x</script> [y](javascript:z)")
    assert shown.text == "<p><em>Hi</em> &lt;script&gt;x&lt;/script&gt; [y](javascript:z)</p>"
    assert desk.writer.post(path(issue, "/note-preview"), note="word " * 61).status_code == 422
    assert stored(desk, issue) == issue


def test_the_stamp_changes_when_the_page_would_read_otherwise(desk: Desk, issue: Issue) -> None:
    nowhere = Opener(resolve=lambda host, port: ("127.0.0.1",))
    desk.web.state.cache.slow_checks = SlowChecks(desk.app.settings, opener=nowhere, spamassassin=None)
    first = desk.writer.get(path(issue, "/stamp")).json()
    assert desk.writer.get(path(issue, "/stamp")).json() == first
    post(desk, desk.writer, issue, "/texts", subject="Ours")
    second = desk.writer.get(path(issue, "/stamp")).json()
    assert second != first
    desk.web.state.cache.slow_checks.start(
        SlowCheck.LINKS, desk.web.state.cache.checked(stored(desk, issue)).compiled, 30
    )
    assert desk.writer.get(path(issue, "/stamp")).json() != second, "somebody who was asked has answered"


def test_an_issue_that_is_no_draft_has_the_page_without_editing(desk: Desk, issue: Issue) -> None:
    approve(desk.app, issue, "Paul")
    page = desk.writer.get(path(issue))
    assert page.status_code == 200
    assert 'id="todo"' in page.text
    assert "Save texts" not in page.text
    assert heading(desk.writer.get(path(issue, "/merge"))) == heading(page), "there is nothing to merge into"


def test_there_is_no_page_for_what_is_not_there(desk: Desk) -> None:
    assert desk.writer.get("/desk/issues/99").status_code == 404
    assert desk.writer.post("/desk/issues/99/texts", version="1", subject="x").status_code == 404
