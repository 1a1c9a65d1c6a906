"""On which line everything of a JSON text stands. Python's parser does not say; this looks only when asked."""

import json
import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\]:,"]+', re.DOTALL)


def json_lines(text: str) -> Iterator[tuple[Path, int]]:
    """The path and line of every member and element, in the order of a text that the parser has accepted."""
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


def _path(path: list[str | int | None]) -> Path:
    return tuple(part for part in path if part is not None)
