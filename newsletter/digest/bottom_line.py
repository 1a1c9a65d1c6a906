"""The one sentence a comparison comes down to, computed. It names a winner only where the panel has one."""

from newsletter.digest.figures import join
from newsletter.digest.letter import Figure
from newsletter.digest.material import Dossier
from newsletter.digest.panel import NO_PANEL, Panel
from newsletter.digest.pricing import contrast


def bottom_line(left: Dossier, right: Dossier, margin: int) -> Figure:
    """ "Ship Borealis: 4 of 4 reviewers would (mean 79); 3 of 4 would ship Meridian (70). Free against paid."

    Below `margin` points between the means it says "No clear pick"; what is unknown is said to be unknown.
    """
    winner = clear_pick(left, right, margin)
    if winner is not None:
        loser = right if winner is left else left
        return _sentence(_picked(winner, loser), winner, loser)
    if _skips(left) and _skips(right):
        return _sentence(f"The panel skips both: {_both(left, right)}", left, right)
    if left.panel.exists and right.panel.exists:
        return _sentence(f"No clear pick: {_both(left, right)}", left, right)
    if not left.panel.exists and not right.panel.exists:
        return _sentence("No pick: the panel has reviewed neither yet", left, right)
    known, unknown = (left, right) if left.panel.exists else (right, left)
    return _sentence(f"No clear pick: {_standing(known)}; {unknown.name} is {NO_PANEL}", known, unknown)


def line_beside_splits(left: Dossier, right: Dossier, margin: int) -> str:
    """The same after a subject that gives both splits: "Ship Borealis: mean 79 of 100 against 70. Free against paid."."""
    ours, theirs = left, right
    winner = clear_pick(left, right, margin)
    if winner is not None:
        ours, theirs = winner, right if winner is left else left
    said = (
        f"Ship {ours.name}"
        if winner
        else "The panel skips both"
        if _skips(left) and _skips(right)
        else "No clear pick"
    )
    if ours.panel.mean is not None and theirs.panel.mean is not None:
        said += f": mean {ours.panel.rounded_mean} of 100 against {theirs.panel.rounded_mean}"
    return _sentence(said, ours, theirs).text


def short_lines(left: Dossier, right: Dossier, margin: int) -> tuple[Figure, ...]:
    """The same under a headline with both names, with the prices and without; nothing where there is no pick."""
    winner = clear_pick(left, right, margin)
    if winner is None or not winner.panel.split:
        return ()
    loser = right if winner is left else left
    with_means = winner.panel.mean is not None and loser.panel.mean is not None
    ours = f" (mean {winner.panel.rounded_mean})" if with_means else ""
    theirs = f" ({loser.panel.rounded_mean})" if with_means else ""
    if not loser.panel.split:
        return ()
    line = f"Ship {winner.name}: {_part(winner.panel)} would{ours}, {_part(loser.panel)} the other{theirs}"
    return _sentence(line, winner, loser), _plain_sentence(line, winner, loser)


def _picked(winner: Dossier, loser: Dossier) -> str:
    """Why the winner is one. A mean that only one side has is left out."""
    ours, theirs = winner.panel, loser.panel
    with_means = ours.mean is not None and theirs.mean is not None
    if not ours.split or not theirs.split:
        return f"{winner.name} scores higher: {against(winner, loser)}"
    mean = f" (mean {ours.rounded_mean})" if with_means else ""
    other = f" ({theirs.rounded_mean})" if with_means else ""
    named = _part(ours, " reviewers")
    return f"Ship {winner.name}: {named} would{mean}; {_part(theirs)} would ship {loser.name}{other}"


def _both(left: Dossier, right: Dossier) -> str:
    return f"{_standing(left)}; {_standing(right, again=left.panel.mean is not None)}"


def _standing(dossier: Dossier, *, again: bool = False) -> str:
    """ "4 of 4 reviewers would ship Borealis (mean 79)"; `again`, where a mean has been named before, "(79)"."""
    panel, mean = dossier.panel, dossier.panel.rounded_mean
    if not panel.split:
        return f"{dossier.name} has a mean of {mean}"
    ships = f"{_part(panel, '' if again else ' reviewers')} would ship {dossier.name}"
    if mean is None:
        return ships
    return f"{ships} ({mean})" if again else f"{ships} (mean {mean})"


def _part(panel: Panel, reviewers: str = "") -> str:
    """ "3 of 4", "3 of 4 reviewers"; "75 % of reviewers" where nobody counted them."""
    if panel.ships is None or panel.skips is None:
        return f"{panel.split.removesuffix(' ship')} of reviewers"
    return f"{panel.ships} of {panel.reviewers}{reviewers}"


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
    said = _plain_sentence(line, first, second)
    if not price.text:
        return said
    return join(f"{said.text} {price.text[0].upper()}{price.text[1:]}.", said, price)


def _plain_sentence(line: str, first: Dossier, second: Dossier) -> Figure:
    return Figure(text=f"{line}.", claims=tuple(dict.fromkeys((*first.panel.grounds, *second.panel.grounds))))
