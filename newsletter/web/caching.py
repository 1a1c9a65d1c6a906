"""Answers that are the same for everybody: kept by browsers and proxies for a while, and by us until they would change.

An issue's page costs a hundred times what handing it out again does: while nothing that it is written from changes, nobody
writes it again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path

from fastapi import Request, Response

from newsletter.app import App
from newsletter.digest.archive import ArchivedIssue
from newsletter.editing.cache import Cache

#: Seconds that a copy may be used without asking again.
FRESH = 300
#: Pages that are kept: of a few hundred kilobytes at most each.
MOST_KEPT = 200


def respond(request: Request, body: str, media_type: str, modified_at: datetime | None = None) -> Response:
    """Return the body, or 304 for whoever has it already (RFC 9110, section 13)."""
    content = body.encode()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": f"public, max-age={FRESH}", "ETag": tag}
    if modified_at is not None:
        headers["Last-Modified"] = format_datetime(modified_at.astimezone(UTC), usegmt=True)
    if _has_it(request, tag, modified_at):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _has_it(request: Request, tag: str, modified_at: datetime | None) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return any(each.strip().removeprefix("W/") in (tag, "*") for each in tags.split(","))
    since = _moment(request.headers.get("if-modified-since", ""))
    return since is not None and modified_at is not None and modified_at.replace(microsecond=0) <= since


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPage:
    """A page, and when what it says changed last."""

    body: str
    media_type: str
    modified_at: datetime | None = None


def respond_cached(
    request: Request, app: App, shown: Sequence[ArchivedIssue], write: Callable[[], CachedPage]
) -> Response:
    """Return the page of this path, written from these issues and the store of content."""
    cache: Cache[str, CachedPage] = request.app.state.page_cache
    issues = tuple((each.id, each.content_hash, each.errata) for each in shown)
    # Whoever writes to the store of content changes the size or time of one of its files.
    file = app.settings.path(app.settings.paths.content_db)
    content = tuple(_stamp(each) for each in (file, file.with_name(f"{file.name}-wal")))
    page = cache.get(request.url.path, (issues, content), write)
    return respond(request, page.body, page.media_type, page.modified_at)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
