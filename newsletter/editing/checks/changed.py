"""Figures that an approved issue prints and that are recorded otherwise by now.

What was approved and what would be printed now are written out as figures with the place of each, and compared. The
community's votes move by the hour and are left out: the issue says how they stood.
"""

from collections.abc import Iterator, Mapping

from newsletter.app import App
from newsletter.digest.content import Compared, IssueContent, Lead, figures_in
from newsletter.digest.edition import EDITIONS
from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.compiled import CompiledIssue

#: The finding's key.
CHANGED = "figures-changed"
#: As many are named; the others are counted.
_NAMED = 5


def changed_figures(app: App, compiled: CompiledIssue) -> Iterator[Finding]:
    """Warn in one finding of everything that an approved issue prints and would print otherwise if it were approved now."""
    rules = EDITIONS[compiled.issue.edition](app.database, app.content, app.settings)
    letter, details = rules.write(compiled.issue).content, rules.write_details(compiled.issue)
    # What another release printed of a comparison is looked up among all that there is of it.
    full = {each.comparison_id: each for each in details.comparisons}
    now = dict(_in_full(full, compiled.letter.lead)) | dict(_printed(letter))
    stands = {claim for each in figures_in((letter, details.comparisons)) for claim in each.claims}
    changed = [
        f"{where}: {text} → {now.get(where) or 'not recorded any more'}"
        for where, text in dict(_printed(compiled.letter)).items()
        if now.get(where) != text
    ]
    changed += [
        f"{each.headline}: {each.words.text}"
        for each in compiled.letter.more
        if not stands.issuperset(each.words.claims)
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


def _in_full(full: Mapping[str, Compared], lead: Lead | None) -> Iterator[tuple[str, str]]:
    if lead is not None and lead.comparison_id in full:
        yield from _printed_in_lead(full[lead.comparison_id])


def _printed_in_lead(lead: Compared) -> Iterator[tuple[str, str]]:
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
