"""How amounts are written."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.digest.figures import whole
from newsletter.language import ENGLISH


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "$0"),
        ("0.00", "$0"),
        ("0.135", "$0.14"),
        ("1.35", "$1.35"),
        ("13.5", "$13.50"),
        ("0.005", "$0.01"),
        ("0.0049", "under $0.01"),
        ("1234567.891", "$1,234,567.89"),
    ],
)
def test_money_is_written_to_the_cent_halves_up(amount: str, written: str) -> None:
    assert ENGLISH.money(Decimal(amount)) == written


@given(st.decimals(min_value="0.0000001", max_value="1e9", allow_nan=False))
def test_a_positive_cost_is_never_written_as_nothing(amount: Decimal) -> None:
    assert ENGLISH.money(amount) not in ("$0", "$0.00")
    assert ENGLISH.price(amount) not in ("$0", "$0.00")


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0", "$0"), ("0.1", "$0.10"), ("0.075", "$0.075"), ("2", "$2.00"), ("150", "$150.00")],
)
def test_a_price_keeps_every_digit_that_is_recorded(amount: str, written: str) -> None:
    assert ENGLISH.price(Decimal(amount)) == written


@pytest.mark.parametrize(
    ("count", "written"),
    [("128000", "128K"), ("1000000", "1M"), ("131072", "131,072"), ("512", "512"), ("1048576", "1,048,576")],
)
def test_only_round_counts_of_tokens_are_shortened(count: str, written: str) -> None:
    assert ENGLISH.compact(Decimal(count)) == written


def test_halves_round_away_from_zero() -> None:
    assert [whole(Decimal(each)) for each in ("0.5", "1.5", "2.5", "79.25")] == [1, 2, 3, 79]


def test_days_are_written_the_same_in_every_locale() -> None:
    assert ENGLISH.short_date(date(2026, 3, 1)) == "1 Mar 2026"


def test_numbers_carry_no_needless_zeros() -> None:
    assert [ENGLISH.number(Decimal(each)) for each in ("2.0", "66.70", "100")] == ["2", "66.7", "100"]
