"""What a benchmark says, and when its promise is broken."""

import json
from dataclasses import replace
from importlib import import_module

import pytest

from benchmarks import SUITE
from benchmarks.figures import Figure, as_json, as_page
from benchmarks.measure import Task, side_by_side

FIGURE = Figure(
    name="compose",
    value=186_948.2,
    unit="messages/s",
    beside="joining the same pieces",
    limit=642_931.0,
    ratio=0.304,
    at_least=0.2,
)


@pytest.mark.parametrize(
    ("at_least", "at_most", "kept"),
    [(0.2, None, True), (0.4, None, False), (None, 0.4, True), (None, 0.2, False), (None, None, True)],
)
def test_a_promise_bounds_the_ratio(at_least: float | None, at_most: float | None, kept: bool) -> None:
    assert replace(FIGURE, at_least=at_least, at_most=at_most).is_kept is kept


def test_the_page_has_a_row_for_each_figure() -> None:
    row = "| compose | 186,948 | messages/s | joining the same pieces | 642,931 | 0.304 | ≥ 0.2 | kept |"
    assert row in as_page([FIGURE])


def test_the_json_says_which_machine_and_whether_the_promise_is_kept() -> None:
    read = json.loads(as_json([FIGURE]))
    assert "Python" in read["machine"]
    assert read["figures"][0]["ratio"] == 0.304
    assert read["figures"][0]["kept"] is True


def test_a_task_that_does_more_work_is_slower_than_its_limit() -> None:
    race = side_by_side(Task(lambda: sum(range(200_000))), Task(lambda: sum(range(20_000))), turns=5)
    assert race.ratio < 0.5
    assert race.rate < race.limit


@pytest.mark.parametrize("name", SUITE)
def test_each_benchmark_of_the_suite_can_be_run(name: str) -> None:
    assert callable(import_module(f"benchmarks.{name}").run)
