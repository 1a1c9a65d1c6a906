"""All that is known of one tool or comparison, as short tables for a person to look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from newsletter.commands import suggest
from newsletter.content.facts import resolve
from newsletter.content.records import Comparison, Fact, Source, Tool
from newsletter.content.store import ContentStore
from newsletter.errors import NotFound

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewTable:
    """A table with its heading."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def overview(store: ContentStore, key: str, source_order: Sequence[str]) -> tuple[OverviewTable, ...]:
    """Return the sections on the tool or comparison with this id that have rows; raises NotFound."""
    tool, comparison = store.tools([key]).get(key), store.comparisons([key]).get(key)
    about = comparison or tool
    if about is None:
        raise NotFound(
            "tool or comparison", key, f"Look for it with: {suggest('content', 'search', 'WORDS')}"
        )
    sides = (comparison.left_id, comparison.right_id) if comparison else (tool.id if tool else key,)
    found = store.questions(comparison_ids=[key], tool_ids=sides)
    questions = OverviewTable(
        title="Questions",
        columns=("Question", "Answer"),
        rows=tuple((each.question, each.answer) for each in found),
    )
    sections = (_about(about), *_statements(store, sides, source_order), questions)
    return tuple(each for each in sections if each.rows)


def _about(about: Tool | Comparison) -> OverviewTable:
    values = {each.name: getattr(about, each.name) for each in fields(about)}
    if isinstance(about, Tool):
        values["tags"] = ", ".join(about.tags)
    rows = tuple((name.replace("_", " "), value) for name, value in values.items() if value not in ("", None))
    return OverviewTable(title=type(about).__name__, columns=("Field", "Value"), rows=rows)


def _statements(
    store: ContentStore, ids: Sequence[str], source_order: Sequence[str]
) -> Iterator[OverviewTable]:
    claims = store.claims(ids)
    sources = store.sources(each.source_id for found in claims.values() for each in found)
    facts = [
        fact
        for found in claims.values()
        for fact in resolve(found, sources=sources, source_order=source_order, rulings={}).values()
    ]
    yield OverviewTable(
        title="Facts",
        columns=("Tool", "Attribute", "Value", "Unit", "Rule", "Source", "Line", "Dated", "Claim"),
        rows=tuple(row for fact in facts for row in _fact_rows(fact, sources)),
    )
    yield _table("Reviews", store.reviews(ids), "reviewer", "score", "decision", "words")
    yield _table("Verdicts", store.verdicts(ids), "ships", "skips", "share", "derived", "as_of", "seen_at")
    votes = {key: (found,) for key, found in store.votes(ids).items()}
    yield _table("Votes", votes, "ship", "skip", "seen_at")
    yield _table("Benchmarks", store.benchmarks(ids), "test", "score", "out_of", "as_of")
    yield _table(
        "Offers",
        store.offers(ids),
        "provider",
        "context_tokens",
        "input_price",
        "output_price",
        "uptime_percent",
    )
    yield _table("Notes", store.notes(ids), "kind", "other", "words")


def _fact_rows(fact: Fact, sources: Mapping[str, Source]) -> Iterator[Row]:
    """Yield the fact and, below it, the claims that differ from it."""
    for claim, rule in ((fact.claim, fact.reason), *((other, "differs") for other in fact.others)):
        yield (
            claim.tool_id,
            claim.attribute,
            claim.value,
            claim.unit,
            rule,
            sources[claim.source_id].name,
            claim.line,
            claim.verified_on or claim.as_of or f"seen {claim.seen_on}",
            claim.id,
        )


def _table(title: str, found: Mapping[str, Sequence[Any]], *names: str) -> OverviewTable:
    """Return a row for each record, with these of its fields."""
    return OverviewTable(
        title=title,
        columns=("Tool", *(name.replace("_", " ").capitalize() for name in names)),
        rows=tuple(
            (tool_id, *(getattr(each, name) for name in names))
            for tool_id, records in found.items()
            for each in records
        ),
    )
