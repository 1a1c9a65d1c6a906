"""Importing a million readers from a CSV file, one line in twenty of it bad."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measure import peak_memory, resident_memory
from newsletter.clock import SystemClock
from newsletter.db.engine import open_database
from newsletter.db.schema import metadata
from newsletter.readers.csv_file import BadLine, CsvFile
from newsletter.readers.importing import import_readers
from newsletter.readers.store import Arrival

ROWS = 1_000_000
ROWS_A_SECOND, MEGABYTES = 20_000.0, 60.0
#: What is wrong with every twentieth line, in turns.
FAULTS = ("reader{n}", "reader{n}@", "a b@example.org", "reader{n}@exa mple.org", "reader{n}@example..org")
_DOMAINS = tuple(f"mail{number}.example.org" for number in range(2_000))


def run() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        rate, grown = pool.submit(import_many, Path(name), ROWS).result()
    yield Figure(
        name="importing",
        value=rate,
        unit="rows/s",
        beside=f"the promise, {ROWS:,} rows, 5 % bad, of processor time",
        limit=ROWS_A_SECOND,
        ratio=rate / ROWS_A_SECOND,
        at_least=1,
    )
    yield Figure(
        name="importing: memory",
        value=grown,
        unit="MB",
        beside="the promise, above what the program itself holds",
        limit=MEGABYTES,
        ratio=grown / MEGABYTES,
        at_most=1,
    )


def import_many(folder: Path, rows: int) -> tuple[float, float]:
    """Rows a second of this process's time, and how much memory it took for them, in MB."""
    file = folder / "readers.csv"
    write_rows(file, rows)
    database = open_database(f"sqlite:///{folder / 'subscribers.db'}")
    metadata.create_all(database.write_engine)
    reported: list[int] = []

    def report(bad: BadLine) -> None:
        assert bad.reason
        reported.append(bad.line)

    before, start = resident_memory(), time.process_time()
    counts = import_readers(
        database,
        CsvFile(file),
        consent="fair",
        suppression_key=b"k" * 32,
        clock=SystemClock(),
        report_bad=report,
    )
    seconds = time.process_time() - start
    database.close()
    bad = rows // 20
    assert (counts.arrivals[Arrival.ADDED], counts.bad) == (rows - bad, bad)
    assert reported == list(range(21, rows + 2, 20))
    return rows / seconds, peak_memory() - before


def write_rows(file: Path, rows: int) -> None:
    """A file of readers; every twentieth line is bad."""
    domains, faults = cycle(_DOMAINS), cycle(FAULTS)
    with file.open("w", encoding="utf-8") as out:
        out.write("email,name\n")
        for number in range(1, rows + 1):
            address = f"reader{number}@{next(domains)}" if number % 20 else next(faults).format(n=number)
            out.write(f"{address},Reader {number}\n")
