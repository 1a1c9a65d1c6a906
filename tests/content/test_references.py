"""What a pack may not refer to or leave empty, each with its place."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.content.packs import parse_pack
from newsletter.content.records import Pack
from newsletter.content.store import ContentStore
from newsletter.errors import BadInput
from tests.content.packs import MONDAY, OURS, dump, pack, store_with, tool, whole_week

PRICE = {"tool": "heron-2", "attribute": "input_price"}


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ({"claims": [{"tool": "wren", "attribute": "licence", "value": "MIT"}]}, "claims[1].tool: there is no tool wren: list it under tools, or correct the id"),
        ({"tools": [tool("wren"), tool("wren")]}, "tools[2].id: wren stands here twice: give every one its own id"),
        ({"sources": [{"name": "X", "id": "x"}, {"name": "Y", "id": "x"}]}, "sources[2].id: x stands here twice: give every one its own id"),
        ({"sources": [{"name": "Weekly Verdicts", "url": OURS["url"]}]}, "sources[1].id: verdicts.example-week-48 stands here twice: give every one its own id"),
        ({"tools": [tool("wren", source="nobody")]}, "tools[1].source: there is no source nobody: list it under sources"),
        ({"texts": [{"source": "nobody", "text": "x", "seen_at": "2026-11-20T09:00:00Z"}]}, "texts[1].source: there is no source nobody: list it under sources"),
        ({"comparisons": [{"left": "heron-2", "right": "wren"}]}, "comparisons[1].right: there is no tool wren: list it under tools, or correct the id"),
        ({"comparisons": [{"left": "finch", "right": "finch"}]}, "comparisons[1].right: finch is compared with itself: name two tools"),
        ({"comparisons": [{"left": "finch", "right": "heron-2"}] * 2}, "comparisons[2].id: finch-vs-heron-2 stands here twice: give every one its own id"),
        ({"questions": [{"question": "?", "answer": "!"}]}, "questions[1].comparison: a question is about one comparison or one tool: name either"),
        ({"questions": [{"question": "?", "answer": "!", "tool": "finch", "comparison": "x"}]}, "questions[1].comparison: a question is about one comparison or one tool: name either"),
        ({"questions": [{"question": "?", "answer": "!", "tool": "wren"}]}, "questions[1].tool: there is no tool wren: list it under tools, or correct the id"),
        ({"questions": [{"question": "?", "answer": "!", "comparison": "x"}]}, "questions[1].comparison: there is no comparison x: list it first"),
        ({"aliases": [{"alias": "x", "tool": "wren"}]}, "aliases[1].tool: there is no tool wren: list it under tools, or correct the id"),
        ({"aliases": [{"alias": "x", "tool": "heron-two"}]}, "aliases[1].tool: heron-two is an alias itself: name the tool it stands for"),
        ({"aliases": [{"alias": "heron-2", "tool": "finch"}]}, "aliases[1].alias: heron-2 has aliases itself: point those elsewhere first"),
        ({"reviews": [{"tool": "finch", "reviewer": "Builder"}]}, "reviews[1].words: it says nothing: give words, or a reviewer and a score"),
        ({"reviews": [{"tool": "finch", "score": 3}]}, "reviews[1].words: it says nothing: give words, or a reviewer and a score"),
        ({"verdicts": [{"tool": "finch", "ships": 3}]}, "verdicts[1].share: it says nothing: give ships and skips, or a share"),
        ({"claims": [{**PRICE, "value": "$3"}]}, "claims[1].unit: a price is for a number of tokens: such as USD/Mtok"),
        ({"claims": [{**PRICE, "value": 3, "unit": "USD"}]}, "claims[1].unit: a price is for a number of tokens: such as USD/Mtok"),
    ],
)  # fmt: skip
def test_what_refers_to_nothing_or_says_nothing_is_named(
    tmp_path: Path, records: dict[str, Any], said: str
) -> None:
    with store_with(tmp_path, whole_week()) as store:
        before = dump(store)
        with pytest.raises(BadInput) as caught:
            store.import_pack(pack(**records), MONDAY)
        assert str(caught.value) == f"pack, field {said}"
        assert dump(store) == before


def test_a_record_without_any_source_is_named(tmp_path: Path) -> None:
    with (
        ContentStore(tmp_path / "content.db") as store,
        pytest.raises(BadInput, match=r"tools\[1\]\.source: it has no source"),
    ):
        store.import_pack(Pack.model_validate({"tools": [tool("wren")]}), MONDAY)


def test_what_the_store_already_holds_need_not_be_listed_again(tmp_path: Path) -> None:
    later = pack(
        claims=[
            {**PRICE, "value": "0", "unit": "USD/Mtok"},
            {"tool": "heron-two", "attribute": "licence", "value": "MIT", "source": "profiles"},
        ],
        questions=[{"comparison": "heron-2-vs-finch", "question": "Why?", "answer": "Because."}],
    )
    with store_with(tmp_path, whole_week(), later) as store:
        assert len(store.claims(["heron-2"])["heron-2"]) == 4


def test_the_place_in_the_file_is_said(tmp_path: Path) -> None:
    text = "source: {name: X}\nclaims:\n- tool: wren\n  attribute: licence\n  value: MIT\n"
    read = parse_pack(text, Path("week.yaml"))
    with ContentStore(tmp_path / "content.db") as store, pytest.raises(BadInput) as caught:
        store.import_pack(read.pack, MONDAY, where=read.where)
    assert str(caught.value).startswith("week.yaml:3, field claims[1].tool: there is no tool wren")


@pytest.mark.parametrize("value", ["cheap", "-5", ".inf", ".nan", "1e400", "1,5"])
def test_a_price_that_is_no_number_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    text = (
        "source: {name: X}\ntools: [{id: wren, name: Wren}]\nclaims:\n- tool: wren\n"
        f"  attribute: input_price\n  value: {value}\n  unit: USD/Mtok\n"
    )
    read = parse_pack(text, Path("week.yaml"))
    with ContentStore(tmp_path / "content.db") as store, pytest.raises(BadInput) as caught:
        store.import_pack(read.pack, MONDAY, where=read.where)
    assert str(caught.value).startswith(
        f"week.yaml:6, field claims[1].value: it is '{value}', but a number from 0"
    )


def test_a_tiny_price_with_an_exponent_is_the_number_it_is(tmp_path: Path) -> None:
    claim = {"tool": "wren", "attribute": "input_price", "value": "1.0e-07", "unit": "USD/Mtok"}
    with store_with(tmp_path, pack(tools=[tool("wren")], claims=[claim])) as store:
        assert store.claims(["wren"])["wren"][0].value == "0.0000001"
