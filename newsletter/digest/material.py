"""Everything an issue may print about its tools and comparisons, read from the content store in a few queries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import Protocol

from newsletter.content.facts import resolve
from newsletter.content.model import (
    Benchmark,
    Comparison,
    Fact,
    Note,
    NoteKind,
    Question,
    Review,
    Source,
    Tool,
    Verdict,
    Votes,
)
from newsletter.content.store import ContentStore
from newsletter.digest.letter import Figure
from newsletter.digest.panel import Panel, panel_of
from newsletter.digest.sentences import clip, plain

#: Asked with tools' ids, gives an editor's rulings by tool and attribute: a claim's id, or None to leave it out.
RulingsOn = Callable[[Iterable[str]], Mapping[str, Mapping[str, str | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million tokens cost in dollars, in and out; None where nobody recorded it."""

    input: Fact | None = None
    output: Fact | None = None

    @property
    def even(self) -> Decimal | None:
        """The price of a million tokens, half of them in and half out; None unless both are known."""
        first, second = number_of(self.input), number_of(self.output)
        return None if first is None or second is None else (first + second) / 2

    def figure(self, text: str) -> Figure:
        """A text that stands on these prices."""
        return figure(text, self.input, self.output)


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
    notes: tuple[Note, ...]
    #: The tool's one line in our own words; empty where it is not ours.
    tagline: str

    @property
    def name(self) -> str:
        return clip(self.tool.name)

    @property
    def prices(self) -> Prices:
        return Prices(input=self.facts.get("input_price"), output=self.facts.get("output_price"))

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
) -> Material:
    """Read all about these comparisons, their sides and these tools; `rulings` is asked for the tools' rulings."""
    comparisons = content.comparisons(comparison_ids)
    sides = (side for each in comparisons.values() for side in (each.left_id, each.right_id))
    ids = tuple(dict.fromkeys((*sides, *tool_ids)))
    tools = content.tools(ids)
    # A tool may since have become another's alias: what is recorded stands under the id it has now.
    ids = tuple({tool.id: None for tool in tools.values()})
    reviews, verdicts = content.reviews(ids), content.verdicts(ids)
    votes, claims, benchmarks = content.votes(ids), content.claims(ids), content.benchmarks(ids)
    notes = content.notes(ids)
    questions = content.questions(comparison_ids=tuple(comparison_ids), tool_ids=ids)
    everything: list[_Sourced] = [*tools.values(), *comparisons.values(), *votes.values(), *questions]
    for records in (reviews, verdicts, claims, benchmarks, notes):
        everything.extend(chain.from_iterable(records.values()))
    sources = content.sources(tuple({each.source_id for each in everything if each.source_id}))
    ruled = rulings(ids)

    def dossier(tool: Tool) -> Dossier:
        reviewed = reviews.get(tool.id, ())
        return Dossier(
            tool=tool,
            panel=panel_of(verdicts.get(tool.id, ()), reviewed),
            reviews=reviewed,
            verdicts=verdicts.get(tool.id, ()),
            votes=votes.get(tool.id),
            facts=resolve(
                claims.get(tool.id, ()),
                sources=sources,
                source_order=source_order,
                rulings=ruled.get(tool.id, {}),
            ),
            benchmarks=benchmarks.get(tool.id, ()),
            notes=tuple(each for each in notes.get(tool.id, ()) if _is_ours(sources, each)),
            tagline=plain(tool.tagline) if _is_ours(sources, tool) else "",
        )

    return Material(
        comparisons={
            key: each if _is_ours(sources, each) else _without_prose(each)
            for key, each in comparisons.items()
        },
        dossiers={key: dossier(tool) for key, tool in tools.items()},
        questions=tuple(each for each in questions if _is_ours(sources, each)),
        sources=sources,
    )


def number_of(fact: Fact | None) -> Decimal | None:
    return None if fact is None else fact.claim.number


def figure(text: str, *facts: Fact | None) -> Figure:
    """A printed value and the facts it stands on."""
    known = [fact for fact in facts if fact is not None]
    return Figure(
        text=text,
        claims=tuple(fact.claim.id for fact in known),
        disputed=any(fact.disputed for fact in known),
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
