"""Which records look like one tool, and which names are given to two.

A name is taken apart into words, version and size: "Maker: Finch Small 3.2 24B" is finch, small · 3.2 · 24B. The same
words and version, no other maker and no other size are one tool. The same words and version with sizes that nearly
agree, 22B and 24B, are one name for two; 8B and 70B are siblings that nobody takes for each other.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from newsletter.content.conflicts.by_source import AllRecords
from newsletter.content.conflicts.contradiction import (
    Contradiction,
    ContradictionKind,
    ContradictionSide,
    date_source,
)
from newsletter.content.records import Tool

#: What an editor rules on to say that two records are one tool, or two.
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


def one_tool(recorded: AllRecords) -> Iterator[Contradiction]:
    """Find pairs of records that look like one tool."""
    for left, right in _alike(recorded):
        if left.size is None or right.size is None or left.size == right.size:
            first, second = sorted((left, right), key=_age)
            yield Contradiction(
                kind=ContradictionKind.TWO_RECORDS,
                attribute=IDENTITY,
                left=_named(first, recorded),
                right=_named(second, recorded),
                reason=f"{_shared(first, second)}: it is one tool under two names, or one name too many",
                certain=False,
            )


def one_name(recorded: AllRecords) -> Iterator[Contradiction]:
    """Find two tools under one name: alike but for sizes that nearly agree."""
    for left, right in _alike(recorded):
        if left.size is None or right.size is None or left.size == right.size:
            continue
        low, high = sorted((left, right), key=lambda name: name.size or Decimal(0))
        if (low.size or 0) >= _CLOSE * (high.size or 0) and not _share_a_source(low, high, recorded):
            yield Contradiction(
                kind=ContradictionKind.ONE_NAME,
                attribute=IDENTITY,
                left=_named(low, recorded),
                right=_named(high, recorded),
                reason=f"one name stands for {low.size:f}B and for {high.size:f}B parameters: "
                "they are two models, or one of the sizes is wrong",
                certain=False,
            )


def groups(found: Iterable[Contradiction], tool_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return every tool's id with the ids of the records that look like it, itself among them."""
    members = {each: {each} for each in tool_ids}
    for each in found:
        joined = members[each.left.tool_id] | members[each.right.tool_id]
        members.update(dict.fromkeys(joined, joined))
    return {key: tuple(sorted(ids)) for key, ids in members.items()}


def _alike(recorded: AllRecords) -> Iterator[tuple[Name, Name]]:
    """Yield pairs of the same words and version, each once; not those of two makers, or compared with each other."""
    by_key: dict[tuple[frozenset[str], frozenset[str]], list[Name]] = {}
    for tool in recorded.tools.values():
        name = _take_apart(tool, recorded)
        for key in name.keys:
            by_key.setdefault((key, name.versions), []).append(name)
    compared = {frozenset((each.left_id, each.right_id)) for each in recorded.comparisons}
    seen: set[frozenset[str]] = set()
    for names in by_key.values():
        for left, right in combinations(names, 2):
            pair = frozenset((left.tool.id, right.tool.id))
            if len(pair) == 2 and not (pair in seen or pair in compared) and not _other_maker(left, right):
                seen.add(pair)
                yield left, right


def _share_a_source(left: Name, right: Name, recorded: AllRecords) -> bool:
    """Return whether one source speaks of both: then it knows them for two."""
    sources = [{each.source_id for each in recorded.claims.get(name.tool.id, ())} for name in (left, right)]
    return bool(sources[0] & sources[1])


def _age(name: Name) -> tuple[object, ...]:
    """Return a sort key that puts the older record first, and of two at once the one with the shorter name."""
    return (name.tool.first_seen_at, len(name.tool.name), name.tool.id)


def _other_maker(left: Name, right: Name) -> bool:
    if not left.maker or not right.maker:
        return False
    return not (left.maker.startswith(right.maker) or right.maker.startswith(left.maker))


def _take_apart(tool: Tool, recorded: AllRecords) -> Name:
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
        size=_size_of(sizes, tool, recorded),
        keys=frozenset(filter(None, (words, words - makers))),
    )


def _split(token: str) -> tuple[str, ...]:
    """Part a word from its version: "qwen2.5"."""
    found = _WORD_AND_VERSION.fullmatch(token)
    return (found[1], found[2]) if found else (token,)


def _size_of(named: Sequence[str], tool: Tool, recorded: AllRecords) -> Decimal | None:
    """Return the billions of parameters that the name says, or else that every claim says."""
    if named:
        return None if "x" in named[0] else Decimal(named[0][:-1])
    claims = recorded.claims.get(tool.id, ())
    numbers = {each.number for each in claims if each.attribute == "parameters" and each.number is not None}
    return numbers.pop() / 10**9 if len(numbers) == 1 else None


def _shared(left: Name, right: Name) -> str:
    said = [" ".join(sorted(left.words & right.words)), *sorted(left.versions)]
    if left.size is not None and left.size == right.size:
        said.append(f"{left.size:f}B")
    if left.maker and right.maker:
        said.append(f"by {left.tool.maker}")
    return f"both are {' '.join(said)}"


def _named(name: Name, recorded: AllRecords) -> ContradictionSide:
    """Return where the record comes from: the first claim on it, else the source that describes it."""
    claims = recorded.claims.get(name.tool.id, ())
    first = min(claims, key=lambda claim: claim.line or 0, default=None)
    source = recorded.sources.get(first.source_id if first else name.tool.source_id)
    return ContradictionSide(
        tool_id=name.tool.id,
        value=name.tool.name,
        words=name.tool.name,
        source_id=source.id if source else "",
        source=source.name if source else "unnamed source",
        line=first.line if first else None,
        dated=date_source(source) if source else "",
    )
