"""Style sheets, scripts and the newsletter's mark, each served under a name that changes with it, to be kept for ever."""

from functools import cache, lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request, Response

from newsletter.errors import NotFound

router = APIRouter(include_in_schema=False)


@lru_cache(maxsize=1)
def _style() -> bytes:
    return (Path(__file__).parent / "style.css").read_bytes()


def style_path() -> str:
    """Return the path of the style sheet; it says which version it is."""
    return f"/style-{sha256(_style()).hexdigest()[:12]}.css"


@router.api_route(style_path(), methods=["GET", "HEAD"])
async def style() -> Response:
    cached = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_style(), media_type="text/css", headers=cached)


# The newsletter's mark, a tile with the first letter of its name: browsers show it beside a page's title.

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" fill="#1d1b16"/>'
    '<text x="16" y="24" font-family="Georgia, serif" font-size="23" font-weight="700" text-anchor="middle"'
    ' fill="#fbfaf7">{letter}</text></svg>'
)


def draw_mark(name: str) -> bytes:
    """Return the mark as SVG; an empty tile for a name without a letter."""
    letter = next((each for each in name if each.isalnum()), "")
    return _SVG.format(letter=escape(letter.upper())).encode()


def mark_path(name: str) -> str:
    """Return the path of the mark; it says which one it is."""
    return f"/mark-{sha256(draw_mark(name)).hexdigest()[:12]}.svg"


@router.api_route("/mark-{version}.svg", methods=["GET", "HEAD"])
async def mark(request: Request, version: str) -> Response:
    if request.url.path != mark_path(request.app.state.newsletter.settings.site.name):
        raise NotFound("mark", version)
    return _answer(request, "public, max-age=31536000, immutable")


# Asked for by browsers on pages that name no mark, such as an issue in the archive.
@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
async def favicon(request: Request) -> Response:
    return _answer(request, "public, max-age=86400")


def _answer(request: Request, kept: str) -> Response:
    drawn = draw_mark(request.app.state.newsletter.settings.site.name)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": kept})


# The scripts and styles of the desk.

FOLDER = Path(__file__).parent / "desk"
_TYPES = {".css": "text/css", ".js": "text/javascript"}


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Read every file; return by name the path it is served under, and what is in it."""
    found: dict[str, tuple[str, bytes]] = {}
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in _TYPES:
            content = file.read_bytes()
            version = sha256(content).hexdigest()[:12]
            found[file.name] = (f"/desk-assets/{file.stem}-{version}{file.suffix}", content)
    return found


def asset(name: str) -> str:
    """Return the path of a file of the desk, such as "desk.css"; raises KeyError for one that is not there."""
    return _files()[name][0]


@router.get("/desk-assets/{name}")
async def serve(name: str) -> Response:
    for path, content in _files().values():
        if path == f"/desk-assets/{name}":
            cached = {"Cache-Control": "public, max-age=31536000, immutable"}
            return Response(content, media_type=_TYPES[Path(name).suffix], headers=cached)
    raise NotFound("file", name)
