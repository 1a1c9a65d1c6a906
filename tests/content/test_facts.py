"""The facts desk: rules, rulings, conflicts, and the cost arithmetic on top."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

import pytest

from newsletter.content.facts import differs, resolve
from newsletter.content.records import Claim, Fact, Source, content_id
from newsletter.content.units import measure

MARCH, JUNE = date(2026, 3, 1), date(2026, 6, 1)
SOURCES = {
    key: Source(id=key, name=name, url=f"https://www.{key}.example/page", seen_on=JUNE)
    for key, name in (("docs", "Maker's docs"), ("profile", "Profiles"), ("shop", "Price shop"))
}


def claim(
    value: str,
    *,
    source: str = "docs",
    attribute: str = "input_price",
    unit: str = "USD/Mtok",
    as_of: date | None = None,
    verified_on: date | None = None,
    seen_on: date = JUNE,
) -> Claim:
    measured = measure(attribute, value, unit)
    return Claim(
        id=content_id("claim", source, attribute, value, as_of, verified_on),
        tool_id="small-3.2",
        attribute=attribute,
        value=measured.value,
        number=measured.number,
        unit=measured.unit,
        words=value,
        as_of=as_of,
        verified_on=verified_on,
        seen_at=datetime.combine(seen_on, time(), UTC),
        source_id=source,
        line=None,
    )


def decide(
    *claims: Claim, order: Sequence[str] = (), rulings: Mapping[str, str | None] | None = None
) -> Fact:
    found = resolve(claims, sources=SOURCES, source_order=order, rulings=rulings or {})
    return found[claims[0].attribute]


def test_a_single_claim_is_the_fact() -> None:
    only = claim("0.10")
    assert decide(only) == Fact(
        tool_id="small-3.2", attribute="input_price", claim=only, others=(), reason="only claim"
    )


def test_claims_that_agree_are_no_conflict() -> None:
    fact = decide(claim("0.10"), claim("0.0001", unit="USD/Ktok", source="shop"))
    assert (fact.reason, fact.disputed) == ("agreed", False)


def test_the_newest_verification_wins_and_the_others_are_named() -> None:
    old, new = claim("0.07", source="shop", verified_on=MARCH), claim("0.10", verified_on=JUNE)
    fact = decide(old, new)
    assert (fact.claim, fact.others, fact.reason) == (new, (old,), "newest verified")
    assert fact.disputed


def test_verified_beats_dated_and_dated_beats_undated() -> None:
    undated = claim("0.05", source="shop")
    dated = claim("0.07", source="profile", as_of=JUNE)
    verified = claim("0.10", verified_on=MARCH)
    assert decide(undated, dated, verified).claim == verified
    assert decide(undated, dated).claim == dated
    assert decide(undated, dated).reason == "dated"


def test_an_undated_claim_never_beats_a_dated_one_however_trusted_its_source() -> None:
    undated, dated = claim("0.05"), claim("0.07", source="shop", as_of=MARCH)
    assert decide(undated, dated, order=["Maker's docs"]).claim == dated


def test_the_newest_date_wins() -> None:
    march, june = claim("0.07", as_of=MARCH), claim("0.10", source="shop", as_of=JUNE)
    assert decide(march, june).claim == june


def test_the_order_of_sources_settles_what_dates_do_not() -> None:
    shop, docs = claim("0.07", source="shop"), claim("0.10")
    fact = decide(shop, docs, order=["maker's DOCS", "Price shop"])
    assert (fact.claim, fact.reason) == (docs, "source order")


@pytest.mark.parametrize("name", ["shop.example", "www.shop.example", "shop", "PRICE SHOP"])
def test_a_source_is_listed_by_its_name_its_id_or_its_site(name: str) -> None:
    docs, shop = claim("0.10"), claim("0.07", source="shop")
    assert decide(docs, shop, order=[name]).claim == shop


def test_a_listed_source_goes_before_one_that_is_not() -> None:
    docs, shop = claim("0.10"), claim("0.07", source="shop")
    assert decide(docs, shop, order=["Price shop"]).claim == shop


def test_what_was_seen_first_wins_when_nothing_else_does() -> None:
    later, earlier = claim("0.10"), claim("0.07", source="shop", seen_on=MARCH)
    fact = decide(later, earlier)
    assert (fact.claim, fact.reason) == (earlier, "first seen")


def test_on_one_day_the_order_of_the_store_decides() -> None:
    first, second = claim("0.07", source="shop"), claim("0.10")
    fact = decide(first, second)
    assert (fact.claim, fact.reason, fact.disputed) == (first, "first seen", True)


def test_an_editors_ruling_goes_before_every_rule_and_ends_the_dispute() -> None:
    verified, ruled = claim("0.10", verified_on=JUNE), claim("0.07", source="shop")
    fact = decide(verified, ruled, rulings={"input_price": ruled.id})
    assert (fact.claim, fact.reason, fact.disputed) == (ruled, "ruling", False)
    assert fact.others == (verified,)


def test_a_ruling_on_a_claim_that_no_longer_holds_is_open_again() -> None:
    verified = claim("0.10", verified_on=JUNE)
    fact = decide(verified, claim("0.08", source="shop"), rulings={"input_price": "claim-of-last-week"})
    assert (fact.claim, fact.disputed) == (verified, True)


def test_a_ruling_of_nothing_leaves_the_attribute_out() -> None:
    claims = [claim("0.10"), claim("128K", attribute="context", unit="tokens")]
    found = resolve(claims, sources=SOURCES, source_order=(), rulings={"input_price": None})
    assert list(found) == ["context"]


@pytest.mark.parametrize(
    ("left", "right"), [("128K", "128,000"), ("128K tokens", "131072"), ("1M", "1,048,576")]
)
def test_a_rounded_context_agrees_with_both_readings(left: str, right: str) -> None:
    one, other = (claim(text, attribute="context", unit="tokens") for text in (left, right))
    assert not differs(one, other)


def test_two_exact_contexts_differ() -> None:
    one, other = (claim(text, attribute="context", unit="tokens") for text in ("128,000", "131,072"))
    assert differs(one, other)
