"""Figures that an approved issue prints and that are recorded otherwise by now.

What was approved and what would be printed now are written out as figures with the place of each, and compared. The
community's votes move by the hour and are left out: the issue says how they stood.
"""

from collections.abc import Iterator

from newsletter.app import App
from newsletter.digest.content import IssueContent, Lead
from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.compiled import CompiledIssue, write_content

#: The finding's key.
CHANGED = "figures-changed"
#: As many are named; the others are counted.
_NAMED = 5


def changed_figures(app: App, compiled: CompiledIssue) -> Iterator[Finding]:
    """Warn in one finding of everything that an approved issue prints and would print otherwise if it were approved now."""
    now = dict(_printed(write_content(app, compiled.issue).content))
    changed = [
        f"{where}: {text} → {now.get(where) or 'not recorded any more'}"
        for where, text in dict(_printed(compiled.letter)).items()
        if now.get(where) != text
    ]
    if changed:
        more = f"; and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        yield warning(
            CHANGED,
            f"Figures changed since approval: {'; '.join(changed[:_NAMED])}{more}",
            where="the approved issue",
            why="Readers would get what was true when it was approved.",
            how="Withdraw it and approve it again, or acknowledge this to let it go as it is.",
        )


def _printed(letter: IssueContent) -> Iterator[tuple[str, str]]:
    """Yield every figure, after its place."""
    if letter.lead is not None:
        yield from _printed_in_lead(letter.lead)
    for card in letter.cards:
        yield f"{card.name}, panel", card.split.text
        for label, figure in card.facts:
            if not figure.counts_votes:
                yield f"{card.name}, {label}", figure.text
    for brief in letter.more:
        yield brief.headline, brief.words.text


def _printed_in_lead(lead: Lead) -> Iterator[tuple[str, str]]:
    names = (lead.left.name, lead.right.name)
    for side in (lead.left, lead.right):
        yield f"{side.name}, panel", side.panel.text
        yield f"{side.name}, pricing", side.pricing.text
    costs = lead.costs.volumes if lead.costs else ()
    benchmarks = lead.benchmarks.rows if lead.benchmarks else ()
    for row in (*lead.decision, *costs, *benchmarks):
        for name, figure in zip(names, (row.left, row.right), strict=True):
            if not figure.counts_votes:
                yield f"{name}, {row.label}", figure.text
    for scores in lead.scorecard.rows if lead.scorecard else ():
        for name, score in zip(names, (scores.left, scores.right), strict=True):
            if score is not None:
                yield f"{scores.reviewer} on {name}", f"{score.score} {score.decision}".strip()
