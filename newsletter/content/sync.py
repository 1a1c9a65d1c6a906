"""Copies what the site's own database says now into the store, through the operator's views.

Sites keep only what is current; the store keeps the history: a price that moves becomes a new claim; a tool or comparison
that is gone stays, is marked as gone, and enters no issue. All rows go in or none.
"""

import json
import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from newsletter.content.importing import FieldPath, PackImport
from newsletter.content.packs import read_text, validated
from newsletter.content.records import (
    BenchmarkEntry,
    ClaimEntry,
    ComparisonEntry,
    NoteEntry,
    OfferEntry,
    PackEntry,
    QuestionEntry,
    ReviewEntry,
    ReviewerEntry,
    SourceEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
    pack_name,
    slug,
)
from newsletter.content.store import SITE, ContentStore
from newsletter.errors import BadInput, Place

# The views through which a site's database is read: their names and columns, made from the entries of a pack.

#: Fields of entries that a site's row does not have: sync itself knows them.
_OURS = {"source_id", "line", "seen_at", "first_seen_at", "last_seen_at", "at_site"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """A view: what each row becomes, and the columns it may and must have."""

    name: str
    #: The kind of record in a pack.
    kind: str
    help: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    query: str
    #: Without it there is no digest.
    needed: bool = False


def _view(
    name: str, entry: type[PackEntry], query: str, help: str, *, needed: bool = False, kind: str = ""
) -> SiteView:
    known = [each for each in fields(entry) if each.name not in _OURS]
    return SiteView(
        name=name,
        kind=kind or name,
        help=help,
        columns=tuple(pack_name(each.name) for each in known),
        required=tuple(pack_name(each.name) for each in known if each.default is MISSING),
        query=query,
        needed=needed,
    )


_ALL = (
    _view("tools", ToolEntry, "SELECT * FROM temp.tools", "a tool", needed=True),
    _view("reviews", ReviewEntry, "SELECT * FROM temp.reviews", "a review of a tool", needed=True),
    _view(
        "comparisons",
        ComparisonEntry,
        "SELECT * FROM temp.comparisons",
        "a comparison of two tools",
        needed=True,
    ),
    SiteView(
        name="prices",
        kind="claims",
        help="a tool: USD per million tokens in and out, and the price in words",
        columns=("tool", "input_price", "output_price", "price", "as_of", "verified_on"),
        required=("tool",),
        query="SELECT * FROM temp.prices",
    ),
    _view(
        "facts",
        ClaimEntry,
        "SELECT * FROM temp.facts",
        "a fact about a tool: context, licence, parameters and so on",
        kind="claims",
    ),
    _view("verdicts", VerdictEntry, "SELECT * FROM temp.verdicts", "a tool: the panel's outcome"),
    _view("votes", VotesEntry, "SELECT * FROM temp.votes", "a tool: the community's totals"),
    _view("benchmarks", BenchmarkEntry, "SELECT * FROM temp.benchmarks", "a result of a tool in a test"),
    _view("offers", OfferEntry, "SELECT * FROM temp.offers", "a provider of a tool, with its terms"),
    _view(
        "notes",
        NoteEntry,
        "SELECT * FROM temp.notes",
        "a note on a tool: best for, strength and so on",
    ),
    _view("questions", QuestionEntry, "SELECT * FROM temp.questions", "a question with its answer"),
    _view("reviewers", ReviewerEntry, "SELECT * FROM temp.reviewers", "a member of the panel"),
)

#: Every view by its name.
VIEWS = {view.name: view for view in _ALL}


# The site's own SQLite, opened strictly for reading, and the views that say where things stand in it.
#
# The views are statements `CREATE TEMP VIEW name AS SELECT …` in a file that the operator writes. They live in this
# connection only; nothing else is allowed in the file, and the database can be written by its site all the while.

BUSY_TIMEOUT_S = 10.0
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_DEFINING = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE}


class SiteDatabase:
    """One moment of the site's database, through its views."""

    def __init__(self, connection: sqlite3.Connection, views_file: Path) -> None:
        self.connection, self.views_file = connection, views_file

    def names(self) -> list[str]:
        """Return the views that the file defines, of those that are known."""
        rows = self.connection.execute("SELECT name FROM sqlite_temp_master WHERE type = 'view'")
        defined = {row[0].lower() for row in rows}
        return [name for name in VIEWS if name in defined]

    def rows(self, view: SiteView) -> Iterator[dict[str, object]]:
        """Yield the rows of a view by its columns; raises BadInput unless the columns are the documented ones."""
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
    """Return a connection that cannot write, inside a transaction, so that all views show the same moment."""
    try:
        connection = sqlite3.connect(
            f"{database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S
        )
    except sqlite3.Error as error:
        raise _unreadable(database, error) from error
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise _unreadable(database, error) from error
    return connection


def _unreadable(database: Path, error: sqlite3.Error) -> BadInput:
    return BadInput(f"it cannot be read as an SQLite database: {error}", Place(database))


def _statements(text: str, file: Path) -> Iterator[tuple[int, str]]:
    """Yield the statements of a file, each with the line on which it begins."""
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
    """Refuse a file unless it has the needed views, and every other one is known or helps one that is."""
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


def _check_columns(view: SiteView, columns: list[str], place: Place) -> None:
    for column in columns:
        if column not in view.columns:
            close = get_close_matches(column, view.columns, n=1)
            hint = f"do you mean {close[0]}?" if close else f"known are {', '.join(view.columns)}"
            raise BadInput(f"it has a column {column}, which says nothing here: {hint}", place)
    for column in view.required:
        if column not in columns:
            raise BadInput(f"its column {column} is missing: add it to the SELECT", place)


_IDS = ("id", "tool", "left", "right", "comparison")
_DAYS = ("as_of", "verified_on", "published_on")
_PRICE_UNITS = {"input_price": "USD/Mtok", "output_price": "USD/Mtok", "price": ""}

#: A record's fields, as packs call them.
Record = dict[str, Any]
#: Which view and row each record of a pack came from, by kind and place.
Origins = dict[tuple[str, int], tuple[str, int]]


def sync(
    store: ContentStore,
    *,
    database: Path,
    views: Path,
    name: str,
    url: str,
    now: datetime,
    dry_run: bool = False,
    advance: Callable[[int], None] = lambda rows: None,
) -> PackImport:
    """Bring the store up to what the site says now; raises BadInput for a view, column or row that is wrong."""
    with open_site(database, views) as site:
        records, origins = _read(site, advance)
    where = _where(views, origins)
    pack = validated({"source": SourceEntry(id=SITE, name=name, url=url, ours=True), **records}, where)
    return store.import_pack(pack, now, where=where, dry_run=dry_run, watched=True)


def _read(site: SiteDatabase, advance: Callable[[int], None]) -> tuple[dict[str, list[Record]], Origins]:
    records: dict[str, list[Record]] = defaultdict(list)
    origins: Origins = {}
    for name in site.names():
        view = VIEWS[name]
        for number, row in enumerate(site.rows(view), 1):
            for entry in _entries(name, row):
                origins[view.kind, len(records[view.kind])] = (name, number)
                records[view.kind].append(entry)
            advance(1)
    return records, origins


def _entries(view: str, row: Record) -> Iterator[Record]:
    """Yield what a row becomes: prices are a claim each, everything else one record."""
    values = {
        column: _cleaned(column, value) for column, value in row.items() if value not in (None, "", b"")
    }
    if view != "prices":
        yield values
        return
    shared = {column: value for column, value in values.items() if column not in _PRICE_UNITS}
    for attribute, unit in _PRICE_UNITS.items():
        if attribute in values:
            yield {**shared, "attribute": attribute, "value": values[attribute], "unit": unit}


def _cleaned(column: str, value: Any) -> Any:
    """Return a site's value as a pack wants it: slugs for ids, days without hours, no control characters."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if column in _IDS:
        return slug(str(value))
    if isinstance(value, float):
        return f"{value:.12g}"
    if column == "tags":
        return _tags(str(value))
    if not isinstance(value, str):
        return str(value) if column not in ("score", "derived") else value
    if column in _DAYS:
        return value.strip()[:10]
    if column in ("decision", "kind"):
        return value.strip().lower()
    return "".join(
        " " if unicodedata.category(each) == "Cc" and each not in "\n\t" else each for each in value
    )


def _tags(text: str) -> list[str]:
    """Read tags as a JSON list or with commas between them."""
    if text.lstrip().startswith("["):
        try:
            return [str(each) for each in json.loads(text)]
        except ValueError:
            pass
    return [each.strip() for each in text.split(",") if each.strip()]


def _where(views: Path, origins: Origins) -> Callable[[FieldPath], Place]:
    def where(path: FieldPath) -> Place:
        view, row = origins.get((str(path[0]), int(path[1])) if len(path) > 1 else ("", 0), ("", 0))
        column = f", column {path[2]}" if len(path) > 2 else ""
        return Place(views, field=f"view {view}, row {row}{column}" if view else None)

    return where
