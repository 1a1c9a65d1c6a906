"""Claims from sentences: context, size, licence, grades and ratios that prose states; amounts are `prices`.

Opinions, forecasts and what is said of other products make no claim. Every repetition is a claim of its own line,
because that is where statements that differ give themselves away.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from newsletter.content.pack import ClaimEntry
from newsletter.content.pages.claims import claim
from newsletter.content.pages.lines import Line, sentences
from newsletter.content.pages.names import Names
from newsletter.content.pages.prices import prices_in

#: A longer one is no sentence, and would take long to search.
SENTENCE_LENGTH = 2_000

_FRACTIONS = {
    "half": "0.5",
    "third": "0.33",
    "quarter": "0.25",
    "fifth": "0.2",
    "tenth": "0.1",
    "twice": "2",
    "two": "2",
    "double": "2",
    "three": "3",
    "triple": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "zero": "0",
}
_LICENCE = (
    r"(?P<value>Apache(?: License)?[ -]2\.0|MIT|(?:\d-clause )?BSD(?:-\d-Clause)?|[AL]?GPL[- ]?v?\d(?:\.\d)?|"
    r"MPL[- ]2\.0|CC[- ]BY(?:-[A-Z]{2})*(?: \d\.\d)?|CC0|a proprietary licen[cs]e)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A way to state something: `value` makes the claim's value of a match, and None of what it does not mean."""

    attribute: str
    regex: re.Pattern[str]
    value: Callable[[re.Match[str]], str | None]
    unit: str = ""


def _group(found: re.Match[str]) -> str:
    return found["value"]


def _whole_context(found: re.Match[str]) -> str | None:
    """ "128K" and "8,192", but no "30 window"."""
    value = found["value"].replace(" ", "")
    return value if not value.isdigit() or int(value) >= 1000 else None


def _number(found: re.Match[str]) -> str:
    word = found["value"].casefold()
    return _FRACTIONS.get(word, word)


def _percent(found: re.Match[str]) -> str:
    return f"{Decimal(found['value']) / 100:f}"


_SIZE = r"(?P<value>\d[\d,]*(?:\.\d+)?\s?[kKM]?)"
_COUNT = r"(?P<value>\d+(?:\.\d+)?|" + "|".join(_FRACTIONS) + ")"
PATTERNS = (
    Pattern(
        attribute="context",
        regex=re.compile(rf"(?<![\w$.,]){_SIZE}[- ](?:tokens? )?(?:context(?: window| length)?|window)\b"),
        value=_whole_context,
    ),
    Pattern(
        attribute="context",
        regex=re.compile(rf"\bcontext (?:window|length) (?:of|is|reaches) {_SIZE}(?= tokens?\b|\b)"),
        value=_whole_context,
    ),
    Pattern(
        attribute="parameters",
        regex=re.compile(
            r"(?<![\w.])(?P<value>\d+(?:\.\d+)?[- ]?(?:B|billion))"
            r"(?:[- ]param(?:eter)?s?\b|(?: [a-z-]+){0,2} model\b)"
        ),
        value=lambda found: found["value"].replace("-", " "),
    ),
    Pattern(
        attribute="licence",
        regex=re.compile(rf"\bunder (?:the |an? )?{_LICENCE}"),
        value=lambda found: (
            found["value"].removeprefix("a ").removesuffix(" license").removesuffix(" licence")
        ),
    ),
    Pattern(
        attribute="grade",
        regex=re.compile(r"(?:\bgrade of|['’]s) [‘'“\"](?P<value>[A-Z][\w -]{1,30})[’'”\"]"),
        value=_group,
    ),
    Pattern(
        attribute="cost_ratio",
        regex=re.compile(
            rf"\b{_COUNT}(?:[x×]| times) (?:the )?(?:cost|price|more expensive|as (?:much|expensive))"
        ),
        value=_number,
        unit="x",
    ),
    Pattern(
        attribute="cost_ratio",
        regex=re.compile(
            r"\b(?:one-|an? )?(?P<value>half|third|quarter|fifth|tenth) (?:of )?(?:the (?:price|cost)|as much)"
        ),
        value=_number,
        unit="x",
    ),
    Pattern(
        attribute="cost_ratio",
        regex=re.compile(r"\b(?P<value>\d+(?:\.\d+)?)% of the (?:price|cost)\b"),
        value=_percent,
        unit="x",
    ),
    Pattern(
        attribute="cost_ratio",
        regex=re.compile(r"\b(?P<value>order of magnitude) cheaper"),
        value=lambda _: "0.1",
        unit="x",
    ),
    Pattern(
        attribute="benchmarks_won",
        regex=re.compile(rf"\bwon (?:all |in )?{_COUNT} (?:of [\w ]+ )?(?:bench\s?marks?|tests)\b"),
        value=_number,
    ),
    Pattern(
        attribute="benchmark_score",
        regex=re.compile(rf"\bscored {_COUNT} across the board"),
        value=_number,
    ),
    Pattern(
        attribute="success_rate",
        regex=re.compile(r"\b(?P<value>\d+/\d+) success rate\b"),
        value=_group,
    ),
    Pattern(
        attribute="benchmark_lead",
        regex=re.compile(r"\bby (?P<value>\d+(?:[-–]\d+)?)% in (?:[\w-]+ )?bench\s?marks?\b"),
        value=_group,
        unit="%",
    ),
    Pattern(
        attribute="overall_strength",
        regex=re.compile(r"\boverall strength[”\"'’]? score of (?P<value>\d+(?:\.\d+)?(?:/\d+)?)"),
        value=_group,
    ),
    Pattern(
        attribute="benchmarks",
        regex=re.compile(r"\b(?P<value>[Nn]o public benchmarks)\b"),
        value=lambda _: "none public",
    ),
)


def claims_in(line: Line, names: Names, *, about: bool = False) -> Iterator[ClaimEntry]:
    """What the sentences of a line state of the tools of `names`; `about`: the line is about their subject."""
    yield from dict.fromkeys(
        claim
        for words in sentences(line.text)
        if len(words) <= SENTENCE_LENGTH
        for claim in _stated(_as_going_on(words, names) if about else words, words, line, names)
    )


def _as_going_on(sentence: str, names: Names) -> str:
    """The sentence without the capital of its first word, so that "Tiny model, …" names no product Tiny."""
    opened = any(mention.start == 0 for mention in names.mentions(sentence))
    return sentence if opened else sentence[:1].lower() + sentence[1:]


def _stated(sentence: str, words: str, line: Line, names: Names) -> Iterator[ClaimEntry]:
    yield from prices_in(sentence, words, line, names)
    for pattern in PATTERNS:
        for found in pattern.regex.finditer(sentence):
            value = pattern.value(found)
            tool = names.owner(sentence, found.start("value") if value else 0, found.end()) if value else None
            if tool and value:
                yield claim(tool, pattern.attribute, value, line, words=words, unit=pattern.unit)
