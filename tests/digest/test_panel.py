"""How the panel and the community stand on a tool."""

import pytest

from newsletter.content.records import Votes
from newsletter.digest.panel import Panel, community, panel_of, score_key
from tests.digest.tools import MOMENT, panel, review, verdict


def test_the_last_verdict_counts() -> None:
    known = panel_of([verdict("t", 1, 3, "25"), verdict("t", 3, 1, "75")], [])
    assert (known.words, known.split, known.rounded_share) == ("3 ship / 1 skip", "3–1", 75)


def test_a_split_that_follows_from_a_share_says_so() -> None:
    known = panel_of([verdict("t", 4, 0, "100", derived=True)], [])
    assert known.words == "4 ship / 0 skip (the page says 100 %)"


def test_a_counted_split_is_printed_rather_than_the_same_one_derived_later() -> None:
    known = panel_of([verdict("t", 4, 0, "100"), verdict("t", 4, 0, "100", derived=True)], [])
    assert known.words == "4 ship / 0 skip"


def test_a_share_without_a_count_stays_a_share() -> None:
    assert panel_of([verdict("t", None, None, "66.7")], []).words == "67 % ship"


def test_without_a_verdict_the_decisions_add_up() -> None:
    known = panel_of([], [review("t", "A", 80, "ship"), review("t", "B", 45, "skip")])
    assert (known.split, known.brief) == ("1–1", "1–1, mean 63")


def test_decisions_of_which_one_is_unknown_add_up_to_nothing() -> None:
    known = panel_of([], [review("t", "A", 80, "ship"), review("t", "B", 45, None)])
    assert known.split == ""
    assert known.words == "mean 63"


def test_the_mean_is_of_the_scores_that_are_known() -> None:
    known = panel_of([verdict("t", 4, 0, None)], [review("t", "A", 85, None), review("t", "B", None, None)])
    assert (known.rounded_mean, known.scores) == (85, 1)


def test_nobody_has_said_anything() -> None:
    assert (Panel().words, Panel().brief, Panel().exists) == ("not reviewed yet", "not reviewed yet", False)


def test_a_verdict_of_nobody_is_no_verdict() -> None:
    assert not panel_of([verdict("t", 0, 0, None)], []).exists


@pytest.mark.parametrize(
    ("ship", "skip", "written"),
    [
        (0, 0, "no votes yet"),
        (1, 0, "1 of 1 ship"),
        (7, 2, "7 of 9 ship"),
        (7, 3, "7 of 10 ship"),
        (17, 7, "17 of 24 ship"),
    ],
)
def test_votes_are_counted_out(ship: int, skip: int, written: str) -> None:
    votes = Votes(tool_id="t", ship=ship, skip=skip, seen_at=MOMENT, source_id="desk")
    assert community(votes).text == written


def test_no_votes_is_not_nought_percent() -> None:
    assert community(None).text == "no votes yet"


@pytest.mark.parametrize(
    ("panels", "said"),
    [
        (
            (panel(3, 1, 80, 70, 60, 50), panel(4, 0, 80, 80, 80, 80)),
            "Four reviewers score 0–100; ship means use it.",
        ),
        # Panels of several sizes, and one that nobody counted: no number is right for all.
        (
            (panel(3, 1, 80, 70, 60, 50), panel(2, 1, 80, 80, 80)),
            "Reviewers score 0–100; ship means use it.",
        ),
        ((panel_of([verdict("t", None, None, "75")], []),), "Reviewers say ship (use it) or skip."),
        ((panel(2, 1), Panel()), "Three reviewers say ship (use it) or skip."),
        ((panel(0, 0, 80, 70),), "Two reviewers score 0–100."),
        ((Panel(), Panel()), ""),
        ((), ""),
    ],
)
def test_the_key_says_who_judges_and_what_the_numbers_mean(panels: tuple[Panel, ...], said: str) -> None:
    assert score_key(panels) == said
