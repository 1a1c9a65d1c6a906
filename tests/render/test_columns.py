import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.digest.content import Figure, Score
from newsletter.render.columns import bar, ends, mean, score, table, underline, width, wrap
from newsletter.render.environment import clean


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("漢字", 4), ("\u2067אב\u2069", 2)]
)
def test_width_counts_columns_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        (0, "··········"),
        (100, "██████████"),
        (50, "█████·····"),
        (85, "████████▌·"),
        (-5, "··········"),
        (120, "██████████"),
    ],
)
def test_bars_are_ten_columns_wide(value: int, drawn: str) -> None:
    assert bar(value) == drawn


def test_a_long_word_stays_whole_in_a_paragraph() -> None:
    assert (
        wrap("see https://example.org/a/very/long/address now", 20)
        == "see\nhttps://example.org/a/very/long/address\nnow"
    )


def test_a_long_word_is_cut_in_a_table() -> None:
    assert table([["label", "abcdefghij"]], [5, 4]) == "label  abcd\n       efgh\n       ij"


def test_columns_can_be_right_aligned() -> None:
    assert table([["a", "$1"], ["b", "$10"]], [3, 4], "lr") == "a      $1\nb     $10"


def test_ends_of_a_line() -> None:
    assert ends("left", "right", 12) == "left   right"
    assert ends("left", "right", 6) == "left\nright"


def test_headings_are_underlined() -> None:
    assert underline("漢字") == "漢字\n----"


def test_scores_and_figures_read_without_colour() -> None:
    assert score(Score(score=85, decision="ship")) == " 85 ████████▌· ship"
    assert score(Score(score=None, decision="skip")) == "skip"
    assert score(Score(score=7, decision="")) == "  7 ▊·········"
    assert score(None) == "no score"
    assert mean(None) == "–"
    assert str(Figure(text="$1", disputed=True)) == "$1†"


@given(st.text(), st.integers(min_value=8, max_value=80))
def test_no_line_is_too_long_unless_it_is_one_word(text: str, columns: int) -> None:
    for line in wrap(clean(text), columns).split("\n"):
        assert width(line) <= columns or " " not in line


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_no_row_is_wider_than_its_columns(cells: list[str]) -> None:
    for line in table([[clean(cell) for cell in cells]], [10, 20]).split("\n"):
        assert width(line) <= 32
