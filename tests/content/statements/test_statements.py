"""What sentences state, in many words; and what they do not."""

from decimal import Decimal

import pytest

from newsletter.content.statements.names import Names
from newsletter.content.statements.reading import read_statements
from newsletter.content.statements.sentence import split_sentences
from newsletter.content.statements.statement import Matter, Statement

BOTH = Names(["Tern Large 4", "Tern Mini 4"])
ONE = Names(["Heron 9B"], subject="Heron 9B")
LARGE, MINI, HERON = "tern-large-4", "tern-mini-4", "heron-9b"


def read(sentence: str, names: Names) -> list[Statement]:
    return [each for each in read_statements(sentence, names) if each.matter is not Matter.NOT_UNDERSTOOD]


@pytest.mark.parametrize(
    ("sentence", "tool", "matter", "number"),
    [
        (
            "Reading is cheap: Heron 9B bills $0.30 for each million tokens.",
            HERON,
            Matter.INPUT_PRICE,
            "0.30",
        ),
        ("What it writes is priced at 60 cents per million tokens.", HERON, Matter.OUTPUT_PRICE, "0.60"),
        ("Each 1,000 tokens that you send to it cost $0.0003.", HERON, Matter.INPUT_PRICE, "0.3"),
        ("With its $2.00 output pricing it is no surprise.", HERON, Matter.OUTPUT_PRICE, "2.00"),
        ("In one go it takes 32K tokens of text.", HERON, Matter.CONTEXT, "32000"),
        ("Replies are capped at 4,096 tokens.", HERON, Matter.MAX_OUTPUT, "4096"),
        ("Answers cannot exceed 4,096 tokens.", HERON, Matter.MAX_OUTPUT, "4096"),
        ("The parameter count is 9B.", HERON, Matter.PARAMETERS, "9000000000"),
        ("Its 128K tokens are about 96,000 words.", HERON, Matter.WORDS, "0.75"),
        ("A month of 100M tokens comes to $75.", HERON, Matter.COST, "75"),
        ("The panel's average for it is 72.", HERON, Matter.MEAN, "72"),
        ("One of the four reviewers would skip it.", HERON, Matter.SHIPS, "3"),
        ("Among readers it reaches 58 percent.", HERON, Matter.COMMUNITY, "58"),
        ("It gets 7 out of 5 for letters.", HERON, Matter.SCORE, "7"),
        ("Output costs $1.00 (€0.92) per million tokens.", HERON, Matter.EXCHANGE, "0.92"),
    ],
)
def test_a_sentence_on_one_tool(sentence: str, tool: str, matter: Matter, number: str) -> None:
    found = [each for each in read(sentence, ONE) if each.matter is matter]
    assert [(each.tool, each.number) for each in found] == [(tool, Decimal(number))]


@pytest.mark.parametrize(
    ("sentence", "tool", "matter", "number"),
    [
        ("Large costs twice what Mini does.", LARGE, Matter.COST_RATIO, "2"),
        ("Mini comes at a fifth of Large's price.", MINI, Matter.COST_RATIO, "0.2"),
        ("You pay 5x more for Large than for Mini.", LARGE, Matter.COST_RATIO, "5"),
        ("Switching from Large to Mini cuts the token bill by 80%.", MINI, Matter.COST_RATIO, "0.2"),
        ("100M tokens cost half as much on Mini as on Large.", MINI, Matter.COST_RATIO, "0.5"),
        ("The two cost the same per token.", LARGE, Matter.COST_RATIO, "1"),
        ("At 100M tokens Mini undercuts Large by $200.", MINI, Matter.SAVING, "200"),
        ("Large asks $200 more than Mini for 100M tokens.", MINI, Matter.SAVING, "200"),
        ("Four of the twelve tests go to Mini.", MINI, Matter.WINS, "4"),
        ("There is no test in which Large comes out ahead of Mini.", MINI, Matter.EVERY_TEST, None),
        ("Large loses to Mini in each of the tests.", MINI, Matter.EVERY_TEST, None),
        ("We have yet to benchmark Mini.", MINI, Matter.UNTESTED, None),
        ("We would choose Mini over Large every time.", MINI, Matter.BETTER, None),
        ("Mini, hands down.", MINI, Matter.BETTER, None),
    ],
)
def test_a_sentence_on_two_tools(sentence: str, tool: str, matter: Matter, number: str | None) -> None:
    found = [each for each in read(sentence, BOTH) if each.matter is matter]
    assert [(each.tool, each.number) for each in found] == [(tool, Decimal(number) if number else None)]


def test_what_a_list_leaves_out_its_neighbours_say() -> None:
    sentence = "Large charges $1 per million input tokens and $4 per million output tokens; Mini charges $0.10 and $0.40."
    assert [(each.tool, each.matter, each.number) for each in read(sentence, BOTH)] == [
        (LARGE, Matter.INPUT_PRICE, 1),
        (LARGE, Matter.OUTPUT_PRICE, 4),
        (MINI, Matter.INPUT_PRICE, Decimal("0.10")),
        (MINI, Matter.OUTPUT_PRICE, Decimal("0.40")),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "It does not have a 1M context window.",
        "It used to cost $5 per million input tokens.",
        "Until May 2025 it charged $5 per million input tokens.",
        "Through the batch API it costs $5 per million input tokens.",
        "In the nightly run it costs $5 per million input tokens.",
        "With a one-year commitment it falls to $5 per million input tokens.",
        "Resellers offer it at $5 per million output tokens.",
        "On Brightrack's cloud, it costs $5 per million output tokens.",
        "Large customers have talked it down to $5 per million input tokens.",
        "At launch it cost $5 per million output tokens.",
        "It is expected to cost $5 per million output tokens.",
        "Its predecessor stopped at 32K tokens of context.",
        "Rivals offer 1M tokens of context.",
        "It is as good as a 70B model.",
        "A 70B model reasons better.",
        "A toolkit to fine-tune a 405B model on rented cards.",
        "Its price means three times the work for one budget.",
        "It was distilled from a 405B model.",
        "It handles models of up to 70B parameters.",
        "It connects to any model with a 128K context window.",
        "The training scripts are under MIT, the weights are closed.",
        "Its training data ends in May 2024.",
        "The next release is due in May 2027.",
        "Rate limits allow 60,000 tokens per minute.",
        "Support tickets fell by 60%.",
    ],
)
def test_what_is_denied_past_conditional_or_of_others_is_not_said_of_it(sentence: str) -> None:
    assert read(sentence, ONE) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "If your data must stay in the house, Large is the better model.",
        "For small teams Large is the one to get.",
        "On an older set of tests Large beat Mini in every test.",
        "Large was untested when this page first appeared.",
        "Kestrel 5 beats both in every test.",
        "Kestrel 5 costs half of what Mini does.",
        "Large answers three times as fast as Mini.",
        "Mini and Large take the same time to set up.",
    ],
)
def test_what_holds_for_some_or_elsewhere_decides_nothing(sentence: str) -> None:
    assert read(sentence, BOTH) == []


def test_a_sentence_may_begin_with_a_figure_and_end_in_an_amount() -> None:
    text = "It costs $10. 128K tokens fit. $1.20 is for output, e.g. for v. 2. See below."
    assert split_sentences(text) == [
        "It costs $10.",
        "128K tokens fit.",
        "$1.20 is for output, e.g. for v. 2.",
        "See below.",
    ]
