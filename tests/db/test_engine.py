import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, make_url, select
from sqlalchemy.exc import OperationalError

from newsletter.app import open_app
from newsletter.clock import MovedClock
from newsletter.db.engine import Database, in_plain_words, require_database, require_writable
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


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("database or disk is full", "the disk is full"),
        ("disk I/O error", "the disk is full, or it fails"),
        ("attempt to write a readonly database", "it may not be written"),
        ("database disk image is malformed", "it is damaged"),
    ],
)
def test_a_fault_of_the_place_is_said_of_the_database_that_has_it(words: str, sentence: str) -> None:
    ours, contents = sqlite3.OperationalError(words), sqlite3.DatabaseError(words)
    asked = in_plain_words(OperationalError("SELECT 1", {}, ours))
    assert str(asked).startswith(f"The subscribers' database cannot be used: {sentence}")
    assert str(in_plain_words(contents)).startswith(
        f"The content store (content.db) cannot be used: {sentence}"
    )


def test_a_database_that_can_be_written_is_left_as_it_is(database: Database) -> None:
    require_writable(database, 1)


def test_a_database_that_somebody_holds_cannot_be_written(sqlite_database: Database) -> None:
    with sqlite_database.write(), pytest.raises(StoreBusy):
        require_writable(sqlite_database, 0.05)


def test_a_disk_without_room_cannot_be_written(sqlite_database: Database) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # What the kernel refuses a process that may write no more looks like a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(StoreError, match="subscribers' database cannot be used: the disk is full"):
            require_writable(sqlite_database, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_is_no_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    make_installation(tmp_path)
    (tmp_path / "subscribers.db").write_bytes(bytes(range(1, 250)) * 40)
    with pytest.raises(StoreError, match="cannot be used: this is no SQLite database"):
        open_app(tmp_path)


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"There is no database at .*lost\.db\. Make one with: newsletter init"
    ):
        require_database(f"sqlite:///{tmp_path / 'lost.db'}", tmp_path / "marks")
    assert not (tmp_path / "lost.db").exists()
