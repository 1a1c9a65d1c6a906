"""The part of YAML that a pack needs, as plain values with the line of each. No anchors, aliases, tags, merges.

Built on the parser's events, so nothing is ever expanded: neither an alias bomb nor a thousand brackets get past
the first of their kind. Words are words (`no`, `on`, `12:30`, `010`); dates stay text until a field wants a date.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,30})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9]\d{0,30})?\.\d{1,30}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


class NotPlainYaml(ValueError):
    """What cannot be read, and its line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


def read_yaml(text: str, lines: dict[Path, int], depth: int) -> Any:
    """The one document of `text`; fills `lines` with the line of everything in it."""
    try:
        return _Reader(text, lines, depth).read()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise NotPlainYaml(f"this is not YAML: {error.problem or error.context}", line) from error
    except yaml.YAMLError as error:
        raise NotPlainYaml(f"this is not YAML: {' '.join(str(error).split())}") from error


class _Reader:
    def __init__(self, text: str, lines: dict[Path, int], depth: int) -> None:
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

    def _value(self, event: Event, path: Path) -> Any:
        _refuse_extras(event)
        if len(path) > self.depth:
            raise NotPlainYaml("it is nested too deeply: a pack is four levels deep", _line(event))
        self.lines.setdefault(path, _line(event))
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: Path) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            values.append(self._value(event, (*path, len(values))))
        return values

    def _mapping(self, path: Path) -> dict[str, Any]:
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
    """A plain word as null, true, false or a number where it is one; anything quoted as text."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
