"""What held of some tools before a moment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.content.facts import differs
from newsletter.content.model import Claim, Offer, Review, Verdict, Votes
from newsletter.content.store import ContentStore
from newsletter.digest.panel import Panel, panel_of


@dataclass(frozen=True, slots=True)
class State:
    """What held of some tools before a moment."""

    verdicts: Mapping[str, tuple[Verdict, ...]]
    reviews: Mapping[str, tuple[Review, ...]]
    claims: Mapping[str, tuple[Claim, ...]]
    offers: Mapping[str, tuple[Offer, ...]]
    votes: Mapping[str, Votes]
    ours: frozenset[str]

    @classmethod
    def read(cls, content: ContentStore, ids: Collection[str], moment: datetime) -> "State":
        return cls(
            content.verdicts(ids, before=moment),
            content.reviews(ids, before=moment),
            content.claims(ids, before=moment),
            content.offers(ids, before=moment),
            content.votes(ids, before=moment),
            frozenset(each.id for each in content.all_sources() if each.ours),
        )

    def panel(self, key: str) -> Panel:
        return panel_of(self.verdicts.get(key, ()), self.reviews.get(key, ()))

    def judged_on(self, key: str, panel: Panel) -> date | None:
        """The day of the verdict that the panel's split stands on; None where it is added up from reviews."""
        known = (each for each in self.verdicts.get(key, ()) if each.id in panel.split_grounds)
        return next((each.as_of or each.seen_at.date() for each in known), None)

    def stated(self, key: str) -> dict[tuple[str, str], list[Claim]]:
        """The claims on each attribute, by source and attribute, the last one last."""
        found: dict[tuple[str, str], list[Claim]] = {}
        for claim in self.claims.get(key, ()):
            found.setdefault((claim.source_id, claim.attribute), []).append(claim)
        return found

    def offered(self, key: str) -> dict[tuple[str, str], Offer]:
        return {(each.source_id, each.provider): each for each in self.offers.get(key, ())}


def pair_if_moved(before: list[Claim], after: list[Claim]) -> tuple[Claim, Claim] | None:
    """The last statement before and after, unless the later one was there before too."""
    last = after[-1]
    return (before[-1], last) if all(differs(each, last) for each in before) else None
