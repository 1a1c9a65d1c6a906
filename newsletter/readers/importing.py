"""Importing readers from a CSV file: what a row means, what is refused, and writing in chunks.

An import only adds: nobody who left, bounced, complained or is suppressed comes back by one (store.add_readers). A list
of addresses to suppress is read the same way. Every chunk is one transaction, so that running the same import again
goes on where it stopped.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.db.statuses import ConsentChannel, ConsentEvent, Edition, WithdrawalReason
from newsletter.errors import BadInput, Place
from newsletter.readers.addresses import (
    NAME,
    REASON,
    SOURCE,
    Address,
    one_line,
    parse_address,
    without_address,
)
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.csv_file import BadLine, CsvFile, ReaderRow
from newsletter.readers.preferences import Preferences, clean_names
from newsletter.readers.store import Arrival, NewReader, add_readers, foreseeing, suppress

CHUNK = 2000

#: What other programs call a reader who may be written to.
ACTIVE_WORDS = frozenset({"", "active", "subscribed", "confirmed", "enabled"})
_MOST_FILE_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderImport:
    """What came of an import, or would: lines by arrival, and lines that could not be used."""

    arrivals: Mapping[Arrival, int]
    bad: int


def import_readers(
    database: Database,
    file: CsvFile,
    *,
    consent: str,
    suppression_key: bytes,
    clock: Clock,
    dry_run: bool = False,
    strict: bool = False,
    report_bad: Callable[[BadLine], None] = lambda bad: None,
    advance: Callable[[int], None] = lambda count: None,
) -> ReaderImport:
    """Import the file's readers. `consent`: where theirs comes from, for rows that do not say; may be empty.

    `strict`: one bad line and nothing is imported (BadInput). `dry_run`: only count. Commits a chunk at a time.
    """
    if not consent and not file.has("consent"):
        raise BadInput(
            "nothing says where these readers' consent comes from: give --consent SOURCE or a column",
            Place(file.path),
        )
    source = _CheckedRows(file, consent)
    if not file.row_count:
        raise BadInput("there is nobody in this file", Place(file.path))
    if strict:
        _refuse_bad_lines(source, report_bad)

    if not dry_run:
        # One moment for all: a statement with the same values in it is compiled once.
        add = partial(_add, database, suppression_key, clock.now())
        return _import(source, add, report_bad, advance)
    with database.read() as connection, foreseeing(connection, suppression_key) as foresee:
        return _import(source, foresee, report_bad, advance)


def _add(
    database: Database, suppression_key: bytes, now: datetime, newcomers: Sequence[NewReader]
) -> list[Arrival]:
    with database.write() as connection:
        return add_readers(
            connection,
            newcomers,
            event=ConsentEvent.IMPORTED,
            suppression_key=suppression_key,
            now=now,
        )


@dataclass(frozen=True, slots=True)
class _CheckedRows:
    """The file's rows as newcomers, or what is wrong with them; they can be gone through twice."""

    file: CsvFile
    consent: str

    def __iter__(self) -> Iterator[NewReader | BadLine]:
        # As the consent ledger may keep it.
        name = self.file.path.name[:_MOST_FILE_NAME]
        file_name = "".join(each if each.isprintable() and each != "@" else "_" for each in name)
        active = self.file.format.active if self.file.format else ACTIVE_WORDS
        for row in self.file.rows():
            if isinstance(row, BadLine):
                yield row
                continue
            try:
                yield _newcomer(row, self.consent, file_name, active)
            except BadInput as error:
                yield BadLine(row.line, str(error))


def _refuse_bad_lines(source: _CheckedRows, report_bad: Callable[[BadLine], None]) -> None:
    bad = 0
    for each in source:
        if isinstance(each, BadLine):
            bad += 1
            report_bad(each)
    if bad:
        lines = "1 line" if bad == 1 else f"{bad} lines"
        raise BadInput(f"{lines} cannot be used, so nothing was imported", Place(source.file.path))


def _import(
    source: _CheckedRows,
    arrive: Callable[[Sequence[NewReader]], list[Arrival]],
    report_bad: Callable[[BadLine], None],
    advance: Callable[[int], None],
) -> ReaderImport:
    counts: Counter[Arrival] = Counter()
    bad = 0
    rows = iter(source)
    while chunk := list(islice(rows, CHUNK)):
        newcomers = [each for each in chunk if isinstance(each, NewReader)]
        counts.update(arrive(newcomers))
        bad += len(chunk) - len(newcomers)
        for each in chunk:
            if isinstance(each, BadLine):
                report_bad(each)
        advance(len(chunk))
    if not counts:
        raise BadInput("none of its lines can be used, so nobody was imported", Place(source.file.path))
    return ReaderImport(arrivals=counts, bad=bad)


def _newcomer(row: ReaderRow, consent: str, file_name: str, active: Container[str]) -> NewReader:
    """Return what the row says; raises BadInput."""
    if row.status.casefold() not in active:
        raise BadInput(f"the status is {row.status!r}: only active readers are imported")
    return NewReader(
        address=parse_address(row.address),
        origin=ConsentOrigin(
            channel=ConsentChannel.IMPORT,
            source=_checked_source(row.consent or consent),
            file=file_name,
            line=row.line,
        ),
        name=one_line(row.name, "the name", NAME),
        preferences=_preferences(row.edition, row.time_zone, row.topics),
    )


@lru_cache(maxsize=1000)
def _checked_source(given: str) -> str:
    if not given:
        raise BadInput("nothing says where the consent comes from")
    return without_address(given, "the consent source", SOURCE)


@lru_cache(maxsize=1000)
def _preferences(edition: str, time_zone: str, topics: str) -> Preferences:
    try:
        chosen = Edition(edition.casefold()) if edition else Edition.WEEKLY
    except ValueError as error:
        raise BadInput(f"the edition is {edition!r}, but {' or '.join(Edition)} was expected") from error
    try:
        if time_zone:
            ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"the time zone is {time_zone!r}, but one such as Europe/Berlin was expected"
        ) from error
    names = clean_names(re.split("[;,|]", topics), "a topic")
    return Preferences(edition=chosen, time_zone=time_zone, topics=names)


# A file of addresses that must never be written to again: another program's list of who left, bounced or complained.

#: Addresses of one transaction.
SUPPRESS_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionImport:
    """What came of a file: addresses that are suppressed now, that were before, and lines that could not be used."""

    added: int
    known: int
    bad: int


def suppress_file(
    database: Database,
    file: CsvFile,
    *,
    reason: str,
    suppression_key: bytes,
    now: datetime,
    report_bad: Callable[[BadLine], None] = lambda bad: None,
    advance: Callable[[int], None] = lambda count: None,
) -> SuppressionImport:
    """Put every address of the file on the suppression list, and take its readers off. Commits a chunk at a time.

    A line that calls its reader active is refused: somebody took the wrong file.
    """
    reason = without_address(reason, "the reason", REASON)
    origin = ConsentOrigin(channel=ConsentChannel.COMMAND, reason=WithdrawalReason.SUPPRESSED)
    if file.format and not file.has("status"):
        raise BadInput(f"no column says who of {file.format.program}'s readers left", Place(file.path, 1))
    if not file.row_count:
        raise BadInput("there is nobody in this file", Place(file.path))

    def put(addresses: Sequence[Address]) -> int:
        with database.write() as connection:
            return sum(
                suppress(connection, each, reason, origin, suppression_key=suppression_key, now=now)
                for each in addresses
            )

    added = known = bad = 0
    rows = _addresses(file)
    while chunk := list(islice(rows, SUPPRESS_CHUNK)):
        addresses = [each for each in chunk if isinstance(each, Address)]
        fresh = put(addresses)
        added, known, bad = added + fresh, known + len(addresses) - fresh, bad + len(chunk) - len(addresses)
        for each in chunk:
            if isinstance(each, BadLine):
                report_bad(each)
        advance(len(chunk))
    if not added + known:
        raise BadInput("none of its lines can be used, so nobody was suppressed", Place(file.path))
    return SuppressionImport(added=added, known=known, bad=bad)


def _addresses(file: CsvFile) -> Iterator[Address | BadLine]:
    active = file.format.active if file.format else ACTIVE_WORDS - {""}
    for row in file.rows():
        if isinstance(row, BadLine):
            yield row
        elif row.status.casefold() in active:
            yield BadLine(row.line, f"the status is {row.status!r}: this reader is not to be suppressed")
        else:
            try:
                yield parse_address(row.address)
            except BadInput as error:
                yield BadLine(row.line, str(error))
