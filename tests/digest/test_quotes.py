"""One whole sentence for the pick and one against it, attributed, from our own reviews only."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from newsletter.content.records import Review, Source
from newsletter.digest.content import Quote
from newsletter.digest.material import Dossier, Material
from newsletter.digest.quotes import NOTHING_CHOSEN, quotes
from tests.digest.tools import dossier, review

OURS = Source(id="desk", name="Desk", ours=True, seen_on=date(2026, 11, 23))
THEIRS = replace(OURS, id="blog", name="Blog", ours=False)

GOOD = "The licence is the decision that earns the ship for small teams."
BAD = "The problem is the moat, which is thin the day a rival opens."


def chosen(
    *reviews: Review, right: tuple[Review, ...] = (), pick: str = "", own: Mapping[str, str] = NOTHING_CHOSEN
) -> tuple[Quote, ...]:
    material = Material(comparisons={}, dossiers={}, questions=(), sources={"desk": OURS, "blog": THEIRS})
    sides = {"Left": _with(reviews, "Left"), "Right": _with(right, "Right")}
    return quotes(sides["Left"], sides["Right"], material, sides.get(pick), own)


def _with(reviews: tuple[Review, ...], name: str) -> Dossier:
    return dossier(name, reviews=reviews)


def test_a_ship_speaks_for_and_a_skip_against() -> None:
    found = chosen(review("a", "Builder", 85, "ship", GOOD), right=(review("b", "Founder", 55, "skip", BAD),))
    assert [(each.stance, each.words, each.reviewer, each.tool) for each in found] == [
        ("for", GOOD, "Builder", "Left"),
        ("against", BAD, "Founder", "Right"),
    ]


PRAISE = review("b", "Ada", 90, "ship", "It is the right tool for every small team that we asked.")
BLAME = review("a", "Founder", 55, "skip", BAD)
GAIN = review("a", "Builder", 85, "ship", GOOD)


@pytest.mark.parametrize(
    ("left", "right", "pick", "quoted"),
    [
        # For the pick and against it, whatever the other has.
        ((GAIN, BLAME), (PRAISE,), "Left", [("for", "Left"), ("against", "Left")]),
        ((PRAISE,), (GAIN, BLAME), "Right", [("for", "Right"), ("against", "Right")]),
        # Nobody skips the pick: what speaks for the other.
        ((GAIN,), (PRAISE, BLAME), "Left", [("for", "Left"), ("for", "Right")]),
        ((GAIN,), (BLAME,), "Left", [("for", "Left")]),
        # Without a pick one for either, or else against it.
        ((GAIN, BLAME), (PRAISE,), "", [("for", "Left"), ("for", "Right")]),
        ((BLAME,), (PRAISE,), "", [("against", "Left"), ("for", "Right")]),
    ],
)
def test_quotes_are_about_the_pick_or_one_about_either(
    left: tuple[Review, ...], right: tuple[Review, ...], pick: str, quoted: list[tuple[str, str]]
) -> None:
    found = chosen(*left, right=right, pick=pick)
    assert [(each.stance, each.tool) for each in found] == quoted


def test_an_editors_sentence_takes_the_place_of_the_one_of_its_stance() -> None:
    found = chosen(GAIN, BLAME, right=(PRAISE,), pick="Left", own={PRAISE.id: PRAISE.words})
    assert [(each.words, each.tool) for each in found] == [(PRAISE.words, "Right"), (BAD, "Left")]
    only = chosen(GAIN, right=(BLAME,), pick="Left", own={BLAME.id: BAD})
    assert [each.stance for each in only] == ["for", "against"]
    either = chosen(GAIN, right=(PRAISE, BLAME), own={BLAME.id: BAD})
    assert [(each.stance, each.tool) for each in either] == [("for", "Left"), ("against", "Right")]


def test_a_short_sentence_is_quoted_where_a_review_has_no_other() -> None:
    short = review("a", "Ben", 20, "skip", "Confidently wrong on window functions.")
    assert [each.words for each in chosen(short)] == ["Confidently wrong on window functions."]


def test_a_sentence_that_takes_half_of_it_back_is_passed_over() -> None:
    words = f"The lead is real, but it is a few points, bought with a closed model. {GOOD}"
    assert chosen(review("a", "Builder", 85, "ship", words))[0].words == GOOD


def test_words_of_a_source_that_is_not_ours_are_never_quoted() -> None:
    theirs = replace(review("a", "Builder", 85, "ship", GOOD), source_id="blog")
    assert chosen(theirs) == ()


def test_who_is_not_named_is_a_panel_reviewer() -> None:
    assert chosen(review("a", None, None, "ship", GOOD))[0].reviewer == "a panel reviewer"


def test_a_skip_never_speaks_for() -> None:
    assert [each.stance for each in chosen(review("a", "Founder", 55, "skip", BAD))] == ["against"]


def test_praise_is_never_printed_as_criticism() -> None:
    """Neither is it where only a ship has words that sound like criticism, or where the skip reads worse."""
    alto = (
        review("alto", "Ada", 80, "ship", "The voice keeps its breath through a whole chapter."),
        review("alto", "Ben", 60, "skip", "The long pauses stay wherever a comma stood."),
    )
    basso = (
        review("basso", "Ada", 70, "ship", "Four hours without a slip of the tongue."),
        review("basso", "Ben", 72, "ship", "The low notes are the best of the season."),
    )
    against = [each for each in chosen(*alto, right=basso, pick="Left") if each.stance == "against"]
    assert [(each.words, each.tool) for each in against] == [
        ("The long pauses stay wherever a comma stood.", "Left")
    ]
    assert [each.stance for each in chosen(*basso)] == ["for"]


def test_a_review_without_a_decision_takes_no_stance() -> None:
    assert chosen(review("a", "Builder", 85, None, GOOD), right=(review("b", "Ben", 20, None, BAD),)) == ()


def test_one_sentence_is_not_printed_twice() -> None:
    assert len(chosen(review("a", "Builder", 85, "ship", GOOD))) == 1


def test_half_sentences_and_endless_ones_are_passed_over() -> None:
    words = "It improves accuracy on many different tasks and... " + "word " * 60 + ". " + GOOD
    assert chosen(review("a", "Builder", 85, "ship", words))[0].words == GOOD


def test_a_sentence_that_leans_on_the_one_before_is_passed_over() -> None:
    words = f"That is a real win for every team that ships it today. {GOOD}"
    assert chosen(review("a", "Builder", 85, "ship", words))[0].words == GOOD


def test_a_sentence_in_quotation_marks_is_not_quoted_twice() -> None:
    assert chosen(review("a", "Builder", 85, "ship", f"“{GOOD}”"))[0].words == GOOD
    begins = "“Fast” is what every team that ships it says of this one."
    assert chosen(review("a", "Builder", 85, "ship", f"{begins} {GOOD}"))[0].words == GOOD


def test_the_sentence_is_printed_as_it_was_written() -> None:
    words = "The price holds at $0.50/M tokens, i.e. “until a rival cuts its own.” Still a ship."
    found = chosen(review("a", "Skeptic", 72, "ship", words))
    assert found[-1].words == "The price holds at $0.50/M tokens, i.e. “until a rival cuts its own.”"
