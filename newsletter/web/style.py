"""The one style sheet of all pages, served from the package under a name that changes with it."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)


@lru_cache(maxsize=1)
def _style() -> bytes:
    return (Path(__file__).parent / "style.css").read_bytes()


def style_path() -> str:
    """Where pages find the style sheet: the path says which version it is, so that it may be kept for ever."""
    return f"/style-{sha256(_style()).hexdigest()[:12]}.css"


@router.api_route(style_path(), methods=["GET", "HEAD"])
async def style() -> Response:
    cached = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_style(), media_type="text/css", headers=cached)
