"""Subject and preheader, computed from the issue; an editor's own take their place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from newsletter.digest.content import Brief, Card, Figure
from newsletter.digest.lead import clear_pick, versus
from newsletter.digest.material import Dossier
from newsletter.digest.opening import beats
from newsletter.digest.wording import clip, start_with_capital
from newsletter.language import ENGLISH, Language

#: What phones show of a subject, and what they show after it of a preheader.
SUBJECT_CHARS, PREHEADER_CHARS = 60, 110
#: As many are proposed of either.
PROPOSED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """What an editor may take for the subject and the preheader, computed from the week."""

    subjects: tuple[str, ...] = ()
    preheaders: tuple[str, ...] = ()


NOTHING_PROPOSED = Proposals()


def compute_subject(
    name: str,
    number: int,
    sides: tuple[Dossier, Dossier] | None,
    cards: Sequence[Card],
    heading: Iterable[str] = (),
    *,
    margin: int | None,
) -> str:
    """Return the longest of these that fits: who beats whom, the lead's question, its names, the first card.

    `heading` is what a change that is larger than the lead's news would say instead. With a `margin` of None nobody wins.
    """
    known = chain(heading, _subjects(name, number, sides, cards, margin))
    return next(each for each in known if len(each) <= SUBJECT_CHARS)


def _subjects(
    name: str,
    number: int,
    sides: tuple[Dossier, Dossier] | None,
    cards: Sequence[Card],
    margin: int | None,
) -> Iterable[str]:
    if sides is not None:
        left, right = sides
        winner = None if margin is None else clear_pick(left, right, margin)
        if winner is not None:
            loser = right if winner is left else left
            yield beats(winner, loser)
            yield left.language.gettext("%(winner)s beats %(loser)s", winner=winner.name, loser=loser.name)
        if left.panel.split and right.panel.split:
            yield left.language.gettext(
                "%(left)s or %(right)s? %(first)s vs %(second)s",
                left=left.name,
                right=right.name,
                first=left.panel.split,
                second=right.panel.split,
            )
        _ = left.language.gettext
        yield _("%(left)s or %(right)s?", left=left.name, right=right.name)
        yield versus(left, right)
        yield _("%(tool)s: the panel's verdict", tool=left.name)
    for card in cards[:1]:
        yield f"{card.name}: {card.split.text}"
        yield f"{start_with_capital(card.kicker)}: {card.name}"
    yield clip(f"{name} #{number}", SUBJECT_CHARS)


def compute_preheader(
    subject: str,
    story: Sequence[Figure],
    findings: Sequence[Figure],
    more: Sequence[Brief],
    cards: Sequence[Card],
    language: Language = ENGLISH,
) -> str:
    """Return what the subject leaves out, as much as a phone shows: why it is so or a finding, and what else is in.

    `story` are ways to go on with the story of the subject, the fullest first.
    """
    said = first_that_fits(each.text for each in (*story, *findings))
    line, named = said, list[str]()
    for each in (*(brief.headline for brief in more), *(card.name for card in cards)):
        if each in line:
            continue
        longer = with_others(said, [*named, each], language)
        if len(longer) > PREHEADER_CHARS:
            break
        line, named = longer, [*named, each]
    if not line and story:
        line = clip(story[0].text, PREHEADER_CHARS)
    return line if line != subject else ""


def first_that_fits(lines: Iterable[str]) -> str:
    """Return the first line that a phone shows whole as a preheader; empty where none is so short."""
    return next((each for each in lines if len(each) <= PREHEADER_CHARS), "")


def with_others(line: str, named: Sequence[str], language: Language = ENGLISH) -> str:
    """Return the line with what else is in: "… Also: Heron vs Osprey, Kestrel."."""
    if not named:
        return line
    also = language.gettext("Also: %(names)s.", names=", ".join(named))
    return f"{line} {also}".strip()


def propose_subjects(
    name: str,
    number: int,
    sides: tuple[Dossier, Dossier] | None,
    cards: Sequence[Card],
    headings: Iterable[Iterable[str]] = (),
    *,
    margin: int | None,
) -> tuple[str, ...]:
    """Return what fits: of each change, the largest first, the fullest words; then the lead's, then the first card's."""
    fullest = (next((each for each in heading if len(each) <= SUBJECT_CHARS), "") for heading in headings)
    # Two changes at most, so that the lead has its say.
    known = chain(islice(filter(None, fullest), 2), _subjects(name, number, sides, cards, margin))
    return _first_fitting(known, SUBJECT_CHARS)


def propose_preheaders(lines: Iterable[str]) -> tuple[str, ...]:
    """Return those of the lines that fit."""
    return _first_fitting(lines, PREHEADER_CHARS)


def _first_fitting(lines: Iterable[str], most: int) -> tuple[str, ...]:
    fitting = dict.fromkeys(each for each in lines if each and len(each) <= most)
    return tuple(fitting)[:PROPOSED]
