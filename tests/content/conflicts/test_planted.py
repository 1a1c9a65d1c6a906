"""One contradiction of every kind, planted in pages and packs that are true without it: each is found, alone."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.content.conflicts.contradiction import Contradiction, ContradictionKind
from newsletter.content.records import Pack
from tests.content.conflicts.pages import check, head_to_head, model_page, profile
from tests.content.packs import pack, tool


def only(found: tuple[Contradiction, ...]) -> Contradiction:
    assert len(found) == 1, [(each.kind, each.reason) for each in found]
    return found[0]


def words_of(found: Contradiction) -> tuple[str, str]:
    return found.left.words, found.right.words


def test_without_anything_planted_there_is_nothing(tmp_path: Path) -> None:
    assert check(tmp_path, head_to_head(), model_page(name="Gannet Mini 13B"), profile()) == ()


# ── between sources ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("planted", "attribute", "values"),
    [
        ({"price": ("0.25", "0.80")}, "input_price", ("0.25 USD/Mtok", "0.2 USD/Mtok")),
        ({"price": ("0.20", "1.80")}, "output_price", ("1.8 USD/Mtok", "0.8 USD/Mtok")),
        ({"max_output": "32K tokens"}, "max_output", ("32K tokens", "4096 tokens")),
        ({"licence": "proprietary"}, "licence", ("proprietary", "MIT")),
    ],
)
def test_two_sources_that_differ(
    tmp_path: Path, planted: dict[str, Any], attribute: str, values: tuple[str, str]
) -> None:
    catalogue = model_page(name="Gannet Mini 13B")
    found = only(check(tmp_path, catalogue, profile(**planted)))
    assert (found.kind, found.attribute) == (ContradictionKind.SOURCES_DIFFER, attribute)
    assert (found.left.value, found.right.value) == values
    assert found.is_serious
    assert found.certain
    assert found.left.dated == "verified 2026-09-14"
    assert None not in (found.left.line, found.right.line)


def test_two_dates_far_apart_may_be_a_change(tmp_path: Path) -> None:
    dated = [
        pack(
            source={"name": f"Shop {day}"},
            tools=[tool("heron")],
            claims=[{"tool": "heron", "attribute": "input_price", "value": f"${price}/Mtok", "as_of": day}],
        )
        for price, day in ((2, "2026-03-01"), (1, "2026-11-01"))
    ]
    found = only(check(tmp_path, *dated))
    assert (found.certain, found.left.value) == (False, "1 USD/Mtok")
    assert "245 days apart: it may have changed" in found.reason


def test_an_open_licence_against_a_closed_one(tmp_path: Path) -> None:
    found = only(
        check(
            tmp_path,
            model_page(name="Gannet Mini 13B", licence="proprietary"),
            profile(licence="Apache License 2.0"),
        )
    )
    assert (found.attribute, found.left.value, found.right.value) == (
        "licence",
        "Apache License 2.0",
        "proprietary",
    )


def test_two_records_that_are_one_tool_differ_as_one_tool_would(tmp_path: Path) -> None:
    found = check(tmp_path, model_page(), profile(price=("0.20", "1.80")))
    assert {each.kind for each in found} == {ContradictionKind.TWO_RECORDS, ContradictionKind.SOURCES_DIFFER}
    assert {frozenset(each.tool_ids) for each in found} == {
        frozenset({"gannet-mini-13b", "gannet-gannet-mini-13b"})
    }


def test_sources_that_agree_with_either_side_are_named_with_it(tmp_path: Path) -> None:
    third = pack(
        source={"name": "Shop"},
        tools=[tool("gannet-mini-13b", name="Gannet Mini 13B")],
        claims=[{"tool": "gannet-mini-13b", "attribute": "input_price", "value": "$0.0002 per 1K tokens"}],
    )
    found = only(check(tmp_path, model_page(name="Gannet Mini 13B"), third, profile(price=("0.30", "0.80"))))
    assert {each.source for each in (found.right, *found.also)} == {"Shop", "Gannet Mini 13B, model page"}


def test_a_source_that_says_the_same_of_two_records_is_listed_once(tmp_path: Path) -> None:
    def stating(source: str, price: str, *tools: str, verified_on: str = "2026-11-01") -> Pack:
        claims = [
            {"tool": each, "attribute": "input_price", "value": price, "verified_on": verified_on}
            for each in tools
        ]
        return pack(
            source={"name": source},
            tools=[tool("gannet-13b", name="Gannet 13B"), tool("maker-gannet-13b", name="Maker: Gannet 13B")],
            claims=claims,
        )

    found = check(
        tmp_path,
        stating("Newest", "$0.90/Mtok", "gannet-13b", verified_on="2026-11-20"),
        stating("Archive", "$0.20/Mtok", "gannet-13b", "maker-gannet-13b"),
        stating("Guide", "$0.20/Mtok", "gannet-13b"),
    )
    (differ,) = (each for each in found if each.kind is ContradictionKind.SOURCES_DIFFER)
    assert [each.source for each in (differ.right, *differ.also)] == ["Archive", "Guide"]


# ── identity ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Finch Small 3.2", "Fauna: Finch Small 3.2 24B"),
        ("Finch 3.2 Small (24B)", "Finch Small 3.2 24B"),
        ("Fauna Finch Small 3.2", "Finch Small 3.2"),
        ("Finch3.2 Small", "finch small v3.2"),
    ],
)
def test_two_records_of_one_tool(tmp_path: Path, left: str, right: str) -> None:
    found = only(check(tmp_path, tools_named(left, right)))
    assert found.kind is ContradictionKind.TWO_RECORDS
    assert {found.left.words, found.right.words} == {left, right}
    assert not found.certain


@pytest.mark.parametrize(
    ("left", "right"), [("Finch Small (24B)", "Finch Small (22B)"), ("Finch 3 24B", "Finch 3 (22B)")]
)
def test_one_name_for_two_tools(tmp_path: Path, left: str, right: str) -> None:
    assert only(check(tmp_path, tools_named(left, right))).kind is ContradictionKind.ONE_NAME


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Finch 8B", "Finch 70B"),
        ("Finch Small 3.2", "Finch Small 3.1"),
        ("Finch Small", "Finch Small 3.2"),
        ("Finch 3 Small 24B", "Finch Small 3.2 24B"),
        ("Finch Small 3.2", "Finch Large 3.2"),
        ("Finch 26B", "Finch 31B"),
        ("Finch 4", "Finch 4 Pro"),
    ],
)
def test_siblings_are_no_finding(tmp_path: Path, left: str, right: str) -> None:
    assert check(tmp_path, tools_named(left, right)) == ()


def test_one_name_by_two_makers_is_two_tools(tmp_path: Path) -> None:
    tools = [tool("one", name="Quill 2", maker="Inkwell"), tool("two", name="Quill 2", maker="Plume Ltd")]
    assert check(tmp_path, pack(tools=tools)) == ()


def test_the_size_that_is_claimed_counts_where_the_name_has_none(tmp_path: Path) -> None:
    claims = [{"tool": "one", "attribute": "parameters", "value": "70B"}]
    tools = [tool("one", name="Finch 3"), tool("two", name="Finch 3 8B")]
    assert check(tmp_path, pack(tools=tools, claims=claims)) == ()


def test_records_that_are_said_to_be_one_are_no_question(tmp_path: Path) -> None:
    week = pack(
        tools=[tool("finch-3", name="Finch 3")],
        aliases=[{"alias": "fauna-finch-3", "tool": "finch-3"}],
    )
    assert check(tmp_path, week) == ()


def tools_named(*names: str) -> Pack:
    return pack(tools=[tool(f"tool-{number}", name=name, maker="Fauna") for number, name in enumerate(names)])


# ── inside one source ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("A 100M-token month would cost ~$2,500 on Tern Large 4.", ContradictionKind.TOTAL),
        ("At 10M tokens Tern Mini 4 costs $25.", ContradictionKind.TOTAL),
        ("A 100M-token month would cost $390 on Tern Large 4.", ContradictionKind.SAID_TWICE),
        ("Tern Mini 4 is half the price.", ContradictionKind.RATIO),
        ("Tern Large 4 is 100x the cost.", ContradictionKind.RATIO),
        ("Tern Large 4 is three times more expensive.", ContradictionKind.RATIO),
        ("Tern Large 4 is significantly cheaper than Tern Mini 4.", ContradictionKind.RATIO),
        ("Tern Mini 4 saves you ~$36 for every million tokens.", ContradictionKind.SAVING),
        ("Tern Mini 4 answers for $0.40/million tokens vs Large 4’s $1.60.", ContradictionKind.PRICE),
        ("Tern Mini 4 answers for $4.00/million tokens.", ContradictionKind.PRICE),
        ("Tern Large 4 costs $5.00 per million output tokens.", ContradictionKind.SAID_TWICE),
    ],
)
def test_a_figure_that_does_not_follow_from_the_prices(
    tmp_path: Path, sentence: str, kind: ContradictionKind
) -> None:
    found = only(check(tmp_path, head_to_head(costs=sentence)))
    assert found.kind is kind
    assert sentence in words_of(found)
    assert found.certain


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("At $0.20 input, loading 100k tokens costs $20.", "costs $0.02, not $20"),
        ("With 10M tokens daily, Gannet Mini spends $700/month on input.", "costs $44 to $62, not $700"),
    ],
)
def test_a_total_on_a_page_of_one_model(tmp_path: Path, use: str, said: str) -> None:
    found = only(check(tmp_path, model_page(use=use)))
    assert (found.kind, found.right.words) == (ContradictionKind.TOTAL, use)
    assert said in found.reason


def test_a_context_that_is_stated_twice(tmp_path: Path) -> None:
    found = only(check(tmp_path, profile(details="The documentation gives a 32K context window.")))
    assert (found.kind, found.attribute, found.right.value) == (
        ContradictionKind.SAID_TWICE,
        "context",
        "32K tokens",
    )


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Tern Mini 4 won all four benchmarks.", ContradictionKind.WINS),
        ("Tern Mini 4 won two benchmarks.", ContradictionKind.WINS),
        ("Tern Mini 4 scored zero across the board.", ContradictionKind.WINS),
        ("Tern Mini 4 dominates in every tested category.", ContradictionKind.WINS),
    ],
)
def test_wins_that_the_table_does_not_hold(tmp_path: Path, sentence: str, kind: ContradictionKind) -> None:
    found = only(check(tmp_path, head_to_head(performance=sentence)))
    assert (found.kind, found.right.words) == (kind, sentence)
    assert not found.is_serious


def test_a_zero_over_a_table_without_scores(tmp_path: Path) -> None:
    rows = [("Tables", "—", "2"), ("Letters", "—", "—")]
    sentence = "Tern Large 4 scored zero across the board."
    found = only(check(tmp_path, head_to_head(rows=rows, performance=sentence)))
    assert found.left.words == "Tables: no score"
    assert "untested is not zero" in found.reason


def test_a_grade_of_untested_beside_results(tmp_path: Path) -> None:
    answer = "Tern Large 4 has a grade of 'Strong' and Tern Mini 4 has a grade of 'Untested'."
    found = only(check(tmp_path, head_to_head(answer=answer)))
    assert (found.kind, found.attribute, found.left.tool_id) == (
        ContradictionKind.UNTESTED,
        "grade",
        "tern-mini-4",
    )


def test_two_grades_in_one_source(tmp_path: Path) -> None:
    found = only(
        check(
            tmp_path,
            head_to_head(
                performance="Tern Large 4 has a grade of 'Fair'.",
                answer="Tern Large 4 has a grade of 'Strong'.",
            ),
        )
    )
    assert (found.kind, found.left.value, found.right.value) == (
        ContradictionKind.SAID_TWICE,
        "Fair",
        "Strong",
    )


def test_one_untested_area_over_a_table_of_holes(tmp_path: Path) -> None:
    rows = [("Tables", "3", "2"), ("Letters", "—", "—"), ("Dialect", "—", "—")]
    sentence = "The only untested area is Tern Mini 4's handwriting."
    found = only(check(tmp_path, head_to_head(rows=rows, performance=sentence)))
    assert (found.kind, found.left.value) == (ContradictionKind.UNTESTED, "2 tests without a score")


def test_no_public_benchmarks_by_one_and_a_table_by_another(tmp_path: Path) -> None:
    name = "Tern: Tern Mini 4"
    found = check(tmp_path, head_to_head(), model_page(name=name, trade_off="No public benchmarks yet."))
    assert ContradictionKind.UNTESTED in [each.kind for each in found]


def test_both_are_ahead(tmp_path: Path) -> None:
    performance = (
        "Tern Mini 4 consistently outperforms Tern Large 4, often by 10-15% in head-to-head benchmarks.\n"
        "Tern Large 4 outscored Tern Mini 4 across every tested dimension."
    )
    found = only(check(tmp_path, head_to_head(performance=performance)))
    assert found.kind is ContradictionKind.AHEAD
    assert not found.certain


def test_a_text_for_one_and_an_answer_for_the_other(tmp_path: Path) -> None:
    choice = "Tern Mini 4 is the clear winner."
    answer = "Tern Large 4 is the better model, whatever it costs."
    found = only(check(tmp_path, head_to_head(choice=choice, answer=answer)))
    assert (found.kind, *words_of(found)) == (ContradictionKind.ADVICE, choice, answer)
    assert (found.left.line, found.right.line) == (16, 19)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ({"ships": 3, "skips": 1, "share": 60}, "60%"),
        ({"ships": 4, "skips": 0, "share": 75}, "75%"),
        ({"ships": 1, "skips": 2, "share": 67}, "67%"),
    ],
)
def test_a_share_that_its_split_does_not_make(tmp_path: Path, verdict: dict[str, int], said: str) -> None:
    week = pack(tools=[tool("heron")], verdicts=[{"tool": "heron", "line": 4, **verdict}])
    found = only(check(tmp_path, week))
    assert (found.kind, found.right.value, found.right.line) == (ContradictionKind.SPLIT, said, 4)


def test_a_share_on_a_page_that_its_split_does_not_make(tmp_path: Path) -> None:
    written = Path(__file__).parents[1] / "pages" / "written" / "panel-scored.txt"
    page = written.read_text(encoding="utf-8")
    assert check(tmp_path / "as-written", page) == ()
    found = only(check(tmp_path / "planted", page.replace("67%", "100%", 1)))
    assert (found.kind, found.left.value, found.right.value) == (
        ContradictionKind.SPLIT,
        "2 ship / 1 skip",
        "100%",
    )


def test_a_community_share_on_a_page_that_its_votes_do_not_make(tmp_path: Path) -> None:
    written = Path(__file__).parents[1] / "pages" / "written" / "panel-scored.txt"
    page = written.read_text(encoding="utf-8").replace("58%", "85%", 1)
    found = only(check(tmp_path, page))
    assert (found.left.value, found.right.words) == ("7 ship / 5 skip", "85%")


def test_a_split_that_its_reviews_do_not_make(tmp_path: Path) -> None:
    decisions = ("ship", "ship", "skip")
    reviews = [{"tool": "heron", "reviewer": f"R{n}", "decision": each} for n, each in enumerate(decisions)]
    verdicts = [{"tool": "heron", "ships": 3, "skips": 0, "share": 100}]
    found = only(check(tmp_path, pack(tools=[tool("heron")], reviews=reviews, verdicts=verdicts)))
    assert (found.kind, found.right.value) == (ContradictionKind.SPLIT, "2 ship / 1 skip")


def test_a_community_share_that_its_votes_do_not_make(tmp_path: Path) -> None:
    claims = [{"tool": "heron", "attribute": "community_share", "value": "80", "unit": "%"}]
    week = pack(tools=[tool("heron")], votes=[{"tool": "heron", "ship": 3, "skip": 3}], claims=claims)
    assert only(check(tmp_path, week)).kind is ContradictionKind.SPLIT
