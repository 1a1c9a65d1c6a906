"""The store as a pack."""

from pathlib import Path

from newsletter.content.exporting import export_pack, export_text
from newsletter.content.packs import parse_pack
from newsletter.content.records import Pack
from newsletter.content.store import ContentStore
from tests.content.packs import MONDAY, OURS, THEIRS, WEEK, dump, pack, store_with, tool, whole_week


def a_year_of_changes() -> list[Pack]:
    """Packs that make every kind of history: moved prices, flips, named reviews, new texts, other describers."""
    heron = tool("heron-2", tagline="Said by others", description="At length")
    words = {"tool": "heron-2", "words": "It runs everywhere."}
    return [
        pack({**THEIRS, "text": "One."}, tools=[heron], reviews=[words], claims=[_price("0.12")]),
        whole_week(),
        pack({**THEIRS, "text": "Two."}, tools=[heron], reviews=[{**words, "reviewer": "Critic"}], claims=[_price("0.09")]),
        pack(
            {**OURS, "text": "Three."},
            tools=[{**heron, "status": "current"}],
            verdicts=[{"tool": "heron-2", "ships": 1, "skips": 3, "as_of": "2026-10-01"}],
            reviews=[{"tool": "heron-2", "reviewer": "Builder", "score": 60, "decision": "skip"}],
            aliases=[{"alias": "heron-mk-2", "tool": "heron-2"}],
            questions=[{"tool": "heron-2", "question": "Why?", "answer": "Because."}],
        ),
        pack(tools=[{**heron, "status": "deprecated"}]),
    ]  # fmt: skip


def _price(value: str) -> dict[str, str]:
    return {"tool": "heron-2", "attribute": "output_price", "value": value, "unit": "USD/Mtok"}


def test_an_export_imports_to_an_identical_store(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        store_with(tmp_path, *a_year_of_changes()) as store,
        ContentStore(tmp_path / "other/content.db") as other,
    ):
        text = export_text(store)
        other.import_pack(parse_pack(text, Path("export.json")).pack, MONDAY + 100 * WEEK)
        assert dump(other) == dump(store)
        assert len(dump(other)["revisions"]) == 1
        assert export_text(other) == text


def test_an_export_imported_where_it_came_from_changes_nothing(tmp_path: Path) -> None:
    with store_with(tmp_path, *a_year_of_changes()) as store:
        before = dump(store)
        counts = store.import_pack(export_pack(store), MONDAY + 100 * WEEK)
        assert (counts.total, counts.changed) == (0, 0)
        assert dump(store) == before


def test_an_imported_export_knows_which_packs_it_holds(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with store_with(tmp_path, whole_week()) as store, ContentStore(tmp_path / "other/content.db") as other:
        other.import_pack(export_pack(store), MONDAY)
        assert other.import_pack(whole_week(), MONDAY + WEEK).repeated


def test_the_export_of_an_empty_store_can_be_imported(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        text = export_text(store)
        assert store.import_pack(parse_pack(text, Path("export.json")).pack, MONDAY).total == 0
