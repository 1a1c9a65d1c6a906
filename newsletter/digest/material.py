"""Everything an issue may print about its tools and comparisons, read from the content store in a few queries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

from newsletter.content.facts import resolve
from newsletter.content.records import (
    Benchmark,
    Comparison,
    Fact,
    Note,
    NoteKind,
    Offer,
    Question,
    Review,
    Source,
    Tool,
    Verdict,
    Votes,
)
from newsletter.content.store import ContentStore
from newsletter.digest.panel import Panel, panel_of
from newsletter.digest.wording import clip, plain
from newsletter.language import ENGLISH, Language

#: Asked with tools' ids, gives an editor's rulings by tool and attribute: a claim's id, or None to leave it out.
RulingsOn = Callable[[Iterable[str]], Mapping[str, Mapping[str, str | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One tool with all that is recorded about it."""

    tool: Tool
    panel: Panel
    reviews: tuple[Review, ...]
    verdicts: tuple[Verdict, ...]
    votes: Votes | None
    facts: Mapping[str, Fact]
    benchmarks: tuple[Benchmark, ...]
    offers: tuple[Offer, ...]
    notes: tuple[Note, ...]
    #: The tool's one line in our own words; empty where it is not ours.
    tagline: str
    #: What its issue is written in.
    language: Language = ENGLISH

    @property
    def name(self) -> str:
        return clip(self.tool.name)

    @property
    def best_for(self) -> str:
        """What it is best for, in our own words: a note of that kind. What it is, its tagline, says something else."""
        return next((plain(note.words) for note in self.notes if note.kind is NoteKind.BEST_FOR), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the blocks are written from. Prose in it is ours throughout; figures may come from anyone."""

    comparisons: Mapping[str, Comparison]
    dossiers: Mapping[str, Dossier]
    questions: tuple[Question, ...]
    sources: Mapping[str, Source]
    #: What the blocks are written in.
    language: Language = ENGLISH

    def is_ours(self, record: "_Sourced") -> bool:
        return _is_ours(self.sources, record)

    def sides(self, comparison: Comparison) -> tuple[Dossier, Dossier]:
        return self.dossiers[comparison.left_id], self.dossiers[comparison.right_id]


def gather(
    content: ContentStore,
    *,
    comparison_ids: Sequence[str],
    tool_ids: Iterable[str],
    source_order: Sequence[str],
    rulings: RulingsOn,
    language: Language = ENGLISH,
) -> Material:
    """Read all about these comparisons, their sides and these tools; `rulings` is asked for the tools' rulings."""
    comparisons = content.comparisons(comparison_ids)
    sides = (side for each in comparisons.values() for side in (each.left_id, each.right_id))
    tools = content.tools(dict.fromkeys((*sides, *tool_ids)))
    # A tool may since have become another's alias: what is recorded stands under the id it has now.
    ids = tuple({tool.id: None for tool in tools.values()})
    reviews, verdicts, votes = content.reviews(ids), content.verdicts(ids), content.votes(ids)
    claims, benchmarks = content.claims(ids), content.benchmarks(ids)
    offers, notes = content.offers(ids), content.notes(ids)
    questions = content.questions(comparison_ids=comparison_ids, tool_ids=ids)
    by_tool = (reviews, verdicts, claims, benchmarks, offers, notes)
    recorded: Iterable[_Sourced] = chain(
        tools.values(),
        comparisons.values(),
        questions,
        votes.values(),
        *(chain(*each.values()) for each in by_tool),
    )
    sources = content.sources({each.source_id for each in recorded if each.source_id})
    ruled = rulings(ids)
    return Material(
        comparisons={
            key: each if _is_ours(sources, each) else _without_prose(each)
            for key, each in comparisons.items()
        },
        dossiers={
            key: Dossier(
                tool=tool,
                panel=panel_of(verdicts.get(tool.id, ()), reviews.get(tool.id, ()), language),
                reviews=reviews.get(tool.id, ()),
                verdicts=verdicts.get(tool.id, ()),
                votes=votes.get(tool.id),
                facts=resolve(
                    claims.get(tool.id, ()),
                    sources=sources,
                    source_order=source_order,
                    rulings=ruled.get(tool.id, {}),
                ),
                benchmarks=benchmarks.get(tool.id, ()),
                offers=offers.get(tool.id, ()),
                notes=tuple(each for each in notes.get(tool.id, ()) if _is_ours(sources, each)),
                tagline=plain(tool.tagline) if _is_ours(sources, tool) else "",
                language=language,
            )
            for key, tool in tools.items()
        },
        questions=tuple(each for each in questions if _is_ours(sources, each)),
        sources=sources,
        language=language,
    )


class _Sourced(Protocol):
    @property
    def source_id(self) -> str: ...


def _is_ours(sources: Mapping[str, Source], record: _Sourced) -> bool:
    source = sources.get(record.source_id)
    return source is not None and source.ours


def _without_prose(comparison: Comparison) -> Comparison:
    """Strip another site's comparison to the fact that it exists and where."""
    return replace(
        comparison,
        headline="",
        summary="",
        cost_read="",
        performance_read="",
        pick_left_if="",
        pick_right_if="",
    )
