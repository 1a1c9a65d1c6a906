"""The archive: the list of issues with search, and each issue whole. The same for everybody, without personal data.

What an issue says is in digest/archived.py: what approval froze.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.digest.archive import (
    ArchivedIssue,
    FullTool,
    OverflowMention,
    find_entries,
    find_issue,
)
from newsletter.digest.content import CitedSource, Compared, IssueContent, PrintedDispute
from newsletter.digest.errata import Erratum
from newsletter.editing.preview import view_issue
from newsletter.errors import BadLink, NotFound, StoreError
from newsletter.readers.links import Purpose
from newsletter.render.markdown import to_html
from newsletter.web.caching import Written, answer, answer_again
from newsletter.web.feeds import Shelf, shelves_of
from newsletter.web.pages import Installed, Page, Pages, reader_of, target_of

router = APIRouter(include_in_schema=False)

HTML = "text/html; charset=utf-8"
#: As much of a question as is searched for, and as many answers as are shown.
MOST_QUERY, MOST_RESULTS = 200, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLine:
    """An issue in a list."""

    path: str
    label: str
    subject: str
    preheader: str
    date_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Something that a search found, and the issue that says it."""

    path: str
    title: str
    words: str
    issue: IssueLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage(Page):
    """Every issue by year; with a `query`, what was found instead. `is_full` says that there is more."""

    template: ClassVar[str] = "archive"
    years: tuple[tuple[int, tuple[IssueLine, ...]], ...]
    query: str
    results: tuple[Result, ...]
    is_full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage(Page):
    """One issue, whole: the letter as it was approved, and beside it what the mail had no room for."""

    template: ClassVar[str] = "issue"
    path: str
    label: str
    letter: IssueContent
    note: Markup
    comparisons: dict[str, Compared]
    tools: dict[str, FullTool]
    mentions: tuple[OverflowMention, ...]
    origins: tuple[CitedSource, ...]
    disputes: tuple[PrintedDispute, ...]
    errata: tuple[Erratum, ...]
    #: What readers voted on each comparison: tool, ship, skip.
    votes: dict[str, tuple[tuple[str, int, int], ...]]
    published_at: str
    updated_at: str
    older: IssueLine | None
    newer: IssueLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsPage(Page):
    """Which feeds there are."""

    template: ClassVar[str] = "feeds"
    categories: tuple[Shelf, ...]
    tools: tuple[Shelf, ...]


@router.get("/")
@router.get("/archive")
def archive(request: Request, app: Installed, q: str = "") -> Response:
    shown = app.archive.issues()
    query = " ".join(q[:MOST_QUERY].split())
    if not query:
        return answer_again(request, app, shown, lambda: _list(request, shown, ""))
    response = answer(request, _list(request, shown, query).body, HTML)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _list(request: Request, shown: tuple[ArchivedIssue, ...], query: str) -> Written:
    found = tuple(islice(find_entries(shown, query), MOST_RESULTS + 1))
    page = ArchivePage(
        years=tuple(_by_year(shown)),
        query=query,
        results=tuple(
            Result(
                path=f"{_path(issue)}#{entry.anchor}",
                title=entry.title,
                words=entry.words,
                issue=_line(issue),
            )
            for issue, entry in found[:MOST_RESULTS]
        ),
        is_full=len(found) > MOST_RESULTS,
    )
    return Written(body=_written(request, page), media_type=HTML)


@router.get("/archive/feeds")
def feeds(request: Request, app: Installed) -> Response:
    shown = app.archive.issues()

    def write() -> Written:
        categories, tools = shelves_of(shown)
        page = FeedsPage(categories=categories, tools=tools)
        return Written(body=_written(request, page), media_type=HTML)

    return answer_again(request, app, shown, write)


@router.get("/archive/{slug}")
def issue(request: Request, app: Installed, slug: str) -> Response:
    shown = app.archive.issues()
    found = find_issue(shown, slug)
    return answer_again(request, app, shown, lambda: _issue(request, app, shown, found))


def _issue(request: Request, app: App, shown: tuple[ArchivedIssue, ...], found: ArchivedIssue) -> Written:
    place = shown.index(found)
    record, letter = found.record, found.letter
    voted, counted_at = _voted(app, found)
    page = IssuePage(
        path=_path(found),
        label=_label(found),
        letter=letter,
        # The editor's own Markdown, cleaned by render/markdown.py.
        note=Markup(to_html(letter.note).markup) if letter.note else Markup(""),
        comparisons=dict(found.full_comparisons),
        tools=dict(found.full_tools),
        mentions=record.mentions,
        origins=_origins(*letter.sources.origins, *record.sources.origins),
        disputes=_disputes(*letter.sources.disputes, *record.sources.disputes),
        errata=found.errata,
        votes=voted,
        published_at=found.started_at.isoformat(timespec="seconds"),
        updated_at=found.updated_at.isoformat(timespec="seconds"),
        older=_line(shown[place + 1]) if place + 1 < len(shown) else None,
        newer=_line(shown[place - 1]) if place else None,
    )
    last = max(found.updated_at, counted_at)
    return Written(body=_written(request, page), media_type=HTML, modified_at=last)


def _voted(app: App, issue: ArchivedIssue) -> tuple[dict[str, tuple[tuple[str, int, int], ...]], datetime]:
    """What readers voted on the issue's comparisons, and when that was counted last; its start where nobody did."""
    try:
        with ContentStore.read_only(app.settings.path(app.settings.paths.content_db)) as content:
            counted = content.reader_votes(issue.full_comparisons)
    except StoreError:
        # The archive outlives the store of content: docs/decisions/005.
        counted = ()
    by_comparison = {
        key: tuple(
            (side.name, each.ship, each.skip)
            for side in (full.left, full.right)
            for each in counted
            if (each.comparison_id, each.tool_id) == (key, side.tool_id)
        )
        for key, full in issue.full_comparisons.items()
    }
    last = max((each.closed_at for each in counted), default=issue.started_at)
    return {key: said for key, said in by_comparison.items() if said}, last


def _written(request: Request, page: Page) -> str:
    pages: Pages = request.app.state.pages
    return pages.write(page)


def _path(issue: ArchivedIssue) -> str:
    return f"/archive/{issue.slug}"


def _label(issue: ArchivedIssue) -> str:
    return f"{issue.edition.value.capitalize()} issue {issue.number}"


def _line(issue: ArchivedIssue) -> IssueLine:
    return IssueLine(
        path=_path(issue),
        label=_label(issue),
        subject=issue.letter.subject,
        preheader=issue.letter.preheader,
        date_on=issue.letter.masthead.date_on,
    )


def _by_year(shown: Iterable[ArchivedIssue]) -> Iterable[tuple[int, tuple[IssueLine, ...]]]:
    for year, group in groupby(shown, key=lambda each: each.letter.masthead.date_on.year):
        yield year, tuple(_line(each) for each in group)


def _origins(*origins: CitedSource) -> tuple[CitedSource, ...]:
    """Each source once, dated as in the mail where the mail names it."""
    named: dict[tuple[str, str], CitedSource] = {}
    for each in origins:
        named.setdefault((each.name, each.url), each)
    return tuple(named.values())


def _disputes(*disputes: PrintedDispute) -> tuple[PrintedDispute, ...]:
    differing: dict[tuple[str, str], PrintedDispute] = {}
    for each in disputes:
        differing.setdefault((each.tool_id, each.attribute), each)
    return tuple(differing.values())


# View in browser: a reader's own copy of an issue, by the signed link in the mail.
#
# It is the mail's HTML as it was sent, so this one page allows the styles that stand in it; scripts stay forbidden, as
# everywhere. A page has a main landmark, which a mail has no use for. The page is personal: no cache, no search engine.


SECURITY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@router.get("/view/{token}")
def view(request: Request, app: Installed, token: str) -> Response:
    target = target_of(app, Purpose.VIEW, token)
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.VIEW, token)
    try:
        html = view_issue(app, target.issue_id, reader.id)
    except NotFound as error:
        raise BadLink from error
    return HTMLResponse(_as_page(html), headers={"Content-Security-Policy": SECURITY})


def _as_page(html: str) -> str:
    opened = re.sub(r"<body\b[^>]*>", r"\g<0><main>", html, count=1)
    return "</main></body>".join(opened.rsplit("</body>", 1))
