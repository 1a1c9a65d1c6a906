"""A panel comparison: two cards and a decision table (`cards`), and the reviewer scorecard (`scorecard`)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, takewhile

from newsletter.content.pages.lines import Line, PageText, is_absent, is_furniture, is_sentence, joined
from newsletter.content.pages.prose import claim, claims_in, size_in_name
from newsletter.content.pages.shape import Pair, Shape, pairs
from newsletter.content.records import (
    ComparisonEntry,
    Decision,
    NoteEntry,
    NoteKind,
    PackEntry,
    ReviewEntry,
    ReviewerEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
    slug,
)
from newsletter.content.statements.names import Names

# The two cards of a panel comparison and its decision table, as the lines of the page that fill them.

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
class ToolCard:
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


def find_cards(page: PageText) -> tuple[Pair, dict[str, int]]:
    """Return the first title whose two tools have cards, and the index of each card's name line."""
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


def _card_start(page: PageText, pair: Pair, name: str) -> int | None:
    """Return the index of the name with "Panel ship" under it, before either name comes again."""
    for index, line in enumerate(page.lines):
        if not _is(line, name):
            continue
        for below in page.lines[index + 1 :]:
            if any(_is(below, each) for each in pair.names):
                break
            if _label(below) == "share":
                return index
    return None


def read_card(page: PageText, pair: Pair, name: str, starts: Mapping[str, int]) -> ToolCard:
    start = starts[name]
    region = _region(page, start, next((at for at in sorted(starts.values()) if at > start), None))
    cells = {key: _above(region, key) for key in _LABELS}
    last = max((index for index, line in enumerate(region) if _label(line)), default=-1)
    tagline = region[0] if region and not _is_cell(region[0]) else None
    category = page.lines[start - 1] if start else None
    return ToolCard(
        name=name,
        line=page.lines[start],
        category=category if category and _is_category(category) else None,
        tagline=tagline,
        description=tuple(line for line in region[last + 1 :] if is_sentence(line.text)),
        **cells,
    )


def _region(page: PageText, start: int, following: int | None) -> tuple[Line, ...]:
    """Return the lines of a card under its name, up to the next card, the decision table or the scorecard."""
    after_cards = ("decision", "reviewer scorecard")
    ends = [
        index
        for index, line in enumerate(page.lines)
        if index > start and (line.text.casefold() in after_cards or is_furniture(line.text))
    ]
    return page.lines[start + 1 : min([*ends, len(page.lines) if following is None else following])]


def _above(region: Sequence[Line], key: str) -> Line | None:
    """Return the line over a card's label, unless that is another label or says nothing."""
    for value, line in pairwise(region):
        if _label(line) == key:
            return None if _label(value) or is_absent(value.text) else value
    return None


def _label(line: Line) -> str | None:
    return next((key for key, label in _LABELS.items() if line.text.casefold() == label), None)


def _is_cell(line: Line) -> bool:
    """Return whether a line of a card is a value or label, and so no tagline."""
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


def read_decision(page: PageText, pair: Pair) -> DecisionTable:
    """Return the table under "Decision" and the two names; without columns where there is none."""
    for index, line in enumerate(page.lines[:-2]):
        columns = tuple(each.text.casefold() for each in page.lines[index + 1 : index + 3])
        for left, right in (pair.names, pair.names[::-1]):
            if line.text.casefold() == "decision" and columns == (left.casefold(), right.casefold()):
                return DecisionTable(columns=(left, right), rows=_rows(page, page.lines[index + 3 :]))
    return DecisionTable(columns=None, rows={})


def _rows(page: PageText, lines: Sequence[Line]) -> dict[str, tuple[Line, Line]]:
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


# The reviewer scorecard of a panel comparison: who said what of which side.
#
# The page shows two columns, left and right in turn, under each reviewer's name where it gives one. That turn is
# the only thing that order decides here: reviewer, score and decision are known where they are written, else not.

HEADING = "reviewer scorecard"
_RATING = re.compile(
    r"(?P<score>\d{1,3})\s*/\s*100(?:\s*[·•|,:–—-]?\s*(?P<decision>ship|skip))?|(?P<only>ship|skip)|"
    r"(?P<empty>[—–-]|n/a|not reviewed|no review(?: yet)?)",
    re.I,
)
_OPENING, _CLOSING = '“"„«', '”"“»'


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardReview:
    """One review as the page shows it; `line` is where its rating stands, or else its words."""

    reviewer: str | None
    score: int | None
    decision: Decision | None
    words: str
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardColumns:
    """Both columns. `whole` is whether the page goes on after it, so that no review can be missing at its end."""

    left: tuple[ScorecardReview, ...]
    right: tuple[ScorecardReview, ...]
    reviewers: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """What stands under one reviewer's name, or under none: slots in the page's order, None for "—"."""

    reviewer: Line | None
    slots: tuple[ScorecardReview | None, ...]


def read_scorecard(page: PageText) -> ScorecardColumns:
    headings = page.matching(HEADING)
    if not headings:
        raise page.refusal(
            'the "Reviewer scorecard" is missing: the page is cut before it', field="scorecard"
        )
    lines = page.lines[page.lines.index(headings[0]) + 1 :]
    reader = _ScorecardReader(page, lines)
    groups = reader.groups()
    if not any(slot for group in groups for slot in group.slots):
        raise page.refusal(
            "the reviewer scorecard holds no review: the page is cut there", headings[0], "scorecard"
        )
    for group in groups:
        _check_sides(page, group, headings[0])
    rest = lines[reader.position :]
    lost = next((line for line in rest if (found := _RATING.fullmatch(line.text)) and found["score"]), None)
    if lost:
        raise page.refusal(
            "this rating stands apart from the scorecard: something before it is missing", lost, "score"
        )
    return ScorecardColumns(
        left=_column(groups, 0),
        right=_column(groups, 1),
        reviewers=tuple(group.reviewer.text for group in groups if group.reviewer),
        # A lone line may be the name of a reviewer whose words are cut off.
        whole=len(rest) > 1 or any(is_furniture(line.text) for line in rest),
    )


def _column(groups: Sequence[_Group], side: int) -> tuple[ScorecardReview, ...]:
    return tuple(slot for group in groups for slot in group.slots[side::2] if slot)


def _check_sides(page: PageText, group: _Group, heading: Line) -> None:
    number = len(group.slots)
    if group.reviewer and number != 2:
        message = (
            f"{group.reviewer.text} has not two reviews for two tools but {number}: the page is cut there"
        )
        raise page.refusal(message, group.reviewer, "scorecard")
    if number % 2:
        message = f"the number of reviews, {number}, is odd for two tools: the page is cut there"
        raise page.refusal(
            message, next((slot.line for slot in reversed(group.slots) if slot), heading), "scorecard"
        )


class _ScorecardReader:
    """Goes through the lines under the heading once; `position` ends at the first line that is no review."""

    def __init__(self, page: PageText, lines: Sequence[Line]) -> None:
        self._page = page
        self._lines = lines
        self._rated = any(_is_rating(line.text) and _is_said(words.text) for line, words in pairwise(lines))
        self.position = 0

    def groups(self) -> list[_Group]:
        groups: list[_Group] = []
        while self._peek():
            reviewer = self._reviewer()
            slots = self._slots(reviewer)
            if not slots and not reviewer:
                break
            groups.append(_Group(reviewer=reviewer, slots=slots))
        return groups

    def _peek(self, ahead: int = 0) -> Line | None:
        index = self.position + ahead
        return self._lines[index] if index < len(self._lines) else None

    def _reviewer(self) -> Line | None:
        """Return the name that stands here, if one does: a short line over a rating or over quoted words."""
        line, below = self._peek(), self._peek(1)
        if not line or not _is_title(line.text):
            return None
        if below and (_is_rating(below.text) or (not self._rated and below.text[0] in _OPENING)):
            self.position += 1
            return line
        return None

    def _slots(self, reviewer: Line | None) -> tuple[ScorecardReview | None, ...]:
        slots: list[ScorecardReview | None] = []
        while (line := self._peek()) and not (reviewer and len(slots) == 2):
            rating = _is_rating(line.text)
            # Where some reviews are rated, words without a rating are none.
            if not rating and (self._rated or is_furniture(line.text) or not _is_said(line.text)):
                break
            slots.append(self._review(line, reviewer, rated=rating))
        return tuple(slots)

    def _review(self, line: Line, reviewer: Line | None, *, rated: bool) -> ScorecardReview | None:
        found = _RATING.fullmatch(line.text) if rated else None
        self.position += rated
        if found and found["empty"]:
            return None
        decision = found and (found["decision"] or found["only"])
        score = int(found["score"]) if found and found["score"] else None
        if score is not None and score > 100:
            raise self._page.refusal(f"{score}/100 is more than all: 0 to 100 is right", line, "score")
        return ScorecardReview(
            reviewer=reviewer.text if reviewer else None,
            score=score,
            decision=Decision(decision.lower()) if decision else None,
            words=self._words(line),
            line=line,
        )

    def _words(self, rating: Line) -> str:
        """Return one paragraph, to its closing quotation mark or the end of a sentence, over broken lines."""
        taken: list[str] = []
        while not taken or not _is_closed(taken):
            line = self._peek()
            if line is None:
                message = "the page breaks off in the words of this review: it is cut there"
                raise self._page.refusal(message, rating, "scorecard")
            if self._opens_another(line) or (taken and is_furniture(line.text)):
                break
            if not taken and _is_title(line.text):
                raise self._page.refusal("the words of this review are missing", rating, "scorecard")
            taken.append(line.text)
            self.position += 1
        return " ".join(taken).strip(_OPENING + _CLOSING)

    def _opens_another(self, line: Line) -> bool:
        below = self._peek(1)
        return _is_rating(line.text) or (
            below is not None and _is_title(line.text) and _is_rating(below.text)
        )


def _is_closed(taken: Sequence[str]) -> bool:
    """Return whether the words that begin with `taken[0]` are complete with the last of them."""
    if taken[0][0] in _OPENING:
        return len("".join(taken)) > 1 and taken[-1][-1] in _CLOSING
    return is_sentence(taken[-1])


def _is_rating(text: str) -> bool:
    return bool(text) and bool(_RATING.fullmatch(text))


def _is_said(text: str) -> bool:
    return text[0] in _OPENING or is_sentence(text)


def _is_title(text: str) -> bool:
    return len(text) <= 60 and not is_sentence(text) and not _is_rating(text) and text[0] not in _OPENING


_SPLIT = re.compile(r"(?<!\d)(\d{1,9})\s*ships?\s*[/,·]\s*(\d{1,9})\s*skips?", re.I)


def read(page: PageText) -> Iterator[PackEntry]:
    pair, starts = find_cards(page)
    cards = {name: read_card(page, pair, name, starts) for name in pair.names}
    table = read_decision(page, pair)
    scorecard = read_scorecard(page)
    columns = table.columns or tuple(sorted(pair.names, key=lambda name: starts[name]))
    if not table.columns and columns != pair.names:
        message = "the cards stand in another order than the title: whose reviews are on the left is unclear"
        raise page.refusal(message, pair.line, "scorecard")
    yield ComparisonEntry(left_id=pair.ids[0], right_id=pair.ids[1])
    yield from (ReviewerEntry(name=name) for name in scorecard.reviewers)
    panels = [
        PanelResult(
            card=cards[name],
            stated=table.cell("panel", name),
            reviews=(scorecard.left, scorecard.right)[columns.index(name)],
        )
        for name in pair.names
    ]
    # A share that fits no number of ships tells that reviews are missing, on both sides.
    whole = scorecard.whole and all(panel.fits for panel in panels)
    for panel in panels:
        yield from _tool(panel.card, table, Names(pair.names, subject=panel.card.name))
        yield from _verdict(page, panel, scorecard_ends=scorecard.whole, whole=whole)
        yield from (_review(panel.card.tool, review) for review in panel.reviews)
    # All or none of them says nothing of how many they are; three quarters do.
    if not scorecard.whole and not any(panel.split or panel.share not in (None, 0, 100) for panel in panels):
        last = panels[-1].reviews[-1].line if panels[-1].reviews else pair.line
        message = (
            "the page ends in the scorecard, and nothing says how many reviews there are: it may be cut there"
        )
        raise page.refusal(message, last, "scorecard")


SHAPE = Shape(
    name="panel comparison",
    marks={
        "Reviewer scorecard": "reviewer scorecard",
        "Panel ship": "panel ship",
        "AI tool comparison": "ai tool comparison",
        "Panel verdict": "panel verdict",
    },
    read=read,
)


def _tool(card: ToolCard, table: DecisionTable, names: Names) -> Iterator[PackEntry]:
    category = card.category or table.cell("category", card.name)
    yield ToolEntry(
        id=card.tool,
        name=card.name,
        category=category.text if category else "",
        tagline=card.tagline.text if card.tagline else "",
        description=joined(card.description),
        entry=card.entry.text if card.entry else "",
    )
    yield from size_in_name(card.tool, card.name, card.line)
    for line in (*filter(None, [card.tagline]), *card.description):
        yield from claims_in(line, names, about=True)
    if card.entry:
        yield claim(card.tool, "entry", card.entry.text, card.entry, words=card.entry.text)
    yield from _community(card, table.cell("community", card.name))
    price, best_for = table.cell("pricing", card.name), table.cell("best_for", card.name)
    if price and not is_absent(price.text):
        yield claim(card.tool, "price", price.text, price, words=price.text)
        yield from (each for each in claims_in(price, names, about=True) if each.attribute == "licence")
    if not best_for or is_absent(best_for.text):
        best_for = card.tagline
    if best_for:
        yield NoteEntry(tool_id=card.tool, kind=NoteKind.BEST_FOR, words=best_for.text, line=best_for.number)


def _community(card: ToolCard, stated: Line | None) -> Iterator[PackEntry]:
    for line in filter(None, (stated, card.community)):
        split = _SPLIT.search(line.text)
        if split:
            yield VotesEntry(tool_id=card.tool, ship=int(split[1]), skip=int(split[2]), line=line.number)
            break
    share = SHARE.fullmatch(card.community.text) if card.community else None
    if share and card.community:
        yield claim(
            card.tool, "community_share", share[1], card.community, words=card.community.text, unit="%"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelResult:
    """What there is to know a split from: the card's share, the table's cell, the reviews."""

    card: ToolCard
    stated: Line | None
    reviews: tuple[ScorecardReview, ...]

    @property
    def share(self) -> Decimal | None:
        found = SHARE.fullmatch(self.card.share.text) if self.card.share else None
        return Decimal(found[1]) if found else None

    @property
    def split(self) -> tuple[int, int] | None:
        """The split as the table states it."""
        found = _SPLIT.search(self.stated.text) if self.stated else None
        return (int(found[1]), int(found[2])) if found else None

    @property
    def ships(self) -> int:
        """How many ship, by the decisions if all are stated, else by the share."""
        decisions = [review.decision for review in self.reviews]
        if None not in decisions:
            return decisions.count(Decision.SHIP)
        return round((self.share or Decimal(0)) * len(self.reviews) / 100)

    @property
    def fits(self) -> bool:
        """Whether so many of so many reviews are the share that the card shows; True where it shows none."""
        if self.share is None or not self.reviews:
            return True
        return abs(Decimal(100 * self.ships) / len(self.reviews) - self.share) <= Decimal("0.5")


def _verdict(
    page: PageText, panel: PanelResult, *, whole: bool, scorecard_ends: bool
) -> Iterator[VerdictEntry]:
    """Yield the panel's outcome as stated, or else as it follows from share and reviews where these are `whole`."""
    split = panel.split
    _check_number(page, panel, scorecard_ends=scorecard_ends)
    derived = whole and split is None and panel.share is not None and bool(panel.reviews)
    if derived:
        split = panel.ships, len(panel.reviews) - panel.ships
    line = (panel.stated if split and not derived else None) or panel.card.share
    if line:
        yield VerdictEntry(
            tool_id=panel.card.tool,
            ships=split[0] if split else None,
            skips=split[1] if split else None,
            share=panel.share,
            derived=derived,
            line=line.number,
        )


def _check_number(page: PageText, panel: PanelResult, *, scorecard_ends: bool) -> None:
    """Refuse a page with fewer reviews than it says that there are."""
    number = len(panel.reviews)
    if panel.split and sum(panel.split) > number:
        message = f"{sum(panel.split)} reviewed {panel.card.name}, but the scorecard holds {number}: the page is cut"
        raise page.refusal(message, panel.stated, "scorecard")
    if not panel.split and not panel.fits and not scorecard_ends:
        message = f"{panel.share} % of {number} reviews is no whole number: the page is cut in the scorecard"
        raise page.refusal(message, panel.reviews[-1].line, "scorecard")


def _review(tool: str, review: ScorecardReview) -> ReviewEntry:
    return ReviewEntry(
        tool_id=tool,
        reviewer=review.reviewer,
        score=review.score,
        decision=review.decision,
        words=review.words,
        line=review.line.number,
    )
