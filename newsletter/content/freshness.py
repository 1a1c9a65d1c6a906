"""How old a statement is, and when that is too old to be printed without a second look."""

from datetime import date, timedelta

from newsletter.content.model import Claim, Source


def day_of(claim: Claim, source: Source | None) -> date:
    """The day it was verified, is as of, was published, or else was first seen: the best date there is."""
    published = source.published_on if source is not None else None
    return claim.verified_on or claim.as_of or published or claim.seen_on


def is_stale(claim: Claim, source: Source | None, today: date, after: timedelta) -> bool:
    """Whether more than `after` has passed since the day of the statement."""
    return today - day_of(claim, source) > after
