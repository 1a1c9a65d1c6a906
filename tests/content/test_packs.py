"""Pack files: what is read, and the one sentence for everything that is not."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.packs import JSON_LIMIT, YAML_LIMIT, PackFile, json_lines, parse_pack, read_text
from newsletter.errors import BadInput

FILE = Path("week.yaml")

GOOD = """\
source:
  name: Weekly Verdicts
  url: https://verdicts.example/week/48
  ours: true
  published_on: 2026-11-20
tools:
  - id: heron-2
    name: Heron 2
    tags: [coding, open]
claims:
  - tool: heron-2
    attribute: input_price
    value: 0.10
    unit: USD/Mtok
    line: 12
"""


def parse(text: str) -> PackFile:
    return parse_pack(text, FILE)


def complaint(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_yaml_and_json_give_the_same_pack() -> None:
    as_json = {
        "source": {
            "name": "Weekly Verdicts",
            "url": "https://verdicts.example/week/48",
            "ours": True,
            "published_on": "2026-11-20",
        },
        "tools": [{"id": "heron-2", "name": "Heron 2", "tags": ["coding", "open"]}],
        "claims": [
            {"tool": "heron-2", "attribute": "input_price", "value": "0.10", "unit": "USD/Mtok", "line": 12}
        ],
    }
    assert parse(GOOD).pack == parse(json.dumps(as_json)).pack


def test_numbers_keep_their_digits() -> None:
    benchmark = "benchmarks: [{tool: heron-2, test: Maths, score: 66.70, out_of: 100}]"
    assert parse(GOOD).pack.claims[0].value == "0.10"
    assert str(parse(benchmark).pack.benchmarks[0].score) == "66.70"


def test_a_value_may_be_yes_or_no() -> None:
    claims = parse(
        "claims: [{tool: a, attribute: api_access, value: true}, {tool: b, attribute: x, value: 7}]"
    )
    assert [each.value for each in claims.pack.claims] == ["yes", "7"]


def test_words_that_other_yaml_readers_take_for_something_else_stay_words() -> None:
    tools = parse("tools: [{id: no, name: on}, {id: '12', name: 12:30}]").pack.tools
    assert [(each.id, each.name) for each in tools] == [("no", "on"), ("12", "12:30")]


def test_an_empty_value_is_unknown() -> None:
    review = parse("reviews:\n- tool: heron-2\n  reviewer:\n  score: ~\n  words: Good.\n").pack.reviews[0]
    assert (review.reviewer, review.score) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit: USD/Mtok", "units: USD/Mtok", "week.yaml:14, field claims[1].units: there is no such field: do you mean unit?"),
        ("unit: USD/Mtok", "flavour: x", "week.yaml:14, field claims[1].flavour: there is no such field: known are source, tool, line, seen_at, attribute, value, unit, words, as_of, verified_on"),
        ("    name: Heron 2\n", "", "week.yaml:7, field tools[1].name: it is missing"),
        ("name: Heron 2", "name: 2", "week.yaml:8, field tools[1].name: it is 2, but text is right: put it in quotes"),
        ("id: heron-2\n", "id: Heron 2\n", "week.yaml:7, field tools[1].id: it is 'Heron 2', but an id is right: lower-case letters and digits, with . _ - between them"),
        ("line: 12", "line: twelve", "week.yaml:15, field claims[1].line: it is 'twelve', but a whole number is right"),
        ("line: 12", "line: 0", "week.yaml:15, field claims[1].line: it is 0, but at least 1 is right"),
        ("published_on: 2026-11-20", "published_on: last week", "week.yaml:5, field source.published_on: it is 'last week', but a date such as 2026-03-01 is right"),
        ("published_on: 2026-11-20", "published_on: 2026-02-30", "week.yaml:5, field source.published_on: it is '2026-02-30', but a date such as 2026-03-01 is right"),
        ("ours: true", "ours: perhaps", "week.yaml:4, field source.ours: it is 'perhaps', but true or false is right"),
        ("url: https://verdicts.example/week/48", "url: javascript:alert(1)", "week.yaml:3, field source.url: it is no web address: one that begins with https:// or http:// is right"),
        ("value: 0.10", "value: [0.10]", "week.yaml:13, field claims[1].value: it is a list, but text is right: put it in quotes"),
        ("published_on: 2026-11-20", "published_on: {day: 20}", "week.yaml:5, field source.published_on: it is a record, but a date such as 2026-03-01 is right"),
        ("published_on: 2026-11-20", "published_on: [20]\n  name: x", "week.yaml:6: name stands here twice: write it once"),
        ("[coding, open]", "coding", "week.yaml:9, field tools[1].tags: it is 'coding', but a list is right"),
        ("- id: heron-2\n    name: Heron 2\n    tags: [coding, open]", "- heron", "week.yaml:7, field tools[1]: it is 'heron', but a record with named fields is right"),
        ("source:\n", "source: &s\n", "week.yaml:1: anchors and aliases (& and *) are not read: write the value out"),
        ("name: Heron 2", "name: !!python/object:os.system x", "week.yaml:8: tags such as tag:yaml.org,2002:python/object:os.system are not read: leave it out"),
        ("    line: 12\n", "    line: 12\n    line: 13\n", "week.yaml:16: line stands here twice: write it once"),
        ("tools:\n", "tools: [\n", "week.yaml:7: this is not YAML: did not find expected node content"),
        ("claims:\n", "---\nclaims:\n", "week.yaml:10: it holds a second document: a pack is one"),
        ("tags: [coding, open]", "? [a]\n    : b", "week.yaml:9: a name of a field is a word"),
    ],
)  # fmt: skip
def test_every_fault_of_yaml_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert complaint(GOOD.replace(old, new, 1)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"tools": [\n{"id": "a",\n "name": 3}]}', "week.yaml:3, field tools[1].name: it is 3, but text is right: put it in quotes"),
        ('{"tools": [\n{"id": "a", "name": "A"},\n{"id": "b"}]}', "week.yaml:3, field tools[2].name: it is missing"),
        ('{"tools": [\n{"id": "a", "name": "x",\n "id": "b"}]}', "week.yaml:3, field tools[1].id: this name stands here twice: write it once"),
        ('{"tools": [\n{"id": "a", "na', "week.yaml:2: this is not JSON: Unterminated string starting at"),
        ('{"benchmarks": [{"tool": "a", "test": "T", "score": NaN}]}', "week.yaml: this is not JSON for a pack: NaN is no number"),
        ('{"benchmarks": [\n{"tool": "a", "test": "T", "score": 1e1000000000000000000}]}', "week.yaml:2: the number 1e1000000000000000000 is beyond all measure"),
        ("[1, 2]", "week.yaml:1: a pack is a mapping: source, tools, reviews, claims and so on"),
        ("{}", "week.yaml: there is nothing in it: give at least one of reviewers, tools, aliases, comparisons, reviews, verdicts, votes, claims, offers, benchmarks, notes, questions, reader_votes"),
        ('{"tools": [{"id": "a", "name": "\\ud800"}]}', "week.yaml:1, field tools[1].name: it is '\\ud800', but text without broken characters is right"),
        ('{"tools": [{"id": "a", "name": "a\\u0000b"}]}', "week.yaml:1, field tools[1].name: it holds control characters: plain text is right"),
    ],
)  # fmt: skip
def test_every_fault_of_json_is_named_with_its_place(text: str, said: str) -> None:
    assert complaint(text) == said


def test_several_faults_are_counted() -> None:
    assert complaint("tools: [{id: a}, {id: b}]").endswith("it is missing (and 1 more)")


def test_a_misspelt_name_is_called_that_rather_than_missing() -> None:
    assert complaint("tools: [{id: a, nam: A}]").endswith("no such field: do you mean name? (and 1 more)")


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert complaint(bomb) == "week.yaml:1: anchors and aliases (& and *) are not read: write the value out"


@pytest.mark.parametrize(
    "text", ["tools: " + "[" * 100_000, '{"tools":' + "[" * 100_000 + "]" * 100_000 + "}"]
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert "it is nested too deeply: a pack is four levels deep" in complaint(text)


def test_a_huge_yaml_text_is_refused() -> None:
    assert "write a pack this large as JSON" in complaint("# " + "x" * YAML_LIMIT)


def test_a_huge_number_is_refused() -> None:
    assert "but" in complaint("benchmarks: [{tool: a, test: T, score: 1" + "0" * 29 + "}]")
    assert "this is not JSON for a pack" in complaint('{"tools": 1' + "0" * 5000 + "}")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    binary, latin, huge = (tmp_path / name for name in ("photo.yaml", "latin.yaml", "huge.json"))
    binary.write_bytes(b"PK\0\0")
    latin.write_bytes("source:\n  name: Caf\xe9".encode("latin-1"))
    with huge.open("wb") as file:
        file.truncate(JSON_LIMIT + 1)
    for path, said in (
        (binary, f"{binary}: this is a binary file: a pack or a page is plain text"),
        (latin, f"{latin}:2: this is not UTF-8 text: save it as UTF-8"),
        (huge, f"{huge}: it holds {JSON_LIMIT + 1:,} bytes: at most {JSON_LIMIT:,} can be read"),
        (tmp_path, f"{tmp_path}: it cannot be read: Is a directory"),
    ):
        with pytest.raises(BadInput) as caught:
            read_text(path)
        assert str(caught.value) == said


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "week.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert parse_pack(read_text(file), file).pack == parse(GOOD).pack


def test_a_place_is_given_for_any_field_of_a_pack() -> None:
    where = parse(GOOD).where
    assert str(where(("claims", 0, "unit"))) == "week.yaml:14, field claims[1].unit"
    assert str(where(("claims", 0, "as_of"))) == "week.yaml:11, field claims[1].as_of"
    assert str(where(())) == "week.yaml:1"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [path, *(each for key, child in children for each in paths(child, (*path, key)))]


@given(JSON_VALUES, st.sampled_from([None, 0, 2]))
def test_every_part_of_a_json_text_has_a_line(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert [path for path, _ in json_lines(text)] == paths(value)


def refusal(text: str) -> str:
    try:
        parse(text)
    except BadInput as error:
        return str(error)
    return ""


@given(st.text(max_size=200))
def test_any_text_is_a_pack_or_one_sentence(text: str) -> None:
    assert "\n" not in refusal(text)


@given(st.sampled_from(GOOD.splitlines()), st.text(max_size=20))
def test_any_line_may_go_wrong(line: str, wrong: str) -> None:
    assert "\n" not in refusal(GOOD.replace(line, line[: len(line) // 2] + wrong))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1000, max_value=1000))
def test_scores_are_read_exactly(score: Decimal) -> None:
    text = f"benchmarks: [{{tool: a, test: T, score: {score:f}}}]"
    assert parse(text).pack.benchmarks[0].score == score
