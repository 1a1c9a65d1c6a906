"""Tools for tests of single blocks: a dossier with just what a test is about."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from newsletter.content.records import Claim, Decision, Fact, Offer, Review, Tool, Verdict
from newsletter.digest.material import Dossier
from newsletter.digest.panel import Panel, panel_of

MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UNITS = {"input_price": "USD/Mtok", "output_price": "USD/Mtok", "context": "tokens"}


def claim(tool: str, attribute: str, value: str, key: str = "") -> Claim:
    numeric = attribute in UNITS
    return Claim(
        id=key or f"claim-{tool}-{attribute}",
        tool_id=tool,
        attribute=attribute,
        value=value,
        number=Decimal(value) if numeric else None,
        unit=UNITS.get(attribute, ""),
        words=value,
        as_of=None,
        verified_on=None,
        seen_at=MOMENT,
        source_id="desk",
        line=None,
    )


def review(
    tool: str, reviewer: str | None, score: int | None, decision: str | None, words: str = ""
) -> Review:
    return Review(
        id=f"review-{tool}-{reviewer}",
        tool_id=tool,
        reviewer=reviewer,
        score=score,
        decision=None if decision is None else Decision(decision),
        words=words,
        source_id="desk",
        line=None,
        seen_at=MOMENT,
    )


def verdict(
    tool: str, ships: int | None, skips: int | None, share: str | None, derived: bool = False
) -> Verdict:
    return Verdict(
        id=f"verdict-{tool}-{ships}-{skips}-{derived}",
        tool_id=tool,
        ships=ships,
        skips=skips,
        share=None if share is None else Decimal(share),
        derived=derived,
        as_of=None,
        seen_at=MOMENT,
        source_id="desk",
        line=None,
    )


def panel(ships: int, skips: int, *scores: int) -> Panel:
    decisions = ["ship"] * ships + ["skip"] * skips
    said = [review("t", str(place), score, None) for place, score in enumerate(scores)]
    return panel_of([verdict("t", ships, skips, None)] if decisions else [], said)


def dossier(
    name: str,
    judged: Panel | None = None,
    facts: Mapping[str, str] | None = None,
    *,
    entry: str = "",
    tagline: str = "",
    reviews: tuple[Review, ...] = (),
    disputed: tuple[str, ...] = (),
    offers: tuple[Offer, ...] = (),
) -> Dossier:
    key = name.lower().replace(" ", "-")
    known = {
        attribute: Fact(
            tool_id=key,
            attribute=attribute,
            claim=claim(key, attribute, value),
            others=(claim(key, attribute, "9.99", f"other-{attribute}"),) if attribute in disputed else (),
            reason="dated" if attribute in disputed else "only claim",
        )
        for attribute, value in (facts or {}).items()
    }
    return Dossier(
        tool=Tool(id=key, name=name, entry=entry, first_seen_at=MOMENT, last_seen_at=MOMENT),
        panel=judged or Panel(),
        reviews=reviews,
        verdicts=(),
        votes=None,
        facts=known,
        benchmarks=(),
        offers=offers,
        notes=(),
        tagline=tagline,
    )


def offer(provider: str, input_price: str | None, output_price: str | None) -> Offer:
    return Offer(
        tool_id="t",
        provider=provider,
        context_tokens=None,
        input_price=None if input_price is None else Decimal(input_price),
        output_price=None if output_price is None else Decimal(output_price),
        p50_latency_ms=None,
        throughput_tps=None,
        uptime_percent=None,
        as_of=None,
        seen_at=MOMENT,
        source_id="desk",
        line=None,
    )
