"""What tools cost a month, from token prices: by volume, and for a team. Even split of input and output."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from decimal import Decimal

from newsletter.config import Settings
from newsletter.content.records import Claim, Offer, Source
from newsletter.digest.content import Costs, Figure, Rates, TableRow
from newsletter.digest.material import Dossier, Material
from newsletter.digest.prices import Prices, offer_key
from newsletter.digest.wording import clip, dated, figure, fit, join, money, plain, said_by, unit_price

#: What every row assumes: weights that run in one's own house are not priced.
BASIS = "By the token, half input, half output."
#: Tokens a month, half in, half out.
VOLUMES: tuple[tuple[str, int], ...] = (
    ("1M tokens", 1_000_000),
    ("10M", 10_000_000),
    ("100M", 100_000_000),
)
NO_PRICE = "no token price recorded"
#: The same in the narrow cells of the cost table.
NO_COST = "not recorded"


def monthly_cost(prices: Prices, tokens: int) -> Decimal | None:
    """Dollars for so many tokens a month; None unless both prices are recorded."""
    return None if prices.even is None else prices.even * tokens / 1_000_000


def cost_figure(prices: Prices, tokens: int) -> Figure:
    cost = monthly_cost(prices, tokens)
    return Figure(text=NO_COST) if cost is None else prices.figure(money(cost))


def price_figure(prices: Prices, unit: str = " per 1M tokens") -> Figure:
    """ "$0.10 in / $0.30 out per 1M tokens"; what is not recorded is said to be so."""
    if not prices.known:
        return Figure(text=NO_PRICE)
    sides = ((prices.input, "in"), (prices.output, "out"))
    said = (
        f"{side} not recorded" if amount is None else f"{unit_price(amount)} {side}" for amount, side in sides
    )
    via = f" at {clip(prices.provider, 30)}" if prices.provider else ""
    return prices.figure(f"{' / '.join(said)}{unit}{via}")


def costs_block(
    left: Dossier, right: Dossier, settings: Settings, sources: Mapping[str, Source]
) -> Costs | None:
    """The cost table; None where neither side has a token price."""
    if left.prices.even is None and right.prices.even is None:
        return None
    volumes = tuple(_row(label, tokens, left, right) for label, tokens in VOLUMES)
    seat_tokens = settings.digest.team_messages * settings.digest.team_tokens * settings.digest.team_days
    team_tokens = settings.digest.team_seats * seat_tokens
    team = _row(f"Team of {settings.digest.team_seats}", team_tokens, left, right) if team_tokens else None
    return Costs(
        volumes=volumes,
        team=team,
        basis=_basis(settings, team is not None),
        dated=_dated(left, right, sources),
        rates=Rates(left=left.prices.even, right=right.prices.even, seat_tokens=seat_tokens),
    )


def _row(label: str, tokens: int, left: Dossier, right: Dossier) -> TableRow:
    return TableRow(
        label=label, left=cost_figure(left.prices, tokens), right=cost_figure(right.prices, tokens)
    )


def _dated(left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> str:
    """ "Checked 18 Nov 2026."; each side by its name where their dates differ."""
    priced = (each for each in (left, right) if each.prices.even is not None)
    said = {each.name: dates_of(each.prices.claims, each, sources) for each in priced}
    if len(set(said.values())) == 1:
        when = next(iter(said.values()))
        return f"{when[:1].upper()}{when[1:]}."
    return f"Prices: {'; '.join(f'{name}, {when}' for name, when in said.items())}."


def dates_of(grounds: Container[str], dossier: Dossier, sources: Mapping[str, Source]) -> str:
    """ "checked 18 Nov 2026": when a price that stands on these was looked at; all days where they differ."""
    days = (dated(each, sources.get(each.source_id)) for each in _stated(grounds, dossier))
    return " and ".join(dict.fromkeys(days))


def origins_of(grounds: Container[str], dossiers: Iterable[Dossier], sources: Mapping[str, Source]) -> str:
    """ "Tessel Works, price list, checked 18 Nov 2026": whose facts and prices these are, each once."""
    stated = (each for dossier in dossiers for each in _stated(grounds, dossier))
    return "; ".join(dict.fromkeys(said_by(each, sources.get(each.source_id)) for each in stated))


def _stated(grounds: Container[str], dossier: Dossier) -> Iterator[Claim | Offer]:
    yield from (each.claim for each in dossier.facts.values() if each.claim.id in grounds)
    yield from (each for each in dossier.offers if offer_key(each) in grounds)


def _basis(settings: Settings, with_team: bool) -> str:
    if not with_team:
        return BASIS
    return (
        f"{BASIS} Seat: {settings.digest.team_messages:,} daily messages of {settings.digest.team_tokens:,} tokens, "
        f"{settings.digest.team_days} days."
    )


# How one pays for a tool, as a reader compares it: in a table, and in a word or two.

NO_PRICING = "no price recorded"
PRICING_WORDS = 12
#: The volume at which two prices are compared in a sentence.
COMPARED_TOKENS = 10_000_000

_LIMITED = re.compile(r"\b(trial|tiers?|plans?|then|limited|freemium|starter|up to|from \$|with ads)\b|\$")
_PER_TOKEN = re.compile(r"\b(?:pay|paid|priced|billed)?[ -]?per[ -](?:token|\S*tok\b)")


def pricing_figure(dossier: Dossier, material: Material) -> Figure:
    """The pricing in our own words, else the token prices, else how one gets in."""
    stated = dossier.facts.get("price")
    if stated is not None and material.is_ours(stated.claim):
        words = fit(stated.claim.words or stated.claim.value, PRICING_WORDS)
        if words:
            return figure(words, stated)
    if dossier.prices.known:
        return price_figure(dossier.prices)
    return Figure(text=plain(dossier.tool.entry) or NO_PRICING)


def pricing_kind(dossier: Dossier) -> Figure:
    """ "free", "free to start", "pay per token", "paid", or empty where nothing says."""
    prices, stated = dossier.prices, dossier.facts.get("price")
    if prices.known:
        paid = prices.even is None or prices.even > 0
        return prices.figure("pay per token" if paid else "free")
    entry = dossier.tool.entry.strip().casefold()
    text = f"{entry}; {stated.claim.value.casefold()}" if stated is not None else entry
    said = stated.claim.value.strip().casefold() if stated is not None else entry
    if said.startswith("free") or entry == "free":
        return figure("free to start" if _LIMITED.search(text) or "freemium" in text else "free", stated)
    if _PER_TOKEN.search(text):
        return figure("pay per token", stated)
    return figure("paid" if entry == "paid" else "", stated)


def contrast(first: Dossier, second: Dossier) -> Figure:
    """ "$2.00 against $12.00 a month at 10M tokens", "free against pay per token"; empty where nothing is known."""
    costs = [monthly_cost(each.prices, COMPARED_TOKENS) for each in (first, second)]
    if costs[0] is not None and costs[1] is not None:
        return join(
            f"{money(costs[0])} against {money(costs[1])} a month at 10M tokens",
            first.prices.figure(""),
            second.prices.figure(""),
        )
    kinds = (pricing_kind(first), pricing_kind(second))
    if not kinds[0].text and not kinds[1].text:
        return Figure(text="")
    if kinds[0].text == kinds[1].text:
        return join(f"both {kinds[0].text}", *kinds)
    return join(f"{kinds[0].text or NO_PRICING} against {kinds[1].text or NO_PRICING}", *kinds)
