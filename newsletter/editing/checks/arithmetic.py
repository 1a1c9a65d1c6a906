"""Checks on figures that follow from others the issue prints: means from scores, costs from prices."""

from collections.abc import Iterator
from decimal import Decimal

from newsletter.digest.content import Costs, IssueContent, Lead, Scorecard, Side
from newsletter.digest.figures import whole
from newsletter.digest.lead import SCORE_ROWS
from newsletter.digest.prices import COMPARED_TOKENS, VOLUMES
from newsletter.editing.checks.findings import Finding, warning
from newsletter.language import ENGLISH, Language


def check_arithmetic(letter: IssueContent, language: Language = ENGLISH) -> Iterator[Finding]:
    """Warn of every figure that does not follow from the figures beside it."""
    if letter.lead is None:
        return
    if letter.lead.scorecard is not None:
        yield from _means(letter.lead, letter.lead.scorecard)
    if letter.lead.costs is not None:
        yield from _costs(letter.lead, letter.lead.costs, language)


def _means(lead: Lead, card: Scorecard) -> Iterator[Finding]:
    """Check the means, only where every score is printed that a mean is of."""
    if len(card.rows) >= SCORE_ROWS:
        return
    for side, mean, scores in (
        (lead.left, card.left_mean, [row.left.score for row in card.rows if row.left]),
        (lead.right, card.right_mean, [row.right.score for row in card.rows if row.right]),
    ):
        known = [each for each in scores if each is not None]
        if mean is not None and known and whole(Decimal(sum(known)) / len(known)) != mean:
            yield _wrong("mean", side, " + ".join(map(str, known)), f"a mean of {mean}")


def _costs(lead: Lead, costs: Costs, language: Language) -> Iterator[Finding]:
    if costs.rates is None:
        return
    # The mail has the one volume that its sentences compare; issues of the releases before had them all.
    volumes = VOLUMES if len(costs.volumes) == len(VOLUMES) else (COMPARED_TOKENS,)
    for row, tokens in zip(costs.volumes, volumes, strict=True):
        for side, rate, cell in (
            (lead.left, costs.rates.left, row.left),
            (lead.right, costs.rates.right, row.right),
        ):
            if rate is not None:
                cost = language.money(rate * tokens / 1_000_000)
                if cell.text != cost:
                    yield _wrong(row.label, side, f"{language.money(rate)} a million", cell.text)


def _wrong(what: str, side: Side, given: str, printed: str) -> Finding:
    return warning(
        f"arithmetic:{side.tool_id}:{what.replace(' ', '-')}",
        f"{side.name}, {what}: {given} does not make {printed}",
        where="lead",
        why="Somebody will reckon it again, and trust no other number.",
        how="Correct the source's figures in its pack, or choose another lead.",
        link="#lead",
    )
