"""Figures that an approved issue prints and that are recorded otherwise by now.

What was approved and what would be printed now are written out as figures with the place of each, and compared. The
community's votes move by the hour and are left out: the issue says how they stood.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from newsletter.app import App
from newsletter.digest.content import Compared, Figure, IssueContent, Score, TableRow, figures_in
from newsletter.digest.details import ArchiveDetails, FullTool, details_from_json
from newsletter.digest.edition import EDITIONS
from newsletter.digest.figures import is_votes_key
from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.compiled import CompiledIssue

#: The finding's key.
CHANGED = "figures-changed"
#: As many are named; the others are counted.
_NAMED = 5


#: The block that prints something, and what that is called in a finding.
_Place = tuple[str, str]


def changed_figures(app: App, compiled: CompiledIssue) -> Iterator[Finding]:
    """Warn in one finding of everything that an approved issue prints and would print otherwise if it were approved now.

    It prints what its mail says, and what the archive shows beside that.
    """
    rules = EDITIONS[compiled.issue.edition](app.database, app.content, app.settings)
    letter, details = rules.write(compiled.issue).content, rules.write_details(compiled.issue)
    record = details_from_json(compiled.frozen.record) if compiled.frozen else ArchiveDetails()
    now, then = dict(_printed(letter, details)), dict(_printed(compiled.letter, record))
    lines = [
        f"{place[1]}: {text} → {now.get(place) or 'not recorded any more'}"
        for place, text in then.items()
        if now.get(place) != text
    ]
    stands = {claim for each in figures_in((letter, details)) for claim in each.claims}
    said = {place: sentence.text for place, sentence in _sentences(letter)}
    # Another release says the same in other words: only what a sentence no longer stands on has changed.
    lines += [
        f"{place[1]}: {sentence.text}"
        for place, sentence in _sentences(compiled.letter)
        if said.get(place) != sentence.text
        and not stands.issuperset(claim for claim in sentence.claims if not is_votes_key(claim))
    ]
    changed = list(dict.fromkeys(lines))
    if changed:
        more = f"; and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        yield warning(
            CHANGED,
            f"Figures changed since approval: {'; '.join(changed[:_NAMED])}{more}",
            where="the approved issue",
            why="Readers would get what was true when it was approved.",
            how="Withdraw it and approve it again, or acknowledge this to let it go as it is.",
        )


def _printed(letter: IssueContent, details: ArchiveDetails) -> Iterator[tuple[_Place, str]]:
    """Yield every figure, after its place: those of the mail last, which may be written otherwise in the archive."""
    for tool in details.tools:
        yield from _printed_of_tool(tool)
    # The lead first: of many changes only the first are named.
    lead = letter.lead
    compared = sorted(
        details.comparisons, key=lambda each: lead is None or each.comparison_id != lead.comparison_id
    )
    for each in (*compared, *((lead,) if lead is not None else ())):
        yield from _printed_of_comparison(each)
    for card in letter.cards:
        yield (card.tool_id, f"{card.name}, panel"), card.split.text
        for label, figure in card.facts:
            if not figure.counts_votes:
                yield (card.tool_id, f"{card.name}, {label}"), figure.text


def _printed_of_comparison(compared: Compared) -> Iterator[tuple[_Place, str]]:
    left, right, block = compared.left, compared.right, compared.comparison_id
    for side in (left, right):
        yield (block, f"{side.name}, panel"), side.panel.text
        yield (block, f"{side.name}, pricing"), side.pricing.text
    for row in _rows(compared):
        for name, figure in ((left.name, row.left), (right.name, row.right)):
            if not figure.counts_votes:
                yield (block, f"{name}, {row.label}"), figure.text
    card = compared.scorecard
    if card is None:
        return
    for name, mean in ((left.name, card.left_mean), (right.name, card.right_mean)):
        if mean is not None:
            yield (block, f"{name}, mean"), str(mean)
    yield from _scores(block, left.name, ((row.reviewer, row.left) for row in card.rows))
    yield from _scores(block, right.name, ((row.reviewer, row.right) for row in card.rows))


def _scores(
    block: str, tool: str, scores: Iterable[tuple[str, Score | None]]
) -> Iterator[tuple[_Place, str]]:
    """Yield what each reviewer says; of those who have no name, or the same, by their order."""
    seen = Counter[str]()
    for reviewer, score in scores:
        if score is not None:
            seen[reviewer] += 1
            said = f"{score.score} {score.decision}".strip()
            yield (f"{block} {seen[reviewer]}", f"{reviewer} on {tool}"), said


def _rows(compared: Compared) -> Iterator[TableRow]:
    """Yield the rows of the tables, without those that say once more how the panel and the prices of the sides are."""
    left, right = compared.left, compared.right
    known = ((left.panel, right.panel), (left.pricing, right.pricing))
    yield from (row for row in compared.decision if (row.left, row.right) not in known)
    if compared.costs is not None:
        team = compared.costs.team
        yield from (*compared.costs.volumes, *((team,) if team is not None else ()))
    if compared.benchmarks is not None:
        yield from compared.benchmarks.rows


def _printed_of_tool(tool: FullTool) -> Iterator[tuple[_Place, str]]:
    yield from _scores(tool.tool_id, tool.name, tool.scores)
    if tool.mean is not None:
        yield (tool.tool_id, f"{tool.name}, mean"), str(tool.mean)
    for test, result in tool.tests:
        yield (tool.tool_id, f"{tool.name}, {test}"), result.text


def _sentences(letter: IssueContent) -> Iterator[tuple[_Place, Figure]]:
    """Yield the computed sentences that print figures."""
    if letter.opening is not None:
        for place, sentence in enumerate(letter.opening.sentences):
            yield (f"opening {place}", "The opening"), sentence
    if letter.lead is not None:
        lead = letter.lead
        for place, line in enumerate((lead.bottom_line, lead.reason, lead.pick_left_if, lead.pick_right_if)):
            yield (f"lead {place}", lead.headline), line
    for brief in letter.more:
        yield (brief.comparison_id, brief.headline), brief.words
    for place, change in enumerate(letter.changes):
        yield (f"change {place} {change.tool_id}", change.name or "What changed"), change.words
    for place, finding in enumerate(letter.findings):
        yield (f"finding {place}", "A finding"), finding
