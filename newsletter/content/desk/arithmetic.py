"""Figures of one source that do not follow from its other figures: totals, ratios, savings, prices, splits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from newsletter.content.desk.findings import Contradiction, Kind, state_claim, state_words
from newsletter.content.desk.papers import Sheet
from newsletter.content.desk.prices import (
    Range,
    is_total,
    price_range,
    prices,
    ratio_range,
    saving_range,
    step_of,
    total_range,
)
from newsletter.content.desk.values import is_conditional
from newsletter.content.model import Claim, Decision, Verdict

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


def totals(sheet: Sheet) -> Iterator[Contradiction]:
    """ "100M tokens cost $1,200" where its own prices make $120."""
    by_attribute: dict[tuple[str, str], list[Claim]] = {}
    for claim in sheet.claims:
        if is_total(claim):
            by_attribute.setdefault((claim.tool_id, claim.attribute), []).append(claim)
    for claims in by_attribute.values():
        wrong = [each for each in claims if not _follows(sheet, each)]
        right = [each for each in claims if each not in wrong]
        for claim in {each.value: each for each in reversed(wrong)}.values():
            yield _wrong_total(sheet, claim, right)
        yield from _two_totals(sheet, right)


def _follows(sheet: Sheet, claim: Claim) -> bool:
    expected = total_range(sheet, claim)
    return expected is None or claim.number is None or expected.allows(claim.number, step_of(claim))


def _wrong_total(sheet: Sheet, claim: Claim, right: Sequence[Claim]) -> Contradiction:
    expected = total_range(sheet, claim) or Range(Decimal(0), Decimal(0))
    stated = _any_price(sheet, claim.tool_id, claim.words)
    # A listed total with another figure shows the mistake better than the price does.
    shown = [*right, *stated]
    return Contradiction(
        kind=Kind.TOTAL,
        attribute=claim.attribute,
        left=state_claim(shown[0], sheet.sources),
        right=state_claim(claim, sheet.sources),
        also=tuple(state_claim(each, sheet.sources) for each in shown[1:2]),
        reason=f"at the source's own prices this volume costs {_dollars(expected)}, not {_said(claim)}",
    )


def _two_totals(sheet: Sheet, claims: Sequence[Claim]) -> Iterator[Contradiction]:
    for claim in claims[1:]:
        low, high = sorted((claims[0].number or Decimal(0), claim.number or Decimal(0)))
        if high > low * _APART + step_of(claim):
            yield Contradiction(
                kind=Kind.SAID_TWICE,
                attribute=claim.attribute,
                left=state_claim(claims[0], sheet.sources),
                right=state_claim(claim, sheet.sources),
                reason=f"one source gives {_said(claims[0])} and {_said(claim)} for the same volume",
            )
            return


def ratios(sheet: Sheet) -> Iterator[Contradiction]:
    """ "Half the price" where its prices make it a tenth."""
    stated = [each for each in sheet.claims if _is_ratio(each)]
    for claim in stated:
        rival = _compared(sheet, claim)
        expected = ratio_range(sheet, claim.tool_id, rival) if rival else None
        if rival and expected and not _fits(claim, expected):
            agreeing = [each for each in stated if each != claim and _agrees(sheet, each)]
            prices_stated = (
                *prices(sheet, rival, "output_price"),
                *prices(sheet, claim.tool_id, "output_price"),
            )
            yield Contradiction(
                kind=Kind.RATIO,
                attribute=claim.attribute,
                left=state_claim(prices_stated[0], sheet.sources),
                right=state_claim(claim, sheet.sources),
                also=tuple(state_claim(each, sheet.sources) for each in agreeing[:1]),
                reason=f"it is said to cost {claim.value} times as much as the other one; "
                f"their prices make that {_times(expected)}",
            )


def _is_ratio(claim: Claim) -> bool:
    other = is_conditional(claim) or _OTHER_COST.search(claim.words)
    return claim.attribute == "cost_ratio" and _plain_number(claim) is not None and not other


def _agrees(sheet: Sheet, claim: Claim) -> bool:
    rival = _compared(sheet, claim)
    expected = ratio_range(sheet, claim.tool_id, rival) if rival else None
    return expected is not None and _fits(claim, expected)


def _fits(claim: Claim, expected: Range) -> bool:
    if "order of magnitude" in claim.words.casefold() and Decimal(claim.value) in (
        Decimal("0.1"),
        Decimal(10),
    ):
        expected = expected.times(*_MAGNITUDE)
    return expected.allows(Decimal(claim.value), step_of(claim) / 2)


def _compared(sheet: Sheet, claim: Claim) -> str | None:
    """The tool that the claim's is compared with; None where it is a third one."""
    rival = sheet.rival(claim.tool_id)
    named = [found["name"] for found in _COMPARED_WITH.finditer(claim.words)]
    own = " ".join(sheet.tools[each].name for each in (claim.tool_id, rival) if each)
    return rival if all(name.split("-")[0].rstrip(".") in own for name in named) else None


def savings(sheet: Sheet) -> Iterator[Contradiction]:
    """ "Saves $11 for every million tokens" where a million costs less than that."""
    for claim in sheet.claims:
        rival = _compared(sheet, claim) if claim.attribute == "saving" else None
        expected = saving_range(sheet, claim.tool_id, rival) if rival else None
        number = _plain_number(claim)
        if rival is None or expected is None or number is None or not _EACH_MILLION.search(claim.words):
            continue
        if not expected.allows(number, step_of(claim) / 2):
            dearer = prices(sheet, rival, "output_price")[0]
            yield Contradiction(
                kind=Kind.SAVING,
                attribute=claim.attribute,
                left=state_claim(dearer, sheet.sources),
                right=state_claim(claim, sheet.sources),
                reason=f"by its own prices a million tokens save {_dollars(expected)}, not {_said(claim)}",
            )


def token_prices(sheet: Sheet) -> Iterator[Contradiction]:
    """ "$0.60 per million tokens", said of neither direction, where no mix of its two prices makes that."""
    for claim in sheet.claims:
        if claim.attribute != "token_price" or claim.number is None or is_conditional(claim):
            continue
        expected = price_range(sheet, claim.tool_id)
        direction = _meant(sheet, claim)
        narrow = price_range(sheet, claim.tool_id, [direction]) if direction else None
        if expected is None or (narrow or expected).allows(claim.number):
            continue
        shown = prices(sheet, claim.tool_id, direction or "output_price")[0]
        yield Contradiction(
            kind=Kind.PRICE,
            attribute=claim.attribute,
            left=state_claim(shown, sheet.sources),
            right=state_claim(claim, sheet.sources),
            reason=f"{_said(claim)} is set beside the other tool's {_worded(direction)} price, "
            f"but its own is {_dollars(narrow or expected)}"
            if direction
            else f"its prices are {_dollars(expected)}, and no mix of them is {_said(claim)}",
        )


def _meant(sheet: Sheet, claim: Claim) -> str | None:
    """Input or output, where the same sentence gives the other tool's price of exactly one of them."""
    rival = sheet.rival(claim.tool_id)
    beside = (
        [
            each
            for each in sheet.said(rival, claim.attribute)
            if (each.line, each.words) == (claim.line, claim.words)
        ]
        if rival
        else []
    )
    exact = {
        direction
        for each in beside
        for direction in ("input_price", "output_price")
        if any(price.number == each.number for price in prices(sheet, each.tool_id, direction))
    }
    return exact.pop() if len(exact) == 1 else None


def splits(sheet: Sheet) -> Iterator[Contradiction]:
    """A share that its own ships and skips do not make, or a split that its own reviews do not."""
    for verdict in sheet.verdicts:
        if verdict.derived or verdict.ships is None or verdict.skips is None:
            continue
        if verdict.share is not None and not _is_share(verdict.share, verdict.ships, verdict.skips):
            yield _wrong_split(sheet, verdict, f"{verdict.share:f}%", "the share that ships")
        decisions = sheet.decisions(verdict.tool_id)
        ships = decisions.count(Decision.SHIP)
        if None in decisions or len(decisions) != verdict.ships + verdict.skips or ships == verdict.ships:
            continue
        yield _wrong_split(sheet, verdict, f"{ships} ship / {len(decisions) - ships} skip", "its reviews")
    yield from _community(sheet)


def _wrong_split(sheet: Sheet, verdict: Verdict, other: str, what: str) -> Contradiction:
    split = f"{verdict.ships} ship / {verdict.skips} skip"
    left = state_words(sheet.source, verdict.tool_id, split, verdict.line)
    return Contradiction(
        kind=Kind.SPLIT,
        attribute="verdict",
        left=left,
        right=replace(left, value=other, words=other),
        reason=f"the split is {split}, {what}: {other}",
    )


def _community(sheet: Sheet) -> Iterator[Contradiction]:
    for votes in sheet.votes:
        for claim in sheet.said(votes.tool_id, "community_share"):
            share = _plain_number(claim)
            if share is None or not votes.ship + votes.skip or _is_share(share, votes.ship, votes.skip):
                continue
            split = f"{votes.ship} ship / {votes.skip} skip"
            yield Contradiction(
                kind=Kind.SPLIT,
                attribute=claim.attribute,
                left=state_words(sheet.source, votes.tool_id, split, None),
                right=state_claim(claim, sheet.sources),
                reason=f"the community's votes are {split}, its share {share:f}%",
            )


def _is_share(share: Decimal, ships: int, skips: int) -> bool:
    """Whether a share is that of the split, rounded to whole percent either way."""
    number = ships + skips
    return not number or abs(Decimal(100 * ships) / number - share) < 1


def _any_price(sheet: Sheet, tool_id: str, words: str) -> tuple[Claim, ...]:
    first = (
        "output_price" if "output" in words.casefold() and "input" not in words.casefold() else "input_price"
    )
    return prices(sheet, tool_id, first) or prices(sheet, tool_id, "output_price")


def _plain_number(claim: Claim) -> Decimal | None:
    """The number of a claim whose attribute the store keeps as text."""
    found = re.fullmatch(r"\d+(?:\.\d+)?", claim.value)
    return claim.number if claim.number is not None else Decimal(found[0]) if found else None


def _dollars(amounts: Range) -> str:
    low, high = money(amounts.low), money(amounts.high)
    return low if low == high else f"{low} to {high}"


def _times(ratio: Range) -> str:
    low, high = _short(ratio.low), _short(ratio.high)
    return f"{low} times" if low == high else f"{low} to {high} times"


def money(amount: Decimal) -> str:
    """ "$1,200", "$0.60", "$0.007": whole dollars or at least cents, at most three digits that count."""
    text = _short(amount)
    decimals = len(text.partition(".")[2])
    return f"${Decimal(text):,.{max(decimals, 2)}f}" if decimals else f"${Decimal(text):,f}"


def _short(number: Decimal) -> str:
    """At most three digits that count behind the point, never an exponent."""
    rounded = Decimal(f"{number:.3g}" if number < 1000 else f"{number:.0f}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _said(claim: Claim) -> str:
    number = _plain_number(claim)
    return claim.value if number is None else money(number)


def _worded(direction: str | None) -> str:
    return (direction or "").replace("_price", "")
