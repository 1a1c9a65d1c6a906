"""What the desk finds: a contradiction, and the statements that it is between."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Protocol, TypeVar

from newsletter.content.records import (
    Benchmark,
    Claim,
    Comparison,
    Decision,
    Question,
    Review,
    Source,
    Tool,
    Verdict,
    Votes,
)
from newsletter.content.store import ContentStore


class Kind(StrEnum):
    """What sort of contradiction it is."""

    SOURCES_DIFFER = "sources differ"
    SAID_TWICE = "said twice"
    TWO_RECORDS = "two records, one tool"
    ONE_NAME = "one name, two tools"
    TOTAL = "total against price"
    SAVING = "saving against price"
    RATIO = "ratio against price"
    PRICE = "price against price"
    SPLIT = "share against split"
    WINS = "wins against table"
    UNTESTED = "untested against results"
    AHEAD = "who is ahead"
    ADVICE = "text against its answer"


class Severity(StrEnum):
    """How much hangs on it."""

    #: A figure or name that an issue prints may be wrong.
    SERIOUS = "serious"
    #: The source is less to be relied on; what an issue prints of it stands elsewhere.
    MINOR = "minor"


_MINOR = (Kind.WINS, Kind.UNTESTED, Kind.AHEAD, Kind.ADVICE, Kind.SAVING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One side: what is said of a tool, by whom, on which line of it, and how old it is."""

    tool_id: str
    value: str
    words: str
    source_id: str
    source: str
    line: int | None
    #: "verified 2026-03-01", "as of …", "published …" or "seen …": the best date there is.
    dated: str
    #: Empty for what is no claim: a sentence, a row of a table.
    claim_id: str = ""

    @property
    def place(self) -> str:
        return self.source if self.line is None else f"{self.source}, line {self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two statements that cannot both be true. `also` are others that say the same as either.

    `certain`: it follows from the figures alone; else from what words usually mean. `attribute` is what an editor
    can rule on to settle it.
    """

    kind: Kind
    attribute: str
    left: Statement
    right: Statement
    also: tuple[Statement, ...] = ()
    reason: str
    certain: bool = True

    @property
    def severity(self) -> Severity:
        return Severity.MINOR if self.kind in _MINOR else Severity.SERIOUS

    @property
    def tool_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.left.tool_id, self.right.tool_id)))


def state_claim(claim: Claim, sources: Mapping[str, Source]) -> Statement:
    """The statement that a claim is."""
    return Statement(
        tool_id=claim.tool_id,
        value=" ".join(filter(None, (claim.value, claim.unit if claim.number is not None else ""))),
        words=claim.words or claim.value,
        source_id=claim.source_id,
        source=sources[claim.source_id].name,
        line=claim.line,
        dated=date_claim(claim, sources[claim.source_id]),
        claim_id=claim.id,
    )


def state_result(result: Benchmark, source: Source) -> Statement:
    """The statement that a row of a benchmark table is."""
    value = "no score" if result.score is None else f"{result.score:f}"
    return Statement(
        tool_id=result.tool_id,
        value=value,
        words=f"{result.test}: {value}",
        source_id=source.id,
        source=source.name,
        line=result.line,
        dated=f"as of {result.as_of}" if result.as_of else date_source(source),
    )


def state_words(source: Source, tool_id: str, words: str, line: int | None, *, value: str = "") -> Statement:
    """A statement that is no record of its own: words of the source, and what they come to where that is another."""
    return Statement(
        tool_id=tool_id,
        value=value or words,
        words=words,
        source_id=source.id,
        source=source.name,
        line=line,
        dated=date_source(source),
    )


def date_claim(claim: Claim, source: Source) -> str:
    if claim.verified_on is not None:
        return f"verified {claim.verified_on}"
    if claim.as_of is not None:
        return f"as of {claim.as_of}"
    return date_source(source)


def date_source(source: Source) -> str:
    if source.published_on is not None:
        return f"published {source.published_on}"
    return f"seen {source.seen_on}"


# Everything that the desk looks through, read in a few queries, and the same sorted by source.


class _Sourced(Protocol):
    @property
    def source_id(self) -> str: ...


T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
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


@dataclass(frozen=True, kw_only=True)
class Sheet:
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

    @property
    def sources(self) -> Mapping[str, Source]:
        return {self.source.id: self.source}

    def said(self, tool_id: str, attribute: str) -> tuple[Claim, ...]:
        """What it states of an attribute, in its order."""
        return tuple(self._claims.get((tool_id, attribute), ()))

    def results(self, tool_id: str) -> Mapping[str, Benchmark]:
        """Its results of a tool, by test."""
        return self._results.get(tool_id, {})

    def decisions(self, tool_id: str) -> tuple[Decision | None, ...]:
        """What each of its reviews of a tool decides."""
        return tuple(each.decision for each in self._reviews.get(tool_id, ()))

    def rival(self, tool_id: str) -> str | None:
        """The only tool that it compares this one with; None where there are several, or none."""
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
    return _sorted_by(records, lambda record: record.source_id)


def _sorted_by(records: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = {}
    for each in records:
        found.setdefault(key(each), []).append(each)
    return found


def _last_verdicts(papers: Papers) -> Iterator[Verdict]:
    """What each source said last of the panel's outcome: what it said before is history, no contradiction."""
    for history in papers.verdicts.values():
        yield from {each.source_id: each for each in history}.values()
