"""Amounts in prose: which a sentence claims, and whether it gives a recorded value."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from newsletter.content.records import Claim
from newsletter.editing.checks.amounts import amounts_in, states


def claim(value: str, unit: str = "", number: str | None = None) -> Claim:
    return Claim(
        id="c",
        tool_id="heron",
        attribute="x",
        value=value,
        number=None if number is None else Decimal(number),
        unit=unit,
        words=value,
        as_of=None,
        verified_on=None,
        seen_at=datetime(2026, 11, 20, tzinfo=UTC),
        source_id="s",
        line=None,
    )


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("It costs $0.07 in and $1,200 a month.", {"$0.07", "$1,200"}),
        ("Up 25 % since March, at 128K tokens.", {"25%", "128K"}),
        ("Our 50th issue, of 2026, with 3 winners.", set()),
        ("", set()),
    ],
)
def test_only_money_shares_and_round_numbers_are_claims(text: str, amounts: set[str]) -> None:
    assert amounts_in(text) == amounts


@pytest.mark.parametrize(
    ("text", "stated", "gives"),
    [
        ("A million tokens cost $0.07.", claim("0.07", "USD/Mtok", "0.07"), True),
        ("A million tokens cost $0.10.", claim("0.07", "USD/Mtok", "0.07"), False),
        ("Version 0.07 is out.", claim("0.07", "USD/Mtok", "0.07"), False),
        ("It reads 128K tokens at once.", claim("131072", "tokens", "131072"), True),
        ("It reads 32K tokens at once.", claim("128K", "tokens", "128000"), False),
        ("It has 24B parameters.", claim("24B", "parameters", "24000000000"), True),
        ("All 24 of them.", claim("24B", "parameters", "24000000000"), False),
        ("The weights are under Apache 2.0.", claim("Apache 2.0"), True),
        ("It is free.", claim("yes"), False),
    ],
)
def test_a_sentence_gives_a_value_only_in_a_form_that_can_mean_nothing_else(
    text: str, stated: Claim, gives: bool
) -> None:
    assert states(text, stated) is gives
