"""How the tables in a database differ from those of newsletter/db/schema.py: tables, columns, constraints, indexes.

The wanted tables are made beside the real ones in the same kind of database and read back the same way, so both are
told in the database's own words. Tables that are not ours (Procrastinate's, say) are not looked at.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, text
from sqlalchemy.engine.reflection import ObjectScope

from newsletter.db.engine import open_database
from newsletter.db.schema import metadata

#: Of each table, what it has ("column address", "index ix_readers_name") and what that is like.
Shape = Mapping[str, Mapping[str, str]]


def differences(connection: Connection) -> tuple[str, ...]:
    """Return how the database differs from this release's schema, each in a sentence without a full stop."""
    wanted = shape_made_by(connection, lambda scratch: metadata.create_all(scratch, checkfirst=False))
    return tuple(compare(shape_of(connection, wanted), wanted))


def compare(found: Shape, wanted: Shape) -> Iterator[str]:
    """Yield what `found` lacks, has too much, and has otherwise."""
    for table, parts in wanted.items():
        if table not in found:
            yield f"the table {table} is missing"
            continue
        for part in sorted({*parts, *found[table]}):
            here, there = found[table].get(part), parts.get(part)
            if here is None:
                yield f"{table}: the {part} is missing"
            elif there is None:
                yield f"{table}: the {part} is not of this release"
            elif here != there:
                yield f"{table}: the {part} is {here}, and should be {there}"


def shape_made_by(connection: Connection, make: Callable[[Connection], object]) -> Shape:
    """Return the shape of the tables that `make` makes in an empty database of the same kind; they do not stay."""
    if connection.dialect.name == "sqlite":
        with closing(open_database("sqlite://")) as scratch, scratch.write() as empty:
            make(empty)
            return shape_of(empty)
    with connection.begin_nested() as savepoint:
        # What is made now lands in the session's own schema, which anybody may fill.
        connection.execute(text("SET LOCAL search_path TO pg_temp"))
        make(connection)
        shape = shape_of(connection)
        savepoint.rollback()
    return shape


def shape_of(connection: Connection, tables: Iterable[str] | None = None) -> Shape:
    """Return the shape of these tables, as far as they are there; of all where none are named."""
    inspector = inspect(connection)
    names = None if tables is None else list(tables)
    rowless = _without_rowid(connection)
    shape: dict[str, dict[str, str]] = {}
    for table, part, like in _parts(inspector, names):
        shape.setdefault(table, {})[part] = like
    for table in rowless & shape.keys():
        shape[table]["storage"] = "WITHOUT ROWID"
    return {table: shape[table] for table in sorted(shape) if table != "alembic_version"}


def _parts(inspector: Inspector, names: list[str] | None) -> Iterator[tuple[str, str, str]]:
    yield from _columns(inspector, names)
    for table, check in _each(inspector.get_multi_check_constraints, names):
        yield table, f"check {check['name']}", str(check["sqltext"])
    for table, unique in _each(inspector.get_multi_unique_constraints, names):
        yield table, f"unique constraint {unique['name']}", _listed(unique["column_names"])
    for table, key in _each(inspector.get_multi_foreign_keys, names):
        like = f"{_listed(key['constrained_columns'])} to {key['referred_table']} {key['options'] or ''}"
        yield table, f"foreign key {key['name']}", like.strip()
    for table, index in _each(inspector.get_multi_indexes, names):
        if not index.get("duplicates_constraint"):
            yield table, f"index {index['name']}", _index(index)


def _each(read: Callable[..., Any], names: list[str] | None) -> Iterator[tuple[str, Any]]:
    for (_, table), found in read(filter_names=names, scope=ObjectScope.ANY).items():
        yield from ((table, each) for each in found)


def _columns(inspector: Inspector, names: list[str] | None) -> Iterator[tuple[str, str, str]]:
    for table, each in _each(inspector.get_multi_columns, names):
        null = "" if each["nullable"] else " NOT NULL"
        yield table, f"column {each['name']}", f"{each['type']}{null}{_default(each['default'])}"
    keys = inspector.get_multi_pk_constraint(filter_names=names, scope=ObjectScope.ANY)
    for (_, table), key in keys.items():
        yield table, "primary key", _listed(key["constrained_columns"])


def _index(index: Mapping[str, Any]) -> str:
    unique = "unique " if index["unique"] else ""
    options = index.get("dialect_options", {}).items()
    where = "".join(f" where {value}" for name, value in options if name.endswith("_where"))
    return f"{unique}{_listed(index['column_names'])}{where}"


def _listed(names: object) -> str:
    return f"({', '.join(map(str, names))})" if isinstance(names, list) else str(names)


def _default(default: str | None) -> str:
    if default is None:
        return ""
    # PostgreSQL counts ids by a sequence, whose name says which schema it is in.
    return " counted" if default.startswith("nextval(") else f" DEFAULT {default}"


def _without_rowid(connection: Connection) -> set[str]:
    if connection.dialect.name != "sqlite":
        return set()
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    return {name for name, sql in rows if re.search(r"\)\s*WITHOUT ROWID\s*$", sql)}
