"""Sentences of one source against its table, its grades and each other: who won, who is ahead, who is advised.

Only what is said without a condition counts: "the better one for small teams" contradicts nothing. Reviewers may
disagree with each other, so a source that holds reviews is not read for opinions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from newsletter.content.conflicts.arithmetic import price_range, prices
from newsletter.content.conflicts.by_source import AllRecords, SourceRecords
from newsletter.content.conflicts.contradiction import (
    Contradiction,
    ContradictionKind,
    ContradictionSide,
    claim_side,
    result_side,
    words_side,
)
from newsletter.content.pages.lines import is_prose, sentences, split_lines
from newsletter.content.pages.prose import SENTENCE_LENGTH, Names
from newsletter.content.records import Benchmark, Claim

# Sentences that judge one of two tools against the other: found with their line, and whether an answer says them.


class OpinionKind(StrEnum):
    """What a sentence says of its tool, against the other one."""

    EVERY_TEST = "ahead in every test"
    TESTS = "ahead in tests"
    BETTER = "the better one"
    CHEAPER = "the cheaper one"
    ONLY_UNTESTED = "one area untested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a sentence says of one tool against another, its rival."""

    meaning: OpinionKind
    rival_id: str
    in_answer: bool
    side: ContradictionSide

    @property
    def tool_id(self) -> str:
        return self.side.tool_id


_LEADS = r"(?:dominates?|wins?|won|leads?|led|beats?|outscore[sd]?|outperform(?:s|ed)?|is ahead)"
_PATTERNS = {
    OpinionKind.EVERY_TEST: re.compile(
        rf"\b{_LEADS}\b(?:[^.;:]|\.(?=\d)){{0,50}}?\b(?:in|on|across) (?:every|each|all)(?: of the| the)?(?: single)?"
        r"(?: tested| measured)? (?:categor(?:y|ies)|dimensions?|tests?|bench\s?marks?|tasks?)\b",
        re.I,
    ),
    OpinionKind.TESTS: re.compile(
        r"\b(?:outperform(?:s|ed)?|outscore[sd]?|beats?)\b(?=.*(?:bench\s?mark|\btests?\b|head-to-head|\d%))",
        re.I,
    ),
    OpinionKind.BETTER: re.compile(
        r"\b(?:is|remains) (?:clearly |overall |simply )?(?:the )?"
        r"(?:better (?:model|one|tool|choice|option|pick)|(?:clear|obvious|overall) (?:winner|choice|pick))\b",
        re.I,
    ),
    OpinionKind.CHEAPER: re.compile(
        r"\bis (?:significantly |clearly |much |far |also )?(?:the )?cheaper\b", re.I
    ),
    OpinionKind.ONLY_UNTESTED: re.compile(r"\bonly untested (?:area|category|test|dimension)\b", re.I),
}
#: An opinion under a condition, or of one respect only, is none of the whole.
_CONDITION = re.compile(
    r"\b(?:if|when|where|unless|until|while|depending|once|otherwise|although|though|not|isn['’]t|never|whether|may|might|"
    r"could|would)\b|\bfor (?!every)|\bin terms of\b|\?$",
    re.I,
)
_CONDITION_AFTER = re.compile(r"[^.;,—]{0,60}?\b(?:if|when|where|for|in terms of|at|on|unless|once)\b", re.I)
_WHOLE = (OpinionKind.BETTER, OpinionKind.CHEAPER)
#: "does not lead", "may outperform", "was outscored by": the verb says something else than it seems to.
_TURNED = re.compile(
    r"\b(?:not|never|no longer|hardly|rarely|may|might|can|could|would|should|to|was|were|is|are|been|being|gets?)"
    r"\s+(?:\w+\s+)?$|n['’]t\s+(?:\w+\s+)?$",
    re.I,
)
_THAN = re.compile(r"\s*than\s+(?:the\s+)?")


def opinions_in(records: SourceRecords) -> Iterator[Opinion]:
    """Find the opinions of a source on the two tools that it compares, in the order of its lines."""
    pair = _pair(records)
    if pair is None or records.reviews:
        return
    names = Names([records.tools[each].name for each in pair])
    ids = {names.tool(records.tools[each].name): each for each in pair}
    answers = [_plain(each.answer) for each in records.questions]
    for line, text in _lines(records):
        for sentence in sentences(text):
            if len(sentence) > SENTENCE_LENGTH:
                continue
            in_answer = any(_plain(sentence) in answer for answer in answers)
            for meaning, tool in _judged(sentence, names):
                tool_id = ids.get(tool)
                rival_id = pair[1] if tool_id == pair[0] else pair[0]
                if tool_id is not None:
                    side = words_side(records.source, tool_id, sentence, line, value=meaning)
                    yield Opinion(meaning=meaning, rival_id=rival_id, in_answer=in_answer, side=side)


def _pair(records: SourceRecords) -> tuple[str, str] | None:
    """Return the two tools that the source compares; None where it compares more, or none."""
    pairs = {(each.left_id, each.right_id) for each in records.comparisons}
    pair = pairs.pop() if len(pairs) == 1 else None
    return pair if pair and all(each in records.tools for each in pair) else None


def _lines(records: SourceRecords) -> Iterator[tuple[int | None, str]]:
    """Yield the prose of the source with its lines; of a source without text, of its comparison and answers."""
    if records.source.text:
        page = split_lines(records.source.text, records.source.name)
        yield from ((line.number, line.text) for line in page.lines if is_prose(line))
        return
    for each in records.comparisons:
        yield from ((None, text) for text in (each.cost_read, each.performance_read, each.summary))
    yield from ((each.line, each.answer) for each in records.questions)


def _judged(sentence: str, names: Names) -> Iterator[tuple[OpinionKind, str]]:
    for meaning, pattern in _PATTERNS.items():
        found = pattern.search(sentence)
        if not found:
            continue
        if meaning is OpinionKind.ONLY_UNTESTED:
            tool = next((each.tool for each in names.mentions(sentence[found.end() :])), None)
        else:
            before, after = sentence[: found.start()], sentence[found.end() :]
            is_conditional = _CONDITION.search(before) or _CONDITION_AFTER.match(after)
            turned = is_conditional if meaning in _WHOLE else _TURNED.search(before)
            tool = None if turned else _subject(sentence, found.start(), names)
        if tool and _is_against_the_other(meaning, sentence, found, names, tool):
            yield meaning, tool


def _is_against_the_other(
    meaning: OpinionKind, sentence: str, found: re.Match[str], names: Names, tool: str
) -> bool:
    """Return whether what the sentence compares with is the other tool, and no third one."""
    after = sentence[found.end() :]
    if meaning is OpinionKind.TESTS:
        return any(each.tool != tool for each in names.mentions(after))
    if meaning is OpinionKind.EVERY_TEST:
        others = {each.tool for each in names.mentions(found[0])} - {tool}
        return bool(others) or not re.search(r"\b[A-Z]", found[0][1:])
    than = _THAN.match(after)
    if than is None:
        return True
    return any(each.start == 0 and each.tool != tool for each in names.mentions(after[than.end() :]))


def _subject(sentence: str, start: int, names: Names) -> str | None:
    """Return the tool whose name stands before the verb, with nothing but an adverb or its own doings between."""
    before = [each for each in names.mentions(sentence) if each.end <= start]
    if not before or re.match(r"['’]s?\b", sentence[before[-1].end :]):
        return None
    return before[-1].tool


def _plain(text: str) -> str:
    return " ".join(text.split()).strip("”\"'’)] ")


#: Wins that are said to be won elsewhere contradict no table.
_ELSEWHERE = re.compile(
    r"\bnot in (?:this|the|our) table\b|\belsewhere\b|\bother(?:wise)?\b|\bexternal\b", re.I
)
#: In these tests less is more, so who won is not to be told from the figures.
_LESS_IS_MORE = re.compile(r"latency|\btime\b|cost|price|error|hallucination|\bms\b|seconds|perplexity", re.I)
_UNTESTED = ("untested", "not tested", "not yet tested", "ungraded")


def wins(records: SourceRecords) -> Iterator[Contradiction]:
    """Find wins, and a zero "across the board", that the source's own table does not hold."""
    for claim in records.claims:
        if _ELSEWHERE.search(claim.words):
            continue
        table = records.results(claim.tool_id)
        if claim.attribute == "benchmarks_won" and table and claim.value.isdecimal():
            won = _won(records, claim.tool_id)
            if len(won) < int(claim.value):
                yield _over_table(
                    records,
                    claim,
                    next(iter((*won, *table.values()))),
                    f"{claim.value} wins are claimed over a table that holds {len(won)}",
                )
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
            _LESS_IS_MORE.search(result.test) or each.score is None or each.score <= result.score
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
    for tool_id in dict.fromkeys(each.tool_id for each in records.claims):
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
    said = list(opinions_in(records))
    yield from _ahead(said)
    yield from _advice(said)
    yield from _cheaper(records, said)
    yield from _only_untested(records, said)
    yield from _table_against(records, said)


def _ahead(said: list[Opinion]) -> Iterator[Contradiction]:
    """Find "ahead in every test" where the other one is ahead in some."""
    for every in (each for each in said if each.meaning is OpinionKind.EVERY_TEST):
        others = [
            each
            for each in said
            if each.meaning in (OpinionKind.EVERY_TEST, OpinionKind.TESTS) and each.tool_id == every.rival_id
        ]
        if others:
            repeated = [each for each in said if each.meaning is OpinionKind.EVERY_TEST and each != every]
            yield Contradiction(
                kind=ContradictionKind.AHEAD,
                attribute="performance",
                left=others[0].side,
                right=every.side,
                also=tuple(each.side for each in repeated if each.tool_id == every.tool_id),
                reason="each of the two is said to be ahead of the other in tests, one of them in every test",
                certain=False,
            )
            return


def _advice(said: list[Opinion]) -> Iterator[Contradiction]:
    """Find texts that are for one tool where the answer to a question is for the other."""
    answers = [each for each in said if each.in_answer and each.meaning is OpinionKind.BETTER]
    for answer in answers:
        texts = [
            each
            for each in said
            if not each.in_answer
            and each.tool_id == answer.rival_id
            and each.meaning in (OpinionKind.BETTER, OpinionKind.EVERY_TEST)
        ]
        if texts:
            first = next((each for each in texts if each.meaning is OpinionKind.BETTER), texts[0])
            yield Contradiction(
                kind=ContradictionKind.ADVICE,
                attribute="advice",
                left=first.side,
                right=answer.side,
                also=tuple(each.side for each in texts if each != first),
                reason="the text is for one of the two, its own answer for the other",
                certain=False,
            )
            return


def _cheaper(records: SourceRecords, said: list[Opinion]) -> Iterator[Contradiction]:
    for each in said:
        one, other = price_range(records, each.tool_id), price_range(records, each.rival_id)
        if (
            each.meaning is OpinionKind.CHEAPER
            and one
            and other
            and one.low >= other.low
            and one.high > other.high
        ):
            yield Contradiction(
                kind=ContradictionKind.RATIO,
                attribute="output_price",
                left=claim_side(prices(records, each.tool_id, "output_price")[0], records.source),
                right=each.side,
                reason="it is said to be the cheaper one, its prices are the higher ones",
            )
            return


def _only_untested(records: SourceRecords, said: list[Opinion]) -> Iterator[Contradiction]:
    for each in said:
        empty = [result for result in records.results(each.tool_id).values() if result.score is None]
        if each.meaning is OpinionKind.ONLY_UNTESTED and len(empty) > 1:
            untested_row = result_side(empty[0], records.source)
            yield Contradiction(
                kind=ContradictionKind.UNTESTED,
                attribute="benchmarks",
                left=replace(untested_row, value=f"{len(empty)} tests without a score"),
                right=each.side,
                reason=f"one area is said to be untested, the table has {len(empty)} rows without a score",
            )
            return


def _table_against(records: SourceRecords, said: list[Opinion]) -> Iterator[Contradiction]:
    """Find "ahead in every test" where the table shows the other one ahead in one."""
    for each in (each for each in said if each.meaning is OpinionKind.EVERY_TEST):
        theirs = records.results(each.rival_id)
        for test, result in records.results(each.tool_id).items():
            known = test in theirs and not _LESS_IS_MORE.search(test)
            score = theirs[test].score if known else None
            if score is not None and score > (
                result.score if result.score is not None else Decimal("Infinity")
            ):
                yield Contradiction(
                    kind=ContradictionKind.WINS,
                    attribute="benchmarks",
                    left=result_side(theirs[test], records.source),
                    right=each.side,
                    reason=f"it is said to be ahead in every test, and is behind in {test}",
                )
                return
