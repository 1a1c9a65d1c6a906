"""What the store gives out: all of it as one pack, and our readers' votes as CSV or JSON for the site."""

import json
from csv import DictWriter
from dataclasses import fields
from io import StringIO

from newsletter.content.records import (
    AliasEntry,
    BenchmarkEntry,
    ClaimEntry,
    ComparisonEntry,
    ImportEntry,
    NoteEntry,
    OfferEntry,
    Pack,
    QuestionEntry,
    ReaderVotes,
    ReviewEntry,
    ReviewerEntry,
    RevisionEntry,
    SourceEntry,
    TextEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
    from_row,
    to_row,
)
from newsletter.content.store import ContentStore

#: Rows in the order in which they came, which an import gives them again.
_QUERIES = {
    "sources": (SourceEntry, "SELECT *, '' AS text FROM sources ORDER BY rowid"),
    "texts": (TextEntry, "SELECT * FROM texts ORDER BY rowid"),
    "reviewers": (ReviewerEntry, "SELECT * FROM reviewers ORDER BY rowid"),
    "tools": (ToolEntry, "SELECT * FROM tools ORDER BY number"),
    "aliases": (AliasEntry, "SELECT * FROM aliases ORDER BY rowid"),
    "comparisons": (ComparisonEntry, "SELECT * FROM comparisons ORDER BY number"),
    "reviews": (
        ReviewEntry,
        """
        SELECT tool_id, words, reviewer, score, decision, source_id, line, seen_at
        FROM ratings JOIN reviews ON reviews.id = ratings.review_id ORDER BY ratings.rowid
        """,
    ),
    "verdicts": (VerdictEntry, "SELECT * FROM verdicts ORDER BY rowid"),
    "votes": (VotesEntry, "SELECT * FROM votes ORDER BY rowid"),
    "claims": (ClaimEntry, "SELECT * FROM claims ORDER BY rowid"),
    "offers": (OfferEntry, "SELECT * FROM offers ORDER BY rowid"),
    "benchmarks": (BenchmarkEntry, "SELECT * FROM benchmarks ORDER BY rowid"),
    "notes": (NoteEntry, "SELECT * FROM notes ORDER BY number"),
    "questions": (QuestionEntry, "SELECT * FROM questions ORDER BY number"),
    "revisions": (RevisionEntry, "SELECT * FROM revisions ORDER BY rowid"),
    "reader_votes": (ReaderVotes, "SELECT * FROM reader_votes ORDER BY rowid"),
    "imports": (ImportEntry, "SELECT * FROM imports ORDER BY rowid"),
}


def export_pack(store: ContentStore) -> Pack:
    """Return every row of the store; imported into an empty store, the pack gives the same rows, history and all."""
    return Pack.model_validate(
        {
            kind: tuple(from_row(entry, row) for row in store.db.conn.execute(query))
            for kind, (entry, query) in _QUERIES.items()
        }
    )


def export_text(store: ContentStore) -> str:
    """Return the same as the text of a JSON file."""
    return export_pack(store).model_dump_json(by_alias=True, exclude_defaults=True, indent=1) + "\n"


def votes_text(store: ContentStore, *, as_json: bool) -> str:
    """Return all totals of our readers' votes as the text of a CSV or JSON file, the first closed first."""
    records = [to_row(each) for each in store.reader_votes()]
    if as_json:
        return json.dumps(records, indent=1) + "\n"
    file = StringIO()
    writer = DictWriter(file, [each.name for each in fields(ReaderVotes)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue()
