"""What revision 0005 makes of single mails, counts of sign-ups, and addresses with ß."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from newsletter.db.engine import Database, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.revisions import MIGRATIONS
from newsletter.db.schema import mails, readers, sign_up_counts
from newsletter.db.shape import differences
from newsletter.db.statuses import LimitScope, MailStatus
from newsletter.readers.addresses import parse_address
from tests.db.test_migrate import empty, run

AT = "2026-11-26 09:00:00"

WRITTEN = f"""
INSERT INTO readers (id, address, address_key, status, status_at, added_at) VALUES
  (1, 'Stra\xdfe@example.org', 'strasse@example.org', 'active', '{AT}', '{AT}'),
  (2, 'J\xfcrgen@example.org', 'j\xfcrgen@example.org', 'active', '{AT}', '{AT}'),
  (3, 'Alice@example.org', 'alice@example.org', 'active', '{AT}', '{AT}'),
  (4, NULL, NULL, 'erased', '{AT}', '{AT}');
INSERT INTO mails (id, kind, key, reader_id, "values", status, not_before, queued_at) VALUES
  (5, 'welcome', 'welcome:1', 1, '{{"a": 1}}', 'pending', '{AT}', '{AT}');
INSERT INTO sign_up_counts (scope, key_hash, window_at, count) VALUES
  ('network', 'aa', '{AT}', 3), ('desk-address', 'bb', '{AT}', 4);
"""


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
        command.upgrade(config, "0004")
    run(database, WRITTEN)
    yield database
    database.close()


def test_everything_is_kept_and_sharp_s_is_no_double_s(old: Database) -> None:
    upgrade(old)
    with old.read() as connection:
        assert differences(connection) == ()
        people = connection.execute(
            select(readers.c.address, readers.c.address_key).order_by(readers.c.id)
        ).all()
        kept = connection.execute(select(mails.c.id, mails.c["values"], mails.c.status, mails.c.owner)).all()
        counts = connection.execute(select(sign_up_counts.c.scope, sign_up_counts.c.count)).all()
    assert [key for _, key in people] == [parse_address(each).key if each else None for each, _ in people]
    assert people[0].address_key == "stra\xdfe@example.org"
    assert [tuple(row) for row in kept] == [(5, {"a": 1}, MailStatus.PENDING, None)]
    assert [tuple(row) for row in counts] == [(LimitScope.NETWORK, 3)]
    with old.write() as connection:
        connection.execute(text("UPDATE mails SET status = 'skipped'"))
