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
    ruled = rulings or {}
    found = _all(read_papers(store), source_order)
    return tuple(sorted((each for each in found if not _is_ruled(each, ruled)), key=_rank))


def _all(papers: Papers, source_order: Sequence[str]) -> Iterator[Contradiction]:
    twins = list(identity.one_tool(papers))
    groups = identity.groups(twins, papers.tools)
    yield from twins
    yield from identity.one_name(papers)
    yield from conflicts.between_sources(papers, groups, source_order)
    for ids in dict.fromkeys(groups.values()):
        yield from statements.none_public(papers, ids)
    for sheet in sheets(papers):
        for rule in INSIDE_ONE_SOURCE:
            yield from rule(sheet)


def _is_ruled(found: Contradiction, rulings: Mapping[str, Mapping[str, str | None]]) -> bool:
    return any(found.attribute in rulings.get(tool_id, {}) for tool_id in found.tool_ids)


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
