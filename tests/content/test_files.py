"""Files to packs: which files, packs or pages, and what the caller adds."""

import json
from datetime import date
from pathlib import Path

import pytest

from newsletter.content.packs import Provenance, find_files, is_pack, read_material
from newsletter.content.records import Pack
from newsletter.errors import BadInput
from tests.content.pages.reading import NAMES, WRITTEN
from tests.content.test_packs import GOOD

DAY = date(2026, 11, 20)


def read(folder: Path, text: str, origin: Provenance | None = None, name: str = "week.yaml") -> Pack:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_material(file, origin or Provenance()).pack


def test_a_folder_is_the_files_in_it_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.txt", "deep/c.JSON", "deep/d.yml", "notes.md", ".hidden.yaml", ".git/e.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(each.relative_to(tmp_path)) for each in find_files([tmp_path / "b.yaml", tmp_path])]
    assert found == ["b.yaml", "a.txt", "b.yaml", "deep/c.JSON", "deep/d.yml"]


def test_a_folder_without_any_such_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"this folder holds no file that ends in \.yaml, \.yml, \.json, \.txt"
    ):
        list(find_files([tmp_path]))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("week.yaml", "anything", True),
        ("week.txt", GOOD, True),
        ("week.txt", "# A comment\n\n---\ntools:\n- x", True),
        ("week", '  {"tools": []}', True),
        ("page.txt", "Heron 2\nsource: a newspaper\ntools: many", False),
        ("page.txt", "Toolsmith: a review", False),
        ("page.txt", "", False),
    ],
)
def test_packs_and_pages_are_told_apart_by_what_they_hold(name: str, text: str, expected: bool) -> None:
    assert is_pack(Path(name), text) is expected


@pytest.mark.parametrize("name", NAMES)
def test_a_page_becomes_a_pack_with_the_page_as_its_source(name: str) -> None:
    file = WRITTEN / f"{name}.txt"
    read = read_material(file, Provenance(url="https://verdicts.example/page", ours=True, published_on=DAY))
    assert read.pack.source is not None
    assert (read.pack.source.url, read.pack.source.ours, read.pack.source.published_on) == (
        "https://verdicts.example/page",
        True,
        DAY,
    )
    assert read.pack.claims
    assert str(read.where(("claims", 0, "value"))) == f"{file}, field claims[1].value"


def test_the_caller_dates_what_is_undated(tmp_path: Path) -> None:
    text = GOOD + (
        "  - {tool: heron-2, attribute: context, value: 128K, verified_on: 2026-03-01}\n"
        "  - {tool: heron-2, attribute: licence, value: MIT, as_of: 2026-04-01}\n"
        "verdicts: [{tool: heron-2, share: 75}]\n"
    )
    pack = read(tmp_path, text, Provenance(as_of=DAY))
    assert [each.as_of for each in pack.claims] == [DAY, None, date(2026, 4, 1)]
    assert pack.verdicts[0].as_of == DAY


def test_the_caller_says_when_a_comparison_was_published(tmp_path: Path) -> None:
    text = "source: {name: X}\ncomparisons: [{left: a, right: b}, {left: b, right: a, published_on: 2026-01-01}]\n"
    pack = read(tmp_path, text, Provenance(published_on=DAY))
    assert [each.published_on for each in pack.comparisons] == [DAY, date(2026, 1, 1)]
    assert pack.source is not None
    assert pack.source.published_on == DAY


def test_the_caller_says_whose_a_pack_is(tmp_path: Path) -> None:
    pack = read(
        tmp_path, "tools: [{id: a, name: A}]", Provenance(url="https://www.verdicts.example/w", ours=True)
    )
    assert pack.source is not None
    assert (pack.source.name, pack.source.ours, pack.source.key) == (
        "verdicts.example/w",
        True,
        "verdicts.example-w",
    )
    other = read(tmp_path, GOOD, Provenance(url="https://verdicts.example/other"))
    assert other.source is not None
    assert (other.source.name, other.source.url) == ("Weekly Verdicts", "https://verdicts.example/other")


def test_saying_whose_it_is_needs_a_source_to_say_it_of(tmp_path: Path) -> None:
    text = "sources: [{id: x, name: X}]\ntools: [{id: a, name: A, source: x}]"
    with pytest.raises(BadInput, match="field source: it has no source of its own to say that of"):
        read(tmp_path, text, Provenance(ours=True))


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="verdicts is no web address"):
        Provenance(url="verdicts")


@pytest.mark.parametrize("number", ["1e99", "-1E+99", "1e-99", "0." + "1" * 99])
@pytest.mark.parametrize(
    "place", ['"reviews": [{"score": %s}]', '"claims": [{"value": %s}]', '"verdicts": [{"ships": %s}]']
)
def test_a_number_beyond_all_measure_is_refused_before_anybody_reckons_with_it(
    tmp_path: Path, place: str, number: str
) -> None:
    with pytest.raises(BadInput, match=r"pack\.json:3: the number -?[\d.]+[eE\d+-]*…? is beyond all measure"):
        read(tmp_path, '{"source": {"name": "X"},\n\n' + place % number + "}", name="pack.json")


def test_a_large_json_file_is_read_and_a_large_text_is_not(tmp_path: Path) -> None:
    tools = [{"id": f"t{number}", "name": "A", "description": "x" * 19_000} for number in range(2_000)]
    large = json.dumps({"source": {"name": "X"}, "tools": tools})
    assert len(read(tmp_path, large, name="large.json").tools) == 2_000
    with pytest.raises(BadInput, match="at most 33,554,432 can be read"):
        read(tmp_path, large, name="large.txt")
