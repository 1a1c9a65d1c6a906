"""What a form sent: the fields as texts, whatever way they came. What they mean is said where they are used."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from newsletter.errors import BadInput

MOST_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class Fields:
    """A form's fields: `one` holds the first value of each name, `many` all of them."""

    one: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The field's first value; empty when it was not sent."""
        return self.one.get(name, "")


async def read_form(request: Request) -> Fields:
    """The fields of a URL-encoded or multipart body; raises BadInput for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return _fields(await _multipart(request))
        text = (await request.body()).decode("utf-8")
        return _fields(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except (ValueError, MultiPartException, HTTPException) as error:
        raise BadInput("This form did not arrive whole. Please go back and try again.") from error


async def read_any_form(request: Request) -> Fields:
    """Like `read_form`, but what cannot be read is an empty form: for leaving, which nothing may stop."""
    try:
        return await read_form(request)
    except BadInput:
        return Fields()


async def _multipart(request: Request) -> list[tuple[str, str]]:
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _fields(pairs: Sequence[tuple[str, str]]) -> Fields:
    many: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        many[name].append(value)
    return Fields({name: values[0] for name, values in many.items()}, many)


#: A form that must be whole.
Form = Annotated[Fields, Depends(read_form)]

#: A form that may be anything.
AnyForm = Annotated[Fields, Depends(read_any_form)]
