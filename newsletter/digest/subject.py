"""Subject and preheader, computed from the issue; an editor's own take their place."""

from collections.abc import Iterable, Sequence
from itertools import chain

from newsletter.digest.letter import Brief, Card, Lead
from newsletter.digest.material import Dossier
from newsletter.digest.sentences import clip

#: What phones show of a subject, and what they show after it of a preheader.
SUBJECT_CHARS, PREHEADER_CHARS = 60, 110


def compute_subject(
    name: str,
    number: int,
    sides: tuple[Dossier, Dossier] | None,
    cards: Sequence[Card],
    heading: Iterable[str] = (),
) -> str:
    """The longest of these that fits: the lead's question with its splits, without, its names, the first card.

    `heading` is what a change that is larger than the lead's news would say instead.
    """
    known = chain(heading, _subjects(name, number, sides, cards))
    return next(each for each in known if len(each) <= SUBJECT_CHARS)


def _subjects(
    name: str, number: int, sides: tuple[Dossier, Dossier] | None, cards: Sequence[Card]
) -> Iterable[str]:
    if sides is not None:
        left, right = sides
        if left.panel.split and right.panel.split:
            yield f"{left.name} or {right.name}? {left.panel.split} against {right.panel.split}"
        yield f"{left.name} or {right.name}?"
        yield f"{left.name} vs {right.name}"
        yield f"{left.name}: the panel's verdict"
    for card in cards[:1]:
        yield f"{card.name}: {card.split.text}"
        yield f"{card.kicker.capitalize()}: {card.name}"
    yield clip(f"{name} #{number}", SUBJECT_CHARS)


def compute_preheader(
    subject: str, lead: Lead | None, findings: Sequence[str], more: Sequence[Brief], cards: Sequence[Card]
) -> str:
    """What the subject leaves out, as much as a phone shows: the bottom line or a finding, and what else is in."""
    told = lead is None or " against " in subject
    lines = [*findings] if told or lead is None else [lead.bottom_line, *findings]
    line = next((each for each in lines if len(each) <= PREHEADER_CHARS), "")
    also = [each.headline for each in more] + [each.name for each in cards]
    for each in (name for name in also if name not in line):
        joined = f"{line} Also: {each}." if "Also: " not in line else f"{line[:-1]}, {each}."
        if len(joined.strip()) > PREHEADER_CHARS:
            break
        line = joined.strip()
    return line if line != subject else ""
