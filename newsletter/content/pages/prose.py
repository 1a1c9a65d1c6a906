"""Claims from cells and sentences: prices, context, size, licence, grades and ratios, and whose they are.

Opinions, forecasts and what is said of other products make no claim. Every repetition is a claim of its own line,
because that is where statements that differ give themselves away.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import takewhile

from newsletter.content.pages.lines import Line, PageText, is_absent, sentences
from newsletter.content.records import ClaimEntry, slug
from newsletter.content.units import measure, plain

# Claims from single statements: a labelled value, a size in a name, a cell of a table. Prose is `prose`.

#: "22B", "8x7B": a count of parameters where it stands in a name.
_SIZE_IN_NAME = re.compile(r"(?<![\w.])(?:\d+x)?\d+(?:\.\d+)?\s?B\b")
_NUMERIC = ("context", "max_output", "parameters", "input_price", "output_price")
_NUMBER = re.compile(r"~?\s*(\d[\d,]*(?:\.\d+)?)\s*(.*)")
_MILLISECONDS = {"ms": 1, "": 1, "s": 1000, "sec": 1000}


def claim(tool: str, attribute: str, value: str, line: Line, *, words: str, unit: str = "") -> ClaimEntry:
    """Return what `line` states of `tool`, in the units of the store."""
    measured = measure(attribute, value, unit)
    return ClaimEntry(
        tool_id=tool,
        attribute=attribute,
        value=measured.value,
        unit=measured.unit,
        line=line.number,
        words=words,
    )


def size_in_name(tool: str, name: str, line: Line) -> Iterator[ClaimEntry]:
    """Yield the parameters that a name states: "Heron 9B"."""
    for size in _SIZE_IN_NAME.findall(name)[:1]:
        yield claim(tool, "parameters", size.replace(" ", ""), line, words=name)


def fits(attribute: str, value: str) -> bool:
    """Return whether a value can be one of this attribute: where a number is meant, another label is none."""
    return attribute not in _NUMERIC or bool(re.search(r"\d|free|unlimited", value, re.I))


def full_day(text: str) -> date | None:
    """Return a date stated to the day, else None: "June 2025" is no day."""
    try:
        return date.fromisoformat(measure("updated", text.strip(" .")).value)
    except ValueError:
        return None


def token_count(page: PageText, cell: str, line: Line, field: str) -> int | None:
    number = None if is_absent(cell) else measure("context", cell).number
    return None if is_absent(cell) else int(_known(page, number, cell, line, field))


def token_price(page: PageText, cell: str, line: Line, field: str) -> Decimal | None:
    number = None if is_absent(cell) else measure("input_price", cell).number
    return None if is_absent(cell) else _known(page, number, cell, line, field)


def milliseconds(page: PageText, cell: str, line: Line, field: str) -> int | None:
    stated = amount(page, cell, line, field)
    unit = "" if stated is None else _NUMBER.sub(r"\2", cell).strip().casefold()
    if unit not in _MILLISECONDS:
        raise _unreadable(page, cell, line, field)
    return None if stated is None else int(stated * _MILLISECONDS[unit])


def amount(page: PageText, cell: str, line: Line, field: str) -> Decimal | None:
    """Return the number that a cell begins with, whatever its unit; None for "—"."""
    if is_absent(cell):
        return None
    found = _NUMBER.match(cell)
    if not found:
        raise _unreadable(page, cell, line, field)
    return Decimal(found[1].replace(",", ""))


def score(page: PageText, cell: str, line: Line, field: str) -> tuple[Decimal | None, Decimal | None]:
    """Return a benchmark's score and what it is out of: "2", "2/3", "81.5%"; (None, None) where untested."""
    if is_absent(cell):
        return None, None
    value, _, out_of = cell.replace("%", "/100").replace(" ", "").partition("/")
    try:
        return Decimal(value.replace(",", "")), Decimal(out_of.replace(",", "")) if out_of else None
    except InvalidOperation as error:
        raise _unreadable(page, cell, line, field) from error


def _known(page: PageText, number: Decimal | None, cell: str, line: Line, field: str) -> Decimal:
    if number is None:
        raise _unreadable(page, cell, line, field)
    return number


def _unreadable(page: PageText, cell: str, line: Line, field: str) -> Exception:
    return page.refusal(f'"{cell}" cannot be read: a number with its unit, or "—", is right', line, field)


# Who a sentence is about: the ways to write a tool's name, and which of them a number belongs to.
#
# Careful on purpose: where the owner is in doubt there is none, and the number stays unclaimed.

#: After these a name is what something is compared with, not what the sentence speaks of.
_OBJECT_AFTER = re.compile(
    r"\b(?:than|versus|vs\.?|against|over|to|like|from|below|above|beats?|trails?|undercuts?|"
    r"outscore[sd]?|outperform(?:s|ed)?|matche[sd]|leads|led)\s+(?:the\s+)?$",
    re.I,
)
_VERSUS = re.compile(r"\b(?:than|versus|vs\.?|against|undercuts?|compare[ds]? (?:\w+ )?(?:to|with))\s", re.I)
#: "… at $0.20 versus $2.00": the second amount is the other tool's.
_OTHERS_AMOUNT = re.compile(r"[$€£][^$€£]*\b(?:versus|vs\.?|against)\s+[~\w ]{0,15}$", re.I)
_POSSESSIVE = re.compile(
    r"(?<!\bit)(?<!\bthat)(?<!\bthere)(?<!\bwhat)['’]s?\s+(?:own\s|input\s|output\s|roughly\s|about\s)?[‘'“\"]?$",
    re.I,
)
#: "… $0.07 versus Kite's $0.40 and output at …" speaks of the first tool again.
_ANEW = re.compile(r"(?<=[$€£\d])[ ,]+and (?:input|output)\b[^$€£]*$")
_FOR_WHOM = re.compile(r"[^.;,($—–]{0,25}?\b(?:on|for|with)\s+(?=[A-Z])")
#: What would make a name another one: "Heron" is not "Heron 2", "Heron Pro" or "Heron-mini".
_NOT_LONGER = (
    r"(?!\w|\.\d|-\w|\s+v?\d|\s+(?:Pro|Plus|Mini|Max|Lite|Ultra|Large|Medium|Small|Nano|Turbo|Flash)\b)"
)
#: Capitals that name no product: "API", "JSON", and what opens a sentence about prices.
_NO_NAME = re.compile(
    r"[A-Z]{1,4}s?|[A-Z][a-z]+-[a-z]+|[A-Z][a-z]{2,}ing|M[Tt]oks?|Q&A|At|With|For|Its?|The|This|An?|Pricing|Prices?|"
    r"Input|Output|Costs?|From|And|While|If|Yes|No|Published|Official|Both|Only|On|In|Where|Vision|Context|Pick|"
    r"Choose|Up|Per"
)
#: "Weights are …", "Prices start …": what opens with a plural or a preposition is no product.
_PLAIN_OPENING = re.compile(r"[A-Z][a-z]+ (?:are|were|start|begin|sit|stay|of|in|for|at|per|on|from|to)\b")
_CAPITALISED = re.compile(r"(?<![\w'‘“\"-])(?:[A-Z][\w&.-]*[\w&]|[A-Z]|[a-z]+[A-Z]\w*|[A-Za-z]+-?\d[\w.-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A tool named at a place of a sentence."""

    tool: str
    start: int
    end: int


class Names:
    """The tools that a text may speak of: ids by name; `subject` is the one it speaks of when it names none."""

    def __init__(self, names: Iterable[str], *, subject: str | None = None, also: Iterable[str] = ()) -> None:
        every = tuple(names)
        self.subject = slug(subject) if subject else None
        self._tool_by_alias = {alias: slug(name) for name in every for alias in _aliases(name, every)}
        longest_first = sorted(self._tool_by_alias, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest_first))}){_NOT_LONGER}")
        self._words = {word for name in (*every, *also) for word in re.split(r"[\s:()-]+", name) if word}
        self._tools = tuple(slug(name) for name in every)

    def tool(self, text: str) -> str | None:
        """Return the tool that `text` names and nothing else."""
        ids = {slug(alias): tool for alias, tool in self._tool_by_alias.items()}
        return ids.get(slug(text))

    def mentions(self, sentence: str) -> list[Mention]:
        return [
            Mention(tool=self._tool_by_alias[found[0]], start=found.start(), end=found.end())
            for found in self._pattern.finditer(sentence)
        ]

    def owner(self, sentence: str, start: int, end: int) -> str | None:
        """Return the tool that the words from `start` to `end` are said of; None when that is in doubt."""
        before, after = sentence[:start], sentence[end:]
        possessive = _POSSESSIVE.search(before)
        if possessive:
            end = possessive.start()
            return next((each.tool for each in self.mentions(before[:end]) if each.end == end), None)
        whom = _FOR_WHOM.match(after)
        if whom and self._names_something(after[whom.end() :]):
            return self._beginning(after[whom.end() :])
        return self._subject_of(sentence, start)

    def _subject_of(self, sentence: str, start: int) -> str | None:
        """Return the tool that `sentence` is about where it comes to `start`."""
        mention = self._spoken_of(sentence, start)
        between = sentence[mention.end if mention else 0 : start]
        if mention and _OTHERS_AMOUNT.search(between):
            return next((each for each in self._tools if each != mention.tool), None)
        anew = _ANEW.search(between)
        if _VERSUS.search(anew[0] if anew else between) or self._names_others(between):
            return None
        return mention.tool if mention else self.subject

    def _spoken_of(self, sentence: str, start: int) -> Mention | None:
        """Return the last name before `start` that its sentence is about."""
        told = (
            mention
            for mention in self.mentions(sentence)
            if mention.end <= start
            and not _OBJECT_AFTER.search(sentence[: mention.start])
            and not re.match(r"['’]s?\s+(?:\w+\s+)?[‘'“\"$~]", sentence[mention.end :])
        )
        return max(told, key=lambda mention: mention.start, default=None)

    def _beginning(self, text: str) -> str | None:
        return next((each.tool for each in self.mentions(text) if each.start == 0), None)

    def _names_something(self, text: str) -> bool:
        """Return whether `text` begins with a product's name, ours or not."""
        word = _CAPITALISED.match(text)
        return bool(self._beginning(text)) or bool(word and not _is_no_name(word[0]))

    def _names_others(self, text: str) -> bool:
        """Return whether a product that is none of ours stands in `text`."""
        without = self._pattern.sub(lambda found: " " * len(found[0]), text)
        opening = _PLAIN_OPENING.match(without)
        found = _CAPITALISED.finditer(without, opening.end() if opening else 0)
        return any(
            not _is_no_name(each[0]) and not self._is_own(each[0], without[each.end() :]) for each in found
        )

    def _is_own(self, word: str, after: str) -> bool:
        """Return whether a capital is part of one of our names, and not of "Heron 12B" where we are Heron 9B."""
        return word.split("-")[0] in self._words and not re.match(r"\s+v?\d", after)


def _is_no_name(word: str) -> bool:
    return bool(_NO_NAME.fullmatch(word) or _NO_NAME.fullmatch(word.split("-")[0]))


def _aliases(name: str, every: tuple[str, ...]) -> set[str]:
    """Return the name, and its shorter forms that no other of the names can mean."""
    own = name.partition(": ")[2] or name
    words = re.sub(r"\s*\([^)]*\)", "", own).split()
    others = [(other.partition(": ")[2] or other).split() for other in every if other != name]
    shared = max((len(_shared_start(words, other)) for other in others), default=0)
    starts = {0, shared} | ({1} if len(words) > 2 else set())
    runs = {" ".join(words[first:last]) for first in starts for last in range(first + 1, len(words) + 1)}
    taken = {
        " ".join(other[first:last])
        for other in others
        for first in range(len(other))
        for last in range(first + 1, len(other) + 1)
    }
    fit = {run for run in runs if run not in taken and re.match(r"[A-Z]", run) and len(run) > 2}
    return {name, own} | {run for run in fit if others or " " in run}


def _shared_start(words: list[str], others: list[str]) -> list[str]:
    return [left for left, _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, others, strict=False))]


# Amounts of money in a sentence: which are prices per token, what a number of tokens costs, what is saved.

#: "$0.07/Mtok", "$2.00 per million output tokens", "$0.07 input". No ranges, no "$30+", no "$2M".
_AMOUNT = re.compile(
    r"(?<![\w$])[~≈]?\$(?P<amount>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?![\d+]|[.,]\d|\s?[-–]\s?\$?\d|[kKMB]\b)"
    r"(?:\s(?P<early>input|output)\b)?"
    r"(?P<unit>"
    r"\s?(?:/|per\s)\s?(?:1|one\s)?\s?(?P<scale>k|K|thousand|m|M|million)\s?(?P<middle>input\s|output\s)?[tT]ok(?:en)?s?\b|"
    r"\s?(?:/|per\s)1?M\b)?"
    r"(?:\s(?P<late>input|output)\b)?"
)
_DIRECTION_BEFORE = re.compile(r"\b(input|output)\b[^.;]{0,25}$", re.I)
#: What may stand between an amount and the next that is measured alike: a comparison, or a list.
_SAME_AGAIN = re.compile(r"\s*(?:versus|vs\.?|against)\b.{0,60}", re.I)
_LISTED = re.compile(r"\s*(?:,|/|&|;|and|, and)\s*(?:(?:input|output)\s*)?(?:at|costs?|is|for)?\s*", re.I)
_TOKENS = re.compile(
    r"(?<![\w$.,])(?P<size>\d[\d,.]*\s?[kKM]?)[- ]tokens?\b(?P<daily>\s(?:daily|a day|per day))?"
)
_COSTS = re.compile(r"\b(?:costs?|spend(?:s|ing)?|pays?|bills?)\b", re.I)
_SAVES = re.compile(r"\bsav(?:es?|ings?)\b[^$]{0,20}$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    """An amount, what stands `before` it since the last one, and what it is for; "" where that is not said."""

    found: re.Match[str]
    before: str
    unit: str
    direction: str

    @property
    def dollars(self) -> str:
        return f"${self.found['amount']}"


def prices_in(sentence: str, words: str, line: Line, names: Names) -> Iterator[ClaimEntry]:
    """Yield what the amounts of a sentence say of the tools of `names`; `words` is the sentence as it stands."""
    for price in _amounts(sentence):
        stated = _stated_by(sentence, price)
        tool = names.owner(sentence, price.found.start(), price.found.end()) if stated else None
        if stated and tool:
            attribute, value, unit = stated
            yield claim(tool, attribute, value, line, words=words, unit=unit)


def total_attribute(size: str) -> str:
    """Return the attribute for the cost of so many tokens: "10M" → "cost_at_10M"."""
    number = measure("context", size.replace(" ", "")).number or Decimal(0)
    scale, letter = (1_000_000, "M") if number >= 1_000_000 else (1_000, "K")
    return f"cost_at_{plain(number / scale)}{letter}".replace(".", "_")


def _amounts(sentence: str) -> list[_Price]:
    found = list(_AMOUNT.finditer(sentence))
    ends = [0, *(each.end() for each in found)]
    before = [sentence[end : each.start()] for end, each in zip(ends, found, strict=False)]
    directions = _directions(found, before)
    units = _units(found, before, directions)
    return [
        _Price(found=each, before=text, unit=unit, direction=direction)
        for each, text, unit, direction in zip(found, before, units, directions, strict=True)
    ]


def _directions(found: Sequence[re.Match[str]], before: Sequence[str]) -> list[str]:
    """Return input or output for each, as said beside each amount; "$1/$2" are one of each; a comparison goes on alike."""
    directions: list[str] = []
    for index, each in enumerate(found):
        said = each["early"] or each["middle"] or each["late"]
        earlier = _DIRECTION_BEFORE.search(before[index])
        if said or earlier:
            directions.append((said or (earlier[1] if earlier else "")).strip().lower())
        elif before[index] == "/":
            directions.append("output")
        elif before[index + 1 : index + 2] == ["/"]:
            directions.append("input")
        else:
            again = index and _SAME_AGAIN.fullmatch(before[index])
            directions.append(directions[-1] if again else "")
    return directions


def _units(found: Sequence[re.Match[str]], before: Sequence[str], directions: Sequence[str]) -> list[str]:
    """Return "per 1M tokens" where that is said of an amount or of its neighbour in a comparison or a list."""
    units = [_unit(each) for each in found]
    for index in range(1, len(units)):
        listed = directions[index] and _LISTED.fullmatch(before[index])
        if not units[index] and (listed or _SAME_AGAIN.fullmatch(before[index])):
            units[index] = units[index - 1]
    for index in reversed(range(len(units) - 1)):
        if not units[index] and directions[index] and _LISTED.fullmatch(before[index + 1]):
            units[index] = units[index + 1]
    return units


def _unit(found: re.Match[str]) -> str:
    if not found["unit"]:
        return ""
    return f"per 1{'K' if (found['scale'] or 'M')[0] in 'kKt' else 'M'} tokens"


def _stated_by(sentence: str, price: _Price) -> tuple[str, str, str] | None:
    """Return attribute, value and unit of a price per token, a saving or a total; None for what is no claim."""
    if price.unit:
        return f"{price.direction or 'token'}_price", f"{price.dollars} {price.unit}", ""
    if _SAVES.search(price.before):
        return "saving", price.dollars.lstrip("$"), "USD"
    before = sentence[: price.found.start()]
    told = list(_TOKENS.finditer(before))
    if not told or not _COSTS.search(before[told[-1].end() :]):
        return None
    daily = "_daily" if told[-1]["daily"] else ""
    return f"{total_attribute(told[-1]['size'])}{daily}", price.dollars, ""


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
class ClaimPattern:
    """A way to state something: `value` makes the claim's value of a match, and None of what it does not mean."""

    attribute: str
    regex: re.Pattern[str]
    value: Callable[[re.Match[str]], str | None]
    unit: str = ""


def _group(found: re.Match[str]) -> str:
    return found["value"]


def _whole_context(found: re.Match[str]) -> str | None:
    """Read "128K" and "8,192", but no "30 window"."""
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
    ClaimPattern(
        attribute="context",
        regex=re.compile(rf"(?<![\w$.,]){_SIZE}[- ](?:tokens? )?(?:context(?: window| length)?|window)\b"),
        value=_whole_context,
    ),
    ClaimPattern(
        attribute="context",
        regex=re.compile(rf"\bcontext (?:window|length) (?:of|is|reaches) {_SIZE}(?= tokens?\b|\b)"),
        value=_whole_context,
    ),
    ClaimPattern(
        attribute="parameters",
        regex=re.compile(
            r"(?<![\w.])(?P<value>\d+(?:\.\d+)?[- ]?(?:B|billion))"
            r"(?:[- ]param(?:eter)?s?\b|(?: [a-z-]+){0,2} model\b)"
        ),
        value=lambda found: found["value"].replace("-", " "),
    ),
    ClaimPattern(
        attribute="licence",
        regex=re.compile(rf"\bunder (?:the |an? )?{_LICENCE}"),
        value=lambda found: (
            found["value"].removeprefix("a ").removesuffix(" license").removesuffix(" licence")
        ),
    ),
    ClaimPattern(
        attribute="grade",
        regex=re.compile(r"(?:\bgrade of|['’]s) [‘'“\"](?P<value>[A-Z][\w -]{1,30})[’'”\"]"),
        value=_group,
    ),
    ClaimPattern(
        attribute="cost_ratio",
        regex=re.compile(
            rf"\b{_COUNT}(?:[x×]| times) (?:the )?(?:cost|price|more expensive|as (?:much|expensive))"
        ),
        value=_number,
        unit="x",
    ),
    ClaimPattern(
        attribute="cost_ratio",
        regex=re.compile(
            r"\b(?:one-|an? )?(?P<value>half|third|quarter|fifth|tenth) (?:of )?(?:the (?:price|cost)|as much)"
        ),
        value=_number,
        unit="x",
    ),
    ClaimPattern(
        attribute="cost_ratio",
        regex=re.compile(r"\b(?P<value>\d+(?:\.\d+)?)% of the (?:price|cost)\b"),
        value=_percent,
        unit="x",
    ),
    ClaimPattern(
        attribute="cost_ratio",
        regex=re.compile(r"\b(?P<value>order of magnitude) cheaper"),
        value=lambda _: "0.1",
        unit="x",
    ),
    ClaimPattern(
        attribute="benchmarks_won",
        regex=re.compile(rf"\bwon (?:all |in )?{_COUNT} (?:of [\w ]+ )?(?:bench\s?marks?|tests)\b"),
        value=_number,
    ),
    ClaimPattern(
        attribute="benchmark_score",
        regex=re.compile(rf"\bscored {_COUNT} across the board"),
        value=_number,
    ),
    ClaimPattern(
        attribute="success_rate",
        regex=re.compile(r"\b(?P<value>\d+/\d+) success rate\b"),
        value=_group,
    ),
    ClaimPattern(
        attribute="benchmark_lead",
        regex=re.compile(r"\bby (?P<value>\d+(?:[-–]\d+)?)% in (?:[\w-]+ )?bench\s?marks?\b"),
        value=_group,
        unit="%",
    ),
    ClaimPattern(
        attribute="overall_strength",
        regex=re.compile(r"\boverall strength[”\"'’]? score of (?P<value>\d+(?:\.\d+)?(?:/\d+)?)"),
        value=_group,
    ),
    ClaimPattern(
        attribute="benchmarks",
        regex=re.compile(r"\b(?P<value>[Nn]o public benchmarks)\b"),
        value=lambda _: "none public",
    ),
)


def claims_in(line: Line, names: Names, *, about: bool = False) -> Iterator[ClaimEntry]:
    """Yield what the sentences of a line state of the tools of `names`; `about`: the line is about their subject."""
    yield from dict.fromkeys(
        claim
        for words in sentences(line.text)
        if len(words) <= SENTENCE_LENGTH
        for claim in _stated(_as_going_on(words, names) if about else words, words, line, names)
    )


def _as_going_on(sentence: str, names: Names) -> str:
    """Return the sentence without the capital of its first word, so that "Tiny model, …" names no product Tiny."""
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
