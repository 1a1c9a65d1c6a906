"""Take the pictures of docs/pictures/ anew from a rendered issue: phone and desk, light and dark.

    newsletter preview ISSUE --format html -o issue.html
    python docs/pictures.py issue.html

Needs Chromium. The pictures show whatever the issue holds: take the sample week.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
WIDTHS = {"phone": 375, "desk": 700}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: A page of the README shows no more than this.
TALLEST = 2400


def main(arguments: list[str]) -> int:
    """Take the pictures of the issue in the one file named; the exit status."""
    program = shutil.which("chromium")
    if len(arguments) != 1 or not Path(arguments[0]).is_file() or program is None:
        sys.stderr.write("Usage, where Chromium is installed: python docs/pictures.py ISSUE.html\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        take(browser, Path(arguments[0]).read_text(encoding="utf-8"))
        browser.close()
    return 0


def take(browser: Browser, html: str) -> None:
    """Write one PNG for each width and scheme."""
    for name, width in WIDTHS.items():
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.set_content(html)
        height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(
                path=FOLDER / f"weekly-{name}-{scheme}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": width, "height": height},
            )
        page.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
