"""Amounts in prose: which there are, and whether a sentence gives the value of a claim."""

import re
from decimal import Decimal

from newsletter.content.records import Claim

_AMOUNT = re.compile(
    r"(?P<currency>[$€£])?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<share>%)|[\s-]?(?P<scale>[kmbt]\b|thousand\b|million\b|billion\b))?",
    re.IGNORECASE,
)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "billion": 9, "t": 12}
#: Closer than this share of each other is a rounding; 128K tokens may be 131,072.
_NEAR, _NEAR_SIZES = Decimal("0.001"), Decimal("0.05")


def amounts_in(text: str) -> set[str]:
    """Return the sums of money, percentages and large round numbers of a text, as written but for blanks."""
    return {
        "".join(found[0].split())
        for found in _AMOUNT.finditer(text)
        if found["currency"] or found["share"] or found["scale"]
    }


def states(text: str, claim: Claim) -> bool:
    """Return whether a text gives the claim's value; numbers only in a form that can mean nothing else."""
    if claim.number is None:
        words = " ".join(claim.value.split())
        if len(words) < 4 or words.isdigit():
            return False
        return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None
    if claim.unit.startswith("USD"):
        sums = (_number(found) for found in _AMOUNT.finditer(text) if found["currency"] == "$")
        return any(_close(each, claim.number, _NEAR) for each in sums)
    plain = (each for each in _AMOUNT.finditer(text) if not each["currency"] and not each["share"])
    # Numbers with a scale, or so large that they need none.
    sizes = (_number(each) for each in plain if each["scale"] or _number(each) >= 10_000)
    return any(_close(each, claim.number, _NEAR_SIZES) for each in sizes)


def _number(found: re.Match[str]) -> Decimal:
    scale = _SCALES.get((found["scale"] or "").lower(), 0)
    return Decimal(found["number"].replace(",", "")).scaleb(scale)


def _close(one: Decimal, other: Decimal, share: Decimal) -> bool:
    return abs(one - other) <= share * max(abs(one), abs(other))
