import pytest
from sqlalchemy import text

from newsletter.db.engine import Database
from newsletter.db.shape import differences


def test_the_schema_does_not_differ_from_itself(database: Database) -> None:
    with database.read() as connection:
        assert differences(connection) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE clicks", "the table clicks is missing"),
        ("DROP INDEX ix_readers_name", "readers: the index ix_readers_name is missing"),
        (
            "ALTER TABLE readers ADD COLUMN shoe_size INTEGER",
            "readers: the column shoe_size is not of this release",
        ),
        ("ALTER TABLE alerts DROP COLUMN body", "alerts: the column body is missing"),
    ],
)
def test_what_differs_is_said(sqlite_database: Database, change: str, said: str) -> None:
    with sqlite_database.write() as connection:
        connection.execute(text(change))
    with sqlite_database.read() as connection:
        assert differences(connection) == (said,)


def test_types_checks_keys_and_uniqueness_are_compared_on_postgres(postgres_database: Database) -> None:
    with postgres_database.write() as connection:
        for change in (
            "ALTER TABLE readers ALTER COLUMN time_zone TYPE VARCHAR(20)",
            "ALTER TABLE readers ALTER COLUMN name DROP NOT NULL",
            "ALTER TABLE readers DROP CONSTRAINT ck_readers_send_hour",
            "ALTER TABLE readers DROP CONSTRAINT uq_readers_address_key",
            "ALTER TABLE soft_bounces DROP CONSTRAINT fk_soft_bounces_issue_id_issues",
            "ALTER TABLE summed DROP CONSTRAINT pk_summed",
            "CREATE TABLE procrastinate_jobs (id INTEGER)",
        ):
            connection.execute(text(change))
        assert differences(connection) == (
            "readers: the check ck_readers_send_hour is missing",
            "readers: the column name is VARCHAR(200) COLLATE \"C\" DEFAULT ''::character varying,"
            " and should be VARCHAR(200) COLLATE \"C\" NOT NULL DEFAULT ''::character varying",
            "readers: the column time_zone is VARCHAR(20) NOT NULL DEFAULT ''::character varying,"
            " and should be VARCHAR(64) NOT NULL DEFAULT ''::character varying",
            "readers: the unique constraint uq_readers_address_key is missing",
            "soft_bounces: the foreign key fk_soft_bounces_issue_id_issues is missing",
            "summed: the primary key is (), and should be (name)",
        )
        connection.rollback()
