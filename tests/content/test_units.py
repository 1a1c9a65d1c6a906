"""Stated values as measures."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.units import Measure, is_amount, measure, plain, same_value

ATTRIBUTES = [
    "input_price",
    "output_price",
    "context",
    "max_output",
    "parameters",
    "cost_at_1M",
    "released",
    "licence",
    "modalities",
    "api_access",
    "price",
]


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("$0.10/1M tok", ""),
        ("$0.1", "per 1M tokens"),
        ("0.1", "USD/Mtok"),
        ("0.10", "$/1M tokens"),
        ("US$ 0.10 per million tokens", ""),
        ("$0.0001 per 1K tokens", ""),
        ("0.0001", "USD/Ktok"),
        ("$0.0000001 per token", ""),
        ("$0.10 per 1,000,000 tokens", ""),
    ],
)
def test_a_token_price_is_dollars_per_million(value: str, unit: str) -> None:
    assert measure("input_price", value, unit) == Measure(value="0.1", number=Decimal("0.1"), unit="USD/Mtok")


@pytest.mark.parametrize(
    ("value", "unit"),
    [("$3", ""), ("€3", "/Mtok"), ("pay per token", ""), ("5", "USD/month"), ("3", "/1M images")],
)
def test_a_price_that_cannot_be_read_stays_as_it_was(value: str, unit: str) -> None:
    assert measure("input_price", value, unit) == Measure(value=value, unit=unit)


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        ("128K tokens", "128K", 128_000),
        ("128k", "128K", 128_000),
        ("128,000 tokens", "128000", 128_000),
        ("131072", "131072", 131_072),
        ("1M", "1M", 1_000_000),
        ("1.5 million tokens", "1.5M", 1_500_000),
        ("200 thousand", "200K", 200_000),
    ],
)
def test_token_counts_keep_whether_they_were_rounded(value: str, text: str, number: int) -> None:
    assert measure("context", value) == Measure(value=text, number=Decimal(number), unit="tokens")


def test_parameters_are_counted() -> None:
    assert measure("parameters", "24B") == Measure(value="24B", number=Decimal(24 * 10**9), unit="parameters")
    assert measure("parameters", "24 billion parameters").value == "24B"
    assert measure("parameters", "8x22B").number is None


@pytest.mark.parametrize(
    ("value", "unit", "number"),
    [("$1,200", "", 1200), ("$0", "USD/month", 0), ("12/mo", "", 12), ("$12 per month", "", 12)],
)
def test_stated_monthly_costs_are_dollars(value: str, unit: str, number: int) -> None:
    measured = measure("cost_at_10M", value, unit)
    assert (measured.number, measured.unit) == (Decimal(number), "USD/month")


def test_a_cost_a_year_is_not_taken_for_a_month() -> None:
    assert measure("cost_at_1M", "12", "USD/year").number is None


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("June 2025", "2025-06"),
        ("2025-06-20", "2025-06-20"),
        ("March 1, 2026", "2026-03-01"),
        ("1 Mar 2026", "2026-03-01"),
        ("2025", "2025"),
        ("soon", "soon"),
    ],
)
def test_release_dates_are_iso_as_far_as_they_go(value: str, day: str) -> None:
    assert measure("released", value).value == day


@pytest.mark.parametrize(
    ("attribute", "left", "right"),
    [
        ("released", "June 2025", "2025-06-20"),
        ("licence", "Apache 2.0", "apache-2.0 license"),
        ("modalities", "image, text", "Text, Image"),
        ("api_access", "Yes", "true"),
        ("price", "Free", "free"),
        ("input_price", "$0.1/1M tok", "$0.10/Mtok"),
    ],
)
def test_the_same_in_other_words(attribute: str, left: str, right: str) -> None:
    assert same_value(attribute, measure(attribute, left), measure(attribute, right))


@pytest.mark.parametrize(
    ("attribute", "left", "right"),
    [
        ("released", "June 2025", "2025-07-20"),
        ("licence", "Apache 2.0", "proprietary"),
        ("licence", "GPL 2.0", "GPL 3.0"),
        ("input_price", "$0.10/1M tok", "$0.07/1M tok"),
        ("input_price", "$0.10/1M tok", "free"),
        ("context", "128K", "256K"),
        ("parameters", "24B", "22B"),
    ],
)
def test_what_contradicts(attribute: str, left: str, right: str) -> None:
    assert not same_value(attribute, measure(attribute, left), measure(attribute, right))


@given(st.sampled_from(ATTRIBUTES), st.text(max_size=40), st.text(max_size=15))
def test_measuring_a_measure_changes_nothing(attribute: str, value: str, unit: str) -> None:
    once = measure(attribute, value, unit)
    assert measure(attribute, once.value, once.unit) == once


@given(st.decimals(min_value=0, max_value=10**6, places=6), st.sampled_from(["/Mtok", "/Ktok"]))
def test_any_price_survives_normalising(price: Decimal, unit: str) -> None:
    once = measure("output_price", f"${price}{unit}")
    assert once.number == price * (1 if unit == "/Mtok" else 1000)
    assert measure("output_price", once.value, once.unit) == once


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12, places=8))
def test_plain_numbers_have_no_exponent_and_lose_nothing(number: Decimal) -> None:
    assert Decimal(plain(number)) == number
    assert "E" not in plain(number)


@pytest.mark.parametrize(
    ("value", "number"),
    [("1,500", "1500"), ("1,048,576.5", "1048576.5"), ("1.0e-07", "0.0000001"), ("1e-7", "0.0000001")],
)
def test_a_number_may_have_grouped_thousands_or_an_exponent(value: str, number: str) -> None:
    assert measure("input_price", value, "USD/Mtok").number == Decimal(number)
    assert is_amount("input_price", value)


@pytest.mark.parametrize(
    "value",
    ["1,5", "0,125", "12,34,567", "1,5000", "cheap", "-5", ".inf", "inf", ".nan", "1e400", "1e99", "-0.1"],
)
def test_what_is_no_number_from_0_is_no_amount(value: str) -> None:
    assert not is_amount("input_price", value)
    assert measure("cost_at_1M", value).number is None or value == "1e99"
