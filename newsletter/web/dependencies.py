"""What a route asks for, as FastAPI dependencies: the installation, an issue, the fields of a form, the reader of a link.

    @router.post("/…/{token}")
    def page(request: Request, app: Installed, token: str, form: Form) -> Response:
        with app.database.read() as connection:
            reader = reader_of(app, connection, Purpose.PREFERENCES, token)

Whatever is wrong with a link raises BadLink, and the visitor sees the same page. Who may use the editors' desk is in
desk/auth.py.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from newsletter.app import App
from newsletter.db.statuses import ReaderStatus
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.cache import DeskCache
from newsletter.errors import N_, BadInput, BadLink, NewsletterError, is_operators
from newsletter.language import Language
from newsletter.readers.links import LinkTarget, Purpose, link
from newsletter.readers.store import Reader, find_reader_by_id, resolve_target

# The installation


async def _installation(request: Request) -> App:
    # async, so that FastAPI does not send it through a thread
    app: App = request.app.state.newsletter
    return app


#: The opened installation: `def page(app: Installed) -> Response`.
Installed = Annotated[App, Depends(_installation)]


def language_of(request: Request) -> Language:
    """Return what readers' pages are written in."""
    app: App = request.app.state.newsletter
    return app.settings.language


def cache_of(request: Request) -> DeskCache:
    """Return what the running desk remembers of the installation."""
    cache: DeskCache = request.app.state.cache
    return cache


#: The same as a dependency: `def page(cache: Cached) -> Response`.
Cached = Annotated[DeskCache, Depends(cache_of)]


def issue_of(app: Installed, issue_id: int) -> Issue:
    """Return the issue of a path's `issue_id`; raises NotFound."""
    with app.database.read() as connection:
        return get_issue(connection, issue_id)


#: The same as a dependency, after whoever may see it: `def page(editor: AnyEditor, issue: OneIssue) -> Response`.
OneIssue = Annotated[Issue, Depends(issue_of)]


# Forms

MOST_FIELDS = 1000
#: A whole number that a database can hold.
WHOLE = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Fields:
    """A form's fields: `one` holds the first value of each name, `many` all of them."""

    one: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return the field's first value; empty when it was not sent."""
        return self.one.get(name, "")

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return those of the field's values that are whole numbers which a database can hold."""
        return tuple(int(each) for each in self.many.get(name, ()) if WHOLE.fullmatch(each))


async def read_form(request: Request) -> Fields:
    """Read the fields of a URL-encoded or multipart body; raises BadInput for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            form = await request.form(max_files=0, max_fields=MOST_FIELDS)
            return _fields([(name, value) for name, value in form.multi_items() if isinstance(value, str)])
        text = (await request.body()).decode("utf-8")
        return _fields(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except (ValueError, MultiPartException, HTTPException) as error:
        raise BadInput(N_("This form did not arrive whole. Please go back and try again.")) from error


async def read_any_form(request: Request) -> Fields:
    """Read a form, one that cannot be read as an empty one: for leaving, which nothing may stop."""
    try:
        return await read_form(request)
    except BadInput:
        return Fields()


def _fields(pairs: Sequence[tuple[str, str]]) -> Fields:
    many: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        many[name].append(value)
    return Fields({name: values[0] for name, values in many.items()}, many)


#: A form that must be whole.
Form = Annotated[Fields, Depends(read_form)]

#: A form that may be anything.
AnyForm = Annotated[Fields, Depends(read_any_form)]


def fault_words(app: App, error: NewsletterError) -> str:
    """Return what a visitor did wrong, in the language of the pages; raises what is the operator's to mend."""
    if is_operators(error):
        raise error
    return app.settings.language.error(error)


# Links


def reader_of(app: App, connection: Connection, purpose: Purpose, token: str) -> Reader:
    """Return the reader of a lasting link, who has not been erased; raises BadLink."""
    return _known(connection, app.links.read(purpose, token))


def reader_of_dated(app: App, connection: Connection, purpose: Purpose, token: str) -> Reader:
    """Return the reader of a link that expires; raises BadLink."""
    return _known(connection, app.links.read_dated(purpose, token, app.clock.now()))


def personal_url(app: App, purpose: Purpose, reader: Reader) -> str:
    """Return the address of a reader's lasting page."""
    token = app.links.token(purpose, reader.id, reader_salt=reader.salt)
    return link(app.settings.site.public_url, purpose, token)


def _known(connection: Connection, signed: LinkTarget) -> Reader:
    reader = find_reader_by_id(connection, resolve_target(connection, signed).reader_id)
    if reader is None or reader.status is ReaderStatus.ERASED:
        raise BadLink
    return reader
