"""Sync from a site's own database. The schema and the views are the ones in the how-to, so that it stays true."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.content.importing import PackImport
from newsletter.content.records import Decision
from newsletter.content.store import ContentStore
from newsletter.content.sync import VIEWS, sync
from newsletter.errors import BadInput
from tests.content.packs import MONDAY, WEEK, dump, every_claim, pack, row_counts, tool

HOW_TO = (Path(__file__).parents[2] / "docs/how-to/your-own-database.md").read_text(encoding="utf-8")


def sql(name: str) -> str:
    """The SQL that the how-to shows under a mark."""
    found = re.search(rf"<!-- test: {name} -->\n```sql\n(.*?)```", HOW_TO, re.DOTALL)
    assert found is not None
    return found[1]


ROWS = """
INSERT INTO catalogue VALUES
    (1, 'Heron 2', 'Heron Labs', 'Developer Tools', 'Small and quick', 'https://heron.example/',
     0.1, 0.3, 'Pay per token', '2026-11-01 08:00:00', 7, 2),
    (2, 'Finch', 'Finch GmbH', 'Developer Tools', 'Smaller', NULL, NULL, NULL, 'Free', NULL, 0, 0);
INSERT INTO critic VALUES (1, 'Builder'), (2, 'Skeptic');
INSERT INTO opinion VALUES
    (1, 1, 85, 1, 'It runs everywhere.'), (1, 2, 60, 0, 'It forgets.'), (2, 1, NULL, NULL, 'It waits.');
INSERT INTO duel VALUES ('heron-against-finch', 1, 2, 'Small against smaller', 'Both run.', '2026-11-20');
"""


class Site:
    """A site with its database and the operator's views."""

    def __init__(self, folder: Path) -> None:
        self.database, self.views, self.store = (
            folder / "site.db",
            folder / "views.sql",
            folder / "content.db",
        )
        self.do(sql("site") + ROWS)
        self.views.write_text(sql("views"), encoding="utf-8")

    def do(self, script: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(script)

    def say(self, old: str, new: str) -> None:
        """Change the views."""
        text = self.views.read_text(encoding="utf-8")
        assert old in text
        self.views.write_text(text.replace(old, new), encoding="utf-8")

    def sync(self, now: datetime = MONDAY, *, dry_run: bool = False) -> PackImport:
        with ContentStore(self.store) as store:
            return sync(
                store,
                database=self.database,
                views=self.views,
                name="Weekly Verdicts",
                url="https://verdicts.example/",
                now=now,
                dry_run=dry_run,
            )

    def refusal(self) -> str:
        with pytest.raises(BadInput) as caught:
            self.sync()
        return str(caught.value).replace(f"{self.views}", "views.sql")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def synced(site: Site) -> Iterator[ContentStore]:
    site.sync()
    with ContentStore(site.store) as store:
        yield store


def test_the_site_shares_no_name_with_us() -> None:
    names = set(re.findall(r"[a-z_]+", sql("site"))) - {"text", "integer", "real"}
    ours = {column for view in VIEWS.values() for column in view.columns} | set(VIEWS)
    assert not names & ours


def test_tools_come_over(synced: ContentStore) -> None:
    heron = synced.get_tool("1")
    assert (heron.name, heron.maker, heron.tagline) == ("Heron 2", "Heron Labs", "Small and quick")
    assert synced.sources([heron.source_id])["site"].ours


def test_reviews_come_over_and_the_unknown_stays_unknown(synced: ContentStore) -> None:
    reviews = synced.reviews(["1", "2"])
    assert [(each.reviewer, each.score, each.decision) for each in reviews["1"]] == [
        ("Builder", 85, Decision.SHIP),
        ("Skeptic", 60, Decision.SKIP),
    ]
    assert [(each.score, each.decision, each.words) for each in reviews["2"]] == [(None, None, "It waits.")]


def test_comparisons_come_over(synced: ContentStore) -> None:
    comparison = synced.get_comparison("heron-against-finch")
    assert (comparison.left_id, comparison.right_id) == ("1", "2")
    assert comparison.published_on == date(2026, 11, 20)
    assert comparison.url == "https://verdicts.example/duel/heron-against-finch"


def test_prices_become_claims_with_their_date(synced: ContentStore) -> None:
    claims = {each.attribute: each for each in synced.claims(["1"])["1"]}
    assert (claims["input_price"].number, claims["output_price"].number) == (Decimal("0.1"), Decimal("0.3"))
    assert claims["input_price"].verified_on == date(2026, 11, 1)
    assert claims["price"].value == "Pay per token"
    assert [each.attribute for each in synced.claims(["2"])["2"]] == ["price"]


def test_votes_come_over(synced: ContentStore) -> None:
    assert {key: (each.ship, each.skip) for key, each in synced.votes(["1", "2"]).items()} == {"1": (7, 2)}


def test_syncing_again_changes_nothing_but_the_last_sighting(site: Site) -> None:
    site.sync()
    with ContentStore(site.store) as store:
        before = row_counts(store)
    counts = site.sync(MONDAY + WEEK)
    with ContentStore(site.store) as store:
        assert (counts.total, counts.changed) == (0, 0)
        assert row_counts(store) == before
        assert store.get_tool("1").last_seen_at == MONDAY + WEEK


def test_a_price_that_changes_at_the_site_is_a_new_claim_with_its_day(site: Site) -> None:
    site.do("UPDATE catalogue SET checked = NULL")
    site.sync()
    site.do("UPDATE catalogue SET usd_in = 0.08 WHERE item_no = 1")
    site.sync(MONDAY + WEEK)
    site.do("UPDATE catalogue SET usd_in = 0.1 WHERE item_no = 1")
    site.sync(MONDAY + 2 * WEEK)
    with ContentStore(site.store) as store:
        history = [each for each in every_claim(store, "1") if each.attribute == "input_price"]
        now = [each for each in store.claims(["1"])["1"] if each.attribute == "input_price"]
    assert [(each.value, each.seen_on) for each in history] == [
        ("0.1", date(2026, 11, 23)),
        ("0.08", date(2026, 11, 30)),
        ("0.1", date(2026, 12, 7)),
    ]
    assert now == history[-1:]


def test_what_vanishes_from_the_site_keeps_its_last_sighting(site: Site) -> None:
    site.sync()
    site.do(
        "DELETE FROM duel; DELETE FROM opinion WHERE item_no = 2; DELETE FROM catalogue WHERE item_no = 2"
    )
    site.sync(MONDAY + WEEK)
    with ContentStore(site.store) as store:
        assert store.get_comparison("heron-against-finch").last_seen_at == MONDAY
        assert (store.get_tool("2").last_seen_at, store.get_tool("1").last_seen_at) == (MONDAY, MONDAY + WEEK)


def duels(site: Site) -> list[tuple[str, str]]:
    """The comparisons that may enter an issue, with their headlines."""
    with ContentStore(site.store) as store:
        return [(each.id, store.get_comparison(each.id).headline) for each in store.comparison_heads()]


def test_a_second_comparison_of_the_same_two_tools_is_one_of_its_own(site: Site) -> None:
    site.sync()
    site.do("INSERT INTO duel VALUES ('heron-again', 1, 2, 'A year later', 'Both still run.', '2026-11-27')")
    first = ("heron-against-finch", "Small against smaller")
    assert site.sync(MONDAY + WEEK)["comparisons"] == 1
    assert duels(site) == [first, ("heron-again", "A year later")]
    counts = site.sync(MONDAY + 2 * WEEK)
    assert (counts.total, counts.changed, counts.gone) == (0, 0, 0)
    assert duels(site) == [first, ("heron-again", "A year later")]


def test_a_comparison_that_the_site_renames_stays_the_same_one(site: Site) -> None:
    site.sync()
    site.do("UPDATE duel SET slug_text = 'heron-2-or-finch'")
    for week in (1, 2):
        counts = site.sync(MONDAY + week * WEEK)
        assert (counts.total, counts.gone) == (0, 0)
        assert duels(site) == [("heron-against-finch", "Small against smaller")]
    site.do("INSERT INTO duel VALUES ('heron-again', 1, 2, 'A year later', 'Both still run.', '2026-11-27')")
    site.sync(MONDAY + 3 * WEEK)
    assert [each for each, _ in duels(site)] == ["heron-against-finch", "heron-again"]


def test_a_comparison_written_after_another_was_deleted_is_a_new_one(site: Site) -> None:
    site.sync()
    site.do("DELETE FROM duel")
    assert site.sync(MONDAY + WEEK).gone == 1
    assert duels(site) == []
    site.do("INSERT INTO duel VALUES ('heron-again', 1, 2, 'A year later', 'Both still run.', '2026-11-27')")
    site.sync(MONDAY + 2 * WEEK)
    assert duels(site) == [("heron-again", "A year later")]
    site.do("INSERT INTO duel VALUES ('heron-against-finch', 1, 2, 'Small', 'Both.', '2026-11-20')")
    site.sync(MONDAY + 3 * WEEK)
    assert [each for each, _ in duels(site)] == ["heron-against-finch", "heron-again"]


def test_a_tool_under_two_names_is_gone_when_the_site_has_neither(site: Site) -> None:
    with ContentStore(site.store) as store:
        store.import_pack(pack(tools=[tool("1"), tool("2")], aliases=[{"alias": "2", "tool": "1"}]), MONDAY)
    site.do("DELETE FROM duel; DELETE FROM opinion")
    site.sync()
    for number, gone in ((1, False), (2, True)):
        site.do(f"DELETE FROM catalogue WHERE item_no = {number}")
        site.sync(MONDAY + number * WEEK)
        with ContentStore(site.store) as store:
            assert ("1" in store.gone_tools()) is gone


def test_a_score_that_changes_is_kept_beside_the_old_one(site: Site) -> None:
    site.sync()
    site.do("UPDATE opinion SET points = 40, ok = 0 WHERE item_no = 1 AND critic_no = 1")
    site.sync(MONDAY + WEEK)
    with ContentStore(site.store) as store:
        builder = next(each for each in store.reviews(["1"])["1"] if each.reviewer == "Builder")
        assert (builder.score, builder.decision, builder.seen_at) == (40, Decision.SKIP, MONDAY)
        assert row_counts(store)["ratings"] == 4


def test_what_a_page_brought_before_is_the_same_tool_by_its_name(site: Site) -> None:
    with ContentStore(site.store) as store:
        store.import_pack(pack(tools=[tool("heron-2")]), MONDAY)
    site.sync(MONDAY + WEEK)
    with ContentStore(site.store) as store:
        assert [each.id for each in store.tool_heads()] == ["heron-2", "2"]
        assert store.get_comparison("heron-against-finch").left_id == "heron-2"


def test_a_dry_run_leaves_nothing(site: Site) -> None:
    assert site.sync(dry_run=True)["tools"] == 2
    with ContentStore(site.store) as store:
        assert not list(store.tool_heads())


def test_the_site_is_never_written_to(site: Site) -> None:
    before = site.database.read_bytes()
    site.sync()
    assert site.database.read_bytes() == before
    assert sorted(each.name for each in site.database.parent.glob("site.db*")) == ["site.db"]


def test_a_database_in_wal_mode_that_nobody_has_open_is_read_too(site: Site) -> None:
    site.do("PRAGMA journal_mode = WAL")
    assert site.sync()["tools"] == 2


def test_it_reads_while_the_site_writes(site: Site) -> None:
    site.do("PRAGMA journal_mode = WAL")
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(site.database, isolation_level=None)) as connection:
            while not stop.is_set():
                connection.execute(
                    "UPDATE catalogue SET thumbs_up = thumbs_up + 1, thumbs_down = thumbs_down + 1"
                )

    writer = threading.Thread(target=write)
    writer.start()
    for week in range(5):
        site.sync(MONDAY + week * WEEK)
    stop.set()
    writer.join()
    with ContentStore(site.store) as store:
        votes = store.votes(["1", "2"])
    assert votes["1"].ship - votes["2"].ship == 7


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("label AS name", "label AS title", "views.sql, field view tools: it has a column title, which says nothing here: known are id, name, maker, family, category, tagline, description, type, status, entry, url, tags"),
        ("label AS name", "label AS naem", "views.sql, field view tools: it has a column naem, which says nothing here: do you mean name?"),
        (", label AS name", "", "views.sql, field view tools: its column name is missing: add it to the SELECT"),
        ("label AS name", "lable AS name", "views.sql, field view tools: it cannot be read: no such column: lable"),
        ("FROM duel", "FROM duels", "views.sql, field view comparisons: it cannot be read: no such table: duels"),
        ("CREATE TEMP VIEW reviews AS", "CREATE TEMP VIEW reveiws AS", "views.sql: there is no view to be called reveiws: do you mean reviews?"),
        ("CREATE TEMP VIEW reviews AS", "CREATE TEMP VIEW opinions AS", "views.sql: the view reviews is missing: it needs the columns tool"),
        ("CREATE TEMP VIEW votes AS", "CREATE TEMP VIEW applause AS", "views.sql: nothing reads the view applause: known are tools, reviews, comparisons, prices, facts, verdicts, votes, benchmarks, offers, notes, questions, reviewers"),
        ("CREATE TEMP VIEW reviews AS", "CREATE VIEW reviews AS", "views.sql:5: only CREATE TEMP VIEW … AS SELECT … may stand here"),
        ("CREATE TEMP VIEW reviews AS", "CREATE TEMP VIEWS reviews AS", 'views.sql:5: this is no view: near "VIEWS": syntax error'),
        ("WHERE thumbs_up + thumbs_down > 0;", "WHERE thumbs_up + thumbs_down > 0", "views.sql:20: the last statement does not end: put ; after it"),
        ("CREATE TEMP VIEW tools AS", "ATTACH 'other.db' AS other;\nCREATE TEMP VIEW tools AS", "views.sql:1: only CREATE TEMP VIEW … AS SELECT … may stand here"),
        ("CREATE TEMP VIEW tools AS", "DELETE FROM duel;\nCREATE TEMP VIEW tools AS", "views.sql:1: only CREATE TEMP VIEW … AS SELECT … may stand here"),
        ("web AS url", "web AS url, web AS url", "views.sql, field view tools: it has a column url:1, which says nothing here: do you mean url?"),
        ("a_no AS left", "a_no + 7 AS left", "views.sql, field view comparisons, row 1, column left: there is no tool 8: list it under tools, or correct the id"),
        ("points AS score", "points + 40 AS score", "views.sql, field view reviews, row 1, column score: it is 125, but at most 100 is right"),
    ],
)  # fmt: skip
def test_a_view_that_does_not_fit_is_named_and_nothing_is_written(
    site: Site, old: str, new: str, said: str
) -> None:
    site.say(old, new)
    assert site.refusal() == said
    with ContentStore(site.store) as store:
        assert all(not rows for rows in dump(store).values())


def test_a_column_renamed_at_the_site_is_named(site: Site) -> None:
    site.do("ALTER TABLE catalogue RENAME COLUMN label TO caption")
    assert site.refusal() == "views.sql, field view tools: it cannot be read: no such column: label"


def test_a_table_with_the_name_of_a_view_is_reached_through_main(site: Site) -> None:
    site.do("ALTER TABLE catalogue RENAME TO tools")
    site.views.write_text(sql("views").replace("FROM catalogue", "FROM main.tools"), encoding="utf-8")
    assert site.sync()["tools"] == 2


def test_views_of_ones_own_may_help(site: Site) -> None:
    site.say(
        "CREATE TEMP VIEW tools AS",
        "CREATE TEMP VIEW everything AS SELECT * FROM catalogue;\nCREATE TEMP VIEW tools AS",
    )
    site.say("FROM catalogue;\n\nCREATE TEMP VIEW reviews", "FROM everything;\n\nCREATE TEMP VIEW reviews")
    assert site.sync()["tools"] == 2


def test_a_file_that_is_no_database_is_refused(site: Site) -> None:
    site.database.write_bytes(b"not a database at all" * 100)
    assert (
        site.refusal() == f"{site.database}: it cannot be read as an SQLite database: file is not a database"
    )
    site.database.unlink()
    assert site.refusal() == f"{site.database}: there is no such database"


def test_control_characters_and_bytes_of_a_site_are_made_harmless(site: Site) -> None:
    site.do(
        "UPDATE catalogue SET pitch = 'Small' || char(7, 13, 10) || 'quick', label = CAST('Heron 2' AS BLOB)"
    )
    site.do("UPDATE catalogue SET label = 'Finch' WHERE item_no = 2")
    site.sync()
    with ContentStore(site.store) as store:
        assert (store.get_tool("1").tagline, store.get_tool("1").name) == ("Small  \nquick", "Heron 2")


@pytest.mark.parametrize(
    ("text", "tags"), [('["a", "b"]', ("a", "b")), ("c, d,", ("c", "d")), ("[odd, one", ("[odd", "one"))]
)
def test_tags_are_a_list_either_way(site: Site, text: str, tags: tuple[str, ...]) -> None:
    site.say("web AS url", f"web AS url, '{text}' AS tags")
    site.sync()
    with ContentStore(site.store) as store:
        assert store.get_tool("1").tags == tags


def test_every_other_view_is_read_too(site: Site) -> None:
    site.views.write_text(
        sql("views")
        + """
        CREATE TEMP VIEW facts AS SELECT 1 AS tool, 'context' AS attribute, '128K' AS value;
        CREATE TEMP VIEW verdicts AS SELECT 1 AS tool, 4 AS ships, 0 AS skips, 100.0 AS share;
        CREATE TEMP VIEW benchmarks AS SELECT 1 AS tool, 'Maths' AS test, 2.5 AS score, 3 AS out_of;
        CREATE TEMP VIEW offers AS SELECT 1 AS tool, 'Heron Cloud' AS provider, 420 AS p50_latency_ms;
        CREATE TEMP VIEW notes AS SELECT 1 AS tool, 'Best-For' AS kind, 'Small services' AS words;
        CREATE TEMP VIEW questions AS
            SELECT 'heron-against-finch' AS comparison, 'Which?' AS question, 'Heron 2.' AS answer;
        CREATE TEMP VIEW reviewers AS SELECT 'Builder' AS name, 'Runs it first.' AS about;
        """,
        encoding="utf-8",
    )
    site.sync()
    with ContentStore(site.store) as store:
        assert store.claims(["1"])["1"][0].unit in ("tokens", "USD/Mtok")
        assert store.verdicts(["1"])["1"][0].share == Decimal(100)
        assert store.benchmarks(["1"])["1"][0].score == Decimal("2.5")
        assert store.offers(["1"])["1"][0].p50_latency_ms == 420
        assert store.notes(["1"])["1"][0].words == "Small services"
        assert store.questions(comparison_ids=["heron-against-finch"])[0].answer == "Heron 2."


def test_the_how_to_lists_every_view_and_column() -> None:
    for view in VIEWS.values():
        columns = ", ".join(f"**{each}**" if each in view.required else each for each in view.columns)
        needed = " (needed)" if view.needed else ""
        assert f"| `{view.name}`{needed} | {view.help} | {columns} |" in HOW_TO


@pytest.mark.parametrize("price", ["'abc'", "'1,5'", "-5", "9e999"])
def test_a_price_of_the_site_that_is_no_number_is_refused(tmp_path: Path, price: str) -> None:
    site = Site(tmp_path)
    site.views.write_text(
        sql("views").split("CREATE TEMP VIEW prices")[0]
        + f"CREATE TEMP VIEW prices AS SELECT 1 AS tool, {price} AS input_price;",
        encoding="utf-8",
    )
    with pytest.raises(
        BadInput, match=r"view prices, row 1, column value: it is .* a number from 0 is right"
    ):
        site.sync()


def test_the_source_of_a_sync_is_called_as_the_site_is_called_now(site: Site) -> None:
    site.sync()
    with ContentStore(site.store, site_name="AI Bench Weekly") as store:
        assert store.sources(["site"])["site"].name == "AI Bench Weekly"
        assert [each.name for each in store.all_sources()] == ["AI Bench Weekly"]


def test_entities_of_a_page_are_written_out_wherever_they_stand(site: Site) -> None:
    """As sites keep them that store what their pages show."""
    site.do(
        """
        UPDATE catalogue SET label = 'Finch &amp; Co&#8217;s', pitch = 'R&amp;amp;D&nbsp;for &quot;two&quot;' WHERE item_no = 2;
        UPDATE duel SET heading = 'Heron or Finch &#x26; Co?', gist = 'Use &lt;b&gt; &unknown; &amp c.';
        UPDATE opinion SET body = 'It doesn&rsquo;t&#7;wait.' WHERE critic_no = 2;
        """
    )
    site.sync()
    with ContentStore(site.store) as store:
        assert (store.get_tool("2").name, store.get_tool("2").tagline) == ("Finch & Co’s", 'R&D\xa0for "two"')
        comparison = store.get_comparison("heron-against-finch")
        assert (comparison.headline, comparison.summary) == (
            "Heron or Finch & Co?",
            "Use <b> &unknown; &amp c.",
        )
        assert store.reviews(["1"])["1"][1].words == "It doesn’t wait."
