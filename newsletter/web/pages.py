"""How a page is written: a frozen dataclass for what its template sees, and the template, as HTML.

A page's template sees the fields of its dataclass and `site`; a test holds each to the other. The templates are
templates/web/<page>.html.j2, found like those of mails: the operator's own folder first, then ours.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from newsletter.app import App
from newsletter.config import Settings
from newsletter.db.statuses import ReaderStatus
from newsletter.digest.wording import category_name
from newsletter.editing.cache import DeskCache
from newsletter.errors import BadInput, BadLink
from newsletter.readers.links import LinkTarget, Purpose, link
from newsletter.readers.store import Reader, find_reader_by_id
from newsletter.render.markdown import line_to_html
from newsletter.web.assets import asset, mark_path, style_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page says of the newsletter. URLs are without a slash at their end."""

    name: str
    language: str
    public_url: str
    site_url: str
    style_path: str
    mark_path: str
    controller: str
    privacy_url: str
    postal_address: str
    reply_to: str

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        return cls(
            name=settings.site.name,
            language=settings.site.language,
            public_url=settings.site.public_url.rstrip("/"),
            site_url=settings.site.url,
            style_path=style_path(),
            mark_path=mark_path(settings.site.name),
            controller=settings.site.controller,
            privacy_url=settings.site.privacy_url,
            postal_address=settings.site.postal_address,
            reply_to=settings.mail.reply_to,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page's template sees, beside `site`."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLinkPage(Page):
    """For every link that is forged, cut, meant for something else, too old, or nobody's: always the same."""

    template: ClassVar[str] = "bad-link"


@dataclass(frozen=True, slots=True, kw_only=True)
class TroublePage(Page):
    """Something else that did not work, and what to do."""

    template: ClassVar[str] = "trouble"
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one installation."""

    site: Site
    environment: jinja2.Environment

    @classmethod
    def of(cls, app: App) -> "Pages":
        return cls(Site.of(app.settings), make_environment(app.template_folders, app.settings.zone))

    def write(self, page: Page) -> str:
        """The page as HTML."""
        values = {each.name: getattr(page, each.name) for each in fields(page)}
        return self.environment.get_template(f"web/{page.template}.html.j2").render(values, site=self.site)


def make_environment(folders: Sequence[Path], zone: ZoneInfo) -> jinja2.Environment:
    """Strict and sandboxed, every value escaped; moments are shown as the clocks of `zone` show them."""
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        long_date=_long_date,
        moment=lambda at: _moment(at, zone),
        initials=_initials,
        asset=asset,
        category_name=category_name,
        note=_note,
    )
    return environment


def show(request: Request, page: Page, status: int = 200) -> HTMLResponse:
    """Answer with a page. Unless the response says otherwise it is personal: security.py keeps it from caches."""
    pages: Pages = request.app.state.pages
    return HTMLResponse(pages.write(page), status)


def _long_date(day: date) -> str:
    """Thursday 26 November 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    """26 Nov 2026 09:00."""
    return f"{at.astimezone(zone):%d %b %Y %H:%M}"


def _note(markdown: str) -> Markup:
    """An editor's note on one item: its Markdown, cleaned by render/markdown.py."""
    return Markup(line_to_html(markdown).markup)


def _initials(name: str) -> list[str]:
    """The first letters of a name's first two words."""
    return [word[0] for word in name.split()[:2]]


# What a form sent: the fields as texts, whatever way they came. What they mean is said where they are used.

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


# Reads the token of a personal page's address. Whatever is wrong with it, the visitor sees the same page.


def target_of(app: App, purpose: Purpose, token: str) -> LinkTarget:
    """Whom a lasting link is for; raises BadLink."""
    return app.links.read(purpose, token)


def reader_of(app: App, connection: Connection, purpose: Purpose, token: str) -> Reader:
    """The reader of a lasting link, who has not been erased; raises BadLink."""
    return _known(connection, app.links.read(purpose, token).reader_id)


def reader_of_dated(app: App, connection: Connection, purpose: Purpose, token: str) -> Reader:
    """The reader of a link that expires; raises BadLink."""
    return _known(connection, app.links.read_dated(purpose, token, app.clock.now()).reader_id)


def personal_url(app: App, purpose: Purpose, reader_id: int) -> str:
    """The address of a reader's lasting page."""
    return link(app.settings.site.public_url, purpose, app.links.token(purpose, reader_id))


def _known(connection: Connection, reader_id: int) -> Reader:
    reader = find_reader_by_id(connection, reader_id)
    if reader is None or reader.status is ReaderStatus.ERASED:
        raise BadLink
    return reader


# What a route asks for to reach the installation it serves.


async def _installation(request: Request) -> App:
    # async, so that FastAPI does not send it through a thread
    app: App = request.app.state.newsletter
    return app


#: The opened installation: `def page(app: Installed) -> Response`.
Installed = Annotated[App, Depends(_installation)]


def cache_of(request: Request) -> DeskCache:
    """What the running desk remembers of the installation."""
    cache: DeskCache = request.app.state.cache
    return cache


#: The same: `def page(cache: Cached) -> Response`.
Cached = Annotated[DeskCache, Depends(cache_of)]
