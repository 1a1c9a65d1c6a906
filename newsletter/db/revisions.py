"""Which revision a database is at, and whether this program can work with it. Upgrading is in migrate.py.

Every command asks this at its start, so nothing here imports Alembic: that takes a tenth of a second.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from newsletter.db.engine import Database
from newsletter.errors import StoreAhead, StoreBehind

MIGRATIONS = Path(__file__).parent / "migrations"

#: Every revision of this program, oldest first. A migration's file begins with its revision's four digits.
REVISIONS = tuple(sorted(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))

#: The revision this program needs.
HEAD = REVISIONS[-1]


def read_revision(database: Database) -> str | None:
    """Return the revision the database is at; None for an empty one."""
    with database.read() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """Return the revision that Alembic has noted in the database; None where it has noted none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def require_head(database: Database) -> None:
    """Raise StoreBehind or StoreAhead unless the database is at the revision this program needs."""
    revision = read_revision(database)
    require_known(revision)
    if revision != HEAD:
        raise StoreBehind


def require_known(revision: str | None) -> None:
    """Raise StoreAhead for a revision that only a later release can have made."""
    if revision is not None and revision not in REVISIONS:
        raise StoreAhead(revision)
