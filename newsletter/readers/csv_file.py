"""A CSV file of readers as rows: encoding, delimiter, which column is what, and who in it is a reader.

What a row's other values mean is in importing.py, how other programs write theirs in providers.py.

UTF-8 with or without a byte order mark, and UTF-16 with one, are read; anything else is refused with its line.
The delimiter is the one that makes sense of the header line, or that spreadsheets name in a line "sep=;" before it.
"""

import codecs
import csv
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from newsletter.commands import suggest
from newsletter.db.statuses import SuppressionKind
from newsletter.errors import BadInput, Place
from newsletter.readers.addresses import strip_unseen, unaccented
from newsletter.readers.preferences import Preferences
from newsletter.readers.providers import (
    ACTIVE_WORDS,
    GONE_WORDS,
    PROVIDERS,
    Provider,
    ReaderStanding,
    is_moment,
)
from newsletter.readers.suppression import read_kind

#: Characters of a line that names columns; what is longer is no such line, and perhaps no file of lines at all.
_MOST_HEADER = 100_000
_FORMULA_SIGNS = ("=", "+", "-", "@")
_DELIMITERS = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


#: What is taken for a CSV file by mistake, by its first bytes.
_OTHER_KINDS = {
    b"PK\x03\x04": "a spreadsheet's own file (save its sheet as CSV UTF-8) or a zip (unpack it)",
    b"\xd0\xcf\x11\xe0": "a spreadsheet's own file (save its sheet as CSV UTF-8)",
    b"\x1f\x8b": "a compressed file (unpack it)",
    b"%PDF": "a PDF",
}
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[^\r\n"])"?\r?\n?', re.IGNORECASE)


#: The preferences, by field: a new one has a column of its name by itself.
CHOICES = tuple(each.name for each in fields(Preferences))
_NOTHING_CHOSEN = ("",) * len(CHOICES)


@dataclass(slots=True)
class ReaderRow:
    """One record of the file; a field without a column is empty. `line` is where the record begins.

    `why` says which column and word the standing is from, where it is not ACTIVE; of whoever is GONE, `kind` is what these say
    of the reason, and `gone_at` since when. Not frozen, which takes twice as long.
    """

    line: int
    address: str = ""
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    consent: str = ""
    tags: str = ""
    joined_at: str = ""
    opted_in_at: str = ""
    opted_in_ip: str = ""
    confirmed_at: str = ""
    confirmed_ip: str = ""
    #: Of an entry of a suppression list.
    reason: str = ""
    address_hash: str = ""
    #: What stands for each of CHOICES.
    chosen: tuple[str, ...] = field(default=_NOTHING_CHOSEN, kw_only=True)
    standing: ReaderStanding = field(default=ReaderStanding.ACTIVE, kw_only=True)
    why: str = field(default="", kw_only=True)
    kind: SuppressionKind | None = field(default=None, kw_only=True)
    gone_at: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A record that cannot be used, and why."""

    line: int
    reason: str


_OWN_VALUES = tuple(
    each.name
    for each in fields(ReaderRow)
    if each.name not in ("line", "chosen", "standing", "why", "kind", "gone_at")
)

#: What a column can say of somebody's standing, each with what it means.
SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "status": "a word such as active or unsubscribed",
        "list_status": "the same, of one list",
        "subscribed": "no, 0 or false: left",
        "agreed": "no, 0, false or nothing: never agreed",
        "gone": "yes, 1, true or a date: left",
    }
)
#: What a caller calls a column that says nothing of them all.
IGNORE = "ignore"
FIELDS = (*_OWN_VALUES, *CHOICES, *SIGNS, IGNORE)

#: What the columns are called, in lower case with single spaces; those of our own export are among them.
NAMES = {
    "address": ("address", "email", "e mail", "mail", "email address", "e mail address", "mail address"),
    "name": ("name", "full name"),
    "first_name": ("first name", "firstname", "given name"),
    "last_name": ("last name", "lastname", "surname", "family name"),
    "consent": ("consent", "consent source", "source", "opt in source", "signup source"),
    **{name: (name.replace("_", " "),) for name in CHOICES},
    "edition": ("edition", "frequency"),
    "topics": ("topics", "topic", "categories"),
    "time_zone": ("time zone", "timezone", "tz"),
    "tags": ("tags", "labels"),
    "joined_at": ("added at", "created at", "joined at", "subscribed at", "subscribed on", "date subscribed"),
    "opted_in_at": ("opted in at",),
    "opted_in_ip": ("opted in ip",),
    "confirmed_at": ("confirmed at",),
    "confirmed_ip": ("confirmed ip",),
    "status": ("status",),
    "gone": ("suppressed at",),
    "reason": ("suppression reason",),
    "address_hash": ("address hash",),
}
#: Columns of our own export that an import has no use for.
_OURS = frozenset({"status at"})
#: Evidence: it says when somebody agreed, not whether they still do.
_EVIDENCE = frozenset({"opted_in_at", "opted_in_ip", "confirmed_at", "confirmed_ip", "reason"})

#: A column called so says of whom it is filled that they left; called like one of _AGREEING, that they did not.
_LEAVING = re.compile(
    r"unsub|\bopt(?:ed|s)? ?out|black|block|bounc|cancel|churn|complain|spam|suppress|clean|disabled|unreach|undeliver"
    r"|delet|remov|\bstop|\bended?\b|\bend ?dat|\benddatum|\bexit|terminat|\baustritt|ausgeschieden|\bleft\b|\bdo ?not|\bdon'?t|\bdn[cmes]\b|\bno ?(?:e ?)?mail|\bno ?contact|objecti?on|withdr"
    r"|abgemeldet|abmeld|abbestellt|ausgetragen|gesperrt|kundig|kuendig|widerruf|widerspr|beendet|geloscht|geloescht|deaktiv"
    r"|deactivat|\bleave|\blapsed|desinscri|desabon|resili|\bbaja\b|cancelad|disiscri|disattiv|uitgeschreven|afmeld|afgemeld|opgezegd"
    r"|descadastr|inativ|inactiv|inaktiv"
)
_AGREEING = re.compile(
    r"\bopt(?:ed|s)?\b|\bopt ?in|confirm|status|enabled|active|subscribed|subscription|subscri\w* state|consent"
    r"|permission|\baccepts?\b|\bagree|\ballow|\bmarketing|newsletter|\bmailings?\b|\bgdpr|\bdsgvo|\brgpd|\bmay (?:we )?"
    r"|erlaub|einwillig|zustimm|einverstanden|angemeldet|abonn|inscrit|consenti|\bsuscri|\bacepta|werbung|rundbrief|infolettre"
    r"|boletin|bollettin|iscritt|consens|nieuwsbrief|toestemming|nyhetsbrev|zgoda|recebe|activat|aktiviert"
)
_NO = frozenset(
    {
        "",
        "0",
        "no",
        "false",
        "n",
        "f",
        "off",
        "never",
        "null",
        "none",
        "nil",
        "no lists",
        "-",
        "–",
        "—",
        "n/a",
        "na",
        *("nein", "non", "nee", "nej", "nei", "nie", "nao"),
    }
)
_YES = frozenset({"1", "yes", "true", "y", "t", "on", "x", "ja", "oui", "si", "sim", "tak"})
#: Words of a column that answers one question. A mark alone, an x or a dash, is none of them.
_ANSWERS = (_YES | _NO) - {"", "x", "-", "–", "—", "never", "null", "none", "nil", "no lists", "n/a", "na"}
#: A question that nobody answers by leaving.
_HARMLESS = re.compile(
    r"\bvip\b|\bmember|customer|client|kunde|\bpaid|\bpaying|premium|\btier\b|\bplan\b|\bgift|complimentary|company|student"
    r"|employee|staff|press|\bhtml|\bgender|\bsex\b|\bage\b|rating|score|priority|level|count|orders?\b|opens?\b|opened"
    r"|clicks?\b|clicked|number|\bid\b|children|\boptions?\b|adopted|donor|speaker|attend|volunteer|verified account"
)
_ZEROS = re.compile(r"[0-]+(?:[ T][0:.]+)?Z?", re.IGNORECASE)


#: Characters of a cell that may be a word on somebody's standing, or a note of it; longer ones are about something else.
_LONGEST_WORD = 40


@lru_cache(maxsize=10_000)
def _says_left(word: str) -> bool:
    """Return whether the word, in lower case, says that somebody left, whatever the column is called."""
    if word in GONE_WORDS:
        return True
    return len(word) <= _LONGEST_WORD and not _is_nothing(word) and read_kind(word) is not None


def _is_nothing(word: str) -> bool:
    """Return whether the word, in lower case, stands for no, or for nothing, as 0000-00-00 does."""
    return word in _NO or _ZEROS.fullmatch(word) is not None


class CsvFile:
    """A file whose header has been understood. `mapping`: the caller's own column → field, before all other names.

    `provider`: another program's export. Then its names and the caller's count, ours do not: the same word can mean
    something else there. `vouched`: the caller's word that everybody in the file is a reader, or that nobody is one any
    more. It stands in for columns that say so; where a column says that somebody left, ACTIVE does not change that.
    """

    def __init__(
        self,
        path: Path,
        mapping: Mapping[str, str] | None = None,
        provider: Provider | None = None,
        vouched: ReaderStanding | None = None,
    ) -> None:
        self.path, self.provider, self.vouched = path, provider, vouched
        self._encoding = _encoding(path)
        with self._open() as file:
            try:
                first = file.readline(_MOST_HEADER)
                separator = _SEPARATOR_LINE.fullmatch(first)
                self._header_line = 2 if separator else 1
                if separator:
                    first = file.readline(_MOST_HEADER)
            except UnicodeDecodeError as error:
                raise self._undecodable() from error
        if not first.strip():
            raise self._bad_header("the first line must name the columns, and it is empty")
        if len(first) == _MOST_HEADER:
            raise self._bad_header(
                f"the first line must name the columns, and it has over {_MOST_HEADER:,} characters"
            )
        named = {_plain(name) for name in (*(mapping or ()), *(provider.columns if provider else ()))}
        delimiters = (separator["delimiter"],) if separator else _DELIMITERS
        self._delimiter, self._header = _split_header(first, named, delimiters)
        self._plain = [_plain(name) for name in self._header]
        self._own = {_plain(column): field for column, field in (mapping or {}).items()}
        #: Columns that are known to say nothing that counts here.
        self._passed_over: set[int] = set()
        self._columns, self._signs = self._find_columns()
        self._of_name = self._standing_by_name()

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the columns that are not read."""
        return tuple(self._header[index] for index in self._unread())

    def _unread(self) -> list[int]:
        used = {*self._columns.values(), *self._signs}
        used |= self._passed_over
        return [index for index, name in enumerate(self._plain) if index not in used and name not in _OURS]

    def has(self, field: str) -> bool:
        return field in self._columns

    @property
    def tells_standing(self) -> bool:
        """Whether a column, the file's name or the caller says who is a reader."""
        return bool(self.vouched or self._of_name or self._signs)

    def require_standing(self, wanted: ReaderStanding) -> None:
        """Raise BadInput where readers and those who left may stand in the file without a difference.

        `wanted` are those of whom something is to be done: ACTIVE or GONE.
        """
        provider = self.provider
        if provider and self._of_name is ReaderStanding.NEITHER:
            raise BadInput(
                f"this file of {provider.program} holds people who never agreed to be written to, and did not leave"
                f" either. {provider.right_export}.",
                Place(self.path),
            )
        if wanted is ReaderStanding.ACTIVE and self._of_name is ReaderStanding.GONE:
            raise BadInput(
                "this file holds those who left, by its name. It is one for: "
                f"{suggest('readers', 'suppress', '--file', self.path, '--reason', 'TEXT')}",
                Place(self.path),
            )
        if self.vouched is None and self._of_name is None:
            self._require_signs(wanted)
        if wanted is ReaderStanding.ACTIVE and (provider or self.vouched):
            self._require_no_contradiction()

    def _require_signs(self, wanted: ReaderStanding) -> None:
        provider = self.provider
        if provider is None:
            self._require_no_telling_column(wanted)
        elif missing := self._missing(provider):
            raise self._bad_header(
                f"this export of {provider.program} lacks the column {' or '.join(missing)}, and so does not say who left."
                f" {provider.right_export}. {_VOUCHING[wanted]}"
            )
        if wanted is ReaderStanding.GONE and not self._signs:
            raise self._bad_header(
                "no column says who left, and whoever is suppressed stays out. Name one with --map COLUMN=FIELD"
                f" ({', '.join(SIGNS)}). {_VOUCHING[wanted]}"
            )

    def _missing(self, provider: Provider) -> tuple[str, ...]:
        """Return a group of columns of which the export has none; empty where the caller has named one instead."""
        if any(field in SIGNS for field in self._own.values()):
            return ()
        groups = (group for group in provider.needs if not any(_plain(name) in self._plain for name in group))
        return next(groups, ())

    def _require_no_telling_column(self, wanted: ReaderStanding) -> None:
        telling = self._telling_columns()
        if not telling:
            return
        likely = _likely_provider(self._plain)
        hint = f" If this is an export of {PROVIDERS[likely].program}, say --from {likely}." if likely else ""
        # Beside a column that says who left, nobody is to be told to shut out everybody.
        vouching = "" if wanted is ReaderStanding.GONE and self._signs else f" {_VOUCHING[wanted]}"
        raise self._bad_header(
            f"{' and '.join(map(repr, telling))} may say who left, and would not be read.{hint} {_MAPPING}{vouching}"
        )

    def _telling_columns(self) -> tuple[str, ...]:
        """Return the columns that may say who left and are not read as that: by their name, a word, or answers in them."""
        unread = self._unread()
        # A source of consent is no answer.
        asked = {*unread, *(self._columns[each] for each in ("consent",) if each in self._columns)}
        asked = {index for index in asked if not self._is_own(index)}
        if not self._signs:
            # Evidence says that somebody agreed once; the caller may know that it is no more than that.
            unread += [
                index
                for field, index in self._columns.items()
                if field in _EVIDENCE and field not in self._own.values()
            ]
        telling = {index for index in unread if _is_telling(self._plain[index])}
        answers = {index for index in asked if not _HARMLESS.search(self._plain[index])} - telling
        answered: dict[int, set[str]] = {}
        for _, cells in self._records() if unread or asked else ():
            for index in asked.union(unread):
                word = unaccented(strip_unseen(cells[index])) if index < len(cells) else ""
                if index in unread and _says_left(word):
                    telling.add(index)
                elif index in answers and word:
                    answered.setdefault(index, set()).add(word)
                    if word not in _ANSWERS:
                        answers.discard(index)
        # Nothing but ones may be a count.
        answers = {
            index
            for index in answers
            if answered.get(index, set()) - {"0", "1"} or len(answered.get(index, ())) > 1
        }
        return tuple(self._header[index] for index in sorted(telling | answers))

    def _is_own(self, index: int) -> bool:
        return self._plain[index] in self._own

    def _require_no_contradiction(self) -> None:
        """Raise BadInput where a column that is not read says of somebody who would be a reader that they left."""
        unread = self._unread()
        for row, (line, cells) in zip(self.rows(), self._records(), strict=True) if unread else ():
            if isinstance(row, BadLine) or row.standing is not ReaderStanding.ACTIVE:
                continue
            for index in unread:
                cell = strip_unseen(cells[index]) if index < len(cells) else ""
                if cell and _speaks_against(self._plain[index], unaccented(cell)):
                    column = self._header[index]
                    raise BadInput(
                        f"the column {column!r} is not read, and says {cell!r} of somebody who would be a reader. {_MAPPING}"
                        f" For words such as active and unsubscribed: --map {shlex.quote(f'{column}=status')}.",
                        Place(self.path, line),
                    )

    @cached_property
    def _names_active(self) -> bool:
        """Whether a status has a word for readers here: then an empty cell does not say that somebody is one."""
        positions = [index for index, sign in self._signs.items() if sign in ("status", "list_status")]
        words = (
            unaccented(strip_unseen(cells[index]))
            for _, cells in self._records()
            for index in positions
            if index < len(cells)
        )
        return any(word and word in ACTIVE_WORDS for word in words)

    @cached_property
    def row_count(self) -> int:
        """Count the records; raises BadInput where the file cannot be read to its end."""
        return sum(1 for _ in self._records())

    def rows(self) -> Iterator[ReaderRow | BadLine]:
        """Yield the records, in the order of the file."""
        columns = self._columns
        positions = [(_OWN_VALUES.index(each), columns[each]) for each in columns if each in _OWN_VALUES]
        choices = [(CHOICES.index(each), columns[each]) for each in columns if each in CHOICES]
        signs = [(sign, self._header[position], position) for position, sign in self._signs.items()]
        width, empty, chosen = len(self._header), [""] * len(_OWN_VALUES), _NOTHING_CHOSEN
        plan = _plain(self.provider.paid) if self.provider else ""
        paid = self._plain.index(plan) if plan and plan in self._plain else None
        # Most files say nothing of it.
        must_ask = self.tells_standing or self.provider is not None
        for line, cells in self._records():
            if len(cells) > width and any(map(strip_unseen, cells[width:])):
                yield BadLine(
                    line, f"has {len(cells)} cells, and the header has {width}: a cell may need quotes"
                )
                continue
            values = empty.copy()
            for place, position in positions:
                if position < len(cells):
                    values[place] = unguarded(strip_unseen(cells[position]))
            standing, why, kind, gone_at = ReaderStanding.ACTIVE, "", None, ""
            if must_ask:
                said = [
                    (sign, column, strip_unseen(cells[position]) if position < len(cells) else "")
                    for sign, column, position in signs
                ]
                is_paid = paid is not None and paid < len(cells) and bool(strip_unseen(cells[paid]))
                standing, why = self._standing(said, values, is_paid)
                if standing is ReaderStanding.GONE:
                    kind, gone_at = self._kind(said), _since(said)
            if choices:
                texts = list(_NOTHING_CHOSEN)
                for place, position in choices:
                    if position < len(cells):
                        texts[place] = unguarded(strip_unseen(cells[position]))
                chosen = tuple(texts)
            row = ReaderRow(line, *values, chosen=chosen, standing=standing, why=why)
            row.kind, row.gone_at = kind, gone_at
            yield row

    def _standing(
        self, said: Sequence[tuple[str, str, str]], values: Sequence[str], is_paid: bool
    ) -> tuple[ReaderStanding, str]:
        """Return what somebody is by these signs, columns and cells, and why: the worst that one of them says."""
        if self.vouched is ReaderStanding.GONE or self._of_name is ReaderStanding.GONE:
            return ReaderStanding.GONE, f"{self.path.name} holds those who left"
        worst, why, is_active, left_on = ReaderStanding.ACTIVE, "", False, ""
        for sign, column, cell in said:
            word = unaccented(cell)
            standing = self._meaning(sign, word)
            is_active = is_active or (sign in ("status", "list_status") and standing is ReaderStanding.ACTIVE)
            if sign == "gone" and standing is ReaderStanding.GONE and word not in _YES:
                left_on = column
            elif _WORSE[standing] > _WORSE[worst]:
                worst, why = standing, f"{column} is {cell!r}" if cell else f"{column} is empty"
        if left_on and worst is not ReaderStanding.GONE:
            if is_active:
                return ReaderStanding.NEITHER, f"{left_on} is filled, and yet the status is active"
            if is_paid:
                return (
                    ReaderStanding.NEITHER,
                    f"{left_on} is filled, and yet they have a plan that is paid for",
                )
            return ReaderStanding.GONE, f"{left_on} is filled"
        if worst is ReaderStanding.ACTIVE and self.provider and self.provider.proof and self._of_name is None:
            evidence = ("opted_in_at", "confirmed_at")
            if self.vouched is None and not any(values[_OWN_VALUES.index(each)] for each in evidence):
                return ReaderStanding.NEITHER, "nothing says that they ever agreed"
        return worst, why

    def _kind(self, said: Sequence[tuple[str, str, str]]) -> SuppressionKind | None:
        """Return why somebody is gone: by the words of a status, else by the columns that say so; None where they do not tell."""
        so = [each for each in said if self._meaning(each[0], unaccented(each[2])) is ReaderStanding.GONE]
        statuses = [cell for sign, _, cell in so if sign in ("status", "list_status")]
        kind = read_kind("\n".join(statuses))
        kind = kind or read_kind("\n".join(f"{column} {cell}" for _, column, cell in so))
        if kind is SuppressionKind.OPERATOR and self.provider:
            return self.provider.blocked
        # A file that its program named so; what else a file is called says less than the reason that is given.
        return kind or (read_kind(self.path.name) if self._of_name is ReaderStanding.GONE else None)

    def _meaning(self, sign: str, word: str) -> ReaderStanding:
        if sign == "gone":
            if _is_nothing(word):
                return ReaderStanding.ACTIVE
            is_said = word in _YES or word in GONE_WORDS or word.isdigit() or is_moment(word)
            return ReaderStanding.GONE if is_said else ReaderStanding.NEITHER
        if sign == "agreed":
            return ReaderStanding.NEITHER if _is_nothing(word) else ReaderStanding.ACTIVE
        if sign == "subscribed":
            if _is_nothing(word):
                return ReaderStanding.GONE if word in _ANSWERS else ReaderStanding.NEITHER
            return ReaderStanding.ACTIVE if word in _YES else ReaderStanding.NEITHER
        if not word and self._names_active:
            return ReaderStanding.NEITHER
        active = self.provider.active if self.provider and self.provider.active else ACTIVE_WORDS
        gone = self.provider.gone if self.provider and self.provider.gone else GONE_WORDS
        if word in active:
            return ReaderStanding.ACTIVE
        return ReaderStanding.GONE if word in gone else ReaderStanding.NEITHER

    def _standing_by_name(self) -> ReaderStanding | None:
        files = self.provider.files if self.provider else ()
        name = unaccented(self.path.name)
        return next((standing for start, standing in files if name.startswith(start)), None)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that is not blank, with the line it begins on."""
        with self._open() as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            line = 1
            try:
                for cells in reader:
                    if line > self._header_line and any(cells):
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
            "this is not UTF-8; convert the file to UTF-8 (or UTF-16 with a byte order mark)",
            Place(self.path, line),
        )

    def _bad_header(self, message: str) -> BadInput:
        return BadInput(message, Place(self.path, self._header_line))

    def _find_columns(self) -> tuple[dict[str, int], dict[int, str]]:
        """Return the columns of the fields with one value each, and the signs of the columns that say who left."""
        for column in self._own:
            if column not in self._plain:
                raise self._bad_header(f"there is no column {column!r} among: {', '.join(self._header)}")
        columns: dict[str, int] = {}
        signs: dict[int, str] = {}
        theirs = self._export_columns() if self.provider else self._our_columns()
        for index, name in enumerate(self._plain):
            meant = self._own.get(name) or theirs.get(name) or ""
            if meant == IGNORE:
                self._passed_over.add(index)
            elif meant in SIGNS:
                signs[index] = meant
            elif meant in columns:
                raise self._bad_header(
                    f"the columns {self._header[columns[meant]]!r} and {self._header[index]!r} both mean {meant}"
                )
            elif meant:
                columns[meant] = index
        if "address" not in columns:
            raise self._bad_header(_no_address(self._header, self.provider))
        return columns, signs

    def _export_columns(self) -> dict[str, str]:
        """Return the export's columns that this file has; of several for one value, or one word, the first."""
        meanings: dict[str, str] = {}
        for column, meant in self.provider.columns.items() if self.provider else ():
            taken = meant in (*meanings.values(), *self._own.values()) and meant not in (
                "gone",
                "agreed",
                IGNORE,
            )
            if _plain(column) in self._plain and not taken:
                meanings[_plain(column)] = meant
        return meanings

    def _our_columns(self) -> dict[str, str]:
        """Return our names of columns with their fields, without the fields that the caller has named columns for."""
        taken = self._own.values()
        return {name: field for field, names in NAMES.items() if field not in taken for name in names}


_VOUCHING = {
    ReaderStanding.ACTIVE: "If you know that everybody in this file is a reader, say --all-active.",
    ReaderStanding.GONE: "If you know that everybody in this file left, say --all-gone.",
}
_MAPPING = f"Say what it is with --map COLUMN=FIELD ({', '.join(SIGNS)}, or another field; {IGNORE}, if it says nothing of that)."


def _is_telling(plain: str) -> bool:
    return bool(_LEAVING.search(plain) or _AGREEING.search(plain))


def _speaks_against(plain: str, word: str) -> bool:
    """Return whether a filled cell of a column of this name says that somebody left, or did not agree."""
    if _says_left(word):
        return True
    is_harmless = _HARMLESS.search(plain) is not None
    if _LEAVING.search(plain):
        return not _is_nothing(word) and not (is_harmless and word.isdigit())
    return word in _NO and word in _ANSWERS and not is_harmless and _AGREEING.search(plain) is not None


def _since(said: Sequence[tuple[str, str, str]]) -> str:
    """Return the day or moment since when somebody is gone; empty where none is said."""
    return next((cell for sign, _, cell in said if sign == "gone" and is_moment(cell)), "")


_WORSE = {ReaderStanding.ACTIVE: 0, ReaderStanding.NEITHER: 1, ReaderStanding.GONE: 2}


def guarded(cell: str) -> str:
    """Return the cell with ' before what a spreadsheet would run as a formula: names are anybody's words."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA_SIGNS) else cell


def unguarded(cell: str) -> str:
    """Undo what `guarded` did."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(_FORMULA_SIGNS) else cell


_NEEDS_QUOTES = re.compile(r'[;,|"\[\]]|^\s|\s$')
_LISTED = re.compile(r'\s*(?:(?P<quoted>"(?:[^"]|"")*")\s*(?=[;,|]|$)|(?P<plain>[^;,|]+))(?:[;,|]|$)')


def write_list(items: Iterable[str]) -> str:
    """Return a cell that holds several texts, which `read_list` reads again."""
    return "; ".join(
        '"' + item.replace('"', '""') + '"' if _NEEDS_QUOTES.search(item) else item for item in items
    )


def read_list(cell: str) -> list[str]:
    """Return the texts in a cell: parted by semicolons, commas or bars, those in quotes as they are."""
    cell = cell.strip()
    if cell[:1] == "[" and cell[-1:] == "]":
        cell = cell[1:-1]
    items = (
        quoted[1:-1].replace('""', '"') if (quoted := match["quoted"]) else match["plain"].strip()
        for match in _LISTED.finditer(cell)
    )
    return [item for item in items if item]


def _encoding(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(1000)
    except OSError as error:
        raise BadInput(f"this file cannot be read: {error.strerror}", Place(path)) from error
    if other := next((kind for mark, kind in _OTHER_KINDS.items() if start.startswith(mark)), None):
        raise BadInput(f"this is {other}, no CSV file", Place(path))
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    if marked is None and b"\0" in start:
        # Of Western text in UTF-16 every other byte is a NUL.
        is_utf_16 = start.count(b"\0") * 3 > len(start)
        what = "UTF-16 without its byte order mark: save the file as UTF-8" if is_utf_16 else "no text file"
        raise BadInput(f"this is {what}", Place(path))
    return marked or "utf-8"


def _first_undecodable_line(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _split_header(line: str, own: set[str], delimiters: Sequence[str]) -> tuple[str, list[str]]:
    """Return the delimiter under which most of the header's names are known, and the names."""
    known = own.union(*NAMES.values())
    ways = [(delimiter, next(csv.reader([line], delimiter=delimiter))) for delimiter in delimiters]
    delimiter, header = max(
        ways, key=lambda way: (sum(_plain(name) in known for name in way[1]), len(way[1]))
    )
    return delimiter, [strip_unseen(name) or f"column {number}" for number, name in enumerate(header, 1)]


def _plain(name: str) -> str:
    return " ".join(unaccented(strip_unseen(name)).replace("_", " ").replace("-", " ").split())


def _likely_provider(plain: Collection[str]) -> str | None:
    """Return the program that knows most of these columns, three at least; None where there is none."""
    known = {
        name: sum(_plain(column) in plain for column in provider.columns)
        for name, provider in PROVIDERS.items()
    }
    most = max(known, key=lambda name: known[name])
    return most if known[most] >= 3 else None


def _no_address(header: Sequence[str], provider: Provider | None) -> str:
    if any("@" in name for name in header):
        return "the first line must name the columns, and it holds an address."
    if provider:
        theirs = [column for column, meant in provider.columns.items() if meant == "address"]
        return (
            f"this does not look like an export of {provider.program}, which has addresses in the column {' or '.join(theirs)}."
            f" The columns are: {', '.join(header)}. Name it with --map COLUMN=address, or say another --from."
        )
    return (
        f"no column is called address or email, only: {', '.join(header)}. Name it with --map COLUMN=address."
    )
