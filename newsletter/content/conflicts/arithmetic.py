"""Figures of one source that do not follow from its other figures: totals, ratios, savings, prices, splits."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from newsletter.content.conflicts.by_source import SourceRecords
from newsletter.content.conflicts.contradiction import (
    Contradiction,
    ContradictionKind,
    claim_side,
    words_side,
)
from newsletter.content.records import Claim, Decision, Verdict
from newsletter.content.units import USD_PER_MTOK, measure

# When two stated values contradict each other. Careful: what may be a rounding or another way to say it does not.
#
# 128K tokens may be 128,000 or 131,072, and a page that prints one exactly means the same as one that prints the
# other. Amounts in two currencies are never compared.

#: Two sources can contradict each other on these; the rest is free text, or each source's own.
COMPARED = (
    "input_price",
    "output_price",
    "context",
    "max_output",
    "parameters",
    "licence",
    "released",
    "api_access",
)

_CURRENCIES = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_CODE = re.compile(r"€|£|¥|₹|\b(?:EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD)\b", re.I)
_LICENCES = {
    "apache": r"apache",
    "mit": r"\bmit\b",
    "bsd": r"\bbsd\b",
    "agpl": r"\bagpl|affero",
    "lgpl": r"\blgpl",
    "gpl": r"\bgpl",
    "mpl": r"\bmpl|mozilla",
    "cc": r"\bcc[- ]?(?:by|0)|creative commons",
    "closed": r"proprietary|closed|all rights reserved",
}
_OPEN = re.compile(r"open[- ](?:weights?|source|licen[cs]e)", re.I)
#: What holds only under a condition, or no longer, is no contradiction of what holds else.
_CONDITIONAL = re.compile(
    r"\b(?:batch(?:ed)?|cach(?:e|ed|ing)|off-peak|discount(?:s|ed)?|tiers?|promo\w*|introductory|fine-tun\w+|"
    r"volume (?:price|pricing)|up from|down from|used to|previous(?:ly)?|earlier|formerly|was|were|will|soon|"
    r"plans?|planned|app|active|activated|distill\w*|preview|beta|extended|if you (?:pay|commit))\b",
    re.I,
)
_ISO = re.compile(r"\d{4}(?:-\d{2}){0,2}")
#: A kilo may be 1,000 or 1,024, a mega 1,048,576.
_BINARY = (Decimal(1), Decimal("1.024"), Decimal("1.048576"))
#: Announced one day and to be had another is one release.
_SAME_RELEASE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Price:
    """An amount for a million tokens."""

    currency: str
    amount: Decimal


def price_of(claim: Claim) -> Price | None:
    """Return the price that a claim states, in its own currency; None where it cannot be read."""
    if claim.number is not None:
        return Price("USD", claim.number) if claim.unit == USD_PER_MTOK else None
    stated = f"{claim.value} {claim.unit}".strip()
    found = _CODE.search(stated)
    if found is None:
        return None
    measured = measure("input_price", _CODE.sub("", claim.value), _CODE.sub("", claim.unit))
    currency = _CURRENCIES.get(found[0], found[0].upper())
    return None if measured.number is None else Price(currency, measured.number)


def is_conditional(claim: Claim) -> bool:
    """Return whether the claim's words tie its value to a condition or to another time."""
    return bool(_CONDITIONAL.search(claim.words))


def contradict(left: Claim, right: Claim) -> bool:
    """Return whether two claims on one attribute cannot both be true."""
    rule = _RULES.get(left.attribute)
    return rule is not None and rule(left, right)


def _prices(left: Claim, right: Claim) -> bool:
    one, other = price_of(left), price_of(right)
    if one is None or other is None or one.currency != other.currency:
        return False
    return not _near(one.amount, other.amount, Decimal("0.02"))


def _sizes(left: Claim, right: Claim) -> bool:
    if left.number is None or right.number is None or left.unit != right.unit:
        return False
    low, high = sorted((left.number, right.number))
    return not any(_near(low * step, high, Decimal("0.01")) for step in _BINARY)


def _parameters(left: Claim, right: Claim) -> bool:
    if left.number is None or right.number is None or left.unit != right.unit:
        return False
    return not _near(left.number, right.number, Decimal("0.05"))


def _near(left: Decimal, right: Decimal, share: Decimal) -> bool:
    return abs(left - right) <= share * max(abs(left), abs(right))


def licences_in(text: str) -> frozenset[str]:
    """Return the licences that a text names; "open" for one that is only said to be open."""
    named = {key for key, pattern in _LICENCES.items() if re.search(pattern, text, re.I)}
    return frozenset(named or ({"open"} if _OPEN.search(text) else ()))


def _licences(left: Claim, right: Claim) -> bool:
    one, other = licences_in(left.value), licences_in(right.value)
    if not one or not other or one & other:
        return False
    return "closed" in one | other or not {"open"} & (one | other)


def _releases(left: Claim, right: Claim) -> bool:
    one, other = left.value, right.value
    if not (_ISO.fullmatch(one) and _ISO.fullmatch(other)):
        return False
    days = _day(one), _day(other)
    if days[0] is not None and days[1] is not None:
        return abs((days[0] - days[1]).days) > _SAME_RELEASE_DAYS
    return not (one.startswith(other) or other.startswith(one))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-22") else None
    except ValueError:
        return None


_RULES: dict[str, Callable[[Claim, Claim], bool]] = {
    "input_price": _prices,
    "output_price": _prices,
    "context": _sizes,
    "max_output": _sizes,
    "parameters": _parameters,
    "licence": _licences,
    "released": _releases,
    "api_access": lambda left, right: {left.value, right.value} == {"yes", "no"},
}


# What a source's own prices allow: the range of a total, of a ratio, of a saving; and when a figure is outside it.
#
# How many tokens go in and how many out is seldom said, so a total may lie anywhere between both prices. On top comes
# room for rounding: a figure is wrong only where no mix of tokens and no usual rounding could give it.

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
        """Return whether a stated figure lies in the range, give or take a rounding to `step` and some room."""
        return self.low / _ROOM - step <= stated <= self.high * _ROOM + step


def step_of(claim: Claim) -> Decimal:
    """Return one unit of the last place of a figure as stated: $14 may be 13.50 rounded up."""
    _, point, decimals = claim.value.partition(".")
    return Decimal(1).scaleb(-len(decimals)) if point else Decimal(1)


def prices(records: SourceRecords, tool_id: str, attribute: str) -> tuple[Claim, ...]:
    """Return the claims of one source that state a price in dollars, without condition."""
    stated = records.claims_on(tool_id, attribute)
    return tuple(each for each in stated if not is_conditional(each) and _price_in_dollars(each) is not None)


def price_range(
    records: SourceRecords, tool_id: str, directions: Sequence[str] = _DIRECTIONS
) -> Range | None:
    """Return the lowest and highest price that the source states; None unless it states every direction."""
    found = [
        [_price_in_dollars(each) for each in prices(records, tool_id, direction)] for direction in directions
    ]
    known = [each for amounts in found for each in amounts if each is not None]
    return Range(min(known), max(known)) if all(found) else None


def ratio_range(records: SourceRecords, tool_id: str, rival_id: str) -> Range | None:
    """Return the cost of one tool as a share of the other's, by input and by output; None where prices are missing."""
    ratios = []
    for direction in _DIRECTIONS:
        one, other = price_range(records, tool_id, [direction]), price_range(records, rival_id, [direction])
        if one is None or other is None or not other.low or not other.high:
            return None
        ratios += [one.low / other.high, one.high / other.low]
    return Range(min(ratios), max(ratios))


def saving_range(records: SourceRecords, tool_id: str, rival_id: str) -> Range | None:
    """Return what a million tokens of `tool_id` save against the other; None where prices are missing."""
    saved = []
    for direction in _DIRECTIONS:
        one, other = price_range(records, tool_id, [direction]), price_range(records, rival_id, [direction])
        if one is None or other is None:
            return None
        saved += [other.low - one.high, other.high - one.low]
    return Range(max(min(saved), Decimal(0)), max(saved))


def is_total(claim: Claim) -> bool:
    """Return whether the claim says, without condition, what a number of tokens costs at once or in a month."""
    plain = (
        claim.number is not None and not is_conditional(claim) and not _MORE_THAN_TOKENS.search(claim.words)
    )
    return plain and volume_of(claim.attribute) is not None


def total_range(records: SourceRecords, claim: Claim) -> Range | None:
    """Return what the claim's volume costs by the source's prices; None where it is no total or prices are missing."""
    volume = volume_of(claim.attribute)
    if volume is None:
        return None
    found = price_range(records, claim.tool_id, _directions(claim.words))
    if found is None:
        return None
    # A daily volume whose bill is not said to be monthly may be billed by the day.
    by_day = "_daily" in claim.attribute and not _BY_MONTH.search(claim.words)
    return found.times(volume.low / MILLION / (_DAYS[1] if by_day else 1), volume.high / MILLION)


def volume_of(attribute: str) -> Range | None:
    """Return the tokens a month of "cost_at_10M"; of "cost_at_10M_daily" for its working days, or all its days."""
    found = _VOLUME.fullmatch(attribute)
    if not found:
        return None
    size = Decimal(found["size"].replace("_", ".")) * (MILLION if found["scale"] == "M" else 1000)
    return Range(size, size).times(*_DAYS) if found["daily"] else Range(size, size)


def _directions(words: str) -> Sequence[str]:
    """Return input or output where the words speak of one only, else both."""
    named = [each for each in _DIRECTIONS if re.search(rf"\b{each.partition('_')[0]}s?\b", words, re.I)]
    return named if len(named) == 1 else _DIRECTIONS


def _price_in_dollars(claim: Claim) -> Decimal | None:
    price = price_of(claim)
    return price.amount if price is not None and price.currency == "USD" else None


#: Two figures for one thing that are this much apart are no roundings of each other.
_APART = Decimal("1.2")
#: "An order of magnitude" is any ratio from here to there of ten.
_MAGNITUDE = (Decimal("0.4"), Decimal("2.5"))
_EACH_MILLION = re.compile(r"\b(?:for every|per|each|for each|every) (?:1 |one )?(?:million|M)\b", re.I)
#: "… as much as Kite", "… the cost of GPT-4": what it is a ratio to.
_COMPARED_WITH = re.compile(
    r"\b(?:as|than|the (?:price|cost) of|cost of|versus|vs\.?|against|over|with|to)\s+(?P<name>[A-Z][\w.-]*)"
)
#: Costs that are no prices of tokens.
_OTHER_COST = re.compile(
    r"\b(?:train\w*|hardware|self-host\w*|locally|seats?|subscriptions?|plans?|electricity)\b", re.I
)


def totals(records: SourceRecords) -> Iterator[Contradiction]:
    """Find totals such as "100M tokens cost $1,200" where the source's own prices make $120."""
    by_attribute: dict[tuple[str, str], list[Claim]] = {}
    for claim in records.claims:
        if is_total(claim):
            by_attribute.setdefault((claim.tool_id, claim.attribute), []).append(claim)
    for claims in by_attribute.values():
        wrong = [each for each in claims if not _follows(records, each)]
        right = [each for each in claims if each not in wrong]
        for claim in {each.value: each for each in reversed(wrong)}.values():
            yield _wrong_total(records, claim, right)
        yield from _two_totals(records, right)


def _follows(records: SourceRecords, claim: Claim) -> bool:
    expected = total_range(records, claim)
    return expected is None or claim.number is None or expected.allows(claim.number, step_of(claim))


def _wrong_total(records: SourceRecords, claim: Claim, right: Sequence[Claim]) -> Contradiction:
    expected = total_range(records, claim) or Range(Decimal(0), Decimal(0))
    stated = _any_price(records, claim.tool_id, claim.words)
    # A listed total with another figure shows the mistake better than the price does.
    shown = [*right, *stated]
    return Contradiction(
        kind=ContradictionKind.TOTAL,
        attribute=claim.attribute,
        left=claim_side(shown[0], records.source),
        right=claim_side(claim, records.source),
        also=tuple(claim_side(each, records.source) for each in shown[1:2]),
        reason=f"at the source's own prices this volume costs {_dollars(expected)}, not {_stated(claim)}",
    )


def _two_totals(records: SourceRecords, claims: Sequence[Claim]) -> Iterator[Contradiction]:
    for claim in claims[1:]:
        low, high = sorted((claims[0].number or Decimal(0), claim.number or Decimal(0)))
        if high > low * _APART + step_of(claim):
            yield Contradiction(
                kind=ContradictionKind.SAID_TWICE,
                attribute=claim.attribute,
                left=claim_side(claims[0], records.source),
                right=claim_side(claim, records.source),
                reason=f"one source gives {_stated(claims[0])} and {_stated(claim)} for the same volume",
            )
            return


def ratios(records: SourceRecords) -> Iterator[Contradiction]:
    """Find ratios such as "half the price" where the source's own prices make it a tenth."""
    stated = [each for each in records.claims if _is_ratio(each)]
    for claim in stated:
        rival = _compared(records, claim)
        expected = ratio_range(records, claim.tool_id, rival) if rival else None
        if rival and expected and not _fits(claim, expected):
            agreeing = [each for each in stated if each != claim and _agrees(records, each)]
            prices_stated = (
                *prices(records, rival, "output_price"),
                *prices(records, claim.tool_id, "output_price"),
            )
            yield Contradiction(
                kind=ContradictionKind.RATIO,
                attribute=claim.attribute,
                left=claim_side(prices_stated[0], records.source),
                right=claim_side(claim, records.source),
                also=tuple(claim_side(each, records.source) for each in agreeing[:1]),
                reason=f"it is said to cost {claim.value} times as much as the other one; "
                f"their prices make that {_times(expected)}",
            )


def _is_ratio(claim: Claim) -> bool:
    other = is_conditional(claim) or _OTHER_COST.search(claim.words)
    return claim.attribute == "cost_ratio" and _plain_number(claim) is not None and not other


def _agrees(records: SourceRecords, claim: Claim) -> bool:
    rival = _compared(records, claim)
    expected = ratio_range(records, claim.tool_id, rival) if rival else None
    return expected is not None and _fits(claim, expected)


def _fits(claim: Claim, expected: Range) -> bool:
    if "order of magnitude" in claim.words.casefold() and Decimal(claim.value) in (
        Decimal("0.1"),
        Decimal(10),
    ):
        expected = expected.times(*_MAGNITUDE)
    return expected.allows(Decimal(claim.value), step_of(claim) / 2)


def _compared(records: SourceRecords, claim: Claim) -> str | None:
    """Return the tool that the claim's is compared with; None where it is a third one."""
    rival = records.rival(claim.tool_id)
    named = [found["name"] for found in _COMPARED_WITH.finditer(claim.words)]
    own = " ".join(records.tools[each].name for each in (claim.tool_id, rival) if each)
    return rival if all(name.split("-")[0].rstrip(".") in own for name in named) else None


def savings(records: SourceRecords) -> Iterator[Contradiction]:
    """Find claims such as "saves $11 for every million tokens" where a million costs less than that."""
    for claim in records.claims:
        rival = _compared(records, claim) if claim.attribute == "saving" else None
        expected = saving_range(records, claim.tool_id, rival) if rival else None
        number = _plain_number(claim)
        if rival is None or expected is None or number is None or not _EACH_MILLION.search(claim.words):
            continue
        if not expected.allows(number, step_of(claim) / 2):
            dearer = prices(records, rival, "output_price")[0]
            yield Contradiction(
                kind=ContradictionKind.SAVING,
                attribute=claim.attribute,
                left=claim_side(dearer, records.source),
                right=claim_side(claim, records.source),
                reason=f"by its own prices a million tokens save {_dollars(expected)}, not {_stated(claim)}",
            )


def token_prices(records: SourceRecords) -> Iterator[Contradiction]:
    """Find prices such as "$0.60 per million tokens", said of neither direction, that no mix of the two makes."""
    for claim in records.claims:
        if claim.attribute != "token_price" or claim.number is None or is_conditional(claim):
            continue
        expected = price_range(records, claim.tool_id)
        direction = _meant(records, claim)
        narrow = price_range(records, claim.tool_id, [direction]) if direction else None
        if expected is None or (narrow or expected).allows(claim.number):
            continue
        shown = prices(records, claim.tool_id, direction or "output_price")[0]
        yield Contradiction(
            kind=ContradictionKind.PRICE,
            attribute=claim.attribute,
            left=claim_side(shown, records.source),
            right=claim_side(claim, records.source),
            reason=f"{_stated(claim)} is set beside the other tool's {(direction or '').replace('_price', '')} price, "
            f"but its own is {_dollars(narrow or expected)}"
            if direction
            else f"its prices are {_dollars(expected)}, and no mix of them is {_stated(claim)}",
        )


def _meant(records: SourceRecords, claim: Claim) -> str | None:
    """Return input or output, where the same sentence gives the other tool's price of exactly one of them."""
    rival = records.rival(claim.tool_id)
    if rival is None:
        return None
    beside = [
        each
        for each in records.claims_on(rival, claim.attribute)
        if (each.line, each.words) == (claim.line, claim.words)
    ]
    exact = {
        direction
        for each in beside
        for direction in _DIRECTIONS
        if any(price.number == each.number for price in prices(records, each.tool_id, direction))
    }
    return exact.pop() if len(exact) == 1 else None


def splits(records: SourceRecords) -> Iterator[Contradiction]:
    """Find shares that their own ships and skips do not make, and splits that their own reviews do not."""
    for verdict in records.verdicts:
        if verdict.derived or verdict.ships is None or verdict.skips is None:
            continue
        if verdict.share is not None and not _is_share(verdict.share, verdict.ships, verdict.skips):
            yield _wrong_split(records, verdict, f"{verdict.share:f}%", "the share that ships")
        decisions = records.decisions(verdict.tool_id)
        ships = decisions.count(Decision.SHIP)
        if None in decisions or len(decisions) != verdict.ships + verdict.skips or ships == verdict.ships:
            continue
        yield _wrong_split(records, verdict, f"{ships} ship / {len(decisions) - ships} skip", "its reviews")
    yield from _community(records)


def _wrong_split(records: SourceRecords, verdict: Verdict, other: str, what: str) -> Contradiction:
    split = f"{verdict.ships} ship / {verdict.skips} skip"
    left = words_side(records.source, verdict.tool_id, split, verdict.line)
    return Contradiction(
        kind=ContradictionKind.SPLIT,
        attribute="verdict",
        left=left,
        right=replace(left, value=other, words=other),
        reason=f"the split is {split}, {what}: {other}",
    )


def _community(records: SourceRecords) -> Iterator[Contradiction]:
    for votes in records.votes:
        for claim in records.claims_on(votes.tool_id, "community_share"):
            share = _plain_number(claim)
            if share is None or not votes.ship + votes.skip or _is_share(share, votes.ship, votes.skip):
                continue
            split = f"{votes.ship} ship / {votes.skip} skip"
            yield Contradiction(
                kind=ContradictionKind.SPLIT,
                attribute=claim.attribute,
                left=words_side(records.source, votes.tool_id, split, None),
                right=claim_side(claim, records.source),
                reason=f"the community's votes are {split}, its share {share:f}%",
            )


def _is_share(share: Decimal, ships: int, skips: int) -> bool:
    """Return whether a share is that of the split, rounded to whole percent up or down."""
    number = ships + skips
    return not number or abs(Decimal(100 * ships) / number - share) < 1


def _any_price(records: SourceRecords, tool_id: str, words: str) -> tuple[Claim, ...]:
    words = words.casefold()
    first = "output_price" if "output" in words and "input" not in words else "input_price"
    return prices(records, tool_id, first) or prices(records, tool_id, "output_price")


def _plain_number(claim: Claim) -> Decimal | None:
    """Return the number of a claim whose attribute the store keeps as text."""
    found = re.fullmatch(r"\d+(?:\.\d+)?", claim.value)
    return claim.number if claim.number is not None else Decimal(found[0]) if found else None


def _dollars(amounts: Range) -> str:
    low, high = money(amounts.low), money(amounts.high)
    return low if low == high else f"{low} to {high}"


def _times(ratio: Range) -> str:
    low, high = _short(ratio.low), _short(ratio.high)
    return f"{low} times" if low == high else f"{low} to {high} times"


def money(amount: Decimal) -> str:
    """Write dollars: "$1,200", "$0.60", "$0.007": whole, or at least cents and at most three significant digits."""
    text = _short(amount)
    decimals = len(text.partition(".")[2])
    return f"${Decimal(text):,.{max(decimals, 2)}f}" if decimals else f"${Decimal(text):,f}"


def _short(number: Decimal) -> str:
    """Write a number with at most three significant digits behind the point, never an exponent."""
    rounded = Decimal(f"{number:.3g}" if number < 1000 else f"{number:.0f}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _stated(claim: Claim) -> str:
    number = _plain_number(claim)
    return claim.value if number is None else money(number)
