"""A file of addresses that must never be written to again: another program's list of who left, bounced or complained."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from newsletter.db.engine import Database
from newsletter.errors import BadInput, Place
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.csv_file import BadLine, CsvFile
from newsletter.readers.importing import ACTIVE_WORDS
from newsletter.readers.suppression_store import suppress
from newsletter.readers.wording import REASON, without_address

#: Addresses of one transaction.
CHUNK = 500

#: What the consent ledger says made somebody leave.
_SOURCE = "command: newsletter readers suppress --file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionCounts:
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
) -> SuppressionCounts:
    """Put every address of the file on the suppression list, and take its readers off. Commits a chunk at a time.

    A line that calls its reader active is refused: somebody took the wrong file.
    """
    reason = without_address(reason, "the reason", REASON)
    _refuse_the_wrong_file(file)

    def put(addresses: Sequence[Address]) -> int:
        with database.write() as connection:
            return sum(
                suppress(connection, each, reason, suppression_key=suppression_key, now=now, source=_SOURCE)
                for each in addresses
            )

    added = known = bad = 0
    rows = _addresses(file)
    while chunk := list(islice(rows, CHUNK)):
        addresses = [each for each in chunk if isinstance(each, Address)]
        fresh = put(addresses)
        added, known, bad = added + fresh, known + len(addresses) - fresh, bad + len(chunk) - len(addresses)
        for each in chunk:
            if isinstance(each, BadLine):
                report_bad(each)
        advance(len(chunk))
    if not added + known:
        raise BadInput("none of its lines can be used, so nobody was suppressed", Place(file.path))
    return SuppressionCounts(added=added, known=known, bad=bad)


def _refuse_the_wrong_file(file: CsvFile) -> None:
    if file.format and not file.has("status"):
        raise BadInput(f"no column says who of {file.format.program}'s readers left", Place(file.path, 1))
    if not file.row_count:
        raise BadInput("there is nobody in this file", Place(file.path))


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
