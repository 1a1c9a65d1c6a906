"""The whole list of contradictions in the content store, the serious and certain ones first."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from newsletter.content.conflicts import arithmetic
from newsletter.content.conflicts import opinions as statements
from newsletter.content.conflicts.arithmetic import COMPARED, contradict, is_conditional
from newsletter.content.conflicts.findings import (
    Contradiction,
    Kind,
    Papers,
    Severity,
    Sheet,
    Statement,
    date_source,
    read_papers,
    sheets,
    state_claim,
)
from newsletter.content.facts import resolve
from newsletter.content.records import Claim, Source, Tool
from newsletter.content.store import ContentStore

# Claims on one attribute of one tool that differ: between sources, and inside one.

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


# Which records look like one tool, and which names are given to two.
#
# A name is taken apart into words, version and size: "Maker: Finch Small 3.2 24B" is finch, small · 3.2 · 24B. The same
# words and version, no other maker and no other size are one tool. The same words and version with sizes
# that nearly agree, 22B and 24B, are one name for two; 8B and 70B are siblings that nobody takes for each other.

IDENTITY = "identity"

_TOKEN = re.compile(r"[^\W_]+(?:\.\d+[^\W_]*)*")
_SIZE = re.compile(r"(?:\d+x)?\d+(?:\.\d+)?b")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")
_WORD_AND_VERSION = re.compile(r"([^\W\d]{2,})(\d+(?:\.\d+)*)")
#: Sizes from this share of each other on are taken for each other.
_CLOSE = Decimal("0.9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A tool's name in its parts. `keys` are what records of the same tool have one of in common."""

    tool: Tool
    maker: str
    words: frozenset[str]
    versions: frozenset[str]
    #: Parameters in billions, by the name or else by what is claimed.
    size: Decimal | None
    keys: frozenset[frozenset[str]]


def one_tool(papers: Papers) -> Iterator[Contradiction]:
    """Two records that look like one tool."""
    for left, right in _alike(papers):
        if left.size is None or right.size is None or left.size == right.size:
            first, second = sorted((left, right), key=_age)
            yield Contradiction(
                kind=Kind.TWO_RECORDS,
                attribute=IDENTITY,
                left=_named(first, papers),
                right=_named(second, papers),
                reason=f"{_shared(first, second)}: it is one tool under two names, or one name too many",
                certain=False,
            )


def one_name(papers: Papers) -> Iterator[Contradiction]:
    """Two tools under one name: alike but for sizes that nearly agree."""
    for left, right in _alike(papers):
        if left.size is None or right.size is None or left.size == right.size:
            continue
        low, high = sorted((left, right), key=lambda name: name.size or Decimal(0))
        if (low.size or 0) >= _CLOSE * (high.size or 0) and not _share_a_source(low, high, papers):
            yield Contradiction(
                kind=Kind.ONE_NAME,
                attribute=IDENTITY,
                left=_named(low, papers),
                right=_named(high, papers),
                reason=f"one name stands for {low.size:f}B and for {high.size:f}B parameters: "
                "they are two models, or one of the sizes is wrong",
                certain=False,
            )


def groups(found: Iterable[Contradiction], tool_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Every tool's id with the ids of the records that look like it, itself among them."""
    members = {each: {each} for each in tool_ids}
    for each in found:
        joined = members[each.left.tool_id] | members[each.right.tool_id]
        members.update(dict.fromkeys(joined, joined))
    return {key: tuple(sorted(ids)) for key, ids in members.items()}


def _alike(papers: Papers) -> Iterator[tuple[Name, Name]]:
    """Pairs of the same words and version, each once; not those of two makers, or compared with each other."""
    by_key: dict[tuple[frozenset[str], frozenset[str]], list[Name]] = {}
    for tool in papers.tools.values():
        name = _take_apart(tool, papers)
        for key in name.keys:
            by_key.setdefault((key, name.versions), []).append(name)
    compared = {frozenset((each.left_id, each.right_id)) for each in papers.comparisons}
    seen: set[frozenset[str]] = set()
    for names in by_key.values():
        for left, right in combinations(names, 2):
            pair = frozenset((left.tool.id, right.tool.id))
            if len(pair) == 2 and not (pair in seen or pair in compared) and not _other_maker(left, right):
                seen.add(pair)
                yield left, right


def _share_a_source(left: Name, right: Name, papers: Papers) -> bool:
    """Whether one source speaks of both: then it knows them for two."""
    sources = [{each.source_id for each in papers.claims.get(name.tool.id, ())} for name in (left, right)]
    return bool(sources[0] & sources[1])


def _age(name: Name) -> tuple[object, ...]:
    """The record that was there first, of two at once the one with the shorter name."""
    return (name.tool.first_seen_at, len(name.tool.name), name.tool.id)


def _other_maker(left: Name, right: Name) -> bool:
    if not left.maker or not right.maker:
        return False
    return not (left.maker.startswith(right.maker) or right.maker.startswith(left.maker))


def _take_apart(tool: Tool, papers: Papers) -> Name:
    prefix, _, own = tool.name.rpartition(": ")
    tokens = [part for token in _TOKEN.findall(own.casefold()) for part in _split(token)]
    sizes = [each for each in tokens if _SIZE.fullmatch(each)]
    versions = {found[1] for each in tokens if (found := _VERSION.fullmatch(each))}
    words = frozenset(each for each in tokens if each not in sizes and not _VERSION.fullmatch(each))
    makers = set(_TOKEN.findall(f"{tool.maker} {prefix}".casefold()))
    return Name(
        tool=tool,
        maker="".join(_TOKEN.findall(tool.maker.casefold())),
        words=words,
        versions=frozenset(versions),
        size=_billions(sizes[0]) if sizes else _claimed_size(tool, papers),
        keys=frozenset(filter(None, (words, words - makers))),
    )


def _split(token: str) -> tuple[str, ...]:
    """ "qwen2.5" is a word and a version."""
    found = _WORD_AND_VERSION.fullmatch(token)
    return (found[1], found[2]) if found else (token,)


def _billions(size: str) -> Decimal | None:
    return None if "x" in size else Decimal(size[:-1])


def _claimed_size(tool: Tool, papers: Papers) -> Decimal | None:
    claims = papers.claims.get(tool.id, ())
    numbers = {each.number for each in claims if each.attribute == "parameters" and each.number is not None}
    return numbers.pop() / 10**9 if len(numbers) == 1 else None


def _shared(left: Name, right: Name) -> str:
    said = [" ".join(sorted(left.words & right.words)), *sorted(left.versions)]
    if left.size is not None and left.size == right.size:
        said.append(f"{left.size:f}B")
    if left.maker and right.maker:
        said.append(f"by {left.tool.maker}")
    return f"both are {' '.join(said)}"


def _named(name: Name, papers: Papers) -> Statement:
    """Where the record comes from: the first claim on it, else the source that describes it."""
    claims = papers.claims.get(name.tool.id, ())
    first = min(claims, key=lambda claim: claim.line or 0, default=None)
    source = papers.sources.get(first.source_id if first else name.tool.source_id)
    return Statement(
        tool_id=name.tool.id,
        value=name.tool.name,
        words=name.tool.name,
        source_id=source.id if source else "",
        source=source.name if source else "unnamed source",
        line=first.line if first else None,
        dated=date_source(source) if source else "",
    )


INSIDE_ONE_SOURCE = (
    inside_one,
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
    twins = [each for each in one_tool(papers) if not ruled.settle(each)]
    grouped = groups(twins, papers.tools)
    yield from twins
    yield from one_name(papers)
    yield from between_sources(papers, grouped, source_order)
    for ids in dict.fromkeys(grouped.values()):
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
