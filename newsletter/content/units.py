"""What a stated value amounts to: numbers in one unit, dates, licences, and when two statements are the same.

"$0.0001 per 1K tokens" is 0.1 USD/Mtok. "128K" tokens keeps its K, because it may mean 128,000 or 131,072 and
agrees with either. Nothing is converted between currencies: a value that cannot be read stays as it was written.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

USD_PER_MTOK = "USD/Mtok"
USD_PER_MONTH = "USD/month"
TOKENS = "tokens"
PARAMETERS = "parameters"

#: A comma stands before three digits only: "1,5" is one and a half to some and a slip to others, never fifteen.
_NUMBER = r"(?P<number>(?:[1-9]\d{0,2}(?:,\d{3})+(?![\d,])|\d[\d_]*)(?:\.\d+)?(?:e[-+]?\d{1,2}(?!\d))?|\.\d+)"
_AMOUNT = re.compile(rf"^(?:~|[A-Z]{{3}}|US)?\s*[$€£¥₹]?\s*{_NUMBER}(?![\d,.]|e[-+]?\d)", re.IGNORECASE)
#: No price, size or cost is larger.
_LIMIT = Decimal(10**15)
_MONEY = re.compile(rf"^(?:US)?\s*(?:\$|USD)?\s*{_NUMBER}\s*(?:USD)?\s*(?P<tail>.*)$", re.IGNORECASE)
_SIZE = re.compile(
    rf"^~?\s*{_NUMBER}\s*(?P<scale>k|m|b|t|thousand|million|billion|trillion)?"
    r"[\s-]*(?:tokens?|toks?|params?|parameters?)?$",
    re.IGNORECASE,
)
_PER_TOKENS = re.compile(
    r"^(?:US)?\s*(?:\$|USD)?\s*(?:/|per)\s*(?P<count>1(?:,?000)*|1)?\s*(?P<scale>k|m|thousand|million)?"
    r"\s*[-]?(?P<noun>tok(?:en)?s?)?$",
    re.IGNORECASE,
)
_SIZES = ("context", "max_output")
_DECIMAL_SCALES = {"k": 3, "m": 6, "b": 9, "t": 12}
_BINARY_SCALES = {"k": 10, "m": 20}
_YES = {"yes": "yes", "true": "yes", "available": "yes", "no": "no", "false": "no", "unavailable": "no"}
_DATE_FORMS = (
    ("%Y-%m-%d", "%Y-%m-%d"),
    ("%B %d, %Y", "%Y-%m-%d"),
    ("%d %B %Y", "%Y-%m-%d"),
    ("%b %d, %Y", "%Y-%m-%d"),
    ("%d %b %Y", "%Y-%m-%d"),
    ("%Y-%m", "%Y-%m"),
    ("%B %Y", "%Y-%m"),
    ("%b %Y", "%Y-%m"),
    ("%Y", "%Y"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A value as text, the same as a number in `unit` where it is one."""

    value: str
    number: Decimal | None = None
    unit: str = ""


def measure(attribute: str, value: str, unit: str = "") -> Measure:
    """Normalise a stated value. Idempotent; text that is no number of its kind stays as it is."""
    text, unit = " ".join(value.split()), " ".join(unit.split())
    if attribute.endswith("_price"):
        return _price(text, unit)
    if attribute.startswith("cost_at_"):
        return _monthly(text, unit)
    if attribute in _SIZES:
        return _size(text, unit, TOKENS)
    if attribute == "parameters":
        return _size(text, unit, PARAMETERS)
    return Measure(value=_wording(attribute, text), unit=unit)


def same_value(attribute: str, left: Measure, right: Measure) -> bool:
    """Return whether two measures of one attribute state the same."""
    if left.number is not None and right.number is not None:
        return left.unit == right.unit and not _readings(left).isdisjoint(_readings(right))
    if attribute in ("released", "updated"):
        return left.value.startswith(right.value) or right.value.startswith(left.value)
    return _key(attribute, left.value) == _key(attribute, right.value) and left.unit == right.unit


def is_amount(attribute: str, value: str) -> bool:
    """Return whether a price, cost or size begins with a number from 0; any other attribute passes."""
    if not (attribute.endswith("_price") or attribute.startswith("cost_at_") or attribute in _SIZES):
        return True
    found = _AMOUNT.match(" ".join(value.split()))
    return found is not None and _decimal(found["number"]) <= _LIMIT


def plain(number: Decimal) -> str:
    """Write a decimal without exponent and idle zeros: 0.10 → "0.1", 1E+3 → "1000"."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _price(text: str, unit: str) -> Measure:
    """Return dollars per million tokens; the scale stands behind the number or in the unit."""
    found = _MONEY.match(text)
    tokens = _tokens_per(found["tail"] or unit) if found else None
    if found is None or tokens is None:
        return Measure(value=text, unit=unit)
    per_million = plain(_decimal(found["number"]) * 1_000_000 / tokens)
    return Measure(value=per_million, number=Decimal(per_million), unit=USD_PER_MTOK)


def _tokens_per(unit: str) -> int | None:
    """Return how many tokens a price is for: "/1M tok" → 1,000,000; None when the unit does not say."""
    found = _PER_TOKENS.match(unit.strip())
    if not found or not (found["count"] or found["scale"] or found["noun"]):
        return None
    scale = 10 ** _DECIMAL_SCALES[_scale_letter(found["scale"])] if found["scale"] else 1
    return int((found["count"] or "1").replace(",", "")) * scale


def _monthly(text: str, unit: str) -> Measure:
    found = _MONEY.match(text)
    per = re.sub(r"\s+|usd|\$", "", ((found and found["tail"]) or unit).lower())
    if found is None or per not in ("", "/mo", "/month", "permonth", "amonth"):
        return Measure(value=text, unit=unit)
    number = _decimal(found["number"])
    return Measure(value=plain(number), number=number, unit=USD_PER_MONTH)


def _size(text: str, unit: str, wanted: str) -> Measure:
    found = _SIZE.match(text)
    if found is None:
        return Measure(value=text, unit=unit)
    number = _decimal(found["number"])
    if not found["scale"]:
        return Measure(value=plain(number), number=number, unit=wanted)
    letter = _scale_letter(found["scale"])
    scaled = number * 10 ** _DECIMAL_SCALES[letter]
    return Measure(value=plain(number) + letter.upper(), number=Decimal(plain(scaled)), unit=wanted)


def _scale_letter(scale: str) -> str:
    """Return the one-letter form: "thousand" is k, the others begin with theirs."""
    return "k" if scale.lower() == "thousand" else scale[0].lower()


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("_", ""))


def _readings(measured: Measure) -> set[Decimal]:
    """Return the numbers that a measure may mean: 128K tokens are 128,000 or 131,072."""
    number = measured.number or Decimal(0)
    letter = measured.value[-1:].lower()
    if measured.unit != TOKENS or letter not in _BINARY_SCALES:
        return {number}
    return {number, number / 10 ** _DECIMAL_SCALES[letter] * 2 ** _BINARY_SCALES[letter]}


def _wording(attribute: str, text: str) -> str:
    if attribute in ("released", "updated"):
        return _day(text)
    if attribute == "api_access":
        return _YES.get(text.lower(), text)
    if attribute == "modalities":
        return ", ".join(sorted(filter(None, (each.strip() for each in text.lower().split(",")))))
    return text


def _day(text: str) -> str:
    """Return a date as ISO, as far as it is stated: "June 2025" → "2025-06"."""
    for form, iso in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).strftime(iso)  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    return text


def _key(attribute: str, value: str) -> str:
    """Return what has to be equal for two texts to say the same."""
    if attribute == "licence":
        return re.sub(r"licen[cs]e|version|[^a-z0-9.]", "", value.lower())
    return value.casefold()
