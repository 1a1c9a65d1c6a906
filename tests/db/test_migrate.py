import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

from newsletter.clock import MovedClock
from newsletter.db.engine import Database, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.revisions import HEAD, MIGRATIONS, REVISIONS, read_revision, require_head
from newsletter.db.schema import consent_sums, consents, issues, webhook_posts
from newsletter.db.shape import differences
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.errors import StoreAhead, StoreBehind, StoreError

#: What has landed never changes: installations have run it. A new revision adds its own line when it lands.
LANDED = {
    "0001_the_first_tables.py": "667d013f7186ef65d3c9deab49b31fd8891e407f65fe7e4f7f27e2f54a3dc3cb",
    "0002_what_a_consent_says.py": "6c6058a4fb929aa48e52f11283135052f96c450300a3e8691735908a780a88d8",
    "0003_whose_post_it_is.py": "623b74dac1fd089e260d5ce371011f647fde557875ae8a75f2f5341f895a09a4",
    "0004_what_a_number_means.py": "94d9f6e3db5bb9fe6feaaaa759b840f389130b68bf49d82a8837d093bc83cecd",
    "0005_what_was_noted_elsewhere.py": "909c5d4976432d93a673ee400548ddcb0d50a9d7562408f90f55630ec4b591e3",
    "0006_who_began_a_mail.py": "bc3db5e9a6f91a026bc5f891257051827bdc72c0be44fd3363b7d8aa9c400586",
    "0007_what_a_sandbox_said.py": "4b43de1cb02e1dbe19109a617d2983c4c7c04560ace36d24ae7b405b74993655",
    "0008_which_database_sent_last.py": "bdc53ac9450ae21e670fea1c53978536cfa63dde7482469290120c6867dea054",
    "0009_why_nothing_is_sent.py": "02fd8587bdc57f18c987a0133b4ac077d941b99843e8404c864180a7eb8f8604",
    "0010_what_a_relay_does.py": "bb605bce483d5163fdcf2ed9cb872c8a57d2ab464c702c96152126d0d1286488",
    "0011_what_a_counted_link_means.py": "dac4a07f3ca3c3018531ec092e0021c3166b0fc7733c193f3e58fddf9b535b13",
    "0012_whose_key_it_was.py": "19c83050e856496287a9febd0ecdf585fda4f06433412d41088d2f9ba873fcb7",
    "0013_which_posts_cannot_be_read.py": "4cdfb337a7acb03765f55e876c45bb540c7f6f6d3a04956aef692437586b9959",
}

#: Earlier forms of 0001, as its history had them: the tables that an installation of that day was made with.
FORMS = Path(__file__).parent / "forms"

PEOPLE = """
INSERT INTO readers (id, address, address_key, status, status_at, added_at) VALUES
  (1, 'alice@example.org', 'alice@example.org', 'active', '2026-11-16 08:00:00', '2026-11-16 08:00:00'),
  (3, 'carol@example.org', 'carol@example.org', 'left', '2026-11-16 08:00:00', '2026-11-16 08:00:00');
INSERT INTO consents (id, reader_id, event, at, source) VALUES
  (1, 1, 'imported', '2026-11-16 08:00:00', 'fair (readers.csv, line 2)');
INSERT INTO mails (id, kind, key, reader_id, "values", status, not_before, queued_at) VALUES
  (5, 'welcome', 'welcome:1', 1, '{}', 'accepted', '2026-11-16 08:00:00', '2026-11-16 08:00:00');
"""


def run(database: Database, script: str) -> None:
    with database.write() as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.execute(text(statement.replace(":", r"\:")))


def empty(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def revise(database: Database, revision: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    yield database
    database.close()


@pytest.fixture
def migrated(fresh: Database) -> Database:
    upgrade(fresh)
    return fresh


def test_what_has_landed_never_changes() -> None:
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == LANDED


def test_the_files_are_in_the_order_of_their_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert [each.revision for each in scripts.walk_revisions()] == list(reversed(REVISIONS))
    assert scripts.get_current_head() == HEAD


def test_migrations_lead_to_the_schema_on_sqlite(migrated: Database) -> None:
    with migrated.read() as connection:
        assert differences(connection) == ()


def test_migrations_lead_to_the_schema_on_postgres(postgres_database: Database) -> None:
    empty(postgres_database)
    upgrade(postgres_database)
    with postgres_database.read() as connection:
        assert differences(connection) == ()


def test_a_fresh_database_is_behind_until_it_is_upgraded(fresh: Database) -> None:
    with pytest.raises(StoreBehind):
        require_head(fresh)
    upgrade(fresh)
    require_head(fresh)
    assert read_revision(fresh) == HEAD


def test_upgrading_twice_changes_nothing(migrated: Database) -> None:
    upgrade(migrated)
    require_head(migrated)


def test_upgrading_is_refused_while_an_issue_goes_out(migrated: Database, clock: MovedClock) -> None:
    with migrated.write() as connection:
        connection.execute(
            insert(issues).values(
                edition=Edition.WEEKLY,
                slot="2026-11-26T09:00",
                status=IssueStatus.SENDING,
                cutoff_at=clock.now(),
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
    with pytest.raises(StoreError, match="Pause it first"):
        upgrade(migrated)


def test_a_later_releases_database_is_left_alone(migrated: Database) -> None:
    revise(migrated, "0999")
    for refused in (require_head, upgrade):
        with pytest.raises(StoreAhead, match="Install the release that made it"):
            refused(migrated)
    assert read_revision(migrated) == "0999"


def test_tables_of_ours_without_a_revision_are_not_overwritten(sqlite_database: Database) -> None:
    with pytest.raises(StoreError, match="no revision"):
        upgrade(sqlite_database)


# Installations made while 0001 was still growing.


def is_mended(database: Database) -> None:
    with database.read() as connection:
        assert differences(connection) == ()
        rows = connection.execute(select(consents.c.source, consents.c.channel, consents.c.line)).all()
        assert [tuple(row) for row in rows] == [("fair", "import", 2)]
        assert connection.execute(select(consent_sums.c.source, consent_sums.c.count)).all() == [("fair", 1)]
        left_over = "SELECT address FROM readers WHERE status = 'left'"
        assert connection.execute(text(left_over)).scalar_one() == "carol@example.org"


@pytest.mark.parametrize("form", ["01", "05", "08", "13", "17"])
def test_an_earlier_form_of_0001_is_mended_with_its_rows(fresh: Database, form: str) -> None:
    run(fresh, (FORMS / f"{form}.sqlite.sql").read_text() + PEOPLE)
    with pytest.raises(StoreBehind):
        require_head(fresh)
    upgrade(fresh)
    is_mended(fresh)


@pytest.mark.parametrize("form", ["05", "13"])
def test_an_earlier_form_of_0001_is_mended_on_postgres(postgres_database: Database, form: str) -> None:
    empty(postgres_database)
    run(postgres_database, (FORMS / f"{form}.postgresql.sql").read_text() + PEOPLE)
    run(postgres_database, "SELECT setval('mails_id_seq', 9);\n")
    upgrade(postgres_database)
    is_mended(postgres_database)
    with postgres_database.read() as connection:
        # Message-IDs are made of it: a number that was given away is not given again.
        assert connection.execute(text("SELECT last_value FROM mails_id_seq")).scalar_one() == 9


WAITING_POST = "INSERT INTO webhook_posts (id, received_at, body) VALUES (7, '2026-11-16 08:00:00', '[]');\n"


def has_kept_the_post(database: Database) -> None:
    with database.read() as connection:
        assert differences(connection) == ()
        assert connection.execute(select(webhook_posts.c.id, webhook_posts.c.provider)).all() == [
            (7, "sendgrid")
        ]


def test_a_post_that_waited_before_0003_is_sendgrids(fresh: Database) -> None:
    run(fresh, (FORMS / "17.sqlite.sql").read_text() + WAITING_POST)
    upgrade(fresh)
    has_kept_the_post(fresh)


def test_a_post_that_waited_before_0003_is_sendgrids_on_postgres(postgres_database: Database) -> None:
    empty(postgres_database)
    run(postgres_database, (FORMS / "13.postgresql.sql").read_text() + WAITING_POST)
    upgrade(postgres_database)
    has_kept_the_post(postgres_database)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("ALTER TABLE readers ADD COLUMN shoe_size INTEGER;\n", "readers.shoe_size"),
        (
            "INSERT INTO issues (id, edition, slot, status, cutoff_at, created_at, updated_at) VALUES"
            " (1, 'weekly', 'x', 'sent', '2026-11-16', '2026-11-16', '2026-11-16');\n"
            "INSERT INTO batches (issue_id, variant, low, high, status) VALUES (1, 'a', 1, 2, 'done');\n",
            "readers of batches",
        ),
    ],
)
def test_what_cannot_be_mended_stays_as_it_is(fresh: Database, change: str, why: str) -> None:
    run(fresh, (FORMS / "01.sqlite.sql").read_text() + PEOPLE + change)
    with pytest.raises(StoreError, match=f"{why}.*make a new one: newsletter init"):
        upgrade(fresh)
    assert read_revision(fresh) == "0001"
    with fresh.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM readers")).scalar_one() == 2
