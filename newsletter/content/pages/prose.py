"""Claims from cells and sentences: what of a labelled value, a table or a statement is kept as a claim.

Opinions, forecasts and what is said of other products make no claim. Every repetition is a claim of its own line,
because that is where statements that differ give themselves away.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from newsletter.content.pages.lines import Line, PageText, is_absent
from newsletter.content.records import ClaimEntry
from newsletter.content.statements.names import Names
from newsletter.content.statements.reading import read_statements
from newsletter.content.statements.statement import Matter, Statement
from newsletter.content.units import measure, plain

#: "22B", "8x7B": a count of parameters where it stands in a name.
_SIZE_IN_NAME = re.compile(r"(?<![\w.])(?:\d+x)?\d+(?:\.\d+)?\s?B\b")
_NUMERIC = ("context", "max_output", "parameters", "input_price", "output_price")
_NUMBER = re.compile(r"~?\s*(\d[\d,]*(?:\.\d+)?)\s*(.*)")
_MILLISECONDS = {"ms": 1, "": 1, "s": 1000, "sec": 1000}


def claim(tool: str, attribute: str, value: str, line: Line, *, words: str, unit: str = "") -> ClaimEntry:
    """Return what `line` states of `tool`, in the units of the store."""
    measured = measure(attribute, value, unit)
    return ClaimEntry(
        tool_id=tool,
        attribute=attribute,
        value=measured.value,
        unit=measured.unit,
        line=line.number,
        words=words,
    )


def size_in_name(tool: str, name: str, line: Line) -> Iterator[ClaimEntry]:
    """Yield the parameters that a name states: "Heron 9B"."""
    for size in _SIZE_IN_NAME.findall(name)[:1]:
        yield claim(tool, "parameters", size.replace(" ", ""), line, words=name)


def fits(attribute: str, value: str) -> bool:
    """Return whether a value can be one of this attribute: where a number is meant, another label is none."""
    return attribute not in _NUMERIC or bool(re.search(r"\d|free|unlimited", value, re.I))


def full_day(text: str) -> date | None:
    """Return a date stated to the day, else None: "June 2025" is no day."""
    try:
        return date.fromisoformat(measure("updated", text.strip(" .")).value)
    except ValueError:
        return None


def token_count(page: PageText, cell: str, line: Line, field: str) -> int | None:
    number = None if is_absent(cell) else measure("context", cell).number
    return None if is_absent(cell) else int(_known(page, number, cell, line, field))


def token_price(page: PageText, cell: str, line: Line, field: str) -> Decimal | None:
    number = Decimal(0) if cell.casefold() == "free" else measure("input_price", cell).number
    return None if is_absent(cell) else _known(page, number, cell, line, field)


def milliseconds(page: PageText, cell: str, line: Line, field: str) -> int | None:
    stated = amount(page, cell, line, field)
    unit = "" if stated is None else _NUMBER.sub(r"\2", cell).strip().casefold()
    if unit not in _MILLISECONDS:
        raise _unreadable(page, cell, line, field)
    return None if stated is None else int(stated * _MILLISECONDS[unit])


def amount(page: PageText, cell: str, line: Line, field: str) -> Decimal | None:
    """Return the number that a cell begins with, whatever its unit; None for "—"."""
    if is_absent(cell):
        return None
    found = _NUMBER.match(cell)
    if not found:
        raise _unreadable(page, cell, line, field)
    return Decimal(found[1].replace(",", ""))


def score(page: PageText, cell: str, line: Line, field: str) -> tuple[Decimal | None, Decimal | None]:
    """Return a benchmark's score and what it is out of: "2", "2/3", "81.5%"; (None, None) where untested."""
    if is_absent(cell):
        return None, None
    value, _, out_of = cell.replace("%", "/100").replace(" ", "").partition("/")
    try:
        return Decimal(value.replace(",", "")), Decimal(out_of.replace(",", "")) if out_of else None
    except InvalidOperation as error:
        raise _unreadable(page, cell, line, field) from error


def _known(page: PageText, number: Decimal | None, cell: str, line: Line, field: str) -> Decimal:
    if number is None:
        raise _unreadable(page, cell, line, field)
    return number


def _unreadable(page: PageText, cell: str, line: Line, field: str) -> Exception:
    return page.refusal(f'"{cell}" cannot be read: a number with its unit, or "—", is right', line, field)


# Sentences.

#: Statements that are claims by themselves.
_CLAIMED = {
    Matter.INPUT_PRICE,
    Matter.OUTPUT_PRICE,
    Matter.TOKEN_PRICE,
    Matter.CONTEXT,
    Matter.MAX_OUTPUT,
    Matter.PARAMETERS,
    Matter.LICENCE,
    Matter.RELEASED,
    Matter.GRADE,
    Matter.WINS,
    Matter.ZERO,
    Matter.SUCCESS,
    Matter.LEAD,
    Matter.STRENGTH,
    Matter.NOT_PUBLIC,
}


def claims_in(line: Line, names: Names, *, about: bool = False) -> Iterator[ClaimEntry]:
    """Yield what the sentences of a line state of the tools of `names`; `about`: the line describes their subject."""
    claims = (
        claim(each.tool, *stated, line, words=each.words, unit=_unit(each))
        for each in read_statements(line.text, names, line=line.number, about=about)
        if (stated := claimed(each))
    )
    yield from dict.fromkeys(claims)


def claimed(statement: Statement) -> tuple[str, str] | None:
    """Return the attribute and value that a statement claims; None for what is no claim of one tool."""
    if statement.matter in _CLAIMED:
        return statement.matter.value, statement.value
    if statement.matter is Matter.COST and statement.volume is not None:
        periods = {(1, 1): "", (22, 31): "_daily", (1, 31): "_daily"}
        period = periods.get((int(statement.low), int(statement.high)))
        return None if period is None else (total_attribute(statement.volume) + period, statement.value)
    if (
        statement.matter is Matter.COST_RATIO
        and statement.unit in ("x", "magnitude")
        and not statement.either
    ):
        return "cost_ratio", statement.value
    if statement.matter is Matter.SAVING and not statement.either:
        return "saving", statement.value.lstrip("$~≈").rstrip(".")
    return None


def _unit(statement: Statement) -> str:
    return {Matter.COST_RATIO: "x", Matter.SAVING: "USD", Matter.LEAD: "%"}.get(statement.matter, "")


def total_attribute(volume: Decimal) -> str:
    """Return the attribute for the cost of so many tokens: 10,000,000 → "cost_at_10M"."""
    scale, letter = (1_000_000, "M") if volume >= 1_000_000 else (1_000, "K")
    return f"cost_at_{plain(volume / scale)}{letter}".replace(".", "_")
