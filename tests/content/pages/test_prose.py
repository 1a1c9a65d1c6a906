"""What sentences claim, of whom; and what they do not."""

import pytest

from newsletter.content.pages.lines import Line
from newsletter.content.pages.prose import claims_in
from newsletter.content.statements.names import Names

BOTH = Names(["Tern Large 4", "Tern Mini 4"])
ONE = Names(["Heron 9B"], subject="Heron 9B")

Claims = list[tuple[str, str, str]]


def said(sentence: str, names: Names) -> Claims:
    return [
        (each.tool_id, each.attribute, each.value) for each in claims_in(Line(number=1, text=sentence), names)
    ]


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        (
            "Tern Mini 4 charges $0.10 per 1M tokens, while Tern Large 4 charges $1.50 per 1M tokens.",
            [("tern-mini-4", "token_price", "0.1"), ("tern-large-4", "token_price", "1.5")],
        ),
        (
            "Output on Mini is $0.40 per million output tokens against Large's $5.00.",
            [("tern-mini-4", "output_price", "0.4"), ("tern-large-4", "output_price", "5")],
        ),
        ("Large 4 costs $0.0015/1K input tokens.", [("tern-large-4", "input_price", "1.5")]),
        ("At 5M tokens Large costs $16.", [("tern-large-4", "cost_at_5M", "16")]),
        (
            "A 50k-token batch costs $0.20 on Large but only $0.01 on Mini.",
            [("tern-large-4", "cost_at_50K", "0.2"), ("tern-mini-4", "cost_at_50K", "0.01")],
        ),
        ("Mini saves you $12 on every run.", [("tern-mini-4", "saving", "12")]),
        ("Large 4 is fourteen times the price.", [("tern-large-4", "cost_ratio", "14")]),
        ("Large 4 is 13x the price.", [("tern-large-4", "cost_ratio", "13")]),
        ("Mini does it for a tenth of the cost.", [("tern-mini-4", "cost_ratio", "0.1")]),
        ("Mini costs 8% of the price.", [("tern-mini-4", "cost_ratio", "0.08")]),
        (
            "Large outperforms Mini by 12-18% in our benchmarks.",
            [("tern-large-4", "benchmark_lead", "12-18")],
        ),
        ("Large has a 200K context window.", [("tern-large-4", "context", "200K")]),
        ("Mini 4's 32k window is enough.", [("tern-mini-4", "context", "32K")]),
        ("Large won in three of five tests.", [("tern-large-4", "benchmarks_won", "3")]),
    ],
)
def test_a_comparison_says_whose_figure_it_is(sentence: str, claims: Claims) -> None:
    assert said(sentence, BOTH) == claims


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("It handles this at $0.05/$0.15 per Mtok.", [("input_price", "0.05"), ("output_price", "0.15")]),
        (
            "Pricing is $0.05 input and $0.15 output per million tokens.",
            [("input_price", "0.05"), ("output_price", "0.15")],
        ),
        ("The context window is 64,000 tokens.", [("context", "64000")]),
        (
            "Heron 9B is a 9-billion parameter model under Apache 2.0.",
            [("parameters", "9 billion"), ("licence", "Apache 2.0")],
        ),
        ("Weights are released under the MIT license.", [("licence", "MIT")]),
        ("Loading 30k tokens costs $2.", [("cost_at_30K", "2")]),
        ("If you process 2M tokens daily, you are spending $90/month.", [("cost_at_2M_daily", "90")]),
    ],
)
def test_a_page_about_one_tool_needs_no_name(sentence: str, claims: list[tuple[str, str]]) -> None:
    assert [(attribute, value) for _, attribute, value in said(sentence, ONE)] == [
        (attribute, value.replace("9 billion", "9B")) for attribute, value in claims
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "It undercuts Plover's $0.30/$0.90 per Mtok.",
        "Plover asks $0.30/Mtok for the same.",
        "It is cheaper than Plover 12B at $0.30 per 1M tokens.",
        "Compare that to $30 per 1M tokens on Plover.",
        "Plover has a 1M context window.",
        "It is small next to 70B+ models such as Plover.",
        "Heron 12B costs $0.30/Mtok.",
        "Heron 9B Pro costs $0.30/Mtok.",
        "It costs less than $0.10 per 1M tokens.",
        "Prices range from $0.05-0.09 per 1M tokens.",
        "It costs $5 a month.",
        "It is worth $2M to us.",
        "There is a 30 day window for refunds.",
        "Its makers spent $0.05 on the name.",
        "It is 60% cheaper than Plover.",
    ],
)
def test_what_is_said_of_others_or_vaguely_is_claimed_of_nobody(sentence: str) -> None:
    assert said(sentence, ONE) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "One of them costs $0.10 per 1M tokens.",
        "Mini costs less than $0.50 per 1M tokens.",
        "Tern Mini 3 costs $0.20 per 1M tokens.",
        "Mini is cheaper than Plover's $0.15 input and $0.60 output per million tokens.",
        "Plover does it for half as much.",
        "At $4 for 2M tokens nobody wins.",
    ],
)
def test_a_comparison_leaves_doubtful_figures_unclaimed(sentence: str) -> None:
    assert said(sentence, BOTH) == []


def test_every_repetition_is_a_claim_but_one_line_says_it_once() -> None:
    line = Line(number=7, text="The 64k context helps. The 64k context helps.")
    assert [(claim.value, claim.line) for claim in claims_in(line, ONE)] == [("64K", 7)]
