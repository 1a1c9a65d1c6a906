"""What tools cost: a tool's prices, how they are written and compared, and the table of costs a month."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from newsletter.config import Settings
from newsletter.content.records import Claim, Fact, Offer, Source
from newsletter.digest.content import Costs, Figure, Rates, TableRow
from newsletter.digest.figures import dated, figure, half_up, join, number_of, offer_key, said_by
from newsletter.digest.material import Dossier, Material
from newsletter.digest.wording import clip, fit, plain, start_with_capital
from newsletter.errors import N_
from newsletter.language import Language

#: What every row assumes: weights that run in one's own house are not priced.
BASIS = N_("Half input, half output.")
#: Tokens a month, half in, half out.
VOLUMES = (1_000_000, 10_000_000, 100_000_000)
NO_PRICE = N_("no token price recorded")
#: The same in the narrow cells of the cost table.
NO_COST = N_("not recorded")


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
        """Return a text that stands on these prices."""
        return Figure(text=text, claims=self.claims, disputed=self.disputed)


def prices_of(dossier: Dossier) -> Prices:
    """Return the facts' prices; where there are none, the cheapest offer that has both, one that costs before one that is free."""
    stated = dossier.facts.get("input_price"), dossier.facts.get("output_price")
    if any(number_of(fact) is not None for fact in stated):
        grounds = figure("", *stated)
        return Prices(
            input=number_of(stated[0]),
            output=number_of(stated[1]),
            claims=grounds.claims,
            disputed=grounds.disputed,
        )
    costs = [
        (each.input_price + each.output_price, each)
        for each in dossier.offers
        if each.input_price is not None and each.output_price is not None
    ]
    if not costs:
        return Prices()
    _, cheapest = min(costs, key=lambda cost: (cost[0] == 0, cost[0], cost[1].provider))
    return Prices(
        input=cheapest.input_price,
        output=cheapest.output_price,
        provider=cheapest.provider,
        claims=(offer_key(cheapest),),
    )


def monthly_cost(dossier: Dossier, tokens: int) -> Decimal | None:
    """Return dollars for so many tokens a month; None unless both prices are recorded."""
    even = prices_of(dossier).even
    return None if even is None else even * tokens / 1_000_000


def _cost_at(dossier: Dossier, tokens: int) -> tuple[Decimal, Figure] | None:
    """Return dollars for so many tokens a month, by the token prices, else as a page lists them, and what that stands on.

    A listed cost of nothing was rounded, and says nothing.
    """
    cost = monthly_cost(dossier, tokens)
    if cost is not None:
        return cost, prices_of(dossier).figure("")
    listed = dossier.facts.get(f"cost_at_{tokens // 1_000_000}M")
    number = number_of(listed)
    return (number, figure("", listed)) if number else None


def price_figure(dossier: Dossier, *, with_unit: bool = True) -> Figure:
    """Return "$0.10 in / $0.30 out per 1M tokens"; what is not recorded is said to be so."""
    prices, language = prices_of(dossier), dossier.language
    _ = language.gettext
    if not prices.known:
        return Figure(text=_(NO_PRICE))
    said = (
        _("in not recorded")
        if prices.input is None
        else _("%(price)s in", price=language.price(prices.input)),
        _("out not recorded")
        if prices.output is None
        else _("%(price)s out", price=language.price(prices.output)),
    )
    text = " / ".join(said)
    if with_unit:
        text = _("%(prices)s per 1M tokens", prices=text)
    if prices.provider:
        text = _("%(prices)s at %(provider)s", prices=text, provider=clip(prices.provider, 30))
    return prices.figure(text)


def costs_block(
    left: Dossier, right: Dossier, settings: Settings, sources: Mapping[str, Source]
) -> Costs | None:
    """Return the cost table; None where neither side has a token price."""
    rates = tuple(prices_of(side).even for side in (left, right))
    if rates == (None, None):
        return None
    language = settings.language
    volumes = tuple(_row(volume_label(tokens, language), tokens, left, right) for tokens in VOLUMES)
    seat_tokens = settings.digest.team_messages * settings.digest.team_tokens * settings.digest.team_days
    team_tokens = settings.digest.team_seats * seat_tokens
    label = language.gettext("Team of %(seats)s", seats=settings.digest.team_seats)
    team = _row(label, team_tokens, left, right) if team_tokens else None
    return Costs(
        volumes=volumes,
        team=team,
        basis=_basis(settings, team is not None),
        dated=_dated(left, right, sources),
        rates=Rates(left=rates[0], right=rates[1], seat_tokens=seat_tokens),
    )


def costs_of_mail(costs: Costs, language: Language) -> Costs:
    """Return the costs at the one volume that sentences compare, and of the team: the other volumes stand on the page."""
    label = language.gettext("%(count)s tokens", count=language.compact(Decimal(COMPARED_TOKENS)))
    row = costs.volumes[VOLUMES.index(COMPARED_TOKENS)]
    return replace(costs, volumes=(replace(row, label=label),))


def volume_label(tokens: int, language: Language) -> str:
    """Return "1M tokens", and below it "10M", "100M"."""
    count = language.compact(Decimal(tokens))
    return language.gettext("%(count)s tokens", count=count) if tokens == VOLUMES[0] else count


def _row(label: str, tokens: int, left: Dossier, right: Dossier) -> TableRow:
    return TableRow(
        label=label,
        left=_cost(left, tokens),
        right=_cost(right, tokens),
    )


def _cost(dossier: Dossier, tokens: int) -> Figure:
    known, language = _cost_at(dossier, tokens), dossier.language
    if known is None:
        return Figure(text=language.gettext(NO_COST))
    cost, stands_on = known
    return join(language.money(cost), stands_on)


def _dated(left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> str:
    """Return "Checked 18 Nov 2026."; each side by its name where their dates differ."""
    priced = (each for each in (left, right) if prices_of(each).even is not None)
    said = {each.name: dates_of(prices_of(each).claims, each, sources) for each in priced}
    if len(set(said.values())) == 1:
        when = next(iter(said.values()))
        return f"{start_with_capital(when)}."
    dates = "; ".join(f"{name}, {when}" for name, when in said.items())
    return left.language.gettext("Prices: %(dates)s.", dates=dates)


def dates_of(grounds: Container[str], dossier: Dossier, sources: Mapping[str, Source]) -> str:
    """Return "checked 18 Nov 2026": when a price that stands on these was looked at; all days where they differ."""
    days = (dated(each, sources.get(each.source_id), dossier.language) for each in _stated(grounds, dossier))
    return dossier.language.listed(dict.fromkeys(days))


def origins_of(grounds: Container[str], dossiers: Iterable[Dossier], sources: Mapping[str, Source]) -> str:
    """Return "Tessel Works, price list, checked 18 Nov 2026": whose facts and prices these are, each once."""
    stated = (
        said_by(each, sources.get(each.source_id), dossier.language)
        for dossier in dossiers
        for each in _stated(grounds, dossier)
    )
    return "; ".join(dict.fromkeys(stated))


def _stated(grounds: Container[str], dossier: Dossier) -> Iterator[Claim | Offer]:
    yield from (each.claim for each in dossier.facts.values() if each.claim.id in grounds)
    yield from (each for each in dossier.offers if offer_key(each) in grounds)


def _basis(settings: Settings, with_team: bool) -> str:
    language = settings.language
    basis = language.gettext(BASIS)
    if not with_team:
        return basis
    seat = language.gettext(
        "A seat: %(messages)s messages of %(tokens)s tokens, %(days)s days a month.",
        messages=language.count(settings.digest.team_messages),
        tokens=language.count(settings.digest.team_tokens),
        days=settings.digest.team_days,
    )
    return f"{basis} {seat}"


# How one pays for a tool, as a reader compares it: in a table, and in a word or two.

NO_PRICING = N_("no price recorded")
PRICING_WORDS = 12
#: The volume at which two prices are compared in a sentence.
COMPARED_TOKENS = 10_000_000

_LIMITED = re.compile(r"\b(trial|tiers?|plans?|then|limited|freemium|starter|up to|from \$|with ads)\b|\$")
_PER_TOKEN = re.compile(r"\b(?:pay|paid|priced|billed)?[ -]?per[ -](?:token|\S*tok\b)")


def pricing_figure(dossier: Dossier, material: Material) -> Figure:
    """Return the pricing in our own words, else the token prices, else how one gets in, else a cost that is listed."""
    stated = dossier.facts.get("price")
    if stated is not None and material.is_ours(stated.claim):
        words = fit(stated.claim.words or stated.claim.value, PRICING_WORDS)
        if words:
            return figure(words, stated)
    if prices_of(dossier).known:
        return price_figure(dossier)
    words, entry = _entry(dossier)
    listed = None if plain(words) else _cost_at(dossier, COMPARED_TOKENS)
    if listed is not None:
        cost = dossier.language.money(listed[0])
        return join(dossier.language.gettext("%(cost)s a month for 10M tokens", cost=cost), listed[1])
    return figure(plain(words) or dossier.language.gettext(NO_PRICING), entry)


def _entry(dossier: Dossier) -> tuple[str, Fact | None]:
    """Return how one gets in, "Free": as a page states it, else as the tool is described."""
    stated = dossier.facts.get("entry")
    return (dossier.tool.entry, None) if stated is None else (stated.claim.value, stated)


def pricing_kind(dossier: Dossier) -> Figure:
    """Return "free", "free to start", "pay per token", "paid", or empty where nothing says."""
    prices, stated = prices_of(dossier), dossier.facts.get("price")
    _ = dossier.language.gettext
    free, per_token = _("free"), _("paid per token")
    if prices.known:
        paid = prices.even is None or prices.even > 0
        return prices.figure(per_token if paid else free)
    said_entry, entry_fact = _entry(dossier)
    entry = said_entry.strip().casefold()
    text = f"{entry}; {stated.claim.value.casefold()}" if stated is not None else entry
    said = stated.claim.value.strip().casefold() if stated is not None else entry
    if said.startswith("free") or entry == "free":
        limited = _LIMITED.search(text) or "freemium" in text
        return figure(_("free to start") if limited else free, stated or entry_fact)
    if _PER_TOKEN.search(text):
        return figure(per_token, stated)
    return figure(_("paid") if entry == "paid" else "", entry_fact or stated)


def price_sentence(first: Dossier, second: Dossier) -> Figure:
    """Return "Borealis costs $2.00 a month for 10M tokens, Meridian $12.00." or "… is free, … paid."; empty where nothing is known."""
    language = first.language
    values: dict[str, object] = {"tool": first.name, "other": second.name}
    costs = [_cost_at(each, COMPARED_TOKENS) for each in (first, second)]
    if costs[0] is not None and costs[1] is not None:
        values |= {"cost": language.money(costs[0][0]), "other_cost": language.money(costs[1][0])}
        if values["cost"] == values["other_cost"]:
            said = language.gettext("Both cost %(cost)s a month for 10M tokens.", **values)
        else:
            said = language.gettext(
                "%(tool)s costs %(cost)s a month for 10M tokens, %(other)s %(other_cost)s.", **values
            )
        return join(said, costs[0][1], costs[1][1])
    kinds = (pricing_kind(first), pricing_kind(second))
    values |= {"pricing": kinds[0].text, "other_pricing": kinds[1].text}
    if not kinds[0].text and not kinds[1].text:
        return Figure(text="")
    if kinds[0].text == kinds[1].text:
        said = language.gettext("Both are %(pricing)s.", **values)
    elif not kinds[1].text:
        said = language.gettext("%(tool)s is %(pricing)s; no price of %(other)s is recorded.", **values)
    elif not kinds[0].text:
        said = language.gettext("%(other)s is %(other_pricing)s; no price of %(tool)s is recorded.", **values)
    else:
        said = language.gettext("%(tool)s is %(pricing)s, %(other)s %(other_pricing)s.", **values)
    return join(said, *kinds)


#: From so many times the price on nobody counts; up to there the number is a word.
_MOST_TIMES = Decimal(10)


def times_the_price(first: Dossier, second: Dossier) -> str:
    """Return "about five times" where the first costs about so many times what the second does; empty for less than twice, and for unknown prices."""
    ours, theirs = (prices_of(each).even for each in (first, second))
    if not ours or not theirs or ours < 2 * theirs:
        return ""
    language, times = first.language, half_up(ours / theirs)
    if times > _MOST_TIMES:
        return language.gettext("more than ten times")
    if times == 2:
        return language.gettext("about twice")
    return language.gettext("about %(count)s times", count=language.in_words(int(times)))
