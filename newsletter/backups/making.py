"""Backups: one file with both stores, and with the keys and settings where they are wanted; made while all is in use.

Each store is copied as it is at one moment and looked through before the file takes its name. Of PostgreSQL, too, an SQLite
copy is made, by the same tables: a backup says nothing of where it came from. Putting one back is in restoring.py.
"""

import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, make_url, select, text

import newsletter
from newsletter.config import FILE_NAME, Settings
from newsletter.db.engine import open_database
from newsletter.db.revisions import HEAD, require_head
from newsletter.db.schema import metadata
from newsletter.delivery.marks import read_mark
from newsletter.errors import BadInput, Place, StoreError

#: What stands in a backup.
SUBSCRIBERS, CONTENT, MANIFEST, KEYS = "subscribers.db", "content.db", "manifest.json", "keys"

#: What ours are called in the folder of backups: by the moment, so that their order is that of time.
_NAME, _OURS = "newsletter-{:%Y%m%dT%H%M%S}Z.tar.gz", "newsletter-[0-9]*T[0-9]*Z.tar.gz"

#: Rows copied together from a store that is no file.
_ROWS = 5_000


def make_backup(
    settings: Settings, now: datetime, file: Path | None = None, *, keys: bool | None = None
) -> Path:
    """Make a backup, readable by its owner only, and return it; with no `file` in the folder of backups, where old ones go.

    An existing `file` is replaced, once the new one is whole. Raises StoreError for a store that is damaged, and BadInput for
    a place that cannot be written.
    """
    target = file or settings.path(settings.paths.backups) / _NAME.format(now)
    with workshop(target.parent) as folder:
        copy_subscribers(settings.store_url, folder / SUBSCRIBERS)
        copy_sqlite(settings.path(settings.paths.content_db), folder / CONTENT)
        (folder / MANIFEST).write_text(json.dumps(_manifest(folder, now), indent=1), encoding="utf-8")
        packed = folder / target.name
        with tarfile.open(packed, "w:gz", compresslevel=3) as archive:
            for name in (MANIFEST, SUBSCRIBERS, CONTENT):
                archive.add(folder / name, name)
            for path, name in _own_files(settings) if _with_keys(settings, keys) else ():
                archive.add(path, name)
        packed.chmod(0o600)
        sync(packed)
        packed.replace(target)
        sync(target.parent)
    if file is None:
        for old in sorted(target.parent.glob(_OURS), reverse=True)[max(1, settings.backups.keep) :]:
            old.unlink()
    return target


def copy_subscribers(url: str, to: Path) -> None:
    """Copy the subscribers' store as it is now into an SQLite file, and look it through; raises StoreError."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        copy_sqlite(Path(address.database or ""), to)
        return
    source, copy = open_database(url), open_database(f"sqlite:///{to}")
    try:
        require_head(source)
        with source.read_engine.connect() as connection, copy.write() as writing:
            # Everything as it is at one moment, however long it takes to read.
            reading = connection.execution_options(isolation_level="REPEATABLE READ")
            metadata.create_all(writing)
            writing.execute(text("PRAGMA defer_foreign_keys = ON"))
            copy_rows(reading, writing)
            writing.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            writing.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    finally:
        source.close()
        copy.close()
    close_log(to)
    require_whole(to)


def copy_rows(reading: Connection, writing: Connection) -> None:
    """Copy every row of every table of ours into tables that are empty."""
    for table in metadata.sorted_tables:
        rows = reading.execution_options(yield_per=_ROWS).execute(select(table))
        for part in rows.mappings().partitions(_ROWS):
            writing.execute(insert(table), [dict(row) for row in part])


def copy_sqlite(source: Path, to: Path) -> None:
    """Copy an SQLite file that may be in use, as it is at one moment, and look the copy through; raises StoreError."""
    if not source.is_file():
        raise StoreError(f"There is no database at {source}. Make one with: newsletter init")
    if not source.stat().st_size:
        raise StoreError(f"{source} is empty; put a copy in its place: newsletter restore FILE.")
    try:
        with closing(sqlite3.connect(source, timeout=10)) as original, closing(sqlite3.connect(to)) as copy:
            original.backup(copy)
        close_log(to)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{source} cannot be copied: it is damaged, or no SQLite database, or busy."
        ) from error
    require_whole(to, source)


def require_whole(file: Path, named: Path | None = None) -> None:
    """Raise StoreError unless SQLite finds nothing wrong with the file, which goes by the name of another in the message."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError:
        said = None
    if said != ("ok",):
        # What SQLite says may quote what it read.
        raise StoreError(f"{named or file} is damaged: SQLite's own check fails.")


def close_log(file: Path) -> None:
    """Make a file of its own of a copy: without a log beside it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    file.chmod(0o600)


@contextmanager
def workshop(place: Path) -> Iterator[Path]:
    """A folder in `place` for files that are not whole yet; it is gone afterwards. Raises BadInput."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".newsletter-") as folder:
            yield Path(folder)
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError | FileExistsError):
            raise BadInput(f"this place cannot be written: {error.strerror}", Place(place)) from error
        raise


def _manifest(folder: Path, now: datetime) -> dict[str, object]:
    """Return what a person may want to know of a backup; nothing reads it again."""
    database = open_database(f"sqlite:///{folder / SUBSCRIBERS}")
    try:
        with database.read() as connection:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            mark = read_mark(connection) if revision == HEAD else None
    finally:
        database.close()
        close_log(folder / SUBSCRIBERS)
    return {
        "made_at": now.isoformat(),
        "release": newsletter.__version__,
        "revision": revision,
        "epoch": mark.epoch if mark else "",
    }


def _with_keys(settings: Settings, keys: bool | None) -> bool:
    return settings.backups.keys if keys is None else keys


def _own_files(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Yield the key files and the settings, with their names in the backup. The marks stay: they must never go back."""
    yield settings.folder / FILE_NAME, FILE_NAME
    paths = settings.paths
    named = (paths.link_keys, paths.suppression_key, settings.dkim.rsa_key, settings.dkim.ed25519_key)
    for each in named:
        if each is not None and (path := settings.path(each)).is_file():
            yield path, f"{KEYS}/{path.name}"


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
