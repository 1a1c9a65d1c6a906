"""The queries of readers' votes while voting is open: one row for each mark. Nothing here commits.

A row names no reader: what a mark is made of is in votes.py.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, func, select

from newsletter.db.conflicts import insert_into
from newsletter.db.schema import vote_marks
from newsletter.db.statuses import Vote


def put_vote(connection: Connection, mark: str, comparison_id: str, tool_id: str, vote: Vote) -> None:
    """Count a vote, or change it: two of the same mark at once are one row."""
    row = {"mark": mark, "comparison_id": comparison_id, "tool_id": tool_id, "vote": vote}
    statement = insert_into(vote_marks, connection.dialect.name).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["mark"], set_={"vote": vote}))


def votes_of(connection: Connection, marks: Iterable[str]) -> dict[str, Vote]:
    """The votes under these marks, as far as there are any."""
    query = select(vote_marks.c.mark, vote_marks.c.vote).where(vote_marks.c.mark.in_(list(marks)))
    return {row.mark: row.vote for row in connection.execute(query)}


def delete_marks(connection: Connection, marks: Sequence[str]) -> None:
    connection.execute(delete(vote_marks).where(vote_marks.c.mark.in_(marks)))


def subjects(connection: Connection) -> list[tuple[str, str]]:
    """The comparisons and tools that somebody has voted on and that are not closed."""
    columns = vote_marks.c.comparison_id, vote_marks.c.tool_id
    return [(row[0], row[1]) for row in connection.execute(select(*columns).distinct().order_by(*columns))]


def totals(connection: Connection, comparison_id: str) -> Mapping[str, Mapping[Vote, int]]:
    """How many would ship and skip each tool of a comparison."""
    columns = vote_marks.c.tool_id, vote_marks.c.vote
    query = select(*columns, func.count()).where(vote_marks.c.comparison_id == comparison_id)
    counted: dict[str, dict[Vote, int]] = {}
    for tool_id, vote, count in connection.execute(query.group_by(*columns).order_by(*columns)):
        counted.setdefault(tool_id, {})[vote] = count
    return counted


def delete_votes(connection: Connection, comparison_id: str) -> int:
    """Delete every mark on a comparison; how many those were."""
    return connection.execute(delete(vote_marks).where(vote_marks.c.comparison_id == comparison_id)).rowcount
