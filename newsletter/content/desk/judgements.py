"""Sentences that judge one of two tools against the other: found with their line, and whether an answer says them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from newsletter.content.desk.findings import Statement, state_words
from newsletter.content.desk.papers import Sheet
from newsletter.content.pages.lines import is_prose, sentences, split_lines
from newsletter.content.pages.names import Names
from newsletter.content.pages.prose import SENTENCE_LENGTH


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
