"""The report: what became of issues, and of readers over time. Sums that are remembered, so that a page never counts readers.

Of an issue the ledger's batches have the sums; once it is long over they are kept as one row. Consents are summed up by
week, source and issue as they come; the job `sums` does both each night.
"""

import re
from collections import Counter, defaultdict
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
from newsletter.db.statuses import (
    ConsentChannel,
    ConsentEvent,
    IssueStatus,
    ItemKind,
    ReportKind,
    WithdrawalReason,
)
from newsletter.delivery.bounces.handling import NO_BOUNCE
from newsletter.delivery.progress import COUNTED, Counts
from newsletter.digest.issues import Issue
from newsletter.readers.consents import CHANNEL_WORDS

_OVER = (IssueStatus.SENT, IssueStatus.CANCELLED)
#: What is asked for in one statement: SQLite takes no more than some thousands of values.
_TOGETHER = 500

#: Reasons that are no answer of somebody who left.
_NOT_LEFT = frozenset({WithdrawalReason.COMPLAINT, WithdrawalReason.SUPPRESSED, WithdrawalReason.ERASED})
#: Dates in the words of whoever imported the readers: each line may have its own.
_DATE = re.compile(r"\d{4}-\d\d-\d\d\S*")
_SUM_KEY = ("week_on", "event", "channel", "reason", "source", "issue_id")

#: Bounces and complaints still come for a while; then an issue's sums are kept.
SETTLED_AFTER = timedelta(days=30)
#: Consents that one transaction sums up, and that a page adds to what is remembered.
CHUNK, TAIL = 10_000, 3_000
#: A consent of a moment ago may have a smaller id than one that was committed before it.
SURE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCounts(Counts):
    """An issue's counts with what came back after its copies were accepted: bounces and complaints."""

    bounced: int = 0
    complained: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSum:
    """How many consents of one week came or ended in the same way. `reason` is empty and `issue_id` 0 for none."""

    week_on: date
    event: ConsentEvent
    channel: ConsentChannel
    reason: str
    source: str
    issue_id: int
    count: int

    @property
    def is_joining(self) -> bool:
        return self.event is not ConsentEvent.WITHDRAWN

    @property
    def label(self) -> str:
        """Where they came from or how they left, in a few words."""
        channel = CHANNEL_WORDS[self.channel]
        if self.event is ConsentEvent.RESTORED:
            return "came back"
        if self.event is ConsentEvent.WITHDRAWN:
            return f"{self.reason}: {channel}" if self.reason in _NOT_LEFT else channel
        if self.event is ConsentEvent.IMPORTED:
            return f"import: {self.source or 'not said'}"
        return self.source or channel


# Sums of issues. Nothing commits until `remember`.


def _begun_issues(connection: Connection, most: int, issue_id: int | None = None) -> list[Issue]:
    """List the issues that have begun to go out, the newest first; only this one where one is asked for."""
    query = select(issues).where(issues.c.started_at.is_not(None))
    if issue_id is not None:
        query = query.where(issues.c.id == issue_id)
    newest = query.order_by(issues.c.started_at.desc(), issues.c.id.desc()).limit(most)
    return [Issue(**row) for row in connection.execute(newest).mappings()]


def get_issue_counts(connection: Connection, issue_ids: Sequence[int]) -> dict[int, IssueCounts]:
    """Return the counts of these issues: as they were kept, else from their batches and reports."""
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
    counted = counted.where(*of_issues, reports.c.outcome.not_in(NO_BOUNCE))
    for row in connection.execute(counted.group_by(reports.c.issue_id, reports.c.kind)):
        found[row.issue_id][kinds[row.kind]] = row.number
    return {issue_id: IssueCounts(**counts) for issue_id, counts in found.items()}


def keep_sums(connection: Connection, before: datetime) -> int:
    """Store the counts of the issues that were over by then; return how many issues that were."""
    query = select(issues.c.id).where(
        issues.c.started_at.is_not(None),
        issues.c.status.in_(_OVER),
        func.coalesce(issues.c.finished_at, issues.c.updated_at) < before,
        issues.c.id.not_in(select(issue_sums.c.issue_id)),
    )
    over = connection.execute(query).scalars().all()
    sums = get_issue_counts(connection, over)
    rows = [
        {"issue_id": each, **{field.name: getattr(sums[each], field.name) for field in fields(IssueCounts)}}
        for each in over
    ]
    if rows:
        connection.execute(insert(issue_sums), rows)
    return len(rows)


# Sums of consents.


def last_summed(connection: Connection) -> int:
    query = select(summed.c.last_id).where(summed.c.name == "consents")
    return connection.execute(query).scalar() or 0


def sums_since(connection: Connection, since: date) -> tuple[ConsentSum, ...]:
    """Return the sums of the weeks since then."""
    rows = connection.execute(select(consent_sums).where(consent_sums.c.week_on >= since))
    return tuple(ConsentSum(**row._mapping) for row in rows)


def count_farewells(connection: Connection) -> dict[int, int]:
    """Return how many left by each issue's link or mail, as far as it is summed up; complaints are counted elsewhere."""
    query = select(consent_sums.c.issue_id, func.sum(consent_sums.c.count).label("gone"))
    left = (
        consent_sums.c.issue_id > 0,
        consent_sums.c.event == ConsentEvent.WITHDRAWN,
        consent_sums.c.reason != WithdrawalReason.COMPLAINT.value,
    )
    rows = connection.execute(query.where(*left).group_by(consent_sums.c.issue_id))
    return {row.issue_id: int(row.gone) for row in rows}


def consents_after(connection: Connection, last_id: int, most: int) -> tuple[ConsentSum, ...]:
    """Return the next consents, summed up."""
    return _summed(connection.execute(_next(last_id, most)).all())


def sum_up_consents(connection: Connection, most: int, *, before: datetime) -> int:
    """Add the next consents from before a moment to the sums; return how many."""
    last_id = last_summed(connection)
    rows = connection.execute(_next(last_id, most)).all()
    ripe = next((place for place, row in enumerate(rows) if row.at >= before), len(rows))
    if not ripe:
        return 0
    if sums := _summed(rows[:ripe]):
        statement = insert_into(consent_sums, connection.dialect.name)
        more = {"count": consent_sums.c.count + statement.excluded.count}
        upsert = statement.on_conflict_do_update(index_elements=_SUM_KEY, set_=more)
        connection.execute(upsert, [asdict(each) for each in sums])
    last = rows[ripe - 1].id
    known = update(summed).where(summed.c.name == "consents").values(last_id=last)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(summed).values(name="consents", last_id=last))
    return ripe


def _next(last_id: int, most: int) -> Any:
    columns = (consents.c[name] for name in ("id", "event", "at", "channel", "reason", "source", "issue_id"))
    return select(*columns).where(consents.c.id > last_id).order_by(consents.c.id).limit(most)


def _is_of_before(row: Row[Any]) -> bool:
    """Return whether a consent was given to another program; that its reader was imported is another row."""
    return row.channel is ConsentChannel.IMPORT and row.event is not ConsentEvent.IMPORTED


def _summed(rows: Sequence[Row[Any]]) -> tuple[ConsentSum, ...]:
    counts = Counter(
        (
            row.at.date() - timedelta(days=row.at.weekday()),
            row.event,
            row.channel,
            row.reason or "",
            " ".join(_DATE.sub("", row.source).split())[:100],
            row.issue_id or 0,
        )
        for row in rows
        if row.event is not ConsentEvent.REQUESTED and not _is_of_before(row)
    )
    return tuple(
        ConsentSum(**dict(zip(_SUM_KEY, key, strict=True)), count=count) for key, count in counts.items()
    )


# The reports.


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReport:
    """An issue that has begun to go out, and what became of it. `left` are those who left by its link or mail."""

    issue: Issue
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


def list_issue_reports(database: Database, most: int) -> tuple[IssueReport, ...]:
    """Report on the issues that have begun to go out, the newest first."""
    with database.read() as connection:
        return _report_on(connection, _begun_issues(connection, most))


def find_issue_report(database: Database, issue_id: int) -> IssueReport | None:
    """Report on one issue; None for one that has not begun."""
    with database.read() as connection:
        return next(iter(_report_on(connection, _begun_issues(connection, 1, issue_id))), None)


def _report_on(connection: Connection, begun: Sequence[Issue]) -> tuple[IssueReport, ...]:
    counts = get_issue_counts(connection, [each.id for each in begun])
    left = count_farewells(connection)
    for tail in consents_after(connection, last_summed(connection), TAIL):
        if not tail.is_joining and tail.reason != WithdrawalReason.COMPLAINT:
            left[tail.issue_id] = left.get(tail.issue_id, 0) + tail.count
    return tuple(
        IssueReport(issue=each, started_at=each.started_at, counts=counts[each.id], left=left.get(each.id, 0))
        for each in begun
        if each.started_at is not None
    )


def readers_over_time(database: Database, since: date) -> tuple[Growth, ...]:
    """Return the weeks since then in which anybody joined or left, the oldest first."""
    with database.read() as connection:
        known = sums_since(connection, since)
        tail = consents_after(connection, last_summed(connection), TAIL)
    return tuple(_weeks((*known, *(each for each in tail if each.week_on >= since))))


def _weeks(sums: Iterable[ConsentSum]) -> Iterable[Growth]:
    joined: dict[date, Counter[str]] = defaultdict(Counter)
    gone: dict[date, Counter[str]] = defaultdict(Counter)
    for each in sums:
        (joined if each.is_joining else gone)[each.week_on][each.label] += each.count
    for week_on in sorted({*joined, *gone}):
        yield Growth(
            week_on=week_on,
            joined=tuple(joined[week_on].most_common()),
            gone=tuple(gone[week_on].most_common()),
        )


def remember(database: Database, now: datetime) -> str:
    """Sum up what has not been: consents in parts, and issues that are long over. Commits; returns what was done, in words."""
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


def votes_by_issue(app: App) -> dict[int, int]:
    """Return by issue id the votes on what it brought, once voting has closed, ship and skip together; none for most."""
    with app.content() as content:
        totals = content.reader_votes()
    if not totals:
        return {}
    compared, brought = sorted({each.comparison_id for each in totals}), dict[str, int]()
    with app.database.read() as connection:
        for start in range(0, len(compared), _TOGETHER):
            some = publications.c.key.in_(compared[start : start + _TOGETHER])
            query = select(publications.c.key, publications.c.issue_id).where(
                publications.c.kind == ItemKind.COMPARISON, some
            )
            brought |= {row.key: row.issue_id for row in connection.execute(query)}
    found: dict[int, int] = defaultdict(int)
    for each in totals:
        if each.comparison_id in brought:
            found[brought[each.comparison_id]] += each.ship + each.skip
    return dict(found)
