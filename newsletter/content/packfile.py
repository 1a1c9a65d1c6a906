"""Pack files: YAML and JSON in, a checked `Pack` out, or one sentence with file, line and field.

YAML is read without its surprises: no anchors, aliases or tags, no duplicate keys, `no` is a word, and numbers
keep their digits. Files that are huge, binary or deeply nested are refused before they can do harm.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsletter.content.complaints import complaint
from newsletter.content.jsonlines import json_lines
from newsletter.content.pack import Pack
from newsletter.content.plainyaml import NotPlainYaml, read_yaml
from newsletter.content.references import Path as FieldPath
from newsletter.content.references import Where, field_name
from newsletter.errors import BadInput, Place

#: Bytes of the largest file that is read. YAML takes far more time and memory than JSON, which exports use.
YAML_LIMIT, JSON_LIMIT = 8 * 2**20, 512 * 2**20
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
    """The text of a file somebody gave us; raises BadInput unless it is UTF-8 text of a sane size."""
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
        """The place of a field, or of the nearest thing around it that the file does have."""
        # JSON's lines are looked up only when they are asked for, which is when something is wrong.
        known = lines or dict(json_lines(text))
        around = (path[:length] for length in range(len(path), -1, -1))
        line = next((known[each] for each in around if each in known), None)
        return Place(file, line, field_name(path) or None)

    if not isinstance(value, dict):
        raise BadInput("a pack is a mapping: source, tools, reviews, claims and so on", Place(file, 1))
    pack = _validated(value, where)
    if pack.imports is None and not any(getattr(pack, kind) for kind in _KINDS):
        raise BadInput(f"there is nothing in it: give at least one of {', '.join(_KINDS)}", Place(file))
    return PackFile(pack, where)


def _validated(value: dict[str, Any], where: Where) -> Pack:
    try:
        return Pack.model_validate(value)
    except ValidationError as error:
        fault = complaint(error, Pack)
        raise BadInput(fault.message, where(fault.path)) from error


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
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise BadInput(f"this is not JSON: {error.msg}", Place(file, error.lineno)) from error
    except RecursionError as error:
        raise BadInput("it is nested too deeply: a pack is four levels deep", Place(file)) from error
    except _Twice as error:
        raise _twice(text, file) from error
    except ValueError as error:
        raise BadInput(f"this is not JSON for a pack: {error}", Place(file)) from error


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
    """The complaint about a name that a record has twice, at its second place."""
    seen: set[FieldPath] = set()
    place = Place(file)
    for path, line in json_lines(text):
        place = Place(file, line, field_name(path))
        if path in seen:
            break
        seen.add(path)
    return BadInput("this name stands here twice: write it once", place)
