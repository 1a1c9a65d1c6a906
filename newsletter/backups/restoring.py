"""Putting a backup back: so that nobody is mailed twice, or in spite of having left.

A copy knows nothing of what happened after it was made. The database that it replaces does, as long as it can be read, and that
goes with the copy (catching_up.py). Where there is nothing to read, sending stays stopped (delivery/marks.py) until a person
says which issues went out (settling.py); what nobody knows is unsure.
"""

import json
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import (
    Connection,
    delete,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import OperationalError

from newsletter.backups.catching_up import (
    Restored,
    doubt_mails,
    highest,
    take_over_issues,
    take_over_mails,
    take_over_people,
)
from newsletter.backups.making import (
    CONTENT,
    KEYS,
    MANIFEST,
    SUBSCRIBERS,
    copy_rows,
    copy_sqlite,
    copy_subscribers,
    named_keys,
    require_whole,
    sync,
    workshop,
)
from newsletter.clock import Clock
from newsletter.config import FILE_NAME, Settings, load_settings, sqlite_url
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.revisions import HEAD, read_revision, require_known
from newsletter.db.schema import (
    editor_sessions,
    installation,
    issues,
    metadata,
    readers,
    senders,
    sign_in_links,
    suppressions,
)
from newsletter.db.statuses import (
    IssueStatus,
)
from newsletter.delivery.marks import Mark, Marks, next_epoch, read_mark, write_mark
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.errors import BadInput, Place, StoreAhead, StoreBusy, StoreError
from newsletter.readers.keys import add_link_keys, fingerprint, read_suppression_key
from newsletter.readers.suppression import (
    key_fingerprint,
)

#: How often it is looked whether everybody else has left PostgreSQL, a tenth of a second apart.
_LOOKS = 20


def restore_backup(folder: Path, file: Path, clock: Clock, *, force: bool = False) -> Restored:
    """Put a backup in place of the stores in `folder`, or a bare copy of `subscribers.db` in place of that.

    What is replaced is kept beside. The keys and settings of a backup are put where there are none, and its keys also where
    those that stand there were never used. Raises BadInput for a file that is no backup, or of another installation than this,
    StoreAhead for a later release's, StoreBusy while somebody works with the database; on PostgreSQL `force` does it all the same.
    """
    with workshop(folder) as shop:
        _unpack(file, shop)
        if (shop / FILE_NAME).exists() and not (folder / FILE_NAME).exists():
            (shop / FILE_NAME).replace(folder / FILE_NAME)
        settings = load_settings(folder, TRANSPORT_SETTINGS)
        moment = f"{clock.now():%Y%m%dT%H%M%SZ}"
        copy = _opened_copy(shop / SUBSCRIBERS)
        try:
            with _current(settings, shop / "current.db", force=force) as current:
                is_new = _is_empty(current) if current else not (shop / "current.db").exists()
                _put_keys(settings, shop, file, copy, is_new=is_new)
                restored = _bring_up_to_date(settings, copy, None if is_new else current)
                restored.made_at = _made_at(shop)
                copy.close()
                if (shop / "current.db").exists() and not is_new:
                    restored.replaced = _kept(settings, shop / "current.db", f"replaced-{moment}.db")
                if (shop / FILE_NAME).exists() and not _is_alike(shop / FILE_NAME, folder / FILE_NAME):
                    restored.settings = _kept(settings, shop / FILE_NAME, f"restored-{moment}.toml")
                _put_in_place(settings, shop)
        finally:
            copy.close()
    _put_marks(settings, restored)
    return restored


def _unpack(file: Path, shop: Path) -> None:
    """Put what a backup holds into a folder; only names that are ours, and only plain files."""
    try:
        if file.read_bytes()[:16].startswith(b"SQLite format 3\0"):
            copy_sqlite(file, shop / SUBSCRIBERS)
            return
        with tarfile.open(file) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                ours = str(name) in (SUBSCRIBERS, CONTENT, MANIFEST, FILE_NAME) or str(name.parent) == KEYS
                if member.isfile() and ours and (inside := archive.extractfile(member)) is not None:
                    (shop / name.parent).mkdir(mode=0o700, exist_ok=True)
                    with (shop / name).open("wb") as out:
                        shutil.copyfileobj(inside, out)
                    (shop / name).chmod(0o600)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadInput(
            "this file cannot be read as a backup: it is damaged, or no backup", Place(file)
        ) from error
    if not (shop / SUBSCRIBERS).exists():
        raise BadInput(f"there is no {SUBSCRIBERS} in this file, so it is no backup of ours", Place(file))
    for store in (SUBSCRIBERS, CONTENT):
        if (shop / store).exists():
            require_whole(shop / store, Path(f"{file} ({store})"))


def _made_at(shop: Path) -> str:
    """Return when a backup says that it was made; empty where it does not, as a bare copy."""
    try:
        made_at = datetime.fromisoformat(json.loads((shop / MANIFEST).read_bytes())["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _put_keys(settings: Settings, shop: Path, file: Path, copy: Database, *, is_new: bool) -> None:
    """Put the keys of a backup where there are none; raises BadInput where the suppression list would not be known by its key.

    Keys of links join those that are here: each opens links of its own. Where the installation `is_new`, nothing was made with
    its suppression key yet, and that of the backup takes its place.
    """
    suppression_key, link_keys = map(
        settings.path, (settings.paths.suppression_key, settings.paths.link_keys)
    )
    own = shop / KEYS / suppression_key.name
    is_taken = own.exists() and (is_new or not suppression_key.exists())
    with copy.read() as connection:
        made_with = key_fingerprint(connection)
    if not made_with and own.exists():
        made_with = fingerprint(read_suppression_key(own))
    if made_with and made_with != fingerprint(read_suppression_key(own if is_taken else suppression_key)):
        raise BadInput(
            f"this backup is of another installation: its suppression list was made with another key than {suppression_key}. "
            "Restore it into an empty folder, or put the key of that installation there first",
            Place(file),
        )
    for path in map(settings.path, named_keys(settings)):
        packed = shop / KEYS / path.name
        if packed.exists() and (not path.exists() or (is_taken and path == suppression_key)):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            packed.replace(path)
        elif packed.exists() and path == link_keys:
            add_link_keys(path, packed)


def _is_empty(database: Database) -> bool:
    """Return whether nobody ever worked with this database: it was just made."""
    with database.read() as connection:
        return not any(
            connection.execute(select(each).limit(1)).first() for each in (readers, issues, suppressions)
        )


def _is_alike(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def _kept(settings: Settings, file: Path, name: str) -> Path:
    """Move a file to the backups and return its place."""
    place = settings.path(settings.paths.backups) / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return file.replace(place)


def _opened_copy(file: Path) -> Database:
    """Open a copy of the subscribers' store and bring it to this release; nothing in it goes out by itself."""
    database = open_database(sqlite_url(file))
    try:
        if not _is_ours(database):
            raise BadInput(
                "this database has no readers and issues, so it is no backup of ours", Place(file.name)
            )
        with database.write() as connection:
            paused = "UPDATE issues SET status = 'paused', reason = 'put back from a copy that was made while it went out'"
            connection.execute(text(f"{paused} WHERE status = 'sending'"))
        if read_revision(database) != HEAD:
            upgrade(database)
        with database.write() as connection:
            # Whoever was shut out since must not come back by an old session.
            for table in (editor_sessions, sign_in_links, senders):
                connection.execute(delete(table))
    except BaseException:
        database.close()
        raise
    return database


def _is_ours(database: Database) -> bool:
    """Return whether it has readers and issues: an emptied file, or another program's, has none."""
    with database.read() as connection:
        return {"readers", "issues", "alembic_version"} <= {*inspect(connection).get_table_names()}


def _is_known(database: Database) -> bool:
    """Return whether no later release brought it to where it is: nobody here knows what such a one says."""
    try:
        require_known(read_revision(database))
    except StoreAhead:
        return False
    return True


@contextmanager
def _current(settings: Settings, copy: Path, *, force: bool) -> Iterator[Database | None]:
    """Yield a copy of the database in use, for this release; None where it cannot be read. Nobody else uses it.

    Raises StoreBusy while somebody does.
    """
    with _held(settings.store_url, copy, force=force) as is_whole:
        database = open_database(sqlite_url(copy)) if is_whole else None
        try:
            if database is not None and not (_is_ours(database) and _is_known(database)):
                database.close()
                database = None
            if database is not None and read_revision(database) != HEAD:
                with database.write() as connection:
                    connection.execute(text("UPDATE issues SET status = 'paused' WHERE status = 'sending'"))
                upgrade(database)
            yield database
        finally:
            if database is not None:
                database.close()


@contextmanager
def _held(url: str, copy: Path, *, force: bool) -> Iterator[bool]:
    """Keep everybody else from the database, and copy it; False where there is none, or none that can be read."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        if not force:
            _require_alone(url)
        copy_subscribers(url, copy)
        yield True
        return
    file = Path(address.database or "")
    if not file.exists():
        yield False
        return
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        try:
            # Leaving WAL needs every other connection closed, and puts the log into the file.
            for statement in (
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA journal_mode = DELETE",
                "BEGIN EXCLUSIVE",
                "COMMIT",
            ):
                connection.execute(statement)
            with closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
            require_whole(copy)
        except (sqlite3.DatabaseError, StoreError) as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise StoreBusy(
                    f"{file} is in use. Stop newsletter serve, and whatever else works with it, then restore again."
                ) from error
            # Whatever it says is kept as it is, for somebody who can mend it.
            shutil.copyfile(file, copy)
            yield False
        else:
            yield True


def _require_alone(url: str) -> None:
    """Raise StoreBusy while others of our user are connected to the PostgreSQL database: `serve`, also one that idles."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    database = open_database(url)
    try:
        for _ in range(_LOOKS):
            with database.read() as connection:
                count = connection.execute(others).scalar_one()
            if not count:
                return
                # A connection that was just closed is still listed for a moment.
                connection.execute(text("SELECT pg_sleep(0.1)"))
    finally:
        database.close()
    raise StoreBusy(
        f"The database is in use: {count} connection{'' if count == 1 else 's'}. Stop newsletter serve on every machine, and "
        "whatever else works with it, then restore again. If those are a pool's that nobody uses: --force"
    )


def _bring_up_to_date(settings: Settings, copy: Database, current: Database | None) -> Restored:
    """Take over what the current database knows of what went out since, and give the copy its marks."""
    restored = Restored()
    is_legible, kept = True, None
    try:
        kept = _marks(settings, copy).read_file()
    except StoreError:
        is_legible = False
    with copy.write() as connection:
        mark = read_mark(connection) or Mark()
        then = None
        if current is not None:
            with current.read() as reading:
                then = read_mark(reading) or Mark()
                goes_on = kept is None or (then.epoch == kept.epoch and then.begun >= kept.begun)
                sent_last = is_legible and goes_on
                restored.is_certain = sent_last and _descends(reading, connection, then, mark)
                restored.is_readable = True
                connection.execute(text("PRAGMA defer_foreign_keys = ON"))
                if restored.is_certain:
                    restored.issues = list(take_over_issues(reading, connection))
                    take_over_mails(reading, connection)
                key = read_suppression_key(settings.path(settings.paths.suppression_key))
                take_over_people(reading, connection, key, restored)
        every = [each for each in (mark, kept, then) if each is not None]
        ahead = highest(every)
        last = connection.execute(select(func.max(issues.c.id))).scalar() or 0
        ahead = replace(
            ahead, epoch=next_epoch(*(each.epoch for each in every)), issue_id=max(ahead.issue_id, last)
        )
        if not restored.is_certain:
            doubt_mails(connection, None)
            # Behind the file, which makes it wait for a person.
            ahead = replace(ahead, begun=mark.begun)
        write_mark(connection, ahead)
    return restored


def _descends(current: Connection, copy: Connection, then: Mark, mark: Mark) -> bool:
    """Return whether the current database is what became of the copy, so that it knows what has gone out since."""
    if mark.epoch:
        return mark.lineage == then.lineage
    # From before there were marks: every issue of the copy that has a content is in it.
    columns = (issues.c.id, issues.c.edition, issues.c.slot)
    approved = select(*columns).where(issues.c.status != IssueStatus.DRAFT)
    there = {tuple(row) for row in current.execute(select(*columns))}
    people = select(func.max(readers.c.id))
    grown = (current.execute(people).scalar() or 0) >= (copy.execute(people).scalar() or 0)
    return grown and {tuple(row) for row in copy.execute(approved)} <= there


def _put_in_place(settings: Settings, shop: Path) -> None:
    """Put the stores where the settings want them; nothing of what stood there is left beside them."""
    address = make_url(settings.store_url)
    if address.get_backend_name() == "sqlite":
        _replace(shop / SUBSCRIBERS, Path(address.database or ""))
    else:
        _fill(settings.store_url, shop / SUBSCRIBERS)
    if (shop / CONTENT).exists():
        content = settings.path(settings.paths.content_db)
        _replace(shop / CONTENT, content)
        with ContentStore(content):
            pass  # An earlier release's is brought to this one.


def _replace(new: Path, file: Path) -> None:
    # Closed with an empty log: a file by itself, in the mode that both stores want.
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    # A log of what stood here would be read into the copy, and destroy it.
    for suffix in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    new.replace(file)
    sync(file.parent)


def _fill(url: str, copy: Path) -> None:
    """Put the rows of a copy in place of those on PostgreSQL, in one transaction."""
    database, source = open_database(url), open_database(sqlite_url(copy))
    try:
        if read_revision(database) != HEAD:
            upgrade(database)
        with source.read() as reading, database.write() as writing:
            writing.execute(text("SET LOCAL lock_timeout = '5s'"))
            tables = ", ".join(f'"{name}"' for name in metadata.tables)
            writing.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
            copy_rows(reading, writing)
            mark = read_mark(reading) or Mark()
            for table in metadata.sorted_tables:
                if "id" in table.c and table.c.id.type.python_type is int and table is not installation:
                    last = writing.execute(select(func.max(table.c.id))).scalar() or 0
                    last = max(last, mark.issue_id) if table is issues else last
                    if last:
                        sequence = func.pg_get_serial_sequence(table.name, "id")
                        writing.execute(select(func.setval(sequence, last)))
    except OperationalError as error:
        raise StoreBusy(
            "The database is in use, or cannot be reached. Stop newsletter serve on every machine, then restore again."
        ) from error
    finally:
        database.close()
        source.close()


def _marks(settings: Settings, database: Database) -> Marks:
    paths, path = settings.paths, settings.path
    return Marks(database=database, file=path(paths.marks), anchor=path(paths.suppression_key))


def _put_marks(settings: Settings, restored: Restored) -> None:
    """Put the marks of the database beside it, too; ahead of it where a person has to say something first."""
    database = open_database(settings.store_url)
    try:
        marks = _marks(settings, database)
        with database.read() as connection:
            mark = read_mark(connection) or Mark()
        marks.put(mark, waits=not restored.is_certain)
    finally:
        database.close()
