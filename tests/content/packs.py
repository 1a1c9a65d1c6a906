"""Packs and stores that the tests of content work with, and how to look at a store as a whole."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from newsletter.content.records import Claim, Pack, from_row
from newsletter.content.store import ContentStore
from tests.installed import open_content

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
WEEK = timedelta(days=7)

#: Our own site, and somebody else's.
OURS = {"name": "Weekly Verdicts", "url": "https://verdicts.example/week/48", "ours": True}
THEIRS = {"name": "Model Profiles", "url": "https://profiles.example/heron-2"}


def pack(source: dict[str, Any] | None = None, **records: Any) -> Pack:
    """A pack of our own site unless another source is given."""
    return Pack.model_validate({"source": source or OURS, **records})


def tool(tool_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": tool_id, "name": tool_id.replace("-", " ").title(), **fields}


def whole_week() -> Pack:
    """A pack with every kind of record."""
    return pack(
        source={**OURS, "text": "Heron 2 vs Finch\nInput: $0.10\n", "published_on": "2026-11-20"},
        sources=[{**THEIRS, "id": "profiles", "text": "Heron 2 costs $0.12."}],
        reviewers=[{"name": "Builder", "about": "Runs it before anything else."}],
        tools=[
            tool("heron-2", maker="Heron Labs", tagline="A small fast model", tags=["open", "coding"]),
            tool("finch", category="Developer Tools", url="https://finch.example/"),
        ],
        aliases=[{"alias": "heron-two", "tool": "heron-2"}],
        comparisons=[
            {
                "left": "heron-2",
                "right": "finch",
                "headline": "Small against smaller",
                "published_on": "2026-11-20",
            }
        ],
        reviews=[
            {
                "tool": "heron-2",
                "reviewer": "Builder",
                "score": 85,
                "decision": "ship",
                "words": "It runs everywhere.",
                "line": 7,
            },
            {"tool": "finch", "words": "It waits.", "source": "profiles"},
        ],
        verdicts=[{"tool": "heron-2", "ships": 4, "skips": 0, "share": "100"}],
        votes=[{"tool": "heron-2", "ship": 7, "skip": 2}],
        claims=[
            {
                "tool": "heron-2",
                "attribute": "input_price",
                "value": "$0.10",
                "unit": "per 1M tokens",
                "line": 2,
                "verified_on": "2026-11-01",
            },
            {
                "tool": "heron-2",
                "attribute": "input_price",
                "value": "0.12",
                "unit": "USD/Mtok",
                "source": "profiles",
            },
            {"tool": "finch", "attribute": "context", "value": "128K"},
        ],
        offers=[{"tool": "heron-2", "provider": "Heron Cloud", "input_price": "0.10", "p50_latency_ms": 420}],
        benchmarks=[
            {"tool": "heron-2", "test": "Tool calling", "score": 2, "out_of": 3},
            {"tool": "finch", "test": "Tool calling"},
        ],
        notes=[{"tool": "heron-2", "kind": "best-for", "words": "Small services"}],
        questions=[
            {"comparison": "heron-2-vs-finch", "question": "Which is cheaper?", "answer": "Heron 2."},
            {"tool": "finch", "question": "Is it open?", "answer": "No."},
        ],
    )


def store_with(folder: Path, *packs: Pack) -> ContentStore:
    """A store into which the packs went a week apart, the first on a Monday."""
    with open_content(folder / "content.db") as store:
        for number, each in enumerate(packs):
            store.import_pack(each, MONDAY + number * WEEK)
    return open_content(folder / "content.db")


def every_claim(store: ContentStore, tool_id: str) -> list[Claim]:
    """All claims ever recorded of a tool, the first seen first: those that hold no more among them."""
    found = store.db.conn.execute("SELECT * FROM claims WHERE tool_id = ? ORDER BY seen_at, rowid", [tool_id])
    return [from_row(Claim, row) for row in found]


def dump(store: ContentStore) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of our own, in order."""
    tables = [
        name
        for name in store.db.table_names()
        if not name.startswith(("_", "sqlite_")) and "_fts" not in name
    ]
    return {
        name: [tuple(row) for row in store.db.execute(f"SELECT * FROM [{name}] ORDER BY rowid")]
        for name in tables
    }


def row_counts(store: ContentStore) -> dict[str, int]:
    return {name: len(found) for name, found in dump(store).items()}
