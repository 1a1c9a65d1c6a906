"""Every record is declared once: what an import writes, and what the store gives back, follow from that."""

import hashlib
import json
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from newsletter.content.records import (
    Benchmark,
    Claim,
    Comparison,
    Note,
    NoteKind,
    Offer,
    Question,
    Source,
    Tool,
    Verdict,
    Votes,
    from_row,
    to_row,
)
from newsletter.content.store import ContentStore
from tests.content.packs import dump, store_with, whole_week
from tests.examples.weeks import LAST_WEEK, LAST_WEEK_AT, SAMPLE_WEEK, SAMPLE_WEEK_AT, import_week

#: Rows and their SHA-256, as release 0.1 wrote them: an installation's ids must mean the same in every release.
#: Of comparisons, notes and imports since five sentences of the example were worded anew.
GOLDEN = json.loads(Path(__file__).with_name("example_weeks.json").read_text())
#: Tables that have a column more since: whether the site's own database has it.
ADDED_SINCE = ("tools", "comparisons")


def test_the_example_weeks_give_the_rows_and_ids_that_they_always_gave(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        import_week(store, LAST_WEEK, LAST_WEEK_AT)
        import_week(store, SAMPLE_WEEK, SAMPLE_WEEK_AT)
        tables = dump(store)
    for name in ADDED_SINCE:
        tables[name] = [row[:-1] for row in tables[name]]
    found = {
        name: [len(rows), hashlib.sha256(json.dumps(rows).encode()).hexdigest()]
        for name, rows in tables.items()
    }
    assert found == GOLDEN


def test_a_record_becomes_its_row_and_the_row_that_record(tmp_path: Path) -> None:
    tables = {
        "sources": Source,
        "tools": Tool,
        "comparisons": Comparison,
        "verdicts": Verdict,
        "votes": Votes,
        "claims": Claim,
        "offers": Offer,
        "benchmarks": Benchmark,
        "notes": Note,
        "questions": Question,
    }
    with store_with(tmp_path, whole_week()) as store:
        for table, record in tables.items():
            for row in store.db.conn.execute(f"SELECT *, '' AS text FROM [{table}]"):
                written = to_row(from_row(record, row))
                assert written == {each.name: row[each.name] for each in fields(record)}, table


def test_columns_come_back_as_what_they_mean(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        [_, claim] = store.claims(["heron-2"])["heron-2"]
        [offer] = store.offers(["heron-2"])["heron-2"]
        [note] = store.notes(["heron-2"])["heron-2"]
        tool = store.get_tool("heron-2")
    assert (claim.number, claim.verified_on, claim.as_of) == (Decimal("0.10"), date(2026, 11, 1), None)
    assert (claim.seen_at, claim.seen_on) == (datetime(2026, 11, 23, 8, 30, tzinfo=UTC), date(2026, 11, 23))
    assert (offer.input_price, offer.p50_latency_ms) == (Decimal("0.10"), 420)
    assert note.kind is NoteKind.BEST_FOR
    assert tool.tags == ("open", "coding")
