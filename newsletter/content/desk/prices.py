"""What a source's own prices allow: the range of a total, of a ratio, of a saving; and when a figure is outside it.

How many tokens go in and how many out is seldom said, so a total may lie anywhere between both prices. On top comes
room for rounding: a figure is wrong only where no mix of tokens and no usual rounding could give it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from newsletter.content.desk.papers import Sheet
from newsletter.content.desk.values import is_conditional, price_of
from newsletter.content.model import Claim

MILLION = 1_000_000
#: How far outside a figure may be and still be called about right.
_ROOM = Decimal("1.25")
_DIRECTIONS = ("input_price", "output_price")
_VOLUME = re.compile(r"cost_at_(?P<size>\d+(?:_\d+)?)(?P<scale>[KM])(?P<daily>_daily)?")
_DAYS = (Decimal(22), Decimal(31))
_BY_MONTH = re.compile(r"(?:/|per |a )\s?mo(?:nth)?\b|monthly", re.I)
#: A bill for another time than a month, or for more than tokens.
_MORE_THAN_TOKENS = re.compile(
    r"\b(?:years?|annual(?:ly)?|weeks?|weekly|quarter(?:ly)?|fees?|subscriptions?|seats?|minimum|includ\w+|hosting|"
    r"hardware|self-host\w*|storage)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both in it."""

    low: Decimal
    high: Decimal

    def times(self, low: Decimal, high: Decimal) -> "Range":
        return Range(self.low * low, self.high * high)

    def allows(self, stated: Decimal, step: Decimal = Decimal(0)) -> bool:
        """Whether a stated figure lies in it, give or take a rounding to `step` and some room."""
        return self.low / _ROOM - step <= stated <= self.high * _ROOM + step


def step_of(claim: Claim) -> Decimal:
    """One unit of the last place of a figure as stated: $14 may be 13.50 rounded up."""
    _, point, decimals = claim.value.partition(".")
    return Decimal(1).scaleb(-len(decimals)) if point else Decimal(1)


def prices(sheet: Sheet, tool_id: str, attribute: str) -> tuple[Claim, ...]:
    """The claims of one source that state a price in dollars, without condition."""
    stated = sheet.said(tool_id, attribute)
    return tuple(each for each in stated if not is_conditional(each) and _dollars(each) is not None)


def price_range(sheet: Sheet, tool_id: str, directions: Sequence[str] = _DIRECTIONS) -> Range | None:
    """From the lowest to the highest price that the source states; None unless it states every direction."""
    found = [[_dollars(each) for each in prices(sheet, tool_id, direction)] for direction in directions]
    known = [each for amounts in found for each in amounts if each is not None]
    return Range(min(known), max(known)) if all(found) else None


def ratio_range(sheet: Sheet, tool_id: str, rival_id: str) -> Range | None:
    """What one tool costs of what the other costs, by input and by output; None where prices are missing."""
    ratios = []
    for direction in _DIRECTIONS:
        one, other = price_range(sheet, tool_id, [direction]), price_range(sheet, rival_id, [direction])
        if one is None or other is None or not other.low or not other.high:
            return None
        ratios += [one.low / other.high, one.high / other.low]
    return Range(min(ratios), max(ratios))


def saving_range(sheet: Sheet, tool_id: str, rival_id: str) -> Range | None:
    """What a million tokens of `tool_id` save against the other; None where prices are missing."""
    saved = []
    for direction in _DIRECTIONS:
        one, other = price_range(sheet, tool_id, [direction]), price_range(sheet, rival_id, [direction])
        if one is None or other is None:
            return None
        saved += [other.low - one.high, other.high - one.low]
    return Range(max(min(saved), Decimal(0)), max(saved))


def is_total(claim: Claim) -> bool:
    """Whether it says, without condition, what a number of tokens costs at once or in a month."""
    plain = (
        claim.number is not None and not is_conditional(claim) and not _MORE_THAN_TOKENS.search(claim.words)
    )
    return plain and volume_of(claim.attribute) is not None


def total_range(sheet: Sheet, claim: Claim) -> Range | None:
    """What the claim's volume costs by the source's prices; None where it is no total or prices are missing."""
    volume = volume_of(claim.attribute)
    if volume is None:
        return None
    found = price_range(sheet, claim.tool_id, _directions(claim.words))
    if found is None:
        return None
    # A daily volume whose bill is not said to be monthly may be billed by the day.
    by_day = "_daily" in claim.attribute and not _BY_MONTH.search(claim.words)
    return found.times(volume.low / MILLION / (_DAYS[1] if by_day else 1), volume.high / MILLION)


def volume_of(attribute: str) -> Range | None:
    """The tokens of "cost_at_10M" a month; of "cost_at_10M_daily" those of a month of working days, or of all."""
    found = _VOLUME.fullmatch(attribute)
    if not found:
        return None
    size = Decimal(found["size"].replace("_", ".")) * (MILLION if found["scale"] == "M" else 1000)
    return Range(size, size).times(*_DAYS) if found["daily"] else Range(size, size)


def _directions(words: str) -> Sequence[str]:
    """Input or output where the words speak of one only, else both."""
    named = [each for each in _DIRECTIONS if re.search(rf"\b{each.partition('_')[0]}s?\b", words, re.I)]
    return named if len(named) == 1 else _DIRECTIONS


def _dollars(claim: Claim) -> Decimal | None:
    price = price_of(claim)
    return price.amount if price is not None and price.currency == "USD" else None
