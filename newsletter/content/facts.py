"""Facts: which of several claims on one attribute is the fact, by which rule, and which others differ.

An editor's ruling comes first. Else, for what a page prints, its own claim before those of other pages of ours. Else the claim with the newest verification; else the newest dated one before any
undated; else the source that stands first in the settings' order; else what was seen first. A ruling counts as
long as the claim it names still holds: when its source says something else, the question is open again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from newsletter.content.records import Claim, Fact, Source
from newsletter.content.units import Measure, same_value

RULING = "ruling"
OWN_PAGE = "own page"
NEWEST_VERIFIED = "newest verified"
DATED = "dated"
SOURCE_ORDER = "source order"
FIRST_SEEN = "first seen"
AGREED = "agreed"
ONLY_CLAIM = "only claim"


def resolve(
    claims: Iterable[Claim],
    *,
    sources: Mapping[str, Source],
    source_order: Sequence[str],
    rulings: Mapping[str, str | None],
    own_source: str = "",
) -> dict[str, Fact]:
    """Return the facts about one tool, by attribute, from its current claims in the order in which they were seen.

    `rulings` gives an attribute's claim id, or None to leave the attribute out. `own_source` is the page that the facts
    are for, if they are for one.
    """
    by_attribute: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_attribute[claim.attribute].append(claim)
    named = {each.source_id for stated in by_attribute.values() for each in stated}
    chooser = _Chooser({key: sources[key] for key in named if key in sources}, source_order, own_source)
    return {
        attribute: chooser.decide(stated, rulings.get(attribute))
        for attribute, stated in by_attribute.items()
        if rulings.get(attribute, "") is not None
    }


def differs(left: Claim, right: Claim) -> bool:
    """Return whether two claims on one attribute contradict each other, units and roundings aside."""
    measures = (Measure(value=each.value, number=each.number, unit=each.unit) for each in (left, right))
    return not same_value(left.attribute, *measures)


def _names_of(source: Source) -> tuple[str, ...]:
    """Return what the settings may call a source: its name, its id, or the site that it is a page of."""
    host = urlsplit(source.url).hostname or ""
    return source.name.casefold(), source.id, host, host.removeprefix("www.")


class _Chooser:
    """Decides between claims by fixed rules."""

    def __init__(self, sources: Mapping[str, Source], source_order: Sequence[str], own_source: str) -> None:
        places = {name.casefold(): place for place, name in enumerate(source_order)}
        self.places = {
            key: min((places[name] for name in _names_of(source) if name in places), default=len(places))
            for key, source in sources.items()
        }
        self.own_source = own_source
        self.ours = frozenset(key for key, each in sources.items() if each.ours)
        self.rules: tuple[tuple[str, Callable[[Claim], Any]], ...] = (
            (NEWEST_VERIFIED, lambda claim: claim.verified_on or date.min),
            (DATED, lambda claim: claim.as_of or date.min),
            (SOURCE_ORDER, lambda claim: -self.places.get(claim.source_id, len(places))),
            (FIRST_SEEN, lambda claim: -claim.seen_on.toordinal()),
        )

    def decide(self, claims: list[Claim], ruling: str | None) -> Fact:
        ruled = [each for each in claims if each.id == ruling]
        chosen, reason = (ruled[0], RULING) if ruled else self._choose(claims)
        return Fact(
            tool_id=chosen.tool_id,
            attribute=chosen.attribute,
            claim=chosen,
            others=tuple(each for each in claims if differs(chosen, each)),
            reason=reason,
        )

    def _choose(self, claims: list[Claim]) -> tuple[Claim, str]:
        """Return the best claim, and the rule that left nothing to contradict it."""
        if len(claims) == 1:
            return claims[0], ONLY_CLAIM
        every, reason = claims, AGREED
        if any(each.source_id == self.own_source for each in every):
            # A page of ours is read beside others' claims, and instead of what other pages of ours say.
            claims = [
                each for each in every if each.source_id == self.own_source or each.source_id not in self.ours
            ]
            if any(differs(claims[0], each) for each in every if each not in claims):
                reason = OWN_PAGE
        for rule, key in self.rules:
            best = max(key(each) for each in claims)
            kept = [each for each in claims if key(each) == best]
            if any(differs(kept[0], each) for each in claims if key(each) != best):
                reason = rule
            claims = kept
        if any(differs(claims[0], each) for each in claims):
            reason = FIRST_SEEN
        return claims[0], reason


# How old a statement is, and when that is too old to be printed without a second look.


def day_of(claim: Claim, source: Source | None) -> date:
    """Return the day it was verified, is as of, was published, or else was first seen: the best date there is."""
    published = source.published_on if source is not None else None
    return claim.verified_on or claim.as_of or published or claim.seen_on


def is_stale(claim: Claim, source: Source | None, today: date, after: timedelta) -> bool:
    """Return whether more than `after` has passed since the day of the statement."""
    return today - day_of(claim, source) > after
