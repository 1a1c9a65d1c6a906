"""Putting a backup back, and saying what went out since: so that nobody is mailed twice, or in spite of having left.

A copy knows nothing of what happened after it was made. The database that it replaces does, as long as it can be read: what
it says of issues that went out, of single mails, and of readers who left goes with the copy. Where there is nothing to
read, sending stays stopped (delivery/marks.py) until a person says which issues went out; what nobody knows is unsure.
"""

import json
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    inspect,
    make_url,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import OperationalError

from newsletter.app import App
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
from newsletter.commands import suggest
from newsletter.config import FILE_NAME, Settings, load_settings, sqlite_url
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database, insert_into, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.revisions import HEAD, read_revision, require_known
from newsletter.db.schema import (
    batches,
    chosen_quotes,
    clicks,
    consents,
    deliveries,
    editor_sessions,
    editors,
    errata,
    finding_answers,
    installation,
    issues,
    items,
    links,
    mails,
    metadata,
    plans,
    publications,
    reader_tools,
    reader_topics,
    readers,
    revisions,
    senders,
    sign_in_links,
    snapshots,
    suppressions,
)
from newsletter.db.statuses import (
    BatchStatus,
    DeliveryStatus,
    Edition,
    IssueStatus,
    MailStatus,
    ReaderStatus,
    SuppressionKind,
)
from newsletter.delivery.ledger import LEASE_COLUMNS, Lease, deliveries_in, put_back, record
from newsletter.delivery.marks import Mark, Marks, next_epoch, read_mark, write_mark
from newsletter.delivery.message import load_salts
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import finish_issue, resume_issue, start_issue
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.delivery.transports.outbox.maildir import file_name
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue, set_held
from newsletter.errors import BadInput, Place, StoreAhead, StoreBusy, StoreError
from newsletter.readers.addresses import Address
from newsletter.readers.keys import add_link_keys, fingerprint, read_suppression_key
from newsletter.readers.suppression import (
    ENDED_BY_OWNER,
    address_hash,
    address_hashes,
    key_fingerprint,
    put_suppression,
)

#: Why a delivery or a single mail is unsure: it may have left after the copy was made.
RESTORED = "restored"

_GONE = (ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED, ReaderStatus.ERASED)

#: What belongs to one issue, whatever refers to something after what it refers to.
_OF_ISSUES = tuple(
    table
    for table in metadata.sorted_tables
    if table
    in {
        items,
        publications,
        snapshots,
        plans,
        links,
        clicks,
        chosen_quotes,
        revisions,
        finding_answers,
        errata,
        batches,
        deliveries,
    }
)

_ROWS = 2_000

#: How often it is looked whether everybody else has left PostgreSQL, a tenth of a second apart.
_LOOKS = 20


@dataclass(kw_only=True)
class Restored:
    """What came of putting a backup back."""

    #: Whether all that was sent after the backup is known; otherwise sending waits for a person.
    is_certain: bool = False
    #: Where what was replaced is kept; None: there was nothing.
    replaced: Path | None = None
    #: Where the settings of the backup are kept, as those here stay; None: they are the same, or it has none.
    settings: Path | None = None
    #: Issues whose sending the replaced database knew more of, by their labels.
    issues: list[str] = field(default_factory=list)
    #: Readers who had left, or changed how often they want mail, and readers whom only the replaced database had.
    readers: int = 0
    newcomers: int = 0
    #: Readers whose sign-up waited in the copy, and who had confirmed it since.
    confirmed: int = 0
    #: Whether the replaced database could be read; otherwise nobody knows who left since `made_at`.
    is_readable: bool = False
    made_at: str = ""


# Putting a backup back.


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
                    restored.issues = list(_take_over_issues(reading, connection))
                    _take_over_mails(reading, connection)
                key = read_suppression_key(settings.path(settings.paths.suppression_key))
                _take_over_people(reading, connection, key, restored)
        every = [each for each in (mark, kept, then) if each is not None]
        highest = _highest(every)
        last = connection.execute(select(func.max(issues.c.id))).scalar() or 0
        highest = replace(
            highest, epoch=next_epoch(*(each.epoch for each in every)), issue_id=max(highest.issue_id, last)
        )
        if not restored.is_certain:
            _doubt_mails(connection, None)
            # Behind the file, which makes it wait for a person.
            highest = replace(highest, begun=mark.begun)
        write_mark(connection, highest)
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


def _highest(every: Sequence[Mark]) -> Mark:
    """Return the highest of each count."""
    names = ("begun", "issue_id", "weekly", "monthly")
    return Mark(**{name: max(getattr(each, name) for each in every) for name in names})


# What the replaced database knows that the copy does not.


def _take_over_people(current: Connection, copy: Connection, key: bytes, restored: Restored) -> None:
    """Take over who left, was shut out or agreed: also from a database of which nobody knows what it sent last."""
    changed = _take_over_readers(current, copy, is_certain=restored.is_certain)
    confirmed = _take_over_confirmed(current, copy)
    restored.readers, restored.confirmed = len(changed), len(confirmed)
    every = [*changed, *confirmed]
    for start in range(0, len(every), _ROWS // 4):
        theirs = consents.c.reader_id.in_(every[start : start + _ROWS // 4])
        _insert_missing(copy, consents, current.execute(select(consents).where(theirs)).mappings().all())
    if restored.is_certain:
        # Whoever came off the list since, by confirming say, is not put on it again.
        copy.execute(delete(suppressions))
    for entry in _still_listed(current, copy, key):
        put_suppression(copy, entry)
    for entry in _gone_newcomers(current, copy, key):
        put_suppression(copy, entry)
    for row in current.execute(select(editors).where(editors.c.revoked_at.is_not(None))):
        same = and_(editors.c.id == row.id, editors.c.address_key == row.address_key)
        copy.execute(update(editors).where(same).values(revoked_at=row.revoked_at))
    last = copy.execute(select(func.max(readers.c.id))).scalar() or 0
    joined = (
        select(func.count()).select_from(readers).where(readers.c.id > last, readers.c.status.not_in(_GONE))
    )
    restored.newcomers = current.execute(joined).scalar_one()


def _still_listed(current: Connection, copy: Connection, key: bytes) -> list[dict[str, Any]]:
    """Return the entries of the list, but for those whose address confirmed later, as the copy knows."""
    entries = {row["address_hash"]: dict(row) for row in current.execute(select(suppressions)).mappings()}
    known = {*copy.execute(select(suppressions.c.address_hash)).scalars()}
    if entries.keys() <= known:
        return [*entries.values()]
    agreed = select(readers.c.address_key, readers.c.confirmed_at).where(
        readers.c.status == ReaderStatus.ACTIVE, readers.c.confirmed_at.is_not(None)
    )
    for address_key, confirmed_at in copy.execute(agreed):
        for hashed in address_hashes(key, Address(text=address_key, key=address_key)) - known:
            entry = entries.get(hashed)
            if entry and entry["kind"] in ENDED_BY_OWNER and entry["at"] < confirmed_at:
                del entries[hashed]
    return [*entries.values()]


#: What stands on the list for whoever joined after the copy was made, and is gone.
_KIND_OF_GONE = {
    ReaderStatus.LEFT: SuppressionKind.LEFT,
    ReaderStatus.BOUNCED: SuppressionKind.BOUNCED,
    ReaderStatus.COMPLAINED: SuppressionKind.COMPLAINED,
}


def _gone_newcomers(current: Connection, copy: Connection, key: bytes) -> Iterator[dict[str, Any]]:
    """Yield an entry of the list for whoever is not in the copy and is gone: the file that brought them may come again."""
    gone = select(readers).where(readers.c.status.in_(_KIND_OF_GONE))
    for part in current.execute(gone).mappings().partitions(_ROWS // 4):
        here = {row["id"] for row, _ in _same_readers(copy, part)}
        for row in part:
            if row["id"] not in here and row["address_key"] is not None:
                address = Address(text=row["address_key"], key=row["address_key"])
                yield {
                    "address_hash": address_hash(key, address),
                    "kind": _KIND_OF_GONE[row["status"]],
                    "reason": RESTORED,
                    "at": row["status_at"],
                    "source": RESTORED,
                }


def _take_over_issues(current: Connection, copy: Connection) -> Iterator[str]:
    """Take every issue over that was approved since, or whose sending went on; yield their labels."""
    for row in current.execute(select(issues).where(issues.c.status != IssueStatus.DRAFT)).mappings().all():
        issue = Issue(**row)
        here = copy.execute(select(issues).where(issues.c.id == issue.id)).mappings().one_or_none()
        if (
            here is not None
            and dict(here) == dict(row)
            and get_counts(copy, issue.id) == get_counts(current, issue.id)
        ):
            continue
        slot = and_(issues.c.edition == issue.edition, issues.c.slot == issue.slot, issues.c.id != issue.id)
        if copy.execute(select(issues.c.id).where(slot)).first() or (
            here is not None and here["slot"] != issue.slot
        ):
            raise StoreError(
                f"Issue {issue.label} is another one in the copy than in the database that it replaces."
            )
        for table in reversed(_OF_ISSUES):
            copy.execute(delete(table).where(table.c.issue_id == issue.id))
        if here is None:
            copy.execute(insert(issues).values(**row))
        else:
            copy.execute(update(issues).where(issues.c.id == issue.id).values(**row))
        for table in _OF_ISSUES:
            rows = current.execution_options(yield_per=_ROWS).execute(
                select(table).where(table.c.issue_id == issue.id)
            )
            for part in rows.mappings().partitions(_ROWS):
                _insert_missing(copy, table, part)
        yield issue.label


def _take_over_readers(current: Connection, copy: Connection, *, is_certain: bool) -> list[int]:
    """Let whoever left be gone, and whoever wants less mail get no more; returns the ids that this changes.

    Of a database that may be older than the copy only this counts: who is gone in it.
    """
    wish = (readers.c.edition, readers.c.paused_until)
    unusual: ColumnElement[bool] = readers.c.status.in_(_GONE)
    if is_certain:
        unusual = or_(
            readers.c.status != ReaderStatus.ACTIVE,
            readers.c.edition != Edition.WEEKLY,
            readers.c.paused_until.is_not(None),
        )
    changed: list[int] = []
    for part in current.execute(select(readers).where(unusual)).mappings().partitions(_ROWS // 4):
        for row, mine in _same_readers(copy, part, *wish):
            is_same = row["status"] is mine.status
            if is_same and (
                not is_certain or (row["edition"], row["paused_until"]) == (mine.edition, mine.paused_until)
            ):
                continue
            if not is_same and (row["status"] not in _GONE or mine.status is ReaderStatus.ERASED):
                continue
            is_erased = row["status"] is ReaderStatus.ERASED
            values = (
                dict(row)
                if is_certain or is_erased
                else {name: row[name] for name in ("status", "status_at")}
            )
            copy.execute(update(readers).where(readers.c.id == mine.id).values(**values))
            changed.append(mine.id)
            if is_erased:
                for table in (reader_topics, reader_tools):
                    copy.execute(delete(table).where(table.c.reader_id == mine.id))
    return changed


def _take_over_confirmed(current: Connection, copy: Connection) -> list[int]:
    """Let whoever confirmed since be active, and return their ids: they agreed."""
    before = (ReaderStatus.UNCONFIRMED, ReaderStatus.LEFT, ReaderStatus.BOUNCED)
    waiting = select(readers.c.id).where(readers.c.status.in_(before))
    changed: list[int] = []
    for part in [*copy.execute(waiting).scalars().partitions(_ROWS // 4)]:
        agreed = select(readers).where(readers.c.id.in_(part), readers.c.status == ReaderStatus.ACTIVE)
        for row, mine in _same_readers(copy, current.execute(agreed).mappings().all()):
            # An older database knows an earlier time, before this reader left and came again.
            if row["confirmed_at"] is not None and row["confirmed_at"] >= mine.status_at:
                values = {name: row[name] for name in ("status", "status_at", "confirmed_at")}
                copy.execute(update(readers).where(readers.c.id == mine.id).values(**values))
                changed.append(mine.id)
    return changed


def _same_readers(copy: Connection, rows: Sequence[Any], *more: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each of these readers who is in the copy, too, with the row there: not another under the same number."""
    columns = (
        readers.c.id,
        readers.c.salt,
        readers.c.address_key,
        readers.c.status,
        readers.c.status_at,
        *more,
    )
    query = select(*columns).where(readers.c.id.in_([row["id"] for row in rows]))
    here = {row.id: row for row in copy.execute(query)}
    for row in rows:
        mine = here.get(row["id"])
        if (
            mine is not None
            and mine.salt == row["salt"]
            and (mine.salt or mine.address_key == row["address_key"])
        ):
            yield row, mine


def _take_over_mails(current: Connection, copy: Connection) -> None:
    """Give every single mail that waits in the copy what became of it."""
    waiting = mails.c.status.in_((MailStatus.PENDING, MailStatus.BEGUN))
    for mine in copy.execute(select(mails.c.id, mails.c.key).where(waiting)).all():
        same = and_(mails.c.id == mine.id, mails.c.key == mine.key)
        row = current.execute(select(mails).where(same)).mappings().one_or_none()
        values = dict(row) if row else {"status": MailStatus.UNSURE, "code": RESTORED}
        copy.execute(update(mails).where(mails.c.id == mine.id).values(**values))


def _doubt_mails(connection: Connection, until: datetime | None) -> None:
    """Leave every single mail alone that waits, since `until` or longer: it may have gone out. A person may send it again."""
    waiting = mails.c.status.in_((MailStatus.PENDING, MailStatus.BEGUN))
    unsure = {"status": MailStatus.UNSURE, "code": RESTORED}
    doubted = waiting if until is None else and_(waiting, mails.c.queued_at <= until)
    connection.execute(update(mails).where(doubted).values(unsure))


def _insert_missing(connection: Connection, table: Table, rows: Sequence[Any]) -> None:
    if rows:
        statement = insert_into(table, connection.dialect.name).on_conflict_do_nothing()
        connection.execute(statement, [dict(row) for row in rows])


# What a person says.


def settle_sent(app: App, sent: Sequence[Issue], *, none_sent: bool = False) -> dict[str, Counts]:
    """Take these issues for sent, and let sending go on: whose copy does not lie in the outbox is unsure. Commits.

    Returns what is known of each, by its label. Raises BadInput for a draft, and where an issue that was going out is not named.
    """
    now = app.clock.now()
    with app.database.read() as connection:
        going = select(issues).where(issues.c.status.in_((IssueStatus.SENDING, IssueStatus.PAUSED)))
        open_issues = [Issue(**row) for row in connection.execute(going).mappings()]
    for issue in sent:
        if issue.status in (IssueStatus.DRAFT, IssueStatus.CANCELLED):
            raise BadInput(
                f"issue {issue.label} is {issue.status} in this copy, so nobody can say who has it. If it went out, "
                f"approve it first, or cancel it and leave its items out: {suggest('cancel', issue.id)}"
            )
    unnamed = [each for each in open_issues if each.id not in {issue.id for issue in sent}]
    if unnamed and not none_sent:
        raise BadInput(
            f"issue {unnamed[0].label} was going out when the copy was made: name it, too (--sent {unnamed[0].id}), "
            "or say --none-sent if nobody was mailed since"
        )
    for issue in sent:
        _settle(app, issue, now)
    with app.database.write() as connection:
        # What was queued later waits because nothing is sent.
        _doubt_mails(connection, app.marks.last_written())
    _go_on(app)
    with app.database.read() as connection:
        return {issue.label: get_counts(connection, issue.id) for issue in sent}


def move_here(app: App) -> None:
    """Let this installation be the one that sends: it was moved, or is a copy that takes over. Commits.

    What else is wrong with it stays so.
    """
    kept = app.marks.read_file()
    with app.database.read() as connection:
        here = read_mark(connection) or Mark()
    waits = kept is None or here.waits or here.epoch != kept.epoch or here.begun < kept.begun
    app.marks.put(replace(here, epoch=next_epoch(here.epoch, kept.epoch if kept else "")), waits=waits)


def _go_on(app: App) -> None:
    """Begin a new epoch: what may not be sent is known."""
    try:
        kept = app.marks.read_file()
    except StoreError:
        kept = None
    with app.database.read() as connection:
        here = read_mark(connection) or Mark()
    every = [each for each in (here, kept) if each is not None]
    app.marks.put(replace(_highest(every), epoch=next_epoch(*(each.epoch for each in every))))


def _settle(app: App, issue: Issue, now: datetime) -> None:
    """Give everybody in the issue's audience an outcome: accepted who is known to have it, unsure all others."""
    if issue.status is IssueStatus.APPROVED:
        with app.database.write() as connection:
            set_held(connection, issue, None, now)
        start_issue(app.database, issue.id, now, zone=app.settings.schedule.time_zone)
    with app.database.write() as connection:
        if get_issue(connection, issue.id).status is IssueStatus.PAUSED:
            resume_issue(connection, issue.id, now)
        open_batches = and_(batches.c.issue_id == issue.id, batches.c.status != BatchStatus.DONE)
        leases = [
            Lease(**row._mapping) for row in connection.execute(select(*LEASE_COLUMNS).where(open_batches))
        ]
        lying = _lying_there(app.settings.path(app.settings.paths.outbox))
        for lease in leases:
            _settle_batch(app, connection, lease, lying, now)
        finish_issue(connection, issue.id, now)


def _settle_batch(
    app: App, connection: Connection, lease: Lease, lying: frozenset[str], now: datetime
) -> None:
    def waiting(status: DeliveryStatus) -> list[int]:
        query = select(deliveries.c.reader_id).where(*deliveries_in(lease, status))
        return list(connection.execute(query).scalars())

    def step(event: Event, source: DeliveryStatus) -> None:
        outcomes = [Outcome(reader_id=each, event=event) for each in waiting(source)]
        record(connection, lease, outcomes, now, was=source)

    step(Event.COME_DUE, DeliveryStatus.RETRY)
    step(Event.BEGIN, DeliveryStatus.PENDING)
    begun = waiting(DeliveryStatus.BEGUN)
    salts = load_salts(connection, [(lease.issue_id, each) for each in begun])
    named = {pair[1]: file_name(app.message_ids.message_id(*pair, each)) for pair, each in salts.items()}
    outcomes = [
        Outcome(reader_id=each, event=Event.ACCEPT, code="250")
        if named[each] in lying
        else Outcome(reader_id=each, event=Event.LOSE_SIGHT, code=RESTORED)
        for each in begun
    ]
    record(connection, lease, outcomes, now)
    put_back(connection, lease, None, retry_at=None, status=BatchStatus.DONE)


def _lying_there(outbox: Path) -> frozenset[str]:
    """Return the names of the messages in an outbox, wherever a mail program has moved them: "cur/<name>:2,S"."""
    found = (each for part in ("new", "cur") for each in (outbox / part).glob("*.eml*"))
    return frozenset(each.name.partition(":")[0] for each in found)
