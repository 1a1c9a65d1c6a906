"""Whether the pages live, and whether they can do their work: for a proxy or a monitor to ask."""

import logging

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from newsletter.commands import suggest
from newsletter.db.engine import require_writable
from newsletter.db.revisions import require_head
from newsletter.editing.sending import find_trouble
from newsletter.errors import NewsletterError
from newsletter.readers.keys import require_keys
from newsletter.web.dependencies import Installed

log = logging.getLogger(__name__)

#: How long another program may hold the database before the pages are not ready: an import lets go many times a second.
_SECONDS = 1.0

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"description": "It cannot serve readers now."}})
def readyz(app: Installed) -> JSONResponse:
    """Say whether both stores can be used, the database be written, the keys be read, and mails may leave.

    What keeps mails or an approved issue from leaving stands in the log and in `newsletter status`: settings, keys, a sandbox,
    a database that is not the one that sent last.
    """
    try:
        require_writable(app.database, _SECONDS)
        require_head(app.database)
        require_keys(app.settings)
        with app.content():
            pass
        trouble = find_trouble(app)
    except (NewsletterError, SQLAlchemyError) as error:
        log.error("not ready: %s", error)
        return JSONResponse({"status": "not ready"}, 503)
    if trouble:
        log.error("not ready: %s", trouble)
        return JSONResponse({"status": f"nothing is sent: ask {suggest('status')}"}, 503)
    return JSONResponse({"status": "ready"})
