"""Model profiles: the specification, the dates, the prices, the notes."""

from datetime import date
from itertools import pairwise

import pytest

from newsletter.content.records import NoteKind
from newsletter.errors import BadInput
from tests.content.pages.grounds import groundless
from tests.content.pages.reading import read, stated, text_of

HERON = "heron-9b"


def test_the_head_describes_the_tool() -> None:
    (tool,) = read(text_of("profile")).tools
    assert (tool.id, tool.name, tool.maker, tool.family) == (HERON, "Heron 9B", "Fenwick Labs", "Heron")
    assert (tool.type, tool.status) == ("language", "current")
    assert tool.description.startswith("A small open 9B model")


def test_tags_whose_borders_do_not_show_stay_one_text() -> None:
    text = text_of("profile")
    assert read(text).tools[0].tags == ("northern europe open-weights forms cheap",)
    commas = text.replace("northern europe open-weights forms cheap", "northern europe, open-weights, cheap")
    assert read(commas).tools[0].tags == ("northern europe", "open-weights", "cheap")


@pytest.mark.parametrize(
    ("attribute", "claims"),
    [
        ("context", [("64K", "tokens", 10), ("64K", "tokens", 38)]),
        ("max_output", [("8K", "tokens", 12)]),
        ("input_price", [("0.05", "USD/Mtok", 16), ("0.05", "USD/Mtok", 44)]),
        ("output_price", [("0.15", "USD/Mtok", 18), ("0.15", "USD/Mtok", 45)]),
        ("api_access", [("yes", "", 20)]),
        ("licence", [("MIT", "", 22), ("MIT", "", 38)]),
        ("parameters", [("9B", "parameters", 1), ("9B", "parameters", 5)]),
        ("released", [("2026-03", "", 24)]),
        ("updated", [("2026-09-14", "", 24)]),
        ("verified", [("2026-09-14", "", 28)]),
    ],
)
def test_each_statement_is_a_claim_on_its_own_line(
    attribute: str, claims: list[tuple[str, str, int]]
) -> None:
    assert stated(read(text_of("profile")), HERON, attribute) == claims


def test_the_day_of_checking_dates_every_claim() -> None:
    pack = read(text_of("profile"))
    assert {claim.verified_on for claim in pack.claims} == {date(2026, 9, 14)}


def test_without_a_day_of_checking_claims_have_none() -> None:
    pack = read(text_of("profile").replace("last verified on September 14, 2026", "checked now and then"))
    assert {claim.verified_on for claim in pack.claims} == {None}


def test_a_month_is_no_day() -> None:
    pack = read(
        text_of("profile").replace("last verified on September 14, 2026", "last verified in September 2026")
    )
    assert {claim.verified_on for claim in pack.claims} == {None}


def test_statements_that_differ_on_one_page_are_all_kept() -> None:
    text = (
        text_of("profile")
        .replace("• Input: $0.05", "• Input: $0.06")
        .replace("a 64K context", "a 60,000 token context")
    )
    pack = read(text)
    assert stated(pack, HERON, "input_price") == [("0.05", "USD/Mtok", 16), ("0.06", "USD/Mtok", 44)]
    assert stated(pack, HERON, "context") == [("64K", "tokens", 10), ("60000", "tokens", 38)]


def test_other_models_become_notes_and_their_figures_no_claims() -> None:
    pack = read(text_of("profile"))
    versus = [(note.other, note.line) for note in pack.notes if note.kind is NoteKind.VERSUS]
    assert versus == [("Plover 12B (Shoreline)", 55), ("Gannet Mini (Cliff & Co)", 56)]
    assert [tool.id for tool in pack.tools] == [HERON]
    assert all((claim.line or 0) < 53 for claim in pack.claims)


def test_sections_become_notes() -> None:
    notes = [(note.kind, note.line) for note in read(text_of("profile")).notes]
    assert (NoteKind.STRENGTH, 34) in notes
    assert (NoteKind.USE_CASE, 51) in notes


def test_a_label_without_a_value_is_unknown_and_takes_nobody_elses() -> None:
    text = (
        text_of("profile")
        .replace("Max Output\n8K tokens\n", "Max Output\n")
        .replace("License\nMIT", "License\n—")
    )
    pack = read(text)
    assert stated(pack, HERON, "max_output") == []
    assert [line for _, _, line in stated(pack, HERON, "licence")] == [37]
    assert read(text).tools[0].status == "current"


def test_a_label_that_nobody_knows_is_no_value_of_the_one_before() -> None:
    text = text_of("profile").replace("8K tokens\nStatus", "Knowledge Cutoff\nearly this year\nStatus")
    pack = read(text)
    assert stated(pack, HERON, "max_output") == []
    assert pack.tools[0].status == "current"


def test_dates_of_other_models_are_no_dates_of_this_one() -> None:
    text = text_of("profile").replace(
        "answers faster.",
        "answers faster. Its price was verified on October 1, 2026.\n  • Egret 3B: Released May 2025",
    )
    pack = read(text)
    assert stated(pack, HERON, "released") == [("2026-03", "", 24)]
    assert stated(pack, HERON, "verified") == [("2026-09-14", "", 28)]


def test_labels_may_stand_in_another_order_or_on_the_line_of_their_value() -> None:
    text = (
        text_of("profile")
        .replace("Input\n$0.05/1M tok\nOutput\n$0.15/1M tok", "Output: $0.15/1M tok\nInput: $0.05/1M tok")
        .replace("Type\nlanguage\n", "")
        .replace("Status\n", "Type\nlanguage\nStatus\n")
    )
    pack = read(text)
    assert [value for value, _, _ in stated(pack, HERON, "input_price")] == ["0.05", "0.05"]
    assert pack.tools[0].type == "language"


def test_sections_may_stand_in_another_order() -> None:
    head, details, prices, uses = _split(
        text_of("profile"), "Technical Details", "Pricing & Access", "Best Use Cases"
    )
    pack = read(f"{head}{uses}\n{prices}{details}")
    assert len(pack.notes) == len(read(text_of("profile")).notes)
    assert len(pack.claims) == len(read(text_of("profile")).claims)


@pytest.mark.parametrize(
    "left_out",
    [
        ("Overview", "Capabilities"),
        ("Capabilities", "Technical Details"),
        ("Pricing & Access", "Best Use Cases"),
    ],
)
def test_a_section_may_be_missing(left_out: tuple[str, str]) -> None:
    before, rest = text_of("profile").split(f"{left_out[0]}\n", 1)
    text = before + left_out[1] + rest.split(f"\n{left_out[1]}", 1)[1]
    pack = read(text)
    assert stated(pack, HERON, "input_price")[0] == ("0.05", "USD/Mtok", 16)
    assert groundless(pack, text) == []


@pytest.mark.parametrize(
    ("cut_before", "missing"),
    [
        ("Overview", "no known kind of page|are missing"),
        ("Technical Details", "Best Use Cases and Comparisons are missing"),
        ("  • Output: $0.15", "Best Use Cases and Comparisons are missing"),
        ("Use it where", 'breaks off in "Best Use Cases"'),
        ("many short texts", 'breaks off in "Best Use Cases"|are missing'),
    ],
)
def test_a_profile_that_is_cut_is_refused_with_what_is_missing(cut_before: str, missing: str) -> None:
    text = text_of("profile")
    with pytest.raises(BadInput, match=missing):
        read(text[: text.index(cut_before)])


def test_a_profile_without_a_specification_is_refused() -> None:
    text = "Heron 9B\n\n" + text_of("profile").partition("Released March")[2]
    with pytest.raises(BadInput, match=r"specification .* is missing"):
        read(text)


def test_a_price_list_that_stops_after_the_input_price_is_refused() -> None:
    text = text_of("profile").replace("is short:", "is short.")
    head, uses = _split(text, "Best Use Cases")
    overview, prices = _split(head, "Pricing & Access")
    with pytest.raises(BadInput, match="breaks off after the input price"):
        read(f"{overview}{uses}\n{prices.partition('  • Output')[0]}")


def _split(text: str, *headings: str) -> list[str]:
    """The text before the first heading, and from each heading to the next."""
    starts = [0, *(text.index(f"\n{heading}\n") + 1 for heading in headings), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]
