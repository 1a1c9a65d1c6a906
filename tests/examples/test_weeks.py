"""The example weeks: they import, agree with themselves, carry the facts, and make an issue worth reading."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.content.facts import resolve
from newsletter.content.pages import decode
from newsletter.content.store import ContentStore
from newsletter.digest.draft import Drafted
from newsletter.digest.writing import count_issue_words
from newsletter.editing.checks import Finding, check
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import draft_now
from newsletter.readers.csv_file import CsvFile, ReaderRow
from newsletter.readers.importing import import_readers
from newsletter.readers.store import Arrival
from tests.content.packs import every_claim
from tests.examples.weeks import (
    LAST_WEEK,
    LAST_WEEK_AT,
    SAMPLE_WEEK,
    SAMPLE_WEEK_AT,
    import_week,
    read_week,
    runs,
)
from tests.installed import install, open_content

REAL_PAGES = os.environ.get("NEWSLETTER_REAL_PAGES", "")
#: The attributes on which the real sources contradict each other.
REALLY_DISPUTED = {
    ("mistral-small-3.2", each) for each in ("input_price", "output_price", "max_output", "licence")
}


@pytest.fixture
def content(tmp_path: Path) -> Iterator[ContentStore]:
    with open_content(tmp_path / "content.db") as store:
        yield store


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A new installation with the sample week imported, an hour later."""
    install(tmp_path / "house", example=True)
    opened = open_app(tmp_path / "house", MovedClock(SAMPLE_WEEK_AT + timedelta(hours=1)))
    with opened.content() as store:
        import_week(store, SAMPLE_WEEK, SAMPLE_WEEK_AT)
    yield opened
    opened.close()


def findings(app: App) -> tuple[Finding, ...]:
    drafted = draft_now(app)
    assert isinstance(drafted, Drafted)
    return check(app, drafted.issue)


def test_the_sample_week_has_eight_comparisons_over_three_categories() -> None:
    packs = read_week(SAMPLE_WEEK).packs.values()
    assert sum(len(pack.comparisons) for pack in packs) >= 8
    assert len({tool.category for pack in packs for tool in pack.tools if tool.category}) >= 3


@pytest.mark.parametrize("folder", [SAMPLE_WEEK, LAST_WEEK])
def test_a_week_imports_once(folder: Path, content: ContentStore) -> None:
    assert import_week(content, folder, SAMPLE_WEEK_AT) > 0
    assert import_week(content, folder, SAMPLE_WEEK_AT) == 0


def test_sources_disagree_only_where_the_real_ones_do(content: ContentStore) -> None:
    import_week(content, SAMPLE_WEEK, SAMPLE_WEEK_AT)
    tools = [head.id for head in content.tool_heads()]
    sources = {source.id: source for source in content.all_sources()}
    disputed = {
        (tool, fact.attribute)
        for tool, claims in content.claims(tools).items()
        for fact in resolve(claims, sources=sources, source_order=(), rulings={}).values()
        if fact.disputed
    }
    assert disputed == REALLY_DISPUTED


@pytest.mark.parametrize("folder", [SAMPLE_WEEK, LAST_WEEK])
def test_splits_add_up_to_the_decisions_and_picks_are_short(folder: Path) -> None:
    for pack in read_week(folder).packs.values():
        for verdict in pack.verdicts:
            reviews = [each for each in pack.reviews if each.tool_id == verdict.tool_id]
            ships = [each for each in reviews if each.decision == "ship"]
            assert len(reviews) == (verdict.ships or 0) + (verdict.skips or 0)
            assert verdict.derived or len(ships) == verdict.ships
        for comparison in pack.comparisons:
            for pick in (comparison.pick_left_if, comparison.pick_right_if):
                assert 0 < len(pick.split()) <= 20


def test_it_carries_the_facts_of_the_real_pages(content: ContentStore) -> None:
    import_week(content, SAMPLE_WEEK, SAMPLE_WEEK_AT)
    small, medium = "mistral-3-small-22b", "mistral-medium-3.2"
    scores = {
        tool: [each.score for each in reviews] for tool, reviews in content.reviews([small, medium]).items()
    }
    assert scores == {small: [85, 78, 82, 72], medium: [78, 72, 75, 55]}
    verdicts = content.verdicts([small, medium, "mistral-3-small-24b"])
    assert [(each.ships, each.skips, each.derived) for (each,) in verdicts.values()] == [
        (4, 0, False),
        (3, 1, False),
        (4, 0, True),
    ]
    unnamed = content.reviews(["mistral-3-small-24b"])["mistral-3-small-24b"]
    assert [(each.reviewer, each.score) for each in unnamed] == [(None, None)] * 4


def test_its_issue_is_of_the_usual_length_and_ready_to_approve(app: App) -> None:
    found = findings(app)
    kinds = {finding.key.partition(":")[0] for finding in found}
    assert kinds == {"disputed", "contradiction", "stale"}, (
        "three prices and a licence, one name for two, March"
    )
    drafted = draft_now(app)
    assert isinstance(drafted, Drafted)
    letter = letter_of(app, drafted.issue)
    assert 550 <= count_issue_words(letter) <= 750
    assert letter.lead is not None
    assert letter.lead.scorecard is not None
    assert letter.lead.costs is not None
    assert letter.lead.benchmarks is not None
    assert len(letter.lead.quotes) == 2
    assert (len(letter.more), len(letter.cards), len(letter.rest)) == (3, 3, 4)
    assert letter.answer is not None
    assert {dispute.attribute for dispute in letter.sources.disputes} >= {"input_price", "output_price"}


def test_the_week_before_is_history_of_the_sample_week(content: ContentStore) -> None:
    import_week(content, LAST_WEEK, LAST_WEEK_AT)
    import_week(content, SAMPLE_WEEK, SAMPLE_WEEK_AT)
    quarry = content.verdicts(["quarry-search"])["quarry-search"]
    assert [(each.ships, each.skips) for each in quarry] == [(2, 0), (1, 3)]
    sources = {source.id: source for source in content.all_sources()}
    claims = content.claims(["tessel-coder-2"])["tessel-coder-2"]
    facts = resolve(claims, sources=sources, source_order=(), rulings={})
    assert str(facts["input_price"].claim.number) == "0.8"
    assert not facts["input_price"].disputed
    history = every_claim(content, "tessel-coder-2")
    assert [str(each.number) for each in history if each.attribute == "input_price"] == ["1", "0.8"]


def test_its_readers_can_all_be_imported(app: App) -> None:
    file = CsvFile(SAMPLE_WEEK / "readers.csv")
    counts = import_readers(
        app.database,
        file,
        consent="",
        suppression_key=b"a key of thirty-two bytes, or so",
        clock=app.clock,
        strict=True,
    )
    assert (counts.arrivals, counts.bad) == ({Arrival.ADDED: 12}, 0)
    rows = [row for row in file.rows() if isinstance(row, ReaderRow)]
    assert all(row.consent for row in rows)
    assert any(not row.name.isascii() for row in rows)
    assert any(not row.address.isascii() for row in rows)
    assert {row.address.rpartition(".")[2] for row in rows} == {"org", "net", "com", "example"}


def test_examples_and_written_pages_speak_in_their_own_words() -> None:
    folder = Path(REAL_PAGES)
    if REAL_PAGES and os.environ.get("CI") == "true":
        assert folder.is_dir(), f"NEWSLETTER_REAL_PAGES names {REAL_PAGES}, which is no folder"
    if not REAL_PAGES or not folder.is_dir():
        pytest.skip("NEWSLETTER_REAL_PAGES names no folder")
    names = read_week(SAMPLE_WEEK).names | {"Mistral: Mistral Small 3.2 24B"}
    real = {run for page in folder.glob("*.txt") for run in runs(decode(page.read_bytes(), page.name), names)}
    ours = [*SAMPLE_WEEK.parent.rglob("*.*"), *(Path(__file__).parents[1] / "content" / "pages").rglob("*.*")]
    texts = {
        file.name: file.read_text(encoding="utf-8")
        for file in ours
        if file.suffix in (".yaml", ".txt", ".csv", ".py")
    }
    shared = {
        name: [run for run in runs(_without_tables(text), names) if run in real]
        for name, text in texts.items()
    }
    assert {name: found for name, found in shared.items() if found} == {}


def _without_tables(text: str) -> str:
    """The text without the rows of tables: their headings are the form of a page, and no words of anybody's."""
    return re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)
