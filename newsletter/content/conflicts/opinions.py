"""Sentences of one source against its table, its grades and each other: who won, who is ahead, who is advised.

Reviewers may disagree with each other, so a source that holds reviews is not read for opinions.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from newsletter.content.conflicts.arithmetic import price_range, prices, side_of
from newsletter.content.conflicts.by_source import AllRecords, SourceRecords
from newsletter.content.conflicts.contradiction import (
    Contradiction,
    ContradictionKind,
    ContradictionSide,
    claim_side,
    result_side,
)
from newsletter.content.records import Benchmark, Claim
from newsletter.content.statements.statement import Matter, Statement

#: In these tests less is more, so who won is not to be told from the figures.
_LESS_IS_MORE = re.compile(r"latency|\btime\b|cost|price|error|hallucination|\bms\b|seconds|perplexity", re.I)
_UNTESTED = ("untested", "not tested", "not yet tested", "ungraded")


def wins(records: SourceRecords) -> Iterator[Contradiction]:
    """Find wins, and a zero "across the board", that the source's own table does not hold."""
    for statement in records.stated(Matter.WINS):
        table = records.results(statement.tool)
        won = _won(records, statement.tool)
        # Wins out of another number of tests are those of another table.
        of_table = statement.of is None or statement.of == len(table) or statement.line is None
        if (
            table
            and of_table
            and not statement.unit
            and statement.number is not None
            and len(won) < statement.number
        ):
            yield Contradiction(
                kind=ContradictionKind.WINS,
                attribute="benchmarks_won",
                left=result_side(next(iter((*won, *table.values()))), records.source),
                right=side_of(records, statement),
                reason=f"{statement.value} wins are claimed over a table that holds {len(won)}",
            )
    for claim in records.claims:
        table = records.results(claim.tool_id)
        if claim.attribute == "benchmark_score" and table and claim.value == "0":
            other = next((each for each in table.values() if each.score != 0), None)
            if other is not None:
                yield _over_table(records, claim, other, _no_zero(other))


def _no_zero(result: Benchmark) -> str:
    if result.score is None:
        return "a score of zero is claimed where the table has none: untested is not zero"
    return f"a score of zero in every test is claimed, the table has {result.score:f} in {result.test}"


def _won(records: SourceRecords, tool_id: str) -> list[Benchmark]:
    """Return the rows in which no other tool has more."""
    rivals = [each for each in records.benchmarks if each.tool_id != tool_id and each.score is not None]
    return [
        result
        for result in records.results(tool_id).values()
        if result.score is not None
        and all(
            _LESS_IS_MORE.search(result.test) or each.score is None or each.score < result.score
            for each in rivals
            if each.test == result.test
        )
    ]


def _over_table(records: SourceRecords, claim: Claim, result: Benchmark, reason: str) -> Contradiction:
    return Contradiction(
        kind=ContradictionKind.WINS,
        attribute=claim.attribute,
        left=result_side(result, records.source),
        right=claim_side(claim, records.source),
        reason=reason,
    )


def untested(records: SourceRecords) -> Iterator[Contradiction]:
    """Find tools that are graded untested and yet have results or wins in the same source."""
    for tool_id in dict.fromkeys(each.tool_id for each in (*records.claims, *records.benchmarks)):
        grades = [each for each in records.claims_on(tool_id, "grade") if each.value.casefold() in _UNTESTED]
        results: list[ContradictionSide] = [
            claim_side(each, records.source)
            for attribute in ("benchmarks_won", "success_rate")
            for each in records.claims_on(tool_id, attribute)
        ]
        results += [
            result_side(each, records.source)
            for each in records.results(tool_id).values()
            if each.score is not None
        ]
        if grades and results:
            yield Contradiction(
                kind=ContradictionKind.UNTESTED,
                attribute="grade",
                left=claim_side(grades[0], records.source),
                right=results[0],
                also=tuple(results[-1:] if len(results) > 1 else ()),
                reason=f"it is graded {grades[0].value} and has results in the same source",
            )
            continue
        said = next((each for each in records.stated(Matter.UNTESTED) if each.tool == tool_id), None)
        if said and results:
            yield Contradiction(
                kind=ContradictionKind.UNTESTED,
                attribute="benchmarks",
                left=side_of(records, said),
                right=results[-1],
                reason="it is said to be untested and has results in the same source",
            )


def grades(records: SourceRecords) -> Iterator[Contradiction]:
    """Find sources that give one tool two grades."""
    for tool_id in dict.fromkeys(each.tool_id for each in records.claims):
        stated = {each.value.casefold(): each for each in reversed(records.claims_on(tool_id, "grade"))}
        if len(stated) > 1:
            first, other, *_ = reversed(stated.values())
            yield Contradiction(
                kind=ContradictionKind.SAID_TWICE,
                attribute="grade",
                left=claim_side(first, records.source),
                right=claim_side(other, records.source),
                reason=f"one source grades it {first.value} and {other.value}",
            )


def none_public(recorded: AllRecords, ids: tuple[str, ...]) -> Iterator[Contradiction]:
    """Find "no public benchmarks" said of a tool (by any of its records) of which a source shows results."""
    claims = [
        each for tool_id in ids for each in recorded.claims.get(tool_id, ()) if each.attribute == "benchmarks"
    ]
    results = [
        each
        for tool_id in ids
        for each in recorded.benchmarks.get(tool_id, ())
        if each.score is not None and each.as_of is None
    ]
    for claim in (each for each in claims if each.value == "none public"):
        if results:
            result = results[0]
            yield Contradiction(
                kind=ContradictionKind.UNTESTED,
                attribute=claim.attribute,
                left=claim_side(claim, recorded.sources[claim.source_id]),
                right=result_side(result, recorded.sources[result.source_id]),
                reason="no benchmarks are public by one, a result stands in the other's table",
                certain=False,
            )
            return


def against_each_other(records: SourceRecords) -> Iterator[Contradiction]:
    """Find where sentences of a comparison contradict each other, its prices or its table."""
    if records.pair is None or records.reviews:
        return
    said = [each for each in records.statements if each.matter in _OPINIONS and each.rival]
    yield from _ahead(records, said)
    yield from _advice(records, said)
    yield from _cheaper(records, said)
    yield from _only_untested(records, said)
    yield from _table_against(records, said)


_OPINIONS = (Matter.EVERY_TEST, Matter.TESTS, Matter.BETTER, Matter.CHEAPER, Matter.ONLY_UNTESTED)


def _ahead(records: SourceRecords, said: list[Statement]) -> Iterator[Contradiction]:
    """Find "ahead in every test" where the other one is ahead in some."""
    for every in (each for each in said if each.matter is Matter.EVERY_TEST):
        others = [
            each
            for each in said
            if each.matter in (Matter.EVERY_TEST, Matter.TESTS) and each.tool == every.rival
        ]
        if others:
            repeated = [
                each
                for each in said
                if each.matter is Matter.EVERY_TEST and each != every and each.tool == every.tool
            ]
            yield Contradiction(
                kind=ContradictionKind.AHEAD,
                attribute="performance",
                left=side_of(records, others[0]),
                right=side_of(records, every),
                also=tuple(side_of(records, each) for each in repeated),
                reason="each of the two is said to be ahead of the other in tests, one of them in every test",
                certain=False,
            )
            return


def _advice(records: SourceRecords, said: list[Statement]) -> Iterator[Contradiction]:
    """Find texts that are for one tool where the answer to a question is for the other."""
    answers = [each for each in said if each.matter is Matter.BETTER and _is_answer(records, each)]
    for answer in answers:
        texts = [
            each
            for each in said
            if not _is_answer(records, each)
            and each.tool == answer.rival
            and each.matter in (Matter.BETTER, Matter.EVERY_TEST)
        ]
        if texts:
            first = next((each for each in texts if each.matter is Matter.BETTER), texts[0])
            yield Contradiction(
                kind=ContradictionKind.ADVICE,
                attribute="advice",
                left=side_of(records, first),
                right=side_of(records, answer),
                also=tuple(side_of(records, each) for each in texts if each != first),
                reason="the text is for one of the two, its own answer for the other",
                certain=False,
            )
            return


def _is_answer(records: SourceRecords, statement: Statement) -> bool:
    return records.is_answer(statement.line)


def _cheaper(records: SourceRecords, said: list[Statement]) -> Iterator[Contradiction]:
    for each in (each for each in said if each.matter is Matter.CHEAPER):
        one, other = price_range(records, each.tool), price_range(records, each.rival)
        if one and other and one.low >= other.low and one.high > other.high:
            yield Contradiction(
                kind=ContradictionKind.RATIO,
                attribute="output_price",
                left=claim_side(prices(records, each.tool, "output_price")[0], records.source),
                right=side_of(records, each),
                reason="it is said to be the cheaper one, its prices are the higher ones",
            )
            return


def _only_untested(records: SourceRecords, said: list[Statement]) -> Iterator[Contradiction]:
    for each in (each for each in said if each.matter is Matter.ONLY_UNTESTED):
        empty = [result for result in records.results(each.tool).values() if result.score is None]
        if len(empty) > 1:
            untested_row = result_side(empty[0], records.source)
            yield Contradiction(
                kind=ContradictionKind.UNTESTED,
                attribute="benchmarks",
                left=replace(untested_row, value=f"{len(empty)} tests without a score"),
                right=side_of(records, each),
                reason=f"one area is said to be untested, the table has {len(empty)} rows without a score",
            )
            return


def _table_against(records: SourceRecords, said: list[Statement]) -> Iterator[Contradiction]:
    """Find "ahead in every test" where the table shows the other one ahead in one."""
    for each in (each for each in said if each.matter is Matter.EVERY_TEST):
        theirs = records.results(each.rival)
        for test, result in records.results(each.tool).items():
            known = test in theirs and not _LESS_IS_MORE.search(test)
            score = theirs[test].score if known else None
            if score is not None and score > (
                result.score if result.score is not None else Decimal("Infinity")
            ):
                yield Contradiction(
                    kind=ContradictionKind.WINS,
                    attribute="benchmarks",
                    left=result_side(theirs[test], records.source),
                    right=side_of(records, each),
                    reason=f"it is said to be ahead in every test, and is behind in {test}",
                )
                return
