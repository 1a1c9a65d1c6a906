"""Figures: how recorded values are written, called and dated, and what a printed one stands on."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from newsletter.content.records import Benchmark, Claim, Fact, Offer, Source, Votes
from newsletter.digest.content import Figure
from newsletter.digest.wording import clip
from newsletter.errors import N_
from newsletter.language import ENGLISH, Language

# How amounts are rounded, halves always up; how they are written is in language.py.


def half_up(amount: Decimal, step: Decimal = Decimal(1)) -> Decimal:
    """Round to a multiple of `step`, halves away from zero."""
    return amount.quantize(step, rounding=ROUND_HALF_UP)


def whole(amount: Decimal) -> int:
    return int(half_up(amount))


# How a fact is called and written in an issue, and how its statement is dated.

#: Names of attributes as readers know them; others are called as they are.
LABELS = {
    "input_price": N_("input price"),
    "output_price": N_("output price"),
    "max_output": N_("max output"),
    "model_id": N_("model id"),
    "api_access": N_("API access"),
    "context": N_("context"),
    "licence": N_("licence"),
}


def label_of(attribute: str, language: Language = ENGLISH) -> str:
    known = LABELS.get(attribute)
    return language.gettext(known) if known is not None else attribute.replace("_", " ")


def value_of(claim: Claim, language: Language = ENGLISH) -> str:
    """Return the claimed value as an issue writes it: "$0.10", "128K", "Apache 2.0"."""
    if claim.number is None:
        return clip(claim.value, 60)
    if claim.unit == "USD/Mtok":
        return language.price(claim.number)
    if claim.unit.startswith("USD"):
        return language.money(claim.number)
    if claim.unit == "tokens":
        return language.compact(claim.number)
    return f"{language.number(claim.number)} {claim.unit}".strip()


def date_of(statement: Claim | Benchmark | Offer, source: Source | None) -> tuple[str, date]:
    """Return what its best date says, and that date: ("checked", 1 March 2026), "as of", "published" or "seen"."""
    if isinstance(statement, Claim) and statement.verified_on is not None:
        return "checked", statement.verified_on
    if statement.as_of is not None:
        return "as of", statement.as_of
    if source is not None and source.published_on is not None:
        return "published", source.published_on
    return "seen", statement.seen_on


def dated(statement: Claim | Benchmark | Offer, source: Source | None, language: Language = ENGLISH) -> str:
    """Return "checked 1 Mar 2026", "as of …", "published …" or "seen …": the best date the statement has."""
    return date_words(*date_of(statement, source), language)


def date_words(how: str, when: date, language: Language) -> str:
    """Return a date with what it says, as `date_of` gives both."""
    day = language.short_date(when)
    match how:
        case "checked":
            return language.gettext("checked %(day)s", day=day)
        case "published":
            return language.gettext("published %(day)s", day=day)
        case "seen":
            return language.gettext("seen %(day)s", day=day)
    return language.gettext("as of %(day)s", day=day)


def said_by(statement: Claim | Benchmark | Offer, source: Source | None, language: Language = ENGLISH) -> str:
    """Return who says so, and as of when: "Model lab, 10 Nov 2026", "Model almanac, checked 1 Mar 2026"."""
    how, when = date_of(statement, source)
    dated_ = language.short_date(when) if how == "as of" else date_words(how, when, language)
    name = clip(source.name, 60) if source is not None else language.gettext("unnamed source")
    return f"{name}, {dated_}"


# Figures: how a printed value keeps what it stands on.


def figure(text: str, *facts: Fact | None) -> Figure:
    """Return a printed value and the facts it stands on."""
    known = [fact for fact in facts if fact is not None]
    return Figure(
        text=text,
        claims=tuple(fact.claim.id for fact in known),
        disputed=any(fact.disputed for fact in known),
    )


def join(text: str, *parts: Figure) -> Figure:
    """Return a printed value that stands on everything that these stand on."""
    claims = tuple(dict.fromkeys(claim for part in parts for claim in part.claims))
    return Figure(text=text, claims=claims, disputed=any(part.disputed for part in parts))


def number_of(fact: Fact | None) -> Decimal | None:
    return None if fact is None else fact.claim.number


# What a figure stands on, where a record has no id of its own.


def offer_key(offer: Offer) -> str:
    return f"offer:{offer.tool_id}:{offer.provider}:{offer.source_id}"


def benchmark_key(benchmark: Benchmark) -> str:
    return f"benchmark:{benchmark.tool_id}:{benchmark.test}:{benchmark.source_id}"


_VOTES = "votes:"


def votes_key(votes: Votes) -> str:
    return f"{_VOTES}{votes.tool_id}:{votes.seen_at:%Y-%m-%dT%H:%M:%SZ}"


def is_votes_key(key: str) -> bool:
    return key.startswith(_VOTES)
