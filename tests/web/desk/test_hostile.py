"""Hostile words in everything an editor writes and everything that is imported: nothing runs, in the desk, mail or archive.

In a real Chromium, which counts what the pages' own rules (CSP) had to stop: nothing may even come so far.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from newsletter.app import App
from newsletter.content.records import (
    ComparisonEntry,
    Decision,
    Pack,
    ReviewEntry,
    SourceEntry,
    ToolEntry,
    VerdictEntry,
)
from newsletter.db.statuses import EditorRole, ItemKind
from newsletter.delivery.store import start_issue
from newsletter.digest.issues import Issue, ItemKey
from newsletter.digest.store import get_issue
from newsletter.editing.approve import approve
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.editors import invite
from newsletter.editing.edits import ChooseQuote, Edit, WriteNote, make_edits
from newsletter.editing.preview import Format, preview
from newsletter.web.application import make_web
from newsletter.web.desk.auth import COOKIE
from tests.editing.desk import cache_of, drafted, edit
from tests.installed import install
from tests.web.test_browser import serving
from tests.web.visitor import Visitor

SCRIPT = "<script>window.hurt='script'</script>"
IMAGE = "<img src=x onerror=\"window.hurt='image'\">"
MJML = "</mj-text><mj-raw><script>window.hurt='mjml'</script></mj-raw><mj-text>"
JINJA = "{{ 7 * 7 }}{% set x = cycler %}{{ x.__init__.__globals__ }}"
BIDI = "\u202egnp.exe\u202c\u2066\u200b\ufeff"
CLOSERS = "</style></title></textarea><svg/onload=window.hurt='svg'>"

TOOL = f"Kite{SCRIPT}{BIDI}"
OTHER = f"Wren {JINJA}"
SENTENCE = f"It says {IMAGE} and means {JINJA} in earnest."
NOTE = (
    f"**Look** {SCRIPT} {IMAGE} [go](javascript:window.hurt=1) [data](data:text/html,x) {JINJA} {BIDI} "
    "<a href='javascript:window.hurt=2'>a</a>"
)

PACK = Pack(
    source=SourceEntry(name=f"Desk{CLOSERS}", url="https://tools.example.org/x", ours=True),
    tools=(
        ToolEntry(id="kite", name=TOOL, category=f"Cat{CLOSERS}", tagline=MJML),
        ToolEntry(id="wren", name=OTHER, category="Coding"),
        ToolEntry(id="tern", name=f"Tern{MJML}", category="Coding"),
    ),
    comparisons=(
        ComparisonEntry(
            left_id="kite",
            right_id="wren",
            headline=f"A{SCRIPT}{BIDI} or B",
            url="https://tools.example.org/%22onload=%22x",
        ),
    ),
    verdicts=(VerdictEntry(tool_id="tern", ships=2, skips=1),),
    reviews=(
        ReviewEntry(
            tool_id="kite", reviewer=f"Ann{IMAGE}", score=70, decision=Decision.SHIP, words=f"{SENTENCE} So."
        ),
        ReviewEntry(
            tool_id="wren",
            reviewer="Bob",
            score=30,
            decision=Decision.SKIP,
            words=f"{CLOSERS} breaks. {MJML} fails too.",
        ),
    ),
)


@pytest.fixture
def hurt(tmp_path: Path) -> Iterator[tuple[App, str, Issue]]:
    """A served installation with a draft full of it."""
    install(tmp_path / "weekly", example=True)
    with serving(tmp_path / "weekly") as (app, base):
        with app.content() as content:
            content.import_pack(PACK, app.clock.now() - timedelta(days=1))
        yield app, base, corrected(app, drafted(app))


def corrected(app: App, issue: Issue) -> Issue:
    """Every field that an editor can fill, filled."""
    words = f"Sub{SCRIPT}{JINJA}{BIDI}"
    issue = edit(app, issue, subject=words, preheader=CLOSERS, note=NOTE, bottom_line=f"{MJML[:60]}{IMAGE}")
    with app.content() as content:
        (review,) = content.reviews(["kite"])["kite"]
    edits: list[Edit] = [
        WriteNote(ItemKey(ItemKind.COMPARISON, "kite-vs-wren"), f"*N* {IMAGE} [x](vbscript:y)"),
        WriteNote(ItemKey(ItemKind.VERDICT, "tern"), SCRIPT),
        ChooseQuote("kite-vs-wren", review.id, SENTENCE),
    ]
    return make_edits(app, issue, edits, by=f"Eve{IMAGE}")


class Witness:
    """A tab that notes whatever ran or was stopped from running."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.tab: Page = context.new_page()
        self.base = base
        self.stopped: list[str] = []
        self.tab.on("console", self._hear)
        self.tab.on("dialog", lambda each: self.stopped.append(each.message))
        self.tab.on("pageerror", lambda each: self.stopped.append(str(each)))

    def _hear(self, message: ConsoleMessage) -> None:
        """What the page's own rules or a frame's sandbox stopped."""
        if "Content Security Policy" in message.text or "Blocked" in message.text:
            self.stopped.append(message.text)

    def look(self, path: str) -> str:
        """Open a page; the words on it, once nothing was found to have run on it or in its frames."""
        self.tab.goto(self.base + path, wait_until="load")
        for frame in self.tab.frames:
            # A frame that may run nothing cannot be asked either: what it could have done, it would have done above it.
            if frame is self.tab.main_frame:
                assert frame.evaluate("window.hurt") is None, path
        assert self.stopped == [], path
        return self.tab.content()


def test_nothing_of_it_runs_anywhere(browser: Browser, hurt: tuple[App, str, Issue]) -> None:
    app, base, issue = hurt
    witness = Witness(browser.new_context(), base)
    link = invite(app, "eve@desk.example.org", EditorRole.PUBLISHER, name=f"Eve{SCRIPT}", by="x")
    witness.look(link.removeprefix(base))
    with witness.tab.expect_navigation():
        witness.tab.get_by_role("button").first.click()
    pages = (
        "",
        "/preview",
        "/merge",
        "/mail",
        "/preview?part=text",
        "/preview?part=source",
        "/preview?part=headers",
    )
    for each in pages:
        witness.look(f"/desk/issues/{issue.id}{each}")
    for each in ("/desk", "/desk/audit", "/desk/facts", "/desk/facts/kite", "/desk/profile"):
        witness.look(each)
    typed = witness.tab
    typed.goto(f"{base}/desk/issues/{issue.id}")
    typed.locator("#note").fill(f"live {NOTE}")
    typed.locator(".note-shown:has-text('live')").wait_for()
    assert (
        typed.locator(".note-shown script, .note-shown img, .note-shown [onerror], .note-shown svg").count()
        == 0
    )
    assert typed.evaluate("window.hurt") is None
    edit(app, issue, preheader="Somebody else")
    with typed.expect_navigation():
        typed.get_by_role("button", name="Save texts").first.click()
    assert "Somebody else was faster" in typed.title()
    assert (typed.evaluate("window.hurt"), witness.stopped) == (None, [])
    with app.database.read() as connection:
        current = get_issue(connection, issue.id)
    assert not [each for each in cache_of(app).checked(current).findings if each.key.startswith("unresolved")]
    approved = approve(app, current, "Eve")
    start_issue(app.database, approved.id, app.clock.now())
    archive = witness.look(f"/archive/weekly-{approved.number}")
    assert "&lt;script&gt;" in archive
    for each in (
        "/",
        f"/desk/issues/{issue.id}",
        f"/desk/issues/{issue.id}/mail",
        "/archive?q=kite",
        "/archive/feeds",
    ):
        witness.look(each)
    # And it would have been heard.
    typed.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hurt=1>')")
    typed.wait_for_timeout(200)
    assert len(witness.stopped) == 1


def test_the_mail_prints_it_as_words(hurt: tuple[App, str, Issue]) -> None:
    app, _, issue = hurt
    html = preview(app, compile_issue(app, issue), None, Format.HTML).decode()
    assert "<script" not in html
    assert "onerror=" not in html.replace("onerror=&", "").replace("&lt;img src=x onerror=", "")
    assert "javascript:" not in "".join(part.split('"')[0] for part in html.split('href="')[1:])
    assert "{{ 7 * 7 }}" in html
    assert "49" not in html.split("{{ 7 * 7 }}")[0][-20:]


def test_what_nobody_can_see_is_gone_from_subject_headline_and_names(hurt: tuple[App, str, Issue]) -> None:
    app, _, issue = hurt
    letter = letter_of(app, issue)
    assert letter.lead is not None
    for words in (letter.subject, letter.lead.headline, letter.lead.left.name):
        assert not set("\u202e\u202c\u2066\u200b\ufeff") & set(words)


def test_ten_megabytes_are_refused_in_one_sentence(hurt: tuple[App, str, Issue]) -> None:
    app, base, issue = hurt
    client = Visitor(make_web(app), base_url=base)
    client.post(invite(app, "ann@desk.example.org", EditorRole.WRITER, by="x").removeprefix(base))
    assert client.cookies.get(COOKIE)
    huge = {"csrf": "x", "version": "1", "note": "a" * 10_000_000}
    for path in ("texts", "note-preview", "item-note"):
        answer = client.post(f"/desk/issues/{issue.id}/{path}", data=huge)
        assert (answer.status_code, answer.text) == (413, "This is more than a form can hold.")
