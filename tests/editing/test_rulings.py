"""An editor's rulings in the store, on both databases, and how old the facts are that they are about."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import open_app
from newsletter.clock import MovedClock, SystemClock
from newsletter.content.pages import read_page
from newsletter.db.engine import Database
from newsletter.digest.store import rulings_on
from newsletter.editing.contradictions import SMALL_BYTES
from newsletter.editing.facts import all_rulings, delete_ruling, facts_of, record_ruling, rule
from tests.content.conflicts.pages import SEEN_AT, profile
from tests.content.packs import pack, tool
from tests.editing.desk import cache_of
from tests.installed import install

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def put(database: Database, attribute: str, claim_id: str | None) -> None:
    with database.write() as connection:
        record_ruling(connection, "heron", attribute, claim_id, reason="It is so.", by="alice", at=NOW)


def test_a_ruling_is_what_the_digest_reads(database: Database) -> None:
    put(database, "context", "claim-1")
    put(database, "licence", None)
    with database.read() as connection:
        assert all_rulings(connection) == {"heron": {"context": "claim-1", "licence": None}}
        assert rulings_on(connection, ["heron"]) == all_rulings(connection)


def test_a_later_ruling_takes_the_place_of_an_earlier_one(database: Database) -> None:
    put(database, "context", "claim-1")
    put(database, "context", None)
    with database.read() as connection:
        assert all_rulings(connection) == {"heron": {"context": None}}


def test_a_ruling_is_taken_back_once(database: Database) -> None:
    put(database, "context", "claim-1")
    with database.write() as connection:
        assert delete_ruling(connection, "heron", "context")
        assert not delete_ruling(connection, "heron", "context")


@pytest.mark.parametrize(("day", "stale"), [("2027-03-13", False), ("2027-03-14", True)])
def test_a_fact_older_than_the_setting_is_stale(tmp_path: Path, day: str, stale: bool) -> None:
    """Verified on 14 September 2026, 180 days before 13 March."""
    install(tmp_path / "weekly", example=True)
    app = open_app(tmp_path / "weekly", MovedClock(datetime.fromisoformat(f"{day}T08:00:00+00:00")))
    with app.content() as content:
        content.import_pack(read_page(profile(), name="page.txt"), SEEN_AT)
    assert {each.chosen.stale for each in facts_of(app, "gannet-mini-13b").facts} == {stale}
    app.close()


def test_in_a_large_store_contradictions_are_looked_for_beside_the_page(tmp_path: Path) -> None:
    install(tmp_path / "weekly", example=True)
    app = open_app(tmp_path / "weekly", MovedClock(NOW))
    with app.content() as content:
        for shop, price in (("Shop One", "$2/Mtok"), ("Shop Two", "$1/Mtok")):
            claim = {"tool": "heron", "attribute": "input_price", "value": price, "as_of": "2026-11-01"}
            content.import_pack(pack(source={"name": shop}, tools=[tool("heron")], claims=[claim]), NOW)
        content.db.execute("CREATE TABLE large AS SELECT zeroblob(?) AS it", [SMALL_BYTES])
    first = cache_of(app).contradictions.open()
    # Whoever asks does not wait: there is an answer at once, and it says whether it is the whole one.
    assert first.is_current == bool(first.found)
    while not cache_of(app).contradictions.open().is_current:
        SystemClock().sleep(timedelta(milliseconds=5))
    (found,) = cache_of(app).contradictions.open().found
    assert found.attribute == "input_price"
    rule(app, "heron", "input_price", None, reason="Nobody knows.", by="Erin")
    settled = cache_of(app).contradictions.open()
    assert (settled.found, settled.is_current) == ((), True)
    app.close()
