"""The report: what became of issues, and of readers over time. Sums that are remembered, so that a page never counts readers.

Of an issue the ledger's batches have the sums; once it is long over they are kept as one row. Consents are summed up by
week, source and issue as they come; the job `sums` does both each night.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from newsletter.app import App
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import (
    batches,
    consent_sums,
    consents,
    issue_sums,
    issues,
    publications,
    reports,
    summed,
)
from newsletter.db.statuses import ConsentEvent, Edition, IssueStatus, ItemKind, ReportKind
from newsletter.delivery.progress import COUNTED, Counts
from newsletter.digest.issues import Issue

# The queries behind the report: sums of issues, sums of consents. Nothing here commits.

_OVER = (IssueStatus.SENT, IssueStatus.CANCELLED)
#: What is asked for in one statement: SQLite takes no more than some thousands of values.
_TOGETHER = 500
#: Reports that say that a copy came back; the others say that it did not yet, or that it did arrive.
_NO_BOUNCE = ("delayed", "arrived", "arrived, as known")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCounts(Counts):
    """An issue's counts with what came back after its copies were accepted: bounces and complaints."""

    bounced: int = 0
    complained: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSum:
    """Of one week, source and issue (0: none): how many joined, and how many are gone."""

    week_on: date
    source: str
    issue_id: int
    joined: int
    gone: int


# ── issues ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """As much of an issue as a list of sums says."""

    id: int
    label: str
    edition: Any
    status: IssueStatus
    started_at: datetime


def begun_issues(connection: Connection, most: int, issue_id: int | None = None) -> tuple[Begun, ...]:
    """The issues that have begun to go out, the newest first; only this one where one is asked for."""
    columns = (issues.c[name] for name in ("id", "number", "edition", "status", "started_at"))
    query = select(*columns).where(issues.c.started_at.is_not(None))
    if issue_id is not None:
        query = query.where(issues.c.id == issue_id)
    rows = connection.execute(query.order_by(issues.c.started_at.desc(), issues.c.id.desc()).limit(most))
    return tuple(
        Begun(
            id=row.id,
            label=f"#{row.number}" if row.number else str(row.id),
            edition=row.edition,
            status=row.status,
            started_at=row.started_at,
        )
        for row in rows
    )


def get_issue_counts(connection: Connection, issue_ids: Sequence[int]) -> dict[int, IssueCounts]:
    """The sums of these issues: as they were kept, else from their batches and reports."""
    names = [each.name for each in fields(IssueCounts)]
    kept = {
        row.issue_id: IssueCounts(**{name: getattr(row, name) for name in names})
        for row in connection.execute(select(issue_sums))
    }
    wanted = [each for each in issue_ids if each not in kept]
    for start in range(0, len(wanted), _TOGETHER):
        kept |= _counted(connection, wanted[start : start + _TOGETHER])
    return kept


def _counted(connection: Connection, issue_ids: Collection[int]) -> dict[int, IssueCounts]:
    found: dict[int, dict[str, int]] = {each: defaultdict(int) for each in issue_ids}
    sums = (func.coalesce(func.sum(batches.c[name]), 0).label(name) for name in COUNTED)
    query = select(batches.c.issue_id, *sums).where(batches.c.issue_id.in_(issue_ids))
    for row in connection.execute(query.group_by(batches.c.issue_id)):
        found[row.issue_id].update({name: int(getattr(row, name)) for name in COUNTED})
    kinds = {ReportKind.BOUNCE: "bounced", ReportKind.COMPLAINT: "complained"}
    of_issues = (reports.c.issue_id.in_(issue_ids), reports.c.kind.in_(kinds))
    counted = select(reports.c.issue_id, reports.c.kind, func.count().label("number"))
    counted = counted.where(*of_issues, reports.c.outcome.not_in(_NO_BOUNCE))
    for row in connection.execute(counted.group_by(reports.c.issue_id, reports.c.kind)):
        found[row.issue_id][kinds[row.kind]] = row.number
    return {issue_id: IssueCounts(**counts) for issue_id, counts in found.items()}


def keep_sums(connection: Connection, before: datetime) -> int:
    """Keep the sums of the issues that were over by then; returns of how many."""
    query = select(issues).where(
        issues.c.started_at.is_not(None),
        issues.c.status.in_(_OVER),
        func.coalesce(issues.c.finished_at, issues.c.updated_at) < before,
        issues.c.id.not_in(select(issue_sums.c.issue_id)),
    )
    over = [Issue(**row).id for row in connection.execute(query).mappings()]
    sums = get_issue_counts(connection, over)
    rows = [
        {"issue_id": each, **{field.name: getattr(sums[each], field.name) for field in fields(IssueCounts)}}
        for each in over
    ]
    if rows:
        connection.execute(insert(issue_sums), rows)
    return len(rows)


# ── readers ────────────────────────────────────────────────────────────────────────────────────────────

_JOINED = (ConsentEvent.CONFIRMED, ConsentEvent.IMPORTED, ConsentEvent.ADDED, ConsentEvent.RESTORED)
_COUNTED = (*_JOINED, ConsentEvent.WITHDRAWN)
_ISSUE = re.compile(r", issue ([0-9]{1,18})\b")
_DETAIL = re.compile(r", issue [0-9]+|, reason [a-z-]+| \([^()]*, line [0-9]+\)$|\d{4}-\d\d-\d\d\S*")


def last_summed(connection: Connection) -> int:
    query = select(summed.c.last_id).where(summed.c.name == "consents")
    return connection.execute(query).scalar() or 0


def growth_since(connection: Connection, since: date) -> tuple[ConsentSum, ...]:
    """What is remembered of each week and source since."""
    sums = (func.sum(consent_sums.c[name]).label(name) for name in ("joined", "gone"))
    keys = (consent_sums.c.week_on, consent_sums.c.source)
    rows = connection.execute(
        select(*keys, *sums).where(consent_sums.c.week_on >= since).group_by(*keys).order_by(*keys)
    )
    return tuple(
        ConsentSum(
            week_on=row.week_on, source=row.source, issue_id=0, joined=int(row.joined), gone=int(row.gone)
        )
        for row in rows
    )


def farewells(connection: Connection) -> dict[int, int]:
    """How many left by each issue's link, as far as it is remembered."""
    query = select(consent_sums.c.issue_id, func.sum(consent_sums.c.gone).label("gone"))
    rows = connection.execute(query.where(consent_sums.c.issue_id > 0).group_by(consent_sums.c.issue_id))
    return {row.issue_id: int(row.gone) for row in rows}


def consents_after(connection: Connection, last_id: int, most: int) -> tuple[ConsentSum, ...]:
    """The next consents, summed up."""
    rows = connection.execute(_next(last_id, most)).all()
    return tuple(_summed(connection, rows))


def sum_up_consents(connection: Connection, most: int, *, before: datetime) -> int:
    """Add the next consents of before a moment to what is remembered; returns how many."""
    last_id = last_summed(connection)
    rows = connection.execute(_next(last_id, most)).all()
    ripe = next((place for place, row in enumerate(rows) if row.at >= before), len(rows))
    if not ripe:
        return 0
    _add(connection, list(_summed(connection, rows[:ripe])))
    _note_last(connection, rows[ripe - 1].id)
    return ripe


def _next(last_id: int, most: int) -> Any:
    columns = (consents.c[name] for name in ("id", "reader_id", "event", "at", "source"))
    return select(*columns).where(consents.c.id > last_id).order_by(consents.c.id).limit(most)


def _summed(connection: Connection, rows: Sequence[Row[Any]]) -> Iterable[ConsentSum]:
    asked = _requests(connection, [row.reader_id for row in rows if row.event is ConsentEvent.CONFIRMED])
    counts: dict[tuple[date, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.event not in _COUNTED:
            continue
        day = row.at.date()
        issue = _ISSUE.search(row.source) if row.event is ConsentEvent.WITHDRAWN else None
        source = asked.get(row.reader_id, row.source) if row.event is ConsentEvent.CONFIRMED else row.source
        key = (day - timedelta(days=day.weekday()), _short(row.event, source), int(issue[1]) if issue else 0)
        counts[key][row.event is ConsentEvent.WITHDRAWN] += 1
    for (week_on, source, issue_id), (joined, gone) in counts.items():
        yield ConsentSum(week_on=week_on, source=source, issue_id=issue_id, joined=joined, gone=gone)


def _short(event: ConsentEvent, source: str) -> str:
    """A source in a few words: without what differs from reader to reader."""
    words = " ".join(_DETAIL.sub("", source).split()) or "not said"
    if event is ConsentEvent.RESTORED:
        return "came back"
    return (f"import: {words}" if event is ConsentEvent.IMPORTED else words)[:100]


def _requests(connection: Connection, reader_ids: Sequence[int]) -> dict[int, str]:
    """Where those who confirmed had asked; the last time counts."""
    found: dict[int, str] = {}
    for start in range(0, len(reader_ids), _TOGETHER):
        some = consents.c.reader_id.in_(reader_ids[start : start + _TOGETHER])
        query = select(consents.c.reader_id, consents.c.source).where(
            some, consents.c.event == ConsentEvent.REQUESTED
        )
        found |= {row.reader_id: row.source for row in connection.execute(query.order_by(consents.c.id))}
    return found


def _add(connection: Connection, sums: Sequence[ConsentSum]) -> None:
    if not sums:
        return
    statement = insert_into(consent_sums, connection.dialect.name)
    more = {name: consent_sums.c[name] + statement.excluded[name] for name in ("joined", "gone")}
    upsert = statement.on_conflict_do_update(index_elements=["week_on", "source", "issue_id"], set_=more)
    connection.execute(upsert, [asdict(each) for each in sums])


def _note_last(connection: Connection, last_id: int) -> None:
    known = update(summed).where(summed.c.name == "consents").values(last_id=last_id)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(summed).values(name="consents", last_id=last_id))


# ── votes ──────────────────────────────────────────────────────────────────────────────────────────────


def issues_of_comparisons(connection: Connection, comparison_ids: Collection[str]) -> dict[str, int]:
    """Which issue brought each of these comparisons."""
    found: dict[str, int] = {}
    wanted = sorted(comparison_ids)
    for start in range(0, len(wanted), _TOGETHER):
        some = publications.c.key.in_(wanted[start : start + _TOGETHER])
        query = select(publications.c.key, publications.c.issue_id).where(
            publications.c.kind == ItemKind.COMPARISON, some
        )
        found |= {row.key: row.issue_id for row in connection.execute(query)}
    return found


# What became of issues and of readers over time, for the report: sums that are remembered, so that a page never counts readers.
#
# Of an issue the ledger's batches have the sums; once it is long over they are kept as one row. Consents are summed up by
# week, source and issue as they come; the job `sums` does both each night. The queries are in sums_store.py.

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
    counts: IssueCounts
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
        return _lines(connection, begun_issues(connection, most))


def issue_line(database: Database, issue_id: int) -> IssueLine | None:
    """The same of one issue; None for one that has not begun."""
    with database.read() as connection:
        return next(iter(_lines(connection, begun_issues(connection, 1, issue_id))), None)


def _lines(connection: Connection, begun: Sequence[Begun]) -> tuple[IssueLine, ...]:
    counts = get_issue_counts(connection, [each.id for each in begun])
    left = farewells(connection)
    for tail in consents_after(connection, last_summed(connection), TAIL):
        left[tail.issue_id] = left.get(tail.issue_id, 0) + tail.gone
    return tuple(
        IssueLine(
            id=each.id,
            label=each.label,
            edition=each.edition,
            status=each.status,
            started_at=each.started_at,
            counts=counts[each.id],
            left=left.get(each.id, 0),
        )
        for each in begun
    )


def readers_over_time(database: Database, since: date) -> tuple[Growth, ...]:
    """The weeks in which anybody joined or left, the oldest first."""
    with database.read() as connection:
        known = growth_since(connection, since)
        tail = consents_after(connection, last_summed(connection), TAIL)
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
            added = sum_up_consents(connection, CHUNK, before=now - SURE_AFTER)
        consents += added
        if added < CHUNK:
            break
    with database.write() as connection:
        issues = keep_sums(connection, now - SETTLED_AFTER)
    return f"Summed up {consents} consents and {issues} issues."


# How many readers voted on what an issue brought, once voting on it has closed.


def votes_by_issue(app: App) -> dict[int, int]:
    """Votes, ship and skip together, by issue id; issues without any are missing."""
    with app.content() as content:
        totals = content.reader_votes()
    if not totals:
        return {}
    with app.database.read() as connection:
        brought = issues_of_comparisons(connection, {each.comparison_id for each in totals})
    found: dict[int, int] = defaultdict(int)
    for each in totals:
        if each.comparison_id in brought:
            found[brought[each.comparison_id]] += each.ship + each.skip
    return dict(found)
