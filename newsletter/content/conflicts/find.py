"""All contradictions in the content store, the serious and certain ones first.

Claims that differ between sources, or inside one, are found here; the other rules are in the modules beside.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from newsletter.content.conflicts import arithmetic, identity, opinions
from newsletter.content.conflicts.arithmetic import COMPARED, contradict, is_conditional
from newsletter.content.conflicts.by_source import AllRecords, SourceRecords, by_source, read_all
from newsletter.content.conflicts.contradiction import (
    Contradiction,
    ContradictionKind,
    ContradictionSide,
    claim_side,
    words_side,
)
from newsletter.content.facts import resolve
from newsletter.content.records import Claim, Source, Verdict, share_of
from newsletter.content.statements.statement import Matter
from newsletter.content.store import ContentStore

#: Two dates within this many days speak of one time.
_SAME_TIME_DAYS = 30


def between_sources(
    recorded: AllRecords,
    groups: Mapping[str, Sequence[str]],
    source_order: Sequence[str],
) -> Iterator[Contradiction]:
    """Find sources that contradict the one whose claim is the fact; records that look like one tool count as one."""
    for ids in dict.fromkeys(tuple(each) for each in groups.values()):
        claims = [
            claim
            for tool_id in ids
            for claim in recorded.claims.get(tool_id, ())
            if claim.attribute in COMPARED and not is_conditional(claim)
        ]
        facts = resolve(claims, sources=recorded.sources, source_order=source_order, rulings={})
        for attribute, fact in facts.items():
            stated = [each for each in claims if each.attribute == attribute]
            yield from _against(fact.claim, stated, recorded.sources)


def between_verdicts(recorded: AllRecords) -> Iterator[Contradiction]:
    """Find pages of ours that give one tool two outcomes of the panel, as far as each said last."""
    for tool_id, history in recorded.verdicts.items():
        last = {each.source_id: each for each in history if recorded.sources[each.source_id].ours}
        stated = [each for each in last.values() if share_of(each) is not None]
        if not stated:
            continue
        *others, newest = stated
        differing = [each for each in others if _percent(each) != _percent(newest)]
        if differing:
            sides = [
                words_side(recorded.sources[each.source_id], tool_id, _outcome(each), each.line)
                for each in (*differing, newest)
            ]
            yield Contradiction(
                kind=ContradictionKind.SOURCES_DIFFER,
                attribute="verdict",
                left=sides[-1],
                right=sides[0],
                also=tuple(sides[1:-1]),
                reason=f"the panel's outcome is {sides[-1].words} by {sides[-1].source} "
                f"and {sides[0].words} by {sides[0].source}",
            )


def _percent(verdict: Verdict) -> int:
    return int((share_of(verdict) or Decimal(0)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _outcome(verdict: Verdict) -> str:
    if verdict.ships is None or verdict.skips is None:
        return f"{_percent(verdict)} % ship"
    return f"{verdict.ships} ship / {verdict.skips} skip"


def _against(
    chosen: Claim, stated: Sequence[Claim], sources: Mapping[str, Source]
) -> Iterator[Contradiction]:
    """Yield one contradiction for each other value; a source that says both is for `inside_one`."""
    agreeing = {each.source_id for each in stated if not contradict(chosen, each)}
    others = [each for each in stated if contradict(chosen, each) and each.source_id not in agreeing]
    # Of claims that say the same, those on the very record of the fact stand first.
    others.sort(key=lambda each: each.tool_id != chosen.tool_id)
    own = [each for each in stated if each.source_id == chosen.source_id]
    if any(contradict(chosen, each) for each in own):
        return
    while others:
        first = others[0]
        # The first that each source states, `first` before all others.
        same: dict[str, Claim] = {}
        for each in others:
            if not contradict(first, each):
                same.setdefault(each.source_id, each)
        others = [each for each in others if contradict(first, each)]
        yield Contradiction(
            kind=ContradictionKind.SOURCES_DIFFER,
            attribute=chosen.attribute,
            left=claim_side(chosen, sources[chosen.source_id]),
            right=claim_side(first, sources[first.source_id]),
            also=tuple(claim_side(each, sources[each.source_id]) for each in [*same.values()][1:]),
            reason=f"{_label(chosen.attribute)} is {_value(chosen)} by {sources[chosen.source_id].name} "
            f"and {_value(first)} by {sources[first.source_id].name}{_apart(chosen, first)}",
            certain=not _apart(chosen, first),
        )


def inside_one(records: SourceRecords) -> Iterator[Contradiction]:
    """Find sources that state two values of one attribute of one tool."""
    stated: dict[tuple[str, str], list[Claim]] = {}
    for claim in records.claims:
        if claim.attribute in COMPARED and not is_conditional(claim):
            stated.setdefault((claim.tool_id, claim.attribute), []).append(claim)
    for claims in stated.values():
        first = claims[0]
        other = next((each for each in claims if contradict(first, each)), None)
        if other is not None:
            yield Contradiction(
                kind=ContradictionKind.SAID_TWICE,
                attribute=first.attribute,
                left=claim_side(first, records.source),
                right=claim_side(other, records.source),
                reason=f"one source gives {_label(first.attribute)} as {_value(first)} and as {_value(other)}",
            )


def _apart(left: Claim, right: Claim) -> str:
    """Say how far apart two dated values are, since what was true may have changed; empty without both dates."""
    days = [each.verified_on or each.as_of for each in (left, right)]
    if days[0] is None or days[1] is None or abs((days[0] - days[1]).days) <= _SAME_TIME_DAYS:
        return ""
    return f", {abs((days[0] - days[1]).days)} days apart: it may have changed"


def _label(attribute: str) -> str:
    return attribute.replace("_", " ")


def _value(claim: Claim) -> str:
    unit = claim.unit if claim.number is not None and claim.value[-1:].isdigit() else ""
    return " ".join(filter(None, (claim.value, unit)))


INSIDE_ONE_SOURCE = (
    inside_one,
    arithmetic.totals,
    arithmetic.ratios,
    arithmetic.savings,
    arithmetic.token_prices,
    arithmetic.rows,
    arithmetic.currencies,
    arithmetic.words,
    arithmetic.dates,
    arithmetic.scores,
    arithmetic.means,
    arithmetic.splits,
    opinions.wins,
    opinions.untested,
    opinions.grades,
    opinions.against_each_other,
)


def find_contradictions(
    store: ContentStore,
    *,
    source_order: Sequence[str] = (),
    rulings: Mapping[str, Mapping[str, str | None]] | None = None,
    not_understood: list[ContradictionSide] | None = None,
) -> tuple[Contradiction, ...]:
    """Find everything in the store that cannot be true together and that no editor has ruled on.

    `rulings` are an editor's, by tool and attribute, as for `facts.resolve`; one on a claim ends when its source says
    something else. Price sentences that were not understood, so that nothing is held against them, go to
    `not_understood`.
    """
    recorded = read_all(store)
    current = {claim.id for claims in recorded.claims.values() for claim in claims}
    settled = {
        (tool_id, attribute)
        for tool_id, by_attribute in (rulings or {}).items()
        for attribute, claim_id in by_attribute.items()
        if claim_id is None or claim_id in current
    }

    def is_open(found: Contradiction) -> bool:
        return settled.isdisjoint((tool_id, found.attribute) for tool_id in found.tool_ids)

    # Two records of which somebody said that they are two are not read as one.
    twins = list(filter(is_open, identity.one_tool(recorded)))
    found = [*twins, *filter(is_open, _others(recorded, twins, source_order, not_understood))]
    return tuple(sorted(found, key=_rank))


def _others(
    recorded: AllRecords,
    twins: Sequence[Contradiction],
    source_order: Sequence[str],
    not_understood: list[ContradictionSide] | None,
) -> Iterator[Contradiction]:
    grouped = identity.groups(twins, recorded.tools)
    yield from identity.one_name(recorded)
    yield from between_sources(recorded, grouped, source_order)
    yield from between_verdicts(recorded)
    for ids in dict.fromkeys(grouped.values()):
        yield from opinions.none_public(recorded, ids)
    for records in by_source(recorded):
        for rule in INSIDE_ONE_SOURCE:
            yield from rule(records)
        if not_understood is not None:
            not_understood += [
                words_side(records.source, each.tool, each.words, each.line)
                for each in records.stated(Matter.NOT_UNDERSTOOD)
            ]


def _rank(found: Contradiction) -> tuple[object, ...]:
    return (
        not found.is_serious,
        not found.certain,
        found.left.tool_id,
        found.attribute,
        found.left.line or 0,
        found.right.line or 0,
    )


def of_tools(found: Iterable[Contradiction], ids: Iterable[str]) -> tuple[Contradiction, ...]:
    """Return those that concern any of these tools."""
    wanted = set(ids)
    return tuple(each for each in found if wanted & set(each.tool_ids))
