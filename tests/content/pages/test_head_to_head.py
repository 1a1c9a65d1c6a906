"""Head-to-heads: stated costs, the benchmark table, which to pick, questions."""

from decimal import Decimal

import pytest

from newsletter.errors import BadInput
from tests.content.pages.grounds import groundless
from tests.content.pages.reading import read, stated, text_of

LARGE, MINI = "tern-large-4", "tern-mini-4"


def test_stated_totals_are_claims_even_where_they_round_to_nothing() -> None:
    pack = read(text_of("head-to-head"))
    assert stated(pack, LARGE, "cost_at_10M") == [("33", "USD/month", 7)]
    assert stated(pack, MINI, "cost_at_1M") == [("0", "USD/month", 5)]


def test_a_total_that_prose_contradicts_is_kept_beside_it() -> None:
    pack = read(text_of("head-to-head"))
    assert stated(pack, LARGE, "cost_at_100M") == [("325", "USD/month", 10), ("400", "USD/month", 12)]


def test_prices_in_prose_belong_to_the_tools_that_it_compares() -> None:
    pack = read(text_of("head-to-head"))
    assert stated(pack, MINI, "input_price") == [("0.1", "USD/Mtok", 12)]
    assert stated(pack, LARGE, "input_price") == [("1.5", "USD/Mtok", 12)]
    assert stated(pack, MINI, "output_price") == [("0.4", "USD/Mtok", 12), ("0.4", "USD/Mtok", 27)]
    assert stated(pack, LARGE, "output_price") == [("5", "USD/Mtok", 12), ("5", "USD/Mtok", 27)]


def test_a_dash_in_the_table_means_untested() -> None:
    pack = read(text_of("head-to-head"))
    assert [(each.test, each.tool_id, each.score, each.out_of) for each in pack.benchmarks] == [
        ("Table Reading", LARGE, Decimal(88), None),
        ("Table Reading", MINI, Decimal("71.5"), None),
        ("Long Letters", LARGE, Decimal(2), Decimal(3)),
        ("Long Letters", MINI, None, None),
        ("Dialect", LARGE, None, None),
        ("Dialect", MINI, None, None),
    ]


def test_columns_may_stand_the_other_way_round() -> None:
    text = text_of("head-to-head").replace(
        "| Test | Tern Large 4 | Tern Mini 4 |", "| Test | Tern Mini 4 | Tern Large 4 |"
    )
    scores = {each.tool_id: each.score for each in read(text).benchmarks if each.test == "Table Reading"}
    assert scores == {MINI: 88, LARGE: Decimal("71.5")}


def test_the_reads_and_the_picks_are_the_comparisons() -> None:
    (comparison,) = read(text_of("head-to-head")).comparisons
    assert (comparison.left_id, comparison.right_id) == (LARGE, MINI)
    assert comparison.pick_left_if == "a wrong table costs you more than thirteen times the price"
    assert comparison.pick_right_if == "you send many short texts and read the answers yourself"
    assert comparison.cost_read.startswith("Tern Mini 4 is the cheap one")
    assert comparison.cost_read.count("\n\n") == 1
    assert comparison.performance_read.startswith("Tern Large 4 reads tables better.")


def test_questions_and_answers_belong_to_the_comparison() -> None:
    pack = read(text_of("head-to-head"))
    assert [(each.line, each.question) for each in pack.questions] == [
        (24, "Tern Large 4 vs Tern Mini 4: which is better?"),
        (26, "Which is cheaper, Tern Large 4 or Tern Mini 4?"),
    ]
    assert {each.comparison_id for each in pack.questions} == {f"{LARGE}-vs-{MINI}"}
    assert pack.questions[1].answer.startswith("Tern Mini 4 is cheaper. It is priced")


def test_grades_are_claims_of_each_side() -> None:
    pack = read(text_of("head-to-head"))
    assert stated(pack, LARGE, "grade") == [("Strong", "", 25)]
    assert stated(pack, MINI, "grade") == [("Fair", "", 25)]


def test_a_win_without_scores_is_a_claim_and_no_benchmark() -> None:
    pack = read(text_of("head-to-head"))
    assert stated(pack, MINI, "benchmarks_won") == [("2", "", 20)]
    assert len(pack.benchmarks) == 6


def test_costs_on_the_line_of_their_volume_are_read() -> None:
    text = text_of("head-to-head").replace(
        "At 1M tokens/mo\nTern Large 4: $3\nTern Mini 4: $0",
        "At 1M tokens/mo: Tern Large 4: $3 Tern Mini 4: $0",
    )
    pack = read(text)
    assert stated(pack, LARGE, "cost_at_1M") == [("3", "USD/month", 3)]
    assert stated(pack, MINI, "cost_at_1M") == [("0", "USD/month", 3)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("Which Is Cheaper?", "Which Performs Better?"),
        ("Which Performs Better?", "Which Should You Choose?"),
        ("Which Should You Choose?", "Frequently Asked Questions"),
        ("Frequently Asked Questions", ""),
    ],
)
def test_any_one_section_may_be_missing(start: str, end: str) -> None:
    before, rest = text_of("head-to-head").split(start, 1)
    text = before + (end + rest.split(end, 1)[1] if end else "")
    pack = read(text)
    assert [tool.id for tool in pack.tools] == [LARGE, MINI]
    assert groundless(pack, text) == []


def test_what_follows_the_last_answer_is_not_part_of_it() -> None:
    answer = read(text_of("head-to-head")).questions[-1].answer
    around = "\nMore comparisons\nTern Mini 4 vs Plover 12B\nSign up and get the next one in your inbox.\n"
    assert read(text_of("head-to-head") + around).questions[-1].answer == answer


def test_a_label_glued_to_the_last_answer_is_taken_off() -> None:
    text = text_of("head-to-head").rstrip()
    assert read(text + "Back to all comparisons").questions[-1].answer == read(text).questions[-1].answer


@pytest.mark.parametrize(
    ("cut_before", "missing"),
    [
        ("Which Performs Better?", "no known kind of page"),
        ("| Dialect", "Which Should You Choose.* are missing"),
        ("Pick Tern Large 4 if", 'breaks off in "Which Should You Choose'),
        ("the answers yourself", 'breaks off in "Which Should You Choose'),
        ("Tern Large 4 vs Tern Mini 4: which", "breaks off in"),
        ("Tern Large 4 is, by its", "has no answer"),
        ("Large 4 or Tern Mini 4?", "breaks off in"),
        ("00 per million output tokens.", "breaks off in"),
    ],
)
def test_a_head_to_head_that_is_cut_is_refused_with_what_is_missing(cut_before: str, missing: str) -> None:
    text = text_of("head-to-head")
    with pytest.raises(BadInput, match=missing):
        read(text[: text.index(cut_before)])


def test_a_row_with_a_missing_cell_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput, match=r"page.txt:18, field Test: this row has 2 of 3 cells"):
        read(text_of("head-to-head").replace("| Long Letters | 2/3 | — |", "| Long Letters | 2/3 |"))


def test_a_score_that_is_no_number_is_refused_with_its_test() -> None:
    with pytest.raises(BadInput, match=r'page.txt:17, field Table Reading: "good" cannot be read'):
        read(text_of("head-to-head").replace("| 88 |", "| good |"))


def test_a_cost_that_is_no_amount_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput, match=r'page.txt:7, field cost: "Tern Large 4: \$1.2K" cannot be read'):
        read(text_of("head-to-head").replace("Tern Large 4: $33", "Tern Large 4: $1.2K"))


def test_a_cost_of_a_third_tool_is_refused() -> None:
    with pytest.raises(BadInput, match=r'page.txt:7, field cost: "Plover" is neither of the two tools'):
        read(text_of("head-to-head").replace("Tern Large 4: $33", "Plover: $33"))


def test_a_page_without_a_title_is_refused() -> None:
    text = (
        text_of("head-to-head")
        .partition("\n")[2]
        .replace("Tern Large 4 vs Tern Mini 4: which is better?", "Which is better?")
    )
    with pytest.raises(BadInput, match=r"title .* is missing"):
        read(text)


def test_what_readers_ask_in_the_words_of_a_heading_is_a_question() -> None:
    text = text_of("head-to-head").rstrip("\n") + "\nWhich is cheaper?\nTern Mini 4 is.\n"
    pack = read(text)
    assert [each.answer for each in pack.questions if each.question == "Which is cheaper?"] == [
        "Tern Mini 4 is."
    ]
    with pytest.raises(BadInput, match="two pages in one"):
        read(f"{text}\n{text_of('head-to-head')}")


def test_the_verdict_under_the_title_is_read_and_kept() -> None:
    title, rest = text_of("head-to-head").split("\n", 1)
    said = "Tern Mini 4 is the better buy for most."
    pack = read(f"{title}\n\n{said}\n\n{rest}")
    assert pack.comparisons[0].summary.startswith(said)
