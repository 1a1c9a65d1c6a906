"""The site's own SQLite, opened strictly for reading, and the views that say where things stand in it.

The views are statements `CREATE TEMP VIEW name AS SELECT …` in a file that the operator writes. They live in this
connection only; nothing else is allowed in the file, and the database can be written by its site all the while.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path

from newsletter.content.packfile import read_text
from newsletter.content.views import VIEWS, View
from newsletter.errors import BadInput, Place

BUSY_TIMEOUT_S = 10.0
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_DEFINING = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE}


class SiteDatabase:
    """One moment of the site's database, through its views."""

    def __init__(self, connection: sqlite3.Connection, views_file: Path) -> None:
        self.connection, self.views_file = connection, views_file

    def names(self) -> list[str]:
        """The views that the file defines, of those that are known."""
        rows = self.connection.execute("SELECT name FROM sqlite_temp_master WHERE type = 'view'")
        defined = {row[0].lower() for row in rows}
        return [name for name in VIEWS if name in defined]

    def rows(self, view: View) -> Iterator[dict[str, object]]:
        """The rows of a view by its columns; raises BadInput unless the columns are the documented ones."""
        place = Place(self.views_file, field=f"view {view.name}")
        try:
            found = self.connection.execute(view.query)
            columns = [each[0].lower() for each in found.description]
            _check_columns(view, columns, place)
            for row in found:
                yield dict(zip(columns, row, strict=True))
        except sqlite3.Error as error:
            raise BadInput(f"it cannot be read: {error}", place) from error


@contextmanager
def open_site(database: Path, views_file: Path) -> Iterator[SiteDatabase]:
    """Open the site's database for reading at one moment, with the views of a file."""
    if not database.is_file():
        raise BadInput("there is no such database", Place(database))
    statements = list(_statements(read_text(views_file), views_file))
    with closing(_connect(database)) as connection:
        connection.set_authorizer(_may_define)
        for line, statement in statements:
            _define(connection, statement, Place(views_file, line))
        connection.set_authorizer(_may_read)
        site = SiteDatabase(connection, views_file)
        _check_names(connection, site, views_file)
        yield site


def _connect(database: Path) -> sqlite3.Connection:
    """A connection that cannot write, inside a transaction, so that all views show the same moment."""
    try:
        connection = sqlite3.connect(
            f"{database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S
        )
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise BadInput(f"it cannot be read as an SQLite database: {error}", Place(database)) from error
    return connection


def _statements(text: str, file: Path) -> Iterator[tuple[int, str]]:
    """The statements of a file, each with the line on which it begins."""
    pending, begins = "", 1
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not pending.strip():
            pending, begins = "", number
        pending += line
        if sqlite3.complete_statement(pending):
            yield begins, pending
            pending = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in pending.splitlines()):
        raise BadInput("the last statement does not end: put ; after it", Place(file, begins))


def _define(connection: sqlite3.Connection, statement: str, place: Place) -> None:
    try:
        connection.execute(statement)
    except (sqlite3.Error, sqlite3.Warning) as error:
        refused = "not authorized" in str(error)
        message = (
            "only CREATE TEMP VIEW … AS SELECT … may stand here" if refused else f"this is no view: {error}"
        )
        raise BadInput(message, place) from error


def _may_define(
    action: int, first: str | None, second: str | None, database: str | None, _: str | None
) -> int:
    defines = action == sqlite3.SQLITE_CREATE_TEMP_VIEW or (
        action in _DEFINING and first == "sqlite_temp_master"
    )
    return sqlite3.SQLITE_OK if defines or action in _READING else sqlite3.SQLITE_DENY


def _may_read(action: int, first: str | None, second: str | None, database: str | None, _: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _check_names(connection: sqlite3.Connection, site: SiteDatabase, file: Path) -> None:
    """The needed views are there, and every other one is known or helps one that is."""
    known = site.names()
    written = dict(connection.execute("SELECT lower(name), sql FROM sqlite_temp_master WHERE type = 'view'"))
    others = sorted(written.keys() - set(known))
    for name in others:
        close = get_close_matches(name, VIEWS, n=1, cutoff=0.75)
        if close:
            raise BadInput(f"there is no view to be called {name}: do you mean {close[0]}?", Place(file))
    for view in VIEWS.values():
        if view.needed and view.name not in known:
            raise BadInput(
                f"the view {view.name} is missing: it needs the columns {', '.join(view.required)}",
                Place(file),
            )
    for name in others:
        if not any(_names(sql, name) for other, sql in written.items() if other != name):
            raise BadInput(f"nothing reads the view {name}: known are {', '.join(VIEWS)}", Place(file))


def _names(sql: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, re.IGNORECASE) is not None


def _check_columns(view: View, columns: list[str], place: Place) -> None:
    for column in columns:
        if column not in view.columns:
            close = get_close_matches(column, view.columns, n=1)
            hint = f"do you mean {close[0]}?" if close else f"known are {', '.join(view.columns)}"
            raise BadInput(f"it has a column {column}, which says nothing here: {hint}", place)
    for column in view.required:
        if column not in columns:
            raise BadInput(f"its column {column} is missing: add it to the SELECT", place)
