"""What readers voted from the mail, as the store keeps it and gives it to the site."""

import json
from pathlib import Path

from newsletter.content.exporting import export_pack, votes_text
from newsletter.content.records import ReaderVotes
from newsletter.content.store import ContentStore
from tests.content.packs import MONDAY, THEIRS, WEEK, dump, pack, store_with, whole_week

NAME = "Readers of the weekly"
CLOSED = MONDAY + 3 * WEEK


def total(tool_id: str, ship: int, skip: int, comparison_id: str = "heron-2-vs-finch") -> ReaderVotes:
    return ReaderVotes(comparison_id=comparison_id, tool_id=tool_id, ship=ship, skip=skip, closed_at=CLOSED)


def test_what_was_counted_once_is_never_changed(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        assert (
            store.record_reader_votes([total("heron-2", 3, 1), total("finch", 0, 2)], source_name=NAME) == 2
        )
        assert store.record_reader_votes([total("heron-2", 9, 9)], source_name=NAME) == 0
        assert store.reader_votes() == (total("heron-2", 3, 1), total("finch", 0, 2))


def test_totals_of_what_the_store_does_not_know_are_dropped(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        unknown = [total("heron-2", 1, 0, "a-vs-b"), total("kite", 1, 0)]
        assert store.record_reader_votes(unknown, source_name=NAME) == 0
        assert store.reader_votes() == ()


def test_only_those_of_the_time_and_the_comparisons_asked_for_come(tmp_path: Path) -> None:
    closed = CLOSED
    with store_with(tmp_path, whole_week()) as store:
        store.record_reader_votes([total("heron-2", 3, 1)], source_name=NAME)
        assert store.reader_votes(since=closed, before=closed + WEEK)
        assert not store.reader_votes(before=closed)
        assert not store.reader_votes(since=closed + WEEK)
        assert not store.reader_votes(["other"])
        assert store.reader_votes(["heron-2-vs-finch"])


def test_the_sites_own_count_goes_before_our_readers_and_they_before_others(tmp_path: Path) -> None:
    theirs = pack(THEIRS, votes=[{"tool": "finch", "ship": 90, "skip": 1}])
    with store_with(tmp_path, whole_week(), theirs) as store:
        assert store.votes(["finch"])["finch"].ship == 90
        store.record_reader_votes([total("heron-2", 3, 1), total("finch", 0, 2)], source_name=NAME)
        votes = store.votes(["heron-2", "finch"])
        assert (votes["heron-2"].ship, votes["heron-2"].skip) == (7, 2)
        assert (votes["finch"].ship, votes["finch"].skip) == (0, 2)
        assert store.sources([votes["finch"].source_id])["reader-votes"].name == NAME
        assert store.votes(["finch"], before=CLOSED)["finch"].ship == 90


def test_an_export_of_the_store_takes_them_along(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with store_with(tmp_path, whole_week()) as store, ContentStore(tmp_path / "other/content.db") as other:
        store.record_reader_votes([total("heron-2", 3, 1)], source_name=NAME)
        other.import_pack(export_pack(store), MONDAY + 9 * WEEK)
        assert dump(other) == dump(store)


def test_the_site_gets_csv_or_json(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        store.record_reader_votes([total("heron-2", 3, 1)], source_name=NAME)
        assert votes_text(store, as_json=False) == (
            "comparison_id,tool_id,ship,skip,closed_at\n"
            "heron-2-vs-finch,heron-2,3,1,2026-12-14T08:30:00.000000Z\n"
        )
        assert json.loads(votes_text(store, as_json=True)) == [
            {
                "comparison_id": "heron-2-vs-finch",
                "tool_id": "heron-2",
                "ship": 3,
                "skip": 1,
                "closed_at": "2026-12-14T08:30:00.000000Z",
            }
        ]


def test_without_votes_the_file_has_its_heading_only(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        assert votes_text(store, as_json=False) == "comparison_id,tool_id,ship,skip,closed_at\n"
        assert json.loads(votes_text(store, as_json=True)) == []
