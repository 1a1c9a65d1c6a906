"""View in browser: a reader's own copy of an issue, by the signed link in the mail.

It is the mail's HTML as it was sent, so this one page allows the styles that stand in it; scripts stay forbidden, as
everywhere. A page has a main landmark, which a mail has no use for. The page is personal: no cache, no search engine.
"""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from newsletter.editing.proofs.viewing import view_issue
from newsletter.errors import BadLink, NotFound
from newsletter.readers.links import Purpose
from newsletter.web.installation import Installed
from newsletter.web.links import reader_of, target_of

router = APIRouter(include_in_schema=False)

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
