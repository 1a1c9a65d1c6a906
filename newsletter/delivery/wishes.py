"""Readers' wishes as columns of a query on readers: one query for a whole window, the same on both databases."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from newsletter.db.schema import reader_tools, reader_topics, readers
from newsletter.delivery.personal import NO_WISHES, Wishes

#: Stands in no topic and no tool's id.
_BETWEEN = "\n"


def _listed(table: Any, column: Any, label: str) -> ColumnElement[str]:
    """All that a reader has chosen in this table, as one text; NULL where that is nothing."""
    query = select(func.aggregate_strings(column, _BETWEEN)).where(table.c.reader_id == readers.c.id)
    return query.correlate(readers).scalar_subquery().label(label)


WISHES = (
    readers.c.monthly_tokens,
    readers.c.team_size,
    _listed(reader_topics, reader_topics.c.topic, "topics"),
    _listed(reader_tools, reader_tools.c.tool_id, "tools"),
)


def wishes_of(
    monthly_tokens: int | None, team_size: int | None, topics: str | None, tools: str | None
) -> Wishes:
    """The wishes in those columns."""
    if (monthly_tokens, team_size, topics, tools) == (None, None, None, None):
        return NO_WISHES
    return Wishes(
        topics=_chosen(topics), tools=_chosen(tools), monthly_tokens=monthly_tokens, team_size=team_size
    )


def _chosen(listed: str | None) -> tuple[str, ...]:
    return tuple(sorted(filter(None, (listed or "").split(_BETWEEN))))


def find_wishes(connection: Connection, reader_id: int) -> Wishes:
    """One reader's wishes; none for a reader who is not there."""
    row = connection.execute(select(*WISHES).where(readers.c.id == reader_id)).one_or_none()
    return NO_WISHES if row is None else wishes_of(*row)
