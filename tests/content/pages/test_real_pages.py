"""The real pages, where NEWSLETTER_REAL_PAGES names their folder. Found by what they say, not by file name."""

import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from newsletter.content.pages import decode
from newsletter.content.records import Decision, NoteKind, Pack, VerdictEntry
from newsletter.errors import BadInput
from tests.content.pages.grounds import groundless
from tests.content.pages.reading import read, stated

FOLDER = os.environ.get("NEWSLETTER_REAL_PAGES", "")

MEDIUM_32 = "mistral-medium-3.2"
SMALL_24, SMALL_22 = "mistral-3-small-24b", "mistral-3-small-22b"
MEDIUM, SMALL = "mistral-medium-3.1", "mistral-small-3.2"
LONG_NAME = "mistral-mistral-small-3.2-24b"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    folder = Path(FOLDER)
    if FOLDER and os.environ.get("CI") == "true":
        assert folder.is_dir(), f"NEWSLETTER_REAL_PAGES names {FOLDER}, which is no folder"
    if not FOLDER or not folder.is_dir():
        pytest.skip("NEWSLETTER_REAL_PAGES names no folder")
    return [decode(path.read_bytes(), path.name) for path in sorted(folder.glob("*.txt"))]


@pytest.fixture(scope="module")
def packs(texts: list[str]) -> dict[tuple[str, ...], Pack]:
    """Each page by the tools that it is about."""
    read_packs = [read(text) for text in texts]
    return {tuple(tool.id for tool in pack.tools): pack for pack in read_packs}


def split(pack: Pack, tool: str) -> tuple[int | None, int | None, bool]:
    verdict: VerdictEntry = next(each for each in pack.verdicts if each.tool_id == tool)
    return verdict.ships, verdict.skips, verdict.derived


def scores(pack: Pack, tool: str) -> list[tuple[str | None, int | None]]:
    return [(each.reviewer, each.score) for each in pack.reviews if each.tool_id == tool]


def test_all_five_are_known_and_every_figure_stands_on_its_line(texts: list[str]) -> None:
    assert [groundless(read(text), text) for text in texts] == [[], [], [], [], []]


def test_the_page_without_names_and_scores_has_derived_splits(packs: dict[tuple[str, ...], Pack]) -> None:
    pack = packs[SMALL_24, MEDIUM_32]
    assert (split(pack, SMALL_24), split(pack, MEDIUM_32)) == ((4, 0, True), (3, 1, True))
    assert scores(pack, SMALL_24) == scores(pack, MEDIUM_32) == [(None, None)] * 4
    assert pack.votes == ()


def test_the_page_with_names_has_its_scores_and_stated_splits(packs: dict[tuple[str, ...], Pack]) -> None:
    pack = packs[SMALL_22, MEDIUM_32]
    assert (split(pack, SMALL_22), split(pack, MEDIUM_32)) == ((4, 0, False), (3, 1, False))
    panel = ("Builder", "Skeptic", "Futurist", "Founder")
    assert scores(pack, SMALL_22) == list(zip(panel, (85, 78, 82, 72), strict=True))
    assert scores(pack, MEDIUM_32) == list(zip(panel, (78, 72, 75, 55), strict=True))
    assert [each.reviewer for each in pack.reviews if each.decision is Decision.SKIP] == ["Founder"]
    assert stated(pack, SMALL_22, "price")[0][0].startswith("Free (Apache 2.0")
    assert stated(pack, MEDIUM_32, "price")[0][0].startswith("API access via mistral.ai")


def test_the_same_words_stand_on_both_panel_pages(packs: dict[tuple[str, ...], Pack]) -> None:
    first, second = packs[SMALL_24, MEDIUM_32], packs[SMALL_22, MEDIUM_32]
    words = [{each.words for each in pack.reviews if each.tool_id == MEDIUM_32} for pack in (first, second)]
    assert words[0] == words[1]
    assert len(words[0]) == 4


def test_the_profile_is_verified_and_dated(packs: dict[tuple[str, ...], Pack]) -> None:
    pack = packs[SMALL,]
    assert stated(pack, SMALL, "input_price") == [("0.1", "USD/Mtok", 16), ("0.1", "USD/Mtok", 50)]
    assert stated(pack, SMALL, "output_price") == [("0.3", "USD/Mtok", 18), ("0.3", "USD/Mtok", 51)]
    assert stated(pack, SMALL, "licence")[0][0] == "Apache 2.0"
    assert stated(pack, SMALL, "released") == [("2025-06", "", 24)]
    assert {str(claim.verified_on) for claim in pack.claims} == {"2026-03-01"}
    assert len([note for note in pack.notes if note.kind is NoteKind.VERSUS]) == 3


def test_the_head_to_head_has_its_costs_prices_and_questions(packs: dict[tuple[str, ...], Pack]) -> None:
    pack = packs[MEDIUM, SMALL]
    volumes = ("cost_at_1M", "cost_at_10M", "cost_at_100M")
    assert [stated(pack, MEDIUM, volume)[0][0] for volume in volumes] == ["1", "12", "120"]
    assert [stated(pack, SMALL, volume)[0][0] for volume in volumes] == ["0", "1", "14"]
    assert len(pack.questions) == 4
    assert len(pack.benchmarks) == 24
    scored = [(each.tool_id, each.test, each.score) for each in pack.benchmarks if each.score is not None]
    assert scored == [(SMALL, "Constrained Rewriting", Decimal(2))]
    assert pack.comparisons[0].pick_left_if.startswith("you need a proven model")
    assert pack.comparisons[0].pick_right_if.startswith("you’re building constrained-output")


def test_its_claimed_prices_give_its_claimed_totals_in_whole_dollars(
    packs: dict[tuple[str, ...], Pack],
) -> None:
    pack = packs[MEDIUM, SMALL]

    def totals(tool: str) -> list[int]:
        prices = [
            Decimal(stated(pack, tool, f"{direction}_price")[0][0]) for direction in ("input", "output")
        ]
        costs = [sum(prices, Decimal(0)) / 2 * volume for volume in (1, 10, 100)]
        return [int(cost.quantize(Decimal(1), ROUND_HALF_UP)) for cost in costs]

    assert totals(MEDIUM) == [1, 12, 120]
    assert totals(SMALL) == [0, 1, 14]


def test_what_the_head_to_head_contradicts_itself_in_is_kept(packs: dict[tuple[str, ...], Pack]) -> None:
    pack = packs[MEDIUM, SMALL]
    assert stated(pack, MEDIUM, "cost_at_100M") == [("120", "USD/month", 10), ("1200", "USD/month", 12)]
    assert stated(pack, SMALL, "cost_at_100M") == [("14", "USD/month", 11), ("100", "USD/month", 12)]
    assert {value for value, _, _ in stated(pack, SMALL, "cost_ratio")} == {"0.1", "0.5"}
    assert {value for value, _, _ in stated(pack, MEDIUM, "cost_ratio")} == {"10"}
    assert stated(pack, MEDIUM, "token_price") == [("0.6", "USD/Mtok", 30)]
    assert stated(pack, SMALL, "benchmarks_won") == [("4", "", 29)]
    assert stated(pack, SMALL, "grade") == [("Untested", "", 36)]
    assert stated(pack, MEDIUM, "benchmark_lead") == [("10-15", "%", 13)]


def test_the_model_page_is_its_own_tool_with_its_own_statements(packs: dict[tuple[str, ...], Pack]) -> None:
    pack = packs[LONG_NAME,]
    assert stated(pack, LONG_NAME, "licence") == [("proprietary", "", 28)]
    assert stated(pack, LONG_NAME, "max_output") == [("16384", "tokens", 24)]
    assert {value for value, _, _ in stated(pack, LONG_NAME, "context")} == {"128000", "128K"}
    assert stated(pack, LONG_NAME, "cost_at_100K") == [("7", "USD/month", 77)]
    assert stated(pack, LONG_NAME, "cost_at_10M_daily") == [("700", "USD/month", 79)]
    assert stated(pack, LONG_NAME, "team_seats") == [("5", "seats", 40)]
    assert {value for value, _, _ in stated(pack, LONG_NAME, "input_price")} == {"0.07"}
    assert (len(pack.questions), len(pack.offers)) == (5, 1)
    assert len([note for note in pack.notes if note.kind is NoteKind.PROMPT]) == 5


def test_what_the_sites_put_around_their_pages_is_no_record(packs: dict[tuple[str, ...], Pack]) -> None:
    around = (
        "inbox",
        "Bookmark",
        "ship daily",
        "credit",
        "@-mention",
        "Open in",
        "Which AI Tool",
        "first-party",
    )
    dumps = [pack.model_copy(update={"source": None}).model_dump_json() for pack in packs.values()]
    assert [word for word in around for dump in dumps if word in dump] == []


def test_each_cut_in_half_is_refused(texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(BadInput):
            read(text[: len(text) // 2])
