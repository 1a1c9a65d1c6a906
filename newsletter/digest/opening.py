"""The first two sentences of an issue, and which story it leads with: the lead's, or a change that is larger.

Subject, preheader and first block tell that one story. How a change is told is in changes.py.
"""

from collections.abc import Sequence

from newsletter.digest.changes import Change, story_of, voice_of
from newsletter.digest.content import Figure, Lead, Opening
from newsletter.digest.figures import join
from newsletter.digest.lead import clear_pick, judged
from newsletter.digest.material import Dossier, Material
from newsletter.digest.prices import prices_of, times_the_price

#: What else was decided is named twice where both have room in a line or two of a phone.
MOST_LETTERS = 75

Pair = tuple[Dossier, Dossier]


def write_opening(
    lead: Lead | None,
    pairs: Sequence[Pair],
    heading: Change | None,
    largest: Change | None,
    material: Material,
    margin: int,
    *,
    written: bool = False,
) -> Opening | None:
    """Return the opening; None for an issue that has neither a lead nor a change to tell.

    `heading` is the change that the issue leads with, `largest` the one worth a sentence beside the lead. Where the bottom
    line is an editor's own, `written`, it is what is said of the lead.
    """
    said = []
    if lead is not None:
        said.append(lead.bottom_line if written else lead_story(*pairs[0], margin))
    if heading is not None:
        told = (story_of(heading, material), *said)
        return Opening(sentences=told, quote=voice_of(heading, material))
    if not said:
        return None
    beside = story_of(largest, material) if largest is not None else _other_winners(pairs[1:], margin)
    return Opening(sentences=(*said, beside) if beside else tuple(said))


def lead_story(left: Dossier, right: Dossier, margin: int) -> Figure:
    """Return "Tessel Coder 2 beats Wren Code 14B, three of four reviewers to two, at about five times the price."."""
    winner = clear_pick(left, right, margin)
    if winner is None:
        return judged(f"{_no_winner(left, right)}.", left, right)
    loser = right if winner is left else left
    line, language = beats(winner, loser), winner.language
    ours, theirs = (prices_of(each).even for each in (winner, loser))
    if times := times_the_price(winner, loser):
        said = language.gettext("%(line)s, at %(times)s the price.", line=line, times=times)
    elif ours is not None and theirs is not None and ours < theirs:
        said = language.gettext("%(line)s, and costs less.", line=line)
    else:
        return judged(f"{line}.", left, right)
    return join(said, judged("", left, right), *(prices_of(each).figure("") for each in (winner, loser)))


def beats(winner: Dossier, loser: Dossier) -> str:
    """Return "Tessel Coder 2 beats Wren Code 14B, three of four reviewers to two", without a stop: of panels as large as each other."""
    ours, theirs, language = winner.panel, loser.panel, winner.language
    values: dict[str, object] = {"winner": winner.name, "loser": loser.name}
    if ours.reviewers and ours.reviewers == theirs.reviewers and (ours.ships or 0) > (theirs.ships or 0):
        values |= {
            "ours": language.in_words(ours.ships or 0),
            "reviewers": language.in_words(ours.reviewers),
            "theirs": language.in_words(theirs.ships or 0),
        }
        if ours.reviewers == 1:
            return language.gettext("%(winner)s beats %(loser)s, %(ours)s reviewer to %(theirs)s", **values)
        if ours.ships == ours.reviewers:
            return language.gettext(
                "%(winner)s beats %(loser)s, all %(ours)s reviewers to %(theirs)s", **values
            )
        # Some may be for both: "three to two" alone would be five.
        return language.gettext(
            "%(winner)s beats %(loser)s, %(ours)s of %(reviewers)s reviewers to %(theirs)s", **values
        )
    if ours.mean is not None and theirs.mean is not None:
        values |= {"mean": ours.rounded_mean, "other": theirs.rounded_mean}
        return language.gettext(
            "%(winner)s beats %(loser)s by our panel’s scores, %(mean)s to %(other)s", **values
        )
    return language.gettext("Our panel would use %(winner)s rather than %(loser)s", **values)


def _no_winner(left: Dossier, right: Dossier) -> str:
    language = left.language
    values = {"left": left.name, "right": right.name}
    if left.panel.ships_it is False and right.panel.ships_it is False:
        return language.gettext("Our panel would use neither %(left)s nor %(right)s", **values)
    if left.panel.exists and right.panel.exists:
        return language.gettext("Our panel cannot decide between %(left)s and %(right)s", **values)
    return language.gettext("We compare %(left)s with %(right)s before our panel has judged both", **values)


def _other_winners(pairs: Sequence[Pair], margin: int) -> Figure | None:
    """Return "Lantern Answers beats Quarry Search and Minutewise beats Roundnote.": what else was decided, as far as it is short."""
    known = ((pair, clear_pick(*pair, margin)) for pair in pairs)
    decided = [
        (winner, pair[0] if winner is pair[1] else pair[1]) for pair, winner in known if winner is not None
    ]
    if not decided:
        return None
    language = pairs[0][0].language
    lines = [
        language.gettext("%(winner)s beats %(loser)s", winner=winner.name, loser=loser.name)
        for winner, loser in decided
    ]
    told = 2 if len(" ".join(lines[:2])) <= MOST_LETTERS else 1
    return judged(f"{language.listed(lines[:told])}.", *(each for pair in decided[:told] for each in pair))
