"""Backups: one file with both stores, and with the keys and settings where they are wanted; made while all is in use.

Each store is copied as it is at one moment and looked through before the file takes its name. Of PostgreSQL, too, an SQLite
copy is made, by the same tables: a backup says nothing of where it came from. Putting one back is in restoring.py.
"""

import errno
import json
import os
import sqlite3
import stat
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, make_url, select, text

import newsletter
from newsletter.commands import suggest
from newsletter.config import FILE_NAME, Settings, sqlite_url
from newsletter.db.engine import harmless_words, in_plain_words, open_database
from newsletter.db.revisions import HEAD, require_head
from newsletter.db.schema import metadata
from newsletter.delivery.marks import read_mark
from newsletter.errors import BadInput, Place, StoreError

#: What stands in a backup.
SUBSCRIBERS, CONTENT, MANIFEST, KEYS = "subscribers.db", "content.db", "manifest.json", "keys"

#: What ours are called in the folder of backups: by the moment, so that their order is that of time.
_NAME, _OURS = "newsletter-{:%Y%m%dT%H%M%S}Z.tar.gz", "newsletter-[0-9]*T[0-9]*Z.tar.gz"

#: What says that the place named is at fault.
_NO_PLACE = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.EROFS,
    errno.ELOOP,
}

#: What says that there is no room for more.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

#: Rows copied together from a store that is no file.
_ROWS = 5_000


def make_backup(
    settings: Settings,
    now: datetime,
    file: Path | None = None,
    *,
    keys: bool | None = None,
    force: bool = False,
) -> Path:
    """Make a backup, readable by its owner only, and return it; with no `file` in the folder of backups, where old ones go.

    An older backup of ours at `file` is replaced with `force`, once the new one is whole; nothing else ever is. Raises StoreError
    for a store that is damaged and a key that is missing, and BadInput for a place that cannot be written or is taken.
    """
    if file is not None:
        try:
            _require_free(settings, file, force=force)
        except OSError as error:
            raise BadInput(f"this place cannot be written: {error.strerror}", Place(file)) from error
    own = tuple(_own_files(settings)) if _with_keys(settings, keys) else ()
    parent = file.parent if file else settings.path(settings.paths.backups)
    with workshop(parent) as folder:
        copy_subscribers(settings.store_url, folder / SUBSCRIBERS)
        copy_sqlite(settings.path(settings.paths.content_db), folder / CONTENT)
        (folder / MANIFEST).write_text(json.dumps(_manifest(folder, now), indent=1), encoding="utf-8")
        packed = folder / "packed"
        with tarfile.open(packed, "w:gz", compresslevel=3) as archive:
            for name in (MANIFEST, SUBSCRIBERS, CONTENT):
                archive.add(folder / name, name)
            for path, name in own:
                archive.add(path, name)
        packed.chmod(0o600)
        sync(packed)
        if file is not None and force:
            packed.replace(target := file)
        else:
            target = _put_new(packed, parent, now, file)
        sync(parent)
    if file is None:
        for old in sorted(parent.glob(_OURS), reverse=True)[max(1, settings.backups.keep) :]:
            old.unlink()
    return target


def _put_new(packed: Path, parent: Path, now: datetime, file: Path | None) -> Path:
    """Give a backup its name, which nothing else may have; return it. Raises BadInput where `file` was made meanwhile."""
    while not _take_name(packed, target := file or parent / _NAME.format(now)):
        if file is not None:
            raise BadInput("somebody else made this file meanwhile", Place(file))
        # A name for each, also for two within a second; the names' order stays that of time.
        now += timedelta(seconds=1)
    return target


def _take_name(packed: Path, target: Path) -> bool:
    """Give the file this name; False where something has it."""
    try:
        os.link(packed, target)
    except FileExistsError:
        return False
    except OSError:
        # A file system without links.
        if os.path.lexists(target):
            return False
        packed.replace(target)
    return True


def _require_free(settings: Settings, file: Path, *, force: bool) -> None:
    """Raise BadInput unless a backup may be made there: where nothing is or, with `force`, an older backup of ours."""
    path, paths = file.resolve(), settings.paths
    stores = [settings.path(paths.content_db), settings.folder / "subscribers.db"]
    if make_url(settings.store_url).get_backend_name() == "sqlite":
        stores.append(Path(make_url(settings.store_url).database or ""))
    keys = [settings.path(each) for each in (*named_keys(settings), paths.marks)]
    own = {settings.folder / FILE_NAME, *keys}
    own |= {each.with_name(each.name + end) for each in stores for end in ("", "-wal", "-shm", "-journal")}
    folders = {each.parent.resolve() for each in keys} - {settings.folder.resolve()}
    if path in {each.resolve() for each in own} or folders & {*path.parents}:
        raise BadInput("the newsletter itself needs this place: name another file", Place(file))
    if file.is_dir():
        raise BadInput("this is a folder: name a file in it", Place(file))
    if not os.path.lexists(file):
        return
    if not stat.S_ISREG(file.lstat().st_mode) or not _is_backup(file):
        raise BadInput(
            "there is something else here, which is never replaced: name another file", Place(file)
        )
    if not force:
        raise BadInput("there is a backup here already: name another file, or say --force", Place(file))


def _is_backup(file: Path) -> bool:
    try:
        with tarfile.open(file) as archive:
            return [each and each.name for each in (archive.next(), archive.next())] == [
                MANIFEST,
                SUBSCRIBERS,
            ]
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return False


def copy_subscribers(url: str, to: Path) -> None:
    """Copy the subscribers' store as it is now into an SQLite file, and look it through; raises StoreError."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        copy_sqlite(Path(address.database or ""), to)
        return
    source, copy = open_database(url), open_database(sqlite_url(to))
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
        raise StoreError(
            f"There is no database at {source}. Put a backup in its place: {suggest('restore', 'FILE')}"
        )
    if not source.stat().st_size:
        raise StoreError(f"{source} is empty; put a copy in its place: {suggest('restore', 'FILE')}.")
    try:
        with closing(sqlite3.connect(source, timeout=10)) as original, closing(sqlite3.connect(to)) as copy:
            original.backup(copy)
        close_log(to)
    except sqlite3.DatabaseError as error:
        said = in_plain_words(error, f"database {source}")
        raise said or StoreError(f"{source} cannot be copied: {harmless_words(error)}.") from error
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
        if error.errno in _NO_PLACE:
            raise BadInput(f"this place cannot be written: {error.strerror}", Place(place)) from error
        if error.errno in _NO_ROOM:
            raise StoreError(f"There is no room in {place}: the disk is full.") from error
        raise


def _manifest(folder: Path, now: datetime) -> dict[str, object]:
    """Return what a person may want to know of a backup; nothing reads it again."""
    database = open_database(sqlite_url(folder / SUBSCRIBERS))
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
    """Yield the key files and the settings, with their names in the backup. The marks stay: they must never go back.

    Raises StoreError for a key that is not there: a backup without it would be none.
    """
    yield settings.folder / FILE_NAME, FILE_NAME
    for path in map(settings.path, named_keys(settings)):
        if not path.is_file() or not os.access(path, os.R_OK) or not path.stat().st_size:
            raise StoreError(
                f"{path} is missing, empty, or cannot be read, so no backup was made and no old one deleted. Take that key "
                f"from an earlier backup, or leave all keys out: {suggest('backup', '--no-keys')}"
            )
        yield path, f"{KEYS}/{path.name}"


def named_keys(settings: Settings) -> tuple[Path, ...]:
    named = (
        settings.paths.link_keys,
        settings.paths.suppression_key,
        settings.dkim.rsa_key,
        settings.dkim.ed25519_key,
    )
    return tuple(each for each in named if each is not None)


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
