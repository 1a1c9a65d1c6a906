"""Figures that the issue prints and that may be wrong; and nothing about figures that it does not print."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.content.records import ClaimEntry, Pack, QuestionEntry, SourceEntry, VerdictEntry, VotesEntry
from newsletter.db.engine import Database
from newsletter.digest.content import issue_content_from_json, issue_content_to_json
from newsletter.digest.details import details_from_json
from newsletter.digest.issues import Issue
from newsletter.digest.store import freeze, get_frozen
from newsletter.digest.writing import lead_words
from newsletter.editing.approve import approve
from newsletter.editing.checks import Finding, check
from newsletter.editing.checks.answers import find_finding, leave_out, show_both, use_claim, with_answers
from newsletter.editing.checks.changed import CHANGED
from newsletter.editing.checks.content import LEAD_WORDS
from newsletter.editing.compiled import letter_of
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE, SEEN, VERDICT_PAGE, WEEK
from tests.editing.checks.examining import examine
from tests.editing.desk import drafted, edit, newsroom

DISPUTED = "disputed:heron-small:input_price"
OURS = SourceEntry(name="Tool desk, more", url="https://tools.example.org/more", ours=True)
THEIRS = SourceEntry(name="Another almanac", url="https://other.example.net/heron", ours=False)


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database)


def add(app: App, pack: Pack) -> None:
    with app.content() as content:
        content.import_pack(pack, SEEN + timedelta(hours=1))


def keys(app: App, issue: Issue) -> list[str]:
    return [each.key for each in check(app, issue)]


def find(app: App, issue: Issue, key: str) -> Finding:
    return find_finding(issue, check(app, issue), key)


def printed(app: App, issue: Issue) -> str:
    return repr(letter_of(app, issue))


def claim(tool: str, attribute: str, value: str, unit: str = "") -> ClaimEntry:
    return ClaimEntry(tool_id=tool, attribute=attribute, value=value, unit=unit)


def test_a_disputed_figure_comes_with_the_values_to_choose_from(app: App) -> None:
    conflict = find(app, drafted(app), DISPUTED).conflict
    assert conflict is not None
    assert [(each.value, each.said_by) for each in conflict.options] == [
        ("$0.10", "Model almanac, checked 1 Mar 2026"),
        ("$0.07", "Tool desk, prices, seen 23 Nov 2026"),
    ]


def test_the_value_chosen_stands_in_the_draft_at_once(app: App) -> None:
    issue = drafted(app)
    finding = find(app, issue, DISPUTED)
    assert finding.conflict is not None
    use_claim(app, issue, finding, finding.conflict.options[1].claim_id, "dora")
    assert DISPUTED not in keys(app, issue)
    assert "$1.35" in printed(app, issue), "ten million tokens at the price chosen"
    assert "$0.10" not in printed(app, issue)


def test_what_is_left_out_is_printed_no_more(app: App) -> None:
    issue = drafted(app)
    leave_out(app, issue, find(app, issue, DISPUTED), "dora")
    assert DISPUTED not in keys(app, issue)
    assert not re.search(r"\$0\.10|\$1\.35|\$1\.50", printed(app, issue))


def test_both_are_shown_where_nobody_can_say(app: App) -> None:
    issue = drafted(app)
    show_both(app, issue, find(app, issue, DISPUTED), "dora")
    [answered] = [each for each in with_answers(app, issue, check(app, issue)) if each.key == DISPUTED]
    assert not answered.is_open
    assert "$0.10 (Model almanac" in printed(app, issue)


def test_a_third_value_asks_again(app: App) -> None:
    issue = drafted(app)
    show_both(app, issue, find(app, issue, DISPUTED), "dora")
    add(app, Pack(source=THEIRS, claims=(claim("heron-small", "input_price", "0.15", "USD/Mtok"),)))
    [answered] = [each for each in with_answers(app, issue, check(app, issue)) if each.key == DISPUTED]
    assert answered.is_open


def test_a_dispute_about_what_is_not_printed_is_not_listed(app: App) -> None:
    before = keys(app, drafted(app))
    for source, value in ((OURS, "16384"), (THEIRS, "131072")):
        add(app, Pack(source=source, claims=(claim("pelican-large", "max_output", value, "tokens"),)))
    assert keys(app, drafted(app)) == before


def test_a_split_that_its_share_does_not_make_is_listed(tmp_path: Path, sqlite_database: Database) -> None:
    wrong = VerdictEntry(tool_id="borealis-3-22b", ships=4, skips=0, share=Decimal(75))
    page = PANEL_PAGE.model_copy(update={"verdicts": (wrong, PANEL_PAGE.verdicts[1])})
    app = newsroom(tmp_path, sqlite_database, page, PRICE_PAGE)
    [finding] = [each for each in check(app, drafted(app)) if each.key.startswith("contradiction:")]
    assert finding.key.startswith("contradiction:share-against-split:borealis-3-22b:verdict:")
    assert "75" in finding.what


@pytest.mark.parametrize("ruled", [False, True], ids=["open", "ruled for the other"])
def test_the_featured_answer_may_not_tell_a_disputed_figure(
    tmp_path: Path, sqlite_database: Database, ruled: bool
) -> None:
    app = newsroom(tmp_path, sqlite_database, PANEL_PAGE)
    question = QuestionEntry(
        comparison_id="borealis-3-22b-vs-meridian-medium",
        question="How much does it read?",
        answer="Borealis 3 (22B) reads 32K tokens at once.",
    )
    ours = Pack(
        source=OURS, claims=(claim("borealis-3-22b", "context", "32000", "tokens"),), questions=(question,)
    )
    add(app, ours)
    add(app, Pack(source=THEIRS, claims=(claim("borealis-3-22b", "context", "8192", "tokens"),)))
    issue = drafted(app)
    letter = letter_of(app, issue)
    assert letter.answer is not None
    assert letter.answer.answer == question.answer
    finding = find(app, issue, "retold:question:borealis-3-22b:context")
    assert "It says 32K as context of Borealis 3 (22B), which others contradict: 8,192" in finding.what
    if ruled and finding.conflict is not None:
        [other] = [each for each in finding.conflict.options if each.value == "8,192"]
        use_claim(app, issue, finding, other.claim_id, "dora")
        assert find(app, issue, finding.key).where == "question"
        [right] = [each for each in finding.conflict.options if each.value == "32K"]
        use_claim(app, issue, finding, right.claim_id, "dora")
        assert finding.key not in keys(app, issue)


def test_old_statements_are_listed_by_source(app: App) -> None:
    stale = [each for each in check(app, drafted(app)) if each.key.startswith("stale:")]
    assert [(each.what, each.where) for each in stale] == [
        ("Heron Small, input price; Osprey 7B, context: last said on 1 Mar 2026", "Model almanac")
    ]


@pytest.mark.parametrize(
    ("words", "amounts"),
    [
        ("It now costs $4,711 a year, 37 % more.", {"$4,711", "37%"}),
        ("Still $2.40 at two million tokens, and our 50th issue.", set()),
        ("Heron Small at $0.20: who needs more?", set()),
    ],
)
def test_an_editors_amounts_stand_somewhere_else_in_the_issue(
    app: App, words: str, amounts: set[str]
) -> None:
    issue = edit(app, drafted(app), note=words)
    known = {"$2.40"} if "$2.40" in printed(app, issue).replace(words, "") else set()
    found = {each.rpartition(":")[2] for each in keys(app, issue) if each.startswith("unsourced:note")}
    assert found - ({"$2.40"} - known) == amounts


def test_a_mean_that_its_scores_do_not_make_is_listed(app: App) -> None:
    letter = letter_of(app, drafted(app))
    assert letter.lead is not None
    assert letter.lead.scorecard is not None
    wrong = replace(letter.lead.scorecard, left_mean=91)
    found = examine(app, replace(letter, lead=replace(letter.lead, scorecard=wrong)))
    assert [each.key for each in found] == ["arithmetic:borealis-3-22b:mean"]
    assert "85 + 78 + 82 + 72 does not make a mean of 91" in found[0].what


def test_a_cost_that_its_price_does_not_make_is_listed(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database, PRICE_PAGE)
    letter = letter_of(app, drafted(app))
    assert letter.lead is not None
    assert letter.lead.costs is not None
    assert letter.lead.costs.rates is not None
    wrong = replace(letter.lead.costs, rates=replace(letter.lead.costs.rates, left=Decimal(9)))
    found = examine(app, replace(letter, lead=replace(letter.lead, costs=wrong)))
    assert [each.where for each in found if each.key.startswith("arithmetic:pelican-large:")] == ["lead"]


def test_what_another_release_printed_is_no_changed_figure(app: App) -> None:
    """It printed every row of the lead's tables, and briefs in other words: nothing that they stand on has changed."""
    issue = approve(app, drafted(app), "dora")
    with app.database.write() as connection:
        frozen = get_frozen(connection, issue.id)
        letter, details = issue_content_from_json(frozen.letter), details_from_json(frozen.record)
        assert letter.lead is not None
        full = next(each for each in details.comparisons if each.comparison_id == letter.lead.comparison_id)
        assert len(full.decision) > len(letter.lead.decision)
        old = replace(letter.lead, decision=full.decision, costs=full.costs, benchmarks=full.benchmarks)
        more = tuple(replace(each, words=replace(each.words, text="In other words.")) for each in letter.more)
        stored = replace(frozen, letter=issue_content_to_json(replace(letter, lead=old, more=more)))
        freeze(connection, issue.id, stored)
    assert CHANGED not in keys(app, issue)


def test_a_figure_that_changed_after_approval_is_named(app: App) -> None:
    issue = approve(app, drafted(app), "dora")
    assert CHANGED not in keys(app, issue)
    votes = Pack(source=PANEL_PAGE.source, votes=(VotesEntry(tool_id="meridian-medium", ship=70, skip=3),))
    add(app, votes)
    assert CHANGED not in keys(app, issue), "votes move by the hour"
    add(
        app,
        Pack(source=PANEL_PAGE.source, verdicts=(VerdictEntry(tool_id="borealis-3-22b", ships=1, skips=3),)),
    )
    what = find(app, issue, CHANGED).what
    assert "Borealis 3 (22B), panel: 4 ship / 0 skip → 1 ship / 3 skip" in what


def test_a_lead_that_is_too_long_is_warned_of(app: App) -> None:
    letter = letter_of(app, drafted(app))
    assert letter.lead is not None
    room = LEAD_WORDS - lead_words(letter.lead)
    longest, longer = (
        replace(letter, lead=replace(letter.lead, note=" ".join(["word"] * words)))
        for words in (room, room + 1)
    )
    assert "long-lead" not in {each.key for each in examine(app, longest)}
    found = next(each for each in examine(app, longer) if each.key == "long-lead")
    assert found.what == f"The lead has {LEAD_WORDS + 1} words"


def test_a_clean_week_has_no_findings(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database, PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE)
    assert check(app, drafted(app)) == ()
    assert PROFILE_PAGE in WEEK, "whose old price is the dispute"
