"""Whether a pack can be imported: everything it refers to exists, and every record says something."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Row

from sqlite_utils import Database

from newsletter.content.pack import ClaimEntry, Pack, Record, ReviewEntry, Statement, TextEntry
from newsletter.content.units import is_amount, measure
from newsletter.errors import BadInput, Place

#: Where a field stands in a pack: ("claims", 3, "unit").
Path = tuple[str | int, ...]
#: Says where a field of a pack stands in somebody's file.
Where = Callable[[Path], Place]

_STATEMENTS = ("reviews", "verdicts", "votes", "claims", "offers", "benchmarks", "notes")
_RECORDS = ("tools", "comparisons", *_STATEMENTS, "questions", "texts")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a pack, and what would be right."""

    path: Path
    message: str


def in_pack(path: Path) -> Place:
    """Where a field stands when the pack came from no file."""
    return Place("pack", field=field_name(path) or None)


def check_references(db: Database, pack: Pack, where: Where) -> None:
    """Raise BadInput for the first fault of a pack, seen against what the store already holds."""
    fault = next(_faults(db, pack), None)
    if fault is not None:
        raise BadInput(fault.message, where(fault.path))


def field_name(path: Path) -> str:
    """A path as people write it, counted from 1: ("claims", 3, "unit") → "claims[4].unit"."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _faults(db: Database, pack: Pack) -> Iterator[Fault]:
    yield from _repeated("tools", [each.id for each in pack.tools])
    yield from _repeated("comparisons", [each.key for each in pack.comparisons])
    own = () if pack.source is None else (pack.source.key,)
    yield from _repeated("sources", [each.key for each in pack.sources], own)
    yield from _unknown_sources(db, pack)
    tools = _known_tools(db, pack)
    yield from _alias_faults(db, pack, tools)
    yield from _unknown_tools(pack, tools)
    yield from _comparison_faults(pack, tools)
    yield from _question_faults(db, pack, tools)
    yield from _empty_records(pack)


def _repeated(kind: str, ids: Sequence[str], before: Iterable[str] = ()) -> Iterator[Fault]:
    seen = set(before)
    for index, each in enumerate(ids):
        if each in seen:
            yield Fault((kind, index, "id"), f"{each} stands here twice: give every one its own id")
        seen.add(each)


def _unknown_sources(db: Database, pack: Pack) -> Iterator[Fault]:
    named = {each.key for each in pack.all_sources()}
    for path, record in _records(pack):
        if record.source is None and pack.source is None:
            yield Fault((*path, "source"), "it has no source: name one here, or give the pack a source")
        elif record.source is not None and record.source not in named:
            if not _exists(db, "SELECT 1 FROM sources WHERE id = ?", record.source):
                yield Fault((*path, "source"), f"there is no source {record.source}: list it under sources")
            named.add(record.source)


def _records(pack: Pack) -> Iterator[tuple[Path, Record | TextEntry]]:
    """Everything that comes from a source."""
    for kind in _RECORDS:
        for index, record in enumerate(getattr(pack, kind)):
            yield (kind, index), record


def _known_tools(db: Database, pack: Pack) -> set[str]:
    """The ids under which a record may name a tool: those of the pack and those of the store."""
    named = {each.id for each in pack.tools} | {each.alias for each in pack.aliases}
    asked = {each.tool for kind in _STATEMENTS for each in getattr(pack, kind)}
    asked |= {side for each in pack.comparisons for side in (each.left, each.right)}
    asked |= {each.tool for each in pack.questions if each.tool} | {each.tool for each in pack.aliases}
    return named | {row[0] for row in _matching(db, _TOOLS_AND_ALIASES, asked - named)}


def _matching(db: Database, query: str, ids: set[str]) -> list[Row]:
    return db.conn.execute(query, {"ids": json.dumps(sorted(ids))}).fetchall()


def _exists(db: Database, query: str, key: str) -> bool:
    return db.conn.execute(query, [key]).fetchone() is not None


def _alias_faults(db: Database, pack: Pack, tools: set[str]) -> Iterator[Fault]:
    aliases = {each.alias for each in pack.aliases}
    for index, each in enumerate(pack.aliases):
        path = ("aliases", index)
        if each.tool not in tools:
            yield Fault((*path, "tool"), _no_tool(each.tool))
        if each.tool in aliases or _exists(db, "SELECT 1 FROM aliases WHERE alias = ?", each.tool):
            yield Fault((*path, "tool"), f"{each.tool} is an alias itself: name the tool it stands for")
        if _exists(db, "SELECT 1 FROM aliases WHERE tool_id = ?", each.alias):
            yield Fault((*path, "alias"), f"{each.alias} has aliases itself: point those elsewhere first")


def _unknown_tools(pack: Pack, tools: set[str]) -> Iterator[Fault]:
    for kind in _STATEMENTS:
        statements: Sequence[Statement] = getattr(pack, kind)
        for index, each in enumerate(statements):
            if each.tool not in tools:
                yield Fault((kind, index, "tool"), _no_tool(each.tool))


def _no_tool(tool: str) -> str:
    return f"there is no tool {tool}: list it under tools, or correct the id"


def _comparison_faults(pack: Pack, tools: set[str]) -> Iterator[Fault]:
    for index, each in enumerate(pack.comparisons):
        for side in ("left", "right"):
            if getattr(each, side) not in tools:
                yield Fault(("comparisons", index, side), _no_tool(getattr(each, side)))
        if each.left == each.right:
            yield Fault(
                ("comparisons", index, "right"), f"{each.right} is compared with itself: name two tools"
            )


def _question_faults(db: Database, pack: Pack, tools: set[str]) -> Iterator[Fault]:
    comparisons = {each.key for each in pack.comparisons}
    for index, each in enumerate(pack.questions):
        path = ("questions", index)
        if (each.comparison is None) == (each.tool is None):
            yield Fault((*path, "comparison"), "a question is about one comparison or one tool: name either")
        elif each.tool is not None and each.tool not in tools:
            yield Fault((*path, "tool"), _no_tool(each.tool))
        elif each.comparison and not (each.comparison in comparisons or _is_compared(db, each.comparison)):
            yield Fault((*path, "comparison"), f"there is no comparison {each.comparison}: list it first")


def _is_compared(db: Database, comparison: str) -> bool:
    return _exists(db, "SELECT 1 FROM comparisons WHERE id = ?", comparison)


def _empty_records(pack: Pack) -> Iterator[Fault]:
    for index, review in enumerate(pack.reviews):
        if _says_nothing(review):
            yield Fault(("reviews", index, "words"), "it says nothing: give words, or a reviewer and a score")
    for index, verdict in enumerate(pack.verdicts):
        if verdict.share is None and (verdict.ships is None or verdict.skips is None):
            yield Fault(("verdicts", index, "share"), "it says nothing: give ships and skips, or a share")
    for index, claim in enumerate(pack.claims):
        if not is_amount(claim.attribute, claim.value):
            yield Fault(("claims", index, "value"), _no_amount(claim.value))
        if _lacks_scale(claim):
            yield Fault(("claims", index, "unit"), "a price is for a number of tokens: such as USD/Mtok")


def _says_nothing(review: ReviewEntry) -> bool:
    return not review.words and (
        review.reviewer is None or (review.score is None and review.decision is None)
    )


def _no_amount(value: str) -> str:
    shown = f"{value[:40]}…" if len(value) > 40 else repr(value)
    return f"it is {shown}, but a number from 0 is right, such as 0.10 or 1,500 (a comma only before three digits)"


def _lacks_scale(claim: ClaimEntry) -> bool:
    """Whether a price is a number in dollars but does not say for how many tokens."""
    stated = measure(claim.attribute, claim.value, claim.unit)
    if not claim.attribute.endswith("_price") or stated.number is not None:
        return False
    return measure(claim.attribute, claim.value, "/Mtok").number is not None


_TOOLS_AND_ALIASES = """
SELECT id FROM tools WHERE id IN (SELECT value FROM json_each(:ids))
UNION SELECT alias FROM aliases WHERE alias IN (SELECT value FROM json_each(:ids))
"""
