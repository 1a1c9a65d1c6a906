"""The archive: the list of issues with search, each issue whole, and the mail in the browser.

Lists and issues are the same for everybody, without personal data, and cached. What an issue says is what approval froze:
digest/archive.py.
"""

import re
from datetime import datetime
from itertools import groupby, islice

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.digest.archive import (
    ArchivedIssue,
    find_entries,
    find_issue,
)
from newsletter.digest.content import CitedSource, PrintedDispute
from newsletter.editing.preview import view_issue
from newsletter.errors import BadLink, NotFound, StoreError
from newsletter.readers.links import Purpose
from newsletter.readers.store import resolve_target
from newsletter.render.markdown import to_html
from newsletter.web.caching import CachedPage, respond, respond_cached
from newsletter.web.dependencies import Installed, reader_of
from newsletter.web.feeds import feeds_of
from newsletter.web.pages import render

router = APIRouter(include_in_schema=False)

HTML = "text/html; charset=utf-8"
#: As much of a question as is searched for, and as many answers as are shown.
MOST_QUERY, MOST_RESULTS = 200, 100


@router.get("/")
@router.get("/archive")
def archive(request: Request, app: Installed, q: str = "") -> Response:
    shown = app.archive.issues()
    query = " ".join(q[:MOST_QUERY].split())
    if not query:
        return respond_cached(request, app, shown, lambda: _list(request, app, shown, ""))
    response = respond(request, _list(request, app, shown, query).body, HTML)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _list(request: Request, app: App, shown: tuple[ArchivedIssue, ...], query: str) -> CachedPage:
    found = tuple(islice(find_entries(shown, query, app.settings.language), MOST_RESULTS + 1))
    years = groupby(shown, key=lambda each: each.letter.masthead.date_on.year)
    body = render(
        request,
        "archive",
        years=[(year, list(group)) for year, group in years],
        query=query,
        results=found[:MOST_RESULTS],
        is_full=len(found) > MOST_RESULTS,
    )
    return CachedPage(body=body, media_type=HTML)


@router.get("/archive/feeds")
def feeds(request: Request, app: Installed) -> Response:
    shown = app.archive.issues()

    def write() -> CachedPage:
        categories, tools = feeds_of(shown)
        return CachedPage(body=render(request, "feeds", categories=categories, tools=tools), media_type=HTML)

    return respond_cached(request, app, shown, write)


@router.get("/archive/{slug}")
def issue(request: Request, app: Installed, slug: str) -> Response:
    shown = app.archive.issues()
    found = find_issue(shown, slug)
    return respond_cached(request, app, shown, lambda: _issue(request, app, shown, found))


def _issue(request: Request, app: App, shown: tuple[ArchivedIssue, ...], found: ArchivedIssue) -> CachedPage:
    place = shown.index(found)
    letter, record = found.letter, found.record
    votes, counted_at = _votes_on(app, found)
    # Each once, and dated as in the mail where the mail names it.
    origins: dict[tuple[str, str], CitedSource] = {}
    for origin in (*letter.sources.origins, *record.sources.origins):
        origins.setdefault((origin.name, origin.url), origin)
    disputes: dict[tuple[str, str], PrintedDispute] = {}
    for dispute in (*letter.sources.disputes, *record.sources.disputes):
        disputes.setdefault((dispute.tool_id, dispute.attribute), dispute)
    body = render(
        request,
        "issue",
        issue=found,
        # The editor's own Markdown, cleaned by render/markdown.py.
        note=Markup(to_html(letter.note).markup) if letter.note else Markup(""),
        origins=list(origins.values()),
        disputes=list(disputes.values()),
        votes=votes,
        older=shown[place + 1] if place + 1 < len(shown) else None,
        newer=shown[place - 1] if place else None,
    )
    last = max(found.updated_at, counted_at)
    return CachedPage(body=body, media_type=HTML, modified_at=last)


def _votes_on(app: App, issue: ArchivedIssue) -> tuple[dict[str, tuple[tuple[str, int, int], ...]], datetime]:
    """Return what readers voted on the issue's comparisons, and when that was counted last; its start where nobody did."""
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
    signed = app.links.read(Purpose.VIEW, token)
    with app.database.read() as connection:
        target = resolve_target(connection, signed)
        reader = reader_of(app, connection, Purpose.VIEW, token)
    try:
        html = view_issue(app, target.issue_id, reader)
    except NotFound as error:
        raise BadLink from error
    page = re.sub(r"<body\b[^>]*>", r"\g<0><main>", html, count=1)
    page = "</main></body>".join(page.rsplit("</body>", 1))
    return HTMLResponse(page, headers={"Content-Security-Policy": SECURITY})
