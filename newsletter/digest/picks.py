"""When to pick which side: in the comparison's own words, else from what is recorded."""

import re
from dataclasses import replace
from decimal import Decimal

from newsletter.content.model import Comparison
from newsletter.digest.amounts import token_count, unit_price
from newsletter.digest.backing import is_backed
from newsletter.digest.bottom_line import clear_pick
from newsletter.digest.figures import figure, join, number_of
from newsletter.digest.letter import Figure
from newsletter.digest.material import Dossier
from newsletter.digest.prices import Prices
from newsletter.digest.pricing import pricing_kind
from newsletter.digest.sentences import fit

PICK_WORDS = 25
REASONS = 2


def pick_lines(comparison: Comparison, left: Dossier, right: Dossier, margin: int) -> tuple[Figure, Figure]:
    """What follows "Pick … if" for either side, to the full stop; empty where nothing speaks for it.

    The panel speaks for one only where the bottom line names it: `margin` is the points that that takes.
    """
    return (
        _pick(comparison.pick_left_if, left, right, margin),
        _pick(comparison.pick_right_if, right, left, margin),
    )


def _pick(written: str, mine: Dossier, other: Dossier, margin: int) -> Figure:
    words = _clause(written, mine)
    backed = words and is_backed(words, (mine, other))
    pick = Figure(text=words) if backed else _computed(mine, other, margin)
    return replace(pick, text=f"{pick.text}.") if pick.text and pick.text[-1] not in "!?…" else pick


def _clause(written: str, mine: Dossier) -> str:
    """The line without its own "Pick … if" and final stop, so that it can follow ours."""
    pattern = rf"^\s*(?:pick|choose)\s+{re.escape(mine.name)}\s+if\s+"
    return fit(re.sub(pattern, "", written, flags=re.IGNORECASE), PICK_WORDS).rstrip(".")


def _computed(mine: Dossier, other: Dossier, margin: int) -> Figure:
    """Up to two recorded reasons: the price, the context, the panel; else what a note says it is best for."""
    known = (_price(mine, other), _context(mine, other), _panel(mine, other, margin))
    reasons = [each for each in known if each]
    if reasons:
        chosen = reasons[:REASONS]
        return join(f"you {' and '.join(each.text for each in chosen)}", *chosen)
    best_for = fit(mine.best_for, PICK_WORDS - 8) if mine.best_for != mine.tagline else ""
    return Figure(text=f"you need it for what it does best: {best_for.rstrip('.')}" if best_for else "")


def _price(mine: Dossier, other: Dossier) -> Figure | None:
    ours, theirs = mine.prices, other.prices
    if ours.even is not None and theirs.even is not None:
        return _lower_price(ours) if ours.even < theirs.even else None
    kind = pricing_kind(mine)
    other_kind = pricing_kind(other).text
    if kind.text == "free" and other_kind not in ("free", ""):
        return Figure(text="want it free", claims=kind.claims, disputed=kind.disputed)
    return None


def _lower_price(prices: Prices) -> Figure:
    said = f"{unit_price(prices.input or Decimal(0))} in, {unit_price(prices.output or Decimal(0))} out"
    return prices.figure(f"want the lower price ({said})")


def _context(mine: Dossier, other: Dossier) -> Figure | None:
    ours, theirs = mine.facts.get("context"), other.facts.get("context")
    longer, shorter = number_of(ours), number_of(theirs)
    if longer is None or shorter is None or longer <= shorter:
        return None
    return figure(f"need {token_count(longer)} tokens of context, not {token_count(shorter)}", ours, theirs)


def _panel(mine: Dossier, other: Dossier, margin: int) -> Figure | None:
    ours, theirs = mine.panel, other.panel
    if ours.mean is None or theirs.mean is None or clear_pick(mine, other, margin) is not mine:
        return None
    words = f"go by the panel (mean {ours.rounded_mean} against {theirs.rounded_mean})"
    return Figure(text=words, claims=(*ours.grounds, *theirs.grounds))
