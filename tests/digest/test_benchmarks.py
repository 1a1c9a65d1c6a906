"""The benchmarks of a lead: what is shown, and what is said of the tests that are not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from newsletter.content.records import Benchmark, Source
from newsletter.digest.content import Benchmarks
from newsletter.digest.lead import all_benchmarks, first_benchmarks
from newsletter.digest.material import Dossier
from tests.digest.tools import dossier

LAB = Source(id="desk", name="Model lab", seen_on=date(2026, 11, 23))


def with_results(name: str, *scores: int | None, when: date | None = None) -> Dossier:
    results = tuple(
        Benchmark(
            tool_id=name,
            test=f"Test {place}",
            score=None if score is None else Decimal(score),
            out_of=None,
            as_of=when,
            seen_at=datetime(2026, 11, 23, tzinfo=UTC),
            source_id="desk",
            line=None,
        )
        for place, score in enumerate(scores)
    )
    return replace(dossier(name), benchmarks=results)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ((1, 2, 3, None), (1, 2, None, None), "Test 3: untested"),
        ((1, None, None), (None, None, None), "Test 1, Test 2: untested"),
        ((1, 2), (1, None), ""),
    ],
)
def test_every_test_that_has_no_row_is_counted(
    left: tuple[int | None, ...], right: tuple[int | None, ...], said: str
) -> None:
    sides = with_results("A", *left), with_results("B", *right)
    full = all_benchmarks(*sides, {"desk": LAB})
    assert full is not None
    assert full.untested == said
    assert shown(*sides).untested == "", "a row that is empty on both sides is none for the mail"


def test_the_mail_says_how_many_results_it_leaves_out() -> None:
    block = shown(with_results("A", 1, 2, 3, 4, None), with_results("B", 1, None, None, None, None))
    assert len(block.rows) == 3
    assert block.untested == "3 of 4 tests with a result are shown"


def test_where_nothing_was_tested_there_is_no_block() -> None:
    assert all_benchmarks(with_results("A", None), with_results("B", None), {}) is None


def shown(left: Dossier, right: Dossier) -> Benchmarks:
    sources = {"desk": LAB}
    tested = all_benchmarks(left, right, sources)
    assert tested is not None
    return first_benchmarks(tested, left, right, sources)


def origin(left: Dossier, right: Dossier) -> str:
    return shown(left, right).origin


def test_results_of_one_source_and_day_name_it_once() -> None:
    day = date(2026, 11, 10)
    assert origin(with_results("A", 1, 2, when=day), with_results("B", 3, None, when=day)) == (
        "Model lab, 10 Nov 2026."
    )


def test_sides_that_were_tested_on_different_days_are_named() -> None:
    left, right = (
        with_results("A", 1, 2, when=date(2026, 11, 10)),
        with_results("B", 3, when=date(2026, 10, 1)),
    )
    assert origin(left, right) == "A: Model lab, 10 Nov 2026; B: Model lab, 1 Oct 2026."


def test_tests_of_different_days_are_named_one_by_one() -> None:
    left = with_results("A", 1, 2, when=date(2026, 11, 10))
    first, second = left.benchmarks
    left = replace(left, benchmarks=(first, replace(second, source_id="elsewhere", as_of=None)))
    assert origin(left, with_results("B", 3, when=date(2026, 10, 1))) == (
        "Test 0: Model lab, 10 Nov 2026 and Model lab, 1 Oct 2026; Test 1: unnamed source, seen 23 Nov 2026."
    )


def test_a_result_that_is_not_shown_is_not_attributed() -> None:
    left = with_results("A", 1, 2, 3, 4)
    *shown, last = left.benchmarks
    left = replace(left, benchmarks=(*shown, replace(last, source_id="elsewhere")))
    assert origin(left, with_results("B")) == "Model lab, seen 23 Nov 2026."
