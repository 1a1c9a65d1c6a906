"""A CSV file of readers as rows: encoding, delimiter, which column is what, and how other programs write theirs.

What a row means is in importing.py.

UTF-8 with or without a byte order mark, and UTF-16 with one, are read; anything else is refused with its line.
The delimiter is the one that makes sense of the header line; nothing else is guessed.
"""

import codecs
import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from newsletter.errors import BadInput, Place

# How other programs write their lists of readers: which column means what, and which words mean "may be written to".
# Read from exports of late 2026 and earlier; a column that an export lacks is not missed.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A program's export. `columns` are column → field; `active` are the words of its status column, in lower case."""

    program: str
    columns: Mapping[str, str]
    active: frozenset[str]


#: By the name that `readers import --from` takes.
FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        # Three files: subscribed, unsubscribed and cleaned; who left or bounced has the time of it.
        "mailchimp": ExportFormat(
            program="Mailchimp",
            columns={
                "Email Address": "address",
                "First Name": "name",
                "UNSUB_TIME": "status",
                "CLEAN_TIME": "status",
            },
            active=frozenset({""}),
        ),
        "substack": ExportFormat(
            program="Substack",
            columns={"email": "address", "name": "name", "email_disabled": "status"},
            active=frozenset({"", "false"}),
        ),
        "beehiiv": ExportFormat(
            program="beehiiv",
            columns={"email": "address", "status": "status"},
            active=frozenset({"active"}),
        ),
        # Whoever pays or gets it as a gift reads it too.
        "buttondown": ExportFormat(
            program="Buttondown",
            columns={
                "email_address": "address",
                "email": "address",
                "type": "status",
                "subscriber_type": "status",
            },
            active=frozenset({"", "regular", "premium", "gifted", "trialed", "churning", "past_due"}),
        ),
        "ghost": ExportFormat(
            program="Ghost",
            columns={"email": "address", "name": "name", "subscribed_to_emails": "status"},
            active=frozenset({"true"}),
        ),
        "listmonk": ExportFormat(
            program="listmonk",
            columns={"email": "address", "name": "name", "status": "status"},
            active=frozenset({"enabled"}),
        ),
    }
)


#: Characters of a line that names columns; what is longer is no such line, and perhaps no file of lines at all.
_MOST_HEADER = 100_000
_FORMULA_SIGNS = ("=", "+", "-", "@")
_DELIMITERS = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One record of the file; a field without a column is empty. `line` is where the record begins."""

    line: int
    address: str = ""
    name: str = ""
    consent: str = ""
    time_zone: str = ""
    edition: str = ""
    topics: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A record that cannot be used, and why."""

    line: int
    reason: str


FIELDS = tuple(field.name for field in fields(ReaderRow) if field.name != "line")

#: What the columns are called, in lower case with single spaces.
NAMES = {
    "address": ("address", "email", "e mail", "mail", "email address", "e mail address", "mail address"),
    "name": ("name", "full name", "first name"),
    "consent": ("consent", "consent source", "source", "opt in source", "signup source"),
    "time_zone": ("time zone", "timezone", "tz"),
    "edition": ("edition", "frequency"),
    "topics": ("topics", "topic", "categories"),
    "status": ("status",),
}


class CsvFile:
    """A file whose header has been understood. `mapping`: the caller's own column → field, before our names.

    `format`: another program's export. Then its names and the caller's count, ours do not: the same word can mean
    something else there.
    """

    def __init__(
        self, path: Path, mapping: Mapping[str, str] | None = None, format: ExportFormat | None = None
    ) -> None:
        self.path = path
        self.format = format
        self._encoding = _encoding(path)
        with self._open() as file:
            try:
                first = file.readline(_MOST_HEADER)
            except UnicodeDecodeError as error:
                raise self._undecodable() from error
        if not first.strip():
            raise BadInput("the first line must name the columns, and it is empty", Place(path, 1))
        if len(first) == _MOST_HEADER:
            message = f"the first line must name the columns, and it has over {_MOST_HEADER:,} characters"
            raise BadInput(message, Place(path, 1))
        named = (*(mapping or ()), *(format.columns if format else ()))
        self._delimiter, self._header = _split_header(first, {_plain(name) for name in named})
        self._columns = self._find_columns(mapping or {})

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the columns that are not read."""
        used = set(self._columns.values())
        return tuple(name for index, name in enumerate(self._header) if index not in used)

    def has(self, field: str) -> bool:
        return field in self._columns

    @cached_property
    def row_count(self) -> int:
        """Count the records; raises BadInput where the file cannot be read to its end."""
        return sum(1 for _ in self._records())

    def rows(self) -> Iterator[ReaderRow | BadLine]:
        """Yield the records, in the order of the file."""
        positions = [(FIELDS.index(field), position) for field, position in self._columns.items()]
        width, empty = len(self._header), [""] * len(FIELDS)
        for line, cells in self._records():
            if len(cells) > width:
                yield BadLine(
                    line, f"has {len(cells)} cells, and the header has {width}: a cell may need quotes"
                )
                continue
            values = empty.copy()
            for field, position in positions:
                if position < len(cells):
                    values[field] = unguarded(cells[position].strip(" \t"))
            yield ReaderRow(line, *values)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that is not blank, with the line it begins on."""
        with self._open() as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            line = 1
            try:
                for cells in reader:
                    if line > 1 and any(cells):
                        yield line, cells
                    line = reader.line_num + 1
            except csv.Error as error:
                if "field limit" in str(error):
                    message = "a cell here has more than 131,072 characters: no address or name is that long"
                    raise BadInput(message, Place(self.path, line)) from error
                raise BadInput(
                    f'the quotes do not match here ({error}); inside quotes, a quote is written ""',
                    Place(self.path, line),
                ) from error
            except UnicodeDecodeError as error:
                raise self._undecodable() from error

    @contextmanager
    def _open(self) -> Iterator[TextIO]:
        with self.path.open(encoding=self._encoding, newline="") as file:
            yield file

    def _undecodable(self) -> BadInput:
        line = None if self._encoding == "utf-16" else _first_undecodable_line(self.path)
        return BadInput(
            "this is not UTF-8; save the file as UTF-8 (or UTF-16 with a byte order mark)",
            Place(self.path, line),
        )

    def _find_columns(self, mapping: Mapping[str, str]) -> dict[str, int]:
        own = {_plain(column): field for column, field in mapping.items()}
        plain = [_plain(name) for name in self._header]
        for column in own:
            if column not in plain:
                raise BadInput(
                    f"there is no column {column!r} among: {', '.join(self._header)}", Place(self.path, 1)
                )
        columns: dict[str, int] = {}
        theirs = self._export_columns(plain, own) if self.format else _our_columns(own.values())
        for index, name in enumerate(plain):
            field = own.get(name) or theirs.get(name)
            if field in columns:
                raise BadInput(
                    f"the columns {self._header[columns[field]]!r} and {self._header[index]!r} both mean {field}",
                    Place(self.path, 1),
                )
            if field:
                columns[field] = index
        if "address" not in columns:
            program = f" It does not look like an export of {self.format.program}." if self.format else ""
            raise BadInput(_no_address(self._header) + program, Place(self.path, 1))
        return columns

    def _export_columns(self, plain: Sequence[str], own: Mapping[str, str]) -> dict[str, str]:
        """Return the export's columns that this file has, the first of several that mean the same."""
        fields: dict[str, str] = {}
        for column, field in self.format.columns.items() if self.format else ():
            if _plain(column) in plain and field not in (*fields.values(), *own.values()):
                fields[_plain(column)] = field
        return fields


def guarded(cell: str) -> str:
    """Return the cell with ' before what a spreadsheet would run as a formula: names are anybody's words."""
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell


def unguarded(cell: str) -> str:
    """Undo what `guarded` did."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_SIGNS) else cell


def _our_columns(taken: Collection[str]) -> dict[str, str]:
    """Return our names of columns with their fields, without the fields that the caller has named columns for."""
    return {name: field for field, names in NAMES.items() if field not in taken for name in names}


def _encoding(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(3)
    except OSError as error:
        raise BadInput(f"this file cannot be read: {error.strerror}", Place(path)) from error
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")


def _first_undecodable_line(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _split_header(line: str, own: set[str]) -> tuple[str, list[str]]:
    """Return the delimiter under which most of the header's names are known, and the names."""
    known = own.union(*NAMES.values())
    ways = [(delimiter, next(csv.reader([line], delimiter=delimiter))) for delimiter in _DELIMITERS]
    delimiter, header = max(
        ways, key=lambda way: (sum(_plain(name) in known for name in way[1]), len(way[1]))
    )
    return delimiter, [name.strip() for name in header]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _no_address(header: Sequence[str]) -> str:
    if any("@" in name for name in header):
        return "the first line must name the columns, and it holds an address"
    return (
        f"no column is called address or email, only: {', '.join(header)}. Name it with --map COLUMN=address"
    )
