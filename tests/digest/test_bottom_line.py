"""What a comparison comes down to: a winner only where the panel has one, and what is unknown said to be unknown."""

import pytest

from newsletter.digest.content import NOTHING, Figure
from newsletter.digest.lead import bottom_line, clear_pick, reason_line
from newsletter.digest.material import Dossier
from newsletter.digest.panel import Panel, panel_of
from tests.digest.tools import dossier, panel, review, verdict

MARGIN = 5


def said(left: Dossier, right: Dossier, unless: tuple[Figure, Figure] = (NOTHING, NOTHING)) -> str:
    """The bottom line and its reason."""
    lines = (bottom_line(left, right, MARGIN, unless), reason_line(left, right, MARGIN))
    return " ".join(each.text for each in lines if each)


def test_a_clear_pick_is_named_with_what_it_stands_on() -> None:
    left = dossier("Borealis", panel(4, 0, 85, 78, 82, 72), entry="Free")
    right = dossier("Meridian", panel(3, 1, 78, 72, 75, 55), {"price": "API access, pay-per-token"})
    line, reason = bottom_line(left, right, MARGIN), reason_line(left, right, MARGIN)
    assert line.text == "Use Borealis."
    assert reason.text == (
        "All four reviewers would use it, three of four Meridian. Borealis is free, Meridian paid per token."
    )
    assert {"claim-meridian-price", "verdict-t-4-0-False", "verdict-t-3-1-False"} <= set(reason.claims)
    assert {"verdict-t-4-0-False", "verdict-t-3-1-False"} <= set(line.claims)


def test_what_speaks_for_the_other_is_the_exception_on_whichever_side_it_stands() -> None:
    low, high = dossier("Low", panel(1, 3, 40)), dossier("High", panel(3, 1, 80))
    for_low = Figure(text="your code may not leave your machines.", claims=("claim-low",))
    for_high = Figure(text="you want fixes.", claims=("claim-high",))
    for found in (
        bottom_line(low, high, MARGIN, (for_low, for_high)),
        bottom_line(high, low, MARGIN, (for_high, for_low)),
    ):
        assert found.text == "Use High, unless your code may not leave your machines."
        assert "claim-low" in found.claims
    long = Figure(text="you " + "very " * 12 + "much want it.")
    assert bottom_line(low, high, MARGIN, (long, for_high)).text == "Use High."


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


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        # Below the margin nobody is picked.
        (panel(4, 0, 74), panel(4, 0, 70), "No clear pick. All four reviewers would use A, all four B."),
        # As many would use either: the scores tell them apart.
        (panel(4, 0, 80), panel(4, 0, 70), "Use A. Our panel scores it 80 of 100, B 70."),
        (panel(1, 0, 80), panel(0, 1, 40), "Use A. The only reviewer would use it, none of one B."),
        (panel(2, 0, 80), panel(1, 1, 40), "Use A. Both reviewers would use it, one of two B."),
        (panel(4, 0), panel(1, 3, 40), "Use A. All four reviewers would use it, one of four B."),
        (panel(4, 0), panel(3, 1, 70), "No clear pick. All four reviewers would use A, three of four B."),
        (None, panel(4, 0, 70), "No clear pick. All four reviewers would use B. A is not reviewed yet."),
        (panel(0, 0, 70), None, "No clear pick. Our panel scores A 70 of 100. B is not reviewed yet."),
        (None, None, "No pick: our panel has reviewed neither yet."),
        (panel(1, 3, 60), panel(0, 4, 30), "Use neither. One of four reviewers would use A, none of four B."),
        (panel(0, 0, 80), panel(0, 0, 70), "A scores higher. Our panel scores it 80 of 100, B 70."),
        (panel(0, 0, 72), panel(0, 0, 70), "No clear pick. Our panel scores A 72 of 100, B 70."),
        (
            panel(0, 0, 72),
            panel(3, 1),
            "No clear pick. Our panel scores A 72 of 100. Three of four reviewers would use B.",
        ),
        (panel(13, 1, 80), panel(3, 1, 40), "Use A. 13 of 14 reviewers would use it, three of four B."),
    ],
)
def test_every_case_is_said_in_whole_sentences(left: Panel | None, right: Panel | None, words: str) -> None:
    assert said(dossier("A", left), dossier("B", right)) == words


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ({"input_price": "0.40", "output_price": "2.00"}, {"input_price": "0.07", "output_price": "0.20"},
         "A costs $12.00 a month for 10M tokens, B $1.35."),
        ({"input_price": "0.40", "output_price": "2.00"}, {"input_price": "0.40", "output_price": "2.00"},
         "Both cost $12.00 a month for 10M tokens."),
        ({"input_price": "0.40"}, {"price": "Pay-per-token"}, "Both are paid per token."),
        ({"price": "Free"}, {}, "A is free; no price of B is recorded."),
        ({}, {"price": "Free"}, "B is free; no price of A is recorded."),
        ({"price": "Free"}, {"price": "Pay-per-token"}, "A is free, B paid per token."),
    ],
)  # fmt: skip
def test_what_it_costs_follows_what_the_panel_says(
    ours: dict[str, str], theirs: dict[str, str], words: str
) -> None:
    left, right = dossier("A", panel(4, 0, 90), ours), dossier("B", panel(1, 3, 40), theirs)
    found = reason_line(left, right, MARGIN)
    assert found.text == f"All four reviewers would use it, one of four B. {words}"
    assert {f"claim-a-{each}" for each in ours} | {f"claim-b-{each}" for each in theirs} <= set(found.claims)


def test_without_a_pick_both_are_named_with_their_costs() -> None:
    left = dossier("A", None, {"input_price": "0.40", "output_price": "2.00"})
    right = dossier("B", None, {"input_price": "0.07", "output_price": "0.20"})
    found = reason_line(left, right, MARGIN)
    assert found.text == "A costs $12.00 a month for 10M tokens, B $1.35."
    assert len(found.claims) == 4
    free, paid = dossier("A", entry="Free"), dossier("B", entry="Paid")
    assert reason_line(free, paid, MARGIN).text == "A is free, B paid."


def test_nothing_is_said_of_prices_when_neither_is_known() -> None:
    assert reason_line(dossier("A"), dossier("B"), MARGIN).text == ""


def test_reviews_without_decisions_still_have_a_mean() -> None:
    scored = dossier("A", reviews=(review("a", None, 70, None),))
    assert bottom_line(scored, dossier("B"), MARGIN).text.startswith("No pick")


def test_a_share_that_nobody_counted_out_stays_a_share() -> None:
    share = panel_of([verdict("t", None, None, "75")], [])
    assert said(dossier("A", share), dossier("B", panel(1, 3))) == (
        "Use A. 75 % of reviewers would use it, one of four B."
    )
