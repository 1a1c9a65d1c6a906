"""Everything that the desk looks through for contradictions: all records, and the same sorted by source."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TypeVar

from newsletter.content.pages.lines import is_prose, split_lines
from newsletter.content.pages.prose import claimed
from newsletter.content.records import (
    Benchmark,
    Claim,
    Comparison,
    Decision,
    Offer,
    Question,
    Review,
    Source,
    SourcedEntry,
    Tool,
    Verdict,
    Votes,
    slug,
)
from newsletter.content.statements.names import Names
from newsletter.content.statements.reading import read_sentence, read_statements
from newsletter.content.statements.sentence import Sentence
from newsletter.content.statements.statement import Matter, Statement
from newsletter.content.store import ContentStore
from newsletter.content.units import measure

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=SourcedEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllRecords:
    """What is recorded now, of every tool."""

    tools: Mapping[str, Tool]
    claims: Mapping[str, tuple[Claim, ...]]
    benchmarks: Mapping[str, tuple[Benchmark, ...]]
    offers: Mapping[str, tuple[Offer, ...]]
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
    offers: tuple[Offer, ...]
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

    def scores(self, tool_id: str) -> tuple[int | None, ...]:
        """Return the scores of the source's reviews of a tool, from 0 to 100."""
        return tuple(each.score for each in self._reviews.get(tool_id, ()))

    def rival(self, tool_id: str) -> str | None:
        """Return the only tool that the source compares this one with; None where there are several, or none."""
        others = (self._rivals.get(tool_id) or self._spoken_of) - {tool_id}
        return next(iter(others)) if len(others) == 1 else None

    @cached_property
    def pair(self) -> tuple[str, str] | None:
        """The two tools that the source compares; None where it compares more, or none."""
        pairs = {(each.left_id, each.right_id) for each in self.comparisons}
        pair = pairs.pop() if len(pairs) == 1 else None
        return pair if pair and all(each in self.tools for each in pair) else None

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What the sentences of the source state, in its order; of a source without text, what its records state."""
        read = _of_text(self) if self.source.text else _of_records(self)
        return (*read, *_of_values(self))

    def stated(self, *matters: Matter) -> Iterator[Statement]:
        return (each for each in self.statements if each.matter in matters)

    def claim_of(self, statement: Statement) -> Claim | None:
        """Return the claim that was made of a statement, if one was."""
        attribute, value = claimed(statement) or (statement.matter.value, statement.value)
        measured = measure(attribute, value)
        for claim in self.claims_on(statement.tool, attribute):
            if claim.line == statement.line and measured.value in (claim.value, claim.value.rstrip("x")):
                return claim
        return None

    def is_answer(self, line: int | None) -> bool:
        """Return whether a line answers one of the questions of the source."""
        return line in self._answers

    @cached_property
    def _answers(self) -> frozenset[int]:
        asked = sorted(each.line for each in self.questions if each.line is not None)
        return frozenset(
            line
            for question in self.questions
            if question.line is not None
            for line in _answer_lines(question, asked)
        )

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


def _answer_lines(question: Question, asked: list[int]) -> range:
    first = (question.line or 0) + 1
    following = next(
        (line for line in asked if line >= first), first + 2 * len(question.answer.split("\n")) + 1
    )
    return range(first, following)


#: Headings under which a page speaks of others, or lets others speak; and the headings that end such a part.
_SILENT = re.compile(
    r"reviewer scorecard|comparisons|alternatives|(?:starter )?prompts|example outputs?|works well with|top mcps",
    re.I,
)
_SPEAKING = re.compile(r"use[- ]case.*|faqs?|frequently asked.*|best use cases|verdict|overview", re.I)


def _of_text(records: SourceRecords) -> Iterator[Statement]:
    page = split_lines(records.source.text, records.source.name)
    pair = records.pair
    ids = pair or tuple(
        dict.fromkeys(each.tool_id for each in records.claims if each.tool_id in records.tools)
    )
    if not ids or len(ids) > 2:
        return
    named = {records.tools[each].name.casefold(): records.tools[each].name for each in ids}
    every = tuple(named.values())
    names = Names(every, subject=None if pair else every[0])
    subject, silent = None, False
    for line in page.lines:
        name = named.get(line.text.casefold()) if len(line.text) < 200 else None
        if name is not None:
            subject = slug(name) if pair and records.reviews else None
        elif len(line.text) <= 40 and not line.bulleted:
            heading = line.text.strip("#*: ")
            silent = bool(_SILENT.fullmatch(heading)) or (silent and not _SPEAKING.fullmatch(heading))
        if not silent and is_prose(line):
            yield from read_statements(line.text, names, subject=subject, line=line.number, compared=True)


def _of_records(records: SourceRecords) -> Iterator[Statement]:
    """Yield what a source without text says of the two tools it compares, and what its claims state."""
    pair = records.pair
    if pair and not records.reviews:
        names = Names([records.tools[each].name for each in pair])
        for each in records.comparisons:
            for text in (each.cost_read, each.performance_read, each.summary):
                yield from (
                    one for one in read_statements(text, names) if one.matter.value not in _CLAIMED_HERE
                )
        for question in records.questions:
            read = read_statements(question.answer, names, line=question.line)
            yield from (one for one in read if one.matter.value not in _CLAIMED_HERE)
    for claim in records.claims:
        found = _CLAIMED_HERE.get(claim.attribute)
        number = plain_number(claim)
        if found is None or number is None:
            continue
        rival = records.rival(claim.tool_id) or ""
        about = _about(claim, records.tools[claim.tool_id].name) if claim.tool_id in records.tools else None
        yield replace(
            about
            or Statement(
                matter=found,
                tool=claim.tool_id,
                value=claim.value,
                words=claim.words,
                unit="x" if found is Matter.COST_RATIO else "",
            ),
            tool=claim.tool_id,
            matter=found,
            value=claim.value,
            number=number,
            rival=rival,
            line=claim.line,
        )


#: Attributes that are compared as statements.
_CLAIMED_HERE = {"cost_ratio": Matter.COST_RATIO, "saving": Matter.SAVING, "benchmarks_won": Matter.WINS}


def _about(claim: Claim, name: str) -> Statement | None:
    """Return the statement that a claim's words make of its attribute."""
    sentence = Sentence(claim.words, Names([name, "the other one"], subject=name), line=claim.line)
    return next(
        (each for each in read_sentence(sentence) if each.matter is _CLAIMED_HERE[claim.attribute]), None
    )


def plain_number(claim: Claim) -> Decimal | None:
    """Return the number of a claim whose attribute the store keeps as text."""
    found = re.fullmatch(r"\d+(?:\.\d+)?", claim.value)
    return claim.number if claim.number is not None else Decimal(found[0]) if found else None


#: A labelled value that says one thing twice: in two currencies, or in tokens and in words.
_TWICE = re.compile(r"\$.*[€£]|[€£].*\$|\d ?words\b")


def _of_values(records: SourceRecords) -> Iterator[Statement]:
    for claim in records.claims:
        if (
            claim.number is None
            and len(claim.value) < 200
            and _TWICE.search(claim.value)
            and claim.tool_id in records.tools
        ):
            name = records.tools[claim.tool_id].name
            names = Names([name], subject=name)
            sentence = Sentence(claim.value, names, line=claim.line, going_on=True)
            read = (
                each for each in read_sentence(sentence) if each.matter in (Matter.EXCHANGE, Matter.WORDS)
            )
            yield from (replace(each, tool=claim.tool_id) for each in read)


def read_all(store: ContentStore) -> AllRecords:
    """Read all that the store holds now, in a few queries."""
    ids = [each.id for each in store.tool_heads()]
    comparisons = store.comparisons(each.id for each in store.comparison_heads())
    sources = store.sources((each.id for each in store.all_sources()), with_text=True)
    return AllRecords(
        tools=store.tools(ids),
        claims=store.claims(ids),
        benchmarks=store.benchmarks(ids),
        offers=store.offers(ids),
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
    offers = _by_source(chain.from_iterable(recorded.offers.values()))
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
            offers=tuple(offers.get(key, ())),
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
