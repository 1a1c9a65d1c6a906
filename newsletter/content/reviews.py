"""Reviews out of their ratings: what is known of each by now, and which are the current ones of a tool.

A rating is what one source said of a review at one time; a later one may add who wrote it, the score or the
decision, or change them. Nothing is ever inferred from the order in which reviews stand.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Row
from typing import Any

from newsletter.content.model import Review
from newsletter.content.rows import moment, to_decision


def fold_reviews(tool_id: str, ratings: Iterable[Row]) -> tuple[Review, ...]:
    """The reviews of one tool from its ratings, the first seen first: the last of each reviewer, all nameless."""
    by_review: dict[str, list[Row]] = defaultdict(list)
    for row in ratings:
        by_review[row["review_id"]].append(row)
    reviews = [_fold(tool_id, found) for found in by_review.values()]
    last = {each.reviewer: each.id for each in reviews if each.reviewer is not None}
    return tuple(each for each in reviews if each.reviewer is None or last[each.reviewer] == each.id)


def _fold(tool_id: str, ratings: list[Row]) -> Review:
    origin = next((row for row in ratings if row["ours"]), ratings[0])
    return Review(
        id=origin["review_id"],
        tool_id=tool_id,
        reviewer=last_known(ratings, "reviewer"),
        score=last_known(ratings, "score"),
        decision=to_decision(last_known(ratings, "decision")),
        words=origin["words"],
        source_id=origin["source_id"],
        line=origin["line"],
        first_seen_at=moment(ratings[0]["seen_at"]),
    )


def last_known(ratings: Sequence[Row | Mapping[str, Any]], column: str) -> Any:
    """The last value of a column that any rating states; None when none does."""
    return next((row[column] for row in reversed(ratings) if row[column] is not None), None)
