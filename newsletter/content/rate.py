"""Reviews and their ratings on the way in: identical words on one tool are one review.

A later statement may add the reviewer, the score or the decision, or change them; it is added as another rating,
so the earlier one stays. Words alone never say who wrote them, and the order of reviews never does.
"""

from collections import defaultdict
from sqlite3 import Row

from newsletter.content.ids import content_id
from newsletter.content.pack import ReviewEntry
from newsletter.content.reviews import last_known
from newsletter.content.writer import Values, Writer

_KNOWN = ("reviewer", "score", "decision")

#: The ratings of each review, the first seen first: rows of the store and rows about to be added.
Ratings = dict[str, list[Row | Values]]


def rate_reviews(writer: Writer) -> None:
    """Add the pack's reviews that are new, and the ratings that add to what is known."""
    entries = writer.pack.reviews
    ratings: Ratings = defaultdict(list)
    by_reviewer: dict[tuple[str, str], str] = {}
    for row in writer.rows(_RATINGS, (writer.tool_id(each.tool) for each in entries)):
        ratings[row["review_id"]].append(row)
        by_reviewer[row["tool_id"], row["reviewer"]] = row["review_id"]
    reviews: list[Values] = []
    new: list[Values] = []
    for entry in entries:
        review = _review(writer, entry, by_reviewer)
        if review["id"] not in ratings:
            reviews.append(review)
        rating = _rating(writer, entry, str(review["id"]))
        if _adds(writer, entry, rating, ratings[str(review["id"])]):
            ratings[str(review["id"])].append(rating)
            new.append(rating)
    _add_reviewers(writer, new)
    writer.add("reviews", reviews)
    writer.add("ratings", new)


def _review(writer: Writer, entry: ReviewEntry, by_reviewer: dict[tuple[str, str], str]) -> Values:
    """The review that is meant: that of these words, or without any, the reviewer's last on this tool."""
    tool_id = writer.tool_id(entry.tool)
    words = "\n".join(line.strip() for line in entry.words.splitlines())
    review_id = content_id("review", tool_id, " ".join(words.split()), None if words else entry.reviewer)
    if not words:
        review_id = by_reviewer.get((tool_id, entry.reviewer or ""), review_id)
    return {"id": review_id, "tool_id": tool_id, "words": words}


def _rating(writer: Writer, entry: ReviewEntry, review_id: str) -> Values:
    decision = entry.decision and entry.decision.value
    source_id, seen_at = writer.source_id(entry), writer.seen(entry.seen_at)
    return {
        "id": content_id("rating", review_id, entry.reviewer, entry.score, decision, source_id, seen_at),
        "review_id": review_id,
        "reviewer": entry.reviewer,
        "score": entry.score,
        "decision": decision,
        "source_id": source_id,
        "line": entry.line,
        "seen_at": seen_at,
    }


def _adds(writer: Writer, entry: ReviewEntry, rating: Values, known: list[Row | Values]) -> bool:
    """Whether a rating says more than those before it, or is the first in our own name."""
    if any(each["id"] == rating["id"] for each in known):
        return False
    if entry.seen_at is not None or not known:
        return True
    if rating["source_id"] in writer.ours and not any(each["source_id"] in writer.ours for each in known):
        return True
    return any(rating[name] not in (None, last_known(known, name)) for name in _KNOWN)


def _add_reviewers(writer: Writer, ratings: list[Values]) -> None:
    names = dict.fromkeys(row["reviewer"] for row in ratings if row["reviewer"] is not None)
    writer.db.conn.executemany(_ADD_REVIEWER, [{"name": name} for name in names])


_RATINGS = """
SELECT reviews.tool_id, ratings.*
FROM reviews JOIN ratings ON ratings.review_id = reviews.id
WHERE reviews.tool_id IN (SELECT value FROM json_each(:ids))
ORDER BY ratings.seen_at, ratings.rowid
"""
_ADD_REVIEWER = "INSERT INTO reviewers (name, about) VALUES (:name, '') ON CONFLICT (name) DO NOTHING"
