"""The three lines at the top: the week's largest findings, computed from what the issue shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from newsletter.config.settings import DigestSettings
from newsletter.content.records import Fact, Source
from newsletter.digest.content import Figure
from newsletter.digest.figures import figure, join, label_of, number_of, value_of
from newsletter.digest.material import Dossier
from newsletter.digest.prices import COMPARED_TOKENS, monthly_cost, origins_of, prices_of

FINDINGS = 3
#: Of fewer scores or reviews nothing is the highest, the widest or everyone.
FEWEST = 3
#: A price gap is news from this factor on.
GAP = Decimal("1.5")

Pair = tuple[Dossier, Dossier]
_Compared = TypeVar("_Compared")


def findings(
    pairs: Sequence[Pair], singles: Sequence[Dossier], rules: DigestSettings, sources: Mapping[str, Source]
) -> tuple[Figure, ...]:
    """Return the first three there are, the largest kind first. `pairs` are the comparisons shown, `singles` the cards.

    Means that differ by less than `rules.clear_margin` points are not told apart, as in the bottom line.
    """
    tools = list({each.tool.id: each for pair in pairs for each in pair}.values())
    tools += [each for each in singles if each.tool.id not in {tool.tool.id for tool in tools}]
    return tuple(islice(_all(pairs, tools, rules.clear_margin, sources), FINDINGS))


def _all(
    pairs: Sequence[Pair], tools: Sequence[Dossier], margin: int, sources: Mapping[str, Source]
) -> Iterator[Figure]:
    widest, lead = _widest_pair(pairs, margin), pairs[0] if pairs else ()
    known = (
        # What the lead says of itself is not said twice.
        None if widest is None or widest is pairs[0] else _widest_gap(widest),
        _most_divided(tools, lead),
        _price_gap(pairs, tools, sources),
        _dispute(tools),
        _highest_mean(tools, margin),
        _longest_context(tools, sources),
        _unanimous(tools, lead),
    )
    return (finding for finding in known if finding is not None)


def _sourced(line: str, stands_on: Figure, tools: Sequence[Dossier], sources: Mapping[str, Source]) -> Figure:
    """Return a line that names whose facts it stands on: "… 256K tokens (Model almanac, checked 1 Mar 2026)."."""
    origin = origins_of(stands_on.claims, tools, sources)
    return replace(stands_on, text=f"{line} ({origin})." if origin else f"{line}.")


def _strictly_first(
    known: Iterable[_Compared], measure: Callable[[_Compared], Decimal | int]
) -> _Compared | None:
    """Return the one above all others; None where two share the first place, of which neither is the most."""
    ranked = sorted(known, key=measure, reverse=True)
    if not ranked or (len(ranked) > 1 and measure(ranked[0]) == measure(ranked[1])):
        return None
    return ranked[0]


def _widest_pair(pairs: Sequence[Pair], margin: int) -> Pair | None:
    """Return the pair whose means lie furthest apart, rounded as they are printed; None where none lie clearly apart."""
    known = [pair for pair in pairs if all(each.panel.mean is not None for each in pair)]
    widest = _strictly_first(known, _mean_gap)
    if widest is None or any(each.panel.scores < FEWEST for each in widest):
        return None
    return widest if _mean_gap(widest) >= max(1, margin) else None


def _widest_gap(pair: Pair) -> Figure:
    high, low = sorted(pair, key=_mean, reverse=True)
    return Figure(
        text=high.language.gettext(
            "Widest panel gap here: %(high)s, mean %(high_mean)s, against %(low)s, %(low_mean)s.",
            high=high.name,
            high_mean=_mean(high),
            low=low.name,
            low_mean=_mean(low),
        ),
        claims=(*high.panel.mean_grounds, *low.panel.mean_grounds),
    )


def _mean(dossier: Dossier) -> int:
    return dossier.panel.rounded_mean or 0


def _mean_gap(pair: Pair) -> int:
    return abs(_mean(pair[0]) - _mean(pair[1]))


def _most_divided(tools: Sequence[Dossier], lead: Sequence[Dossier]) -> Figure | None:
    known = [each for each in tools if each.panel.is_divided]
    most = _strictly_first(known, lambda each: -abs((each.panel.share or Decimal(0)) - 50))
    if most is None or most in lead or most.panel.reviewers < FEWEST:
        return None
    return Figure(
        text=most.language.gettext(
            "Most divided panel here: %(tool)s, %(split)s.", tool=most.name, split=most.panel.words
        ),
        claims=most.panel.split_grounds,
    )


def _price_gap(
    pairs: Sequence[Pair], tools: Sequence[Dossier], sources: Mapping[str, Source]
) -> Figure | None:
    """Return the pair whose two prices, both above zero, lie furthest apart, by the factor and by the dollars too."""
    known = [pair for pair in pairs if all(prices_of(each).even is not None for each in pair)]
    widest = _strictly_first(known, _difference)
    if widest is None or widest is pairs[0] or widest is not _strictly_first(known, _factor):
        return None
    cheap, dear = sorted(widest, key=lambda each: prices_of(each).even or 0)
    costs = [monthly_cost(each, COMPARED_TOKENS) for each in (cheap, dear)]
    if not costs[0] or costs[1] is None or _factor(widest) < GAP:
        return None
    language = cheap.language
    text = language.gettext(
        "Largest price gap here: 10M tokens a month cost %(low)s with %(cheap)s, %(high)s with %(dear)s",
        low=language.money(costs[0]),
        cheap=cheap.name,
        high=language.money(costs[1]),
        dear=dear.name,
    )
    stands_on = join("", prices_of(cheap).figure(""), prices_of(dear).figure(""))
    return _sourced(text, stands_on, tools, sources)


def _factor(pair: Pair) -> Decimal:
    """Return how many times the cheaper price the other one is: beyond any number where only one is nothing."""
    low, high = sorted(prices_of(each).even or Decimal(0) for each in pair)
    return high / low if low else Decimal("Infinity" if high else 1)


def _difference(pair: Pair) -> Decimal:
    low, high = sorted(prices_of(each).even or Decimal(0) for each in pair)
    return high - low


def _dispute(tools: Sequence[Dossier]) -> Figure | None:
    """Find two sources that differ on a price: the reader should know before paying."""
    for dossier in tools:
        for attribute in ("input_price", "output_price"):
            fact = dossier.facts.get(attribute)
            if fact is not None and fact.disputed:
                language = dossier.language
                values = dict.fromkeys(value_of(each, language) for each in (fact.claim, *fact.others))
                line = language.gettext(
                    "Sources differ on %(tool)s, %(fact)s: %(values)s/1M tokens.",
                    tool=dossier.name,
                    fact=label_of(attribute, language),
                    values=language.listed_as_choice(values),
                )
                return figure(line, fact)
    return None


def _highest_mean(tools: Sequence[Dossier], margin: int) -> Figure | None:
    """Return the tool whose mean is clearly above the next one's, however few scores that one has."""
    known = sorted((each for each in tools if each.panel.mean is not None), key=_mean, reverse=True)
    if sum(each.panel.scores >= FEWEST for each in known) < 2:
        return None
    best, second = known[:2]
    if best.panel.scores < FEWEST or _mean(best) - _mean(second) < max(1, margin):
        return None
    text = best.language.gettext(
        "Highest mean here: %(tool)s, %(mean)s from %(scores)s scores.",
        tool=best.name,
        mean=_mean(best),
        scores=best.panel.scores,
    )
    return Figure(text=text, claims=best.panel.mean_grounds)


def _longest_context(tools: Sequence[Dossier], sources: Mapping[str, Source]) -> Figure | None:
    known = [each for each in tools if number_of(each.facts.get("context")) is not None]
    longest = _strictly_first(known, lambda each: number_of(each.facts.get("context")) or 0)
    if longest is None or len(known) < 2:
        return None
    # Where sources differ, what the longest has at least has to be more than what any other may have.
    least = min(_numbers(longest.facts["context"]))
    if any(least <= max(_numbers(each.facts["context"])) for each in known if each is not longest):
        return None
    language = longest.language
    count = language.compact(number_of(longest.facts.get("context")) or Decimal(0))
    line = language.gettext(
        "Longest context here: %(tool)s, %(count)s tokens", tool=longest.name, count=count
    )
    return _sourced(line, figure("", longest.facts.get("context")), tools, sources)


def _numbers(fact: Fact) -> list[Decimal]:
    return [each.number for each in (fact.claim, *fact.others) if each.number is not None]


def _unanimous(tools: Sequence[Dossier], lead: Sequence[Dossier]) -> Figure | None:
    for dossier in tools:
        if dossier not in lead and dossier.panel.share == 100 and dossier.panel.reviewers >= FEWEST:
            return Figure(
                text=dossier.language.gettext(
                    "Everyone on the panel ships %(tool)s: %(split)s.",
                    tool=dossier.name,
                    split=dossier.panel.words,
                ),
                claims=dossier.panel.split_grounds,
            )
    return None
