"""What revision 0009 makes of the reasons on the suppression list."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select

from newsletter.db.engine import Database, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.revisions import MIGRATIONS
from newsletter.db.schema import suppressions
from newsletter.db.shape import differences
from tests.db.test_migrate import empty, run

KINDS = {
    "erased": "erased",
    "complained": "complained",
    "left at Mailchimp": "left",
    "Unsubscribed elsewhere": "left",
    "bounced at Mailchimp": "bounced",
    "spam complaint": "complained",
    "asked by letter": "operator",
    "wants to be left alone": "operator",
    "wrong": "operator",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        database: Database = request.getfixturevalue("postgres_database")
        empty(database)
    else:
        database = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
    rows = (f"('{number}', '{reason}', '2026-11-26 09:00:00')" for number, reason in enumerate(KINDS))
    run(database, f"INSERT INTO suppressions (address_hash, reason, at) VALUES {', '.join(rows)};\n")
    yield database
    database.close()


def test_every_entry_is_kept_with_the_kind_that_its_reason_says(old: Database) -> None:
    upgrade(old)
    with old.read() as connection:
        assert differences(connection) == ()
        query = select(suppressions.c.reason, suppressions.c.kind, suppressions.c.asked_at)
        found = connection.execute(query.order_by(suppressions.c.address_hash)).all()
    assert [tuple(row) for row in found] == [(reason, kind, None) for reason, kind in KINDS.items()]
