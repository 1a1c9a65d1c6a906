"""Editing a draft: every edit is kept, undone and done again; an older version is refused, a repeated request done once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest

from newsletter.app import App
from newsletter.db.engine import Database
from newsletter.db.statuses import ExclusionReach, ItemKind, Room
from newsletter.digest.arranging import Way
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.store import exclusions_of, get_issue, items_of
from newsletter.editing.approve import approve
from newsletter.editing.audit import list_entries
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.edits import (
    BringBack,
    ChooseQuote,
    Edit,
    Exclude,
    MoveItem,
    Pin,
    Write,
    WriteNote,
    make_edits,
)
from newsletter.editing.preview import Format, preview
from newsletter.editing.revisions import list_revisions, redo, undo
from newsletter.errors import BadInput, ChangedMeanwhile, InvalidTransition
from tests.digest.week import WEEK
from tests.editing.desk import drafted, edit, newsroom
from tests.editing.wider import STRANGER, WIDER

LEAD = ItemKey(ItemKind.COMPARISON, "borealis-3-22b-vs-meridian-medium")
BRIEF = ItemKey(ItemKind.COMPARISON, "pelican-large-vs-heron-small")
CARD = ItemKey(ItemKind.VERDICT, "tern-notes")


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database, *WEEK, WIDER, STRANGER)


@pytest.fixture
def either(tmp_path: Path, database: Database) -> App:
    """On SQLite and on PostgreSQL: for every query and every race."""
    return newsroom(tmp_path, database, *WEEK, WIDER, STRANGER)


def do(app: App, issue: Issue, *edits: Edit, by: str = "dora", request: str = "") -> Issue:
    return make_edits(app, issue, edits, by=by, request=request)


def items(app: App, issue: Issue) -> dict[ItemKey, Item]:
    with app.database.read() as connection:
        return {each.item_key: each for each in items_of(connection, issue.id)}


def room(app: App, issue: Issue, wanted: Room) -> list[str]:
    with app.database.read() as connection:
        found = items_of(connection, issue.id)
    return [each.key for each in found if each.room is wanted and each.kind is ItemKind.COMPARISON]


def test_what_is_written_is_printed_and_computed_again_when_it_is_emptied(app: App) -> None:
    issue = drafted(app)
    computed = letter_of(app, issue)
    issue = do(
        app, issue, Write(subject="Ours", preheader="Before", note="**Mind** the gap", bottom_line="So.")
    )
    letter = letter_of(app, issue)
    assert (letter.subject, letter.preheader, letter.note) == ("Ours", "Before", "**Mind** the gap")
    assert letter.lead is not None
    assert letter.lead.bottom_line.text == "So."
    issue = do(app, issue, Write(subject="", preheader="", note="", bottom_line=""))
    assert letter_of(app, issue) == computed


def test_a_lead_is_chosen_a_brief_moved_and_pinned(either: App) -> None:
    app = either
    issue = do(app, drafted(app), MoveItem(BRIEF, Room.LEAD))
    assert room(app, issue, Room.LEAD) == [BRIEF.key]
    assert room(app, issue, Room.MORE)[0] == LEAD.key
    issue = do(app, issue, MoveItem(LEAD, Way.DOWN), Pin(BRIEF, pinned=False), WriteNote(CARD, "*New* to us"))
    assert room(app, issue, Room.MORE)[1] == LEAD.key
    now = items(app, issue)
    assert (now[LEAD].pinned, now[BRIEF].pinned, now[CARD].note) == (True, False, "*New* to us")


def test_a_bottom_line_goes_with_the_lead_it_was_written_for(app: App) -> None:
    issue = do(app, drafted(app), Write(bottom_line="Borealis, by far."))
    issue = do(app, issue, MoveItem(BRIEF, Room.LEAD))
    assert issue.bottom_line == ""
    assert undo(app, issue, by="dora").bottom_line == "Borealis, by far."


def test_what_is_taken_out_waits_for_the_next_issue_or_never_comes(either: App) -> None:
    app = either
    issue = drafted(app)
    issue = do(app, issue, Exclude(BRIEF, ExclusionReach.THIS_ISSUE), Exclude(CARD, ExclusionReach.FOR_EVER))
    assert not {BRIEF, CARD} & items(app, issue).keys()
    approve(app, issue, "dora")
    following = items(app, drafted(app, "2026-12-03T09:00"))
    assert BRIEF in following
    assert CARD not in following


def test_what_was_taken_out_can_be_brought_back(either: App) -> None:
    app = either
    issue = do(app, drafted(app), Exclude(CARD, ExclusionReach.FOR_EVER))
    issue = do(app, issue, BringBack(CARD))
    assert CARD in items(app, issue)
    with app.database.read() as connection:
        assert exclusions_of(connection, issue.id) == {}
    with pytest.raises(BadInput, match="was not taken out of this issue"):
        do(app, issue, BringBack(CARD))


def test_another_question_is_asked_when_one_is_taken_out_or_its_comparison_leaves(app: App) -> None:
    issue = drafted(app)
    [asked] = [key for key in items(app, issue) if key.kind is ItemKind.QUESTION]
    issue = do(app, issue, Exclude(BRIEF, ExclusionReach.THIS_ISSUE))
    assert asked not in items(app, issue)
    issue = undo(app, issue, by="dora")
    assert asked in items(app, issue)


SENTENCE = "It installs in one line."


def review_of(app: App, reviewer: str, tool: str) -> str:
    with app.content() as content:
        return next(each.id for each in content.reviews([tool])[tool] if each.reviewer == reviewer)


def test_another_sentence_of_the_same_review_is_quoted(either: App) -> None:
    app = either
    issue = drafted(app)
    builder = review_of(app, "Builder", "borealis-3-22b")
    issue = do(app, issue, ChooseQuote(LEAD.key, builder, SENTENCE))
    lead = letter_of(app, issue).lead
    assert lead is not None
    quote = lead.quotes[0]
    assert (quote.words, quote.reviewer, quote.stance) == (SENTENCE, "Builder", "for")
    issue = do(app, issue, ChooseQuote(LEAD.key, builder, ""))
    lead = letter_of(app, issue).lead
    assert lead is not None
    assert lead.quotes[0].words.startswith("The licence is the decision")


@pytest.mark.parametrize(
    "words",
    ["It installs in two lines.", "installs in one line", "Nobody makes money from the weights alone."],
)
def test_only_a_whole_sentence_of_that_review_is_quoted(app: App, words: str) -> None:
    issue = drafted(app)
    with pytest.raises(BadInput, match="no whole sentence of Builder's review"):
        do(app, issue, ChooseQuote(LEAD.key, review_of(app, "Builder", "borealis-3-22b"), words))


def test_other_peoples_words_are_not_quoted(app: App) -> None:
    issue = drafted(app)
    with pytest.raises(BadInput, match="other people's words are not quoted"):
        do(
            app,
            issue,
            ChooseQuote(LEAD.key, review_of(app, "Stranger", "meridian-medium"), "Buy it now, all of you."),
        )


def test_edits_are_undone_one_by_one_and_done_again(either: App) -> None:
    app = either
    first = drafted(app)
    before = items(app, first)
    issue = do(app, first, Write(subject="One"))
    issue = do(app, issue, MoveItem(BRIEF, Room.LEAD))
    issue = do(app, issue, Exclude(CARD, ExclusionReach.THIS_ISSUE))
    after = items(app, issue)
    for _ in range(3):
        issue = undo(app, issue, by="ed")
    assert (issue.subject, items(app, issue)) == ("", before)
    assert issue.version == first.version + 6
    with pytest.raises(BadInput, match="nothing to undo"):
        undo(app, issue, by="ed")
    for _ in range(3):
        issue = redo(app, issue, by="ed")
    assert (issue.subject, items(app, issue)) == ("One", after)
    with pytest.raises(BadInput, match="nothing to do again"):
        redo(app, issue, by="ed")


def test_what_was_undone_is_gone_after_another_edit(either: App) -> None:
    app = either
    issue = undo(app, do(app, drafted(app), Write(subject="One")), by="ed")
    issue = do(app, issue, Write(subject="Two"))
    with pytest.raises(BadInput, match="nothing to do again"):
        redo(app, issue, by="ed")
    assert undo(app, issue, by="ed").subject == ""


def test_who_did_what_is_kept(either: App) -> None:
    app = either
    issue = do(app, drafted(app), Write(subject="One", note="Two"), by="dora")
    issue = do(app, issue, Exclude(CARD, ExclusionReach.FOR_EVER), by="ed")
    undo(app, issue, by="dora")
    with app.database.read() as connection:
        done = [(each.by, each.what) for each in list_revisions(connection, issue.id)]
        logged = [(each.by, each.action, each.issue_id) for each in list_entries(connection, 3)]
    assert done == [
        ("dora", "Undone: took Tern Notes out for ever"),
        ("ed", "took Tern Notes out for ever"),
        ("dora", "wrote the subject and note"),
    ]
    assert logged == [
        ("dora", "undone", issue.id),
        ("ed", "excluded", issue.id),
        ("dora", "edited", issue.id),
    ]


def test_an_older_version_is_refused_and_nothing_of_it_is_kept(app: App) -> None:
    stale = drafted(app)
    do(app, stale, Write(subject="Hers"), by="dora")
    for late in (Write(subject="His"), MoveItem(BRIEF, Room.LEAD), Write(subject="Hers")):
        with pytest.raises(ChangedMeanwhile):
            do(app, stale, late, by="ed")
    with pytest.raises(ChangedMeanwhile):
        undo(app, stale, by="ed")
    assert stored(app, stale).subject == "Hers"


def stored(app: App, issue: Issue) -> Issue:
    with app.database.read() as connection:
        return get_issue(connection, issue.id)


def test_a_request_that_comes_twice_is_done_once(either: App) -> None:
    app = either
    issue = drafted(app)
    once = do(app, issue, MoveItem(BRIEF, Room.LEAD), request="abc")
    again = do(app, issue, MoveItem(BRIEF, Room.LEAD), request="abc")
    assert once == again
    undone = undo(app, once, by="dora", request="def")
    assert undo(app, once, by="dora", request="def") == undone
    with pytest.raises(ChangedMeanwhile):
        do(app, issue, MoveItem(CARD, Room.OVERFLOW), request="ghi")


def test_of_two_editors_at_once_one_is_told(either: App) -> None:
    app = either
    issue = drafted(app)
    start, came = Barrier(2), list[str]()

    def write(who: str) -> Callable[[], None]:
        def run() -> None:
            start.wait()
            try:
                do(app, issue, Write(subject=who), by=who)
            except ChangedMeanwhile:
                came.append("told")
            else:
                came.append(who)

        return run

    both = [Thread(target=write(who)) for who in ("dora", "ed")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    [winner] = [each for each in came if each != "told"]
    assert sorted(came) == sorted([winner, "told"])
    assert stored(app, issue).subject == winner
    assert stored(app, issue).version == issue.version + 1


def test_what_changes_nothing_is_no_edit(app: App) -> None:
    issue = drafted(app)
    assert do(app, issue, Write(subject=""), Pin(BRIEF, pinned=False)) == issue


def test_an_approved_issue_is_not_edited(app: App) -> None:
    approved = approve(app, drafted(app), "dora")
    with pytest.raises(InvalidTransition, match="it cannot be edited"):
        do(app, approved, Write(subject="Late"))
    with pytest.raises(InvalidTransition, match="it cannot be edited"):
        undo(app, approved, by="dora")


def test_several_edits_are_all_done_or_none(app: App) -> None:
    issue = drafted(app)
    with pytest.raises(BadInput, match="at most 150"):
        do(app, issue, MoveItem(BRIEF, Room.LEAD), Write(subject="x" * 151))
    assert stored(app, issue) == issue
    assert room(app, issue, Room.LEAD) == [LEAD.key]


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("subject", "x" * 151, "The subject has 151 characters; at most 150 are allowed."),
        ("preheader", "x" * 201, "The preheader has 201 characters"),
        ("note", "word " * 61, "The note has 61 words; at most 60 are allowed."),
        (
            "note",
            "Look: ![a cat](https://x.example/cat.png)",
            "The note has an image; images are not allowed",
        ),
        ("note", "Look: ![a cat][1]\n\n[1]: https://x.example/cat.png", "The note has an image"),
        ("bottom_line", "y" * 10_000_000, "The bottom line has 10,000,000 characters"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_sentence(
    app: App, field: str, text: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        edit(app, drafted(app), **{field: text})


def test_what_nobody_can_see_is_taken_out_of_what_is_written(app: App) -> None:
    issue = edit(
        app,
        drafted(app),
        subject="Sale\u200b \u202eelas\u202c\ufeff\r\nnow",
        note="a\u200bb\u2066c\n\nd\u0000e",
    )
    assert (issue.subject, issue.note) == ("Sale elas now", "abc\n\nde")


def test_a_version_of_nowhere_is_a_stale_one(app: App) -> None:
    issue = drafted(app)
    with pytest.raises(ChangedMeanwhile):
        do(app, replace(issue, version=99), Write(subject="From the future"))


def test_a_note_on_an_item_is_markdown_on_one_line_in_both_parts(app: App) -> None:
    note = "Mind the *licence*: [terms](https://x.example/a) <b>&</b>\n\n# {{ 7 * 7 }}"
    issue = do(
        app, drafted(app), WriteNote(LEAD, note), WriteNote(BRIEF, "**Cheap**"), WriteNote(CARD, "`new`")
    )
    html, text = (
        preview(app, compile_issue(app, issue), None, form).decode() for form in (Format.HTML, Format.TEXT)
    )
    assert 'Mind the <em>licence</em>: <a href="https://x.example/a"' in html
    assert "&lt;b&gt;&amp;&lt;/b&gt; # {{ 7 * 7 }}" in html
    assert ("<strong>Cheap</strong>" in html, "<code>new</code>" in html) == (True, True)
    assert "> Mind the licence: terms (https://x.example/a) <b>&</b> #" in text
    with pytest.raises(BadInput, match="The note on an item has 31 words"):
        do(app, issue, WriteNote(LEAD, "word " * 31))
    with pytest.raises(BadInput, match="The note on an item has an image"):
        do(app, issue, WriteNote(LEAD, "![](https://x.example/a.png)"))
