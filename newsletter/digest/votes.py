"""Voting on an issue's comparisons: what may be voted on and until when, and its close.

Votes are open from the moment that the issue goes out, for the time that the settings give. At the close totals go
to `content.db` and the readers' marks go; who votes is in readers/votes.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from newsletter.commands import suggest
from newsletter.content.records import ReaderVotes
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database
from newsletter.db.schema import issues, items
from newsletter.db.statuses import Edition, ItemKind, Vote
from newsletter.digest.content import ToolName
from newsletter.digest.wording import clip
from newsletter.errors import NotFound
from newsletter.readers import votes as vote_store

# The query behind voting: since when the issue with a comparison has been going out.


def sent_since(connection: Connection, comparison_id: str) -> datetime | None:
    """Return when the weekly issue with this comparison began to go out; None for one that never did.

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


#: How long after the last vote it is counted: a request that came in time may still be under way.
GRACE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What readers may say of a comparison. `totals` are those of one whose voting was counted."""

    comparison_id: str
    left: ToolName
    right: ToolName
    closes_at: datetime
    is_open: bool
    totals: tuple[ReaderVotes, ...]

    @property
    def tool_ids(self) -> tuple[str, str]:
        return self.left.tool_id, self.right.tool_id


def find_ballot(
    connection: Connection, content: ContentStore, comparison_id: str, *, vote_for: timedelta, now: datetime
) -> Ballot:
    """Return the ballot of a comparison that went out; raises NotFound for any other."""
    comparison = content.get_comparison(comparison_id)
    begun = sent_since(connection, comparison_id)
    if begun is None:
        raise NotFound("comparison to vote on", comparison_id)
    tools = content.tools([comparison.left_id, comparison.right_id])
    left, right = (
        ToolName(tool_id=each, name=clip(tools[each].name))
        for each in (comparison.left_id, comparison.right_id)
    )
    counted = content.reader_votes([comparison_id])
    return Ballot(
        comparison_id=comparison_id,
        left=left,
        right=right,
        closes_at=begun + vote_for,
        is_open=now < begun + vote_for and not counted,
        totals=counted,
    )


def close_votes(
    database: Database, content: ContentStore, *, vote_for: timedelta, now: datetime, name: str
) -> int:
    """Count what is over, and delete its marks; how many comparisons those were.

    The totals are written first: whoever is interrupted between counts the same marks once more, and keeps the same.
    The marks on a comparison that the store does not know, and so keeps nothing of, stay (`alert_uncounted`).
    """
    with database.read() as connection:
        over = list(_over(connection, now - vote_for - GRACE))
        totals = [each for key in over for each in _totals(connection, key, now)]
    content.record_reader_votes(totals, source_name=f"Readers of {name}, voting from the mail")
    kept = {(each.comparison_id, each.tool_id) for each in content.reader_votes(over)}
    uncounted = {each.comparison_id for each in totals if (each.comparison_id, each.tool_id) not in kept}
    counted = [each for each in over if each not in uncounted]
    for comparison_id in counted:
        with database.write() as connection:
            vote_store.delete_votes(connection, comparison_id)
    return len(counted)


def alert_uncounted(
    database: Database, raise_alert: Callable[[str, str, str], None], *, vote_for: timedelta, now: datetime
) -> int:
    """Tell the operator, once for each, of the comparisons whose voting is over and whose marks are still there; how many."""
    with database.read() as connection:
        waiting = list(_over(connection, now - vote_for - GRACE))
    for comparison_id in waiting:
        body = (
            f"Voting on {comparison_id} is over, but content.db does not know it, or one of its tools, so that nothing would be "
            "kept. The readers' votes wait. Put the right content.db back or import what is missing: they are counted the next "
            f"night, or at once with:\n\n    {suggest('jobs', 'run', 'votes')}"
        )
        raise_alert(
            f"votes:{comparison_id}"[:200], f"Votes on {comparison_id} wait to be counted"[:300], body
        )
    return len(waiting)


def _over(connection: Connection, begun_by: datetime) -> Iterator[str]:
    """Yield the comparisons with votes whose issue began to go out so long ago."""
    for comparison_id in dict.fromkeys(key for key, _ in vote_store.subjects(connection)):
        begun = sent_since(connection, comparison_id)
        if begun is not None and begun <= begun_by:
            yield comparison_id


def _totals(connection: Connection, comparison_id: str, now: datetime) -> Iterator[ReaderVotes]:
    for tool_id, votes in vote_store.totals(connection, comparison_id).items():
        yield ReaderVotes(
            comparison_id=comparison_id,
            tool_id=tool_id,
            ship=votes.get(Vote.SHIP, 0),
            skip=votes.get(Vote.SKIP, 0),
            closed_at=now,
        )
