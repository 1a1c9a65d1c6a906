"""From what somebody wrote, in the file or in a variable, to a value of the setting's type; and back."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any


def convert(raw: Any, kind: Any) -> Any:
    """Convert `raw` to a `kind`, the type of a setting; raises ValueError that says what was expected instead."""
    try:
        # What is not in the table is a StrEnum.
        return _CONVERTERS.get(kind, kind)(raw)
    except (ValueError, TypeError, ArithmeticError) as error:
        expected = _EXPECTED.get(kind) or f"one of {', '.join(kind)}"
        raise ValueError(f"is {shown(raw)}, but {expected} was expected") from error


def shown(raw: Any) -> str:
    """Write a value as somebody would in the file."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return json.dumps(raw, ensure_ascii=False)
    return "a list" if isinstance(raw, list) else "a table" if isinstance(raw, dict) else str(raw)


#: What is shown in the place of a secret.
HIDDEN = "********"

#: What stands between a user and the host of a URL: all of it, also where a password was written with an @ or a / of its own.
_OF_USER = re.compile(r"(://[^:/@]*):.*@")
_AS_VALUE = re.compile(r"([?&]\w*pass(?:word|phrase)?=)[^&\"]*", re.IGNORECASE)


def without_password(url: str) -> str:
    """Return a database's URL without the passwords in it, however it is written."""
    return _AS_VALUE.sub(rf"\1{HIDDEN}", _OF_USER.sub(rf"\1:{HIDDEN}@", url))


def toml_value(value: Any) -> str:
    """Write a setting's value as newsletter.toml has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        for unit, size in (("h", 3600), ("m", 60)):
            if seconds and seconds % size == 0:
                return f'"{seconds // size}{unit}"'
        return f'"{seconds}s"'
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return json.dumps("" if value is None else str(value), ensure_ascii=False)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError
    if any(ord(character) < 32 and character != "\n" for character in raw):
        raise ValueError
    return raw.strip()


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise TypeError
    number = int(raw)
    if number < 0:
        raise ValueError
    return number


def _yes_or_no(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).lower()
    if word not in ("true", "1", "yes", "false", "0", "no"):
        raise ValueError
    return word in ("true", "1", "yes")


def _names(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if not isinstance(raw, list):
        raise TypeError
    return tuple(_text(part) for part in raw)


#: A century: what is longer is a slip, and leads out of the calendar.
_LONGEST = timedelta(days=36_525)


def _duration(raw: Any) -> timedelta:
    """Read "48h", "90m", "2d" or "30s"."""
    number, unit = _text(raw)[:-1], _text(raw)[-1:]
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if unit not in seconds or not 0 <= Decimal(number) * seconds[unit] <= _LONGEST.total_seconds():
        raise ValueError
    return timedelta(seconds=float(Decimal(number)) * seconds[unit])


def _needed_path(raw: Any) -> Path:
    if not _text(raw):
        raise ValueError
    return Path(_text(raw))


_CONVERTERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    bool: _yes_or_no,
    tuple[str, ...]: _names,
    timedelta: _duration,
    Path: _needed_path,
    Path | None: lambda raw: Path(_text(raw)) if raw else None,
}

_EXPECTED: dict[Any, str] = {
    str: "a text",
    int: "a whole number from 0",
    bool: "true or false",
    tuple[str, ...]: "a list of texts",
    timedelta: 'a duration such as "90m", "48h" or "2d"',
    Path: "a path",
    Path | None: "a path",
}
