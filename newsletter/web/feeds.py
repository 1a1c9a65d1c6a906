"""Feeds of the issues, of each category and of each tool: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1. And the sitemap.

The feed of everything has an entry for each issue, the others one for each thing said. How each form is written is in
feed_forms.py.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from fastapi import APIRouter, Request, Response

from newsletter.db.statuses import Edition
from newsletter.digest.archive import news_of
from newsletter.digest.archived import ArchivedIssue, Entry
from newsletter.errors import NotFound
from newsletter.web.feed_forms import FORMS, Feed, FeedEntry, sitemap_xml
from newsletter.web.installation import Installed
from newsletter.web.pages import Site
from newsletter.web.public import answer
from newsletter.web.remembering import Written, answer_again

router = APIRouter(include_in_schema=False)

#: Entries of a feed: more than a reader's program that slept for months will miss.
MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A category or a tool that has a feed: its name, and how addresses call it."""

    name: str
    slug: str


@router.get("/feed.{form}")
def everything(request: Request, app: Installed, form: str) -> Response:
    shown = app.archive.issues()
    site = Site.of(app.settings)

    def write() -> Written:
        entries = tuple(_issue_entry(each, site) for each in shown[:MOST_ENTRIES])
        return _write(site, form, f"/feed.{form}", site.name, entries)

    return answer_again(request, app, shown, write)


@router.get("/feed/category/{slug}.{form}")
def category(request: Request, app: Installed, slug: str, form: str) -> Response:
    shown = app.archive.issues()
    shelf = _shelf(shelves_of(shown)[0], slug, "category")
    said = _said(shown, lambda entry: slug in map(_slug, entry.categories))
    return _shelf_feed(request, app, form, f"/feed/category/{slug}.{form}", shelf, said)


@router.get("/feed/tool/{slug}.{form}")
def tool(request: Request, app: Installed, slug: str, form: str) -> Response:
    shown = app.archive.issues()
    shelf = _shelf(shelves_of(shown)[1], slug, "tool")
    said = _said(shown, lambda entry: slug in entry.tool_ids)
    return _shelf_feed(request, app, form, f"/feed/tool/{slug}.{form}", shelf, said)


@router.get("/sitemap.xml")
def sitemap(request: Request, app: Installed) -> Response:
    base = Site.of(app.settings).public_url
    shown = app.archive.issues()
    pages: list[tuple[str, datetime | None]] = [
        (f"{base}/archive", _newest(shown)),
        (f"{base}/subscribe", None),
    ]
    pages += [(f"{base}/archive/{each.slug}", each.updated_at) for each in shown]
    return answer(request, sitemap_xml(pages), "application/xml", _newest(shown))


@router.get("/robots.txt")
def robots(request: Request, app: Installed) -> Response:
    """Personal pages forbid themselves to be listed, in each answer; here they would only be made known."""
    base = Site.of(app.settings).public_url
    return answer(
        request, f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n", "text/plain; charset=utf-8"
    )


def shelves_of(shown: Iterable[ArchivedIssue]) -> tuple[tuple[Shelf, ...], tuple[Shelf, ...]]:
    """The categories and the tools that issues speak of, by name."""
    categories: dict[str, str] = {}
    tools: dict[str, str] = {}
    for issue in news_of(shown):
        for entry in issue.entries:
            for name in entry.categories:
                categories.setdefault(_slug(name), name)
        for tool_id, name in _tool_names(issue):
            tools.setdefault(tool_id, name)
    return _sorted(categories), _sorted(tools)


def _sorted(named: dict[str, str]) -> tuple[Shelf, ...]:
    shelves = (Shelf(name=name, slug=slug) for slug, name in named.items())
    return tuple(sorted(shelves, key=lambda each: each.name.casefold()))


def _tool_names(issue: ArchivedIssue) -> Iterator[tuple[str, str]]:
    for comparison in issue.record.comparisons:
        for side in (comparison.left, comparison.right):
            yield side.tool_id, side.name
    for card in issue.letter.cards:
        yield card.tool_id, card.name


def _slug(name: str) -> str:
    """A category as part of an address."""
    return re.sub(r"\W+", "-", name.casefold()).strip("-") or "other"


def _shelf(shelves: Iterable[Shelf], slug: str, kind: str) -> Shelf:
    for each in shelves:
        if each.slug == slug:
            return each
    raise NotFound(kind, slug)


def _said(
    shown: Iterable[ArchivedIssue], about: Callable[[Entry], bool]
) -> Iterator[tuple[ArchivedIssue, Entry]]:
    return ((issue, entry) for issue in news_of(shown) for entry in issue.entries if about(entry))


def _shelf_feed(
    request: Request,
    app: Installed,
    form: str,
    path: str,
    shelf: Shelf,
    said: Iterable[tuple[ArchivedIssue, Entry]],
) -> Response:
    site = Site.of(app.settings)
    entries = tuple(_entry(issue, entry, site) for issue, entry in islice(said, MOST_ENTRIES))
    page = _write(site, form, path, f"{site.name}: {shelf.name}", entries)
    return answer(request, page.body, page.media_type, page.modified_at)


def _write(site: Site, form: str, path: str, title: str, entries: tuple[FeedEntry, ...]) -> Written:
    if form not in FORMS:
        raise NotFound("feed", path)
    feed = Feed(
        title=title,
        url=f"{site.public_url}{path}",
        home_url=f"{site.public_url}/archive",
        language=site.language,
        author=site.name,
        entries=entries,
    )
    media_type, write = FORMS[form]
    return Written(body=write(feed), media_type=media_type, modified_at=feed.updated_at)


def _issue_entry(issue: ArchivedIssue, site: Site) -> FeedEntry:
    url = f"{site.public_url}/archive/{issue.slug}"
    return FeedEntry(
        id=url,
        url=url,
        title=_title(issue),
        summary=issue.letter.preheader,
        points=tuple((each.title, each.words, f"{url}#{each.anchor}") for each in issue.entries),
        published_at=issue.started_at,
        updated_at=issue.updated_at,
        categories=tuple(dict.fromkeys(name for each in issue.entries for name in each.categories)),
    )


def _title(issue: ArchivedIssue) -> str:
    """The subject; a monthly issue, which says again what weekly ones said, is named as one."""
    subject = issue.letter.subject
    return subject if issue.edition is Edition.WEEKLY else f"Monthly issue {issue.number}: {subject}"


def _entry(issue: ArchivedIssue, entry: Entry, site: Site) -> FeedEntry:
    url = f"{site.public_url}/archive/{issue.slug}#{entry.anchor}"
    # What issues only mention shares an anchor: the tools tell them apart.
    id_ = url if entry.anchor != "also-new" else f"{url}-{'-vs-'.join(entry.tool_ids)}"
    return FeedEntry(
        id=id_,
        url=url,
        title=entry.title,
        summary=entry.words or f"In {issue.letter.masthead.name}, issue {issue.number}.",
        points=(),
        published_at=issue.started_at,
        updated_at=issue.updated_at,
        categories=entry.categories,
    )


def _newest(shown: tuple[ArchivedIssue, ...]) -> datetime | None:
    return max((each.updated_at for each in shown), default=None)
