"""What tools cost: by volume, for a team, in a word; and never an invented nothing."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from newsletter.digest.material import Dossier
from newsletter.digest.prices import (
    NO_COST,
    costs_block,
    monthly_cost,
    price_figure,
    price_sentence,
    pricing_kind,
)
from tests.digest.tools import dossier, offer
from tests.digest.week import settings_in

MEDIUM = dossier("Medium", None, {"input_price": "0.40", "output_price": "2.00"})
SMALL = dossier("Small", None, {"input_price": "0.07", "output_price": "0.20"})


def test_a_month_costs_half_input_and_half_output(tmp_path: Path) -> None:
    costs = costs_block(MEDIUM, SMALL, settings_in(tmp_path), {})
    assert costs is not None
    assert [(row.left.text, row.right.text) for row in costs.volumes] == [
        ("$1.20", "$0.14"),
        ("$12.00", "$1.35"),
        ("$120.00", "$13.50"),
    ]
    assert all(len(row.left.claims) == 2 for row in costs.volumes)


def test_a_team_costs_seats_times_messages_times_tokens_times_days(tmp_path: Path) -> None:
    costs = costs_block(
        MEDIUM,
        SMALL,
        settings_in(
            tmp_path, {"digest.team_seats": 5, "digest.team_messages": 80, "digest.team_tokens": 1500}
        ),
        {},
    )
    assert costs is not None
    assert costs.team is not None
    # 5 × 80 × 1,500 × 22 is 13.2 million tokens.
    assert (costs.team.label, costs.team.left.text, costs.team.right.text) == ("Team of 5", "$15.84", "$1.78")
    assert "A seat: 80 messages of 1,500 tokens, 22 days a month." in costs.basis


def test_costs_are_of_tokens_half_of_them_in_and_half_out() -> None:
    costs = [[monthly_cost(each, tokens * 10**6) for tokens in (1, 10, 100)] for each in (MEDIUM, SMALL)]
    assert costs == [[Decimal("1.20"), 12, 120], [Decimal("0.135"), Decimal("1.35"), Decimal("13.5")]]


def test_rounded_to_whole_dollars_the_same_figures_are_the_pages_own() -> None:
    volumes = [1_000_000, 10_000_000, 100_000_000]
    dollars = [
        [(monthly_cost(each, tokens) or Decimal(0)).quantize(Decimal(1), ROUND_HALF_UP) for tokens in volumes]
        for each in (MEDIUM, SMALL)
    ]
    assert dollars == [[1, 12, 120], [0, 1, 14]]


def test_a_side_without_a_price_says_so(tmp_path: Path) -> None:
    costs = costs_block(MEDIUM, dossier("Other"), settings_in(tmp_path), {})
    assert costs is not None
    assert {row.right.text for row in costs.volumes} == {NO_COST}


def test_one_price_of_two_is_not_enough_for_a_month(tmp_path: Path) -> None:
    half = dossier("Half", None, {"input_price": "0.40"})
    assert monthly_cost(half, 1_000_000) is None
    assert price_figure(half).text == "$0.40 in / out not recorded per 1M tokens"


def test_without_any_price_there_is_no_cost_table(tmp_path: Path) -> None:
    assert costs_block(dossier("A", entry="Free"), dossier("B"), settings_in(tmp_path), {}) is None


def test_a_free_tool_costs_nothing_only_where_a_token_price_of_nothing_is_recorded() -> None:
    assert monthly_cost(dossier("A", entry="Free"), 1_000_000) is None
    free = dossier("B", None, {"input_price": "0", "output_price": "0"})
    assert (price_figure(free).text, pricing_kind(free).text) == (
        "$0 in / $0 out per 1M tokens",
        "free",
    )


@pytest.mark.parametrize(
    ("entry", "price", "kind"),
    [
        ("Free", "", "free"),
        ("", "Free (Apache 2.0 open weights)", "free"),
        ("Free", "Free tier, then $20 a month", "free to start"),
        ("Freemium", "", "free to start"),
        ("Paid", "API access via vendor — pay-per-token", "paid per token"),
        ("Paid", "", "paid"),
        ("Paid", "$20 a month", "paid"),
        ("", "", ""),
        ("Waitlist", "", ""),
    ],
)
def test_how_one_pays_is_said_in_a_word(entry: str, price: str, kind: str) -> None:
    tool = dossier("A", None, {"price": price} if price else {}, entry=entry)
    assert pricing_kind(tool).text == kind


def test_a_disputed_price_marks_everything_computed_from_it() -> None:
    disputed = dossier("A", None, {"input_price": "0.10", "output_price": "0.30"}, disputed=("input_price",))
    assert price_sentence(disputed, SMALL).disputed
    assert price_figure(disputed).disputed


def test_where_only_offers_are_recorded_the_cheapest_counts_with_its_providers_name() -> None:
    offers = (
        offer("Dear", "1", "3"),
        offer("Half", "0.1", None),
        offer("Free tier", "0", "0"),
        offer("Cheap", "0.1", "0.3"),
    )
    tool = dossier("A", offers=offers)
    assert price_figure(tool).text == "$0.10 in / $0.30 out per 1M tokens at Cheap"
    assert price_figure(tool).claims == ("offer:t:Cheap:desk",)
    assert monthly_cost(tool, 10_000_000) == 2


def test_the_tools_own_price_comes_before_any_offer() -> None:
    tool = dossier(
        "A", None, {"input_price": "0.40", "output_price": "2.00"}, offers=(offer("Cheap", "0.1", "0.3"),)
    )
    assert price_figure(tool).text == "$0.40 in / $2.00 out per 1M tokens"


def checked_on(tool: Dossier, when: date) -> Dossier:
    facts = {
        key: replace(each, claim=replace(each.claim, verified_on=when)) for key, each in tool.facts.items()
    }
    return replace(tool, facts=facts)


def test_costs_say_once_when_the_prices_of_both_sides_were_looked_at(tmp_path: Path) -> None:
    sides = [checked_on(each, date(2026, 11, 18)) for each in (MEDIUM, SMALL)]
    costs = costs_block(sides[0], sides[1], settings_in(tmp_path), {})
    assert costs is not None
    assert costs.dated == "Checked 18 Nov 2026."


def test_prices_of_several_days_are_dated_side_by_side(tmp_path: Path) -> None:
    tool = dossier("Offered", offers=(offer("Cheap", "0.1", "0.3"), offer("Dear", "1", "3")))
    costs = costs_block(checked_on(MEDIUM, date(2026, 3, 1)), tool, settings_in(tmp_path), {})
    assert costs is not None
    assert costs.dated == "Prices: Medium, checked 1 Mar 2026; Offered, seen 23 Nov 2026."


def test_a_side_without_a_price_has_no_date_of_it(tmp_path: Path) -> None:
    costs = costs_block(MEDIUM, dossier("Other"), settings_in(tmp_path), {})
    assert costs is not None
    assert costs.dated == "Seen 23 Nov 2026."
