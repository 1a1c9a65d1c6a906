"""Alembic's entry: runs the migrations on the connection that newsletter/db/migrate.py hands over."""

from typing import Any, Literal

from alembic import context

from newsletter.db.schema import EnumText, UtcDateTime, metadata


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our types as the plain ones they are stored as: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EnumText):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_item=render_item
)
context.run_migrations()
