"""What became of issues and of readers: of one issue, and over time. Pictures with the tables beside them, and CSV."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from io import StringIO
from typing import ClassVar

import leather
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from newsletter.app import App
from newsletter.db.statuses import ClickKind
from newsletter.digest.clicks import LinkClicks, clicks_by_issue, clicks_of
from newsletter.digest.errata import Erratum, errata_of
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.digest.wording import clip
from newsletter.editing.reports import (
    Growth,
    IssueLine,
    issue_line,
    issue_lines,
    readers_over_time,
    votes_by_issue,
)
from newsletter.web.desk.auth import AnyEditor
from newsletter.web.desk.layout import DeskFrame, DeskPage
from newsletter.web.desk.progress import Look, label_of, live_of
from newsletter.web.pages import Installed, show

# Pictures of numbers, drawn by leather as SVG without script or style; their colours are the pages' own.
#
# Each stands beside a table that says the same, so a picture is hidden from those who hear the page.

_WIDTH, _LINES, _BAR = 480, 240, 34
#: Of style.css: they turn with the scheme.
COLOURS = ("var(--ship)", "var(--skip)", "var(--ink)", "var(--muted)", "var(--warn)")


def lines_over_time(series: Sequence[tuple[str, Sequence[tuple[date, float]]]]) -> Markup:
    """A line for each series of points on two days or more; nothing where there is none."""
    drawn = [(name, points) for name, points in series if len({day for day, _ in points}) > 1]
    if not drawn:
        return Markup("")
    chart = leather.Chart()
    most = max(value for _, points in drawn for _, value in points)
    chart.add_y_scale(0, _round_up(most))
    for place, (name, points) in enumerate(drawn):
        chart.add_line(list(points), name=name, stroke_color=COLOURS[place % len(COLOURS)], width=2)
    days = max(points[-1][0] for _, points in drawn) - min(points[0][0] for _, points in drawn)
    named = "%b %Y" if days.days > 120 else "%d %b"
    chart.add_x_axis(tick_formatter=lambda day, _place, _count: day.strftime(named))
    chart.add_y_axis(tick_formatter=_number)
    return _picture(chart, _LINES)


def bars(lines: Sequence[tuple[str, int]]) -> Markup:
    """A bar for each line, the first at the top; nothing for no lines."""
    if not any(value for _, value in lines):
        return Markup("")
    chart = leather.Chart()
    chart.add_x_scale(0, _round_up(max(value for _, value in lines)))
    chart.add_bars([(value, name) for name, value in lines], fill_color=COLOURS[0])
    chart.add_x_axis(tick_formatter=_number)
    return _picture(chart, 80 + _BAR * len(lines))


def _picture(chart: leather.Chart, height: int) -> Markup:
    svg: str = chart.to_svg(width=_WIDTH, height=height)
    size = f'<svg width="{_WIDTH}" height="{height}"'
    sized = f'<svg viewBox="0 0 {_WIDTH} {height}" class="chart" aria-hidden="true" focusable="false"'
    # What leather writes is its own markup, with every name in it escaped.
    return Markup(svg.replace(size, sized, 1))


def _number(value: Decimal | float, _place: int, _count: int) -> str:
    """ "1.5M", "50k", "120": marks stand close together."""
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= 10 * unit or (value >= unit and unit > 1_000):
            return f"{float(value) / unit:.4g}{sign}"
    return f"{float(value):,.4g}" if value < 1_000 else f"{value:,.0f}"


def _round_up(most: float) -> Decimal:
    """The end of an axis: one or two figures and noughts, so that its marks are whole."""
    if most <= 4:
        return Decimal(4) if most > 1 else Decimal(1)
    unit = Decimal(10) ** (len(str(int(most))) - 1) / 2
    return (Decimal(str(most)) / unit / 4).to_integral_value(ROUND_CEILING) * unit * 4


router = APIRouter(include_in_schema=False)

#: Issues and weeks that are shown at first; a file has all of them.
MOST, ALL = 52, 100_000
WEEKS = timedelta(weeks=52)
#: Lines in a picture; the rest of the sources go together.
_SOURCES = len(COLOURS) - 1
_COLUMNS = ("readers", "accepted", "rejected", "skipped", "unsure", "open", "bounced", "complained")
_CLICKS = tuple(f"clicks_{kind}" for kind in ClickKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An issue in the table."""

    line: IssueLine
    votes: int
    #: Of its links, by kind of visitor; empty where none were counted.
    clicks: Mapping[ClickKind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage(DeskPage):
    """Issues and readers over time. Votes have a column once there are any."""

    template: ClassVar[str] = "desk/report"
    outcomes: tuple[Outcome, ...]
    has_votes: bool
    accepted: Markup
    losses: Markup
    sources: tuple[str, ...]
    weeks: tuple[tuple[Growth, tuple[int, ...]], ...]
    joined: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReportPage(DeskPage):
    """What became of one issue; `outcome` is None before it has begun."""

    template: ClassVar[str] = "desk/issue-report"
    issue: Issue
    label: str
    outcome: Outcome | None
    look: Look
    picture: Markup
    domains: Markup
    errata: tuple[Erratum, ...]
    #: By link, in the order of the mail; none where clicks were not to be counted.
    clicks: tuple[LinkClicks, ...]


@router.get("/desk/report")
def report(request: Request, app: Installed, editor: AnyEditor) -> Response:
    outcomes = _outcomes(app, MOST)
    growth = readers_over_time(app.database, _since(app))
    sources = _largest_sources(growth)
    weeks = tuple((each, _by_source(each, sources)) for each in reversed(growth))
    page = ReportPage(
        desk=DeskFrame.of(request, editor, "report"),
        outcomes=outcomes,
        has_votes=any(each.votes for each in outcomes),
        accepted=lines_over_time([_series(outcomes, name) for name in ("accepted", "readers")]),
        losses=lines_over_time([_series(outcomes, name) for name in ("rejected", "left", "complained")]),
        sources=sources,
        weeks=weeks,
        joined=_joined(growth, sources),
    )
    return show(request, page)


@router.get("/desk/report/issues.csv")
def issues_csv(app: Installed, editor: AnyEditor) -> Response:
    heads = ("issue", "edition", "began", "status", *_COLUMNS, "left", "votes", *_CLICKS)
    rows = (
        (
            each.line.label,
            each.line.edition.value,
            each.line.started_at.isoformat(timespec="seconds"),
            each.line.status.value,
            *(getattr(each.line.counts, name) for name in _COLUMNS),
            each.line.left,
            each.votes,
            *(each.clicks.get(kind, 0) for kind in ClickKind),
        )
        for each in _outcomes(app, ALL)
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
def issue_report(request: Request, app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    with app.database.read() as connection:
        issue, errata = get_issue(connection, issue_id), errata_of(connection, issue_id)
        clicks = clicks_of(connection, issue_id)
    outcome, look = _outcome(app, issue_id), _look(request, issue)
    page = IssueReportPage(
        desk=DeskFrame.of(request, editor, "report"),
        issue=issue,
        label=label_of(issue),
        outcome=outcome,
        look=look,
        picture=bars(_parts(outcome)) if outcome else Markup(""),
        domains=bars(
            [(clip(name or "all others", 24), counts.done) for name, counts in look.domains.items()]
        ),
        errata=errata,
        clicks=clicks,
    )
    return show(request, page)


def _look(request: Request, issue: Issue) -> Look:
    """A look at the issue as it is now: one of a second ago may say "is left" beside "finished"."""
    live = live_of(request)
    look = live.look(issue.id)
    if look.situation.issue == issue:
        return look
    live.forget(issue.id)
    return live.look(issue.id)


@router.get("/desk/issues/{issue_id}/report.csv")
def issue_csv(request: Request, app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    """By domain, as far as they are counted, then all together."""
    look = live_of(request).look(issue_id)
    names = ("accepted", "rejected", "skipped", "unsure")
    rows = [
        (domain or "all others", *(getattr(counts, name) for name in names))
        for domain, counts in look.domains.items()
    ]
    rows.append(("all", *(getattr(look.situation.counts, name) for name in names)))
    return _csv(f"issue-{issue_id}.csv", ("domain", *names), rows)


@router.get("/desk/issues/{issue_id}/clicks.csv")
def clicks_csv(app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    """By link, in the order of the mail."""
    with app.database.read() as connection:
        counted = clicks_of(connection, get_issue(connection, issue_id).id)
    rows = (
        (each.link.number, each.link.place, each.link.url, *(getattr(each, kind) for kind in ClickKind))
        for each in counted
    )
    return _csv(f"clicks-{issue_id}.csv", ("link", "place", "url", *ClickKind), rows)


def _outcomes(app: App, most: int) -> tuple[Outcome, ...]:
    votes = votes_by_issue(app)
    with app.database.read() as connection:
        clicks = clicks_by_issue(connection)
    return tuple(
        Outcome(line=each, votes=votes.get(each.id, 0), clicks=clicks.get(each.id, {}))
        for each in issue_lines(app.database, most)
    )


def _outcome(app: App, issue_id: int) -> Outcome | None:
    line = issue_line(app.database, issue_id)
    return None if line is None else Outcome(line=line, votes=votes_by_issue(app).get(issue_id, 0))


def _parts(outcome: Outcome) -> list[tuple[str, int]]:
    counts = outcome.line.counts
    named = [(name, getattr(counts, name)) for name in ("accepted", "rejected", "skipped", "unsure")]
    named += [
        ("still to go", counts.open),
        ("complained", counts.complained),
        ("left by it", outcome.line.left),
    ]
    return [(name, count) for name, count in named if count]


def _series(outcomes: Sequence[Outcome], name: str) -> tuple[str, list[tuple[date, float]]]:
    """One figure of each issue by the day it began, the oldest first."""
    points = [
        (each.line.started_at.date(), _figure(each.line, name))
        for each in reversed(outcomes)
        if each.line.counts.readers
    ]
    return name, points


def _figure(line: IssueLine, name: str) -> float:
    return float(line.left if name == "left" else getattr(line.counts, name))


def _since(app: App) -> date:
    return app.clock.now().date() - WEEKS


def _largest_sources(growth: Iterable[Growth]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for each in growth:
        for source, count in each.joined:
            counts[source] = counts.get(source, 0) + count
    return tuple(sorted(counts, key=lambda source: (-counts[source], source))[:_SOURCES])


def _by_source(growth: Growth, sources: Sequence[str]) -> tuple[int, ...]:
    """How many joined from each of these sources, and from all others."""
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
    """A text that a spreadsheet would take for a formula is kept from being one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
