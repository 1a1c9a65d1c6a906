"""What so many tokens cost, from prices per million, half of them in and half of them out."""

from decimal import Decimal

MILLION = 1_000_000


def monthly_cost(input_price: Decimal, output_price: Decimal, tokens: int) -> Decimal:
    """Dollars for `tokens` at these prices in USD per million tokens."""
    return (input_price + output_price) / 2 * tokens / MILLION
