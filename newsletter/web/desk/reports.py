"""Reports: of one issue, and of issues and readers over time. Pictures with the tables beside them, and CSV.

How the pictures are drawn is in charts.py; an issue while it is being sent is shown by progress.py.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from io import StringIO

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from newsletter.db.statuses import ClickKind
from newsletter.digest.clicks import clicks_by_issue, clicks_of
from newsletter.digest.errata import errata_of
from newsletter.digest.wording import clip
from newsletter.editing.reports import (
    Growth,
    IssueReport,
    find_issue_report,
    list_issue_reports,
    readers_over_time,
    votes_by_issue,
)
from newsletter.web.dependencies import Installed, OneIssue
from newsletter.web.desk.auth import AnyEditor
from newsletter.web.desk.charts import COLOURS, bars, lines_over_time
from newsletter.web.desk.layout import show_desk
from newsletter.web.desk.progress import feed_of

router = APIRouter(include_in_schema=False)

#: Issues and weeks that are shown at first; a file has all of them.
MOST, ALL = 52, 100_000
WEEKS = timedelta(weeks=52)
#: Lines in a picture; the rest of the sources go together.
_SOURCES = len(COLOURS) - 1
_COLUMNS = ("readers", "accepted", "rejected", "skipped", "unsure", "open", "bounced", "complained")
_CLICKS = tuple(f"clicks_{kind}" for kind in ClickKind)


@router.get("/desk/report")
def report(request: Request, app: Installed, editor: AnyEditor) -> Response:
    lines, votes = list_issue_reports(app.database, MOST), votes_by_issue(app)
    growth = readers_over_time(app.database, app.clock.now().date() - WEEKS)
    joined = Counter[str]()
    for week in growth:
        joined.update(dict(week.joined))
    sources = sorted(joined, key=lambda source: (-joined[source], source))[:_SOURCES]
    return show_desk(
        request,
        "desk/report",
        editor,
        "report",
        lines=lines,
        votes={each.issue.id: votes[each.issue.id] for each in lines if each.issue.id in votes},
        accepted=lines_over_time([_series(lines, name) for name in ("accepted", "readers")]),
        losses=lines_over_time([_series(lines, name) for name in ("rejected", "left", "complained")]),
        sources=sources,
        weeks=[(each, _by_source(each, sources)) for each in reversed(growth)],
        joined=_joined(growth, sources),
    )


@router.get("/desk/report/issues.csv")
def issues_csv(app: Installed, editor: AnyEditor) -> Response:
    votes = votes_by_issue(app)
    with app.database.read() as connection:
        clicks = clicks_by_issue(connection)
    heads = ("issue", "edition", "began", "status", *_COLUMNS, "left", "votes", *_CLICKS)
    rows = (
        (
            each.issue.label,
            each.issue.edition.value,
            each.started_at.isoformat(timespec="seconds"),
            each.issue.status.value,
            *(getattr(each.counts, name) for name in _COLUMNS),
            each.left,
            votes.get(each.issue.id, 0),
            *(clicks.get(each.issue.id, {}).get(kind, 0) for kind in ClickKind),
        )
        for each in list_issue_reports(app.database, ALL)
    )
    return _csv("issues.csv", heads, rows)


@router.get("/desk/report/readers.csv")
def readers_csv(app: Installed, editor: AnyEditor) -> Response:
    rows = (
        (each.week_on.isoformat(), what, source, count)
        for each in readers_over_time(app.database, date(1970, 1, 1))
        for what, counts in (("joined", each.joined), ("gone", each.gone))
        for source, count in counts
    )
    return _csv("readers.csv", ("week", "what", "source", "readers"), rows)


@router.get("/desk/issues/{issue_id}/report")
def issue_report(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue) -> Response:
    with app.database.read() as connection:
        errata, clicks = errata_of(connection, issue.id), clicks_of(connection, issue.id)
    line = find_issue_report(app.database, issue.id)
    feed = feed_of(request)
    snapshot = feed.snapshot(issue.id)
    if snapshot.situation.issue != issue:
        # One of a second ago may say "left" beside "finished".
        feed.forget(issue.id)
        snapshot = feed.snapshot(issue.id)
    return show_desk(
        request,
        "desk/issue-report",
        editor,
        "report",
        issue=issue,
        line=line,
        votes=votes_by_issue(app).get(issue.id, 0),
        snapshot=snapshot,
        picture=bars(_parts(line)) if line else Markup(""),
        domains=bars(
            [(clip(name or "all others", 24), counts.done) for name, counts in snapshot.domains.items()]
        ),
        errata=errata,
        clicks=clicks,
    )


@router.get("/desk/issues/{issue_id}/report.csv")
def issue_csv(request: Request, app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    """Write the counts by domain, as far as they are known, then all together."""
    snapshot = feed_of(request).snapshot(issue_id)
    names = ("accepted", "rejected", "skipped", "unsure")
    rows = [
        (domain or "all others", *(getattr(counts, name) for name in names))
        for domain, counts in snapshot.domains.items()
    ]
    rows.append(("all", *(getattr(snapshot.situation.counts, name) for name in names)))
    return _csv(f"issue-{issue_id}.csv", ("domain", *names), rows)


@router.get("/desk/issues/{issue_id}/clicks.csv")
def clicks_csv(app: Installed, editor: AnyEditor, issue: OneIssue) -> Response:
    """Write the clicks by link, in the order of the mail."""
    with app.database.read() as connection:
        counted = clicks_of(connection, issue.id)
    rows = (
        (each.link.number, each.link.place, each.link.url, *(getattr(each, kind) for kind in ClickKind))
        for each in counted
    )
    return _csv(f"clicks-{issue.id}.csv", ("link", "place", "url", *ClickKind), rows)


def _parts(line: IssueReport) -> list[tuple[str, int]]:
    counts = line.counts
    named = [(name, getattr(counts, name)) for name in ("accepted", "rejected", "skipped", "unsure")]
    named += [("waiting", counts.open), ("complained", counts.complained), ("unsubscribed", line.left)]
    return [(name, count) for name, count in named if count]


def _series(lines: Sequence[IssueReport], name: str) -> tuple[str, list[tuple[date, float]]]:
    """Return one figure of each issue by the day it began, the oldest first."""
    points = [
        (each.started_at.date(), float(each.left if name == "left" else getattr(each.counts, name)))
        for each in reversed(lines)
        if each.counts.readers
    ]
    return "unsubscribed" if name == "left" else name, points


def _by_source(growth: Growth, sources: Sequence[str]) -> tuple[int, ...]:
    """Return how many joined from each of these sources, and from all others."""
    joined = dict(growth.joined)
    shown = tuple(joined.get(source, 0) for source in sources)
    return (*shown, growth.all_joined - sum(shown))


def _joined(growth: Sequence[Growth], sources: Sequence[str]) -> Markup:
    names = (*(clip(each, 28) for each in sources), "others")
    series = [
        (name, [(each.week_on, float(_by_source(each, sources)[place])) for each in growth])
        for place, name in enumerate(names)
    ]
    return lines_over_time([each for each in series if any(value for _, value in each[1])])


def _csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    file = StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([_safe(each) for each in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _safe(value: object) -> object:
    """Keep a text that a spreadsheet would take for a formula from being one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
