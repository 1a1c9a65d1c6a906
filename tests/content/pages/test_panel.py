"""Panel comparisons: cards, decision table, scorecard, and the split that follows or does not."""

from decimal import Decimal

import pytest

from newsletter.content.records import Decision, Pack, VerdictEntry
from newsletter.errors import BadInput
from tests.content.pages.grounds import groundless
from tests.content.pages.reading import read, stated, text_of

KESTREL, LOOM = "kestrel-draw-7b", "loom-canvas-2"
ORRERY, PILOT = "orrery-code", "pilot-light-3"


def verdict(pack: Pack, tool: str) -> VerdictEntry:
    return next(each for each in pack.verdicts if each.tool_id == tool)


def split(pack: Pack, tool: str) -> tuple[int | None, int | None, bool]:
    found = verdict(pack, tool)
    return found.ships, found.skips, found.derived


def test_reviews_without_names_and_scores_stay_so_and_stand_left_and_right_in_turn() -> None:
    pack = read(text_of("panel-quoted"))
    assert {(each.reviewer, each.score, each.decision) for each in pack.reviews} == {(None, None, None)}
    assert [each.line for each in pack.reviews if each.tool_id == KESTREL] == [25, 27, 29, 31]
    assert [each.line for each in pack.reviews if each.tool_id == LOOM] == [26, 28, 30, 32]
    assert pack.reviews[0].words.startswith("It starts in a second")
    assert pack.reviews[0].words.endswith("colour profiles.")


def test_a_split_that_follows_from_the_share_is_marked_derived() -> None:
    pack = read(text_of("panel-quoted"))
    assert (split(pack, KESTREL), verdict(pack, KESTREL).share) == ((4, 0, True), Decimal(100))
    assert (split(pack, LOOM), verdict(pack, LOOM).share) == ((3, 1, True), Decimal(75))


def test_a_stated_split_is_not_derived() -> None:
    pack = read(text_of("panel-scored"))
    assert (split(pack, ORRERY), verdict(pack, ORRERY).share, verdict(pack, ORRERY).line) == (
        (2, 1, False),
        Decimal(67),
        59,
    )
    assert (split(pack, PILOT), verdict(pack, PILOT).share, verdict(pack, PILOT).line) == (
        (1, 2, False),
        Decimal(33),
        60,
    )


def test_reviewers_scores_and_decisions_are_those_that_the_page_names() -> None:
    pack = read(text_of("panel-scored"))
    assert [
        (each.reviewer, each.score, each.decision) for each in pack.reviews if each.tool_id == ORRERY
    ] == [
        ("Builder", 81, Decision.SHIP),
        ("Operator", 70, Decision.SHIP),
        ("Accountant", 48, Decision.SKIP),
    ]
    assert [(each.reviewer, each.score) for each in pack.reviews if each.tool_id == PILOT] == [
        ("Builder", 64),
        ("Operator", 77),
        ("Accountant", 52),
    ]
    assert [each.name for each in pack.reviewers] == ["Builder", "Operator", "Accountant"]


def test_cards_and_table_become_the_tools_and_their_claims() -> None:
    pack = read(text_of("panel-scored"))
    assert [(tool.name, tool.category, tool.entry) for tool in pack.tools] == [
        ("Orrery Code", "Coding Assistants", "Freemium"),
        ("Pilot Light 3", "Coding Assistants", "Paid"),
    ]
    assert pack.tools[0].tagline == "Reviews a pull request before you do"
    assert pack.tools[1].description.startswith("Pilot Light 3 completes")
    assert stated(pack, PILOT, "price") == [("$14 a month", "", 66)]
    assert stated(pack, ORRERY, "context") == [("200K", "tokens", 29)]
    assert [note.words for note in pack.notes if note.tool_id == ORRERY] == [
        "Teams that review more than they write"
    ]
    assert [(each.tool_id, each.ship, each.skip) for each in pack.votes] == [(PILOT, 7, 5)]


def test_a_size_in_the_name_or_the_description_is_a_claim() -> None:
    pack = read(text_of("panel-quoted"))
    assert stated(pack, KESTREL, "parameters") == [
        ("7B", "parameters", 5),
        ("7B", "parameters", 6),
        ("7B", "parameters", 13),
    ]
    assert stated(pack, KESTREL, "licence") == [("MIT", "", 13)]
    assert stated(pack, LOOM, "parameters") == []


def test_opinions_and_their_amounts_are_no_claims() -> None:
    pack = read(text_of("panel-quoted"))
    assert all((claim.line or 0) < 24 for claim in pack.claims)


def test_names_that_differ_are_different_tools() -> None:
    other = read(text_of("panel-quoted").replace("(7B)", "(8B)").replace("a 7B", "an 8B"))
    assert [tool.id for tool in other.tools] == ["kestrel-draw-8b", LOOM]


def test_nothing_around_the_page_becomes_a_record() -> None:
    for name in ("panel-quoted", "panel-scored"):
        dump = read(text_of(name)).model_copy(update={"source": None}).model_dump_json()
        assert not any(
            word in dump
            for word in ("inbox", "Bookmark", "Saturday", "too many", "kept here", "Goes Out", "side by side")
        )


def test_a_split_stays_unknown_where_the_page_may_end_early() -> None:
    text = text_of("panel-quoted").partition("The Saturday")[0]
    pack = read(text)
    assert len(pack.reviews) == 8
    assert (split(pack, LOOM), verdict(pack, LOOM).share) == ((None, None, False), Decimal(75))


def test_a_share_that_fits_no_number_of_reviews_leaves_both_splits_unknown() -> None:
    pack = read(text_of("panel-quoted").replace("75%", "60%"))
    assert (split(pack, LOOM), verdict(pack, LOOM).share) == ((None, None, False), Decimal(60))
    assert (split(pack, KESTREL), verdict(pack, KESTREL).share) == ((None, None, False), Decimal(100))


def test_a_hole_in_the_scorecard_makes_no_smaller_split() -> None:
    start, end = "“Hands are still", "“In 2028"
    text = text_of("panel-quoted")
    pack = read(text[: text.index(start)] + text[text.index(end) :])
    assert len(pack.reviews) == 6
    assert {split(pack, tool) for tool in (KESTREL, LOOM)} == {(None, None, False)}


def test_the_scorecard_may_stand_before_the_cards() -> None:
    head, rest = text_of("panel-quoted").split("Image Tools\nKestrel Draw (7B)\nOpen", 1)
    cards, reviews = rest.split("Reviewer scorecard\n")
    reviews, around = reviews.split("The Saturday", 1)
    text = (
        f"{head}Reviewer scorecard\n{reviews}Image Tools\nKestrel Draw (7B)\nOpen{cards}The Saturday{around}"
    )
    pack = read(text)
    assert (split(pack, KESTREL), split(pack, LOOM)) == ((4, 0, True), (3, 1, True))
    assert len(pack.reviews) == 8


def test_a_split_counted_from_decisions_is_derived() -> None:
    text = text_of("panel-scored")
    pack = read(text.replace("Ship · 2 ship / 1 skip", "Ship").replace("Skip · 1 ship / 2 skip", "Skip"))
    assert (split(pack, ORRERY), split(pack, PILOT)) == ((2, 1, True), (1, 2, True))


def test_a_reviewer_who_left_one_side_out_has_one_review() -> None:
    text = text_of("panel-scored").replace("2 ship / 1 skip", "2 ship / 0 skip")
    gone = text.replace(
        "48/100 · skip\n\nNine dollars a month is not the price; the second repository is.", "—"
    )
    pack = read(gone)
    assert [each.tool_id for each in pack.reviews if each.reviewer == "Accountant"] == [PILOT]


def test_scores_without_decisions_and_decisions_without_scores_are_kept_as_they_are() -> None:
    text = text_of("panel-scored").replace("81/100 · ship", "81/100").replace("64/100 · skip", "Skip")
    builder = [each for each in read(text).reviews if each.reviewer == "Builder"]
    assert [(each.score, each.decision) for each in builder] == [(81, None), (None, Decision.SKIP)]


def test_columns_follow_the_table_when_it_turns_the_sides_round() -> None:
    text = text_of("panel-scored").replace(
        "Decision\nOrrery Code\nPilot Light 3", "Decision\nPilot Light 3\nOrrery Code"
    )
    pack = read(text)
    assert split(pack, PILOT)[:2] == (2, 1)
    assert [each.score for each in pack.reviews if each.tool_id == PILOT] == [81, 70, 48]


def test_cards_in_another_order_than_the_title_are_refused_where_nothing_names_the_columns() -> None:
    text = text_of("panel-quoted").replace(
        "Kestrel Draw (7B) vs Loom Canvas 2", "Loom Canvas 2 vs Kestrel Draw (7B)"
    )
    with pytest.raises(BadInput, match="whose reviews are on the left is unclear"):
        read(text)


def test_rows_that_nobody_knows_are_left_alone() -> None:
    text = text_of("panel-scored").replace("Best for\n", "Launched\n2025\n2024\nBest for\n", 1)
    pack = read(text)
    assert [note.words for note in pack.notes][1] == "People who know what they want to type"
    assert stated(pack, PILOT, "price") == [("$14 a month", "", 66)]


@pytest.mark.parametrize(
    "left_out",
    [
        "AI tool comparison\n",
        "Two assistants for the editor, side by side.\n",
        "Reviews a pull request before you do\n",
        "Coding Assistants\n",
        "Community\nNo community votes yet\n7 ship / 5 skip\n",
        "Best for\nTeams that review more than they write\nPeople who know what they want to type\n",
        "The Saturday Verdict\n",
        "Compare/Orrery Code vs Pilot Light 3\n",
    ],
)
def test_a_missing_part_stays_unknown_and_the_rest_is_read(left_out: str) -> None:
    text = text_of("panel-scored").replace(left_out, "", 1)
    pack = read(text)
    assert (split(pack, ORRERY), split(pack, PILOT)) == ((2, 1, False), (1, 2, False))
    assert len(pack.reviews) == 6
    assert groundless(pack, text) == []


@pytest.mark.parametrize(
    ("cut_before", "missing"),
    [
        ("Loom Canvas 2\nHosted", "cards of Kestrel Draw"),
        ("Reviewer scorecard", "Reviewer scorecard"),
        ("“It starts", "holds no review"),
        ("“The API is", "the number of reviews, 1, is odd"),
        ("“My buyers", "no whole number"),
        ("somebody else's computer.”", "breaks off in the words"),
    ],
)
def test_a_page_that_is_cut_is_refused_with_what_is_missing(cut_before: str, missing: str) -> None:
    text = text_of("panel-quoted")
    with pytest.raises(BadInput, match=missing):
        read(text[: text.index(cut_before)])


@pytest.mark.parametrize("cut_before", ["“Hands are", "“In 2028", "“My buyers", "The Saturday Verdict"])
def test_a_page_that_ends_in_reviews_which_nothing_counts_is_refused(cut_before: str) -> None:
    text = text_of("panel-quoted").replace("75%", "100%")
    with pytest.raises(BadInput, match="the page ends in the scorecard"):
        read(text[: text.index(cut_before)])


@pytest.mark.parametrize(
    "cut_after", ["Operator\n", "Operator\n70/100 · ship\n", "I can live with that.\n", "Accountant\n"]
)
def test_a_scorecard_with_fewer_reviews_than_the_panel_is_refused(cut_after: str) -> None:
    text = text_of("panel-scored")
    with pytest.raises(BadInput, match="is cut"):
        read(text[: text.index(cut_after) + len(cut_after)])


def test_words_that_are_missing_are_not_made_of_what_follows() -> None:
    text = text_of("panel-scored").replace("Fourteen dollars buys what the editor gives away.\n", "")
    with pytest.raises(BadInput, match=r"page.txt:99, field scorecard: the words of this review are missing"):
        read(text)


def test_a_score_over_a_hundred_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput, match=r"page.txt:81, field score: 164/100"):
        read(text_of("panel-scored").replace("64/100", "164/100"))
