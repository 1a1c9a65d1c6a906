"""Whether this database is the one that sent last: its marks, kept in it and, as a file, beside the keys.

Whoever begins something counts it in the database, in the same commit, and then in the file. Neither ever goes back, so a
database that is behind the file was put back from a copy, and knows nothing of what went out since. A folder that was
copied is known by its file's place, a PostgreSQL database by its own. Then nothing is sent until a person says what is true
(`newsletter restore`, newsletter/backups/).
"""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import DBAPIError

from newsletter.commands import suggest
from newsletter.db.engine import Database
from newsletter.db.schema import installation
from newsletter.db.statuses import Edition
from newsletter.errors import StoreError, StoreStale
from newsletter.readers.keys import read_suppression_key
from newsletter.readers.suppression import adopt_key

_MACHINE = Path("/etc/machine-id")

NOTHING: Mapping[Edition, int] = MappingProxyType({})

#: Stands for a PostgreSQL database's place while a person has to say what went out: its machines have a file each.
_WAITS = "waits"

#: The file's first line is the count of what has begun, so that a window can raise it in its place.
_DIGITS = 20

#: As many of the issues that were started are remembered in the file.
_STARTED = 100


def _say() -> str:
    sent, none = suggest("restore", "--sent", "ISSUE"), suggest("restore", "--none-sent")
    return f"Nothing is sent until you say what went out: {sent}, or {none}."


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedIssue:
    """An issue that was let go: its id and salt, what people call it, and what had begun by then."""

    id: int
    salt: int
    label: str
    begun: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far an installation has come, as its file says it and, but for `started`, its database.

    `epoch` is "lineage-count-something": the lineage stays, the count is raised by every restore, and the rest tells two
    copies apart. `begun` counts windows and single mails, the others are the highest numbers given so far.
    """

    epoch: str = ""
    begun: int = 0
    #: The file's own place, or a PostgreSQL database's: a copy has another.
    place: str = ""
    issue_id: int = 0
    weekly: int = 0
    monthly: int = 0
    started: tuple[StartedIssue, ...] = ()

    @property
    def lineage(self) -> str:
        return self.epoch.partition("-")[0]

    @property
    def count(self) -> int:
        """How often it was restored, and once for its beginning; 0 before anything was sent."""
        return int(self.epoch.split("-")[1]) if self.epoch else 0

    @property
    def waits(self) -> bool:
        """Whether a person has to say what went out: told in the database of PostgreSQL, in the file for SQLite."""
        return self.place == _WAITS


_COLUMNS = tuple(each for each in installation.c if each.name in Mark.__dataclass_fields__)
_MARK = select(*_COLUMNS)
_ADVANCE = update(installation).values(begun=installation.c.begun + 1).returning(installation.c.begun)


def advance(connection: Connection) -> int:
    """Count what begins in this transaction; return the count, which `Marks.note` is told once that is committed.

    The last statement of its transaction: others wait for the row until the commit.
    """
    return connection.execute(_ADVANCE).scalar() or 0


def read_mark(connection: Connection) -> Mark | None:
    """Return the database's marks; None where its tables were made without a migration."""
    row = connection.execute(_MARK).mappings().one_or_none()
    return None if row is None else Mark(**row)


def write_mark(connection: Connection, mark: Mark) -> None:
    """Put these marks into the database."""
    values = {each.name: getattr(mark, each.name) for each in _COLUMNS}
    connection.execute(update(installation).values(values))


def next_epoch(*before: str) -> str:
    """Return an epoch after these, the first of which decides the lineage; the first of all for none."""
    known = [each.split("-") for each in before if each]
    lineage = known[0][0] if known else secrets.token_hex(4)
    count = max((int(each[1]) for each in known), default=0) + 1
    return f"{lineage}-{count}-{secrets.token_hex(4)}"


def _is_beginning(here: Mark | None, kept: Mark | None) -> bool:
    """Return whether the database is new and nothing was ever sent by the file: made for another one, by `init` say."""
    return here is not None and kept is not None and not (here.epoch or kept.begun or kept.started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of one installation. `anchor` is a file beside them that is never written again."""

    database: Database
    file: Path
    anchor: Path

    def trouble(self) -> str:
        """Return why nothing may be sent from here, in a sentence with the way out; empty where all is well."""
        # The file first: what it says was committed before.
        try:
            kept = self.read_file()
        except StoreError as error:
            return str(error)
        with self.database.read() as connection:
            here = read_mark(connection)
            place = self.place(connection)
        if here is None or (kept is None and self._may_adopt(here, place)) or _is_beginning(here, kept):
            return ""
        if kept is None and not here.waits:
            return f"{self.file} is missing, which says what was sent last. {_say()}"
        kept = kept or Mark()
        if here.epoch and not here.waits and (here.place or kept.place) != place:
            return (
                "This is a copy of an installation that may be sending, or was moved here. Nothing is sent from here. "
                f"If this is the one that sends from now on: {suggest('restore', '--moved')}"
            )
        if not here.waits and self._goes_on_from(here, kept):
            return ""
        if here.epoch and kept.epoch and here.lineage != kept.lineage:
            return f"The database belongs to another installation than {self.file}. {_say()}"
        later = [each.label for each in kept.started if not here.epoch or each.begun > here.begun]
        known = f" Issue {', '.join(later)} was started since." if later else ""
        return f"The database is a copy: what was sent after it was made, it does not know.{known} {_say()}"

    def require(self) -> None:
        """Raise StoreStale where nothing may be sent; where nothing was sent before, make the marks."""
        if trouble := self.trouble():
            raise StoreStale(trouble)
        if self.anchor.is_file():
            adopt_key(self.database, read_suppression_key(self.anchor))
        kept = self.read_file()
        with self.database.read() as connection:
            here = read_mark(connection)
        if here is None:
            return
        if kept is None or _is_beginning(here, kept):
            self.put(replace(here, epoch=here.epoch or next_epoch()))
        elif self.database.dialect != "sqlite" and here.epoch != kept.epoch:
            with self._locked():
                self._write_file(replace(here, place=""))

    def note(
        self,
        *,
        begun: int = 0,
        issue_id: int = 0,
        numbers: Mapping[Edition, int] = NOTHING,
        started: StartedIssue | None = None,
    ) -> None:
        """Raise what the file says to what was committed; `numbers` were given to issues."""
        with self._locked():
            if begun and started is None and self._raise_begun(begun):
                return
            kept = self._read()
            if kept is None:
                return
            raised = replace(
                kept,
                begun=max(kept.begun, begun),
                issue_id=max(kept.issue_id, issue_id),
                weekly=max(kept.weekly, numbers.get(Edition.WEEKLY, 0)),
                monthly=max(kept.monthly, numbers.get(Edition.MONTHLY, 0)),
            )
            if started is not None and started.id not in {each.id for each in kept.started}:
                raised = replace(raised, started=(*kept.started, started)[-_STARTED:])
            if raised != kept:
                self._write_file(raised)

    def read_file(self) -> Mark | None:
        """Return what the file says; None where there is none. Raises StoreError for one that is damaged."""
        if not self.file.exists():
            return None
        with self._locked(fcntl.LOCK_SH):
            return self._read()

    def last_written(self) -> datetime | None:
        """Return when the file was last written: nothing left later. None where there is none."""
        try:
            return datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def _read(self) -> Mark | None:
        try:
            begun, said = self.file.read_text(encoding="ascii").split("\n", 1)
            values = json.loads(said)
            started = tuple(StartedIssue(**each) for each in values.pop("started"))
            return Mark(**values, begun=int(begun), started=started)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(
                f"{self.file} cannot be read, which says what was sent last. {_say()}"
            ) from error

    def _raise_begun(self, begun: int) -> bool:
        """Raise the first line in its place, as each window does; False where there is no such line."""
        try:
            with self.file.open("r+b", buffering=0) as file:
                line = file.read(_DIGITS)
                if len(line) != _DIGITS or not line.isdigit():
                    return False
                if int(line) < begun:
                    file.seek(0)
                    file.write(b"%0*d" % (_DIGITS, begun))
                return True
        except OSError:
            return False

    def put(self, mark: Mark, *, waits: bool = False) -> None:
        """Make these the marks, here and now: in the file, then in the database. Commits.

        What the file says of started issues stays. With `waits` the file says that more has begun: nothing is sent before a
        person has said what.
        """
        with self._locked(), self.database.write() as connection:
            place, is_file = self.place(connection), self.database.dialect == "sqlite"
            kept = self._read_same_lineage(mark)
            ahead = max(mark.begun, kept.begun) + 1 if waits else mark.begun
            said = replace(mark, begun=ahead, place=place if is_file else "", started=kept.started)
            self._write_file(said)
            write_mark(connection, replace(mark, place="" if is_file else _WAITS if waits else place))

    def _read_same_lineage(self, mark: Mark) -> Mark:
        try:
            kept = self._read()
        except StoreError:
            kept = None
        return kept if kept is not None and kept.lineage == mark.lineage else Mark()

    def place(self, connection: Connection) -> str:
        """Return what a copy does not share: where the file's neighbour stands, or which PostgreSQL database this is."""
        if self.database.dialect == "sqlite":
            machine = _MACHINE.read_text(encoding="ascii").strip() if _MACHINE.exists() else ""
            return f"{machine}:{self.anchor.stat().st_ino if self.anchor.exists() else 0}"
        of_this = text("SELECT oid FROM pg_database WHERE datname = current_database()")
        number = connection.execute(of_this).scalar_one()
        try:
            with connection.begin_nested():
                server = connection.execute(text("SELECT system_identifier FROM pg_control_system()"))
                return f"{server.scalar_one()}:{number}"
        except DBAPIError:
            # Some who offer PostgreSQL keep this to themselves.
            return f":{number}"

    def _goes_on_from(self, here: Mark, kept: Mark) -> bool:
        """Return whether the database knows all that the file does; on PostgreSQL it may have been restored elsewhere."""
        if here.epoch == kept.epoch:
            return here.begun >= kept.begun
        is_later = here.lineage == kept.lineage and here.count > kept.count
        return is_later and self.database.dialect != "sqlite"

    def _may_adopt(self, here: Mark, place: str) -> bool:
        """Return whether a missing file is no trouble: nothing was sent before, or one more machine works on PostgreSQL."""
        return not here.epoch or (self.database.dialect != "sqlite" and here.place == place)

    def _write_file(self, mark: Mark) -> None:
        """Replace the file at once or not at all."""
        try:
            handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=f".{self.file.name}.")
            values = asdict(mark)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{values.pop('begun'):0{_DIGITS}d}\n{json.dumps(values)}\n")
            Path(name).replace(self.file)
        except OSError as error:
            raise StoreStale(
                f"{self.file} cannot be written: {error.strerror}. It says what was sent last: let the program write it, "
                "or name another place in paths.marks."
            ) from error

    @contextmanager
    def _locked(self, how: int = fcntl.LOCK_EX) -> Iterator[None]:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self.file.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, how)
            yield
        finally:
            os.close(folder)
