"""Cutting other people's prose only where a sentence or a clause ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.digest.wording import clip, count_words, fit, is_whole, plain, split_sentences


@pytest.mark.parametrize(
    "text",
    [
        "It costs $0.50 per million tokens.",
        "Version 3.2 beats 3.1 by 0.4 points.",
        "Use it for small jobs, e.g. sorting mail.",
        "Direct rivals are Heron vs. Pelican and the rest.",
        "Dr. Stone and Mrs. Hill agree with J. Smith.",
        "The weights are just... there.",
        "It works… mostly.",
        "See fig. 3 and No. 4 of the report.",
        "Teams in the U.S. Government use it.",
        "“Is it fast? Yes.” was the whole review.",
        "The card (it has 24 GB. That is enough.) holds the model.",
        "Nothing ends here: mistral.ai is an address.",
        "He asked 'why?' and left.",
        "Run `pip install it.now` first.",
    ],
)
def test_this_is_one_sentence(text: str) -> None:
    assert split_sentences(text) == (text,)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It ships. It works.", ("It ships.", "It works.")),
        ("Really?! Yes. 7 of 9 agree.", ("Really?!", "Yes.", "7 of 9 agree.")),
        ("It is fast.” Then it stops.", ("It is fast.”", "Then it stops.")),
        ("Apache 2.0. That is all.", ("Apache 2.0.", "That is all.")),
        ("I said no. Nobody minded.", ("I said no.", "Nobody minded.")),
        ("So do I. They do too.", ("So do I.", "They do too.")),
        ("First line\nof one. Second.", ("First line of one.", "Second.")),
        ("It ends… And begins.", ("It ends…", "And begins.")),
        ("No end", ("No end",)),
        ("", ()),
    ],
)
def test_sentences_end_where_a_reader_sees_them_end(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences


@given(st.text())
def test_splitting_loses_no_character_but_blanks(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(plain(text).split())


@given(st.text(alphabet="ab.!?…\"'“”() \n", max_size=60), st.integers(0, 8))
def test_what_fits_is_a_start_of_the_text_and_short_enough(text: str, most: int) -> None:
    fitted = fit(text, most)
    assert count_words(fitted) <= most
    assert plain(text).startswith(fitted.rstrip(",;: "))


def test_a_cut_off_sentence_is_not_whole() -> None:
    assert is_whole("It ends here.")
    assert not is_whole("It improves accuracy on...")
    assert not is_whole("It never ends")
    assert not is_whole("He said “it ends.")


def test_whole_sentences_come_before_clauses() -> None:
    assert fit("It is fast. It is cheap. It is small.", 6) == "It is fast. It is cheap."


def test_a_long_sentence_gives_its_first_whole_clause() -> None:
    line = "you need a proven model and can justify the cost—its consistency makes it the safer choice"
    assert fit(line, 12) == "you need a proven model and can justify the cost"


def test_a_clause_is_not_cut_where_the_rest_takes_it_back() -> None:
    assert fit("you want the cheapest model there is; unless you need it before noon tomorrow", 8) == ""


def test_nothing_is_better_than_half_a_sentence() -> None:
    assert fit("a sentence without any inner end that goes on for longer than there is room", 5) == ""


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb\u202c", "a\ud800b", "a\r\nBcc: x", "\ufeffa"])
def test_control_characters_and_direction_overrides_never_pass(text: str) -> None:
    assert plain(text).isprintable()


def test_an_endless_name_is_cut_with_an_ellipsis() -> None:
    assert clip("x" * 500, 80) == "x" * 79 + "…"


def test_only_what_a_reader_reads_counts_as_a_word() -> None:
    assert count_words("4 ship / 0 skip — (the page says 100 %)") == 8
