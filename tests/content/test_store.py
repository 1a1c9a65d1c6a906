"""Reading the store."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsletter.content.database import open_for_writing, writing
from newsletter.content.migrations import MIGRATIONS, SEARCHED
from newsletter.content.store import ContentStore
from newsletter.errors import BadInput, NotFound, StoreBusy, StoreError
from tests.content.packs import MONDAY, OURS, THEIRS, WEEK, pack, store_with, tool, whole_week


def test_a_new_store_is_made_with_wal_and_foreign_keys(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        assert store.db.journal_mode == "wal"
        assert store.db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert not MIGRATIONS.pending(store.db)


def test_every_table_of_ours_is_strict(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        shadows = ("_data", "_idx", "_docsize", "_config")
        ours = [
            name for name in store.db.table_names() if not name.endswith(("_fts", *shadows, "migrations"))
        ]
        assert len(ours) == 18
        assert [name for name in ours if not store.db.table(name).strict] == []


def test_a_store_of_before_knows_what_came_from_the_site_and_takes_a_pair_twice(tmp_path: Path) -> None:
    path = tmp_path / "content.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        MIGRATIONS.apply(Database(connection), stop_before="what_the_site_lists")
        connection.executescript(ROWS_OF_BEFORE)
    with ContentStore(path) as store:
        assert [each.id for each in store.comparison_heads()] == ["c-1"]
        assert (store.get_tool("1").at_site, store.get_comparison("c-1").at_site) == ("listed", "listed")
        assert [each.answer for each in store.questions(comparison_ids=["c-1"])] == ["Heron."]
        assert [each.id for each in store.search("birds")] == ["c-1"]
        store.db.execute("UPDATE comparisons SET headline = 'Two whales'")
        assert ([each.id for each in store.search("whales")], store.search("birds")) == (["c-1"], ())
        assert store.db.execute("PRAGMA foreign_key_check").fetchall() == []
        with pytest.raises(sqlite3.IntegrityError):
            store.db.execute("DELETE FROM comparisons")
        store.db.execute(
            "INSERT INTO comparisons SELECT 2, 'c-2', left_id, right_id, url, headline, summary, "
            "cost_read, performance_read, pick_left_if, pick_right_if, published_on, source_id, first_seen_at, "
            "last_seen_at, at_site FROM comparisons"
        )


ROWS_OF_BEFORE = """
INSERT INTO sources VALUES ('site', 'Weekly Verdicts', '', 1, NULL, '2026-11-23');
INSERT INTO tools SELECT value, value, 'Heron ' || value, 'heron ' || value, '', '', '', '', '', '', '', '', '', '[]',
    'site', '2026-11-23', '2026-11-23' FROM json_each('[1, 2]');
INSERT INTO comparisons VALUES (1, 'c-1', '1', '2', '', 'Two birds', '', '', '', '', '', NULL, 'site',
    '2026-11-23T08:30:00.000000Z', '2026-11-23T08:30:00.000000Z');
INSERT INTO questions VALUES (1, 'q-1', 'c-1', NULL, 'Which?', 'Heron.', 'site', NULL, '2026-11-23T08:30:00.000000Z');
INSERT INTO reader_votes VALUES ('c-1', '1', 3, 1, '2026-11-23T08:30:00.000000Z');
"""


def test_the_store_checks_what_it_is_given(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        for broken in (
            "UPDATE ratings SET score = 101",
            "UPDATE ratings SET decision = 'maybe'",
            "UPDATE notes SET kind = 'rumour'",
            "UPDATE questions SET comparison_id = NULL, tool_id = NULL",
            "UPDATE comparisons SET right_id = left_id",
            "UPDATE claims SET tool_id = 'nobody'",
            "UPDATE verdicts SET ships = 'four'",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                store.db.execute(broken)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be made"):
        ContentStore(tmp_path / "nowhere" / "content.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "content.db"
    file.write_bytes(b"certainly not SQLite" * 100)
    for opening in (ContentStore, ContentStore.read_only):
        with pytest.raises(StoreError, match="file is not a database"):
            opening(file)


def test_reading_only_needs_a_store_that_is_there_and_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database at"):
        ContentStore.read_only(tmp_path / "content.db")
    store_with(tmp_path, whole_week()).close()
    with ContentStore.read_only(tmp_path / "content.db") as store:
        assert store.get_tool("finch").name == "Finch"
        with pytest.raises(StoreError, match="opened for reading only"):
            store.import_pack(pack(tools=[tool("wren")]), MONDAY)


def test_reading_only_refuses_an_older_store(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        store.db.execute("DELETE FROM _sqlite_migrations")
    with pytest.raises(StoreError, match="older than this program"):
        ContentStore.read_only(tmp_path / "content.db")


def test_reading_goes_on_while_another_connection_writes(tmp_path: Path) -> None:
    store_with(tmp_path, whole_week()).close()
    writer = open_for_writing(tmp_path / "content.db")
    with writing(writer), ContentStore(tmp_path / "content.db") as store:
        writer.table("tools").update(1, {"name": "Heron 3"})
        assert store.get_tool("heron-2").name == "Heron 2"
    writer.close()


def test_a_writer_that_waits_too_long_says_that_the_store_is_busy(tmp_path: Path) -> None:
    store_with(tmp_path, whole_week()).close()
    holder, waiting = (open_for_writing(tmp_path / "content.db") for _ in range(2))
    waiting.execute("PRAGMA busy_timeout = 20")
    with writing(holder), pytest.raises(StoreBusy), writing(waiting):
        pass
    holder.close()
    waiting.close()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        pages = store.db.execute("PRAGMA page_count").fetchone()[0]
        store.db.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match="cannot be written: database or disk is full"):
            store.import_pack(pack({**OURS, "text": "x" * 100_000}, tools=[tool("wren")]), MONDAY)
        assert not list(store.tool_heads())
        assert not store.all_sources()


def test_a_store_belongs_to_its_thread(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        caught: list[BaseException] = []

        def read() -> None:
            try:
                store.get_tool("finch")
            except sqlite3.ProgrammingError as error:
                caught.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_heads_are_what_was_seen_before_a_moment_the_oldest_first(tmp_path: Path) -> None:
    later = pack(
        tools=[tool("wren"), tool("robin")],
        comparisons=[{"left": "wren", "right": "robin"}],
    )
    with store_with(tmp_path, whole_week(), later) as store:
        cutoff = MONDAY + WEEK
        assert [each.id for each in store.comparison_heads(cutoff)] == ["heron-2-vs-finch"]
        assert [each.id for each in store.comparison_heads(cutoff + timedelta(seconds=1))] == [
            "heron-2-vs-finch",
            "wren-vs-robin",
        ]
        assert [each.id for each in store.comparison_heads(MONDAY)] == []
        assert [each.name for each in store.tool_heads(cutoff)] == ["Finch", "Heron 2"]
        assert len(list(store.comparison_heads())) == 2


def test_everything_is_read_by_the_ids_of_tools(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        ids = ["heron-2", "finch", "nobody"]
        assert list(store.tools(ids)) == ["heron-2", "finch"]
        assert {key: len(found) for key, found in store.claims(ids).items()} == {"heron-2": 2, "finch": 1}
        assert {key: len(found) for key, found in store.reviews(ids).items()} == {"heron-2": 1, "finch": 1}
        assert list(store.verdicts(ids)) == list(store.votes(ids)) == list(store.notes(ids)) == ["heron-2"]
        assert list(store.offers(ids)) == ["heron-2"]
        assert set(store.benchmarks(ids)) == {"heron-2", "finch"}
        assert [each.question for each in store.questions(tool_ids=ids)] == ["Is it open?"]
        assert [each.answer for each in store.questions(comparison_ids=["heron-2-vs-finch"])] == ["Heron 2."]
        assert [each.name for each in store.all_sources()] == ["Model Profiles", "Weekly Verdicts"]


def test_thousands_of_ids_are_one_question(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        many = [f"tool-{number}" for number in range(40_000)]
        assert list(store.tools([*many, "finch"])) == ["finch"]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        with pytest.raises(NotFound, match="There is no comparison wren-vs-robin"):
            store.get_comparison("wren-vs-robin")
        with pytest.raises(NotFound, match="There is no tool wren"):
            store.get_tool("wren")


def test_an_unscored_benchmark_is_untested(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        (result,) = store.benchmarks(["finch"])["finch"]
    assert (result.test, result.score, result.out_of) == ("Tool calling", None, None)


HERON_MK = tool("heron-mk-2", name="Heron Mk 2")


def aliased(tmp_path: Path) -> ContentStore:
    """Two names, with a claim each, of which somebody said later that they are one tool."""
    other = pack(
        THEIRS,
        tools=[HERON_MK, tool("finch")],
        claims=[{"tool": "heron-mk-2", "attribute": "context", "value": "131,072"}],
        comparisons=[{"left": "finch", "right": "heron-mk-2"}],
        questions=[{"tool": "heron-mk-2", "question": "Is it new?", "answer": "Yes."}],
    )
    same = pack(aliases=[{"alias": "heron-mk-2", "tool": "heron-2"}])
    return store_with(tmp_path, whole_week(), other, same)


def test_names_that_differ_are_two_tools_until_someone_says_otherwise(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week(), pack(THEIRS, tools=[HERON_MK])) as store:
        assert {each.id for each in store.tool_heads()} == {"heron-2", "finch", "heron-mk-2"}
    (tmp_path / "later").mkdir()
    with aliased(tmp_path / "later") as store:
        assert {each.id for each in store.tool_heads()} == {"heron-2", "finch"}


def test_records_about_an_alias_are_records_about_its_tool(tmp_path: Path) -> None:
    with aliased(tmp_path) as store:
        assert [each.tool_id for each in store.claims(["heron-2"])["heron-2"]] == ["heron-2"] * 3
        assert store.get_comparison("finch-vs-heron-mk-2").right_id == "heron-2"
        assert [each.right_id for each in store.comparison_heads()] == ["finch", "heron-2"]
        assert store.tools(["heron-mk-2"])["heron-mk-2"].name == "Heron 2"
        assert [each.tool_id for each in store.questions(tool_ids=["heron-2"])] == ["heron-2"]


def test_what_is_imported_about_an_alias_later_is_about_its_tool(tmp_path: Path) -> None:
    later = pack(THEIRS, claims=[{"tool": "heron-mk-2", "attribute": "licence", "value": "MIT"}])
    with aliased(tmp_path) as store:
        store.import_pack(later, MONDAY + 5 * WEEK)
        assert "licence" in {each.attribute for each in store.claims(["heron-2"])["heron-2"]}


def test_a_comparison_of_a_tool_with_its_own_alias_is_none(tmp_path: Path) -> None:
    both = pack(
        THEIRS, tools=[tool("heron-2"), HERON_MK], comparisons=[{"left": "heron-2", "right": "heron-mk-2"}]
    )
    same = pack(aliases=[{"alias": "heron-mk-2", "tool": "heron-2"}])
    with store_with(tmp_path, both, same) as store:
        assert list(store.comparison_heads()) == []


def test_words_are_found_wherever_they_stand(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        assert [(each.kind, each.id) for each in store.search("heron")] == [
            ("tool", "heron-2"),
            ("question", "heron-2-vs-finch"),
        ]
        assert [(each.kind, each.id) for each in store.search("smaller")] == [
            ("comparison", "heron-2-vs-finch")
        ]
        assert [(each.kind, each.title) for each in store.search("runs everywhere")] == [
            ("review", "Heron 2")
        ]
        assert [(each.kind, each.title) for each in store.search("service")] == [("note", "Heron 2")]
        assert len(store.search("heron", limit=1)) == 1


@pytest.mark.parametrize(
    "text", ["", '"', "NEAR(", "a AND", "*", "name:heron", "-", "^", "'; DROP TABLE tools; --"]
)
def test_a_search_is_words_whatever_they_are(tmp_path: Path, text: str) -> None:
    with store_with(tmp_path, whole_week()) as store:
        assert store.search(text) == ()


def test_search_follows_what_changes(tmp_path: Path) -> None:
    renamed = pack(tools=[tool("heron-2", tagline="Now with feathers")])
    with store_with(tmp_path, whole_week(), renamed) as store:
        assert [each.id for each in store.search("feathers")] == ["heron-2"]
        assert store.search("fast model") == ()
        for table in SEARCHED:
            store.db.execute(f"INSERT INTO {table}_fts({table}_fts, rank) VALUES ('integrity-check', 1)")


def test_a_site_of_ours_keeps_its_address_and_name_up_to_date(tmp_path: Path) -> None:
    renamed = pack({**OURS, "name": "The Verdicts", "published_on": "2026-11-21"}, tools=[tool("wren")])
    with store_with(tmp_path, whole_week(), renamed) as store:
        source = store.sources(["verdicts.example-week-48"])["verdicts.example-week-48"]
    assert (source.name, source.ours, source.published_on.isoformat()) == ("The Verdicts", True, "2026-11-21")  # type: ignore[union-attr]


def test_a_broken_import_says_where(tmp_path: Path) -> None:
    with (
        store_with(tmp_path) as store,
        pytest.raises(BadInput, match=r"pack, field claims\[1\]\.tool: there is no"),
    ):
        store.import_pack(pack(claims=[{"tool": "wren", "attribute": "licence", "value": "MIT"}]), MONDAY)


def test_what_held_before_a_moment_is_read_beside_what_holds_now(tmp_path: Path) -> None:
    first, second = (
        pack(
            tools=[tool("heron-2")],
            claims=[{"tool": "heron-2", "attribute": "input_price", "value": value, "unit": "USD/Mtok"}],
            verdicts=[{"tool": "heron-2", "ships": ships, "skips": 4 - ships}],
        )
        for value, ships in (("0.10", 4), ("0.08", 1))
    )
    with store_with(tmp_path, first, second) as store:
        then = MONDAY + WEEK
        assert [each.value for each in store.claims(["heron-2"], before=then)["heron-2"]] == ["0.1"]
        assert [each.value for each in store.claims(["heron-2"])["heron-2"]] == ["0.08"]
        assert [each.ships for each in store.verdicts(["heron-2"], before=then)["heron-2"]] == [4]
        assert store.stated_between(then, then + WEEK) == ("heron-2",)
        assert store.stated_between(MONDAY, then) == ()
        assert store.reviews(["heron-2"], before=then) == {}
        assert store.offers(["heron-2"], before=then) == {}


def test_what_a_tool_was_described_as_before_is_kept(tmp_path: Path) -> None:
    named = [pack(tools=[tool("heron-2", status=status)]) for status in ("", "beta", "current")]
    with store_with(tmp_path, *named) as store:
        [kept] = store.revisions(MONDAY, MONDAY + 9 * WEEK)
        assert (kept.key, kept.field, kept.before, kept.after) == ("heron-2", "status", "beta", "current")
        assert store.revisions(MONDAY, kept.seen_at) == ()
