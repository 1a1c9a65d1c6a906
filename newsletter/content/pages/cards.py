"""The two cards of a panel comparison and its decision table, as the lines of the page that fill them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from newsletter.content.pack import slug
from newsletter.content.pages.lines import Line, Page, is_absent, is_furniture, is_sentence
from newsletter.content.pages.shape import Pair, pairs

SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?%")
_LABELS = {"share": "panel ship", "community": "community", "entry": "entry"}
_ROWS = {
    "panel": "panel(?: verdict)?",
    "community": "community(?: votes?)?",
    "pricing": "pricing|price",
    "best_for": "best for",
    "category": "category",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the card of one tool shows. Its cells are lines of the page, None where the card has none."""

    name: str
    line: Line
    category: Line | None
    tagline: Line | None
    share: Line | None
    community: Line | None
    entry: Line | None
    description: tuple[Line, ...]

    @property
    def tool(self) -> str:
        return slug(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """The decision table: the lines of each row, by the name at the head of their column."""

    columns: tuple[str, str] | None
    rows: Mapping[str, tuple[Line, Line]]

    def cell(self, row: str, name: str) -> Line | None:
        if not self.columns or row not in self.rows:
            return None
        return self.rows[row][self.columns.index(name)]


def find_cards(page: Page) -> tuple[Pair, dict[str, int]]:
    """The first title whose two tools have cards, and the index of each card's name line."""
    titles = pairs(page)
    for pair in titles:
        starts = {name: start for name in pair.names if (start := _card_start(page, pair, name)) is not None}
        if len(starts) == 2 and pair.ids[0] != pair.ids[1]:
            return pair, starts
    if not titles:
        raise page.refusal('the title "one tool vs another" is missing', field="title")
    message = (
        f"the cards of {titles[0].left} and {titles[0].right} are not both there: the page is cut before them"
    )
    raise page.refusal(message, titles[0].line, "card")


def _card_start(page: Page, pair: Pair, name: str) -> int | None:
    """Where the name stands with "Panel ship" under it, before either name comes again."""
    for index, line in enumerate(page.lines):
        if not _is(line, name):
            continue
        for below in page.lines[index + 1 :]:
            if any(_is(below, each) for each in pair.names):
                break
            if _label(below) == "share":
                return index
    return None


def read_card(page: Page, pair: Pair, name: str, starts: Mapping[str, int]) -> Card:
    start = starts[name]
    region = _region(page, start, next((at for at in sorted(starts.values()) if at > start), None))
    cells = {key: _above(region, key) for key in _LABELS}
    last = max((index for index, line in enumerate(region) if _label(line)), default=-1)
    tagline = region[0] if region and not _is_cell(region[0]) else None
    category = page.lines[start - 1] if start else None
    return Card(
        name=name,
        line=page.lines[start],
        category=category if category and _is_category(category) else None,
        tagline=tagline,
        description=tuple(line for line in region[last + 1 :] if is_sentence(line.text)),
        **cells,
    )


def _region(page: Page, start: int, following: int | None) -> tuple[Line, ...]:
    """The lines of a card under its name, up to the next card, the decision table or the scorecard."""
    ends = [index for index, line in enumerate(page.lines) if index > start and _ends_cards(line)]
    return page.lines[start + 1 : min([*ends, len(page.lines) if following is None else following])]


def _ends_cards(line: Line) -> bool:
    return line.text.casefold() in ("decision", "reviewer scorecard") or is_furniture(line.text)


def _above(region: Sequence[Line], key: str) -> Line | None:
    """The line over a card's label, unless that is another label or says nothing."""
    for value, line in pairwise(region):
        if _label(line) == key:
            return None if _label(value) or is_absent(value.text) else value
    return None


def _label(line: Line) -> str | None:
    return next((key for key, label in _LABELS.items() if line.text.casefold() == label), None)


def _is_cell(line: Line) -> bool:
    """Whether a line of a card is a value or label, and so no tagline."""
    return bool(_label(line) or SHARE.fullmatch(line.text)) or line.text.casefold() in ("ship", "skip", "—")


def _is_category(line: Line) -> bool:
    return (
        2 < len(line.text) <= 60
        and not is_sentence(line.text)
        and not _is_cell(line)
        and " vs " not in line.text
    )


def _is(line: Line, name: str) -> bool:
    return line.text.casefold() == name.casefold()


def read_decision(page: Page, pair: Pair) -> DecisionTable:
    """The table under "Decision" and the two names; without columns where there is none."""
    for index, line in enumerate(page.lines[:-2]):
        columns = tuple(each.text.casefold() for each in page.lines[index + 1 : index + 3])
        for left, right in (pair.names, pair.names[::-1]):
            if line.text.casefold() == "decision" and columns == (left.casefold(), right.casefold()):
                return DecisionTable(columns=(left, right), rows=_rows(page, page.lines[index + 3 :]))
    return DecisionTable(columns=None, rows={})


def _rows(page: Page, lines: Sequence[Line]) -> dict[str, tuple[Line, Line]]:
    body = list(takewhile(lambda line: line.text.casefold() != "reviewer scorecard", lines))
    heads = [(index, key) for index, line in enumerate(body) if (key := _row(line))]
    rows: dict[str, tuple[Line, Line]] = {}
    for (start, key), (end, _) in pairwise([*heads, (len(body), "")]):
        values = body[start + 1 : end]
        # A row of another label adds three lines; under the last row the page may go on with anything.
        if len(values) % 3 != 2 and (end < len(body) or len(values) < 2) and values:
            raise page.refusal(
                f'"{body[start].text}" has {len(values)} values for two tools', body[start], "decision"
            )
        if values:
            rows.setdefault(key, (values[0], values[1]))
    return rows


def _row(line: Line) -> str | None:
    return next((key for key, label in _ROWS.items() if re.fullmatch(label, line.text, re.I)), None)
