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
from newsletter.content.conflicts.findings import (
    Contradiction,
    Kind,
    Papers,
    Sheet,
    Statement,
    state_claim,
    state_result,
    state_words,
)
from newsletter.content.pages.lines import is_prose, sentences, split_lines
from newsletter.content.pages.prose import SENTENCE_LENGTH, Names
from newsletter.content.records import Benchmark, Claim

# Sentences that judge one of two tools against the other: found with their line, and whether an answer says them.


class Means(StrEnum):
    """What a sentence says of its tool, against the other one."""

    EVERY_TEST = "ahead in every test"
    TESTS = "ahead in tests"
    BETTER = "the better one"
    CHEAPER = "the cheaper one"
    ONLY_UNTESTED = "one area untested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One such sentence."""

    means: Means
    rival_id: str
    in_answer: bool
    statement: Statement

    @property
    def tool_id(self) -> str:
        return self.statement.tool_id


_LEADS = r"(?:dominates?|wins?|won|leads?|led|beats?|outscore[sd]?|outperform(?:s|ed)?|is ahead)"
_PATTERNS = {
    Means.EVERY_TEST: re.compile(
        rf"\b{_LEADS}\b(?:[^.;:]|\.(?=\d)){{0,50}}?\b(?:in|on|across) (?:every|each|all)(?: of the| the)?(?: single)?"
        r"(?: tested| measured)? (?:categor(?:y|ies)|dimensions?|tests?|bench\s?marks?|tasks?)\b",
        re.I,
    ),
    Means.TESTS: re.compile(
        r"\b(?:outperform(?:s|ed)?|outscore[sd]?|beats?)\b(?=.*(?:bench\s?mark|\btests?\b|head-to-head|\d%))",
        re.I,
    ),
    Means.BETTER: re.compile(
        r"\b(?:is|remains) (?:clearly |overall |simply )?(?:the )?"
        r"(?:better (?:model|one|tool|choice|option|pick)|(?:clear|obvious|overall) (?:winner|choice|pick))\b",
        re.I,
    ),
    Means.CHEAPER: re.compile(r"\bis (?:significantly |clearly |much |far |also )?(?:the )?cheaper\b", re.I),
    Means.ONLY_UNTESTED: re.compile(r"\bonly untested (?:area|category|test|dimension)\b", re.I),
}
#: A judgement under a condition, or of one respect only, is none of the whole.
_CONDITION = re.compile(
    r"\b(?:if|when|where|unless|until|while|depending|once|otherwise|although|though|not|isn['’]t|never|whether|may|might|"
    r"could|would)\b|\bfor (?!every)|\bin terms of\b|\?$",
    re.I,
)
_CONDITION_AFTER = re.compile(r"[^.;,—]{0,60}?\b(?:if|when|where|for|in terms of|at|on|unless|once)\b", re.I)
_WHOLE = (Means.BETTER, Means.CHEAPER)
#: "does not lead", "may outperform", "was outscored by": the verb says something else than it seems to.
_TURNED = re.compile(
    r"\b(?:not|never|no longer|hardly|rarely|may|might|can|could|would|should|to|was|were|is|are|been|being|gets?)"
    r"\s+(?:\w+\s+)?$|n['’]t\s+(?:\w+\s+)?$",
    re.I,
)
_THAN = re.compile(r"\s*than\s+(?:the\s+)?")


def judgements(sheet: Sheet) -> Iterator[Judgement]:
    """The judgements of a source on two tools that it compares, in the order of its lines."""
    pair = _pair(sheet)
    if pair is None or sheet.reviews:
        return
    names = Names([sheet.tools[each].name for each in pair])
    ids = {names.tool(sheet.tools[each].name): each for each in pair}
    answers = [_plain(each.answer) for each in sheet.questions]
    for line, text in _lines(sheet):
        for sentence in sentences(text):
            if len(sentence) > SENTENCE_LENGTH:
                continue
            in_answer = any(_plain(sentence) in answer for answer in answers)
            for means, tool in _judged(sentence, names):
                tool_id = ids.get(tool)
                rival_id = pair[1] if tool_id == pair[0] else pair[0]
                if tool_id is not None:
                    statement = state_words(sheet.source, tool_id, sentence, line, value=means)
                    yield Judgement(means=means, rival_id=rival_id, in_answer=in_answer, statement=statement)


def _pair(sheet: Sheet) -> tuple[str, str] | None:
    """The two tools that the source compares; None where it compares more, or none."""
    pairs = {(each.left_id, each.right_id) for each in sheet.comparisons}
    pair = pairs.pop() if len(pairs) == 1 else None
    return pair if pair and all(each in sheet.tools for each in pair) else None


def _lines(sheet: Sheet) -> Iterator[tuple[int | None, str]]:
    """The prose of the source with its lines; of a source without text, of its comparison and answers."""
    if sheet.source.text:
        page = split_lines(sheet.source.text, sheet.source.name)
        yield from ((line.number, line.text) for line in page.lines if is_prose(line))
        return
    for each in sheet.comparisons:
        yield from ((None, text) for text in (each.cost_read, each.performance_read, each.summary))
    yield from ((each.line, each.answer) for each in sheet.questions)


def _judged(sentence: str, names: Names) -> Iterator[tuple[Means, str]]:
    for means, pattern in _PATTERNS.items():
        found = pattern.search(sentence)
        if not found:
            continue
        if means is Means.ONLY_UNTESTED:
            tool = next((each.tool for each in names.mentions(sentence[found.end() :])), None)
        else:
            turned = _is_conditional(sentence, found) if means in _WHOLE else _is_turned(sentence, found)
            tool = None if turned else _subject(sentence, found.start(), names)
        if tool and _is_against_the_other(means, sentence, found, names, tool):
            yield means, tool


def _is_turned(sentence: str, found: re.Match[str]) -> bool:
    return bool(_TURNED.search(sentence[: found.start()]))


def _is_against_the_other(means: Means, sentence: str, found: re.Match[str], names: Names, tool: str) -> bool:
    """Whether what the sentence compares with is the other tool, and no third one."""
    after = sentence[found.end() :]
    if means is Means.TESTS:
        return any(each.tool != tool for each in names.mentions(after))
    if means is Means.EVERY_TEST:
        others = {each.tool for each in names.mentions(found[0])} - {tool}
        return bool(others) or not re.search(r"\b[A-Z]", found[0][1:])
    than = _THAN.match(after)
    if than is None:
        return True
    return any(each.start == 0 and each.tool != tool for each in names.mentions(after[than.end() :]))


def _is_conditional(sentence: str, found: re.Match[str]) -> bool:
    before, after = sentence[: found.start()], sentence[found.end() :]
    return bool(_CONDITION.search(before) or _CONDITION_AFTER.match(after))


def _subject(sentence: str, start: int, names: Names) -> str | None:
    """The tool whose name stands before the verb, with nothing but an adverb or its own doings between."""
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


def wins(sheet: Sheet) -> Iterator[Contradiction]:
    """Wins, and a zero "across the board", that the source's own table does not hold."""
    for claim in sheet.claims:
        if _ELSEWHERE.search(claim.words):
            continue
        table = sheet.results(claim.tool_id)
        if claim.attribute == "benchmarks_won" and table and claim.value.isdecimal():
            won = _won(sheet, claim.tool_id)
            if len(won) < int(claim.value):
                yield _over_table(
                    sheet,
                    claim,
                    next(iter((*won, *table.values()))),
                    f"{claim.value} wins are claimed over a table that holds {len(won)}",
                )
        if claim.attribute == "benchmark_score" and table and claim.value == "0":
            other = next((each for each in table.values() if each.score != 0), None)
            if other is not None:
                yield _over_table(sheet, claim, other, _no_zero(other))


def _no_zero(result: Benchmark) -> str:
    if result.score is None:
        return "a score of zero is claimed where the table has none: untested is not zero"
    return f"a score of zero in every test is claimed, the table has {result.score:f} in {result.test}"


def _won(sheet: Sheet, tool_id: str) -> list[Benchmark]:
    """The rows in which no other tool has more."""
    rivals = [each for each in sheet.benchmarks if each.tool_id != tool_id and each.score is not None]
    return [
        result
        for result in sheet.results(tool_id).values()
        if result.score is not None
        and all(
            _LESS_IS_MORE.search(result.test) or each.score is None or each.score <= result.score
            for each in rivals
            if each.test == result.test
        )
    ]


def _over_table(sheet: Sheet, claim: Claim, result: Benchmark, reason: str) -> Contradiction:
    return Contradiction(
        kind=Kind.WINS,
        attribute=claim.attribute,
        left=state_result(result, sheet.source),
        right=state_claim(claim, sheet.sources),
        reason=reason,
    )


def untested(sheet: Sheet) -> Iterator[Contradiction]:
    """A tool that is graded untested, and yet has results or wins in the same source."""
    for tool_id in dict.fromkeys(each.tool_id for each in sheet.claims):
        grades = [each for each in sheet.said(tool_id, "grade") if each.value.casefold() in _UNTESTED]
        results: list[Statement] = [
            state_claim(each, sheet.sources)
            for attribute in ("benchmarks_won", "success_rate")
            for each in sheet.said(tool_id, attribute)
        ]
        results += [
            state_result(each, sheet.source)
            for each in sheet.results(tool_id).values()
            if each.score is not None
        ]
        if grades and results:
            yield Contradiction(
                kind=Kind.UNTESTED,
                attribute="grade",
                left=state_claim(grades[0], sheet.sources),
                right=results[0],
                also=tuple(results[-1:] if len(results) > 1 else ()),
                reason=f"it is graded {grades[0].value} and has results in the same source",
            )


def grades(sheet: Sheet) -> Iterator[Contradiction]:
    """One source that gives one tool two grades."""
    for tool_id in dict.fromkeys(each.tool_id for each in sheet.claims):
        stated = {each.value.casefold(): each for each in reversed(sheet.said(tool_id, "grade"))}
        if len(stated) > 1:
            first, other, *_ = reversed(stated.values())
            yield Contradiction(
                kind=Kind.SAID_TWICE,
                attribute="grade",
                left=state_claim(first, sheet.sources),
                right=state_claim(other, sheet.sources),
                reason=f"one source grades it {first.value} and {other.value}",
            )


def none_public(papers: Papers, ids: tuple[str, ...]) -> Iterator[Contradiction]:
    """ "No public benchmarks" of a tool (by any of its records) of which a source shows results."""
    claims = [
        each for tool_id in ids for each in papers.claims.get(tool_id, ()) if each.attribute == "benchmarks"
    ]
    results = [
        each
        for tool_id in ids
        for each in papers.benchmarks.get(tool_id, ())
        if each.score is not None and each.as_of is None
    ]
    for claim in (each for each in claims if each.value == "none public"):
        if results:
            result = results[0]
            yield Contradiction(
                kind=Kind.UNTESTED,
                attribute=claim.attribute,
                left=state_claim(claim, papers.sources),
                right=state_result(result, papers.sources[result.source_id]),
                reason="no benchmarks are public by one, a result stands in the other's table",
                certain=False,
            )
            return


def opinions(sheet: Sheet) -> Iterator[Contradiction]:
    """What the sentences of a comparison say against each other, its prices and its table."""
    said = list(judgements(sheet))
    yield from _ahead(said)
    yield from _advice(said)
    yield from _cheaper(sheet, said)
    yield from _only_untested(sheet, said)
    yield from _table_against(sheet, said)


def _ahead(said: list[Judgement]) -> Iterator[Contradiction]:
    """Ahead in every test, while the other one is ahead in some."""
    for every in (each for each in said if each.means is Means.EVERY_TEST):
        others = [
            each
            for each in said
            if each.means in (Means.EVERY_TEST, Means.TESTS) and each.tool_id == every.rival_id
        ]
        if others:
            repeated = [each for each in said if each.means is Means.EVERY_TEST and each != every]
            yield Contradiction(
                kind=Kind.AHEAD,
                attribute="performance",
                left=others[0].statement,
                right=every.statement,
                also=tuple(each.statement for each in repeated if each.tool_id == every.tool_id),
                reason="each of the two is said to be ahead of the other in tests, one of them in every test",
                certain=False,
            )
            return


def _advice(said: list[Judgement]) -> Iterator[Contradiction]:
    """The text is for one, the answer to a question for the other."""
    answers = [each for each in said if each.in_answer and each.means is Means.BETTER]
    for answer in answers:
        texts = [
            each
            for each in said
            if not each.in_answer
            and each.tool_id == answer.rival_id
            and each.means in (Means.BETTER, Means.EVERY_TEST)
        ]
        if texts:
            first = next((each for each in texts if each.means is Means.BETTER), texts[0])
            yield Contradiction(
                kind=Kind.ADVICE,
                attribute="advice",
                left=first.statement,
                right=answer.statement,
                also=tuple(each.statement for each in texts if each != first),
                reason="the text is for one of the two, its own answer for the other",
                certain=False,
            )
            return


def _cheaper(sheet: Sheet, said: list[Judgement]) -> Iterator[Contradiction]:
    for each in said:
        one, other = price_range(sheet, each.tool_id), price_range(sheet, each.rival_id)
        if each.means is Means.CHEAPER and one and other and one.low >= other.low and one.high > other.high:
            yield Contradiction(
                kind=Kind.RATIO,
                attribute="output_price",
                left=state_claim(prices(sheet, each.tool_id, "output_price")[0], sheet.sources),
                right=each.statement,
                reason="it is said to be the cheaper one, its prices are the higher ones",
            )
            return


def _only_untested(sheet: Sheet, said: list[Judgement]) -> Iterator[Contradiction]:
    for each in said:
        empty = [result for result in sheet.results(each.tool_id).values() if result.score is None]
        if each.means is Means.ONLY_UNTESTED and len(empty) > 1:
            statement = state_result(empty[0], sheet.source)
            yield Contradiction(
                kind=Kind.UNTESTED,
                attribute="benchmarks",
                left=replace(statement, value=f"{len(empty)} tests without a score"),
                right=each.statement,
                reason=f"one area is said to be untested, the table has {len(empty)} rows without a score",
            )
            return


def _table_against(sheet: Sheet, said: list[Judgement]) -> Iterator[Contradiction]:
    """Ahead in every test, where the table shows the other one ahead in one."""
    for each in (each for each in said if each.means is Means.EVERY_TEST):
        theirs = sheet.results(each.rival_id)
        for test, result in sheet.results(each.tool_id).items():
            known = test in theirs and not _LESS_IS_MORE.search(test)
            score = theirs[test].score if known else None
            if score is not None and score > (
                result.score if result.score is not None else Decimal("Infinity")
            ):
                yield Contradiction(
                    kind=Kind.WINS,
                    attribute="benchmarks",
                    left=state_result(theirs[test], sheet.source),
                    right=each.statement,
                    reason=f"it is said to be ahead in every test, and is behind in {test}",
                )
                return
