"""The newsletter's mark, a tile with the first letter of its name: browsers show it beside a page's title."""

from hashlib import sha256
from html import escape

from fastapi import APIRouter, Request, Response

from newsletter.errors import NotFound

router = APIRouter(include_in_schema=False)

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" fill="#1d1b16"/>'
    '<text x="16" y="24" font-family="Georgia, serif" font-size="23" font-weight="700" text-anchor="middle"'
    ' fill="#fbfaf7">{letter}</text></svg>'
)


def draw_mark(name: str) -> bytes:
    """The mark as SVG; an empty tile for a name without a letter."""
    letter = next((each for each in name if each.isalnum()), "")
    return _SVG.format(letter=escape(letter.upper())).encode()


def mark_path(name: str) -> str:
    """Where pages find the mark: the path says which one it is, so that it may be kept for ever."""
    return f"/mark-{sha256(draw_mark(name)).hexdigest()[:12]}.svg"


@router.api_route("/mark-{version}.svg", methods=["GET", "HEAD"])
async def mark(request: Request, version: str) -> Response:
    if request.url.path != mark_path(request.app.state.newsletter.settings.name):
        raise NotFound("mark", version)
    return _answer(request, "public, max-age=31536000, immutable")


# Asked for by browsers on pages that name no mark, such as an issue in the archive.
@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
async def favicon(request: Request) -> Response:
    return _answer(request, "public, max-age=86400")


def _answer(request: Request, kept: str) -> Response:
    drawn = draw_mark(request.app.state.newsletter.settings.name)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": kept})
