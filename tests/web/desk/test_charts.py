"""The report's pictures: SVG that needs neither script nor style, and is empty where there is nothing to show."""

from datetime import date
from xml.etree import ElementTree

import pytest

from newsletter.web.desk.charts import _number, bars, lines_over_time

DAYS = (date(2026, 11, 19), date(2026, 11, 26))


def test_a_picture_is_well_formed_and_holds_names_as_words() -> None:
    for svg in (
        lines_over_time([("<script>", [(DAYS[0], 1.0), (DAYS[1], 2.0)])]),
        bars([("<script>", 3), ('"&', 1_500_000)]),
    ):
        ElementTree.fromstring(svg)
        assert "<script" not in svg
        assert "style" not in svg
        assert 'aria-hidden="true"' in svg


@pytest.mark.parametrize("points", [[], [(DAYS[0], 1.0)], [(DAYS[0], 1.0), (DAYS[0], 2.0)]])
def test_points_of_one_day_make_no_line(points: list[tuple[date, float]]) -> None:
    assert lines_over_time([("readers", points)]) == ""


def test_points_of_one_day_stand_in_nobodys_way() -> None:
    usual = [(DAYS[0], 1.0), (DAYS[1], 2.0)]
    svg = lines_over_time([("here", usual), ("one day", [(DAYS[0], 1.0)] * 2), ("there", usual)])
    assert ("here" in svg, "one day" in svg, "there" in svg) == (True, False, True)


def test_nothing_makes_no_bars() -> None:
    assert bars([]) == bars([("accepted", 0)]) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (2.5, "2.5"),
        (120, "120"),
        (5_000, "5,000"),
        (50_000, "50k"),
        (1_500_000, "1.5M"),
        (2e6, "2M"),
    ],
)
def test_marks_are_short(value: float, words: str) -> None:
    assert _number(value, 0, 4) == words
