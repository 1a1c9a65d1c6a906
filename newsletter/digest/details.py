"""What the mail had no room for: every reviewer, every test, every question of an issue's tools and comparisons.

Written and frozen together with the issue, so that the archive shows what was approved and never looks at the store
again, where figures move on. Values only: no HTML."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from newsletter.config import Settings
from newsletter.content.records import Comparison, NoteKind, Question
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.categories import categories_of, category_name
from newsletter.digest.content import (
    AnsweredQuestion,
    Compared,
    Figure,
    Link,
    Score,
    Sources,
    figures_in,
)
from newsletter.digest.issues import Item
from newsletter.digest.items import KICKERS, full_answer
from newsletter.digest.lead import (
    UNNAMED,
    compare,
    result_figure,
    score_of,
    versus,
)
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier, Material, RulingsOn, gather
from newsletter.digest.quotes import backed_start
from newsletter.digest.sources import sources_block
from newsletter.digest.wording import clip, plain
from newsletter.errors import N_, StoreError

#: The notes on a tool that the archive shows, and the words of each.
MOST_NOTES, NOTE_WORDS = 20, 60
NOTE_LABELS = {
    NoteKind.STRENGTH: N_("Strength"),
    NoteKind.TRADE_OFF: N_("Trade-off"),
    NoteKind.USE_CASE: N_("Use case"),
}

#: Items beyond what the mail names that are named in the archive.
MOST_REST = 200


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
    replies: tuple[AnsweredQuestion, ...]
    link: Link | None
    #: What our own pages note of it: "Strength", "Compared with Heron" and the like, with the words.
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowMention:
    """Something that the issue published in its one line of leftovers."""

    kind: ItemKind
    key: str
    label: str
    categories: tuple[str, ...]
    tool_ids: tuple[str, ...]
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDetails:
    """Beside the letter: its comparisons and tools in full, what it only mentioned, and what those stand on."""

    comparisons: tuple[Compared, ...] = ()
    tools: tuple[FullTool, ...] = ()
    mentions: tuple[OverflowMention, ...] = ()
    sources: Sources = field(default_factory=lambda: Sources(origins=(), disputes=()))


def write_details(
    items: Sequence[Item], content: ContentStore, settings: Settings, *, rulings: RulingsOn
) -> ArchiveDetails:
    """Write the details of an issue's items as they read now."""
    rest = [item for item in items if item.room is Room.OVERFLOW][:MOST_REST]
    shown = [item for item in items if item.room in (Room.LEAD, Room.MORE, Room.CARD)]
    material = gather(
        content,
        comparison_ids=[item.key for item in (*shown, *rest) if item.kind is ItemKind.COMPARISON],
        tool_ids=[item.key for item in (*shown, *rest) if item.kind in KICKERS],
        source_order=settings.digest.source_order,
        rulings=rulings,
        language=settings.language,
    )
    comparisons = tuple(
        _comparison(material.comparisons[item.key], material, settings)
        for item in shown
        if item.key in material.comparisons
    )
    tools = tuple(
        _tool(item.kind, material.dossiers[item.key], material, settings)
        for item in shown
        if item.room is Room.CARD and item.key in material.dossiers
    )
    return ArchiveDetails(
        comparisons=comparisons,
        tools=tools,
        mentions=tuple(_mentions(rest, material, settings)),
        sources=sources_block(figures_in((comparisons, tools)), material, settings),
    )


def details_to_json(record: ArchiveDetails) -> str:
    """Return the stored form; equal details always give the same text."""
    return _RECORD.dump_json(record).decode()


def details_from_json(stored: str) -> ArchiveDetails:
    """Read the stored form, empty for an issue approved without details; raises StoreError for anything else."""
    try:
        return _RECORD.validate_json(stored) if stored else ArchiveDetails()
    except ValidationError as error:
        raise StoreError(f"A stored record cannot be read: {error.errors()[0]['msg']}") from error


_RECORD = TypeAdapter(ArchiveDetails)


def _comparison(comparison: Comparison, material: Material, settings: Settings) -> Compared:
    """Return the comparison with all its rows, and what was asked about it, then about its sides."""
    tools = {side.tool.id for side in material.sides(comparison)}
    asked = [each for each in material.questions if each.comparison_id == comparison.id]
    asked += [each for each in material.questions if each.comparison_id is None and each.tool_id in tools]
    replies = tuple(_replies(asked, material, settings.digest.clear_margin))
    return replace(compare(comparison, material, settings), replies=replies)


def _tool(kind: ItemKind, dossier: Dossier, material: Material, settings: Settings) -> FullTool:
    asked = (each for each in material.questions if each.tool_id == dossier.tool.id)
    return FullTool(
        tool_id=dossier.tool.id,
        name=dossier.name,
        kicker=dossier.language.gettext(KICKERS[kind]),
        category=category_name(dossier.tool.category),
        scores=tuple(
            (clip(each.reviewer or dossier.language.gettext(UNNAMED), 40), score)
            for each in dossier.reviews
            if (score := score_of(each)) and (score.decision or score.score is not None)
        ),
        mean=dossier.panel.rounded_mean,
        tests=tuple(
            (clip(each.test, 40), result_figure(each, dossier.language)) for each in dossier.benchmarks
        ),
        replies=tuple(_replies(asked, material, settings.digest.clear_margin)),
        link=link_to(dossier.name, dossier.tool.url, settings),
        notes=tuple(_notes(dossier))[:MOST_NOTES],
    )


def _notes(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Yield our own notes on a tool as far as the recorded facts back them, whole sentences of each."""
    _ = dossier.language.gettext
    for note in dossier.notes:
        words = backed_start(plain(note.words), (dossier,), NOTE_WORDS)
        if not words:
            continue
        if note.kind is NoteKind.VERSUS and note.other:
            yield _("Compared with %(tool)s", tool=clip(note.other, 60)), words
        elif note.kind in NOTE_LABELS:
            yield _(NOTE_LABELS[note.kind]), words


def _replies(questions: Iterable[Question], material: Material, margin: int) -> Iterator[AnsweredQuestion]:
    for question in questions:
        if answer := full_answer(question, material, margin):
            yield AnsweredQuestion(question=plain(question.question), answer=answer)


def _mentions(rest: Iterable[Item], material: Material, settings: Settings) -> Iterator[OverflowMention]:
    for item in rest:
        comparison = material.comparisons.get(item.key) if item.kind is ItemKind.COMPARISON else None
        dossier = material.dossiers.get(item.key) if item.kind in KICKERS else None
        tools = material.sides(comparison) if comparison else (dossier,) if dossier else ()
        if not tools:
            continue
        label = versus(*tools) if len(tools) == 2 else tools[0].name
        url = comparison.url if comparison else tools[0].tool.url
        yield OverflowMention(
            kind=item.kind,
            key=item.key,
            label=label,
            categories=categories_of(each.tool.category for each in tools),
            tool_ids=tuple(each.tool.id for each in tools),
            link=link_to(label, url, settings),
        )
