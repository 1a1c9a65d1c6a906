import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.environment import ISOLATES, clean, clean_lines, clean_values
from tests.render import letters


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("  two \t\r\n lines  ", "two lines"),
        ("nul\x00 bell\x07 escape\x1b[31m", "nul bell escape[31m"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("\u2066open isolate", "open isolate"),
        ("forged \ue0007\ue001", "forged 7"),
        ("line\u2028separator", "line separator"),
        ("e\u0301", "é"),
        ("a \u200b b", "a b"),
        ("😀\u200d💻 می\u200cروم ni\u200cn", "\u2066😀\u200d💻 می\u200cروم nin\u2069"),
        ("12\u202f000", "12\u202f000"),
    ],
)
def test_only_what_can_be_read_stays(text: str, kept: str) -> None:
    assert clean(text) == kept


def test_marks_cannot_pile_up() -> None:
    assert clean("Z" + "\u0335" * 40) == "Z" + "\u0335" * 4


def test_words_from_right_to_left_are_isolated() -> None:
    assert clean("כלי") == "\u2067כלי\u2069"


def test_a_text_of_both_directions_runs_like_the_letter() -> None:
    assert clean("כלי vs Quill") == "\u2066כלי vs Quill\u2069"


def test_addresses_of_pages_are_not_isolated() -> None:
    assert clean_values({"url": "https://example.org/כלי", "home_url": "https://כלי.example"}) == {
        "url": "https://example.org/כלי",
        "home_url": "https://כלי.example",
    }


def test_markdown_keeps_its_lines() -> None:
    assert clean_lines("* one\u202e\n  * two\n\nthree\x00") == "* one\n  * two\n\nthree"


def test_every_text_of_a_letter_is_cleaned() -> None:
    cleaned = clean_values(letters.HOSTILE)
    bad = set("\x00\x1b\u202e\u200b\ue000\ue001\ue002\ue003\r\n") & set(repr(cleaned))
    assert bad == set()
    assert cleaned.masthead.date_on == letters.HOSTILE.masthead.date_on
    assert cleaned.lead.scorecard.rows[0].left.score == 85


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text).strip(ISOLATES)) == clean(text)
