"""When to pick which side, and which prose is not printed because no fact backs its numbers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.content.records import Comparison, Note, NoteKind
from newsletter.digest.lead import pick_lines
from newsletter.digest.quotes import backed_start, is_backed
from tests.digest.tools import dossier, panel

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
MARGIN = 5
PRICED = {"input_price": "0.07", "output_price": "0.20"}


def comparison(left_if: str = "", right_if: str = "") -> Comparison:
    return Comparison(
        id="a-vs-b",
        left_id="a",
        right_id="b",
        pick_left_if=left_if,
        pick_right_if=right_if,
        source_id="desk",
        first_seen_at=MOMENT,
        last_seen_at=MOMENT,
    )


def picks(left_if: str = "", right_if: str = "", **facts: str) -> tuple[str, str]:
    left, right = dossier("A", panel(4, 0, 80)), dossier("B", panel(4, 0, 70), facts)
    return tuple(each.text for each in pick_lines(comparison(left_if, right_if), left, right, MARGIN))  # type: ignore[return-value]


def test_the_comparisons_own_words_come_first() -> None:
    assert picks("you write reports", "you sort mail.") == ("you write reports.", "you sort mail.")


def test_a_line_that_begins_with_pick_is_not_picked_twice() -> None:
    assert picks("Pick A if you write reports", "")[0] == "you write reports."


def test_a_long_line_ends_with_its_first_whole_clause() -> None:
    line = (
        "you need a proven model for general work and can wait for it—its consistency in the middle of the "
        "field makes it the safer choice for anything that has to run every night without a person"
    )
    assert picks(line)[0] == "you need a proven model for general work and can wait for it."


def test_a_line_with_a_number_that_nothing_backs_gives_way_to_what_is_recorded() -> None:
    assert picks("you can justify the 10x cost")[0] == "you go by the panel (mean 80 against 70)."


def test_without_any_words_the_record_speaks() -> None:
    left = dossier("A", panel(4, 0, 80), {"context": "256000"}, entry="Free")
    right = dossier("B", panel(3, 1, 70), {"context": "128000", **PRICED}, tagline="Careful writer")
    lines = pick_lines(comparison(), left, right, MARGIN)
    assert [each.text for each in lines] == [
        "you want it free and need 256K tokens of context, not 128K.",
        "",
    ]
    assert "claim-b-context" in lines[0].claims


def test_the_panel_speaks_for_none_where_the_bottom_line_names_none() -> None:
    alto, basso = dossier("Alto", panel(1, 1, 80, 60)), dossier("Basso", panel(2, 0, 70, 72))
    assert [each.text for each in pick_lines(comparison(), alto, basso, MARGIN)] == ["", ""]


def test_a_note_of_what_it_is_best_for_makes_a_whole_line() -> None:
    note = Note(
        id="n",
        tool_id="a",
        kind=NoteKind.BEST_FOR,
        other="",
        words="Long reports.",
        source_id="desk",
        line=None,
    )
    lines = pick_lines(comparison(), replace(dossier("A"), notes=(note,)), dossier("B"), MARGIN)
    assert lines[0].text == "you need it for what it does best: Long reports."


def test_nothing_speaks_for_a_side_of_which_nothing_is_known() -> None:
    assert picks()[1] == ""


@pytest.mark.parametrize(
    ("text", "backed"),
    [
        ("It costs $0.20 a million.", True),
        ("It costs $0.30 a million.", False),
        ("It is ten times cheaper.", False),
        ("It is 10x cheaper.", False),
        ("It saves 70% of the bill.", False),
        ("It is an order of magnitude cheaper.", False),
        ("Version 3.2 has 24B parameters.", True),
        ("It keeps its tone.", True),
    ],
)
def test_sums_and_multiples_need_a_fact_behind_them(text: str, backed: bool) -> None:
    assert is_backed(text, [dossier("A", None, PRICED)]) is backed


def test_a_disputed_fact_backs_nothing() -> None:
    assert not is_backed("It costs $0.07.", [dossier("A", None, PRICED, disputed=("input_price",))])


def test_an_answer_stops_before_the_sentence_that_is_not_backed() -> None:
    answer = "Yes, it writes better. It has been tested. It is ten times dearer. So choose well."
    assert backed_start(answer, [dossier("A")], 50) == "Yes, it writes better. It has been tested."
