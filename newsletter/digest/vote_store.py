"""The query behind voting: since when the issue with a comparison has been going out."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter.db.schema import issues, items
from newsletter.db.statuses import Edition, ItemKind


def sent_since(connection: Connection, comparison_id: str) -> datetime | None:
    """When the weekly issue with this comparison began to go out; None for one that never did.

    Cancelling an issue releases its items, so that two may have begun: the later one counts.
    """
    begun: datetime | None = connection.execute(
        select(func.max(issues.c.started_at))
        .join_from(items, issues)
        .where(
            items.c.kind == ItemKind.COMPARISON,
            items.c.key == comparison_id,
            issues.c.edition == Edition.WEEKLY,
        )
    ).scalar_one()
    return begun
