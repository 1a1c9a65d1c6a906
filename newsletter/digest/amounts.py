"""How amounts are written: money, token counts, shares, days. Decimal in, text out, halves always up."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def half_up(amount: Decimal, step: Decimal = Decimal(1)) -> Decimal:
    """Rounded to a multiple of `step`, halves away from zero."""
    return amount.quantize(step, rounding=ROUND_HALF_UP)


def whole(amount: Decimal) -> int:
    return int(half_up(amount))


def money(amount: Decimal) -> str:
    """A sum of dollars to the cent: "$13.50", "$1,350.00"; "$0" only for nothing, else "under $0.01"."""
    if amount == 0:
        return "$0"
    rounded = half_up(amount, _CENT)
    return f"${rounded:,}" if rounded > 0 else "under $0.01"


def unit_price(amount: Decimal) -> str:
    """A price per million tokens with every digit that is recorded, at least cents: "$0.075", "$0.40"."""
    if amount == 0:
        return "$0"
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    digits = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"${plain:,.{digits}f}"


def token_count(count: Decimal) -> str:
    """Tokens: "128K", "1M"; a count that is no round thousand is written out: "131,072"."""
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        if count >= size and count % size == 0:
            return f"{int(count / size)}{letter}"
    return f"{count:,f}"


def day(when: date) -> str:
    """ "1 Mar 2026"."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def number(value: Decimal) -> str:
    """A score or count without needless zeros: "2", "66.7"."""
    return f"{value.normalize():f}"
