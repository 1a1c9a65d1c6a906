"""The text part's layout: 72 columns, wrapped paragraphs, aligned tables, bars of blocks.

Widths are of a terminal or a fixed-width font: East Asian wide characters and emoji take two columns, marks and
joiners none.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from newsletter.digest.content import Figure, Score
from newsletter.language import ENGLISH, Language

WIDTH = 72
_GAP = "  "
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def width(text: str) -> int:
    """Return how many columns `text` takes."""
    return len(text) if text.isascii() else sum(_width_of(character) for character in text)


def wrap(text: str | Figure, columns: int = WIDTH, indent: str = "", first: str | None = None) -> str:
    """Wrap a paragraph in lines of at most `columns`, each beginning with `indent`, the first with `first`.

    A word longer than a line, such as the address of a page, stands alone and whole.
    """
    lead = indent if first is None else first
    lines = _lines(str(text), columns - width(indent), whole_words=True)
    return "\n".join((indent if number else lead) + line for number, line in enumerate(lines))


def table(rows: Sequence[Sequence[object]], widths: Sequence[int], align: str = "") -> str:
    """Set rows of cells in columns of fixed width, wrapped inside their columns.

    `align` has a letter for each column, "l" or "r"; all left where it is empty.
    """
    sides = align or "l" * len(widths)
    return "\n".join(_row([str(cell) for cell in row], widths, sides) for row in rows)


def bar(value: int, columns: int = 10) -> str:
    """Draw a bar of `columns` for a value from 0 to 100, filled to an eighth of a column; the rest is dots."""
    eighths = round(max(0, min(100, value)) * columns * 8 / 100)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled + "·" * (columns - len(filled))


def rule(mark: str = "-", columns: int = WIDTH) -> str:
    """Draw a line of one character."""
    return mark * columns


def ends(left: str, right: str, columns: int = WIDTH) -> str:
    """Set two texts at the two ends of a line; under each other where they do not fit."""
    gap = columns - width(left) - width(right)
    return f"{left}{' ' * gap}{right}" if gap >= 1 else f"{wrap(left, columns)}\n{right}"


def underline(text: str, mark: str = "-") -> str:
    """Set a heading, wrapped, with a line below it."""
    wrapped = wrap(text)
    return f"{wrapped}\n{mark * max(width(line) for line in wrapped.splitlines() or [''])}"


def decision_word(decision: str, language: Language = ENGLISH) -> str:
    """Return what a reviewer says, "ship" or "skip", in a word; empty where that is unknown."""
    if not decision:
        return ""
    if decision == "ship":
        return language.pgettext("what a reviewer says", "ship")
    return language.pgettext("what a reviewer says", "skip")


def score(value: Score | None, language: Language = ENGLISH) -> str:
    """Draw a reviewer's score, its bar and the decision: "85 ████████▌· ship"."""
    if value is None or (value.score is None and not value.decision):
        return language.gettext("no score")
    points = f"{value.score:>3} {bar(value.score)}" if value.score is not None else ""
    said = decision_word(value.decision, language)
    return f"{points} {said}".rstrip() if points else said


def mean(value: int | None) -> str:
    """Draw a mean as `score` does; a dash where none is known."""
    return "–" if value is None else f"{value:>3} {bar(value)}"


FUNCTIONS: dict[str, Callable[..., Any]] = {"table": table, "rule": rule, "ends": ends}


def filters(language: Language) -> dict[str, Callable[..., Any]]:
    """Return what text templates print values with."""
    return {
        "wrap": wrap,
        "bar": bar,
        "underline": underline,
        "figure": str,
        "score": lambda value: score(value, language),
        "mean": mean,
    }


def _width_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _lines(text: str, columns: int, *, whole_words: bool) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer) <= columns:
            line = longer
            continue
        if line:
            lines.append(line)
        *cut, line = [word] if whole_words else _pieces(word, columns)
        lines.extend(cut)
    return [*lines, line] if line or not lines else lines


def _pieces(word: str, columns: int) -> list[str]:
    """Cut a word where a column ends."""
    pieces, piece = [], ""
    for character in word:
        if width(piece + character) > columns:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]


def _row(cells: Sequence[str], widths: Sequence[int], sides: str) -> str:
    wrapped = [_lines(cell, columns, whole_words=False) for cell, columns in zip(cells, widths, strict=True)]
    height = max(len(lines) for lines in wrapped)
    padded = [lines + [""] * (height - len(lines)) for lines in wrapped]
    return "\n".join(
        _GAP.join(
            _fill(line, columns, side) for line, columns, side in zip(physical, widths, sides, strict=True)
        ).rstrip()
        for physical in zip(*padded, strict=True)
    )


def _fill(line: str, columns: int, side: str) -> str:
    blanks = " " * (columns - width(line))
    return blanks + line if side == "r" else line + blanks
