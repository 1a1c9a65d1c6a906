"""An editor's rulings in the store, on both databases, and how old the facts are that they are about."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.app import open_app
from newsletter.clock import MovedClock
from newsletter.content.pages import read_page
from newsletter.db.engine import Database
from newsletter.digest.store import rulings_on
from newsletter.editing.facts import all_rulings, delete_ruling, facts_of, record_ruling
from tests.content.conflicts.pages import SEEN_AT, profile
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
    assert {claims[0].stale for _, claims in facts_of(app, "gannet-mini-13b").facts} == {stale}
    app.close()
