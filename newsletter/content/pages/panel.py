"""A panel comparison: two cards and a decision table (`cards`), and the reviewer scorecard (`scorecard`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from newsletter.content.model import Decision, NoteKind
from newsletter.content.pack import (
    ComparisonEntry,
    Entry,
    NoteEntry,
    ReviewEntry,
    ReviewerEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
)
from newsletter.content.pages.cards import SHARE, Card, DecisionTable, find_cards, read_card, read_decision
from newsletter.content.pages.claims import claim, size_in_name
from newsletter.content.pages.lines import Line, Page, is_absent, joined
from newsletter.content.pages.names import Names
from newsletter.content.pages.prose import claims_in
from newsletter.content.pages.scorecard import Review, read_scorecard
from newsletter.content.pages.shape import Shape

_SPLIT = re.compile(r"(\d+)\s*ships?\s*[/,·]\s*(\d+)\s*skips?", re.I)


def read(page: Page) -> Iterator[Entry]:
    pair, starts = find_cards(page)
    cards = {name: read_card(page, pair, name, starts) for name in pair.names}
    table = read_decision(page, pair)
    scorecard = read_scorecard(page)
    columns = table.columns or tuple(sorted(pair.names, key=lambda name: starts[name]))
    if not table.columns and columns != pair.names:
        message = "the cards stand in another order than the title: whose reviews are on the left is unclear"
        raise page.refusal(message, pair.line, "scorecard")
    yield ComparisonEntry(left=pair.ids[0], right=pair.ids[1])
    yield from (ReviewerEntry(name=name) for name in scorecard.reviewers)
    panels = [
        Panel(
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


def _tool(card: Card, table: DecisionTable, names: Names) -> Iterator[Entry]:
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
    if best_for and not is_absent(best_for.text):
        yield NoteEntry(tool=card.tool, kind=NoteKind.BEST_FOR, words=best_for.text, line=best_for.number)


def _community(card: Card, stated: Line | None) -> Iterator[Entry]:
    for line in filter(None, (stated, card.community)):
        split = _SPLIT.search(line.text)
        if split:
            yield VotesEntry(tool=card.tool, ship=int(split[1]), skip=int(split[2]), line=line.number)
            break
    share = SHARE.fullmatch(card.community.text) if card.community else None
    if share and card.community:
        yield claim(
            card.tool, "community_share", share[1], card.community, words=card.community.text, unit="%"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What there is to know a split from: the card's share, the table's cell, the reviews."""

    card: Card
    stated: Line | None
    reviews: tuple[Review, ...]

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


def _verdict(page: Page, panel: Panel, *, whole: bool, scorecard_ends: bool) -> Iterator[VerdictEntry]:
    """The panel's outcome as stated, or else as it follows from share and reviews where these are `whole`."""
    split = panel.split
    _check_number(page, panel, scorecard_ends=scorecard_ends)
    derived = whole and split is None and panel.share is not None and bool(panel.reviews)
    if derived:
        split = panel.ships, len(panel.reviews) - panel.ships
    line = (panel.stated if split and not derived else None) or panel.card.share
    if line:
        yield VerdictEntry(
            tool=panel.card.tool,
            ships=split[0] if split else None,
            skips=split[1] if split else None,
            share=panel.share,
            derived=derived,
            line=line.number,
        )


def _check_number(page: Page, panel: Panel, *, scorecard_ends: bool) -> None:
    """Refuse a page with fewer reviews than it says that there are."""
    number = len(panel.reviews)
    if panel.split and sum(panel.split) > number:
        message = f"{sum(panel.split)} reviewed {panel.card.name}, but the scorecard holds {number}: the page is cut"
        raise page.refusal(message, panel.stated, "scorecard")
    if not panel.split and not panel.fits and not scorecard_ends:
        message = f"{panel.share} % of {number} reviews is no whole number: the page is cut in the scorecard"
        raise page.refusal(message, panel.reviews[-1].line, "scorecard")


def _review(tool: str, review: Review) -> ReviewEntry:
    return ReviewEntry(
        tool=tool,
        reviewer=review.reviewer,
        score=review.score,
        decision=review.decision,
        words=review.words,
        line=review.line.number,
    )
