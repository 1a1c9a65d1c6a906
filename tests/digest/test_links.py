"""Links lead only where they should, and are labelled where they pay."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.digest.content import Link
from newsletter.digest.links import is_affiliate, link_or_words, link_to, safe_url, site_link
from tests.digest.week import settings_in

HERE = settings_in(Path())
PAYING = settings_in(Path(), {"site.affiliate_hosts": ("shop.example", ".deals.example")})


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "https://",
        "https://a.example/\r\nBcc: x",
        "https://a.example/a b",
        "http://[::1",
        "mailto:a@b.example",
        "relative/page",
        "",
    ],
)
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    assert link_to("x", url, HERE) is None


@given(st.text())
def test_whatever_comes_in_only_web_addresses_come_out(url: str) -> None:
    assert safe_url(url, HERE) == "" or safe_url(url, HERE).startswith(("http://", "https://"))


def test_a_path_is_a_page_of_the_site() -> None:
    assert safe_url("/compare/a", HERE) == "https://tools.example.org/compare/a"


def test_without_an_address_there_is_no_link_only_its_words() -> None:
    assert link_or_words("Read the full comparison", "", HERE) == Link(
        label="Read the full comparison", url=""
    )


def test_what_is_only_counted_is_on_the_site_or_in_the_archive(tmp_path: Path) -> None:
    assert site_link("x", HERE).url == "https://tools.example.org/"
    assert site_link("x", settings_in(tmp_path, {"site.url": ""})).url == "https://news.example.org/archive"


@pytest.mark.parametrize(
    ("url", "pays"),
    [
        ("https://shop.example/x", True),
        ("https://SHOP.example/x", True),
        ("https://eu.shop.example/x", True),
        ("https://deals.example/x", True),
        ("https://myshop.example/x", False),
        ("https://shop.example.evil.org/x", False),
    ],
)
def test_a_link_pays_by_its_host(url: str, pays: bool) -> None:
    assert is_affiliate(url, PAYING) is pays
