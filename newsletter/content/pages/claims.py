"""Claims from single statements: a labelled value, a size in a name, a cell of a table. Prose is `prose`."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from newsletter.content.pack import ClaimEntry
from newsletter.content.pages.lines import Line, Page, is_absent
from newsletter.content.units import measure

#: "22B", "8x7B": a count of parameters where it stands in a name.
_SIZE_IN_NAME = re.compile(r"(?<![\w.])(?:\d+x)?\d+(?:\.\d+)?\s?B\b")
_NUMERIC = ("context", "max_output", "parameters", "input_price", "output_price")
_NUMBER = re.compile(r"~?\s*(\d[\d,]*(?:\.\d+)?)\s*(.*)")
_MILLISECONDS = {"ms": 1, "": 1, "s": 1000, "sec": 1000}


def claim(tool: str, attribute: str, value: str, line: Line, *, words: str, unit: str = "") -> ClaimEntry:
    """What `line` states of `tool`, in the units of the store."""
    measured = measure(attribute, value, unit)
    return ClaimEntry(
        tool=tool,
        attribute=attribute,
        value=measured.value,
        unit=measured.unit,
        line=line.number,
        words=words,
    )


def size_in_name(tool: str, name: str, line: Line) -> Iterator[ClaimEntry]:
    """The parameters that a name states: "Heron 9B"."""
    for size in _SIZE_IN_NAME.findall(name)[:1]:
        yield claim(tool, "parameters", size.replace(" ", ""), line, words=name)


def fits(attribute: str, value: str) -> bool:
    """Whether a value can be one of this attribute: where a number is meant, another label is none."""
    return attribute not in _NUMERIC or bool(re.search(r"\d|free|unlimited", value, re.I))


def full_day(text: str) -> date | None:
    """A date stated to the day, else None: "June 2025" is no day."""
    try:
        return date.fromisoformat(measure("updated", text.strip(" .")).value)
    except ValueError:
        return None


def token_count(page: Page, cell: str, line: Line, field: str) -> int | None:
    number = None if is_absent(cell) else measure("context", cell).number
    return None if is_absent(cell) else int(_known(page, number, cell, line, field))


def token_price(page: Page, cell: str, line: Line, field: str) -> Decimal | None:
    number = None if is_absent(cell) else measure("input_price", cell).number
    return None if is_absent(cell) else _known(page, number, cell, line, field)


def milliseconds(page: Page, cell: str, line: Line, field: str) -> int | None:
    stated = amount(page, cell, line, field)
    unit = "" if stated is None else _NUMBER.sub(r"\2", cell).strip().casefold()
    if unit not in _MILLISECONDS:
        raise _unreadable(page, cell, line, field)
    return None if stated is None else int(stated * _MILLISECONDS[unit])


def amount(page: Page, cell: str, line: Line, field: str) -> Decimal | None:
    """The number that a cell begins with, whatever its unit; None for "—"."""
    if is_absent(cell):
        return None
    found = _NUMBER.match(cell)
    if not found:
        raise _unreadable(page, cell, line, field)
    return Decimal(found[1].replace(",", ""))


def score(page: Page, cell: str, line: Line, field: str) -> tuple[Decimal | None, Decimal | None]:
    """A benchmark's score and what it is out of: "2", "2/3", "81.5%"; (None, None) where untested."""
    if is_absent(cell):
        return None, None
    value, _, out_of = cell.replace("%", "/100").replace(" ", "").partition("/")
    try:
        return Decimal(value.replace(",", "")), Decimal(out_of.replace(",", "")) if out_of else None
    except InvalidOperation as error:
        raise _unreadable(page, cell, line, field) from error


def _known(page: Page, number: Decimal | None, cell: str, line: Line, field: str) -> Decimal:
    if number is None:
        raise _unreadable(page, cell, line, field)
    return number


def _unreadable(page: Page, cell: str, line: Line, field: str) -> Exception:
    return page.refusal(f'"{cell}" cannot be read: a number with its unit, or "—", is right', line, field)
