"""The whole list of contradictions in the content store, the serious and certain ones first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from newsletter.content.desk import arithmetic, conflicts, identity, statements
from newsletter.content.desk.findings import Contradiction, Severity
from newsletter.content.desk.papers import Papers, read_papers, sheets
from newsletter.content.store import ContentStore

INSIDE_ONE_SOURCE = (
    conflicts.inside_one,
    arithmetic.totals,
    arithmetic.ratios,
    arithmetic.savings,
    arithmetic.token_prices,
    arithmetic.splits,
    statements.wins,
    statements.untested,
    statements.grades,
    statements.opinions,
)


def find_contradictions(
    store: ContentStore,
    *,
    source_order: Sequence[str] = (),
    rulings: Mapping[str, Mapping[str, str | None]] | None = None,
) -> tuple[Contradiction, ...]:
    """Everything in the store that cannot be true together and that no editor has ruled on.

    `rulings` are an editor's, by tool and attribute, as for `facts.resolve`.
    """
    ruled = _Rulings(rulings or {}, papers := read_papers(store))
    found = _all(papers, source_order, ruled)
    return tuple(sorted((each for each in found if not ruled.settle(each)), key=_rank))


def _all(papers: Papers, source_order: Sequence[str], ruled: "_Rulings") -> Iterator[Contradiction]:
    # Two records of which somebody said that they are two are not read as one.
    twins = [each for each in identity.one_tool(papers) if not ruled.settle(each)]
    groups = identity.groups(twins, papers.tools)
    yield from twins
    yield from identity.one_name(papers)
    yield from conflicts.between_sources(papers, groups, source_order)
    for ids in dict.fromkeys(groups.values()):
        yield from statements.none_public(papers, ids)
    for sheet in sheets(papers):
        for rule in INSIDE_ONE_SOURCE:
            yield from rule(sheet)


class _Rulings:
    """An editor's rulings that hold: one on a claim ends when its source says something else."""

    def __init__(self, rulings: Mapping[str, Mapping[str, str | None]], papers: Papers) -> None:
        current = {claim.id for claims in papers.claims.values() for claim in claims}
        self.settled = {
            (tool_id, attribute)
            for tool_id, by_attribute in rulings.items()
            for attribute, claim_id in by_attribute.items()
            if claim_id is None or claim_id in current
        }

    def settle(self, found: Contradiction) -> bool:
        return any((tool_id, found.attribute) in self.settled for tool_id in found.tool_ids)


def _rank(found: Contradiction) -> tuple[object, ...]:
    return (
        found.severity is not Severity.SERIOUS,
        not found.certain,
        found.left.tool_id,
        found.attribute,
        found.left.line or 0,
        found.right.line or 0,
    )


def of_tools(found: Iterable[Contradiction], ids: Iterable[str]) -> tuple[Contradiction, ...]:
    """Those that concern any of these tools."""
    wanted = set(ids)
    return tuple(each for each in found if wanted & set(each.tool_ids))
