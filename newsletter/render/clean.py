"""What other people's words may carry into a mail: letters and spaces, nothing that acts.

Every text of a letter passes here once, before any template sees it. Escaping for HTML is not done here but where
a value is put into HTML (render/compile.py).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from newsletter.digest.sentences import visible

#: These keep right-to-left words from turning what stands around them (Unicode annex 9). A text of both directions
#: runs from left to right like the letter, so that "left vs right" stays in this order.
_RIGHT_TO_LEFT_ISOLATE, _LEFT_TO_RIGHT_ISOLATE, _POP_ISOLATE = "\u2067", "\u2066", "\u2069"
ISOLATES = _RIGHT_TO_LEFT_ISOLATE + _LEFT_TO_RIGHT_ISOLATE + _POP_ISOLATE

_BLANKS = re.compile(r"[^\S\xa0\u202f]+")
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
#: More marks on one letter than any script stacks paint over the lines above and below.
_MOST_MARKS = 4


def clean(text: str) -> str:
    """One line of text without control, bidirectional, invisible and private characters.

    Words written from right to left are isolated, so that they cannot reorder their neighbours.
    """
    line = clean_line(text)
    directions = {unicodedata.bidirectional(character) for character in line}
    if not directions & _RIGHT_TO_LEFT:
        return line
    isolate = _LEFT_TO_RIGHT_ISOLATE if "L" in directions else _RIGHT_TO_LEFT_ISOLATE
    return f"{isolate}{line}{_POP_ISOLATE}"


def clean_line(text: str) -> str:
    """As `clean`, but never isolated: for addresses of pages and for lines of Markdown."""
    seen = unicodedata.normalize("NFC", visible(_BLANKS.sub(" ", text)))
    return _without_piles(_BLANKS.sub(" ", seen)).strip()


def clean_lines(text: str) -> str:
    """As `clean_line`, line by line: for Markdown, which lives by its lines. Indentation stays."""
    return "\n".join(
        " " * (len(line) - len(line.lstrip(" "))) + clean_line(line) for line in text.splitlines()
    ).strip("\n")


def clean_values(value: Any, name: str = "") -> Any:
    """`value` with every text in it cleaned, however deep it stands in dataclasses, tuples and mappings.

    Fields called `url` or `…_url` hold addresses of pages and are never isolated.
    """
    if isinstance(value, str) and not isinstance(value, Enum):
        return _clean_field(value, name)
    if isinstance(value, tuple):
        return tuple(clean_values(each, name) for each in value)
    if isinstance(value, Mapping):
        return {key: clean_values(each, str(key)) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: clean_values(getattr(value, each.name), each.name) for each in fields(value)}
        )
    return value


def _clean_field(text: str, name: str) -> str:
    if name == "url" or name.endswith("_url"):
        return clean_line(text)
    return clean(text)


def _without_piles(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)
