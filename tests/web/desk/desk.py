"""Editors at the desk, for tests: each signed in in a browser of their own.

def test_…(desk: Desk) -> None:
    desk.writer.get("/desk")                      # what a writer sees
    desk.publisher.post("/desk/…", field="…")     # with the form's token; the page after it
"""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from playwright.sync_api import BrowserContext

from newsletter.app import App
from newsletter.db.statuses import EditorRole
from newsletter.editing.editors import form_token, invite, sign_in
from newsletter.web.application import make_web
from newsletter.web.desk.auth import COOKIE
from tests.web.house import House
from tests.web.visitor import Visitor

WRITER, PUBLISHER = "wendy@desk.example.org", "paul@desk.example.org"


@dataclass(frozen=True)
class Browser:
    """A browser in which somebody may be signed in."""

    client: Visitor

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(path, params=query or None)

    def post(self, path: str, **fields: Any) -> Response:
        """Send a form as its page would; the answer is the page it leads to."""
        return self.client.post(path, data={"csrf": self.csrf, **fields})

    def send(self, path: str, **fields: Any) -> Response:
        """The same, and the answer itself: a redirect."""
        return self.client.post(path, data={"csrf": self.csrf, **fields}, follow_redirects=False)

    @property
    def csrf(self) -> str:
        return form_token(self.client.cookies.get(COOKIE) or "")


@dataclass(frozen=True)
class Desk:
    """One installation, its visitors and its editors."""

    app: App
    web: FastAPI
    house: House
    writer: Browser
    publisher: Browser

    def browser(self) -> Browser:
        """A browser in which nobody is signed in."""
        return new_browser(self.web)


def open_desk(app: App) -> Desk:
    web = make_web(app)
    return Desk(
        app=app,
        web=web,
        house=House(app, Visitor(web, base_url="http://localhost:8000")),
        writer=signed_in(app, new_browser(web), WRITER, EditorRole.WRITER, "Wendy"),
        publisher=signed_in(app, new_browser(web), PUBLISHER, EditorRole.PUBLISHER, "Paul"),
    )


def new_browser(web: FastAPI) -> Browser:
    return Browser(Visitor(web, base_url="http://localhost:8000"))


def signed_in(app: App, browser: Browser, address: str, role: EditorRole, name: str) -> Browser:
    """Sign an editor in, without the pages that lead there (test_sign_in.py walks those): they take longer than most tests."""
    browser.client.cookies.set(
        COOKIE, session_of(app, address, role, name), domain="localhost.local", path="/desk"
    )
    return browser


def sign_in_browser(context: BrowserContext, app: App, name: str = "Paul") -> BrowserContext:
    """Sign a publisher in in a real browser (test_browser.py walks the pages)."""
    cookie = session_of(app, f"{name.lower()}@desk.example.org", EditorRole.PUBLISHER, name)
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": app.settings.site.public_url}])
    return context


def session_of(app: App, address: str, role: EditorRole, name: str) -> str:
    """Return the cookie of an editor who was invited and has used the link."""
    link = invite(app, address, role, name=name, by="the test")
    return sign_in(app, link.rpartition("/")[2])[1]


def said(answer: Response) -> str:
    """What the page says was done."""
    return _notice(answer, "status")


def fault(answer: Response) -> str:
    """What the page says did not work."""
    return _notice(answer, "alert")


def _notice(answer: Response, role: str) -> str:
    found = re.search(rf'<p class="notice[^>]*role="{role}"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    return unescape(found[1]).strip() if found else ""
