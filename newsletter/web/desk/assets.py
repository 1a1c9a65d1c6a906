"""The scripts and styles of the desk, served from the package under names that change with them."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Response

from newsletter.errors import NotFound

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript"}


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Every file by name: the path it is served under, and what is in it."""
    found: dict[str, tuple[str, bytes]] = {}
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in _TYPES:
            content = file.read_bytes()
            version = sha256(content).hexdigest()[:12]
            found[file.name] = (f"/desk-assets/{file.stem}-{version}{file.suffix}", content)
    return found


def asset(name: str) -> str:
    """Where pages find a file of this folder: "desk.css". KeyError for one that is not there."""
    return _files()[name][0]


@router.get("/desk-assets/{name}")
async def serve(name: str) -> Response:
    for path, content in _files().values():
        if path == f"/desk-assets/{name}":
            cached = {"Cache-Control": "public, max-age=31536000, immutable"}
            return Response(content, media_type=_TYPES[Path(name).suffix], headers=cached)
    raise NotFound("file", name)
