"""Bring `subscribers.db` to the shape of newsletter/db/schema/, and say whether it has it.

Upgrading is explicit: every other command stops on a database that is behind, and nobody upgrades while an
issue is going out, because a sender of the old program would meet tables it does not know.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select

from newsletter.db.engine import Database
from newsletter.db.schema import issues
from newsletter.db.statuses import IssueStatus
from newsletter.errors import StoreBehind, StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def current(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision this program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise StoreError("the migrations are missing from this installation")
    return revision


def require_head(database: Database) -> None:
    """Raise StoreBehind unless the database has the shape this program needs."""
    if current(database) != head():
        raise StoreBehind


def upgrade(database: Database) -> None:
    """Run what is missing, in one transaction; refused while an issue is going out."""
    with database.write() as connection:
        _refuse_while_sending(connection)
        command.upgrade(_config(connection), "head")


def _refuse_while_sending(connection: Connection) -> None:
    if not inspect(connection).has_table("issues"):
        return
    sending = connection.execute(
        select(issues.c.id).where(issues.c.status == IssueStatus.SENDING).limit(1)
    ).scalar()
    if sending is not None:
        raise StoreError(f"issue {sending} is going out. Pause it first: newsletter pause {sending}")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
