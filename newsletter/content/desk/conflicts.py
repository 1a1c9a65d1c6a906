"""Claims on one attribute of one tool that differ: between sources, and inside one."""

from collections.abc import Iterator, Mapping, Sequence

from newsletter.content.desk.findings import Contradiction, Kind, state_claim
from newsletter.content.desk.papers import Papers, Sheet
from newsletter.content.desk.values import COMPARED, contradict, is_conditional
from newsletter.content.facts import resolve
from newsletter.content.model import Claim, Source

#: Two dates within this many days speak of one time.
_SAME_TIME_DAYS = 30


def between_sources(
    papers: Papers,
    groups: Mapping[str, Sequence[str]],
    source_order: Sequence[str],
) -> Iterator[Contradiction]:
    """Sources that contradict the one whose claim is the fact; records that look like one tool count as one."""
    for ids in dict.fromkeys(tuple(each) for each in groups.values()):
        claims = [
            claim
            for tool_id in ids
            for claim in papers.claims.get(tool_id, ())
            if claim.attribute in COMPARED and not is_conditional(claim)
        ]
        facts = resolve(claims, sources=papers.sources, source_order=source_order, rulings={})
        for attribute, fact in facts.items():
            stated = [each for each in claims if each.attribute == attribute]
            yield from _against(fact.claim, stated, papers.sources)


def _against(
    chosen: Claim, stated: Sequence[Claim], sources: Mapping[str, Source]
) -> Iterator[Contradiction]:
    """One contradiction for each other value; a source that says both is the matter of `inside_one`."""
    agreeing = {each.source_id for each in stated if not contradict(chosen, each)}
    others = [each for each in stated if contradict(chosen, each) and each.source_id not in agreeing]
    # Of claims that say the same, those on the very record of the fact stand first.
    others.sort(key=lambda each: each.tool_id != chosen.tool_id)
    own = [each for each in stated if each.source_id == chosen.source_id]
    if any(contradict(chosen, each) for each in own):
        return
    while others:
        first = others[0]
        same = _one_a_source([each for each in others if not contradict(first, each)])
        others = [each for each in others if contradict(first, each)]
        yield Contradiction(
            kind=Kind.SOURCES_DIFFER,
            attribute=chosen.attribute,
            left=state_claim(chosen, sources),
            right=state_claim(first, sources),
            also=tuple(state_claim(each, sources) for each in same[1:]),
            reason=f"{_label(chosen.attribute)} is {_value(chosen)} by {sources[chosen.source_id].name} "
            f"and {_value(first)} by {sources[first.source_id].name}{_apart(chosen, first)}",
            certain=not _apart(chosen, first),
        )


def inside_one(sheet: Sheet) -> Iterator[Contradiction]:
    """A source that states two values of one attribute of one tool."""
    stated: dict[tuple[str, str], list[Claim]] = {}
    for claim in sheet.claims:
        if claim.attribute in COMPARED and not is_conditional(claim):
            stated.setdefault((claim.tool_id, claim.attribute), []).append(claim)
    for claims in stated.values():
        first = claims[0]
        other = next((each for each in claims if contradict(first, each)), None)
        if other is not None:
            yield Contradiction(
                kind=Kind.SAID_TWICE,
                attribute=first.attribute,
                left=state_claim(first, sheet.sources),
                right=state_claim(other, sheet.sources),
                reason=f"one source gives {_label(first.attribute)} as {_value(first)} and as {_value(other)}",
            )


def _apart(left: Claim, right: Claim) -> str:
    """Where both are dated: how far apart, since what was true may have changed."""
    days = [each.verified_on or each.as_of for each in (left, right)]
    if days[0] is None or days[1] is None or abs((days[0] - days[1]).days) <= _SAME_TIME_DAYS:
        return ""
    return f", {abs((days[0] - days[1]).days)} days apart: it may have changed"


def _one_a_source(claims: Sequence[Claim]) -> list[Claim]:
    return list({each.source_id: each for each in reversed(claims)}.values())[::-1]


def _label(attribute: str) -> str:
    return attribute.replace("_", " ")


def _value(claim: Claim) -> str:
    unit = claim.unit if claim.number is not None and claim.value[-1:].isdigit() else ""
    return " ".join(filter(None, (claim.value, unit)))
