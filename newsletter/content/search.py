"""Full-text search over what the store holds."""

from dataclasses import dataclass

from newsletter.content.store import ContentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something found: the tool or comparison it is about, and the words around what was searched for."""

    kind: str
    #: The id of the tool or comparison to show.
    id: str
    title: str
    words: str


def search(store: ContentStore, text: str, limit: int = 20) -> tuple[Hit, ...]:
    """What holds all the words of `text`, the best first; none for a text without words."""
    query = store.db.quote_fts(text)
    if not any(letter.isalnum() for letter in text):
        return ()
    found = store.db.conn.execute(_SEARCH, {"query": query, "limit": limit})
    return tuple(Hit(kind=row["kind"], id=row["id"], title=row["title"], words=row["words"]) for row in found)


def find_tools(store: ContentStore, part: str, limit: int) -> tuple[tuple[str, str], ...]:
    """The ids and names of tools whose name or id holds these letters, the shortest name first."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    named = {"part": f"%{escaped}%", "limit": limit}
    return tuple((row["id"], row["name"]) for row in store.db.conn.execute(_BY_NAME, named))


_BY_NAME = """
SELECT id, name FROM tools
WHERE name LIKE :part ESCAPE '\\' OR id LIKE :part ESCAPE '\\'
ORDER BY length(name), name, id LIMIT :limit
"""


# One bm25 rank per table is not comparable with another's, but names count more than words said about them.
_SEARCH = """
SELECT 'tool' AS kind, tools.id, tools.name AS title,
    snippet(tools_fts, -1, '', '', '…', 16) AS words, 0 AS place, bm25(tools_fts, 9, 3, 3, 3) AS rank
FROM tools_fts JOIN tools ON tools.number = tools_fts.rowid WHERE tools_fts MATCH :query
UNION ALL
SELECT 'comparison', comparisons.id, comparisons.id,
    snippet(comparisons_fts, -1, '', '', '…', 16), 1, bm25(comparisons_fts)
FROM comparisons_fts JOIN comparisons ON comparisons.number = comparisons_fts.rowid
WHERE comparisons_fts MATCH :query
UNION ALL
SELECT 'review', tools.id, tools.name, snippet(reviews_fts, -1, '', '', '…', 16), 2, bm25(reviews_fts)
FROM reviews_fts JOIN reviews ON reviews.number = reviews_fts.rowid JOIN tools ON tools.id = reviews.tool_id
WHERE reviews_fts MATCH :query
UNION ALL
SELECT 'note', tools.id, tools.name, snippet(notes_fts, -1, '', '', '…', 16), 2, bm25(notes_fts)
FROM notes_fts JOIN notes ON notes.number = notes_fts.rowid JOIN tools ON tools.id = notes.tool_id
WHERE notes_fts MATCH :query
UNION ALL
SELECT 'question', coalesce(questions.comparison_id, tools.id), coalesce(tools.name, questions.comparison_id),
    snippet(questions_fts, -1, '', '', '…', 16), 2, bm25(questions_fts)
FROM questions_fts JOIN questions ON questions.number = questions_fts.rowid
LEFT JOIN tools ON tools.id = questions.tool_id
WHERE questions_fts MATCH :query
ORDER BY place, rank LIMIT :limit
"""
