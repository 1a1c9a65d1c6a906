"""The sample weeks: nothing on the invented tools as they are, and everything that is planted among them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.content.conflicts.contradiction import Contradiction, ContradictionKind
from newsletter.content.conflicts.find import find_contradictions
from newsletter.content.packs import Provenance, find_files, read_material
from newsletter.content.pages import read_page
from newsletter.content.store import ContentStore
from tests.content.conflicts.pages import head_to_head, model_page, profile
from tests.content.packs import pack, tool
from tests.content.pages.reading import text_of
from tests.installed import open_content

EXAMPLES = Path(__file__).parents[3] / "examples"
THURSDAY = datetime(2026, 11, 19, 9, tzinfo=UTC)


def import_weeks(store: ContentStore) -> None:
    """The two example weeks, imported a week apart."""
    for days, name in ((0, "last-week"), (7, "sample-week")):
        for file in find_files([EXAMPLES / name]):
            read = read_material(file, Provenance())
            store.import_pack(read.pack, THURSDAY + timedelta(days=days), where=read.where)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContentStore]:
    with open_content(tmp_path / "content.db") as store:
        import_weeks(store)
        yield store


def of_invented(store: ContentStore) -> list[Contradiction]:
    return [
        each
        for each in find_contradictions(store)
        if not any("mistral" in tool_id for tool_id in each.tool_ids)
    ]


def test_the_invented_tools_are_clean(store: ContentStore) -> None:
    """Also where a figure changed from one week to the next: that is news, no contradiction."""
    assert of_invented(store) == []


def test_the_real_models_carry_what_the_pages_say_of_them(store: ContentStore) -> None:
    """Their figures are as published, so these are true contradictions and meant to be shown."""
    assert {(each.kind, each.attribute) for each in find_contradictions(store)} == {
        # The dated profile has $0.10 and $0.30, two others $0.07 and $0.20.
        (ContradictionKind.SOURCES_DIFFER, "input_price"),
        (ContradictionKind.SOURCES_DIFFER, "output_price"),
        # Apache 2.0 in the profile, proprietary in the catalogue.
        (ContradictionKind.SOURCES_DIFFER, "licence"),
        # 128K in the profile, 16,384 in the catalogue.
        (ContradictionKind.SOURCES_DIFFER, "max_output"),
        # One name for 22B and 24B; the week's own question asks about it.
        (ContradictionKind.ONE_NAME, "identity"),
        # Graded untested over a table with a score of 2.
        (ContradictionKind.UNTESTED, "grade"),
    }


def test_what_is_planted_of_every_kind_is_found_and_nothing_more(store: ContentStore) -> None:
    planted = [
        read_page(
            head_to_head(
                costs="A 100M-token month would cost ~$2,500 on Tern Large 4. Tern Mini 4 is half the price. "
                "Tern Mini 4 saves you ~$36 for every million tokens. "
                "Tern Mini 4 answers for $0.40/million tokens vs Large 4's $1.60.",
                performance="Tern Mini 4 scores 7/5 in letters. Tern Mini 4 won all four benchmarks. "
                "Tern Large 4 outscored Tern Mini 4 across every tested dimension. "
                "Tern Mini 4 consistently outperforms Tern Large 4 in head-to-head benchmarks.",
                choice="Tern Mini 4 is the clear winner.",
                answer="Tern Large 4 is the better model. Tern Mini 4 has a grade of 'Untested'.",
            ),
            name="head-to-head.txt",
        ),
        read_page(profile(price=("0.30", "0.80")), name="profile.txt"),
        read_page(profile(name="Plover Mini 13B", details="It has a 32K context window."), name="plover.txt"),
        read_page(model_page(), name="model-page.txt"),
        read_page(
            profile(
                name="Dunlin Mini 13B",
                details="Its 128K tokens are about 900,000 words. Output costs $0.80 (€2.40) per million tokens. "
                "Prices were last checked on January 3, 2025.",
            ),
            name="dunlin.txt",
        ),
        read_page(
            text_of("panel-scored").replace(
                "It never sends a file", "The panel's average for it is 12. It never sends a file"
            ),
            name="panel.txt",
        ),
        pack(
            source={"name": "Panel"},
            tools=[tool("finch-24", name="Finch 3 (24B)"), tool("finch-22", name="Finch 3 (22B)")],
            verdicts=[{"tool": "finch-24", "ships": 3, "skips": 1, "share": 100}],
        ),
    ]
    for each in planted:
        store.import_pack(each, THURSDAY + timedelta(days=7))
    found = of_invented(store)
    assert sorted(each.kind for each in found) == sorted(ContradictionKind)
