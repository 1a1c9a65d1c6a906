"""The weekly issue in a real browser: phone and desk, light and dark, pictures off (it has none)."""

from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from newsletter.config import template_folders
from newsletter.render.compile import compile_mail
from tests.render import letters
from tests.render.goldens import MAILS
from tests.render.views import html_of, text_of

FOLDERS = template_folders(None)
PHONE, DESK = (375, 667), (700, 900)
SCREENS = [(size, scheme) for size in (PHONE, DESK) for scheme in ("light", "dark")]

#: Every text that can be seen, with the contrast between its colour and the nearest ground behind it.
_CONTRASTS = """() => {
  const rgb = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    found.push([walker.currentNode.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05)]);
  }
  return found;
}"""


#: Barriers that only a page of its own can have: a mail is an article inside its program's page. And contrasts: the tests
#: here measure that of every text themselves, and axe takes half of its time for them.
_LEFT_OUT = ("landmark-one-main", "region", "color-contrast")
_AXE = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in _LEFT_OUT}}

#: The words of every text that can be seen, in their order.
_SEEN_WORDS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.split(/\\s+/).filter((each) => /[\\p{L}\\p{N}]/u.test(each)).join(' ');
    if (words && walker.currentNode.parentElement.checkVisibility()) found.push(words);
  }
  return found;
}"""


@pytest.fixture(scope="module", params=letters.REPRESENTATIVE)
def document(request: pytest.FixtureRequest) -> str:
    return html_of(letters.plan_of(request.param))


@pytest.fixture(scope="module")
def heavy() -> str:
    """The longest note and findings there may be: what stands before the bottom line is as high as it gets."""
    return html_of(letters.plan_of("HEAVY"))


@pytest.fixture
def page(browser: Browser) -> Page:
    return browser.new_page()


def show(page: Page, document: str, size: tuple[int, int], scheme: Any) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)
    page.set_content(document)


@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_it_fits_the_screen_and_every_text_is_readable(
    page: Page, document: str, size: tuple[int, int], scheme: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    show(page, document, size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    contrasts = page.evaluate(_CONTRASTS)
    assert len(contrasts) > 40
    assert [(words, ratio) for words, ratio in contrasts if ratio < 4.5] == []
    assert asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_in_an_issue(page: Page, document: str, scheme: str) -> None:
    show(page, document, PHONE, scheme)
    found = Axe().run(page, options=_AXE)
    assert found.violations_count == 0, found.generate_report()


def test_read_aloud_the_headings_make_an_outline_and_come_in_the_order_of_the_text_part(
    page: Page, heavy: str
) -> None:
    show(page, heavy, PHONE, "light")
    headings = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].map((each) => [Number(each.tagName[1]), each.innerText])"
    )
    levels = [level for level, _ in headings]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    rest = " ".join(text_of(letters.plan_of("HEAVY")).split()).casefold()
    for words in (words for level, words in headings if level == 2):
        heading = words.replace("\xa0", " ").casefold()
        assert heading in rest, f"{heading} does not follow in the text part"
        rest = rest.partition(heading)[2]


def test_without_pictures_and_without_any_styles_it_says_the_same(page: Page, document: str) -> None:
    """It has no pictures. Bare of every style, in elements too, the words are the same in the same order."""
    show(page, document, PHONE, "light")
    assert page.locator("img, svg, picture, video").count() == 0
    seen = page.evaluate(_SEEN_WORDS)
    page.evaluate(
        """() => { document.querySelectorAll('style').forEach((each) => each.remove());
             document.querySelectorAll('[style]').forEach((each) => each.removeAttribute('style')) }"""
    )
    bare = page.evaluate(_SEEN_WORDS)
    assert [words for words in seen if words not in bare] == []
    # The preheader, which says something true, is all that shows besides.
    assert bare[-len(seen) :] == seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", sorted(MAILS))
def test_single_mails_fit_and_are_readable(page: Page, kind: str, scheme: str) -> None:
    show(page, html_of(compile_mail(kind, MAILS[kind], letters.FRAME, FOLDERS)), PHONE, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert [words for words, ratio in page.evaluate(_CONTRASTS) if ratio < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_monthly_issue_fits_and_is_readable_without_barriers(page: Page, scheme: str) -> None:
    show(page, html_of(letters.plan_of("MONTHLY")), PHONE, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert [words for words, ratio in page.evaluate(_CONTRASTS) if ratio < 4.5] == []
    found = Axe().run(page, options=_AXE)
    assert found.violations_count == 0, found.generate_report()


def test_the_two_schemes_differ(page: Page, heavy: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        show(page, heavy, PHONE, scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(251, 250, 247)", "rgb(23, 22, 19)"]


def test_the_bottom_line_is_seen_without_scrolling(page: Page, heavy: str) -> None:
    show(page, heavy, PHONE, "light")
    box = page.locator(".bottom-line").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < PHONE[1]


def test_the_main_link_is_easy_to_touch(page: Page, heavy: str) -> None:
    show(page, heavy, PHONE, "light")
    box = page.get_by_role("link", name="Read the full comparison").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["width"] >= 44


def test_every_link_is_underlined(page: Page, heavy: str) -> None:
    show(page, heavy, PHONE, "light")
    plain = page.evaluate(
        """() => [...document.querySelectorAll('a')].filter((a) => !a.closest('.button')
             && !getComputedStyle(a).textDecorationLine.includes('underline')).map((a) => a.textContent)"""
    )
    assert plain == []


def test_body_text_is_16_pixels_and_nothing_is_smaller_than_12(page: Page, heavy: str) -> None:
    show(page, heavy, PHONE, "light")
    sizes = page.evaluate(
        """() => { const sizes = {}; const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
             while (walker.nextNode()) { const e = walker.currentNode.parentElement, n = walker.currentNode.length;
               if (walker.currentNode.textContent.trim() && e.checkVisibility() && !e.closest('sup')) {
                 const s = parseFloat(getComputedStyle(e).fontSize); sizes[s] = (sizes[s] || 0) + n } }
             return sizes }"""
    )
    by_size = {float(size): letters_ for size, letters_ in sizes.items()}
    assert min(by_size) >= 12
    assert max(by_size, key=lambda size: by_size[size]) == 16


def test_it_is_readable_without_its_style_sheets(page: Page, heavy: str) -> None:
    """Some Gmail apps drop `<style>`: what matters stands in the elements."""
    show(page, heavy, PHONE, "light")
    page.evaluate("document.querySelectorAll('style').forEach((each) => each.remove())")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert [words for words, ratio in page.evaluate(_CONTRASTS) if ratio < 4.5] == []


def test_scripts_in_values_do_not_run(page: Page) -> None:
    page.evaluate("() => { window.ran = 0; window.alert = () => { window.ran += 1 } }")
    show(page, html_of(letters.plan_of("HOSTILE")), DESK, "light")
    assert page.locator("script").count() == 0
    assert page.evaluate("window.ran") == 0
