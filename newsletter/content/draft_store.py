"""What the pages on a draft ask of `content.db` beside the digest: questions by id, and how much is newer than its cutoff."""

from collections.abc import Iterable
from datetime import datetime

from newsletter.content import rows
from newsletter.content.model import Question
from newsletter.content.store import ContentStore, listed


def questions_by_id(store: ContentStore, ids: Iterable[str]) -> dict[str, Question]:
    """The questions of these ids that the store has."""
    found = store.db.conn.execute(_QUESTIONS, {"ids": listed(ids)})
    return {row["id"]: rows.to_question(row, row["tool_id"]) for row in found}


def count_newer(store: ContentStore, cutoff_at: datetime) -> int:
    """How many comparisons were first seen from a moment on."""
    [count] = store.db.conn.execute(_NEWER, {"cutoff": rows.moment_text(cutoff_at)}).fetchone()
    return int(count)


_QUESTIONS = "SELECT * FROM questions WHERE id IN (SELECT value FROM json_each(:ids))"
_NEWER = "SELECT count(*) FROM comparisons WHERE first_seen_at >= :cutoff"
