"""A tool's token prices: as the facts say, else as a provider offers the tool."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from newsletter.content.records import Fact, Offer
from newsletter.digest.content import Figure
from newsletter.digest.wording import figure, number_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million tokens cost in dollars, in and out; None where nobody recorded it."""

    input: Decimal | None = None
    output: Decimal | None = None
    #: Who asks that price, where only offers are recorded; empty for the tool's own.
    provider: str = ""
    claims: tuple[str, ...] = ()
    disputed: bool = False

    @property
    def known(self) -> bool:
        return self.input is not None or self.output is not None

    @property
    def even(self) -> Decimal | None:
        """The price of a million tokens, half of them in and half out; None unless both are known."""
        return None if self.input is None or self.output is None else (self.input + self.output) / 2

    def figure(self, text: str) -> Figure:
        """A text that stands on these prices."""
        return Figure(text=text, claims=self.claims, disputed=self.disputed)


def prices_of(facts: Mapping[str, Fact], offers: Iterable[Offer]) -> Prices:
    """The facts' prices; where there are none, the cheapest offer that has both, one that costs before one that is free."""
    stated = facts.get("input_price"), facts.get("output_price")
    if any(number_of(fact) is not None for fact in stated):
        grounds = figure("", *stated)
        return Prices(
            input=number_of(stated[0]),
            output=number_of(stated[1]),
            claims=grounds.claims,
            disputed=grounds.disputed,
        )
    whole = [each for each in offers if each.input_price is not None and each.output_price is not None]
    if not whole:
        return Prices()
    cheapest = min(whole, key=lambda each: (_sum(each) == 0, _sum(each), each.provider))
    return Prices(
        input=cheapest.input_price,
        output=cheapest.output_price,
        provider=cheapest.provider,
        claims=(offer_key(cheapest),),
    )


def offer_key(offer: Offer) -> str:
    """What a provider's price stands on: offers have no id of their own."""
    return f"offer:{offer.tool_id}:{offer.provider}:{offer.source_id}"


def _sum(offer: Offer) -> Decimal:
    return (offer.input_price or Decimal(0)) + (offer.output_price or Decimal(0))
