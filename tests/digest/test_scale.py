"""Drafting reads heads first and details only of what was chosen: its memory does not hold the site's texts."""

import tracemalloc
from pathlib import Path

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.digest.draft import Drafted
from newsletter.digest.store import items_of
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import draft_now
from tests.digest.many import many_comparisons
from tests.digest.week import CUTOFF, SEEN, furnish, settings_in
from tests.installed import open_content

COMPARISONS = 2_000
#: `python -m benchmarks drafting` measures the promise itself; a comparison may cost this much on the way.
BYTES_A_COMPARISON = 3_000


def test_a_draft_holds_no_texts_of_what_it_does_not_print(tmp_path: Path, sqlite_database: Database) -> None:
    with open_content(tmp_path / "content.db") as content:
        content.import_pack(many_comparisons(COMPARISONS), SEEN)
    app = App(furnish(settings_in(tmp_path)), MovedClock(CUTOFF), sqlite_database)
    tracemalloc.start()
    made = draft_now(app)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(made, Drafted)
    assert peak < COMPARISONS * BYTES_A_COMPARISON
    with sqlite_database.read() as connection:
        assert len(items_of(connection, made.issue.id)) > COMPARISONS
    assert len(letter_of(app, made.issue).rest) <= 6
