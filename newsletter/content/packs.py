"""Files to packs: YAML, JSON or a page in, a checked `Pack` out, or one sentence with file, line and field.

Files that are huge, binary or deeply nested are refused before they can do harm. What a page says is read in `pages/`;
what a pack refers to is checked when it is imported.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from newsletter.content.importing import FieldPath, Where, field_name
from newsletter.content.pages import read_page
from newsletter.content.records import (
    BenchmarkEntry,
    ClaimEntry,
    OfferEntry,
    Pack,
    PackEntry,
    SourceEntry,
    VerdictEntry,
    is_web_address,
    pack_name,
)
from newsletter.errors import BadInput, Place

# The part of YAML that a pack needs, as plain values with the line of each. No anchors, aliases, tags, merges.
#
# Built on the parser's events, so nothing is ever expanded: neither an alias bomb nor a thousand brackets get past
# the first of their kind. Words are words (`no`, `on`, `12:30`, `010`), numbers keep their digits, no key stands twice;
# dates stay text until a field wants a date.

_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,30})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9]\d{0,30})?\.\d{1,30}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


class NotPlainYaml(ValueError):
    """What cannot be read, and its line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


def read_yaml(text: str, lines: dict[FieldPath, int], depth: int) -> Any:
    """Return the one document of `text`; fills `lines` with the line of everything in it."""
    try:
        return _YamlReader(text, lines, depth).read()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise NotPlainYaml(f"this is not YAML: {error.problem or error.context}", line) from error
    except yaml.YAMLError as error:
        raise NotPlainYaml(f"this is not YAML: {' '.join(str(error).split())}") from error


class _YamlReader:
    def __init__(self, text: str, lines: dict[FieldPath, int], depth: int) -> None:
        self.events: Iterator[Event] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.lines, self.depth = lines, depth

    def read(self) -> Any:
        documents = 0
        value = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise NotPlainYaml("it holds a second document: a pack is one", _line(event))
                value = self._value(next(self.events), ())
        return value

    def _value(self, event: Event, path: FieldPath) -> Any:
        _refuse_extras(event)
        if len(path) > self.depth:
            raise NotPlainYaml("it is nested too deeply: a pack is four levels deep", _line(event))
        self.lines.setdefault(path, _line(event))
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: FieldPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            values.append(self._value(event, (*path, len(values))))
        return values

    def _mapping(self, path: FieldPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            _refuse_extras(event)
            if not isinstance(event, ScalarEvent):
                raise NotPlainYaml("a name of a field is a word", _line(event))
            if event.value in values:
                raise NotPlainYaml(f"{event.value} stands here twice: write it once", _line(event))
            self.lines[(*path, event.value)] = _line(event)
            values[event.value] = self._value(next(self.events), (*path, event.value))
        return values


def _refuse_extras(event: Event) -> None:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        raise NotPlainYaml("anchors and aliases (& and *) are not read: write the value out", _line(event))
    tag = getattr(event, "tag", None)
    if tag:
        raise NotPlainYaml(f"tags such as {tag} are not read: leave it out", _line(event))


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: ScalarEvent) -> Any:
    """Return a plain word as null, true, false or a number where it is one; anything quoted as text."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


# On which line everything of a JSON text stands. Python's parser does not say; this looks only when asked.

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\]:,"]+', re.DOTALL)


def json_lines(text: str) -> Iterator[tuple[FieldPath, int]]:
    """Yield the path and line of every member and element, in the order of a text that the parser has accepted."""
    path: list[str | int | None] = []
    objects: list[bool] = []
    line, counted = 1, 0
    for found in _TOKEN.finditer(text):
        token, start = found[0], found.start()
        line, counted = line + text.count("\n", counted, start), start
        if token in "}]":
            path.pop()
            objects.pop()
        elif token == ",":
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else None
        elif path and path[-1] is None:
            path[-1] = json.loads(token)
            yield _path(path), line
        else:
            if not path or not objects[-1]:
                yield _path(path), line
            if token in "{[":
                path.append(None if token == "{" else 0)
                objects.append(token == "{")


def _path(path: list[str | int | None]) -> FieldPath:
    return tuple(part for part in path if part is not None)


# What pydantic finds wrong with a pack, in one plain sentence: what stands there and what would be right.

#: What pydantic calls a field that nobody knows: of a pack, and of a record in it.
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
#: By pydantic's kind of error: what would be right. `{…}` are pydantic's own details.
_WANTED = {
    "missing": "it is missing",
    "string_type": "text is right: put it in quotes",
    "string_unicode": "text without broken characters is right",
    "string_too_short": "it is empty: write something, or leave the record out",
    "string_too_long": "it has more than {max_length} characters: shorten it",
    "int_type": "a whole number is right",
    "int_parsing": "a whole number is right",
    "int_parsing_size": "a smaller whole number is right",
    "int_from_float": "a whole number is right",
    "bool_type": "true or false is right",
    "bool_parsing": "true or false is right",
    "decimal_type": "a number is right",
    "decimal_parsing": "a number is right",
    "decimal_max_digits": "a number of at most {max_digits} digits is right",
    "finite_number": "a finite number is right",
    "greater_than_equal": "at least {ge} is right",
    "less_than_equal": "at most {le} is right",
    "enum": "one of {expected} is right",
    "date_type": "a date such as 2026-03-01 is right",
    "date_parsing": "a date such as 2026-03-01 is right",
    "date_from_datetime_parsing": "a date such as 2026-03-01 is right",
    "date_from_datetime_inexact": "a date without a time is right, such as 2026-03-01",
    "datetime_type": "a moment such as 2026-03-01T09:00:00Z is right",
    "datetime_parsing": "a moment such as 2026-03-01T09:00:00Z is right",
    "datetime_from_date_parsing": "a moment such as 2026-03-01T09:00:00Z is right",
    "timezone_aware": "a moment with its zone is right, such as 2026-03-01T09:00:00Z",
    "tuple_type": "a list is right",
    "model_type": "a record with named fields is right",
    "dataclass_type": "a record with named fields is right",
    "dict_type": "a record with named fields is right",
    "string_pattern_mismatch": "an id is right: lower-case letters and digits, with . _ - between them",
}


def complaint(error: ValidationError) -> tuple[FieldPath, str]:
    """Return the path of the first thing wrong with a pack, and a sentence on it that counts the others."""
    found = error.errors(include_url=False)
    record = found[0]["loc"][:-1]
    # A name that is written wrong is an unknown field and a missing one: the first says more.
    unknown = (each for each in found if each["type"] in _UNKNOWN and each["loc"][:-1] == record)
    first = next(unknown, found[0])
    path: FieldPath = tuple(first["loc"])
    others = "" if len(found) == 1 else f" (and {len(found) - 1} more)"
    return path, _message(first, path) + others


def _message(error: ErrorDetails, path: FieldPath) -> str:
    if error["type"] in _UNKNOWN:
        known = _known_fields(path[:-1])
        close = get_close_matches(str(path[-1]), known, n=1)
        hint = f"do you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        return f"there is no such field: {hint}"
    if error["type"] == "missing":
        return _WANTED["missing"]
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    wanted = _WANTED.get(error["type"], error["msg"][:1].lower() + error["msg"][1:])
    context: dict[str, Any] = error.get("ctx", {})
    return f"it is {_shown(error['input'])}, but {wanted.format_map(context)}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a record"
    if isinstance(value, list | tuple):
        return "a list"
    text = "nothing" if value is None else str(value)
    return f"{text[:40]}…" if len(text) > 40 else repr(text) if isinstance(value, str) else text


def _known_fields(path: FieldPath) -> list[str]:
    """Return the fields of the pack, or of the record at a path of it, as packs call them."""
    if not path:
        return list(Pack.model_fields)
    kinds = get_type_hints(Pack)[str(path[0])]
    return [pack_name(each.name) for each in fields(_record_in(kinds))]


def _record_in(hint: Any) -> type[PackEntry]:
    """Return the record inside a type such as `tuple[ToolEntry, ...] | None`."""
    while not (isinstance(hint, type) and issubclass(hint, PackEntry)):
        hint = get_args(hint)[0]
    return hint


#: Bytes of the largest file that is read. YAML takes far more time and memory than JSON, which exports use.
YAML_LIMIT, JSON_LIMIT = 8 * 2**20, 512 * 2**20
#: Digits of a number, before and after the point, as YAML has them at most.
MOST_DIGITS = 60
#: A pack is four deep: pack, list, record, list of tags.
DEPTH_LIMIT = 20

_NO_KINDS = ("source", "sources", "texts", "revisions", "imports")
_KINDS = tuple(name for name in Pack.model_fields if name not in _NO_KINDS)


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack, and what says where its fields stand in its file."""

    pack: Pack
    where: Where


def read_text(file: Path, limit: int = JSON_LIMIT) -> str:
    """Return the text of a file somebody gave us; raises BadInput unless it is UTF-8 text of a sane size."""
    try:
        size = file.stat().st_size
        if size > limit:
            raise BadInput(f"it holds {size:,} bytes: at most {limit:,} can be read", Place(file))
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"it cannot be read: {error.strerror}", Place(file)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput("this is not UTF-8 text: save it as UTF-8", Place(file, line)) from error
    if "\0" in text:
        raise BadInput("this is a binary file: a pack or a page is plain text", Place(file))
    return text


def is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def parse_pack(text: str, file: Path) -> PackFile:
    """Parse and check a pack; raises BadInput for its first fault."""
    lines: dict[FieldPath, int] = {}
    value = _parse_json(text, file) if is_json(text) else _parse_yaml(text, file, lines)

    def where(path: FieldPath) -> Place:
        """Return the place of a field, or of the nearest thing around it that the file does have."""
        # JSON's lines are looked up only when they are asked for, which is when something is wrong.
        known = lines or dict(json_lines(text))
        around = (path[:length] for length in range(len(path), -1, -1))
        line = next((known[each] for each in around if each in known), None)
        return Place(file, line, field_name(path) or None)

    if not isinstance(value, dict):
        raise BadInput("a pack is a mapping: source, tools, reviews, claims and so on", Place(file, 1))
    pack = validated(value, where)
    if pack.imports is None and not any(getattr(pack, kind) for kind in _KINDS):
        raise BadInput(f"there is nothing in it: give at least one of {', '.join(_KINDS)}", Place(file))
    return PackFile(pack, where)


def validated(value: dict[str, Any], where: Where) -> Pack:
    """Return the pack that has these fields; raises BadInput with the place of the first fault."""
    try:
        return Pack.model_validate(value)
    except ValidationError as error:
        path, message = complaint(error)
        raise BadInput(message, where(path)) from error


def _parse_yaml(text: str, file: Path, lines: dict[FieldPath, int]) -> Any:
    if len(text) > YAML_LIMIT:
        raise BadInput(
            f"YAML is read up to {YAML_LIMIT:,} characters: write a pack this large as JSON", Place(file)
        )
    try:
        return read_yaml(text, lines, DEPTH_LIMIT)
    except NotPlainYaml as error:
        raise BadInput(str(error), Place(file, error.line)) from error


def _parse_json(text: str, file: Path) -> Any:
    try:
        return json.loads(
            text, parse_float=_bounded, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except _Boundless as error:
        line = next((line for line, part in enumerate(text.split("\n"), 1) if error.number in part), None)
        shown = error.number if len(error.number) <= 40 else f"{error.number[:40]}…"
        raise BadInput(f"the number {shown} is beyond all measure", Place(file, line)) from error
    except json.JSONDecodeError as error:
        raise BadInput(f"this is not JSON: {error.msg}", Place(file, error.lineno)) from error
    except RecursionError as error:
        raise BadInput("it is nested too deeply: a pack is four levels deep", Place(file)) from error
    except _Twice as error:
        raise _twice(text, file) from error
    except ValueError as error:
        raise BadInput(f"this is not JSON for a pack: {error}", Place(file)) from error


class _Boundless(ValueError):
    """A number of so many digits that whoever turns it into a whole one does not come to an end."""

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(number)


def _bounded(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise _Boundless(text) from error
    if len(text) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise _Boundless(text)
    return number


class _Twice(ValueError):
    """A JSON object that has one key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _Twice
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _twice(text: str, file: Path) -> BadInput:
    """Return the complaint about a name that a record has twice, at its second place."""
    seen: set[FieldPath] = set()
    place = Place(file)
    for path, line in json_lines(text):
        place = Place(file, line, field_name(path))
        if path in seen:
            break
        seen.add(path)
    return BadInput("this name stands here twice: write it once", place)


# The published JSON Schema of packs; docs/reference/pack.schema.json is its text.

#: What only the store's own exports hold.
_FOR_EXPORTS = ("texts", "revisions", "reader_votes", "imports")


def pack_schema() -> str:
    """Return the schema as a JSON text, for editors and other programs."""
    schema = _without_titles(Pack.model_json_schema())
    for field in _FOR_EXPORTS:
        schema["properties"][field]["description"] = "In exports only."
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pack of comparisons, reviews, prices and the like",
    }
    text = json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"
    # The name under which this one was first published.
    return re.sub(r'(?<=["/])ReaderVotes(?=")', "ReaderVotesEntry", text)


def _without_titles(value: Any) -> Any:
    """Return the schema without the titles that pydantic makes from the names."""
    if isinstance(value, list):
        return [_without_titles(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_titles(each)
        for key, each in value.items()
        if not (key == "title" and isinstance(each, str))
    }


# Files to packs: finds them, tells packs from pages by what they hold, and adds what only the caller knows.

#: Of a folder, files with these endings are read.
SUFFIXES = (".yaml", ".yml", ".json", ".txt")
_PACK_SUFFIXES = (".yaml", ".yml", ".json")
#: The first line that is neither empty nor a comment.
_PACK_START = re.compile(rf"(?:\s|#[^\n]*\n|---\n)*(?:{'|'.join(Pack.model_fields)}):\s")

Dated = VerdictEntry | ClaimEntry | OfferEntry | BenchmarkEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the caller says of the files: whose they are and from when. Empty: what they say themselves."""

    url: str = ""
    ours: bool | None = None
    published_on: date | None = None
    #: The date of every statement that has none.
    as_of: date | None = None

    def __post_init__(self) -> None:
        if self.url and not is_web_address(self.url):
            raise BadInput(f"{self.url} is no web address: one that begins with https:// is right")


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files named, and in the order of their names those of the folders named; raises BadInput for none."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = [file for file in _walk(path) if file.suffix.lower() in SUFFIXES]
        if not found:
            raise BadInput(f"this folder holds no file that ends in {', '.join(SUFFIXES)}", Place(path))
        yield from found


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(parent, each) for each in sorted(files) if not each.startswith("."))


def read_material(file: Path, provenance: Provenance) -> PackFile:
    """Return the pack in a file, or the pack that a page is; raises BadInput with the place."""
    text = read_text(file, JSON_LIMIT if file.suffix.lower() == ".json" else 4 * YAML_LIMIT)
    if is_pack(file, text):
        read = parse_pack(text, file)
        return PackFile(_with_provenance(read.pack, provenance, file), read.where)
    pack = read_page(
        text,
        name=str(file),
        url=provenance.url,
        ours=provenance.ours,
        published_on=provenance.published_on,
        as_of=provenance.as_of,
    )

    def where(path: FieldPath) -> Place:
        return Place(file, field=field_name(path) or None)

    return PackFile(pack, where)


def is_pack(file: Path, text: str) -> bool:
    """Return whether a file is a pack, by its ending or by how it begins; everything else may be a page."""
    return file.suffix.lower() in _PACK_SUFFIXES or is_json(text) or _PACK_START.match(text) is not None


def _with_provenance(pack: Pack, provenance: Provenance, file: Path) -> Pack:
    """Return the pack with the caller's word on its own source and on what it leaves undated."""
    source = pack.source
    if source is None and provenance.url:
        source = SourceEntry(name=re.sub(r"^https?://(www\.)?", "", provenance.url), url=provenance.url)
    if source is not None:
        source = replace(
            source,
            url=provenance.url or source.url,
            ours=source.ours if provenance.ours is None else provenance.ours,
            published_on=source.published_on or provenance.published_on,
        )
    elif provenance.ours is not None or provenance.published_on:
        raise BadInput("it has no source of its own to say that of: give it one", Place(file, field="source"))
    comparisons = (
        replace(each, published_on=each.published_on or provenance.published_on) for each in pack.comparisons
    )
    changed = {
        "source": source,
        "comparisons": tuple(comparisons),
        "verdicts": _dated(pack.verdicts, provenance.as_of),
        "claims": _dated(pack.claims, provenance.as_of),
        "offers": _dated(pack.offers, provenance.as_of),
        "benchmarks": _dated(pack.benchmarks, provenance.as_of),
    }
    return pack.model_copy(update=changed)


def _dated(statements: Iterable[Dated], as_of: date | None) -> tuple[Dated, ...]:
    """Return the statements, those without a date of their own dated that day."""
    if as_of is None:
        return tuple(statements)
    return tuple(
        each if each.as_of or getattr(each, "verified_on", None) else replace(each, as_of=as_of)
        for each in statements
    )
