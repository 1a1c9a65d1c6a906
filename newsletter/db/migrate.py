"""Bring `subscribers.db` to the revision this program needs, by Alembic.

Upgrading is explicit: every other command stops on a database that is behind, and nobody upgrades while an issue is
going out, because a sender of the old program would meet tables it does not know.

Revision 0001 grew while the program was made: 22 forms of it call themselves 0001. One that is not the last of them
is made anew as that, with its rows, before anything else. From 0001's last form on, a landed revision never changes.
"""

from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, column, func, insert, inspect, select, table, text
from sqlalchemy.exc import IntegrityError

from newsletter.commands import suggest
from newsletter.db.engine import Database
from newsletter.db.revisions import MIGRATIONS, require_known, revision_of
from newsletter.db.schema import issues, metadata
from newsletter.db.shape import Shape, compare, shape_made_by, shape_of
from newsletter.db.statuses import IssueStatus
from newsletter.errors import StoreError

_FIRST = "0001"

#: Counts of the current hour: they are not worth a row that an older form of the table allowed.
_NOT_KEPT = frozenset({"sign_up_counts"})


def upgrade(database: Database) -> None:
    """Run what is missing, in one transaction.

    Raises StoreAhead for a later release's database, and StoreError while an issue is going out and for a database
    that cannot be told apart or mended.
    """
    with database.write() as connection:
        revision = revision_of(connection)
        require_known(revision)
        _refuse_while_sending(connection)
        if revision is None:
            _refuse_unknown_tables(connection)
        if revision == _FIRST:
            _mend_first_form(connection)
        command.upgrade(_config(connection), "head")


def _refuse_while_sending(connection: Connection) -> None:
    if not inspect(connection).has_table("issues"):
        return
    sending = connection.execute(
        select(issues.c.id).where(issues.c.status == IssueStatus.SENDING).limit(1)
    ).scalar()
    if sending is not None:
        raise StoreError(f"issue {sending} is going out. Pause it first: {suggest('pause', sending)}")


def _refuse_unknown_tables(connection: Connection) -> None:
    ours = sorted({*inspect(connection).get_table_names()} & metadata.tables.keys())
    if ours:
        raise StoreError(
            f"The database has tables of ours ({', '.join(ours[:3])} …) and no revision: this program did not make it."
            f" Move it away and make a new one: {suggest('init')}"
        )


# Earlier forms of revision 0001.


def _mend_first_form(connection: Connection) -> None:
    wanted = shape_made_by(connection, _make_first_tables)
    found = shape_of(connection, wanted)
    if not any(compare(found, wanted)):
        return
    unknown = [
        f"{name}.{part.removeprefix('column ')}"
        for name, parts in found.items()
        for part in parts
        if part.startswith("column ") and part not in wanted[name]
    ]
    if unknown:
        raise _beyond_mending(f"no release had the columns {', '.join(unknown)}")
    _make_anew(connection, found, wanted)


def _make_anew(connection: Connection, found: Shape, wanted: Shape) -> None:
    """Put the rows aside, make every table of the last form, and put the rows into them."""
    present = MetaData()
    present.reflect(connection, only=list(found))
    counters = _read_counters(connection, present)
    for name in found:
        # Both names are ours.
        aside = f'CREATE TABLE "earlier_{name}" AS SELECT * FROM "{name}"'  # noqa: S608
        connection.execute(text(aside))
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for each in reversed(present.sorted_tables):
            each.drop(connection)
    else:
        together = ", ".join(f'"{name}"' for name in found)
        connection.execute(text(f"DROP TABLE {together}"))
    _make_first_tables(connection)
    made = MetaData()
    made.reflect(connection, only=list(wanted))
    for each in made.sorted_tables:
        if each.name in found and each.name not in _NOT_KEPT:
            _put_back(connection, each, found)
    for name in found:
        connection.execute(text(f'DROP TABLE "earlier_{name}"'))
    for name, last in counters.items():
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), {"name": name, "last": last}
        )


def _put_back(connection: Connection, made: Table, found: Shape) -> None:
    kept = [each.name for each in made.columns if f"column {each.name}" in found[made.name]]
    lost = [
        each.name
        for each in made.columns
        if each.name not in kept and not each.nullable and each.server_default is None
    ]
    earlier = table(f"earlier_{made.name}", *map(column, kept))
    if lost and connection.execute(select(func.count()).select_from(earlier)).scalar():
        raise _beyond_mending(f"nothing says what the columns {', '.join(lost)} of {made.name} are to hold")
    try:
        connection.execute(insert(made).from_select(kept, select(earlier)))
    except IntegrityError as error:
        raise _beyond_mending(f"{made.name} holds rows that are no longer allowed ({error.orig})") from error


def _read_counters(connection: Connection, present: MetaData) -> dict[str, int]:
    """Return the last number given away in each table that PostgreSQL counts: no id is given twice."""
    if connection.dialect.name != "postgresql":
        return {}
    counters: dict[str, int] = {}
    for name, each in present.tables.items():
        key = each.columns.get("id")
        if key is not None and key.server_default is not None:
            sequence = func.pg_get_serial_sequence(name, "id")
            last = connection.execute(select(func.pg_sequence_last_value(sequence))).scalar()
            counters |= {name: last} if last is not None else {}
    return counters


def _make_first_tables(connection: Connection) -> None:
    first = ScriptDirectory.from_config(_config()).get_revision(_FIRST)
    with Operations.context(MigrationContext.configure(connection)):
        first.module.upgrade()


def _beyond_mending(why: str) -> StoreError:
    return StoreError(
        f"This database was made by a version under development and cannot be brought up to date: {why}."
        f" Move it away and make a new one: {suggest('init')}"
    )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
