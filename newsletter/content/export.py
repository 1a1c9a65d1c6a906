"""The whole store as one pack: imported into an empty store, it gives the same rows, history and all."""

import json
from sqlite3 import Row
from typing import Any

from newsletter.content.pack import Pack
from newsletter.content.store import ContentStore

#: Columns that a pack calls otherwise.
_NAMES = {
    "source_id": "source",
    "tool_id": "tool",
    "comparison_id": "comparison",
    "left_id": "left",
    "right_id": "right",
}
#: Columns that an import makes anew, by table.
_MADE = {
    "tools": {"number", "name_key"},
    "comparisons": {"number"},
    "claims": {"id", "number"},
    "notes": {"id", "number"},
    "questions": {"id", "number"},
}

_QUERIES = {
    "sources": "SELECT * FROM sources ORDER BY rowid",
    "texts": "SELECT source_id, text, seen_at FROM texts ORDER BY rowid",
    "reviewers": "SELECT * FROM reviewers ORDER BY rowid",
    "tools": "SELECT * FROM tools ORDER BY number",
    "aliases": "SELECT * FROM aliases ORDER BY rowid",
    "comparisons": "SELECT * FROM comparisons ORDER BY number",
    "reviews": """
        SELECT tool_id, words, reviewer, score, decision, source_id, line, seen_at
        FROM ratings JOIN reviews ON reviews.id = ratings.review_id ORDER BY ratings.rowid
    """,
    "verdicts": "SELECT * FROM verdicts ORDER BY rowid",
    "votes": "SELECT * FROM votes ORDER BY rowid",
    "claims": "SELECT * FROM claims ORDER BY rowid",
    "offers": "SELECT * FROM offers ORDER BY rowid",
    "benchmarks": "SELECT * FROM benchmarks ORDER BY rowid",
    "notes": "SELECT * FROM notes ORDER BY number",
    "questions": "SELECT * FROM questions ORDER BY number",
    "revisions": "SELECT kind, key, field, before, after, seen_at FROM revisions ORDER BY rowid",
    "reader_votes": "SELECT * FROM reader_votes ORDER BY rowid",
    "imports": "SELECT * FROM imports ORDER BY rowid",
}


def export_pack(store: ContentStore) -> Pack:
    """Every row of the store, in the order in which it came."""
    return Pack.model_validate(
        {
            table: [_entry(table, row) for row in store.db.conn.execute(query)]
            for table, query in _QUERIES.items()
        }
    )


def export_text(store: ContentStore) -> str:
    """The same as a JSON file."""
    return export_pack(store).model_dump_json(exclude_defaults=True, indent=1) + "\n"


def _entry(table: str, row: Row) -> dict[str, Any]:
    made = _MADE.get(table, {"id"} if table in ("verdicts", "votes", "offers", "benchmarks") else set())
    values = {_NAMES.get(name, name): row[name] for name in row.keys() if name not in made}  # noqa: SIM118
    return values | ({"tags": json.loads(row["tags"])} if table == "tools" else {})
