"""The outbox: what would have been mailed, for whoever tries the newsletter out on their own machine.

It is there only while mail goes nowhere but into the outbox, and only over loopback, for publishers. A message's HTML
is shown in a frame of its own that runs no script; its links open in another tab.
"""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from newsletter.editing.outbox import copies_out, read_mail, sent_issue, sent_issues, single_mails
from newsletter.errors import NotFound
from newsletter.web.dependencies import Installed
from newsletter.web.desk.auth import Publisher
from newsletter.web.desk.layout import show_desk, shows_outbox

#: Messages on a page, and issues beside them.
MOST, MOST_ISSUES = 25, 10

#: For the message's own HTML alone.
FRAME_SECURITY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'none'; frame-ancestors 'self'"
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


def require_outbox(request: Request) -> None:
    """Raise NotFound where there is no outbox to look into."""
    if not shows_outbox(request):
        raise NotFound("page", request.url.path)


router = APIRouter(include_in_schema=False)
AnOutbox = Annotated[None, Depends(require_outbox)]


@router.get("/desk/outbox")
def look(
    request: Request, app: Installed, editor: Publisher, there: AnOutbox, before: int | None = None
) -> Response:
    with app.database.read() as connection:
        mails = single_mails(connection, MOST, before)
        issues = sent_issues(connection, MOST_ISSUES)
    more = f"/desk/outbox?before={mails[-1].reader_id}" if len(mails) == MOST else ""
    return show_desk(
        request, "desk/outbox", editor, "outbox", issues=issues, issue=None, mails=mails, more=more
    )


@router.get("/desk/outbox/{issue_id}")
def look_at_issue(
    request: Request, app: Installed, editor: Publisher, there: AnOutbox, issue_id: int, after: int = 0
) -> Response:
    with app.database.read() as connection:
        issues = sent_issues(connection, MOST_ISSUES)
        issue = sent_issue(connection, issue_id)
        mails = copies_out(connection, issue_id, MOST, after)
    more = f"/desk/outbox/{issue_id}?after={mails[-1].reader_id}" if len(mails) == MOST else ""
    return show_desk(
        request, "desk/outbox", editor, "outbox", issues=issues, issue=issue, mails=mails, more=more
    )


@router.get("/desk/outbox/{issue_id}/{reader_id}")
def look_at_mail(
    request: Request, app: Installed, editor: Publisher, there: AnOutbox, issue_id: int, reader_id: int
) -> Response:
    return show_desk(
        request,
        "desk/outbox-mail",
        editor,
        "outbox",
        mail=read_mail(app, issue_id, reader_id),
        path=f"/desk/outbox/{issue_id}/{reader_id}",
        back=f"/desk/outbox/{issue_id}" if issue_id else "/desk/outbox",
    )


@router.get("/desk/outbox/{issue_id}/{reader_id}/html")
def frame(app: Installed, editor: Publisher, there: AnOutbox, issue_id: int, reader_id: int) -> Response:
    html = read_mail(app, issue_id, reader_id).html
    in_another_tab = _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)
    headers = {"Content-Security-Policy": FRAME_SECURITY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(in_another_tab, headers=headers)
