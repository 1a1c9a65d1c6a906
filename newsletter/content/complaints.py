"""What pydantic finds wrong with a pack, in one plain sentence: what stands there and what would be right."""

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from newsletter.content.references import Fault, Path

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
    "dict_type": "a record with named fields is right",
    "string_pattern_mismatch": "an id is right: lower-case letters and digits, with . _ - between them",
}


def complaint(error: ValidationError, model: type[BaseModel]) -> Fault:
    """The first thing wrong, and how many more there are."""
    found = error.errors(include_url=False)
    record = found[0]["loc"][:-1]
    # A name that is written wrong is an unknown field and a missing one: the first says more.
    unknown = (each for each in found if each["type"] == "extra_forbidden" and each["loc"][:-1] == record)
    first = next(unknown, found[0])
    path: Path = tuple(first["loc"])
    others = "" if len(found) == 1 else f" (and {len(found) - 1} more)"
    return Fault(path, _message(first, path, model) + others)


def _message(error: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown_field(str(path[-1]), _fields(model, path[:-1]))
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


def _unknown_field(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f"do you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"there is no such field: {hint}"


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The fields of the record at a path of the model."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(each for each in _models(model.model_fields[part].annotation))
    return list(model.model_fields)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation such as `tuple[ToolEntry, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
