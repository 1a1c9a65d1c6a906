"""The benchmarks of a lead: what is shown, and what is said of the tests that are not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from newsletter.content.model import Benchmark
from newsletter.digest.lead import all_benchmarks, first_benchmarks
from newsletter.digest.material import Dossier
from tests.digest.tools import dossier


def with_results(name: str, *scores: int | None) -> Dossier:
    results = tuple(
        Benchmark(
            tool_id=name,
            test=f"Test {place}",
            score=None if score is None else Decimal(score),
            out_of=None,
            as_of=None,
            seen_on=date(2026, 11, 23),
            source_id="desk",
            line=None,
        )
        for place, score in enumerate(scores)
    )
    return replace(dossier(name), benchmarks=results)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ((1, 2, 3, None), (1, 2, None, None), "Test 3: no result"),
        ((1, None, None), (None, None, None), "Test 1, Test 2: no result"),
        ((1, 2), (1, None), ""),
        ((1, 2, 3, 4, 5), (1,), "3 of 5 tests with a result are shown"),
        (
            (1, 2, 3, 4, None),
            (None, None, None, None, None),
            "3 of 4 tests with a result are shown; Test 4: no result",
        ),
    ],
)
def test_every_test_that_has_no_row_is_counted(
    left: tuple[int | None, ...], right: tuple[int | None, ...], said: str
) -> None:
    block = first_benchmarks(with_results("A", *left), with_results("B", *right))
    assert block is not None
    assert len(block.rows) <= 3
    assert block.untested == said


def test_where_nothing_was_tested_there_is_no_block() -> None:
    assert all_benchmarks(with_results("A", None), with_results("B", None)) is None
