"""Amounts of money in a sentence: which are prices per token, what a number of tokens costs, what is saved."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from newsletter.content.pack import ClaimEntry
from newsletter.content.pages.claims import claim
from newsletter.content.pages.lines import Line
from newsletter.content.pages.names import Names
from newsletter.content.units import measure, plain

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    attribute: str
    value: str
    unit: str = ""


def prices_in(sentence: str, words: str, line: Line, names: Names) -> Iterator[ClaimEntry]:
    """What the amounts of a sentence say of the tools of `names`; `words` is the sentence as it stands."""
    for price in _amounts(sentence):
        meaning = _meaning(sentence, price)
        tool = names.owner(sentence, price.found.start(), price.found.end()) if meaning else None
        if meaning and tool:
            yield claim(tool, meaning.attribute, meaning.value, line, words=words, unit=meaning.unit)


def total_attribute(size: str) -> str:
    """The attribute of what so many tokens cost: "10M" → "cost_at_10M"."""
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
    """Input or output, as said beside each amount; "$1/$2" are one of each; a comparison goes on alike."""
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
    """ "per 1M tokens" where said of an amount or of its neighbour in a comparison or a list."""
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


def _meaning(sentence: str, price: _Price) -> _Meaning | None:
    """A price per token, a saving, what a number of tokens costs; else nothing that can be claimed."""
    if price.unit:
        return _Meaning(
            attribute=f"{price.direction or 'token'}_price", value=f"{price.dollars} {price.unit}"
        )
    if _SAVES.search(price.before):
        return _Meaning(attribute="saving", value=price.dollars.lstrip("$"), unit="USD")
    before = sentence[: price.found.start()]
    told = list(_TOKENS.finditer(before))
    if not told or not _COSTS.search(before[told[-1].end() :]):
        return None
    daily = "_daily" if told[-1]["daily"] else ""
    return _Meaning(attribute=f"{total_attribute(told[-1]['size'])}{daily}", value=price.dollars)
