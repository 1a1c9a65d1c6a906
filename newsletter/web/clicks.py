"""A counted link of an issue: to where it was frozen to lead, and nowhere else. The one page that writes when it is read.

The way on never waits for the count: it is written after the answer, and may be lost. What is counted is in digest/clicks.py.
"""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from newsletter.digest.clicks import Click, count_clicks, get_target, kind_of
from newsletter.errors import NotFound
from newsletter.web.dependencies import Installed
from newsletter.web.security import asked_method
from newsletter.web.subscribe import network_behind

router = APIRouter(include_in_schema=False)

#: Digits of a number that any database can look up.
_MOST_DIGITS = 9
_SALT = re.compile("[0-9a-f]{8}")


@router.get("/to/{salted}/{number}")
def follow_link(request: Request, app: Installed, salted: str, number: str) -> Response:
    issue_id, _, salt = salted.partition(".")
    issue, link = _number(issue_id), _number(number)
    with app.database.read() as connection:
        url, started_at = get_target(connection, issue, link, _salt(salt))
    counting = None
    if app.settings.privacy.count_clicks and started_at is not None:
        now = app.clock.now()
        kind = kind_of(asked_method(request), request.headers, now - started_at)
        click = Click(issue_id=issue, number=link, kind=kind, day=now.date())
        app.uncounted.add(click, network_behind(request), now)
        counting = BackgroundTask(count_clicks, app.database, app.uncounted)
    return RedirectResponse(url, 302, background=counting)


def _salt(text: str) -> int:
    """Return the salt of a link; 0 for one of an earlier release, which has none."""
    if text and not _SALT.fullmatch(text):
        raise NotFound("link", text)
    return int(text or "0", 16)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise NotFound("link", text)
    return int(text)
