"""Whose description of a tool or a comparison holds, and which names are one tool."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.content.records import Pack, Tool, slug
from newsletter.errors import BadInput
from tests.content.packs import MONDAY, OURS, THEIRS, WEEK, pack, store_with, tool

OTHERS = {"name": "Price Shop", "url": "https://shop.example/heron-2"}


def described(tmp_path: Path, *packs: Pack) -> Tool:
    with store_with(tmp_path, *packs) as store:
        return store.get_tool("heron-2")


def ours(**fields: str) -> Pack:
    return pack(OURS, tools=[tool("heron-2", **fields)])


def theirs(**fields: str) -> Pack:
    return pack(THEIRS, tools=[tool("heron-2", **fields)])


def test_a_later_description_replaces_what_it_states_and_leaves_the_rest(tmp_path: Path) -> None:
    heron = described(tmp_path, ours(maker="Heron Labs", tagline="Small"), ours(tagline="Smaller"))
    assert (heron.maker, heron.tagline) == ("Heron Labs", "Smaller")


def test_others_fill_in_facts_that_we_lack_but_never_change_ours(tmp_path: Path) -> None:
    heron = described(tmp_path, ours(category="Developer Tools"), theirs(category="llm", maker="Heron Labs"))
    assert (heron.category, heron.maker) == ("Developer Tools", "Heron Labs")


def test_other_peoples_prose_never_stands_under_our_name(tmp_path: Path) -> None:
    heron = described(
        tmp_path, ours(tagline="Ours"), theirs(tagline="Theirs", description="Theirs at length")
    )
    assert (heron.tagline, heron.description, heron.source_id) == ("Ours", "", "verdicts.example-week-48")


def test_our_prose_takes_the_place_of_all_of_theirs(tmp_path: Path) -> None:
    heron = described(
        tmp_path, theirs(tagline="Theirs", description="Theirs at length"), ours(tagline="Ours")
    )
    assert (heron.tagline, heron.description, heron.source_id) == ("Ours", "", "verdicts.example-week-48")


def test_prose_of_two_others_is_not_mixed(tmp_path: Path) -> None:
    shop = pack(OTHERS, tools=[tool("heron-2", tagline="Cheap")])
    heron = described(tmp_path, theirs(tagline="Theirs", description="Theirs at length"), shop)
    assert (heron.tagline, heron.description, heron.source_id) == ("Cheap", "", "shop.example-heron-2")


def test_a_description_without_prose_leaves_whose_prose_it_is(tmp_path: Path) -> None:
    heron = described(tmp_path, theirs(tagline="Theirs"), ours(maker="Heron Labs"))
    assert (heron.tagline, heron.maker, heron.source_id) == (
        "Theirs",
        "Heron Labs",
        "profiles.example-heron-2",
    )


def test_two_of_our_own_pages_add_to_each_other(tmp_path: Path) -> None:
    page = pack({**OURS, "url": "https://verdicts.example/b"}, tools=[tool("heron-2", description="Long")])
    heron = described(tmp_path, ours(tagline="Short"), page)
    assert (heron.tagline, heron.description) == ("Short", "Long")


def compared(source: dict[str, Any], **fields: str) -> Pack:
    sides = {"left": "heron-2", "right": "finch"}
    return pack(source, tools=[tool("heron-2"), tool("finch")], comparisons=[{**sides, **fields}])


def test_one_pair_is_one_comparison_whatever_its_id(tmp_path: Path) -> None:
    first, second = compared(OURS, headline="Old"), compared(OURS, id="c-17", headline="New")
    with store_with(tmp_path, first, second) as store:
        (head,) = store.comparison_heads()
        assert (head.id, store.get_comparison(head.id).headline) == ("heron-2-vs-finch", "New")


def test_a_question_finds_its_comparison_by_the_packs_own_id(tmp_path: Path) -> None:
    asked = {"comparison": "c-17", "question": "Which?", "answer": "Heron."}
    second = compared(OURS, id="c-17").model_copy(update={"questions": pack(questions=[asked]).questions})
    with store_with(tmp_path, compared(OURS), second) as store:
        assert len(store.questions(comparison_ids=["heron-2-vs-finch"])) == 1


def test_one_pair_twice_in_a_pack_is_one_comparison(tmp_path: Path) -> None:
    sides = {"left": "heron-2", "right": "finch"}
    twice = pack(
        tools=[tool("heron-2"), tool("finch")], comparisons=[{**sides, "id": "a"}, {**sides, "id": "b"}]
    )
    with store_with(tmp_path, twice) as store:
        assert [each.id for each in store.comparison_heads()] == ["a"]


@pytest.mark.parametrize(
    ("first", "second", "number"),
    [
        ({"id": "a", "url": "https://a.example/1"}, {"id": "b", "url": "https://a.example/2"}, 2),
        ({"url": "https://a.example/1"}, {"url": "https://a.example/2"}, 2),
        ({"id": "a", "url": "https://a.example/1"}, {"url": "https://a.example/2"}, 2),
        ({"id": "a", "url": "https://a.example/1"}, {"id": "a", "url": "https://a.example/2"}, 1),
        ({"id": "a", "url": "https://a.example/1"}, {"id": "b", "url": "http://www.a.example/1/#top"}, 1),
        ({"url": "https://a.example/1"}, {"url": "https://a.example/1"}, 1),
        ({"id": "a", "url": "https://a.example/1"}, {"id": "b"}, 1),
        ({}, {"url": "https://a.example/2"}, 1),
    ],
)
def test_another_id_and_another_address_are_another_comparison(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], number: int
) -> None:
    packs = [compared(OURS, headline=name, **each) for name, each in (("One", first), ("Two", second))]
    with store_with(tmp_path, *packs) as store:
        heads = list(store.comparison_heads())
        headlines = [store.get_comparison(each.id).headline for each in heads]
        again = compared(OURS, headline="Three", **second)
        assert store.import_pack(again, MONDAY + 9 * WEEK)["comparisons"] == 0
        assert store.get_comparison(heads[-1].id).headline == "Three"
    assert headlines == (["One", "Two"] if number == 2 else ["Two"])


def test_the_other_way_round_is_another_comparison(tmp_path: Path) -> None:
    turned = pack(tools=[tool("heron-2"), tool("finch")], comparisons=[{"left": "finch", "right": "heron-2"}])
    with store_with(tmp_path, compared(OURS), turned) as store:
        assert len(list(store.comparison_heads())) == 2


def test_their_words_on_a_comparison_do_not_replace_ours(tmp_path: Path) -> None:
    with store_with(tmp_path, compared(OURS, headline="Ours"), compared(THEIRS, headline="Theirs")) as store:
        comparison = store.get_comparison("heron-2-vs-finch")
    assert (comparison.headline, comparison.source_id) == ("Ours", "verdicts.example-week-48")


def test_one_name_is_one_tool_whatever_its_id(tmp_path: Path) -> None:
    site = pack(tools=[{"id": "17", "name": "HERON  2", "maker": "Heron Labs"}])
    with store_with(tmp_path, ours(), site) as store:
        assert [(each.id, each.name) for each in store.tool_heads()] == [("heron-2", "HERON 2")]


def test_two_ids_of_one_pack_are_two_tools_even_of_one_name(tmp_path: Path) -> None:
    both = pack(tools=[{"id": "17", "name": "Heron"}, {"id": "18", "name": "Heron"}])
    again = both.model_copy(update={"tools": both.tools[::-1]})
    with store_with(tmp_path, both, again) as store:
        assert sorted(each.id for each in store.tool_heads()) == ["17", "18"]


def test_a_source_may_rename_its_own_tool(tmp_path: Path) -> None:
    assert described(tmp_path, ours(name="Heron 2"), ours(name="Heron Two")).name == "Heron Two"


def test_two_names_that_one_id_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    first, second = ours(name="Heron 2"), theirs(name="Heron-2")
    with pytest.raises(
        BadInput, match=r"pack, field tools\[1\]\.name: Heron 2 and Heron-2 would both be heron-2"
    ):
        store_with(tmp_path, first, second)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mistral 3 Small (22B)", "mistral-3-small-22b"),
        ("Small 3.2", "small-3.2"),
        ("C++ Helper", "c-plus-plus-helper"),
        ("C# Helper", "c-sharp-helper"),
        ("Café", "cafe"),
        ("…dots.. in.names.", "dots-in.names"),
    ],
)
def test_a_name_becomes_an_id(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_names_in_other_scripts_stay_apart() -> None:
    names = ["白鷺", "青鷺", "Heron 白", "Heron 青", "—"]
    assert len({slug(name) for name in names}) == len(names)
