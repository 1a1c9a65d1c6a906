"""What the mail had no room for: every reviewer, every test, every question of an issue's tools and comparisons.

Written and frozen together with the letter, so that the archive shows what was approved and never looks at the
store again, where figures move on. Values only: no HTML. How the letter is written is writing.py's work.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from newsletter.config import Settings
from newsletter.content.model import Comparison, Question
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.answers import full_answer
from newsletter.digest.cards import KICKERS
from newsletter.digest.categories import categories_of, category_name
from newsletter.digest.costs import costs_block
from newsletter.digest.figures import figures_in
from newsletter.digest.issues import Item
from newsletter.digest.lead import (
    UNNAMED,
    all_benchmarks,
    all_scores,
    decision_table,
    headline_of,
    result_figure,
    score_of,
    side_of,
)
from newsletter.digest.letter import Benchmarks, Costs, Figure, Link, Row, Score, Scorecard, Side, Sources
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier, Material, RulingsOn, gather
from newsletter.digest.sentences import clip, plain
from newsletter.digest.sources import sources_block
from newsletter.errors import StoreError

#: Items beyond what the mail names that are named in the archive.
MOST_REST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A question and as much of its answer as the recorded facts back."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FullComparison:
    """A comparison of the issue with nothing left out."""

    comparison_id: str
    headline: str
    left: Side
    right: Side
    decision: tuple[Row, ...]
    scorecard: Scorecard | None
    costs: Costs | None
    benchmarks: Benchmarks | None
    replies: tuple[Reply, ...]
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FullTool:
    """A verdict or model of the issue with nothing left out; `tests` are test and result."""

    tool_id: str
    name: str
    kicker: str
    category: str
    scores: tuple[tuple[str, Score], ...]
    mean: int | None
    tests: tuple[tuple[str, Figure], ...]
    replies: tuple[Reply, ...]
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Something that the issue published in its one line of leftovers."""

    kind: ItemKind
    key: str
    label: str
    categories: tuple[str, ...]
    tool_ids: tuple[str, ...]
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Beside the letter: its comparisons and tools in full, what it only mentioned, and what those stand on."""

    comparisons: tuple[FullComparison, ...] = ()
    tools: tuple[FullTool, ...] = ()
    mentions: tuple[Mention, ...] = ()
    sources: Sources = field(default_factory=lambda: Sources(origins=(), disputes=()))


def write_record(
    items: Sequence[Item], content: ContentStore, settings: Settings, *, rulings: RulingsOn
) -> Record:
    """The record of an issue's items as it reads now."""
    rest = [item for item in items if item.room is Room.OVERFLOW][:MOST_REST]
    shown = [item for item in items if item.room in (Room.LEAD, Room.MORE, Room.CARD)]
    material = gather(
        content,
        comparison_ids=[item.key for item in (*shown, *rest) if item.kind is ItemKind.COMPARISON],
        tool_ids=[item.key for item in (*shown, *rest) if item.kind in KICKERS],
        source_order=settings.source_order,
        rulings=rulings,
    )
    record = Record(
        comparisons=tuple(
            _comparison(material.comparisons[item.key], material, settings)
            for item in shown
            if item.key in material.comparisons
        ),
        tools=tuple(
            _tool(item.kind, material.dossiers[item.key], material, settings)
            for item in shown
            if item.room is Room.CARD and item.key in material.dossiers
        ),
        mentions=tuple(_mentions(rest, material, settings)),
    )
    printed = [claim for each in figures_in((record.comparisons, record.tools)) for claim in each.claims]
    return Record(
        comparisons=record.comparisons,
        tools=record.tools,
        mentions=record.mentions,
        sources=sources_block(printed, material, settings),
    )


def record_to_json(record: Record) -> str:
    """The same record always gives the same text."""
    return _RECORD.dump_json(record).decode()


def record_from_json(stored: str) -> Record:
    """Empty for an issue approved without one; raises StoreError for what is no record."""
    try:
        return _RECORD.validate_json(stored) if stored else Record()
    except ValidationError as error:
        raise StoreError(f"A stored record cannot be read: {error.errors()[0]['msg']}") from error


_RECORD = TypeAdapter(Record)


def _comparison(comparison: Comparison, material: Material, settings: Settings) -> FullComparison:
    left, right = material.sides(comparison)
    sides = side_of(left, material), side_of(right, material)
    return FullComparison(
        comparison_id=comparison.id,
        headline=headline_of(comparison, left, right),
        left=sides[0],
        right=sides[1],
        decision=decision_table(*sides, left, right),
        scorecard=all_scores(left, right),
        costs=costs_block(left, right, settings, material.sources),
        benchmarks=all_benchmarks(left, right, material.sources),
        replies=tuple(_replies(_asked(material, comparison), material, settings.clear_margin)),
        link=link_to("Full comparison", comparison.url, settings),
    )


def _tool(kind: ItemKind, dossier: Dossier, material: Material, settings: Settings) -> FullTool:
    asked = (each for each in material.questions if each.tool_id == dossier.tool.id)
    return FullTool(
        tool_id=dossier.tool.id,
        name=dossier.name,
        kicker=KICKERS[kind],
        category=category_name(dossier.tool.category),
        scores=tuple(
            (clip(each.reviewer or UNNAMED, 40), score)
            for each in dossier.reviews
            if (score := score_of(each)) and (score.decision or score.score is not None)
        ),
        mean=dossier.panel.rounded_mean,
        tests=tuple((clip(each.test, 40), result_figure(each)) for each in dossier.benchmarks),
        replies=tuple(_replies(asked, material, settings.clear_margin)),
        link=link_to(dossier.name, dossier.tool.url, settings),
    )


def _asked(material: Material, comparison: Comparison) -> Iterator[Question]:
    """What was asked about the comparison, then about its sides."""
    yield from (each for each in material.questions if each.comparison_id == comparison.id)
    tools = {side.tool.id for side in material.sides(comparison)}
    yield from (each for each in material.questions if each.comparison_id is None and each.tool_id in tools)


def _replies(questions: Iterable[Question], material: Material, margin: int) -> Iterator[Reply]:
    for question in questions:
        if answer := full_answer(question, material, margin):
            yield Reply(question=plain(question.question), answer=answer)


def _mentions(rest: Iterable[Item], material: Material, settings: Settings) -> Iterator[Mention]:
    for item in rest:
        comparison = material.comparisons.get(item.key) if item.kind is ItemKind.COMPARISON else None
        dossier = material.dossiers.get(item.key) if item.kind in KICKERS else None
        tools = material.sides(comparison) if comparison else (dossier,) if dossier else ()
        if not tools:
            continue
        label = " vs ".join(each.name for each in tools)
        url = comparison.url if comparison else tools[0].tool.url
        yield Mention(
            kind=item.kind,
            key=item.key,
            label=label,
            categories=categories_of(each.tool.category for each in tools),
            tool_ids=tuple(each.tool.id for each in tools),
            link=link_to(label, url, settings),
        )
