"""How a feed and a sitemap are written: Atom 1.0 (RFC 4287), RSS 2.0, JSON Feed 1.1, sitemaps.org."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

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
    """Every public page, with when it appeared where that is known."""
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
