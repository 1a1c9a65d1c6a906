"""Feeds of the issues, of each category and of each tool: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1. And the sitemap.

The feed of everything has an entry for each issue, the others one for each thing said.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from itertools import islice
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from fastapi import APIRouter, Request, Response

from newsletter.db.statuses import Edition
from newsletter.digest.archive import ArchivedIssue, ArchiveEntry, news_of
from newsletter.errors import NotFound
from newsletter.language import Language
from newsletter.web.caching import CachedPage, respond, respond_cached
from newsletter.web.dependencies import Installed
from newsletter.web.pages import Site

router = APIRouter(include_in_schema=False)

#: Entries of a feed: more than a reader's program that slept for months will miss.
MOST_ENTRIES = 50

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: What XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

register_namespace("atom", ATOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An issue, or one thing that it says. `points` are title, words and address of what an issue says."""

    id: str
    url: str
    title: str
    summary: str
    points: tuple[tuple[str, str, str], ...]
    published_at: datetime
    #: When it was last corrected, or it appeared.
    updated_at: datetime
    categories: tuple[str, ...]

    @property
    def html(self) -> str:
        """The entry's content as HTML."""
        points = "".join(
            f'<li><a href="{escape(url)}">{escape(title)}</a>{": " if words else ""}{escape(words)}</li>'
            for title, words, url in self.points
        )
        return f"<p>{escape(self.summary)}</p>" + (f"<ul>{points}</ul>" if points else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed, its newest entry first. `url` is its own address."""

    title: str
    url: str
    home_url: str
    language: str
    author: str
    entries: tuple[FeedEntry, ...]

    @property
    def updated_at(self) -> datetime:
        return max((each.updated_at for each in self.entries), default=_NEVER)


def atom(feed: Feed) -> str:
    root = Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    _put(root, "id", feed.url)
    _put(root, "title", feed.title)
    _put(root, "updated", _rfc3339(feed.updated_at))
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.url})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.home_url})
    _put(SubElement(root, "author"), "name", feed.author)
    for each in feed.entries:
        entry = SubElement(root, "entry")
        _put(entry, "id", each.id)
        _put(entry, "title", each.title)
        _put(entry, "published", _rfc3339(each.published_at))
        _put(entry, "updated", _rfc3339(each.updated_at))
        SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": each.url})
        for name in each.categories:
            SubElement(entry, "category", {"term": _clean(name)})
        _put(entry, "summary", each.summary)
        _put(entry, "content", each.html, type="html")
    return _document(root)


def rss(feed: Feed) -> str:
    root = Element("rss", {"version": "2.0"})
    channel = SubElement(root, "channel")
    _put(channel, "title", feed.title)
    _put(channel, "link", feed.home_url)
    _put(channel, "description", feed.title)
    _put(channel, "language", feed.language)
    _put(channel, "lastBuildDate", _rfc822(feed.updated_at))
    link = {"rel": "self", "type": "application/rss+xml", "href": feed.url}
    SubElement(channel, f"{{{ATOM}}}link", link)
    for each in feed.entries:
        item = SubElement(channel, "item")
        _put(item, "title", each.title)
        _put(item, "link", each.url)
        _put(item, "guid", each.id, isPermaLink="true" if each.id == each.url else "false")
        _put(item, "pubDate", _rfc822(each.published_at))
        # RSS has no date of a change; Atom's may stand in it as an element of its namespace.
        _put(item, f"{{{ATOM}}}updated", _rfc3339(each.updated_at))
        for name in each.categories:
            _put(item, "category", name)
        _put(item, "description", each.html)
    return _document(root)


def json_feed(feed: Feed) -> str:
    items = [
        {
            "id": each.id,
            "url": each.url,
            "title": each.title,
            "summary": each.summary,
            "content_html": each.html,
            "date_published": _rfc3339(each.published_at),
            "date_modified": _rfc3339(each.updated_at),
            "tags": list(each.categories),
        }
        for each in feed.entries
    ]
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.url,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": items,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


#: Media type and writer by the ending of a feed's address.
FORMS: Mapping[str, tuple[str, Callable[[Feed], str]]] = {
    "atom": ("application/atom+xml; charset=utf-8", atom),
    "rss": ("application/rss+xml; charset=utf-8", rss),
    "json": ("application/feed+json", json_feed),
}


def sitemap_xml(pages: Iterable[tuple[str, datetime | None]]) -> str:
    """Write every public page, with when it appeared where that is known."""
    root = Element("urlset", {"xmlns": SITEMAP})
    for address, modified_at in pages:
        url = SubElement(root, "url")
        _put(url, "loc", address)
        if modified_at is not None:
            _put(url, "lastmod", _rfc3339(modified_at))
    return _document(root)


def _put(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _document(root: Element) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


# The routes


@router.get("/feed.{form}")
def everything(request: Request, app: Installed, form: str) -> Response:
    shown = app.archive.issues()
    site = Site.of(app.settings)

    def write() -> CachedPage:
        entries = tuple(_issue_entry(each, site, app.settings.language) for each in shown[:MOST_ENTRIES])
        return _write(site, form, f"/feed.{form}", site.name, entries)

    return respond_cached(request, app, shown, write)


@router.get("/feed/category/{slug}.{form}")
def category(request: Request, app: Installed, slug: str, form: str) -> Response:
    return _part(request, app, "category", slug, form, lambda entry: slug in map(_slug, entry.categories))


@router.get("/feed/tool/{slug}.{form}")
def tool(request: Request, app: Installed, slug: str, form: str) -> Response:
    return _part(request, app, "tool", slug, form, lambda entry: slug in entry.tool_ids)


@router.get("/sitemap.xml")
def sitemap(request: Request, app: Installed) -> Response:
    base = Site.of(app.settings).public_url
    shown = app.archive.issues()
    pages: list[tuple[str, datetime | None]] = [
        (f"{base}/archive", _newest(shown)),
        (f"{base}/subscribe", None),
    ]
    pages += [(f"{base}/archive/{each.slug}", each.updated_at) for each in shown]
    return respond(request, sitemap_xml(pages), "application/xml", _newest(shown))


@router.get("/robots.txt")
def robots(request: Request, app: Installed) -> Response:
    """Name the sitemap. Personal pages forbid in each answer that they are listed; here they would only be made known."""
    base = Site.of(app.settings).public_url
    return respond(
        request, f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n", "text/plain; charset=utf-8"
    )


def feeds_of(shown: Iterable[ArchivedIssue]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the categories and the tools that have a feed: names by what addresses call them, in their order."""
    categories: dict[str, str] = {}
    tools: dict[str, str] = {}
    for issue in news_of(shown):
        for entry in issue.entries():
            for name in entry.categories:
                categories.setdefault(_slug(name), name)
        for tool_id, name in _tool_names(issue):
            tools.setdefault(tool_id, name)
    return _by_name(categories), _by_name(tools)


def _by_name(named: dict[str, str]) -> dict[str, str]:
    return dict(sorted(named.items(), key=lambda each: each[1].casefold()))


def _tool_names(issue: ArchivedIssue) -> Iterator[tuple[str, str]]:
    for comparison in issue.record.comparisons:
        for side in (comparison.left, comparison.right):
            yield side.tool_id, side.name
    for card in issue.letter.cards:
        yield card.tool_id, card.name


def _slug(name: str) -> str:
    """Return a category as part of an address."""
    return re.sub(r"\W+", "-", name.casefold()).strip("-") or "other"


def _part(
    request: Request, app: Installed, kind: str, slug: str, form: str, about: Callable[[ArchiveEntry], bool]
) -> Response:
    """Answer with the feed of one category or tool."""
    shown = app.archive.issues()
    categories, tools = feeds_of(shown)
    named = categories if kind == "category" else tools
    if slug not in named:
        raise NotFound(kind, slug)
    site = Site.of(app.settings)
    language = app.settings.language
    said = ((issue, entry) for issue in news_of(shown) for entry in issue.entries(language) if about(entry))
    entries = tuple(_entry(issue, entry, site, language) for issue, entry in islice(said, MOST_ENTRIES))
    path = f"/feed/{kind}/{slug}.{form}"
    page = _write(site, form, path, f"{site.name}: {named[slug]}", entries)
    return respond(request, page.body, page.media_type, page.modified_at)


def _write(site: Site, form: str, path: str, title: str, entries: tuple[FeedEntry, ...]) -> CachedPage:
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
    return CachedPage(body=write(feed), media_type=media_type, modified_at=feed.updated_at)


def _issue_entry(issue: ArchivedIssue, site: Site, language: Language) -> FeedEntry:
    url = f"{site.public_url}/archive/{issue.slug}"
    said = issue.entries(language)
    return FeedEntry(
        id=url,
        url=url,
        title=_title(issue, language),
        summary=issue.letter.preheader,
        points=tuple((each.title, each.words, f"{url}#{each.anchor}") for each in said),
        published_at=issue.started_at,
        updated_at=issue.updated_at,
        categories=tuple(dict.fromkeys(name for each in said for name in each.categories)),
    )


def _title(issue: ArchivedIssue, language: Language) -> str:
    """Return the subject; a monthly issue, which says again what weekly ones said, is named as one."""
    subject = issue.letter.subject
    if issue.edition is Edition.WEEKLY:
        return subject
    return language.gettext("Monthly issue %(number)s: %(subject)s", number=issue.number, subject=subject)


def _entry(issue: ArchivedIssue, entry: ArchiveEntry, site: Site, language: Language) -> FeedEntry:
    url = f"{site.public_url}/archive/{issue.slug}#{entry.anchor}"
    # What issues only mention shares an anchor: the tools tell them apart.
    id_ = url if entry.anchor != "also-new" else f"{url}-{'-vs-'.join(entry.tool_ids)}"
    return FeedEntry(
        id=id_,
        url=url,
        title=entry.title,
        summary=entry.words
        or language.gettext(
            "In %(name)s, issue %(number)s.", name=issue.letter.masthead.name, number=issue.number
        ),
        points=(),
        published_at=issue.started_at,
        updated_at=issue.updated_at,
        categories=entry.categories,
    )


def _newest(shown: tuple[ArchivedIssue, ...]) -> datetime | None:
    return max((each.updated_at for each in shown), default=None)
