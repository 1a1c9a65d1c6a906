"""When two stated values contradict each other. Careful: what may be a rounding or another way to say it does not.

128K tokens may be 128,000 or 131,072, and a page that prints one exactly means the same as one that prints the
other. Amounts in two currencies are never compared.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from newsletter.content.model import Claim
from newsletter.content.units import USD_PER_MTOK, measure

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
    """The price that a claim states, in its own currency; None where it cannot be read."""
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
    """Whether its words tie the value to a condition or to another time."""
    return bool(_CONDITIONAL.search(claim.words))


def contradict(left: Claim, right: Claim) -> bool:
    """Whether two claims on one attribute cannot both be true."""
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
    """The licences that a text names; "open" for one that is only said to be open."""
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


def _answers(left: Claim, right: Claim) -> bool:
    return {left.value, right.value} == {"yes", "no"}


_RULES: dict[str, Callable[[Claim, Claim], bool]] = {
    "input_price": _prices,
    "output_price": _prices,
    "context": _sizes,
    "max_output": _sizes,
    "parameters": _parameters,
    "licence": _licences,
    "released": _releases,
    "api_access": _answers,
}
