"""Figures of one source that do not follow from its other figures: totals, ratios, savings, prices, splits."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from newsletter.content.conflicts.by_source import SourceRecords, plain_number
from newsletter.content.conflicts.contradiction import (
    Contradiction,
    ContradictionKind,
    ContradictionSide,
    claim_side,
    result_side,
    words_side,
)
from newsletter.content.pages.prose import total_attribute
from newsletter.content.records import Claim, Decision, Offer, Verdict
from newsletter.content.statements import lexicon
from newsletter.content.statements.names import Names
from newsletter.content.statements.sentence import Sentence
from newsletter.content.statements.statement import Matter, Statement
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
    "entry",
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
    if claim.words == claim.value or not lexicon.FLAG.search(claim.words.casefold()):
        return False
    conditions = _OF_OTHERS.get(claim.attribute, _OF_PRICES)
    sentence = Sentence(claim.words, _NOBODY)
    place = claim.words.find(claim.value)
    if place < 0:
        place = next((each.start for each in sentence.figures if each.value == claim.number), -1)
    if place >= 0:
        return bool(sentence.conditions(place) & conditions)
    return any(flag in conditions for flag, _ in sentence.flags)


_NOBODY = Names(["no tool"])
_OF_PRICES = {"past", "future", "supposed", "special"}
_OF_OTHERS = {"parameters": {"future"}, "licence": {"future"}, "released": {"future"}} | {
    attribute: _OF_PRICES - {"special"} for attribute in ("context", "max_output")
}


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


def _entry(claim: Claim) -> str:
    return claim.value.strip().casefold()


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
    "entry": lambda left, right: {_entry(left), _entry(right)} == {"free", "paid"},
}


# What a source's own prices allow: the range of a total, of a ratio, of a saving; and when a figure is outside it.
#
# How many tokens go in and how many out is seldom said, so a total may lie anywhere between both prices. On top comes
# room for rounding: a figure is wrong only where no mix of tokens and no usual rounding could give it.

MILLION = 1_000_000
#: How far outside a figure may be and still be called about right.
_ROOM = Decimal("1.25")
#: And how far what is said to be the same.
_SAME_ROOM = Decimal("1.05")
_DIRECTIONS = ("input_price", "output_price")
_VOLUME = re.compile(r"cost_at_(?P<size>\d+(?:_\d+)?)(?P<scale>[KM])(?P<daily>_daily)?")
#: A bill for more than tokens.
_MORE_THAN_TOKENS = lexicon.any_of(
    r"""
    weeks?; weekly; quarter(?:ly)?; fees?; subscriptions?; seats?; minimum; includ\w+; hosting; hardware;
    self-host\w*; storage; staff; support; cach\w+
    """
)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both in it."""

    low: Decimal
    high: Decimal

    def times(self, low: Decimal, high: Decimal) -> "Range":
        return Range(self.low * low, self.high * high)

    def allows(self, stated: Decimal, step: Decimal = Decimal(0), room: Decimal = _ROOM) -> bool:
        """Return whether a stated figure lies in the range, give or take a rounding to `step` and some room."""
        return self.low / room - step <= stated <= self.high * room + step


def step_of(value: str) -> Decimal:
    """Return one unit of the last place of a figure as stated: $14 may be 13.50 rounded up."""
    decimals = re.search(r"\.(\d+)", value)
    return Decimal(1).scaleb(-len(decimals[1])) if decimals else Decimal(1)


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


def listed(records: SourceRecords, tool_id: str, volume: Decimal | None = None) -> dict[str, Claim]:
    """Return what a tool costs at each volume as the source lists it, outside of sentences; at one volume if that is given."""
    wanted = None if volume is None else total_attribute(volume)
    found: dict[str, Claim] = {}
    for claim in records.claims:
        if (
            claim.tool_id == tool_id
            and claim.number is not None
            and (wanted is None or claim.attribute == wanted)
        ):
            cost = _VOLUME.fullmatch(claim.attribute)
            if cost and not cost["daily"] and not claim.words.endswith((".", "!", "?")):
                found.setdefault(claim.attribute, claim)
    return found


def listed_ratio(records: SourceRecords, tool_id: str, rival_id: str, volume: Decimal | None) -> Range | None:
    """Return the listed cost of one tool as a share of the other's, roundings to whole dollars included."""
    ours, theirs = listed(records, tool_id, volume), listed(records, rival_id, volume)
    ratios: list[Decimal] = []
    for attribute in ours.keys() & theirs.keys():
        one, other = ours[attribute].number or Decimal(0), theirs[attribute].number or Decimal(0)
        if one >= 5 and other >= 5:
            half = Decimal("0.5")
            ratios += [(one - half) / (other + half), (one + half) / (other - half)]
    return Range(min(ratios), max(ratios)) if ratios else None


def saving_range(records: SourceRecords, statement: Statement) -> Range | None:
    """Return what the statement's volume costs less than with its rival, below 0 where it costs more; None if unknown."""
    volume = statement.volume
    if volume is None:
        return None
    if volume > MILLION:
        ours, theirs = (listed(records, each, volume) for each in (statement.tool, statement.rival))
        for attribute in ours.keys() & theirs.keys():
            gap = (theirs[attribute].number or Decimal(0)) - (ours[attribute].number or Decimal(0))
            return Range(gap - 1, gap + 1)
    saved = []
    for direction in [f"{statement.direction}_price"] if statement.direction else _DIRECTIONS:
        one, other = (price_range(records, each, [direction]) for each in (statement.tool, statement.rival))
        if one is None or other is None:
            return None
        saved += [other.low - one.high, other.high - one.low]
    return Range(min(saved), max(saved)).times(volume / MILLION, volume / MILLION)


def total_range(records: SourceRecords, statement: Statement) -> Range | None:
    """Return what a statement's volume costs by the source's prices; None where prices are missing."""
    if statement.volume is None:
        return None
    directions = [f"{statement.direction}_price"] if statement.direction else _DIRECTIONS
    found = price_range(records, statement.tool, directions)
    millions = statement.volume / MILLION
    return found.times(millions * statement.low, millions * statement.high) if found else None


def _price_in_dollars(claim: Claim) -> Decimal | None:
    price = price_of(claim)
    return price.amount if price is not None and price.currency == "USD" else None


#: Two figures for one thing that are this much apart are no roundings of each other.
_APART = Decimal("1.2")
#: "An order of magnitude" is any ratio from here to there of ten.
_MAGNITUDE = (Decimal("0.4"), Decimal("2.5"))
#: Costs that are no prices of tokens.
_OTHER_COST = lexicon.any_of(
    r"""
    train\w*; hardware; self-host\w*; locally; seats?; subscriptions?; plans?; electricity
    """
)


def side_of(records: SourceRecords, statement: Statement) -> ContradictionSide:
    """Return the side that a statement takes: the claim that was made of it, else its words."""
    claim = records.claim_of(statement)
    if claim is not None:
        return claim_side(claim, records.source)
    return words_side(records.source, statement.tool, statement.words, statement.line, value=statement.value)


def totals(records: SourceRecords) -> Iterator[Contradiction]:
    """Find totals such as "100M tokens cost $1,200" where the source's own prices make $120."""
    by_attribute: dict[tuple[str, str], list[Statement]] = {}
    for statement in (*_listed_totals(records), *records.stated(Matter.COST)):
        if statement.volume is not None and not _MORE_THAN_TOKENS.search(statement.words.casefold()):
            attribute = total_attribute(statement.volume) + (
                "" if statement.high == 1 else "_daily" if statement.low == 22 else "_long"
            )
            by_attribute.setdefault((statement.tool, attribute), []).append(statement)
    for (_, attribute), stated in by_attribute.items():
        wrong = [each for each in stated if not _follows(records, each)]
        right = [each for each in stated if each not in wrong]
        for statement in {each.value: each for each in reversed(wrong)}.values():
            yield _wrong_total(records, attribute, statement, right)
        if attribute.endswith(("K", "M")):
            yield from _two_totals(records, attribute, right)


def _listed_totals(records: SourceRecords) -> Iterator[Statement]:
    """Yield the costs that are claims outside of the sentences that were read."""
    said = {(each.tool, each.line) for each in records.stated(Matter.COST)}
    for claim in records.claims:
        volume = _VOLUME.fullmatch(claim.attribute)
        if (
            volume is None
            or claim.number is None
            or is_conditional(claim)
            or (claim.tool_id, claim.line) in said
        ):
            continue
        size = Decimal(volume["size"].replace("_", ".")) * (MILLION if volume["scale"] == "M" else 1000)
        words = claim.words.casefold()
        named = [each for each in _DIRECTIONS if re.search(rf"\b{each.partition('_')[0]}s?\b", words)]
        yield Statement(
            matter=Matter.COST,
            tool=claim.tool_id,
            value=claim.value,
            number=claim.number,
            volume=size,
            direction=named[0].partition("_")[0] if len(named) == 1 else "",
            low=Decimal(22 if "mo" in words else 1) if volume["daily"] else Decimal(1),
            high=Decimal(31) if volume["daily"] else Decimal(1),
            words=claim.words,
            line=claim.line,
        )


def _follows(records: SourceRecords, statement: Statement) -> bool:
    expected = total_range(records, statement)
    return (
        expected is None
        or statement.number is None
        or expected.allows(statement.number, step_of(statement.value))
    )


def _wrong_total(
    records: SourceRecords, attribute: str, statement: Statement, right: Sequence[Statement]
) -> Contradiction:
    expected = total_range(records, statement) or Range(Decimal(0), Decimal(0))
    first = "output_price" if statement.direction == "output" else "input_price"
    stated = prices(records, statement.tool, first) or prices(records, statement.tool, "output_price")
    # A listed total with another figure shows the mistake better than the price does.
    shown = [
        *(side_of(records, each) for each in right),
        *(claim_side(each, records.source) for each in stated),
    ]
    return Contradiction(
        kind=ContradictionKind.TOTAL,
        attribute=attribute.removesuffix("_long"),
        left=shown[0],
        right=side_of(records, statement),
        also=tuple(shown[1:2]),
        reason=f"at the source's own prices this volume costs {_dollars(expected)}, not {_stated(statement)}",
    )


def _two_totals(
    records: SourceRecords, attribute: str, stated: Sequence[Statement]
) -> Iterator[Contradiction]:
    for statement in stated[1:]:
        first = stated[0]
        if first.direction != statement.direction and statement.direction:
            continue
        low, high = sorted((first.number or Decimal(0), statement.number or Decimal(0)))
        if high > low * _APART + step_of(statement.value):
            yield Contradiction(
                kind=ContradictionKind.SAID_TWICE,
                attribute=attribute,
                left=side_of(records, first),
                right=side_of(records, statement),
                reason=f"one source gives {_stated(first)} and {_stated(statement)} for the same volume",
            )
            return


def ratios(records: SourceRecords) -> Iterator[Contradiction]:
    """Find ratios such as "half the price" where the source's own prices, or listed costs, make it a tenth."""
    stated = [
        each
        for each in records.stated(Matter.COST_RATIO)
        if each.rival and not _OTHER_COST.search(each.words.casefold())
    ]
    seen: set[tuple[str, str, str]] = set()
    for statement in stated:
        expected = _expected_ratio(records, statement)
        key = (statement.tool, statement.value, statement.words)
        if expected is None or key in seen or _fits(statement, expected):
            continue
        seen.add(key)
        agreeing = [each for each in stated if each != statement and _agrees(records, each)]
        shown = [
            *prices(records, statement.rival, "output_price"),
            *prices(records, statement.tool, "output_price"),
            *_last(listed(records, statement.rival, statement.volume)),
            *_last(listed(records, statement.tool, statement.volume)),
        ]
        if statement.volume is not None and listed_ratio(
            records, statement.tool, statement.rival, statement.volume
        ):
            shown.reverse()
        yield Contradiction(
            kind=ContradictionKind.RATIO,
            attribute="cost_ratio",
            left=claim_side(shown[0], records.source),
            right=side_of(records, statement),
            also=tuple(side_of(records, each) for each in agreeing[:1]),
            reason=f"it is said to cost {_said_ratio(statement)} the other one; their prices make that {_times(expected)}",
        )


def _last(found: dict[str, Claim]) -> list[Claim]:
    return [*found.values()][-1:]


def _said_ratio(statement: Statement) -> str:
    if statement.unit == "same":
        return "the same as"
    return "no more than" if statement.unit == "at most" else f"{statement.value} times as much as"


def _expected_ratio(records: SourceRecords, statement: Statement) -> Range | None:
    of_prices = ratio_range(records, statement.tool, statement.rival)
    of_totals = listed_ratio(records, statement.tool, statement.rival, statement.volume)
    return (of_totals or of_prices) if statement.volume is not None else (of_prices or of_totals)


def _agrees(records: SourceRecords, statement: Statement) -> bool:
    expected = _expected_ratio(records, statement)
    return expected is not None and _fits(statement, expected)


def _fits(statement: Statement, expected: Range) -> bool:
    number = statement.number or Decimal(0)
    if statement.unit == "same":
        return expected.allows(number, room=_SAME_ROOM)
    if statement.unit == "at most":
        return expected.low <= _SAME_ROOM
    if statement.unit == "magnitude":
        expected = expected.times(*_MAGNITUDE)
    step = step_of(statement.value) / 2
    # A ratio that is right the other way round was rather misread than miscounted.
    if number and statement.number != 1 and expected.allows(1 / number, step / (number * number)):
        return True
    return expected.allows(number, step)


def savings(records: SourceRecords) -> Iterator[Contradiction]:
    """Find claims such as "saves $11 for every million tokens" where a million costs less than that."""
    for statement in records.stated(Matter.SAVING):
        expected = saving_range(records, statement) if statement.rival else None
        if expected is None or statement.number is None:
            continue
        if statement.either and expected.high <= 0:
            expected = Range(-expected.high, -expected.low)
        step = step_of(statement.value) / 2
        # What is not said to be of one direction may be of any mix of them.
        fits = (
            expected.low / _ROOM - step <= statement.number <= expected.high * _ROOM + step
            if expected.high > 0
            else False
        )
        if expected.low < 0 < expected.high:
            fits = statement.number <= expected.high * _ROOM + step
        if fits:
            continue
        dearer = [
            *_last(
                listed(records, statement.rival, statement.volume)
                if statement.volume and statement.volume > MILLION
                else {}
            ),
            *prices(records, statement.rival, f"{statement.direction or 'output'}_price"),
            *prices(records, statement.rival, "output_price"),
        ]
        if not dearer:
            continue
        said = "less" if expected.high > 0 else "more"
        yield Contradiction(
            kind=ContradictionKind.SAVING,
            attribute="saving",
            left=claim_side(dearer[0], records.source),
            right=side_of(records, statement),
            reason=f"by its own figures that volume costs {_dollars(_positive(expected))} {said}, not {_stated(statement)} less",
        )


def _positive(gap: Range) -> Range:
    return gap if gap.high > 0 else Range(-gap.high, -gap.low)


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
            reason=f"{money(claim.number)} is set beside the other tool's {(direction or '').replace('_price', '')} price, "
            f"but its own is {_dollars(narrow or expected)}"
            if direction
            else f"its prices are {_dollars(expected)}, and no mix of them is {money(claim.number)}",
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


def rows(records: SourceRecords) -> Iterator[Contradiction]:
    """Find where the maker's own row among the providers has another price or context than the page."""
    for offer in records.offers:
        if not _is_makers(records, offer):
            continue
        for attribute, value in (
            ("input_price", offer.input_price),
            ("output_price", offer.output_price),
            ("context", offer.context_tokens),
        ):
            claims = [
                each for each in records.claims_on(offer.tool_id, attribute) if not is_conditional(each)
            ]
            if value is None or not claims:
                continue
            stated = replace(
                claims[0],
                value=f"{value:f}" if isinstance(value, Decimal) else str(value),
                number=Decimal(value),
                line=offer.line,
            )
            if all(contradict(each, stated) for each in claims):
                row = words_side(
                    records.source,
                    offer.tool_id,
                    f"{offer.provider}: {stated.value} {stated.unit}",
                    offer.line,
                    value=f"{stated.value} {stated.unit}",
                )
                yield Contradiction(
                    kind=ContradictionKind.SAID_TWICE,
                    attribute=attribute,
                    left=claim_side(claims[0], records.source),
                    right=row,
                    reason=f"the page gives {attribute.replace('_', ' ')} as {claims[0].value}, its row of {offer.provider} as {stated.value}",
                )


def _is_makers(records: SourceRecords, offer: Offer) -> bool:
    maker = records.tools[offer.tool_id].maker if offer.tool_id in records.tools else ""
    return bool(maker) and "".join(maker.casefold().split()) == "".join(offer.provider.casefold().split())


#: How many of a currency a dollar has bought in the last years, with room.
_RATES = {
    "EUR": Range(Decimal("0.75"), Decimal("1.1")),
    "GBP": Range(Decimal("0.65"), Decimal("0.95")),
    "JPY": Range(Decimal(95), Decimal(180)),
    "INR": Range(Decimal(68), Decimal(100)),
}


def currencies(records: SourceRecords) -> Iterator[Contradiction]:
    """Find one amount in two currencies that no rate of exchange makes equal."""
    for statement in records.stated(Matter.EXCHANGE):
        rate = _RATES.get(statement.unit)
        if rate is None or statement.number is None or rate.allows(statement.number, room=Decimal("1.1")):
            continue
        side = side_of(records, statement)
        yield Contradiction(
            kind=ContradictionKind.CURRENCY,
            attribute="price",
            left=side,
            right=side,
            reason=f"{statement.value} are said to be the same: that would be {_short(statement.number)} {statement.unit} for a dollar",
        )


#: Words that a token makes, in any language and with room: about three quarters of one in English.
_WORDS_PER_TOKEN = Range(Decimal("0.4"), Decimal("1.2"))


def words(records: SourceRecords) -> Iterator[Contradiction]:
    """Find a context in words that its tokens do not make."""
    for statement in records.stated(Matter.WORDS):
        if statement.number is None or _WORDS_PER_TOKEN.allows(statement.number, room=Decimal(1)):
            continue
        side = side_of(records, statement)
        yield Contradiction(
            kind=ContradictionKind.WORDS,
            attribute="context",
            left=side,
            right=side,
            reason=f"{statement.value} would be {_short(statement.number)} words for a token, where three quarters of one are usual",
        )


def dates(records: SourceRecords) -> Iterator[Contradiction]:
    """Find a page that was checked or updated before its tool was released."""
    checked: dict[str, list[tuple[str, ContradictionSide]]] = {}
    for claim in records.claims:
        if claim.attribute in ("verified", "updated"):
            checked.setdefault(claim.tool_id, []).append((claim.value, claim_side(claim, records.source)))
    for statement in records.stated(Matter.CHECKED):
        checked.setdefault(statement.tool, []).append((statement.value, side_of(records, statement)))
    for tool_id, days in checked.items():
        released = next(
            (each for each in records.claims_on(tool_id, "released") if _ISO.fullmatch(each.value)), None
        )
        early = [
            side
            for day, side in days
            if released and _ISO.fullmatch(day) and _end(day) < _start(released.value)
        ]
        if released and early:
            yield Contradiction(
                kind=ContradictionKind.DATES,
                attribute="released",
                left=claim_side(released, records.source),
                right=early[0],
                also=tuple(early[1:2]),
                reason=f"it was checked on {early[0].value}, before it was released, {released.value}",
            )


def _start(day: str) -> date:
    parts = [*map(int, day.split("-")), 1, 1][:3]
    return _safe(parts[0], parts[1], parts[2])


def _end(day: str) -> date:
    parts = [int(each) for each in day.split("-")]
    month = parts[1] if len(parts) > 1 and 1 <= parts[1] <= 12 else 12
    year = min(max(parts[0], 1), 9999)
    return _safe(year, month, parts[2] if len(parts) > 2 else monthrange(year, month)[1])


def _safe(year: int, month: int, day: int) -> date:
    """Return a date, of parts that make none the nearest: a page may say anything."""
    year, month = min(max(year, 1), 9999), min(max(month, 1), 12)
    return date(year, month, min(max(day, 1), monthrange(year, month)[1]))


def scores(records: SourceRecords) -> Iterator[Contradiction]:
    """Find scores that are more than what they are out of."""
    sides: list[tuple[ContradictionSide, Decimal | None, Decimal | None]] = [
        (result_side(each, records.source), each.score, each.out_of)
        for each in records.benchmarks
        if each.score is not None and each.out_of is not None
    ]
    sides += [(side_of(records, each), each.number, each.of) for each in records.stated(Matter.SCORE)]
    for side, score, out_of in sides:
        if score is not None and out_of and score > out_of:
            yield Contradiction(
                kind=ContradictionKind.MAXIMUM,
                attribute="benchmarks",
                left=side,
                right=side,
                reason=f"a score of {_short(score)} is more than the {_short(out_of)} that there are",
            )


def means(records: SourceRecords) -> Iterator[Contradiction]:
    """Find a mean that the reviewers' scores do not make."""
    for statement in records.stated(Matter.MEAN):
        scores = records.scores(statement.tool)
        if statement.number is None or not scores or None in scores:
            continue
        known = [each for each in scores if each is not None]
        mean = Decimal(sum(known)) / len(known)
        if abs(mean - statement.number) >= (3 if statement.about else 1):
            yield Contradiction(
                kind=ContradictionKind.MEAN,
                attribute="verdict",
                left=words_side(
                    records.source, statement.tool, ", ".join(map(str, known)), None, value=_short(mean)
                ),
                right=side_of(records, statement),
                reason=f"the reviewers' scores make a mean of {_short(mean)}, not {statement.value}",
            )


def splits(records: SourceRecords) -> Iterator[Contradiction]:
    """Find shares that their own ships and skips do not make, and splits that their own reviews do not."""
    for verdict in records.verdicts:
        yield from _said_splits(records, verdict)
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


def _said_splits(records: SourceRecords, verdict: Verdict) -> Iterator[Contradiction]:
    """Find sentences that give the panel another split than it has."""
    if verdict.ships is None or verdict.skips is None:
        return
    total = verdict.ships + verdict.skips
    split = f"{verdict.ships} ship / {verdict.skips} skip"
    for statement in records.stated(Matter.SHIPS, Matter.SHARE):
        number = statement.number
        if statement.tool != verdict.tool_id or number is None:
            continue
        if statement.matter is Matter.SHIPS:
            fits = number == verdict.ships or (statement.of is not None and statement.of != total)
        else:
            fits = _is_share(number, verdict.ships, verdict.skips, about=statement.about)
        if not fits:
            yield Contradiction(
                kind=ContradictionKind.SPLIT,
                attribute="verdict",
                left=words_side(records.source, verdict.tool_id, split, verdict.line),
                right=side_of(records, statement),
                reason=f"the split is {split}, a sentence says {statement.value}{statement.unit or ' of the reviewers'}",
            )


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
        if not votes.ship + votes.skip:
            continue
        split = f"{votes.ship} ship / {votes.skip} skip"
        sides = [
            (plain_number(each), claim_side(each, records.source), False)
            for each in records.claims_on(votes.tool_id, "community_share")
        ]
        sides += [
            (each.number, side_of(records, each), each.about)
            for each in records.stated(Matter.COMMUNITY)
            if each.tool == votes.tool_id
        ]
        for share, side, about in sides:
            if share is not None and not _is_share(share, votes.ship, votes.skip, about=about):
                yield Contradiction(
                    kind=ContradictionKind.SPLIT,
                    attribute="community_share",
                    left=words_side(records.source, votes.tool_id, split, votes.line),
                    right=side,
                    reason=f"the community's votes are {split}, its share {share:f}%",
                )


def _is_share(share: Decimal, ships: int, skips: int, *, about: bool = False) -> bool:
    """Return whether a share is that of the split, rounded to whole percent up or down."""
    number = ships + skips
    return not number or abs(Decimal(100 * ships) / number - share) < (6 if about else 1)


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


def _stated(statement: Statement) -> str:
    return statement.value if statement.number is None else money(statement.number)
