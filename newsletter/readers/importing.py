"""Importing readers from a CSV file: what a row means, what is refused, and writing in chunks.

An import only adds: nobody who left, bounced, complained or is suppressed comes back by one (store.add_readers), and nobody
of whom the file says that they left another program. A list of addresses to suppress is read the same way. Every chunk is
one transaction, so that running the same import again goes on where it stopped.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from ipaddress import ip_address
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.db.statuses import ConsentChannel, ConsentEvent, SuppressionKind, WithdrawalReason
from newsletter.errors import BadInput, Place
from newsletter.readers.addresses import (
    NAME,
    REASON,
    SOURCE,
    Address,
    one_line,
    parse_address,
    split_mailbox,
    without_address,
)
from newsletter.readers.consents import Consent, ConsentOrigin
from newsletter.readers.csv_file import CHOICES, BadLine, CsvFile, ReaderRow, read_list, write_list
from newsletter.readers.preferences import (
    LISTS,
    NO_PREFERENCES,
    FieldFault,
    Preferences,
    read_preferences,
)
from newsletter.readers.providers import ReaderStanding, read_moment
from newsletter.readers.store import Arrival, NewReader, add_readers, foreseeing, suppress
from newsletter.readers.suppression import add_suppression, read_hash, read_kind

CHUNK = 2000

K = TypeVar("K")

_MOST_FILE_NAME = 100
_MOST_TAGS = 2_000


@dataclass(slots=True)
class Remark:
    """Lines of which the same is to be said: how many, and the first."""

    count: int = 0
    first: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """What came of a file, besides what was done: lines that could not be used, and those left out or read in part.

    `left_out`: lines of people who were not to be imported, or not to be suppressed, by their standing and what says so.
    `unread`: lines with a value that was not understood and is not kept, by what it is.
    """

    bad: int
    left_out: Mapping[tuple[ReaderStanding, str], Remark] = field(default_factory=dict)
    unread: Mapping[str, Remark] = field(default_factory=dict)

    def count_left_out(self, standing: ReaderStanding) -> int:
        return sum(remark.count for (each, _), remark in self.left_out.items() if each is standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderImport(FileCounts):
    """What came of an import, or would: lines by arrival."""

    arrivals: Mapping[Arrival, int]


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
    file.require_standing(ReaderStanding.ACTIVE)
    if not consent and not file.has("consent"):
        raise BadInput(
            "nothing says where these readers' consent comes from: give --consent SOURCE or a column",
            Place(file.path),
        )
    if not file.row_count:
        raise BadInput("there is nobody in this file", Place(file.path))
    # One moment for all: a statement with the same values in it is compiled once.
    now = clock.now()
    source = _CheckedRows(file, consent, now)
    if strict:
        _refuse_bad_lines(source, report_bad)
        source = _CheckedRows(file, consent, now)

    if not dry_run:
        return _import(source, partial(_add, database, suppression_key, now), report_bad, advance)
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


class _CheckedRows:
    """The file's rows as newcomers, as what is wrong with them, or as None for those left out."""

    def __init__(self, file: CsvFile, consent: str, now: datetime) -> None:
        self.file, self._consent, self._now = file, consent, now
        self.left_out: dict[tuple[ReaderStanding, str], Remark] = {}
        self.unread: dict[str, Remark] = {}

    def __iter__(self) -> Iterator[NewReader | BadLine | None]:
        # As the consent ledger may keep it.
        name = self.file.path.name[:_MOST_FILE_NAME]
        file_name = "".join(each if each.isprintable() and each != "@" else "_" for each in name)
        gone = _who_left(self.file)
        for row in self.file.rows():
            if isinstance(row, BadLine):
                yield row
            elif row.standing is not ReaderStanding.ACTIVE:
                _remark(self.left_out, (row.standing, row.why), row.line)
                yield None
            else:
                try:
                    newcomer = self._newcomer(row, file_name)
                except BadInput as error:
                    yield BadLine(row.line, str(error))
                    continue
                if newcomer.address.key in gone:
                    _remark(self.left_out, (ReaderStanding.GONE, "another line of theirs says so"), row.line)
                    yield None
                else:
                    yield newcomer

    def _newcomer(self, row: ReaderRow, file_name: str) -> NewReader:
        """Return what the row says; raises BadInput."""
        written, _ = split_mailbox(row.address) if "<" in row.address else ("", "")
        name = row.name or " ".join(filter(None, (row.first_name, row.last_name))) or written
        source = _checked_source(row.consent or self._consent)
        origin = ConsentOrigin(
            channel=ConsentChannel.IMPORT,
            source=source,
            file=file_name,
            line=row.line,
            tags=write_list(read_list(row.tags))[:_MOST_TAGS] or None if row.tags else None,
        )
        return NewReader(
            address=parse_address(row.address),
            origin=origin,
            # Programs that are filled by forms keep what was pasted there, with its line breaks.
            name=one_line(" ".join(name.split()), "the name", NAME),
            preferences=_preferences(row.chosen, self._now.date()),
            history=self._history(row, origin)
            if row.joined_at or row.opted_in_at or row.confirmed_at
            else (),
        )

    def _history(self, row: ReaderRow, origin: ConsentOrigin) -> tuple[Consent, ...]:
        """Return what was noted elsewhere, oldest first: joining, asking to be a reader and confirming, each with its moment."""
        joined_ip = "" if row.opted_in_at else row.opted_in_ip
        noted = (
            (ConsentEvent.ADDED, "the time of joining", row.joined_at, joined_ip),
            (ConsentEvent.REQUESTED, "the time of opting in", row.opted_in_at, row.opted_in_ip),
            (ConsentEvent.CONFIRMED, "the time of confirming", row.confirmed_at, row.confirmed_ip),
        )
        past = []
        for event, what, text, ip in noted:
            at = read_moment(text, self._now, self.file.provider)
            if at is not None:
                past.append(
                    Consent(
                        event=event,
                        at=at,
                        channel=origin.channel,
                        source=origin.source,
                        file=origin.file,
                        line=origin.line,
                        ip=_read_ip(ip),
                    )
                )
            elif text:
                _remark(self.unread, what, row.line)
        return tuple(past)


def _who_left(file: CsvFile) -> frozenset[str]:
    """Return the address keys of whoever left by some line of the file: another line of theirs must not bring them in."""
    if not file.tells_standing or file.vouched is ReaderStanding.GONE:
        return frozenset()
    keys = set()
    for row in file.rows():
        if isinstance(row, ReaderRow) and row.standing is ReaderStanding.GONE:
            try:
                keys.add(parse_address(row.address).key)
            except BadInput:
                continue
    return frozenset(keys)


def _remark(remarks: dict[K, Remark], key: K, line: int) -> None:
    remark = remarks.setdefault(key, Remark(first=line))
    remark.count += 1


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
        counts.update(arrive([each for each in chunk if isinstance(each, NewReader)]))
        for each in chunk:
            if isinstance(each, BadLine):
                bad += 1
                report_bad(each)
        advance(len(chunk))
    if not counts:
        raise _nobody(source.file, source.left_out, bad, ReaderStanding.ACTIVE)
    return ReaderImport(arrivals=counts, bad=bad, left_out=source.left_out, unread=source.unread)


def _nobody(
    file: CsvFile, left_out: Mapping[tuple[ReaderStanding, str], Remark], bad: int, wanted: ReaderStanding
) -> BadInput:
    """Return what is wrong with a file of which nothing was done."""
    is_import = wanted is ReaderStanding.ACTIVE
    done = "imported" if is_import else "suppressed"
    if not left_out:
        return BadInput(f"none of its lines can be used, so nobody was {done}", Place(file.path))
    (standing, why), remark = min(left_out.items(), key=lambda each: each[1].first)
    first = f"line {remark.first} is {standing}, since {why}"
    whom = "is a reader there" if is_import else "left there"
    but = "" if not bad else f", in the lines that can be used ({bad} cannot)"
    step = ""
    if is_import and standing is ReaderStanding.NEITHER:
        step = (
            ". Where you know of some that they are readers, write active as their status"
            if file.provider is None
            else ". If you know that everybody in it is a reader, say --all-active, and --map COLUMN=ignore with that column's name"
        )
    return BadInput(f"nobody in this file {whom}{but}, so nobody was {done}: {first}{step}", Place(file.path))


@lru_cache(maxsize=1000)
def _checked_source(given: str) -> str:
    if not given:
        raise BadInput("nothing says where the consent comes from")
    return without_address(given, "the consent source", SOURCE)


@lru_cache(maxsize=1000)
def _preferences(chosen: tuple[str, ...], today: date) -> Preferences:
    if not any(chosen):
        return NO_PREFERENCES
    texts = dict(zip(CHOICES, chosen, strict=True))
    texts["edition"] = texts["edition"].casefold()
    many = {name: read_list(texts[name]) for name in LISTS}
    try:
        return read_preferences(texts, many, topics=None, today=today)
    except FieldFault as fault:
        name = fault.field.replace("_", " ")
        raise BadInput(f"the {name} is {texts[fault.field][:60]!r}. {fault}") from fault


def _read_ip(text: str) -> str | None:
    # What follows a % names an interface of somebody's machine, at any length and in any letters.
    if "%" in text or len(text) > _LONGEST_IP:
        return None
    try:
        return str(ip_address(text))
    except ValueError:
        return None


#: Characters of the longest network address: IPv6 with an IPv4 address in it.
_LONGEST_IP = 45


# A file of addresses that must never be written to again: another program's list of who left, bounced or complained.

#: Addresses of one transaction.
SUPPRESS_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionImport(FileCounts):
    """What came of a file: addresses that are suppressed now, by their kind, and that were before."""

    added: Counter[SuppressionKind]
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """Somebody to suppress: an address, or only the hash of one."""

    address: Address | None
    hashed: str
    kind: SuppressionKind
    reason: str
    since: datetime | None


def suppress_file(
    database: Database,
    file: CsvFile,
    *,
    reason: str,
    kind: SuppressionKind | None = None,
    suppression_key: bytes,
    now: datetime,
    report_bad: Callable[[BadLine], None] = lambda bad: None,
    advance: Callable[[int], None] = lambda count: None,
) -> SuppressionImport:
    """Put the addresses of whoever left on the suppression list, and take its readers off. Commits a chunk at a time.

    A file that says nothing of who left is refused (BadInput), unless the caller vouches for it. Without a `kind`, each
    line tells its own, and else the words of its reason; where they do not, they left.
    """
    reason = without_address(reason, "the reason", REASON)
    usual = kind or read_kind(reason) or read_kind(file.path.stem) or SuppressionKind.LEFT
    origin = ConsentOrigin(channel=ConsentChannel.COMMAND, reason=WithdrawalReason.SUPPRESSED)
    file.require_standing(ReaderStanding.GONE)
    if not file.row_count:
        raise BadInput("there is nobody in this file", Place(file.path))

    def read(row: ReaderRow) -> _Gone:
        return _Gone(
            address=parse_address(row.address) if row.address or not row.address_hash else None,
            hashed="" if row.address else read_hash(suppression_key, row.address_hash),
            kind=kind or row.kind or usual,
            reason=_own_reason(row.reason) or reason,
            since=read_moment(row.gone_at, now, file.provider),
        )

    added: Counter[SuppressionKind] = Counter()
    known = bad = 0
    left_out: dict[tuple[ReaderStanding, str], Remark] = {}
    rows = _gone(file, read, left_out)
    while chunk := list(islice(rows, SUPPRESS_CHUNK)):
        with database.write() as connection:
            for each in chunk:
                if isinstance(each, _Gone):
                    is_new = _put(connection, each, origin, suppression_key, now)
                    added[each.kind] += is_new
                    known += not is_new
        for each in chunk:
            if isinstance(each, BadLine):
                bad += 1
                report_bad(each)
        advance(len(chunk))
    if not added.total() + known:
        raise _nobody(file, left_out, bad, ReaderStanding.GONE)
    return SuppressionImport(added=added, known=known, bad=bad, left_out=left_out)


def _put(
    connection: Connection, gone: _Gone, origin: ConsentOrigin, suppression_key: bytes, now: datetime
) -> bool:
    """Put somebody on the list; False when they were on it."""
    kind, why, since = gone.kind, gone.reason, gone.since or now
    if gone.address is None:
        source = origin.words
        return add_suppression(connection, gone.hashed, kind, reason=why, source=source, now=since)
    key = suppression_key
    return suppress(connection, gone.address, kind, why, origin, suppression_key=key, now=now, since=since)


def _own_reason(text: str) -> str:
    """Return a line's own reason as the list may keep it; empty where it may not."""
    try:
        return without_address(text, "the reason", REASON)
    except BadInput:
        return ""


def _gone(
    file: CsvFile, read: Callable[[ReaderRow], _Gone], left_out: dict[tuple[ReaderStanding, str], Remark]
) -> Iterator[_Gone | BadLine | None]:
    for row in file.rows():
        if isinstance(row, BadLine):
            yield row
        elif row.standing is not ReaderStanding.GONE:
            _remark(left_out, (row.standing, row.why or "nothing says that they left"), row.line)
            yield None
        else:
            try:
                yield read(row)
            except BadInput as error:
                yield BadLine(row.line, str(error))
