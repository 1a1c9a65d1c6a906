"""Take the pictures of the editors' desk in docs/pictures/ anew: its draft, light and dark, preview, watching and report.

    newsletter --folder demo serve                    # an installation with a draft, from the sample week
    newsletter editors invite ADDRESS --role publisher
    python docs/desk_pictures.py LINK                 # the link that it printed

Needs Chromium. It approves the draft and sends it: take an installation whose transport is the outbox.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 812}
ISSUE = "/desk/issues/1"


def main(arguments: list[str]) -> int:
    """Take all pictures as whoever the link signs in; the exit status."""
    program = shutil.which("chromium")
    if len(arguments) != 1 or program is None:
        sys.stderr.write("Usage, where Chromium is installed: python docs/desk_pictures.py LINK\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        tab = browser.new_page()
        tab.goto(arguments[0])
        tab.locator("main button").click()
        tab.wait_for_url("**/desk")
        take_all(tab)
        browser.close()
    return 0


def take_all(tab: Page) -> None:
    """The draft and its preview; then the issue on its way, and what became of it."""
    take(tab, ISSUE, "desk-draft-light", DESK)
    take(tab, ISSUE, "desk-draft-phone-dark", PHONE, "dark")
    take(tab, f"{ISSUE}/preview?width=phone&scheme=dark", "desk-preview", DESK)
    tab.goto(urljoin(tab.url, ISSUE))
    answer_everything(tab)
    tab.locator("form[action$='/approve'] button").click()
    tab.get_by_text("Send now").first.click()
    readers = tab.locator("form[action$='/send'] input[name=audience]").get_attribute("value") or ""
    tab.get_by_label("To confirm, type the number of readers").fill(readers)
    tab.locator("form[action$='/send'] button").click()
    tab.locator(".state.sent").wait_for()
    tab.get_by_text("Everybody is done.").wait_for()
    take(tab, f"{ISSUE}/progress", "desk-progress", DESK)
    take(tab, f"{ISSUE}/report", "desk-report", DESK)


def answer_everything(tab: Page) -> None:
    """The last answer that is offered, to each finding."""
    while tab.locator(".finding").count():
        with tab.expect_navigation():
            tab.locator(".finding .buttons button").last.click()


def take(
    tab: Page,
    path: str,
    name: str,
    size: dict[str, int],
    scheme: Literal["light", "dark"] = "light",
) -> None:
    """Write one PNG of what the window shows."""
    tab.set_viewport_size(size)  # type: ignore[arg-type]
    tab.emulate_media(color_scheme=scheme)
    tab.goto(urljoin(tab.url, path), wait_until="load")
    if tab.locator("iframe.mail").count():
        tab.frame_locator("iframe.mail").locator("h1, h2, table").first.wait_for()
    bottom = int(tab.evaluate("document.body.getBoundingClientRect().bottom"))
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], bottom)}
    tab.screenshot(path=FOLDER / f"{name}.png", clip=clip)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
