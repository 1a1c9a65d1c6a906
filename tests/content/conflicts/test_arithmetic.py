"""When two values contradict each other: units, roundings, currencies, licences."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.conflicts.arithmetic import Price, contradict, is_conditional, licences_in, price_of
from newsletter.content.records import Claim, content_id
from newsletter.content.units import measure

PRICES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(500), places=2)
COUNTS = st.integers(min_value=1, max_value=2_000)


def claim(attribute: str, value: str, unit: str = "", words: str = "") -> Claim:
    measured = measure(attribute, value, unit)
    return Claim(
        id=content_id("claim", attribute, value, unit),
        tool_id="heron",
        attribute=attribute,
        value=measured.value,
        number=measured.number,
        unit=measured.unit,
        words=words,
        as_of=None,
        verified_on=None,
        seen_at=datetime(2026, 11, 22, tzinfo=UTC),
        source_id="docs",
        line=None,
    )


@given(PRICES)
def test_a_price_per_thousand_is_the_same_price_per_million(price: Decimal) -> None:
    thousand, million = (
        claim("input_price", f"${price / 1000:f} per 1K tokens"),
        claim("input_price", f"${price}/Mtok"),
    )
    assert not contradict(thousand, million)
    assert price_of(thousand) == price_of(million) == Price("USD", Decimal(f"{price}"))


@given(PRICES, st.sampled_from(["€", "£", "EUR ", "GBP "]))
def test_another_currency_is_converted_in_scale_only(price: Decimal, sign: str) -> None:
    thousand = claim("input_price", f"{sign}{price / 1000:f} per 1K tokens")
    million = claim("input_price", f"{sign}{price} per 1M tokens")
    dollars = claim("input_price", f"${price * 3}/Mtok")
    assert price_of(thousand) == price_of(million)
    assert not contradict(thousand, million)
    assert not contradict(million, dollars)


@given(PRICES)
def test_a_fifth_more_is_another_price_in_every_currency(price: Decimal) -> None:
    for sign in ("$", "€"):
        one, other = (
            claim("output_price", f"{sign}{each:f} per 1M tokens") for each in (price, price * Decimal("1.2"))
        )
        assert contradict(one, other)
        assert contradict(other, one)


@given(COUNTS)
def test_a_kilo_is_a_thousand_or_1024(count: int) -> None:
    rounded = claim("context", f"{count}K")
    for exact in (count * 1000, count * 1024):
        assert not contradict(rounded, claim("context", f"{exact:,} tokens"))


@given(COUNTS)
def test_half_the_context_is_another_one(count: int) -> None:
    assert contradict(claim("context", f"{count * 2}K"), claim("context", f"{count}K"))


@given(st.integers(min_value=1, max_value=9))
def test_a_thousand_kilos_are_a_mega(count: int) -> None:
    assert not contradict(claim("context", f"{count}M"), claim("context", f"{count}000K"))


@pytest.mark.parametrize(
    ("attribute", "left", "right", "expected"),
    [
        ("parameters", "24B", "22B", True),
        ("parameters", "24B", "23.6 billion", False),
        ("licence", "Apache 2.0", "proprietary", True),
        ("licence", "Apache 2.0", "MIT", True),
        ("licence", "Apache 2.0 or MIT", "MIT", False),
        ("licence", "open weights", "proprietary", True),
        ("licence", "open-weight", "Apache 2.0", False),
        ("licence", "see the card", "MIT", False),
        ("released", "2025-06", "2025-06-20", False),
        ("released", "2025-06-20", "2025-06-24", False),
        ("released", "2025-06-20", "2025-09-01", True),
        ("released", "2025-06", "2025-09", True),
        ("released", "2025-13-45", "2025-06-20", True),
        ("api_access", "yes", "no", True),
        ("price", "Free", "Free, or by plan", False),
        ("modalities", "text", "image, text", False),
    ],
)
def test_what_contradicts_what(attribute: str, left: str, right: str, expected: bool) -> None:
    assert contradict(claim(attribute, left), claim(attribute, right)) is expected


def test_an_open_licence_that_names_none_is_only_open() -> None:
    assert licences_in("open weights") == {"open"}
    assert licences_in("Open source (Apache 2.0)") == {"apache"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [("$0.10 in batch mode", True), ("It was $0.10", True), ("$0.10 per million tokens", False)],
)
def test_what_holds_under_a_condition_is_told(words: str, expected: bool) -> None:
    assert is_conditional(claim("input_price", "$0.10/Mtok", words=words)) is expected
