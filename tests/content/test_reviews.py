"""Reviews: identical words are one review, and what is unknown is never inferred."""

from pathlib import Path
from typing import Any

from newsletter.content.records import Pack, Review
from tests.content.packs import MONDAY, OURS, THEIRS, pack, row_counts, store_with, tool

WORDS = "It runs everywhere."


def reviewed(*reviews: dict[str, Any], source: dict[str, Any] | None = None) -> Pack:
    return pack(
        source or OURS, tools=[tool("heron-2")], reviews=[{"tool": "heron-2", **each} for each in reviews]
    )


def reviews_after(tmp_path: Path, *packs: Pack) -> tuple[Review, ...]:
    with store_with(tmp_path, *packs) as store:
        return store.reviews(["heron-2"])["heron-2"]


def test_a_later_import_adds_who_it_was_and_how_they_scored(tmp_path: Path) -> None:
    named = {"words": WORDS, "reviewer": "Builder", "score": 85, "decision": "ship", "line": 4}
    (review,) = reviews_after(tmp_path, reviewed({"words": WORDS}), reviewed(named))
    assert (review.reviewer, review.score, review.decision) == ("Builder", 85, "ship")
    assert review.seen_at == MONDAY


def test_an_import_that_knows_less_takes_nothing_away(tmp_path: Path) -> None:
    named = {"words": WORDS, "reviewer": "Builder", "score": 85}
    (review,) = reviews_after(tmp_path, reviewed(named), reviewed({"words": WORDS}, {"words": "Other."}))[:1]
    assert (review.reviewer, review.score) == ("Builder", 85)


def test_white_space_makes_no_other_words(tmp_path: Path) -> None:
    spaced = {"words": "  It runs\n   everywhere.  "}
    assert len(reviews_after(tmp_path, reviewed({"words": WORDS}), reviewed(spaced))) == 1


def test_the_order_of_reviews_says_nothing(tmp_path: Path) -> None:
    nameless = reviewed({"words": "First."}, {"words": "Second."})
    named = reviewed({"words": "Second.", "reviewer": "Builder"}, {"words": "Third.", "reviewer": "Skeptic"})
    found = reviews_after(tmp_path, nameless, named)
    assert {each.words: each.reviewer for each in found} == {
        "First.": None,
        "Second.": "Builder",
        "Third.": "Skeptic",
    }


def test_a_reviewers_new_words_are_the_current_review(tmp_path: Path) -> None:
    old = {"reviewer": "Builder", "words": "Good.", "score": 80}
    new = {"reviewer": "Builder", "words": "Not so good.", "score": 40}
    with store_with(tmp_path, reviewed(old), reviewed(new)) as store:
        (review,) = store.reviews(["heron-2"])["heron-2"]
        assert (review.words, review.score) == ("Not so good.", 40)
        assert row_counts(store)["reviews"] == 2


def test_a_score_that_changes_is_a_rating_more(tmp_path: Path) -> None:
    old = {"reviewer": "Builder", "words": WORDS, "score": 80}
    with store_with(tmp_path, reviewed(old), reviewed({**old, "score": 40})) as store:
        assert store.reviews(["heron-2"])["heron-2"][0].score == 40
        assert row_counts(store)["ratings"] == 2


def test_a_score_without_words_belongs_to_the_reviewers_review(tmp_path: Path) -> None:
    words = {"reviewer": "Builder", "words": WORDS, "score": 80}
    (review,) = reviews_after(tmp_path, reviewed(words), reviewed({"reviewer": "Builder", "score": 60}))
    assert (review.words, review.score) == (WORDS, 60)


def test_a_score_alone_is_a_review_too(tmp_path: Path) -> None:
    (review,) = reviews_after(tmp_path, reviewed({"reviewer": "Builder", "score": 60}))
    assert (review.words, review.score) == ("", 60)


def test_words_that_others_quoted_first_are_ours_once_we_print_them(tmp_path: Path) -> None:
    with store_with(tmp_path, reviewed({"words": WORDS}, source=THEIRS), reviewed({"words": WORDS})) as store:
        (review,) = store.reviews(["heron-2"])["heron-2"]
        assert store.sources([review.source_id])[review.source_id].ours
    assert review.seen_at == MONDAY


def test_the_same_words_on_two_tools_are_two_reviews(tmp_path: Path) -> None:
    both = pack(
        tools=[tool("heron-2"), tool("finch")],
        reviews=[{"tool": "heron-2", "words": WORDS}, {"tool": "finch", "words": WORDS}],
    )
    with store_with(tmp_path, both) as store:
        assert {key: len(found) for key, found in store.reviews(["heron-2", "finch"]).items()} == {
            "heron-2": 1,
            "finch": 1,
        }


def test_a_reviewer_is_known_with_or_without_a_word_about_them(tmp_path: Path) -> None:
    about = pack(reviewers=[{"name": "Builder", "about": "Runs it first."}], tools=[tool("heron-2")])
    with store_with(tmp_path, reviewed({"words": WORDS, "reviewer": "Builder"}), about) as store:
        assert list(store.db.table("reviewers").rows) == [{"name": "Builder", "about": "Runs it first."}]
