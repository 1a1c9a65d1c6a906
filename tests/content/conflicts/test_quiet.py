"""What raises no alarm: pages that are consistent, whatever their figures, and sentences that only look like one."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.conflicts.pages import check, head_to_head, model_page, profile
from tests.content.packs import pack, tool


@pytest.mark.parametrize(
    "sentence",
    [
        # About the prices, and right or roughly so.
        "A 100M-token month would cost ~$250 on Tern Large 4 and ~$25 on Mini 4.",
        "Tern Mini 4 is a tenth of the price.",
        "Tern Mini 4 is an order of magnitude cheaper.",
        "Tern Large 4 is ten times more expensive.",
        "Tern Mini 4 saves you ~$2 for every million tokens.",
        "Tern Mini 4 is significantly cheaper than Tern Large 4.",
        "Tern Mini 4 answers for $0.40/million tokens vs Large 4's $4.00.",
        # About something else than the pair's prices.
        "Tern Large 4 costs half as much as GPT-4o.",
        "Tern Mini 4 undercuts Kestrel's $0.30/$0.90 pricing.",
        "Tern Large 4 costs $2.00 per million output tokens in batch mode.",
        "Tern Large 4 costs $0.10 per million input tokens when cached.",
        "Tern Large 4 was priced at $9.00 per million output tokens.",
        "At 100M tokens Tern Large 4 costs $3,000 a year.",
        "At 100M tokens Tern Large 4 costs $900 with the subscription.",
        "Tern Large 4 is half the price to train.",
        "Tern Large 4 is cheaper than Kestrel.",
        "Tern Mini 4 saves you $25 for every million tokens against GPT-4o.",
        # Opinions under a condition, or of one respect.
        "Tern Mini 4 is the better model for short texts.",
        "If every cent counts, Tern Mini 4 is the clear winner.",
        "Tern Mini 4's price is the clear winner.",
        "Tern Mini 4 is not the better model.",
    ],
)
def test_a_sentence_that_only_looks_like_a_contradiction(tmp_path: Path, sentence: str) -> None:
    answer = "Tern Large 4 is the better model, whatever it costs."
    assert check(tmp_path, head_to_head(costs=sentence, answer=answer)) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "Tern Large 4 won two benchmarks.",
        "Tern Large 4 dominates in every tested category.",
        "Tern Mini 4 won three benchmarks that are not in this table.",
        "Tern Mini 4 beats Tern Large 4 in tests with very short letters.",
        "The only untested area is Tern Mini 4's handwriting.",
        "Tern Mini 4 does not lead in every test.",
        "Tern Mini 4 was outscored across every tested dimension.",
        "Tern Mini 4 could win in every category.",
        "Tern Mini 4 beats Kestrel in every test.",
    ],
)
def test_a_win_that_the_table_holds_or_does_not_know(tmp_path: Path, sentence: str) -> None:
    assert check(tmp_path, head_to_head(performance=sentence)) == ()


@pytest.mark.parametrize(
    ("catalogue", "dated"),
    [
        ({"context": "131,072 tokens"}, {"context": "128K tokens"}),
        ({"context": "128,000 tokens"}, {"context": "131,072 tokens", "details": "It is long."}),
        ({"max_output": "4,096 tokens"}, {"max_output": "4K tokens"}),
        ({"licence": "MIT License"}, {"licence": "MIT"}),
        ({"licence": "Open weights"}, {"licence": "Apache 2.0"}),
        ({"licence": "Apache License 2.0"}, {"licence": "Apache-2.0"}),
        ({"price": ("0.333", "0.80")}, {"price": ("0.33", "0.80")}),
        ({"released": "2026-02-28"}, {}),
    ],
)
def test_the_same_said_in_another_way(
    tmp_path: Path, catalogue: dict[str, str], dated: dict[str, str]
) -> None:
    pages = model_page(**{"name": "Gannet Mini 13B", **catalogue}), profile(**dated)  # type: ignore[arg-type]
    assert check(tmp_path, *pages) == ()


def test_currencies_are_never_compared(tmp_path: Path) -> None:
    stated = ("$0.20 per 1M tokens", "€0.35 per 1M tokens", "0.40 GBP per 1M tokens")
    weeks = [
        pack(
            source={"name": f"Shop {number}"},
            tools=[tool("heron")],
            claims=[{"tool": "heron", "attribute": "input_price", "value": value}],
        )
        for number, value in enumerate(stated)
    ]
    assert check(tmp_path, *weeks) == ()


def test_reviewers_may_disagree(tmp_path: Path) -> None:
    comparison = {"left": "heron", "right": "finch", "summary": "Heron is the clear winner."}
    questions = [
        {
            "comparison": "heron-vs-finch",
            "question": "Which?",
            "answer": "Finch is the better one, simply put.",
        }
    ]
    week = pack(
        tools=[tool("heron"), tool("finch")],
        comparisons=[comparison],
        questions=questions,
        reviews=[{"tool": "heron", "words": "Heron is the better one."}],
    )
    assert check(tmp_path, week) == ()


def test_a_verdict_that_changed_is_history(tmp_path: Path) -> None:
    early, late = (
        pack(
            tools=[tool("heron")],
            verdicts=[{"tool": "heron", "ships": ships, "skips": 4 - ships, "as_of": day}],
        )
        for ships, day in ((4, "2026-11-12"), (2, "2026-11-19"))
    )
    assert check(tmp_path, early, late) == ()


def test_where_less_is_more_the_table_does_not_tell_who_won(tmp_path: Path) -> None:
    rows = [("Tables", "3", "2"), ("P50 latency", "210", "480")]
    sentence = "Tern Large 4 won two benchmarks. Tern Large 4 dominates in every tested category."
    assert check(tmp_path, head_to_head(rows=rows, performance=sentence)) == ()


def test_models_that_one_source_lists_are_siblings(tmp_path: Path) -> None:
    names = ("Finch 3 30B", "Finch 3 32B")
    tools = [tool(f"finch-{number}", name=name) for number, name in enumerate(names)]
    claims = [{"tool": each["id"], "attribute": "context", "value": "32K"} for each in tools]
    assert check(tmp_path, pack(tools=tools, claims=claims)) == ()


def test_tools_that_are_compared_with_each_other_are_two(tmp_path: Path) -> None:
    tools = [tool("one", name="Finch 3"), tool("two", name="Fauna: Finch 3")]
    assert check(tmp_path, pack(tools=tools, comparisons=[{"left": "one", "right": "two"}])) == ()


def test_a_ratio_in_words_is_no_figure(tmp_path: Path) -> None:
    claims = [
        {"tool": each, "attribute": attribute, "value": value}
        for each in ("heron", "finch")
        for attribute, value in (
            ("input_price", "$1/Mtok"),
            ("output_price", "$2/Mtok"),
            ("cost_ratio", "about half"),
            ("saving", "a lot"),
            ("community_share", "most"),
            ("benchmarks_won", "many"),
            ("grade", "A"),
        )
    ]
    assert check(tmp_path, pack(tools=[tool("heron"), tool("finch")], claims=claims)) == ()


#: The store refuses what is no number where a number is meant; these attributes are text.
HOSTILE = (
    "9" * 40,
    "0",
    "2025-13-45",
    "²",
    "٣",
    "$" + "9" * 40 + "/Mtok",
    "1" + "0" * 60 + "B",
    "0.00x",
    "🙂",
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["heron", "finch"]),
            st.sampled_from(
                [
                    "cost_ratio",
                    "saving",
                    "benchmarks_won",
                    "benchmark_score",
                    "community_share",
                    "licence",
                    "grade",
                ]
            ),
            st.sampled_from(HOSTILE)
            | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
        ),
        max_size=30,
    )
)
def test_no_value_breaks_the_desk(stated: list[tuple[str, str, str]]) -> None:
    claims = [
        {"tool": each, "attribute": attribute, "value": value}
        for each, attribute, value in stated
        if value.strip()
    ]
    week = pack(
        tools=[tool("heron", name="Heron 0B"), tool("finch", name="🙂")],
        claims=claims,
        benchmarks=[{"tool": "heron", "test": "Tables", "score": 2}],
        votes=[{"tool": "heron", "ship": 0, "skip": 0}],
    )
    with TemporaryDirectory() as folder:
        assert isinstance(check(Path(folder), week), tuple)


CENTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(40), places=2)
SCORES = st.integers(min_value=0, max_value=100)


@settings(max_examples=40, deadline=None)
@given(
    prices=st.tuples(CENTS, CENTS, CENTS, CENTS),
    scores=st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=6),
)
def test_pages_that_agree_with_themselves_raise_no_alarm(
    prices: tuple[Decimal, ...], scores: list[tuple[int, int]]
) -> None:
    """Totals follow from prices, wins from the table, the advice from both; every price is said three times."""
    large, mini = (str(prices[0]), str(prices[1])), (str(prices[2]), str(prices[3]))
    ratio = (prices[0] + prices[1]) / (prices[2] + prices[3])
    wins = sum(left > right for left, right in scores)
    page = head_to_head(
        large=large,
        mini=mini,
        costs=f"Tern Large 4 is {ratio:.2f}x the cost. Tern Mini 4 costs ${mini[1]} per million output tokens.",
        rows=[(f"Test {number}", str(left), str(right)) for number, (left, right) in enumerate(scores)],
        performance=f"Tern Large 4 won {wins} benchmarks.",
        choice="Tern Large 4 is the clear winner.",
        answer=f"Tern Large 4 is the better model. Tern Mini 4 costs ${mini[0]} per million input tokens.",
    )
    with TemporaryDirectory() as folder:
        assert check(Path(folder), page) == ()
