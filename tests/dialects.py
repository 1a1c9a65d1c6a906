"""SQLite and PostgreSQL as the tests of a process speak to them: what one engine has compiled the next need not compile again.

A program opens its database once. A test has one of its own, and compiling the same statements anew took an eighth of all time.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_COMPILED: LRUCache[Any, Any] = LRUCache(2000)


class _Shared:
    """A dialect that is every other of its class: it is part of the key under which a compiled statement is kept."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


class SharedSqlite(_Shared, SQLiteDialect_pysqlite):
    """Python's own driver."""

    supports_statement_cache = True


class SharedPostgres(_Shared, PGDialect_psycopg):
    """Psycopg."""

    supports_statement_cache = True


def share_statements() -> None:
    """Let every engine that is made from now on in this process share what is compiled."""
    registry.register("sqlite", __name__, SharedSqlite.__name__)
    registry.register("postgresql.psycopg", __name__, SharedPostgres.__name__)
