"""Engines for `subscribers.db`: SQLite by default, PostgreSQL by URL.

SQLite gets WAL, synchronous FULL, foreign keys, secure_delete and a busy timeout; the write engine opens
every transaction with BEGIN IMMEDIATE, so that a read that turns into a write cannot meet SQLITE_BUSY.
"""

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    ExceptionContext,
    Table,
    create_engine,
    event,
    literal_column,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from newsletter.commands import suggest
from newsletter.errors import StoreBusy, StoreError, StoreUnreachable

BUSY_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Database:
    """The two engines of one database; `write` opens transactions that may write.

    `turn` is held while one writes. With SQLite the threads of a process take turns by a lock of their own: many that
    wait for the file each look only now and then whether it is free, and the unlucky wait until they fail.
    """

    url: str
    read_engine: Engine
    write_engine: Engine
    turn: AbstractContextManager[object] = field(default_factory=nullcontext, compare=False, repr=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading; it sees one moment of the database."""
        with self.read_engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block, durably, or not at all."""
        with self.turn, self.write_engine.begin() as connection:
            yield connection

    @property
    def dialect(self) -> str:
        return self.write_engine.dialect.name

    def close(self) -> None:
        self.read_engine.dispose()
        self.write_engine.dispose()


def open_database(url: str) -> Database:
    """Open the database behind an SQLAlchemy URL; `sqlite://` alone is one in memory, for tests.

    Raises StoreUnreachable where the program that speaks to the database's server is not installed.
    """
    if make_url(url).get_backend_name() != "sqlite":
        engine = _server_engine(url)
        event.listen(engine, "handle_error", _silence)
        return Database(url, engine, engine)
    if make_url(url).database in (None, "", ":memory:"):
        engine = _sqlite_engine(url, "BEGIN IMMEDIATE", poolclass=StaticPool)
        return Database(url, engine, engine)
    return Database(url, _sqlite_engine(url, "BEGIN"), _sqlite_engine(url, "BEGIN IMMEDIATE"), Lock())


def _server_engine(url: str) -> Engine:
    address = make_url(url)
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except (ImportError, NoSuchModuleError) as error:
        needs = "to be postgresql+psycopg://…, and Python's package psycopg (pip install 'psycopg[binary]')"
        said = f"The {_OURS} cannot be used: {address.drivername} is not installed here. It needs its URL {needs}."
        raise StoreUnreachable(said) from error


def require_database(url: str, marks: Path) -> None:
    """Raise StoreError where the URL names an SQLite file that is not there: opening it would make an empty one.

    Where there are `marks` there was a database before: then for an empty file, too.

    Also where the file is there and its folder may not be written: SQLite keeps its log and shared memory beside it.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return
    file = Path(address.database or "")
    was_there, restore = marks.exists(), f"Put a backup in its place: {suggest('restore', 'FILE')}"
    if not file.exists():
        way = restore if was_there else f"Make one with: {suggest('init')}"
        raise StoreError(f"There is no database at {file}. {way}")
    if was_there and file.is_file() and not file.stat().st_size:
        raise StoreError(f"{file} is empty. {restore}")
    is_open_already = Path(f"{file}-shm").exists() and Path(f"{file}-wal").exists()
    if not is_open_already and not os.access(file.parent, os.W_OK | os.X_OK):
        raise StoreError(
            f"The {_OURS} cannot be used: its folder {file.parent} may not be written, and SQLite writes its log beside "
            "the file, for reading too. Run this as whoever owns the folder, or let this user write there."
        )


#: What a small write needs of the disk: pages, and their copies in the log.
_ROOM = 256 * 1024


def require_writable(database: Database, seconds: float) -> None:
    """Raise StoreError or StoreBusy unless somebody could write within so many seconds. Changes nothing.

    On SQLite the write lock must be free and the disk have room; PostgreSQL must give out a transaction.
    """
    file = database.write_engine.url.database
    try:
        if database.dialect != "sqlite":
            with database.write() as connection:
                connection.exec_driver_sql("SELECT txid_current()")
        elif file not in (None, "", ":memory:"):
            with closing(sqlite3.connect(file, timeout=seconds, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            with TemporaryFile(dir=Path(file).parent) as room:
                room.write(b"\0" * _ROOM)
    except (DBAPIError, sqlite3.DatabaseError) as error:
        raise in_plain_words(error, _OURS) or StoreError("The database cannot be written.") from error
    except OSError as error:
        raise StoreError(f"The database's folder cannot be written: {error.strerror}.") from error


def is_beyond_all_ids(error: BaseException) -> bool:
    """Return whether a database's error says that a number is larger than any that it could have given."""
    return bool(_TOO_LARGE.search(str(error)))


_TOO_LARGE = re.compile(
    r"too large to convert to SQLite INTEGER|(integer|bigint) out of range|out of range for type"
)


def in_plain_words(error: Exception, which: str = "") -> StoreError | None:
    """Return what a database's error says where it is the place, not the program, that is wrong; None for any other.

    `which` database it is of; by default, the subscribers' is asked through SQLAlchemy, and content.db is not.

    For whoever shows it to a person: senders and jobs meet the error itself, and try again.
    """
    if not isinstance(error, DBAPIError | sqlite3.DatabaseError):
        return None
    if "database is locked" in str(error):
        return StoreBusy()
    if words := _of_the_server(error):
        return StoreUnreachable(f"The {which or _OURS} cannot be used: {words}.")
    fault = next((words for sign, words in _FAULTS.items() if sign in str(error)), "")
    if fault == _DAMAGED:
        fault += suggest("restore", "FILE")
    which = which or (_OURS if isinstance(error, DBAPIError) else _CONTENTS)
    return StoreError(f"The {which} cannot be used: {fault}.") if fault else None


def _of_the_server(error: Exception) -> str:
    """Return what PostgreSQL, or its driver, says of a connection that is lost or could not be had; empty for anything else.

    What is about a statement is the program's, not the place's.
    """
    told: Any = error.orig if isinstance(error, DBAPIError) else None
    if not hasattr(told, "sqlstate"):
        return ""
    if told.sqlstate is None:
        is_connection = type(told).__name__ in ("OperationalError", "ConnectionTimeout")
        return _of_a_connection(str(told)) if is_connection else ""
    return next((words for state, words in _STATES.items() if told.sqlstate.startswith(state)), "")


def _of_a_connection(said: str) -> str:
    """Return why there is no connection, of what the driver says: without host, port and folder of the server.

    A host may be the rest of a password that was written into the URL as it is.
    """
    line = next((line.strip() for line in said.splitlines() if line.strip()), "")
    if "resolve host" in line or "translate host" in line:
        return "nobody knows the host in paths.database_url (in a password, write @ as %40, / as %2F, : as %3A, # as %23)"
    reason = line.rpartition(" failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
    return reason or "its server cannot be reached"


#: SQLSTATEs (PostgreSQL's appendix A), or their beginnings, that are about the place: a connection that is gone, a server
#: that is full, stopping or only reads.
_STATES = {
    "08": "the connection to its server is lost",
    "28": "its server does not let the user in paths.database_url in",
    "3D": "its server has no database of the name in paths.database_url",
    "42501": "its user has no right to do that there",
    "25006": "its server only reads: it is a standby, or was set so",
    "53100": "the disk of its server is full",
    "53300": "its server has no connection left for us",
    "53": "its server has no room left",
    "57014": "its server cancelled what we asked",
    "57P03": "its server is starting, or stopping",
    "57": "its server ended the connection",
    "58": "its server cannot read or write its own files",
}

_OURS, _CONTENTS = "subscribers' database", "content store (content.db)"


_DAMAGED = "it is damaged; put a copy in its place: "

#: SQLite's words, and ours.
_FAULTS = {
    "file is not a database": "this is no SQLite database",
    "disk image is malformed": _DAMAGED,
    "malformed database schema": _DAMAGED,
    "unable to open database file": "it cannot be opened",
    "readonly database": "it may not be written",
    "disk is full": "the disk is full",
    # Said where the shared memory beside it cannot grow, too.
    "disk I/O error": "the disk is full, or it fails",
    "No space left on device": "the disk is full",
}


# What a database's error says often repeats what was written or read, somebody's address for instance, and ends in logs
# and on terminals: here is the one place that decides what it may say.

#: What SQLite says of itself and of our tables.
_HARMLESS = re.compile(
    r"database( table)? is locked(: \w+)?|file is not a database|database disk image is malformed|"
    r"unable to open database file|attempt to write a readonly database|database or disk is full|disk I/O error|interrupted|"
    r"malformed database schema|(UNIQUE|CHECK|NOT NULL|FOREIGN KEY) constraint failed(: [\w., ']+)?|"
    r"no such (table|column|index): [\w.]+|cannot (start|commit|rollback)\b[\w -]*"
)
#: Classes of SQLSTATE (PostgreSQL's appendix A) in which its first line names tables, constraints and servers only; in the
#: others it quotes values.
_NAMES_ONLY = frozenset({"08", "23", "25", "28", "3D", "40", "42", "53", "54", "55", "57", "58"})

_QUOTED = re.compile(r"[\"'].*[\"']", re.DOTALL)


def harmless_words(error: Any) -> str:
    """Return what an error of SQLite or PostgreSQL says, without anything that stands in the database."""
    said, kind = str(error), type(error).__name__
    if isinstance(error, sqlite3.Error):
        said = "malformed database schema" if said.startswith("malformed database schema") else said
        return said if _HARMLESS.fullmatch(said) else getattr(error, "sqlite_errorname", kind)
    state = getattr(error, "sqlstate", None)
    if state is None:
        # It comes from the driver: of the connection.
        return _of_a_connection(said) if kind in ("OperationalError", "ConnectionTimeout") else kind
    first = error.diag.message_primary or ""
    return f"{kind} ({state}): {first if state[:2] in _NAMES_ONLY else _QUOTED.sub('…', first)}"


def _silence(context: ExceptionContext) -> None:
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, sqlite3.Error) or hasattr(error, "sqlstate"):
        words = harmless_words(error)
        error.args = (words,)
        if wrapped is not None:
            wrapped.args = (f"({type(error).__name__}) {words}",)


def _sqlite_engine(url: str, begin: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        # An error's text must not carry readers' addresses into a log.
        hide_parameters=True,
        **options,
    )

    event.listen(engine, "handle_error", _silence)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver would begin on its own, deferred and late: we begin ourselves.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


# Statements that Core has no one word for on both databases.

_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_into(table: Table, dialect: str) -> Any:
    """Return an INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`, for a `dialect.name`."""
    return _INSERTS[dialect](table)


def execute_many(
    connection: Connection, statement: Any, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Run a statement for many rows that need no conversion; `names` are the parameters that each row gives in order.

    Core would make a dictionary and a list of each: 4 of an import's 40 µs a row.
    """
    compiled = statement.compile(dialect=connection.dialect)
    if compiled.positional:
        order = [names.index(name) for name in compiled.positiontup]
        connection.exec_driver_sql(str(compiled), [tuple(row[each] for each in order) for row in rows])
    else:
        connection.exec_driver_sql(str(compiled), [dict(zip(names, row, strict=True)) for row in rows])


def literal(connection: Connection, column: Column[Any], value: object) -> ColumnElement[Any]:
    """Return a column's value as it stands in SQL, for statements over many rows; raises TypeError where it cannot.

    A bound value is converted anew for each row, which halves the speed of an import (20,000 rows a second).
    """
    write = column.type.literal_processor(connection.dialect)
    if write is None:
        raise TypeError(f"{column} has no way to write its values")
    return literal_column(write(value))
