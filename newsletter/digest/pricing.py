"""How one pays for a tool, as a reader compares it: in a table, and in a word or two."""

import re

from newsletter.digest.amounts import money
from newsletter.digest.costs import monthly_cost, price_figure
from newsletter.digest.figures import figure, join
from newsletter.digest.letter import Figure
from newsletter.digest.material import Dossier, Material
from newsletter.digest.sentences import fit, plain

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
