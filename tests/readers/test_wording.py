import pytest

from newsletter.errors import BadInput
from newsletter.readers.addresses import NAME, one_line, without_address


@pytest.mark.parametrize(
    "name", ["Ada", "Zoë O’Hara", "王小明", "Ada\u00a0Lovelace", "علی\u200cرضا", "R2-D2 <3", ""]
)
def test_names_of_every_script_are_kept(name: str) -> None:
    assert one_line(f" {name}\t", "the name", NAME) == name


@pytest.mark.parametrize("name", ["a\nb", "a\r\nBcc: b", "a\0b", "a\x1b[2J", "a\u2028b", "a\x85b", "\ud800"])
def test_line_breaks_and_control_characters_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="the name holds a line break or a control character"):
        one_line(name, "the name", NAME)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="the name is longer than 200 characters"):
        one_line("a" * 201, "the name", NAME)


@pytest.mark.parametrize(
    ("text", "sentence"), [("from ada@example.org", "holds an address"), (" ", "is empty")]
)
def test_what_outlives_an_erased_reader_names_nobody(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        without_address(text, "the reason", 100)
