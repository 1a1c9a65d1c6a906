"""Drafting an issue and writing it out, from ten thousand comparisons that wait to be published."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measure import peak_memory
from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.content.store import ContentStore
from newsletter.db.engine import open_database
from newsletter.db.schema import metadata
from newsletter.digest.draft import Drafted
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import draft_now
from tests.digest.many import many_comparisons
from tests.digest.week import CUTOFF, SEEN, settings_in

COMPARISONS = 10_000
SECONDS, MEGABYTES = 2.0, 150.0
TURNS = 3


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ContentStore(folder / "content.db") as content:
            content.import_pack(many_comparisons(COMPARISONS), SEEN)
        turns = [_in_a_new_process(folder) for _ in range(TURNS)]
    yield _figure("drafting", min(seconds for seconds, _ in turns), "s", SECONDS)
    yield _figure("drafting: memory", max(peak for _, peak in turns), "MB", MEGABYTES)


def _in_a_new_process(folder: Path) -> tuple[float, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(draft_and_write, folder).result()


def draft_and_write(folder: Path) -> tuple[float, float]:
    """Seconds of this thread, and the most memory that the process ever held, in MB."""
    database = open_database("sqlite://")
    metadata.create_all(database.write_engine)
    app = App(settings_in(folder), MovedClock(CUTOFF), database)
    start = time.thread_time()
    made = draft_now(app)
    assert isinstance(made, Drafted)
    letter_of(app, made.issue)
    return time.thread_time() - start, peak_memory()


def _figure(name: str, value: float, unit: str, most: float) -> Figure:
    return Figure(
        name=name,
        value=value,
        unit=unit,
        beside=f"the promise, from {COMPARISONS:,} comparisons",
        limit=most,
        ratio=value / most,
        at_most=1,
    )
