from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, inspect
from sqlalchemy.engine import Engine

from newsletter.clock import MovedClock
from newsletter.db import migrate
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.errors import StoreBehind, StoreError


def options(index: Any) -> dict[str, str]:
    return {name: str(value) for name, value in index["dialect_options"].items()}


def shape(engine: Engine) -> dict[str, object]:
    """Every table's columns, keys, checks and indexes, in a form that can be compared."""
    inspector = inspect(engine)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)],
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(str(check["sqltext"]) for check in inspector.get_check_constraints(table)),
            sorted(str(unique["column_names"]) for unique in inspector.get_unique_constraints(table)),
            sorted(f"{i['name']} {i['column_names']} {options(i)}" for i in inspector.get_indexes(table)),
            sorted(
                f"{f['constrained_columns']} {f['referred_table']} {f['options']}"
                for f in inspector.get_foreign_keys(table)
            ),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


@pytest.fixture
def migrated(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path / 'migrated.db'}")
    migrate.upgrade(database)
    return database


def test_migrations_lead_to_the_schema_on_sqlite(migrated: Database, sqlite_database: Database) -> None:
    assert shape(migrated.write_engine) == shape(sqlite_database.write_engine)


def test_migrations_keep_tables_without_rowid(migrated: Database) -> None:
    with migrated.read() as connection:
        sql = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'deliveries'"
        ).scalar_one()
    assert "WITHOUT ROWID" in sql


def test_migrations_lead_to_the_schema_on_postgres(postgres_database: Database) -> None:
    wanted = shape(postgres_database.write_engine)
    with postgres_database.write() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    migrate.upgrade(postgres_database)
    assert shape(postgres_database.write_engine) == wanted


def test_a_fresh_database_is_behind_until_it_is_upgraded(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'fresh.db'}")
    with pytest.raises(StoreBehind):
        migrate.require_head(database)
    migrate.upgrade(database)
    migrate.require_head(database)


def test_upgrading_twice_changes_nothing(migrated: Database) -> None:
    migrate.upgrade(migrated)
    migrate.require_head(migrated)


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
        migrate.upgrade(migrated)
