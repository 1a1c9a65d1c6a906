"""What tools cost a month, from token prices: by volume, and for a team. Even split of input and output."""

from collections.abc import Container, Iterable, Iterator, Mapping
from decimal import Decimal

from newsletter.config import Settings
from newsletter.content.model import Claim, Offer, Source
from newsletter.digest.amounts import money, unit_price
from newsletter.digest.attributes import dated, said_by
from newsletter.digest.letter import Costs, Figure, Rates, Row
from newsletter.digest.material import Dossier
from newsletter.digest.prices import Prices, offer_key
from newsletter.digest.sentences import clip

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
    seat_tokens = settings.team_messages * settings.team_tokens * settings.team_days
    team_tokens = settings.team_seats * seat_tokens
    team = _row(f"Team of {settings.team_seats}", team_tokens, left, right) if team_tokens else None
    return Costs(
        volumes=volumes,
        team=team,
        basis=_basis(settings, team is not None),
        dated=_dated(left, right, sources),
        rates=Rates(left=left.prices.even, right=right.prices.even, seat_tokens=seat_tokens),
    )


def _row(label: str, tokens: int, left: Dossier, right: Dossier) -> Row:
    return Row(label=label, left=cost_figure(left.prices, tokens), right=cost_figure(right.prices, tokens))


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
        f"{BASIS} Seat: {settings.team_messages:,} daily messages of {settings.team_tokens:,} tokens, "
        f"{settings.team_days} days."
    )
