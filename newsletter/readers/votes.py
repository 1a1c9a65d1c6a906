"""Readers' own votes while voting is open: once for each reader, comparison and tool, and changeable. Nothing commits.

What is kept is a mark and a choice. The mark is a keyed hash: with the key of the installation it says whether a
given reader has voted, without it nothing. When voting closes the marks go, and only totals stay (digest/votes.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection

from newsletter.db.statuses import Vote
from newsletter.readers import vote_store

#: Marks asked for in one statement: SQLite takes no more than some thousands of values.
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Ballots:
    """What counts votes. The key must not change while voting is open: a reader could vote once more."""

    key: bytes

    def mark(self, comparison_id: str, tool_id: str, reader_id: int) -> str:
        """What a reader's vote on a tool of a comparison is kept under."""
        data = b"\0".join((comparison_id.encode(), tool_id.encode(), b"%d" % reader_id))
        return blake2b(data, digest_size=16, key=self.key, person=b"vote").hexdigest()

    def cast(
        self, connection: Connection, reader_id: int, comparison_id: str, votes: Mapping[str, Vote | None]
    ) -> None:
        """Count these votes by tool in place of what the reader voted before; None takes a vote back."""
        for tool_id, vote in votes.items():
            mark = self.mark(comparison_id, tool_id, reader_id)
            if vote is None:
                vote_store.delete_marks(connection, [mark])
            else:
                vote_store.put_vote(connection, mark, comparison_id, tool_id, vote)

    def cast_by(
        self, connection: Connection, reader_id: int, comparison_id: str, tool_ids: Iterable[str]
    ) -> dict[str, Vote]:
        """What the reader has voted on these tools."""
        marks = {self.mark(comparison_id, each, reader_id): each for each in tool_ids}
        return {marks[mark]: vote for mark, vote in vote_store.votes_of(connection, marks).items()}

    def open_votes(self, connection: Connection, reader_id: int) -> tuple[tuple[str, str, Vote], ...]:
        """All that the reader has voted and that is not counted yet: comparison, tool, vote."""
        subjects = vote_store.subjects(connection)
        marks = {self.mark(*each, reader_id): each for each in subjects}
        cast: dict[str, Vote] = {}
        for start in range(0, len(marks), _TOGETHER):
            cast |= vote_store.votes_of(connection, list(marks)[start : start + _TOGETHER])
        return tuple((*marks[mark], cast[mark]) for mark in marks if mark in cast)

    def forget(self, connection: Connection, reader_ids: Sequence[int]) -> None:
        """Take these readers' votes back wherever voting is open."""
        for comparison_id, tool_id in vote_store.subjects(connection):
            marks = [self.mark(comparison_id, tool_id, each) for each in reader_ids]
            vote_store.delete_marks(connection, marks)
