"""Figures that an approved issue prints and that are recorded otherwise by now.

Both letters are written out as figures with the place of each, and compared. The community's votes move by the hour and are
left out: the issue says how they stood.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.digest.letter import Card, Lead, Letter, Row, Side
from newsletter.digest.panel import COMMUNITY
from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.letters import written_letter
from newsletter.editing.proofs.proof import Proof

#: The finding's key.
CHANGED = "figures-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A figure as approved and as it would be printed now; `now` is empty where nothing is recorded any more."""

    where: str
    approved: str
    now: str

    @property
    def words(self) -> str:
        return f"{self.where}: {self.approved} → {self.now or 'not recorded any more'}"


def moved_figures(newsroom: Newsroom, proof: Proof) -> tuple[Moved, ...]:
    """What an approved issue prints and would print otherwise if it were approved now."""
    before = dict(_figures(proof.letter))
    after = dict(_figures(written_letter(newsroom, proof.issue)[0]))
    return tuple(
        Moved(where=where, approved=text, now=after.get(where, ""))
        for where, text in before.items()
        if after.get(where) != text
    )


def changed(newsroom: Newsroom, proof: Proof) -> Iterator[Finding]:
    """One warning with everything that moved since approval."""
    moved = moved_figures(newsroom, proof)
    if moved:
        listed = "; ".join(each.words for each in moved[:5])
        more = f"; and {len(moved) - 5} more" if len(moved) > 5 else ""
        yield warning(
            CHANGED,
            f"Figures changed since approval: {listed}{more}",
            "the approved issue",
            "Readers would get what was true when it was approved.",
            "Withdraw it and approve it again, or acknowledge this to let it go as it is.",
        )


def _figures(letter: Letter) -> Iterator[tuple[str, str]]:
    if letter.lead is not None:
        yield from _lead(letter.lead)
    for card in letter.cards:
        yield from _card(card)
    for brief in letter.more:
        yield brief.headline, brief.words


def _lead(lead: Lead) -> Iterator[tuple[str, str]]:
    names = (lead.left.name, lead.right.name)
    for side in (lead.left, lead.right):
        yield from _side(side)
    tables = (
        lead.decision,
        lead.costs.volumes if lead.costs else (),
        lead.benchmarks.rows if lead.benchmarks else (),
    )
    for table in tables:
        for row in table:
            yield from _row(row, names)
    for score in lead.scorecard.rows if lead.scorecard else ():
        for name, each in zip(names, (score.left, score.right), strict=True):
            if each is not None:
                yield f"{score.reviewer} on {name}", f"{each.score} {each.decision}".strip()


def _side(side: Side) -> Iterator[tuple[str, str]]:
    yield f"{side.name}, panel", side.panel.text
    yield f"{side.name}, pricing", side.pricing.text


def _row(row: Row, names: tuple[str, str]) -> Iterator[tuple[str, str]]:
    if not row.label.startswith(COMMUNITY):
        for name, figure in zip(names, (row.left, row.right), strict=True):
            yield f"{name}, {row.label}", figure.text


def _card(card: Card) -> Iterator[tuple[str, str]]:
    yield f"{card.name}, panel", card.split.text
    for label, figure in card.facts:
        if label != COMMUNITY:
            yield f"{card.name}, {label}", figure.text
