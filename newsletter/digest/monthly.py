"""The monthly issue: what the month's weekly issues said, from what their approvals froze. It publishes nothing anew.

Each week's lead with its bottom line, the largest changes, and one linked line for everything else. No store of
content is opened: a figure stands here as the weekly issue printed it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain, zip_longest

from sqlalchemy import Connection, select

from newsletter.config import Settings
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, ItemKind
from newsletter.digest.archive import SHOWN, ArchivedIssue, corrected, read_issues
from newsletter.digest.content import (
    ChangeLine,
    CitedSource,
    Figure,
    Followed,
    Grounds,
    IssueContent,
    Lead,
    Link,
    Masthead,
    MonthLine,
    PrintedDispute,
    Sources,
    Week,
)
from newsletter.digest.errata import all_errata
from newsletter.digest.issues import Issue
from newsletter.digest.links import affiliate_notice, archive_url, footer_of
from newsletter.digest.panel import GENERAL_KEY
from newsletter.digest.subject import PREHEADER_CHARS, SUBJECT_CHARS
from newsletter.digest.wording import clip, plain
from newsletter.digest.writing import count_issue_words, minutes

#: The changes that a monthly issue names, and its lines: what is beyond is in the archive.
CHANGES, LINES = 8, 60

#: The first monthly issue has none before it: it looks back as far as the longest month.
LONGEST_MONTH = timedelta(days=31)


def write_monthly_issue(
    issue: Issue, weeks: Sequence[ArchivedIssue], settings: Settings, *, number: int
) -> IssueContent:
    """The monthly issue of these weekly ones, the newest first."""
    changes = _changes(weeks)
    lines = _lines(weeks)
    shown = tuple(_week(each, settings) for each in weeks if each.letter.lead is not None)
    subject = issue.subject or _subject(weeks, settings)
    letter = IssueContent(
        subject=plain(subject),
        preheader=plain(issue.preheader or _preheader(subject, shown, changes)),
        masthead=Masthead(
            name=settings.site.name,
            edition=issue.edition,
            number=number,
            date_on=date.fromisoformat(issue.slot[:10]),
            minutes=1,
        ),
        note=issue.note,
        findings=(),
        lead=None,
        changes=tuple(change for change, _ in changes),
        more=(),
        cards=(),
        rest=_rest(len(lines), settings),
        answer=None,
        sources=_sources(weeks),
        footer=footer_of(settings),
        grounds=tuple(_grounds(weeks, [claims for _, claims in changes])),
        followed=_followed(weeks),
        weeks=_with_bottom_line(shown, issue.bottom_line),
        lines=lines[:LINES],
        key=_key(weeks),
    )
    letter = replace(letter, footer=replace(letter.footer, affiliate_notice=affiliate_notice(letter)))
    length = minutes(count_issue_words(letter))
    return replace(letter, masthead=replace(letter.masthead, minutes=length))


def _key(weeks: Sequence[ArchivedIssue]) -> str:
    """What the numbers in the bottom lines mean: the weeks' own words, if they all used the same."""
    keys = {each.letter.key for each in weeks if each.letter.key}
    return GENERAL_KEY if len(keys) > 1 else next(iter(keys), "")


def month_of(weeks: Sequence[ArchivedIssue]) -> str:
    """The month that the newest of these weekly issues belongs to: "November 2026"."""
    return f"{weeks[0].letter.masthead.date_on:%B %Y}"


def _week(issue: ArchivedIssue, settings: Settings) -> Week:
    lead = issue.letter.lead
    assert lead is not None
    whole = Link(label=f"Issue {issue.number}", url=f"{archive_url(settings)}/{issue.slug}")
    return Week(
        number=issue.number,
        date_on=issue.letter.masthead.date_on,
        comparison_id=lead.comparison_id,
        headline=lead.headline,
        bottom_line=lead.bottom_line,
        left=lead.left.name,
        right=lead.right.name,
        left_id=lead.left.tool_id,
        right_id=lead.right.tool_id,
        pick_left_if=lead.pick_left_if,
        pick_right_if=lead.pick_right_if,
        link=lead.link,
        issue=whole if issue.archived else None,
        corrections=tuple(f"We wrote “{each.said}”. Right is: {each.right}" for each in issue.errata),
    )


def _with_bottom_line(weeks: tuple[Week, ...], written: str) -> tuple[Week, ...]:
    """What an editor writes over the bottom line is said of the newest week, which comes first."""
    if not written or not weeks:
        return weeks
    return (replace(weeks[0], bottom_line=written), *weeks[1:])


def _changes(weeks: Sequence[ArchivedIssue]) -> list[tuple[ChangeLine, tuple[str, ...]]]:
    """The largest changes with what they stand on: the first of each week, then the second; of a tool the latest."""
    by_week = (
        [(change, _grounds_of(week, f"changes.{place}")) for place, change in enumerate(week.letter.changes)]
        for week in weeks
    )
    found: dict[str, tuple[ChangeLine, tuple[str, ...]]] = {}
    for each in chain.from_iterable(zip_longest(*by_week)):
        if each is not None:
            found.setdefault(each[0].tool_id, each)
    return list(found.values())[:CHANGES]


def _lines(weeks: Sequence[ArchivedIssue]) -> tuple[MonthLine, ...]:
    """One line for everything that is neither a lead nor a change; of a tool that came twice the latest."""
    found: dict[str, MonthLine] = {}
    for line in chain.from_iterable(_lines_of(week) for week in weeks):
        found.setdefault(line.key, line)
    return tuple(found.values())


def _lines_of(week: ArchivedIssue) -> Iterator[MonthLine]:
    nothing = Figure(text="")
    for brief in week.letter.more:
        link = replace(brief.link, label=brief.headline)
        yield MonthLine(key=f"comparison-{brief.comparison_id}", topic=brief.topic, link=link, split=nothing)
    for card in week.letter.cards:
        link = card.link or Link(label=card.name, url="")
        yield MonthLine(key=f"tool-{card.tool_id}", topic=card.topic, link=link, split=card.split)
    for mention in week.record.mentions:
        kind = "comparison" if mention.kind is ItemKind.COMPARISON else "tool"
        link = mention.link or Link(label=mention.label, url="")
        topic = next(iter(mention.categories), "")
        yield MonthLine(key=f"{kind}-{mention.key}", topic=topic, link=link, split=nothing)


def _rest(lines: int, settings: Settings) -> tuple[Link, ...]:
    """Where the lines beyond the limit are."""
    more = lines - LINES
    return (Link(label=f"{more:,} more in the archive", url=archive_url(settings)),) if more > 0 else ()


def _followed(weeks: Sequence[ArchivedIssue]) -> tuple[Followed, ...]:
    """The latest news of each tool that somebody follows; then those without any."""
    latest: dict[str, Followed] = {}
    for each in chain.from_iterable(week.letter.followed for week in weeks):
        known = latest.get(each.tool_id)
        if known is None or (each.words and not known.words):
            latest[each.tool_id] = each
    return tuple(sorted(latest.values(), key=lambda each: not each.words))


def _sources(weeks: Sequence[ArchivedIssue]) -> Sources:
    """The sources of the weekly issues, each once, as the newest of them dates it."""
    origins: dict[tuple[str, str], CitedSource] = {}
    disputes: dict[tuple[str, str], PrintedDispute] = {}
    for week in weeks:
        for origin in week.letter.sources.origins:
            origins.setdefault((origin.name, origin.url), origin)
        for dispute in week.letter.sources.disputes:
            disputes.setdefault((dispute.tool_id, dispute.attribute), dispute)
    return Sources(origins=tuple(origins.values()), disputes=tuple(disputes.values()))


def _grounds(weeks: Sequence[ArchivedIssue], changes: Iterable[tuple[str, ...]]) -> Iterator[Grounds]:
    led = (week for week in weeks if week.letter.lead is not None)
    for place, week in enumerate(led):
        if claims := _grounds_of(week, "lead"):
            yield Grounds(where=f"weeks.{place}", claims=claims)
    for place, claims in enumerate(changes):
        if claims:
            yield Grounds(where=f"changes.{place}", claims=claims)


def _grounds_of(week: ArchivedIssue, where: str) -> tuple[str, ...]:
    return next((each.claims for each in week.letter.grounds if each.where == where), ())


def _subject(weeks: Sequence[ArchivedIssue], settings: Settings) -> str:
    """The month, and the lead on which the panel was clearest, as fully as fits."""
    month = month_of(weeks)
    leads = [week.letter.lead for week in weeks if week.letter.lead is not None]
    clearest = max(leads, key=_margin, default=None)
    said = []
    if clearest is not None:
        left, right = clearest.left.name, clearest.right.name
        rest = len(leads) - 1
        more = f", and {rest} more comparison{'s' if rest > 1 else ''}" if rest else ""
        said = [f"{month}: {left} or {right}?{more}", f"{month}: {left} or {right}?"]
    said.append(clip(f"{settings.site.name}: {month}", SUBJECT_CHARS))
    return next(each for each in said if len(each) <= SUBJECT_CHARS)


def _margin(lead: Lead) -> int:
    """Points between the shares of the panel that ship either side; -1 where that is not known."""
    if lead.left.share is None or lead.right.share is None:
        return -1
    return abs(lead.left.share - lead.right.share)


def _preheader(
    subject: str, weeks: Sequence[Week], changes: Sequence[tuple[ChangeLine, tuple[str, ...]]]
) -> str:
    """The largest change or a bottom line, and the leads that the subject does not name."""
    lines = [*(change.words for change, _ in changes), *(week.bottom_line for week in weeks)]
    said = next((each for each in lines if len(each) <= PREHEADER_CHARS), "")
    for week in weeks:
        joined = (
            f"{said} Also: {week.headline}." if "Also: " not in said else f"{said[:-1]}, {week.headline}."
        )
        if week.left in subject or len(joined.strip()) > PREHEADER_CHARS:
            continue
        said = joined.strip()
    return said or next((clip(each, PREHEADER_CHARS) for each in lines if each), "")


def month_before(moment: datetime) -> datetime:
    """Where the first monthly issue begins."""
    return moment - LONGEST_MONTH


# The query of the monthly issue: which weekly issues it is made from.


def weeks_between(connection: Connection, since: datetime, until: datetime) -> tuple[ArchivedIssue, ...]:
    """The weekly issues that began to go out after `since`, up to `until`, the newest first; none that was cancelled."""
    query = select(issues.c.id).where(
        issues.c.edition == Edition.WEEKLY,
        issues.c.status.in_(SHOWN),
        issues.c.started_at > since,
        issues.c.started_at <= until,
    )
    ids = connection.execute(query.order_by(issues.c.started_at.desc(), issues.c.id.desc())).scalars()
    errata = all_errata(connection)
    return tuple(corrected(each, errata) for each in read_issues(connection, ids.all()))
