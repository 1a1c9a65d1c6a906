"""Everything that the desk looks through, read in a few queries, and the same sorted by source."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, TypeVar

from newsletter.content.model import (
    Benchmark,
    Claim,
    Comparison,
    Question,
    Review,
    Source,
    Tool,
    Verdict,
    Votes,
)
from newsletter.content.store import ContentStore


class _Sourced(Protocol):
    @property
    def source_id(self) -> str: ...


R = TypeVar("R", bound=_Sourced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What is recorded and holds, of every tool."""

    tools: Mapping[str, Tool]
    claims: Mapping[str, tuple[Claim, ...]]
    benchmarks: Mapping[str, tuple[Benchmark, ...]]
    verdicts: Mapping[str, tuple[Verdict, ...]]
    reviews: Mapping[str, tuple[Review, ...]]
    votes: Mapping[str, Votes]
    comparisons: tuple[Comparison, ...]
    questions: tuple[Question, ...]
    #: With their texts.
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one source says."""

    source: Source
    tools: Mapping[str, Tool]
    claims: tuple[Claim, ...]
    benchmarks: tuple[Benchmark, ...]
    verdicts: tuple[Verdict, ...]
    reviews: tuple[Review, ...]
    votes: tuple[Votes, ...]
    comparisons: tuple[Comparison, ...]
    questions: tuple[Question, ...]

    @property
    def sources(self) -> Mapping[str, Source]:
        return {self.source.id: self.source}

    def said(self, tool_id: str, attribute: str) -> tuple[Claim, ...]:
        """What it states of an attribute, in its order."""
        return tuple(each for each in self.claims if (each.tool_id, each.attribute) == (tool_id, attribute))

    def results(self, tool_id: str) -> dict[str, Benchmark]:
        return {each.test: each for each in self.benchmarks if each.tool_id == tool_id}

    def rival(self, tool_id: str) -> str | None:
        """The only tool that it compares this one with; None where there are several, or none."""
        others = {
            side
            for each in self.comparisons
            if tool_id in (each.left_id, each.right_id)
            for side in (each.left_id, each.right_id)
        } or {*(each.tool_id for each in self.claims), *(each.tool_id for each in self.benchmarks)}
        others.discard(tool_id)
        return others.pop() if len(others) == 1 else None


def read_papers(store: ContentStore) -> Papers:
    """All that the store holds now."""
    ids = [each.id for each in store.tool_heads()]
    comparisons = store.comparisons(each.id for each in store.comparison_heads())
    sources = store.sources((each.id for each in store.all_sources()), with_text=True)
    return Papers(
        tools=store.tools(ids),
        claims=store.claims(ids),
        benchmarks=store.benchmarks(ids),
        verdicts=store.verdicts(ids),
        reviews=store.reviews(ids),
        votes=store.votes(ids),
        comparisons=tuple(comparisons.values()),
        questions=store.questions(comparison_ids=comparisons, tool_ids=ids),
        sources=sources,
    )


def sheets(papers: Papers) -> Iterator[Sheet]:
    """The papers by source, in the order of the sources' ids."""
    claims = _by_source(chain.from_iterable(papers.claims.values()))
    benchmarks = _by_source(chain.from_iterable(papers.benchmarks.values()))
    verdicts = _by_source(_last_verdicts(papers))
    reviews = _by_source(chain.from_iterable(papers.reviews.values()))
    votes = _by_source(papers.votes.values())
    comparisons, questions = _by_source(papers.comparisons), _by_source(papers.questions)
    for key in sorted(papers.sources):
        yield Sheet(
            source=papers.sources[key],
            tools=papers.tools,
            claims=tuple(claims.get(key, ())),
            benchmarks=tuple(benchmarks.get(key, ())),
            verdicts=tuple(verdicts.get(key, ())),
            reviews=tuple(reviews.get(key, ())),
            votes=tuple(votes.get(key, ())),
            comparisons=tuple(comparisons.get(key, ())),
            questions=tuple(questions.get(key, ())),
        )


def _by_source(records: Iterable[R]) -> dict[str, list[R]]:
    found: dict[str, list[R]] = {}
    for each in records:
        found.setdefault(each.source_id, []).append(each)
    return found


def _last_verdicts(papers: Papers) -> Iterator[Verdict]:
    """What each source said last of the panel's outcome: what it said before is history, no contradiction."""
    for history in papers.verdicts.values():
        yield from {each.source_id: each for each in history}.values()
