"""Everything that the desk looks through for contradictions: all records, and the same sorted by source."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TypeVar

from newsletter.content.records import (
    Benchmark,
    Claim,
    Comparison,
    Decision,
    Question,
    Review,
    Source,
    SourcedEntry,
    Tool,
    Verdict,
    Votes,
)
from newsletter.content.store import ContentStore

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=SourcedEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllRecords:
    """What is recorded now, of every tool."""

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


@dataclass(frozen=True, kw_only=True)
class SourceRecords:
    """What one source says. It may be a whole site, so what is looked up often is sorted once."""

    source: Source
    tools: Mapping[str, Tool]
    claims: tuple[Claim, ...]
    benchmarks: tuple[Benchmark, ...]
    verdicts: tuple[Verdict, ...]
    reviews: tuple[Review, ...]
    votes: tuple[Votes, ...]
    comparisons: tuple[Comparison, ...]
    questions: tuple[Question, ...]

    def claims_on(self, tool_id: str, attribute: str) -> tuple[Claim, ...]:
        """Return the source's claims on an attribute of a tool, in its order."""
        return tuple(self._claims.get((tool_id, attribute), ()))

    def results(self, tool_id: str) -> Mapping[str, Benchmark]:
        """Return the source's results of a tool, by test."""
        return self._results.get(tool_id, {})

    def decisions(self, tool_id: str) -> tuple[Decision | None, ...]:
        """Return what each of the source's reviews of a tool decides."""
        return tuple(each.decision for each in self._reviews.get(tool_id, ()))

    def rival(self, tool_id: str) -> str | None:
        """Return the only tool that the source compares this one with; None where there are several, or none."""
        others = (self._rivals.get(tool_id) or self._spoken_of) - {tool_id}
        return next(iter(others)) if len(others) == 1 else None

    @cached_property
    def _claims(self) -> Mapping[tuple[str, str], list[Claim]]:
        return _sorted_by(self.claims, lambda claim: (claim.tool_id, claim.attribute))

    @cached_property
    def _reviews(self) -> Mapping[str, list[Review]]:
        return _sorted_by(self.reviews, lambda review: review.tool_id)

    @cached_property
    def _results(self) -> Mapping[str, Mapping[str, Benchmark]]:
        by_tool = _sorted_by(self.benchmarks, lambda result: result.tool_id)
        return {tool_id: {each.test: each for each in results} for tool_id, results in by_tool.items()}

    @cached_property
    def _rivals(self) -> Mapping[str, frozenset[str]]:
        sides = [(each.left_id, each.right_id) for each in self.comparisons]
        both = _sorted_by([*sides, *((right, left) for left, right in sides)], lambda pair: pair[0])
        return {tool_id: frozenset(other for _, other in pairs) for tool_id, pairs in both.items()}

    @cached_property
    def _spoken_of(self) -> frozenset[str]:
        return frozenset(key for key, _ in self._claims) | frozenset(self._results)


def read_all(store: ContentStore) -> AllRecords:
    """Read all that the store holds now, in a few queries."""
    ids = [each.id for each in store.tool_heads()]
    comparisons = store.comparisons(each.id for each in store.comparison_heads())
    sources = store.sources((each.id for each in store.all_sources()), with_text=True)
    return AllRecords(
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


def by_source(recorded: AllRecords) -> Iterator[SourceRecords]:
    """Yield all records by source, in the order of the sources' ids."""
    claims = _by_source(chain.from_iterable(recorded.claims.values()))
    benchmarks = _by_source(chain.from_iterable(recorded.benchmarks.values()))
    # What a source said before of the panel's outcome is history, no contradiction.
    last = ({each.source_id: each for each in history}.values() for history in recorded.verdicts.values())
    verdicts = _by_source(chain.from_iterable(last))
    reviews = _by_source(chain.from_iterable(recorded.reviews.values()))
    votes = _by_source(recorded.votes.values())
    comparisons, questions = _by_source(recorded.comparisons), _by_source(recorded.questions)
    for key in sorted(recorded.sources):
        yield SourceRecords(
            source=recorded.sources[key],
            tools=recorded.tools,
            claims=tuple(claims.get(key, ())),
            benchmarks=tuple(benchmarks.get(key, ())),
            verdicts=tuple(verdicts.get(key, ())),
            reviews=tuple(reviews.get(key, ())),
            votes=tuple(votes.get(key, ())),
            comparisons=tuple(comparisons.get(key, ())),
            questions=tuple(questions.get(key, ())),
        )


def _by_source(records: Iterable[R]) -> dict[str | None, list[R]]:
    return _sorted_by(records, lambda record: record.source_id)


def _sorted_by(records: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = {}
    for each in records:
        found.setdefault(key(each), []).append(each)
    return found
