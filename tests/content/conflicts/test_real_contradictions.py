"""The contradictions in the real pages, where NEWSLETTER_REAL_PAGES names their folder: each, and no other."""

import os
from pathlib import Path

import pytest

from newsletter.content.conflicts.contradiction import Contradiction, ContradictionKind
from newsletter.content.pages import decode
from tests.content.conflicts.pages import check

FOLDER = os.environ.get("NEWSLETTER_REAL_PAGES", "")

MEDIUM, SMALL, LONG_NAME = "mistral-medium-3.1", "mistral-small-3.2", "mistral-mistral-small-3.2-24b"

#: ContradictionKind, attribute, and of each side the tool and the line on its page. The reason stands above each.
EXPECTED = {
    # The profile, verified in March 2026, has $0.10 a million in; head-to-head and model page have $0.07.
    (ContradictionKind.SOURCES_DIFFER, "input_price", SMALL, 16, SMALL, 12),
    # And $0.30 a million out; the other two have $0.20.
    (ContradictionKind.SOURCES_DIFFER, "output_price", SMALL, 18, SMALL, 12),
    # The profile says Apache 2.0 and open weights; the model page's specification says proprietary.
    (ContradictionKind.SOURCES_DIFFER, "licence", SMALL, 22, LONG_NAME, 28),
    # The profile allows answers of 128K tokens, the model page of 16,384.
    (ContradictionKind.SOURCES_DIFFER, "max_output", SMALL, 12, LONG_NAME, 24),
    # Name, version, maker and 24B agree: the model page's record is the profile's tool.
    (ContradictionKind.TWO_RECORDS, "identity", SMALL, 5, LONG_NAME, 1),
    # Two panel pages, against the same rival, give one name to a 22B and to a 24B model.
    (ContradictionKind.ONE_NAME, "identity", "mistral-3-small-22b", 13, "mistral-3-small-24b", 5),
    # 100M tokens on Medium are $120 in the list, which its prices allow, and $1,200 in the text.
    (ContradictionKind.TOTAL, "cost_at_100M", MEDIUM, 10, MEDIUM, 12),
    # 100M tokens on Small are $14 in the list and $100 in the text; even all output would be $20.
    (ContradictionKind.TOTAL, "cost_at_100M", SMALL, 11, SMALL, 12),
    # 100k tokens at $0.07 a million are $0.007, not $7.
    (ContradictionKind.TOTAL, "cost_at_100K", LONG_NAME, 33, LONG_NAME, 77),
    # 10M tokens a day at $0.07 a million are $21 a month, not $700.
    (ContradictionKind.TOTAL, "cost_at_10M_daily", LONG_NAME, 33, LONG_NAME, 79),
    # $11 is what 10M tokens save by the list; "for every million" it is at most $1.80.
    (ContradictionKind.SAVING, "saving", MEDIUM, 12, SMALL, 12),
    # "Half as much" where input is 0.175 and output 0.1 of the other's, and elsewhere "one-tenth".
    (ContradictionKind.RATIO, "cost_ratio", MEDIUM, 12, SMALL, 29),
    # Small's $0.20 is its output price; Medium's $0.60 beside it is no price of Medium, whose output is $2.00.
    (ContradictionKind.PRICE, "token_price", MEDIUM, 12, MEDIUM, 30),
    # "Won all four benchmarks" over a table with one score; three of the four are not in the table.
    (ContradictionKind.WINS, "benchmarks_won", SMALL, 19, SMALL, 29),
    # "Scored zero across the board" over a table in which Medium has no score at all.
    (ContradictionKind.WINS, "benchmark_score", MEDIUM, 17, MEDIUM, 29),
    # Graded untested in the answers; four wins, 2/3 in each, and a score of 2 above them.
    (ContradictionKind.UNTESTED, "grade", SMALL, 36, SMALL, 29),
    # "The only untested area" under a table with eleven empty rows.
    (ContradictionKind.UNTESTED, "benchmarks", SMALL, 17, SMALL, 30),
    # "No public benchmarks" on the model page; a benchmark with a score on the head-to-head.
    (ContradictionKind.UNTESTED, "benchmarks", LONG_NAME, 15, SMALL, 19),
    # Medium outperforms by 10-15% in head-to-head benchmarks; Small dominates in every tested category.
    (ContradictionKind.AHEAD, "performance", MEDIUM, 13, SMALL, 29),
    # The text is for Small; its own answer says that Medium is the better model.
    (ContradictionKind.ADVICE, "advice", SMALL, 29, MEDIUM, 36),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contradiction, ...]:
    folder = Path(FOLDER)
    if FOLDER and os.environ.get("CI") == "true":
        assert folder.is_dir(), f"NEWSLETTER_REAL_PAGES names {FOLDER}, which is no folder"
    if not FOLDER or not folder.is_dir():
        pytest.skip("NEWSLETTER_REAL_PAGES names no folder")
    pages = [decode(path.read_bytes(), path.name) for path in sorted(folder.glob("*.txt"))]
    return check(tmp_path_factory.mktemp("real"), *pages)


def key(found: Contradiction) -> tuple[ContradictionKind, str, str, int | None, str, int | None]:
    left, right = found.left, found.right
    return (found.kind, found.attribute, left.tool_id, left.line, right.tool_id, right.line)


def test_more_than_ten_are_expected() -> None:
    assert len(EXPECTED) == 20


def test_every_true_contradiction_is_found_and_nothing_else_is(found: tuple[Contradiction, ...]) -> None:
    pairs = [key(each) for each in found]
    assert set(pairs) - EXPECTED == set(), "false alarms"
    assert EXPECTED - set(pairs) == set(), "missed"
    assert len(pairs) == len(EXPECTED)


def test_every_statement_has_its_place_words_and_date(found: tuple[Contradiction, ...]) -> None:
    statements = [each for one in found for each in (one.left, one.right, *one.also)]
    assert [
        each for each in statements if not (each.line and each.words and each.source and each.dated)
    ] == []
    assert {each.dated for each in statements} == {"verified 2026-03-01", "seen 2026-11-22"}


def test_the_serious_and_certain_come_first(found: tuple[Contradiction, ...]) -> None:
    order = [(each.is_serious, each.certain) for each in found]
    assert order == sorted(order, reverse=True)
