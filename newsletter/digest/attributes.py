"""How a fact is called and written in an issue, and how its statement is dated."""

from newsletter.content.model import Benchmark, Claim, Offer, Source
from newsletter.digest.amounts import day, money, number, token_count, unit_price
from newsletter.digest.sentences import clip

#: Names of attributes as readers know them; others are called as they are.
LABELS = {
    "input_price": "input price",
    "output_price": "output price",
    "max_output": "max output",
    "model_id": "model id",
    "api_access": "API access",
}


def label_of(attribute: str) -> str:
    return LABELS.get(attribute, attribute.replace("_", " "))


def value_of(claim: Claim) -> str:
    """The claimed value as an issue writes it: "$0.10", "128K", "Apache 2.0"."""
    if claim.number is None:
        return clip(claim.value, 60)
    if claim.unit == "USD/Mtok":
        return unit_price(claim.number)
    if claim.unit.startswith("USD"):
        return money(claim.number)
    return (
        token_count(claim.number)
        if claim.unit == "tokens"
        else f"{number(claim.number)} {claim.unit}".strip()
    )


def dated(statement: Claim | Benchmark | Offer, source: Source | None) -> str:
    """ "checked 1 Mar 2026", "as of …", "published …" or "seen …": the best date the statement has."""
    if isinstance(statement, Claim) and statement.verified_on is not None:
        return f"checked {day(statement.verified_on)}"
    if statement.as_of is not None:
        return f"as of {day(statement.as_of)}"
    if source is not None and source.published_on is not None:
        return f"published {day(source.published_on)}"
    return f"seen {day(statement.seen_on)}"


def said_by(statement: Claim | Benchmark | Offer, source: Source | None) -> str:
    """ "Model lab, 10 Nov 2026", "Model almanac, checked 1 Mar 2026": who says so, and as of when."""
    when = dated(statement, source).removeprefix("as of ")
    return f"{clip(source.name, 60) if source is not None else 'unnamed source'}, {when}"
