import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, make_url, select

from newsletter.app import open_app
from newsletter.clock import MovedClock
from newsletter.db.engine import Database, in_plain_words, require_database
from newsletter.db.schema import readers
from newsletter.db.statuses import ReaderStatus
from newsletter.errors import StoreBusy, StoreError
from newsletter.installation import make_installation


def test_a_moment_comes_back_as_it_went_in(database: Database, clock: MovedClock) -> None:
    row = {"address": "alice@example.org", "address_key": "alice@example.org", "status": ReaderStatus.ACTIVE}
    with database.write() as connection:
        connection.execute(insert(readers).values(row | {"status_at": clock.now(), "added_at": clock.now()}))
    with database.read() as connection:
        assert connection.execute(select(readers.c.added_at)).scalar_one() == clock.now()
        assert connection.execute(select(readers.c.status)).scalar_one() is ReaderStatus.ACTIVE


def test_a_failed_block_writes_nothing(database: Database, clock: MovedClock) -> None:
    row = {"address": "alice@example.org", "address_key": "alice@example.org", "status": ReaderStatus.ACTIVE}
    try:
        with database.write() as connection:
            connection.execute(
                insert(readers).values(row | {"status_at": clock.now(), "added_at": clock.now()})
            )
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(readers)).scalar_one() == 0


def test_a_database_that_another_holds_is_said_to_be_busy(sqlite_database: Database) -> None:
    file = make_url(sqlite_database.url).database or ""
    with (
        sqlite_database.write(),
        closing(sqlite3.connect(file, timeout=0.05, isolation_level=None)) as other,
        pytest.raises(sqlite3.OperationalError) as caught,
    ):
        other.execute("BEGIN IMMEDIATE")
    assert isinstance(in_plain_words(caught.value), StoreBusy)


def test_what_is_no_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    make_installation(tmp_path)
    (tmp_path / "subscribers.db").write_bytes(bytes(range(1, 250)) * 40)
    with pytest.raises(StoreError, match="cannot be used: this is no SQLite database"):
        open_app(tmp_path)


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"There is no database at .*lost\.db\. Make one with: newsletter init"
    ):
        require_database(f"sqlite:///{tmp_path / 'lost.db'}")
    assert not (tmp_path / "lost.db").exists()
