"""The mark beside a page's title: drawn from the newsletter's name, and harmless whatever that is."""

import re
from xml.etree import ElementTree

import pytest

from newsletter.web.assets import draw_mark, mark_path
from tests.web.house import House


def test_pages_name_a_mark_that_may_be_kept_for_ever(house: House) -> None:
    (path,) = re.findall(
        r'<link rel="icon" type="image/svg\+xml" href="([^"]+)">', house.get("/subscribe").text
    )
    answer = house.get(path)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "immutable" in answer.headers["cache-control"]
    assert ">W</text>" in answer.text


def test_a_browser_finds_it_where_no_page_names_it(house: House) -> None:
    answer = house.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


def test_the_mark_of_another_name_is_not_here(house: House) -> None:
    assert house.get(mark_path("Another")).status_code == 404


@pytest.mark.parametrize(("name", "letter"), [("éclair", "É"), ("<b>", "B"), ("“&”", None), ("ß & co", "SS")])
def test_any_name_makes_a_picture(name: str, letter: str | None) -> None:
    text = ElementTree.fromstring(draw_mark(name))[1]
    assert text.text == letter
