"""What became of issues and of readers over time, for the report: sums that are remembered, so that a page never counts readers.

Of an issue the ledger's batches have the sums; once it is long over they are kept as one row. Consents are summed up by
week, source and issue as they come; the job `sums` does both each night. The queries are in sums_store.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from newsletter.db.engine import Database
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.editing.reports import sums_store as store
from newsletter.editing.reports.sums_store import Begun, ConsentSum, IssueSums

#: Bounces and complaints still come for a while; then an issue's sums are kept.
SETTLED_AFTER = timedelta(days=30)
#: Consents that one transaction sums up, and that a page adds to what is remembered.
CHUNK, TAIL = 10_000, 3_000
#: A consent of a moment ago may have a smaller id than one that was committed before it.
SURE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLine:
    """An issue that has begun to go out, and what became of it. `left` are those who left by a link in it."""

    id: int
    label: str
    edition: Edition
    status: IssueStatus
    started_at: datetime
    sums: IssueSums
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One week's readers: who joined, by source, and who is gone, by reason."""

    week_on: date
    joined: tuple[tuple[str, int], ...]
    gone: tuple[tuple[str, int], ...]

    @property
    def all_joined(self) -> int:
        return sum(count for _, count in self.joined)

    @property
    def all_gone(self) -> int:
        return sum(count for _, count in self.gone)


def issue_lines(database: Database, most: int) -> tuple[IssueLine, ...]:
    """The issues that have begun to go out, the newest first."""
    with database.read() as connection:
        return _lines(connection, store.begun_issues(connection, most))


def issue_line(database: Database, issue_id: int) -> IssueLine | None:
    """The same of one issue; None for one that has not begun."""
    with database.read() as connection:
        return next(iter(_lines(connection, store.begun_issues(connection, 1, issue_id))), None)


def _lines(connection: Connection, begun: Sequence[Begun]) -> tuple[IssueLine, ...]:
    sums = store.sums_of(connection, [each.id for each in begun])
    farewells = store.farewells(connection)
    for tail in store.consents_after(connection, store.last_summed(connection), TAIL):
        farewells[tail.issue_id] = farewells.get(tail.issue_id, 0) + tail.gone
    return tuple(
        IssueLine(
            id=each.id,
            label=each.label,
            edition=each.edition,
            status=each.status,
            started_at=each.started_at,
            sums=sums[each.id],
            left=farewells.get(each.id, 0),
        )
        for each in begun
    )


def readers_over_time(database: Database, since: date) -> tuple[Growth, ...]:
    """The weeks in which anybody joined or left, the oldest first."""
    with database.read() as connection:
        known = store.growth_since(connection, since)
        tail = store.consents_after(connection, store.last_summed(connection), TAIL)
    return tuple(_weeks((*known, *(each for each in tail if each.week_on >= since))))


def _weeks(sums: Iterable[ConsentSum]) -> Iterable[Growth]:
    joined: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    gone: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in sums:
        joined[each.week_on][each.source] += each.joined
        gone[each.week_on][each.source] += each.gone
    for week_on in sorted(joined):
        yield Growth(week_on=week_on, joined=_largest(joined[week_on]), gone=_largest(gone[week_on]))


def _largest(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(
        sorted(((name, count) for name, count in counts.items() if count), key=lambda each: -each[1])
    )


def remember(database: Database, now: datetime) -> str:
    """Sum up what has not been: consents in parts, and issues that are long over. Commits; says what was done."""
    consents = 0
    while True:
        with database.write() as connection:
            added = store.sum_up_consents(connection, CHUNK, before=now - SURE_AFTER)
        consents += added
        if added < CHUNK:
            break
    with database.write() as connection:
        issues = store.keep_sums(connection, now - SETTLED_AFTER)
    return f"Summed up {consents} consents and {issues} issues."
