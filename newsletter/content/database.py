"""Opening `content.db`: one connection per use, WAL, foreign keys, the migrations, and the write transaction."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from weakref import finalize

from sqlite_utils import Database

from newsletter.commands import suggest
from newsletter.content.migrations import MIGRATIONS
from newsletter.db.engine import harmless_words
from newsletter.errors import StoreBusy, StoreError

BUSY_TIMEOUT_MS = 10_000


def open_for_writing(path: Path) -> Database:
    """Open, make and migrate the database; safe when several processes do so at once."""
    try:
        if not path.exists():
            # Drafts' facts are nobody else's business; what SQLite puts beside it is as closed as it is.
            path.touch(mode=0o600)
        with _connected(str(path)) as db:
            db.conn.execute("PRAGMA foreign_keys = ON")
            if _is_behind(db):
                _migrate(db, path)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    except OSError as error:
        raise StoreError(f"The content store {path} cannot be made: {error.strerror}.") from error
    return db


def require_made(path: Path) -> None:
    """Raise StoreError where there is no content store, or an empty file: a new one would know nothing of what was seen."""
    if not path.is_file():
        raise StoreError(
            f"There is no database at {path}. Put a backup in its place: {suggest('restore', 'FILE')}"
        )
    if not path.stat().st_size:
        raise StoreError(f"{path} is empty. Put a backup in its place: {suggest('restore', 'FILE')}")


def open_for_reading(path: Path) -> Database:
    """Open an existing database strictly for reading."""
    require_made(path)
    try:
        with _connected(f"{path.resolve().as_uri()}?mode=ro", uri=True) as db:
            db.conn.execute("PRAGMA query_only = ON")
            if _is_behind(db):
                raise StoreError(
                    f"The content store {path} is older than this program. Run: {suggest('content', 'list')}"
                )
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    return db


@contextmanager
def _connected(address: str, *, uri: bool = False) -> Iterator[Database]:
    """Yield a database on a connection of its own, closed on an error: from Python 3.13 on one left open warns."""
    connection = sqlite3.connect(address, uri=uri, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        connection.row_factory = sqlite3.Row
        yield Database(connection)
    except BaseException:
        connection.close()
        raise


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Run a transaction that commits at the end of the block, or leaves nothing behind.

    It takes the write lock first: a transaction that reads and then writes would meet "database is locked".
    """
    try:
        db.conn.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if "readonly" in str(error):
            raise StoreError("the content store was opened for reading only") from error
        if "locked" in str(error) or "busy" in str(error):
            raise StoreBusy from error
        raise StoreError(f"the content store cannot be written: {harmless_words(error)}") from error
    try:
        yield
        db.conn.execute("COMMIT")
    except sqlite3.OperationalError as error:
        db.conn.rollback()
        raise StoreError(f"the content store cannot be written: {harmless_words(error)}") from error
    except BaseException:
        db.conn.rollback()
        raise


def _is_behind(db: Database) -> bool:
    return bool(MIGRATIONS.pending(db)) or (db.journal_mode != "wal" and not db.memory)


def _migrate(db: Database, path: Path) -> None:
    # Two processes that switch one file to WAL at once meet "database is locked" whatever the timeout, so a
    # lock file beside it lets one go first. flock on the database itself would end SQLite's own locks.
    beside = path.with_name(path.name + ".lock")
    beside.touch(mode=0o600)
    with closing(beside.open("a")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        db.conn.execute("PRAGMA journal_mode = WAL")
        with writing(db):
            MIGRATIONS.apply(db)


def _unusable(path: Path, error: sqlite3.Error) -> StoreError:
    if "locked" in str(error) or "busy" in str(error):
        return StoreBusy()
    said = harmless_words(error)
    is_damaged = "malformed" in said or "not a database" in said
    way = f" Put a backup in its place: {suggest('restore', 'FILE')}" if is_damaged else ""
    return StoreError(f"The content store {path} cannot be opened: {said}.{way}")


# Which state `content.db` is in: a number that is another one after every commit, by whatever process.


@dataclass(slots=True, weakref_slot=True)
class DataVersion:
    """Watches one file. SQLite counts commits for each connection anew, so one is kept, and opened again for another file."""

    path: Path
    _connection: sqlite3.Connection | None = None
    _file: tuple[int, int] = (0, 0)
    _opened: int = 0
    _lock: Lock = field(default_factory=Lock)

    def read(self) -> str:
        """Return the text that was read before while nothing was committed; empty where there is no file."""
        with self._lock:
            try:
                found = os.stat(self.path)
            except FileNotFoundError:
                return ""
            if self._connection is None or self._file != (found.st_dev, found.st_ino):
                self._open((found.st_dev, found.st_ino))
            assert self._connection is not None
            [version] = self._connection.execute("PRAGMA data_version").fetchone()
            return f"{self._opened}.{version}"

    def _open(self, file: tuple[int, int]) -> None:
        self.close()
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        # Whoever watches does so for as long as it lives, and the connection no longer.
        finalize(self, self._connection.close)
        self._file, self._opened = file, self._opened + 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
