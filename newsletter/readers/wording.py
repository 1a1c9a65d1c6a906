"""What people write about readers (names, topics, sources of consent), as single lines that fit their columns."""

import re

from newsletter.errors import BadInput

#: Longest name, topic, source of consent and reason of a suppression, in characters.
NAME, TOPIC, SOURCE, REASON = 200, 100, 350, 100

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_line(text: str, what: str, most: int) -> str:
    """The text, spaces around it aside; raises BadInput for control characters, line breaks and excess."""
    text = text.strip()
    if _CONTROL.search(text):
        raise BadInput(f"{what} holds a line break or a control character: {text[:60]!r}")
    if len(text) > most:
        raise BadInput(f"{what} is longer than {most} characters")
    return text


def without_address(text: str, what: str, most: int) -> str:
    """One line that is kept when a reader is erased, and so must not hold an address; raises BadInput."""
    if "@" in text:
        raise BadInput(f"{what} holds an address; it is kept even when a reader is erased")
    line = one_line(text, what, most)
    if not line:
        raise BadInput(f"{what} is empty")
    return line
