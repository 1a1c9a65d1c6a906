"""Answers that are the same for everybody: kept for a while by browsers and proxies, and asked for again by their tag."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

from fastapi import Request, Response

#: Seconds that a copy may be used without asking again.
FRESH = 300


def answer(request: Request, body: str, media_type: str, modified_at: datetime | None = None) -> Response:
    """The body, or 304 for whoever has it already (RFC 9110, section 13)."""
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
