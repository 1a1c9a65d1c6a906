"""The one sentence a comparison comes down to, computed. It names a winner only where the panel has one."""

from newsletter.digest.letter import Figure
from newsletter.digest.material import Dossier
from newsletter.digest.panel import Panel
from newsletter.digest.pricing import contrast


def bottom_line(left: Dossier, right: Dossier, margin: int) -> Figure:
    """ "Borealis: 4–0, mean 79, against 3–1, mean 70; free against pay per token."

    Below `margin` points between the means it says "No clear pick"; what is unknown is said to be unknown.
    """
    winner = clear_pick(left, right, margin)
    if winner is not None:
        loser = right if winner is left else left
        return _sentence(f"{winner.name}: {against(winner, loser)}", winner, loser)
    both = f"{left.name} has {left.panel.brief}, {right.name} {right.panel.brief}"
    if _skips(left) and _skips(right):
        return _sentence(f"The panel skips both: {both}", left, right)
    if left.panel.exists and right.panel.exists:
        return _sentence(f"No clear pick: {both}", left, right)
    if not left.panel.exists and not right.panel.exists:
        return _sentence("No pick: the panel has reviewed neither yet", left, right)
    known, unknown = (left, right) if left.panel.exists else (right, left)
    line = f"No clear pick: {known.name} has {known.panel.brief}, {unknown.name} no panel yet"
    return _sentence(line, known, unknown)


def against(first: Dossier, second: Dossier) -> str:
    """ "4–0, mean 79, against 3–1, mean 70"; "4–0 against 3–1". A mean that only one side has is left out."""
    ours, theirs = first.panel, second.panel
    if (ours.mean is None) != (theirs.mean is None) and ours.split and theirs.split:
        return f"{ours.split} against {theirs.split}"
    comma = "," if "," in first.panel.brief else ""
    return f"{first.panel.brief}{comma} against {second.panel.brief}"


def clear_pick(left: Dossier, right: Dossier, margin: int) -> Dossier | None:
    """The side that the panel prefers by at least `margin` points of the mean, and whose split agrees.

    A tool that most of the panel would not ship is never the pick. Without means on both sides only opposite
    decisions, ship against skip, make one.
    """
    ours, theirs = left.panel, right.panel
    if ours.mean is not None and theirs.mean is not None:
        if abs(ours.mean - theirs.mean) < margin or ours.mean == theirs.mean:
            return None
        winner, loser = (left, right) if ours.mean > theirs.mean else (right, left)
        return winner if _agrees(winner.panel, loser.panel) else None
    if ours.ships_it and theirs.ships_it is False:
        return left
    if theirs.ships_it and ours.ships_it is False:
        return right
    return None


def _agrees(winner: Panel, loser: Panel) -> bool:
    """Whether the split says the same as the means, as far as it is known."""
    if winner.share is None:
        return True
    return bool(winner.ships_it) and (loser.share is None or winner.share >= loser.share)


def _skips(dossier: Dossier) -> bool:
    return dossier.panel.ships_it is False


def _sentence(line: str, first: Dossier, second: Dossier) -> Figure:
    price = contrast(first, second)
    claims = dict.fromkeys((*first.panel.grounds, *second.panel.grounds, *price.claims))
    text = f"{line}; {price.text}." if price.text else f"{line}."
    return Figure(text=text, claims=tuple(claims), disputed=price.disputed)
