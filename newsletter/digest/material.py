"""Everything an issue may print about its tools and comparisons, read from the content store in a few queries."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

from newsletter.content.facts import resolve
from newsletter.content.records import (
    Benchmark,
    Claim,
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
        """What it is best for, in our own words: a note of that kind, else the tagline."""
        said = (plain(note.words) for note in self.notes if note.kind is NoteKind.BEST_FOR)
        return next(said, self.tagline)


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
    records = _Records.read(content, ids)
    questions = content.questions(comparison_ids=comparison_ids, tool_ids=ids)
    everything: tuple[_Sourced, ...] = (*tools.values(), *comparisons.values(), *questions, *records.all())
    sources = content.sources({each.source_id for each in everything if each.source_id})
    ruled = rulings(ids)
    return Material(
        comparisons={
            key: each if _is_ours(sources, each) else _without_prose(each)
            for key, each in comparisons.items()
        },
        dossiers={
            key: records.dossier(tool, sources, source_order, ruled.get(tool.id, {}), language)
            for key, tool in tools.items()
        },
        questions=tuple(each for each in questions if _is_ours(sources, each)),
        sources=sources,
        language=language,
    )


@dataclass(frozen=True, slots=True)
class _Records:
    """What is recorded about some tools, each kind by tool."""

    reviews: Mapping[str, tuple[Review, ...]]
    verdicts: Mapping[str, tuple[Verdict, ...]]
    votes: Mapping[str, Votes]
    claims: Mapping[str, tuple[Claim, ...]]
    benchmarks: Mapping[str, tuple[Benchmark, ...]]
    offers: Mapping[str, tuple[Offer, ...]]
    notes: Mapping[str, tuple[Note, ...]]

    @classmethod
    def read(cls, content: ContentStore, ids: Sequence[str]) -> "_Records":
        return cls(
            content.reviews(ids),
            content.verdicts(ids),
            content.votes(ids),
            content.claims(ids),
            content.benchmarks(ids),
            content.offers(ids),
            content.notes(ids),
        )

    def all(self) -> Iterator["_Sourced"]:
        kinds = (self.reviews, self.verdicts, self.claims, self.benchmarks, self.offers, self.notes)
        yield from chain(self.votes.values(), *(each for kind in kinds for each in kind.values()))

    def dossier(
        self,
        tool: Tool,
        sources: Mapping[str, Source],
        source_order: Sequence[str],
        rulings: Mapping[str, str | None],
        language: Language,
    ) -> Dossier:
        key = tool.id
        reviews, verdicts = self.reviews.get(key, ()), self.verdicts.get(key, ())
        claims = self.claims.get(key, ())
        return Dossier(
            tool=tool,
            panel=panel_of(verdicts, reviews, language),
            reviews=reviews,
            verdicts=verdicts,
            votes=self.votes.get(key),
            facts=resolve(claims, sources=sources, source_order=source_order, rulings=rulings),
            benchmarks=self.benchmarks.get(key, ()),
            offers=self.offers.get(key, ()),
            notes=tuple(each for each in self.notes.get(key, ()) if _is_ours(sources, each)),
            tagline=plain(tool.tagline) if _is_ours(sources, tool) else "",
            language=language,
        )


class _Sourced(Protocol):
    @property
    def source_id(self) -> str: ...


def _is_ours(sources: Mapping[str, Source], record: _Sourced) -> bool:
    source = sources.get(record.source_id)
    return source is not None and source.ours


def _without_prose(comparison: Comparison) -> Comparison:
    """Other people's comparison: that it exists and where, none of its words."""
    return replace(
        comparison,
        headline="",
        summary="",
        cost_read="",
        performance_read="",
        pick_left_if="",
        pick_right_if="",
    )
