"""Which kind of page a text is, what is refused before any is read, and what the caller adds."""

import contextlib
from datetime import date

import pytest

from newsletter.content.pages import SHAPES, decode, read_page
from newsletter.errors import BadInput
from tests.content.pages.reading import NAMES, SEEN_ON, read, text_of

KINDS = {
    "panel-quoted": "Kestrel Draw (7B) vs Loom Canvas 2, panel comparison",
    "panel-scored": "Orrery Code vs Pilot Light 3, panel comparison",
    "profile": "Heron 9B, model profile",
    "head-to-head": "Tern Large 4 vs Tern Mini 4, head-to-head",
    "model-page": "Gannet: Gannet Mini 13B, model page",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_known_by_its_shape_whatever_its_file_is_called(name: str) -> None:
    source = read(text_of(name), name="000.html.bak").source
    assert source is not None
    assert source.name == KINDS[name]


def test_every_kind_of_page_has_a_written_one() -> None:
    sources = [read(text_of(name)).source for name in NAMES]
    known = {each.name.rpartition(", ")[2] for each in sources if each is not None}
    assert known == {shape.name for shape in SHAPES}


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_text_is_kept_with_its_lines(name: str) -> None:
    source = read(text_of(name).replace("\n", "\r\n")).source
    assert source is not None
    assert source.text.rstrip("\n") == text_of(name).rstrip("\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Heron\xff 9B", r"page.txt:1: this is not UTF-8 text"),
        ("Overview\nHeron é".encode("utf-16"), r"not UTF-8 text|control characters"),
        (b"Overview\nHeron\x00 9B", r"page.txt:2: this holds control characters"),
        (b"", "page.txt: this page is empty"),
        (b" \r\n\t\xc2\xa0\n", "page.txt: this page is empty"),
        (b"a line\n" * 1_500_000, "page.txt: a page has at most 1,000,000 characters"),
        (b"Dear reader,\n\nnothing to compare this week.\n", "page.txt: this is no known kind of page"),
        (b"Overview\n" * 3, "it holds Overview"),
    ],
)
def test_what_is_no_page_is_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        read_page(decode(data, "page.txt"), name="page.txt", seen_on=SEEN_ON)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "hostile",
    [
        "Heron 9B vs Kite 3B\n" * 40_000 + "Panel ship\nReviewer scorecard\n",
        "Which Is Cheaper?\nWhich Performs Better?\nWhich Should You Choose?\n"
        + "Heron costs $5 per Mtok, " * 30_000
        + ".",
        "Which Is Cheaper?\nA vs B\nWhich Performs Better?\n"
        + "| A | B |\n" * 90_000
        + "Which Should You Choose?\nA.",
        "Heron 9B\nContext\n64K\nOverview\nCapabilities\nComparisons\n" + "a: b. " * 150_000,
        "Specifications\nProviders\nFrequently asked\n" + "Is it?\nYes.\n" * 60_000,
        "Reviewer scorecard\nPanel ship\n" + "“" * 900_000,
    ],
)
@pytest.mark.timeout(90)
def test_a_hostile_page_is_refused_or_read_soon(hostile: str) -> None:
    with contextlib.suppress(BadInput):
        read(hostile)


def test_a_byte_order_mark_is_no_part_of_the_name() -> None:
    data = b"\xef\xbb\xbf" + text_of("profile").encode()
    assert read(decode(data, "page.txt")).tools[0].name == "Heron 9B"


def test_two_pages_of_one_kind_in_a_file_are_refused_with_the_line() -> None:
    with pytest.raises(
        BadInput, match=r'page.txt:83: this is two pages in one: "Overview" stands here again'
    ):
        read(text_of("profile") + "\n" + text_of("profile").replace("Heron", "Egret"))


def test_two_kinds_of_page_in_a_file_are_refused() -> None:
    with pytest.raises(BadInput, match="two pages in one, a model page and a head-to-head"):
        read(text_of("head-to-head") + text_of("model-page"))


def test_the_caller_gives_the_address_the_dates_and_whose_page_it_is() -> None:
    pack = read_page(
        text_of("panel-scored"),
        name="page.txt",
        url="https://verdicts.example/orrery-pilot",
        ours=True,
        published_on=date(2026, 11, 20),
        as_of=date(2026, 11, 19),
        seen_on=SEEN_ON,
    )
    assert pack.source is not None
    assert (pack.source.url, pack.source.ours) == ("https://verdicts.example/orrery-pilot", True)
    assert (pack.source.published_on, pack.source.seen_on) == (date(2026, 11, 20), SEEN_ON)
    assert pack.comparisons[0].url == "https://verdicts.example/orrery-pilot"
    assert pack.comparisons[0].published_on == date(2026, 11, 20)
    assert (
        {each.as_of for each in pack.claims} == {each.as_of for each in pack.verdicts} == {date(2026, 11, 19)}
    )


def test_somebody_elses_page_is_no_address_of_the_comparison() -> None:
    pack = read_page(text_of("panel-scored"), name="page.txt", url="https://other.example/a", seen_on=SEEN_ON)
    assert pack.comparisons[0].url == ""


def test_without_dates_nothing_is_dated() -> None:
    pack = read(text_of("panel-scored"))
    assert pack.comparisons[0].published_on is None
    assert {each.as_of for each in pack.claims} == {each.as_of for each in pack.verdicts} == {None}


def test_pages_without_address_are_told_apart_by_file_and_title() -> None:
    one, other = (
        read(text_of("profile"), name="a/index.txt"),
        read(text_of("head-to-head"), name="b/index.txt"),
    )
    assert one.source is not None
    assert other.source is not None
    assert one.source.key != other.source.key


def test_a_wrong_address_is_refused_by_field() -> None:
    with pytest.raises(BadInput, match=r"page.txt, field url: .*https://"):
        read_page(text_of("profile"), name="page.txt", url="example", seen_on=SEEN_ON)


def test_a_name_of_a_thousand_letters_is_refused() -> None:
    with pytest.raises(BadInput, match=r"page.txt, field name"):
        read(text_of("profile").replace("Heron 9B", "Heron" * 200, 1))
