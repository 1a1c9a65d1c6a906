"""INSERT with ON CONFLICT: both databases have it, and SQLAlchemy a statement of its own for each."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_into(table: Table, dialect: str) -> Any:
    """An INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`, for a connection's `dialect.name`."""
    return _INSERTS[dialect](table)
