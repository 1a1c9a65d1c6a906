"""Model pages: specification, prices, calculator, providers, prompts, examples, use cases, questions."""

from decimal import Decimal

import pytest

from newsletter.content.records import NoteKind
from newsletter.errors import BadInput
from tests.content.pages.grounds import groundless
from tests.content.pages.reading import read, stated, text_of

GANNET = "gannet-gannet-mini-13b"


def test_the_tool_keeps_the_name_that_the_page_gives_it() -> None:
    (tool,) = read(text_of("model-page")).tools
    assert (tool.id, tool.name, tool.maker, tool.category) == (
        GANNET,
        "Gannet: Gannet Mini 13B",
        "cliffco",
        "llm",
    )


@pytest.mark.parametrize(
    ("attribute", "claims"),
    [
        ("context", [("32K", "tokens", 10), ("32000", "tokens", 19), ("32K", "tokens", 65)]),
        ("max_output", [("4096", "tokens", 21)]),
        ("modalities", [("image, text", "", 23)]),
        ("licence", [("proprietary", "", 25)]),
        ("released", [("2026-02-11", "", 27)]),
        ("model_id", [("cliffco/gannet-mini-13b", "", 34)]),
        ("team_seats", [("7", "seats", 37)]),
        ("team_messages", [("40", "messages/day", 37)]),
        ("output_price", [("0.08", "USD/Mtok", 32), ("0.08", "USD/Mtok", 63), ("0.08", "USD/Mtok", 68)]),
        ("benchmarks", [("none public", "", 12)]),
        ("cost_at_20K", [("0.01", "USD/month", 65)]),
    ],
)
def test_each_statement_is_a_claim_on_its_own_line(
    attribute: str, claims: list[tuple[str, str, int]]
) -> None:
    assert stated(read(text_of("model-page")), GANNET, attribute) == claims


def test_what_others_charge_is_claimed_of_nobody() -> None:
    pack = read(text_of("model-page"))
    assert {claim.value for claim in pack.claims if claim.attribute == "input_price"} == {"0.02"}


def test_providers_that_say_nothing_are_unknown_there() -> None:
    cliffco, shoreline = read(text_of("model-page")).offers
    assert (cliffco.context_tokens, cliffco.p50_latency_ms) == (32_000, 310)
    assert (cliffco.throughput_tps, cliffco.uptime_percent) == (Decimal(92), Decimal("99.95"))
    assert (shoreline.provider, shoreline.input_price, shoreline.line) == ("shoreline", Decimal("0.03"), 43)
    assert (shoreline.context_tokens, shoreline.p50_latency_ms, shoreline.uptime_percent) == (
        None,
        None,
        None,
    )


def test_provider_columns_may_be_fewer_and_in_another_order() -> None:
    text = text_of("model-page")
    start = text.index("| Provider")
    table = "| Input | Provider | P50 latency |\n|---|---|---|\n| $0.02/Mtok | cliffco | 0.4s |\n"
    pack = read(text[:start] + table + text[text.index("Performance\n") :])
    (offer,) = pack.offers
    assert (offer.provider, offer.input_price, offer.output_price) == ("cliffco", Decimal("0.02"), None)
    assert offer.p50_latency_ms == 400


def test_prompts_end_at_their_button_even_where_the_next_title_is_glued_to_it() -> None:
    prompts = [note for note in read(text_of("model-page")).notes if note.kind is NoteKind.PROMPT]
    assert [(note.other, note.line) for note in prompts] == [
        ("Label A Photograph", 51),
        ("Shorten An Answer", 53),
        ("Name The Part", 54),
    ]
    assert prompts[1].words == "Cut this answer to 40 words and keep every number."


def test_prompts_without_buttons_stand_in_twos() -> None:
    text = text_of("model-page").replace("Open in a Room →\n", "\n").replace("Open in a Room →", "\n")
    prompts = [note for note in read(text).notes if note.kind is NoteKind.PROMPT]
    assert [note.other for note in prompts] == ["Label A Photograph", "Shorten An Answer", "Name The Part"]


def test_example_outputs_keep_prompt_output_and_comment() -> None:
    (example,) = (note for note in read(text_of("model-page")).notes if note.kind is NoteKind.EXAMPLE_OUTPUT)
    assert example.other == "What does the orange lamp on the pump mean?"
    assert example.words.startswith("The orange lamp means")
    assert example.words.endswith("read the manual each time.")


def test_lists_and_use_cases_become_notes() -> None:
    notes = read(text_of("model-page")).notes
    assert [note.words for note in notes if note.kind is NoteKind.BEST_FOR] == [
        "Labelling photographs",
        "Short answers in support",
    ]
    assert [note.line for note in notes if note.kind is NoteKind.STRENGTH] == [10]
    assert [note.line for note in notes if note.kind is NoteKind.TRADE_OFF] == [12]
    assert [note.other for note in notes if note.kind is NoteKind.USE_CASE] == [
        "When Gannet Mini labels an archive",
        "How 32k context helps a small shop",
    ]


def test_questions_belong_to_the_tool() -> None:
    questions = read(text_of("model-page")).questions
    assert [(each.tool_id, each.comparison_id, each.line) for each in questions] == [
        (GANNET, None, 67),
        (GANNET, None, 69),
    ]


def test_plans_credits_and_telemetry_are_no_records() -> None:
    dump = read(text_of("model-page")).model_copy(update={"source": None}).model_dump_json()
    assert not any(word in dump for word in ("credit", "Room", "room", "plan", "companions", "Illustrative"))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("Verdict\n", "Specifications\n"),
        ("Specifications\n", "Pricing\n"),
        ("Pricing\n", "Team cost calculator\n"),
        ("Team cost calculator\n", "Providers\n"),
        ("Providers\n", "Performance\n"),
        ("Performance\n", "Starter prompts\n"),
        ("Starter prompts\n", "Example outputs\n"),
        ("Example outputs\n", "Use-case deep-dives\n"),
        ("Use-case deep-dives\n", "Frequently asked\n"),
    ],
)
def test_any_one_section_may_be_missing(start: str, end: str) -> None:
    before, rest = text_of("model-page").split(start, 1)
    text = before + end + rest.split(end, 1)[1]
    pack = read(text)
    assert [tool.id for tool in pack.tools] == [GANNET]
    assert groundless(pack, text) == []


@pytest.mark.parametrize(
    ("cut_before", "missing"),
    [
        ("Pricing\n", "are missing: the page is cut before them"),
        ("| shoreline", "are missing"),
        ("Frequently asked", ""),
        ("Gannet Mini's 32k window", "use case has no text|breaks off"),
        ("Yes. At $0.02", "has no answer"),
        ("Sometimes.", "has no answer"),
    ],
)
def test_a_model_page_that_is_cut_is_refused_with_what_is_missing(cut_before: str, missing: str) -> None:
    text = text_of("model-page")
    if not missing:
        assert read(text[: text.index(cut_before)]).questions == ()
        return
    with pytest.raises(BadInput, match=missing):
        read(text[: text.index(cut_before)])


def test_a_cell_that_is_no_price_is_refused_with_line_and_column() -> None:
    with pytest.raises(BadInput, match=r'page.txt:43, field Input: "cheap" cannot be read'):
        read(text_of("model-page").replace("$0.03/Mtok", "cheap"))


MENTION = "Whoever sits in the room may @-mention Gannet: Gannet Mini 13B, and everybody reads the answer.\n"


@pytest.mark.parametrize("badge", ["", "LLMcliffco\n\n", "cliffco\n13B\n"])
@pytest.mark.parametrize("mention", ["", MENTION])
def test_the_name_is_the_one_that_the_text_or_else_the_model_id_repeats(badge: str, mention: str) -> None:
    text = badge + text_of("model-page").replace(MENTION, mention)
    assert [tool.name for tool in read(text).tools] == ["Gannet: Gannet Mini 13B"]


def test_a_name_that_the_text_never_calls_the_tool_by_is_refused() -> None:
    text = text_of("model-page").replace("Gannet: Gannet Mini 13B\n", "LLMcliffco\n", 1)
    with pytest.raises(BadInput, match=r"LLMcliffco.* stands where the name should"):
        read(text)


def test_a_provider_that_charges_nothing_is_free() -> None:
    text = text_of("model-page")
    row = next(line for line in text.splitlines() if line.startswith("|") and "$" in line)
    free = "|".join(" Free " if "$" in cell else cell for cell in row.split("|"))
    offer = next(each for each in read(text.replace(row, free)).offers if each.input_price == 0)
    assert offer.output_price == 0


def test_no_tokens_at_all_are_no_context() -> None:
    text = text_of("model-page").replace("32,000 tokens", "0 tokens")
    assert ("0", "tokens", 19) not in stated(read(text), GANNET, "context")
