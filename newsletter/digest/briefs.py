"""The other comparisons, each in at most thirty words."""

from dataclasses import replace

from newsletter.config import Settings
from newsletter.content.model import Comparison
from newsletter.digest.backing import backed_start
from newsletter.digest.bottom_line import against, bottom_line, short_lines
from newsletter.digest.categories import category_name
from newsletter.digest.lead import headline_of
from newsletter.digest.letter import Brief, Figure, Named
from newsletter.digest.links import link_or_words
from newsletter.digest.material import Dossier, Material
from newsletter.digest.sentences import count_words

BRIEF_WORDS = 30


def brief_block(
    comparison: Comparison, material: Material, settings: Settings, note: str = ""
) -> tuple[Brief, Figure]:
    """The brief, and what its line stands on."""
    left, right = material.sides(comparison)
    headline = _headline(comparison, left, right)
    line = _line(comparison, left, right, settings, BRIEF_WORDS - count_words(headline))
    brief = Brief(
        comparison_id=comparison.id,
        topic=category_name(left.tool.category or right.tool.category),
        headline=headline,
        words=line.text,
        link=link_or_words(headline, comparison.url, settings),
        note=note,
        sides=tuple(Named(tool_id=each.tool.id, name=each.name) for each in (left, right)),
    )
    return brief, line


def _headline(comparison: Comparison, left: Dossier, right: Dossier) -> str:
    """The comparison's own headline if it says which tools it is about: the line below names the winner only."""
    own = headline_of(comparison, left, right)
    return own if left.name in own and right.name in own else f"{left.name} vs {right.name}"


def _line(comparison: Comparison, left: Dossier, right: Dossier, settings: Settings, most: int) -> Figure:
    """The bottom line in short, after our own summary where there is no panel; what is too long loses the prices."""
    computed = bottom_line(left, right, settings.clear_margin)
    if not left.panel.exists and not right.panel.exists:
        summary = backed_start(comparison.summary, (left, right), most - count_words(computed.text))
        computed = replace(computed, text=f"{summary} {computed.text}".strip())
    for line in short_lines(left, right, settings.clear_margin) or (computed,):
        if count_words(line.text) <= most:
            return line
    if not left.panel.exists and not right.panel.exists:
        return Figure(text="No panel yet.")
    return Figure(text=_standings(left, right), claims=(*left.panel.grounds, *right.panel.grounds))


def _standings(left: Dossier, right: Dossier) -> str:
    """How the panel stands, without names: left and right are those of the headline."""
    if left.panel.exists and right.panel.exists:
        return f"Panel: {against(left, right)}."
    known, which = (left, "first") if left.panel.exists else (right, "second")
    return f"Only the {which} has a panel yet: {known.panel.brief}."
