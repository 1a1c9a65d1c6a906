"""How old a statement is, by the best date that it has."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from newsletter.content.facts import day_of, is_stale
from newsletter.content.records import Claim, Source

SEEN, PUBLISHED, AS_OF, VERIFIED = (date(2026, month, 1) for month in (11, 9, 7, 5))
SOURCE = Source(id="docs", name="Docs", published_on=PUBLISHED, seen_on=SEEN)
CLAIM = Claim(
    id="claim-1",
    tool_id="heron",
    attribute="context",
    value="8K",
    number=None,
    unit="tokens",
    words="",
    as_of=AS_OF,
    verified_on=VERIFIED,
    seen_at=datetime.combine(SEEN, time(), UTC),
    source_id="docs",
    line=None,
)


def test_the_best_date_counts() -> None:
    undated = replace(CLAIM, verified_on=None, as_of=None)
    assert day_of(CLAIM, SOURCE) == VERIFIED
    assert day_of(replace(CLAIM, verified_on=None), SOURCE) == AS_OF
    assert day_of(undated, SOURCE) == PUBLISHED
    assert day_of(undated, None) == day_of(undated, replace(SOURCE, published_on=None)) == SEEN


@pytest.mark.parametrize(("days", "stale"), [(179, False), (180, False), (181, True)])
def test_a_fact_is_stale_from_the_day_after_the_limit(days: int, stale: bool) -> None:
    assert is_stale(CLAIM, SOURCE, VERIFIED + timedelta(days=days), timedelta(days=180)) is stale
