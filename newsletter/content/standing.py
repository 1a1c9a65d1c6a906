"""How every tool stands, light enough for thousands at once: what the digest ranks by before it reads details.

Figures here are for ranking only; what an issue prints is read from the store in full.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row

from newsletter.content.rows import moment, moment_text
from newsletter.content.store import ContentStore

#: A tool of which none of these is recorded is a name only, not yet a model to tell readers about.
MODEL_ATTRIBUTES = ("context", "max_output", "input_price", "output_price", "parameters", "licence")


@dataclass(slots=True, kw_only=True)
class Standing:
    """One tool: the panel's share that ships and mean score (0–100, None unknown), and what else is recorded."""

    share: float | None = None
    mean: float | None = None
    #: When the panel first said something.
    judged_at: datetime | None = None
    #: When the first of MODEL_ATTRIBUTES was recorded.
    described_at: datetime | None = None
    #: Whether a price for input and one for output are recorded.
    priced: bool = False

    @property
    def judged(self) -> bool:
        return self.share is not None or self.mean is not None


def standings(store: ContentStore, before: datetime) -> dict[str, Standing]:
    """How each tool stood at that moment, by what had been seen; tools of which nothing is known are missing."""
    found: dict[str, Standing] = {}
    names = aliases(store)

    def standing(row: Row) -> Standing:
        tool_id = row["tool_id"]
        return found.setdefault(names.get(tool_id, tool_id), Standing())

    limit = moment_text(before)
    for row in _rows(store, _RATED, before=limit):
        _rate(standing(row), row)
    for row in _rows(store, _JUDGED, before=limit):
        _judge(standing(row), row)
    for row in _rows(store, _DESCRIBED, before=limit, attributes=json.dumps(MODEL_ATTRIBUTES)):
        _describe(standing(row), row)
    return found


def aliases(store: ContentStore) -> dict[str, str]:
    """Ids that somebody has said mean another tool, and the id of that tool."""
    return {row["alias"]: row["tool_id"] for row in _rows(store, "SELECT alias, tool_id FROM aliases")}


def _rate(standing: Standing, row: Row) -> None:
    standing.mean = row["mean"]
    if row["decided"] == row["reviews"]:
        standing.share = 100 * row["ships"] / row["decided"]
    if standing.judged:
        standing.judged_at = _first(standing.judged_at, row["first"])


def _judge(standing: Standing, row: Row) -> None:
    """Rows come the oldest first, so that the last verdict is what remains."""
    standing.share = row["share"]
    standing.judged_at = _first(standing.judged_at, row["first"])


def _describe(standing: Standing, row: Row) -> None:
    standing.described_at = _first(standing.described_at, row["first"])
    standing.priced = standing.priced or row["prices"] == 2


def _first(known: datetime | None, text: str) -> datetime:
    return moment(text) if known is None else min(known, moment(text))


def _rows(store: ContentStore, query: str, **parameters: str) -> Iterator[Row]:
    return store.db.conn.execute(query, parameters)


_RATED = """
SELECT reviews.tool_id, avg(ratings.score) AS mean, min(ratings.seen_at) AS first,
    count(DISTINCT ratings.review_id) AS reviews,
    count(DISTINCT CASE WHEN ratings.decision IS NOT NULL THEN ratings.review_id END) AS decided,
    count(DISTINCT CASE WHEN ratings.decision = 'ship' THEN ratings.review_id END) AS ships
FROM reviews JOIN ratings ON ratings.review_id = reviews.id
WHERE ratings.seen_at < :before GROUP BY reviews.tool_id
"""
_JUDGED = """
SELECT tool_id, seen_at AS first, coalesce(CAST(share AS REAL), 100.0 * ships / (ships + skips)) AS share
FROM verdicts
WHERE seen_at < :before AND (share IS NOT NULL OR ships + skips > 0)
ORDER BY coalesce(as_of, substr(seen_at, 1, 10)), seen_at, line, id
"""
_DESCRIBED = """
SELECT tool_id, min(seen_at) AS first,
    count(DISTINCT CASE WHEN attribute IN ('input_price', 'output_price') THEN attribute END) AS prices
FROM claims
WHERE attribute IN (SELECT value FROM json_each(:attributes)) AND seen_at < :before
GROUP BY tool_id
"""
