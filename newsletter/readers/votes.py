"""Readers' own votes while voting is open: once for each reader, comparison and tool, and changeable. Nothing commits.

What is kept is a mark and a choice. The mark is a keyed hash: with the key of the installation it says whether a
given reader has voted, without it nothing. When voting closes the marks go, and only totals stay (digest/votes.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, delete, func, select

from newsletter.db.engine import insert_into
from newsletter.db.schema import vote_marks
from newsletter.db.statuses import Vote


def subjects(connection: Connection) -> list[tuple[str, str]]:
    """Return the comparisons and tools that somebody has voted on and that are not closed."""
    columns = vote_marks.c.comparison_id, vote_marks.c.tool_id
    return [(row[0], row[1]) for row in connection.execute(select(*columns).distinct().order_by(*columns))]


def totals(connection: Connection, comparison_id: str) -> Mapping[str, Mapping[Vote, int]]:
    """Count how many would ship and skip each tool of a comparison."""
    columns = vote_marks.c.tool_id, vote_marks.c.vote
    query = select(*columns, func.count()).where(vote_marks.c.comparison_id == comparison_id)
    counted: dict[str, dict[Vote, int]] = {}
    for tool_id, vote, count in connection.execute(query.group_by(*columns).order_by(*columns)):
        counted.setdefault(tool_id, {})[vote] = count
    return counted


def delete_votes(connection: Connection, comparison_id: str) -> int:
    """Delete every mark on a comparison; returns how many those were."""
    return connection.execute(delete(vote_marks).where(vote_marks.c.comparison_id == comparison_id)).rowcount


def _votes_of(connection: Connection, marks: Iterable[str]) -> dict[str, Vote]:
    """Return the votes under these marks, as far as there are any."""
    query = select(vote_marks.c.mark, vote_marks.c.vote).where(vote_marks.c.mark.in_(list(marks)))
    return {row.mark: row.vote for row in connection.execute(query)}


def _delete_marks(connection: Connection, marks: Sequence[str]) -> None:
    connection.execute(delete(vote_marks).where(vote_marks.c.mark.in_(marks)))


#: Marks asked for in one statement: SQLite takes no more than some thousands of values.
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Ballots:
    """What counts votes. The key must not change while voting is open: a reader could vote once more."""

    key: bytes

    def mark(self, comparison_id: str, tool_id: str, reader_id: int) -> str:
        """Return what a reader's vote on a tool of a comparison is kept under."""
        data = b"\0".join((comparison_id.encode(), tool_id.encode(), b"%d" % reader_id))
        return blake2b(data, digest_size=16, key=self.key, person=b"vote").hexdigest()

    def cast(
        self, connection: Connection, reader_id: int, comparison_id: str, votes: Mapping[str, Vote | None]
    ) -> None:
        """Count these votes by tool in place of what the reader voted before; None takes a vote back."""
        for tool_id, vote in votes.items():
            mark = self.mark(comparison_id, tool_id, reader_id)
            if vote is None:
                _delete_marks(connection, [mark])
                continue
            row = {"mark": mark, "comparison_id": comparison_id, "tool_id": tool_id, "vote": vote}
            # Two of the same mark at once are one row.
            statement = insert_into(vote_marks, connection.dialect.name).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["mark"], set_={"vote": vote}))

    def cast_by(
        self, connection: Connection, reader_id: int, comparison_id: str, tool_ids: Iterable[str]
    ) -> dict[str, Vote]:
        """Return what the reader has voted on these tools."""
        marks = {self.mark(comparison_id, each, reader_id): each for each in tool_ids}
        return {marks[mark]: vote for mark, vote in _votes_of(connection, marks).items()}

    def open_votes(self, connection: Connection, reader_id: int) -> tuple[tuple[str, str, Vote], ...]:
        """Return all that the reader has voted and that is not counted yet: comparison, tool, vote."""
        open_subjects = subjects(connection)
        marks = {self.mark(*each, reader_id): each for each in open_subjects}
        cast: dict[str, Vote] = {}
        for start in range(0, len(marks), _TOGETHER):
            cast |= _votes_of(connection, list(marks)[start : start + _TOGETHER])
        return tuple((*marks[mark], cast[mark]) for mark in marks if mark in cast)

    def forget(self, connection: Connection, reader_ids: Sequence[int]) -> None:
        """Take these readers' votes back wherever voting is open."""
        for comparison_id, tool_id in subjects(connection):
            marks = [self.mark(comparison_id, tool_id, each) for each in reader_ids]
            _delete_marks(connection, marks)
