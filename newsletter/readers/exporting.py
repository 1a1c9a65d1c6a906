"""Exporting readers as a CSV file that `importing.py` reads again: the same people, topics and consent."""

import csv
from collections.abc import Iterator
from typing import TextIO

from sqlalchemy import Connection

from newsletter.db.statuses import ReaderStatus
from newsletter.readers.csv_file import guarded
from newsletter.readers.model import Reader
from newsletter.readers.store import list_consent_sources, list_readers, list_topics

COLUMNS = ("address", "name", "status", "status at", "edition", "time zone", "topics", "consent", "added at")


def export_readers(connection: Connection, file: TextIO, status: ReaderStatus | None = None) -> int:
    """Write everybody who has an address, or those of one status; returns how many. Reads a page at a time."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for page in each_page(connection, status):
        named = [reader for reader in page if reader.address]
        ids = [reader.id for reader in named]
        topics, sources = list_topics(connection, ids), list_consent_sources(connection, ids)
        for reader in named:
            cells = _cells(reader, topics.get(reader.id, ()), sources.get(reader.id, ""))
            writer.writerow([guarded(cell) for cell in cells])
        count += len(named)
    return count


def each_page(connection: Connection, status: ReaderStatus | None) -> Iterator[list[Reader]]:
    """All readers, or those of one status, a thousand at a time."""
    after = 0
    while page := list_readers(connection, status=status, after=after):
        yield page
        after = page[-1].id


def _cells(reader: Reader, topics: tuple[str, ...], source: str) -> tuple[str, ...]:
    return (
        reader.address or "",
        reader.name,
        reader.status.value,
        reader.status_at.isoformat(),
        reader.edition.value,
        reader.time_zone,
        "; ".join(topics),
        source,
        reader.added_at.isoformat(),
    )
