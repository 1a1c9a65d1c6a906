"""The one sentence: a winner only where the panel has one, and what is unknown said to be unknown."""

import pytest

from newsletter.digest.lead import bottom_line, clear_pick, line_beside_splits
from newsletter.digest.panel import Panel, panel_of
from tests.digest.tools import dossier, panel, review, verdict

MARGIN = 5


def test_a_clear_pick_is_named_with_both_splits_means_and_prices() -> None:
    left = dossier("Borealis", panel(4, 0, 85, 78, 82, 72), entry="Free")
    right = dossier("Meridian", panel(3, 1, 78, 72, 75, 55), {"price": "API access, pay-per-token"})
    line = bottom_line(left, right, MARGIN)
    assert line.text == (
        "Ship Borealis: 4 of 4 reviewers would (mean 79); 3 of 4 would ship Meridian (70). "
        "Free against pay per token."
    )
    assert {"claim-meridian-price", "verdict-t-4-0-False", "verdict-t-3-1-False"} <= set(line.claims)


def test_the_winner_comes_first_on_whichever_side_it_stands() -> None:
    line = bottom_line(dossier("Low", panel(1, 3, 40)), dossier("High", panel(3, 1, 80)), MARGIN)
    assert line.text.startswith("Ship High: 3 of 4 reviewers would (mean 80); 1 of 4 would ship Low")


@pytest.mark.parametrize(
    ("ours", "theirs", "picked"),
    [
        (panel(4, 0, 75), panel(4, 0, 70), True),
        (panel(4, 0, 74), panel(4, 0, 70), False),
        (panel(4, 0, 70), panel(4, 0, 70), False),
        # The scores and the decisions contradict each other.
        (panel(1, 3, 80), panel(3, 1, 60), False),
        # Without scores one vote's difference is no pick, opposite decisions are.
        (panel(4, 0), panel(3, 1), False),
        (panel(3, 1), panel(1, 3), True),
        (panel(2, 2), panel(1, 3), False),
        # Nobody is told to take what most of the panel would not ship.
        (panel(1, 3, 60), panel(0, 4, 30), False),
        (panel(2, 2, 60), panel(0, 4, 30), False),
        (panel(0, 0, 80), panel(0, 0, 70), True),
        # One side's scores alone compare with nothing.
        (panel(4, 0, 90), panel(3, 1), False),
        (panel(4, 0, 90), Panel(), False),
        (Panel(), Panel(), False),
    ],
)
def test_there_is_a_pick_only_where_the_panel_has_one(ours: Panel, theirs: Panel, picked: bool) -> None:
    left, right = dossier("Left", ours), dossier("Right", theirs)
    assert clear_pick(left, right, MARGIN) is (left if picked else None)
    assert clear_pick(right, left, MARGIN) is (left if picked else None)


def test_below_the_margin_there_is_no_clear_pick() -> None:
    line = bottom_line(dossier("A", panel(4, 0, 74)), dossier("B", panel(4, 0, 70)), MARGIN)
    assert line.text == ("No clear pick: 4 of 4 reviewers would ship A (mean 74); 4 of 4 would ship B (70).")


def test_a_mean_that_one_side_has_is_clearly_its_own() -> None:
    line = bottom_line(dossier("A", panel(4, 0)), dossier("B", panel(3, 1, 70)), MARGIN)
    assert line.text == (
        "No clear pick: 4 of 4 reviewers would ship A; 3 of 4 reviewers would ship B (mean 70)."
    )
    line = bottom_line(dossier("A", panel(4, 0)), dossier("B", panel(1, 3, 40)), MARGIN)
    assert line.text == "Ship A: 4 of 4 reviewers would; 1 of 4 would ship B."


def test_a_tool_with_one_token_price_is_paid_per_token() -> None:
    left = dossier("A", panel(4, 0, 90), {"input_price": "0.40"}, entry="Paid")
    right = dossier("B", panel(1, 3, 40), {"price": "Pay-per-token"})
    assert bottom_line(left, right, MARGIN).text.endswith(". Both pay per token.")


def test_a_side_without_a_panel_is_said_to_have_none() -> None:
    line = bottom_line(dossier("A"), dossier("B", panel(4, 0, 70)), MARGIN)
    assert line.text == ("No clear pick: 4 of 4 reviewers would ship B (mean 70); A is not reviewed yet.")


def test_neither_side_reviewed_leaves_the_prices() -> None:
    left = dossier("A", None, {"input_price": "0.40", "output_price": "2.00"})
    right = dossier("B", None, {"input_price": "0.07", "output_price": "0.20"})
    line = bottom_line(left, right, MARGIN)
    assert line.text == (
        "No pick: the panel has reviewed neither yet. $12.00 against $1.35 a month at 10M tokens."
    )
    assert len(line.claims) == 4


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    line = bottom_line(dossier("A", panel(4, 0, 90), entry="Free"), dossier("B", panel(1, 3, 40)), MARGIN)
    assert line.text.endswith(" Free against no price recorded.")


def test_nothing_is_said_of_prices_when_neither_is_known() -> None:
    line = bottom_line(dossier("A", panel(4, 0, 90)), dossier("B", panel(1, 3, 40)), MARGIN)
    assert line.text.endswith("(mean 90); 1 of 4 would ship B (40).")


def test_reviews_without_decisions_still_have_a_mean() -> None:
    scored = dossier("A", reviews=(review("a", None, 70, None),))
    assert bottom_line(scored, dossier("B"), MARGIN).text.startswith("No pick")


def test_a_panel_that_skips_both_is_said_to_skip_both() -> None:
    line = bottom_line(dossier("A", panel(1, 3, 60)), dossier("B", panel(0, 4, 30)), MARGIN)
    assert line.text == (
        "The panel skips both: 1 of 4 reviewers would ship A (mean 60); 0 of 4 would ship B (30)."
    )


def test_scores_without_decisions_recommend_nothing() -> None:
    line = bottom_line(dossier("A", panel(0, 0, 80)), dossier("B", panel(0, 0, 70)), MARGIN)
    assert line.text == "A scores higher: mean 80 against mean 70."


def test_a_share_that_nobody_counted_out_stays_a_share() -> None:
    share = panel_of([verdict("t", None, None, "75")], [])
    line = bottom_line(dossier("A", share), dossier("B", panel(1, 3)), MARGIN)
    assert line.text == "Ship A: 75 % of reviewers would; 1 of 4 would ship B."


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (panel(3, 1, 70), panel(4, 0, 80), "Ship B: mean 80 of 100 against 70."),
        (panel(4, 0, 74), panel(4, 0, 70), "No clear pick: mean 74 of 100 against 70."),
        (panel(1, 3, 60), panel(0, 4, 30), "The panel skips both: mean 60 of 100 against 30."),
        (panel(4, 0), panel(1, 3, 30), "Ship A."),
        (panel(4, 0), panel(3, 1), "No clear pick."),
    ],
)
def test_beside_both_splits_it_leaves_them_out(ours: Panel, theirs: Panel, said: str) -> None:
    assert line_beside_splits(dossier("A", ours), dossier("B", theirs), MARGIN).text == said


def test_beside_both_splits_the_prices_stay() -> None:
    left, right = dossier("A", panel(4, 0, 80), entry="Free"), dossier("B", panel(3, 1, 70), entry="Paid")
    assert line_beside_splits(left, right, MARGIN).text.endswith("against 70. Free against paid.")
