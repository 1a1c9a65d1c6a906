"""The monthly issue: what the month's weekly issues said, from what their approvals froze. It publishes nothing anew.

Each week's lead with its bottom line, the largest changes, and one linked line for everything else. No store of
content is opened: a figure stands here as the weekly issue printed it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from sqlalchemy import Connection, select

from newsletter.config import Settings
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, ItemKind
from newsletter.digest.archive import ArchivedIssue, corrected, read_issues
from newsletter.digest.content import (
    ChangeLine,
    CitedSource,
    Figure,
    Followed,
    IssueContent,
    Lead,
    Link,
    MonthLine,
    PrintedDispute,
    Sources,
    Week,
)
from newsletter.digest.errata import all_errata
from newsletter.digest.issues import SHOWN, Issue
from newsletter.digest.links import archive_url, footer_of
from newsletter.digest.panel import general_key
from newsletter.digest.subject import PREHEADER_CHARS, SUBJECT_CHARS, first_that_fits, with_others
from newsletter.digest.wording import clip, plain
from newsletter.digest.writing import finished, masthead
from newsletter.language import Language

#: The changes that a monthly issue names, and its lines: what is beyond is in the archive.
CHANGES, LINES = 8, 60

#: The first monthly issue has none before it: it looks back as far as the longest month.
LONGEST_MONTH = timedelta(days=31)


def write_monthly_issue(
    issue: Issue, weeks: Sequence[ArchivedIssue], settings: Settings, *, number: int
) -> IssueContent:
    """Write the monthly issue of these weekly ones, the newest first."""
    lines = _lines(weeks)
    shown = tuple(_week(each, settings) for each in weeks if each.letter.lead is not None)
    changes = _changes(weeks)
    computed, about = _subject(weeks, settings)
    in_subject = {about}
    if issue.subject:
        in_subject = {each.comparison_id for each in shown if each.left in issue.subject}
    written = IssueContent(
        subject=plain(issue.subject or computed),
        preheader=plain(issue.preheader or _preheader(shown, changes, in_subject, settings.language)),
        masthead=masthead(issue, number, settings),
        note=issue.note,
        findings=(),
        lead=None,
        changes=changes,
        more=(),
        cards=(),
        rest=_rest(len(lines), settings),
        answer=None,
        sources=_sources(weeks),
        footer=footer_of(settings),
        followed=_followed(weeks),
        weeks=_with_bottom_line(shown, issue.bottom_line),
        lines=lines[:LINES],
        key=_key(weeks, settings.language),
    )
    return finished(written, settings.language)


def _key(weeks: Sequence[ArchivedIssue], language: Language) -> str:
    """Return what the numbers in the bottom lines mean: the weeks' own words, if they all used the same."""
    keys = {each.letter.key for each in weeks if each.letter.key}
    return general_key(language) if len(keys) > 1 else next(iter(keys), "")


def _week(issue: ArchivedIssue, settings: Settings) -> Week:
    lead = issue.letter.lead
    assert lead is not None
    _ = settings.language.gettext
    whole = Link(
        label=_("Issue %(number)s", number=issue.number), url=f"{archive_url(settings)}/{issue.slug}"
    )
    return Week(
        number=issue.number,
        date_on=issue.letter.masthead.date_on,
        comparison_id=lead.comparison_id,
        headline=lead.headline,
        bottom_line=lead.conclusion,
        left=lead.left.name,
        right=lead.right.name,
        left_id=lead.left.tool_id,
        right_id=lead.right.tool_id,
        pick_left_if=lead.pick_left_if,
        pick_right_if=lead.pick_right_if,
        link=lead.link,
        issue=whole if issue.archived else None,
        corrections=tuple(
            _("We wrote “%(said)s”. Right is: %(right)s", said=each.said, right=each.right)
            for each in issue.errata
        ),
    )


def _with_bottom_line(weeks: tuple[Week, ...], written: str) -> tuple[Week, ...]:
    """Put an editor's bottom line on the newest week, which comes first."""
    if not written or not weeks:
        return weeks
    return (replace(weeks[0], bottom_line=Figure(text=written)), *weeks[1:])


def _changes(weeks: Sequence[ArchivedIssue]) -> tuple[ChangeLine, ...]:
    """Return the largest changes: the first of each week, then the second. Of a tool only its latest week tells.

    What was corrected since is said beside its week, and is no change.
    """
    told: set[str] = set()
    latest: list[list[ChangeLine]] = []
    for week in weeks:
        by_tool = {each.tool_id: each for each in reversed(week.letter.changes) if each.tool_id not in told}
        told |= by_tool.keys()
        wrong = [re.compile(rf"(?<!\w){re.escape(each.said)}(?!\w)", re.I) for each in week.errata]
        latest.append(
            [
                each
                for each in week.letter.changes
                if by_tool.get(each.tool_id) is each
                and not any(said.search(each.words.text) for said in wrong)
            ]
        )
    found = [each for each in chain.from_iterable(zip_longest(*latest)) if each is not None]
    return tuple(found)[:CHANGES]


def _lines(weeks: Sequence[ArchivedIssue]) -> tuple[MonthLine, ...]:
    """Return one line for everything that is neither a lead nor a change; of a tool that came twice the latest."""
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
    """Return where the lines beyond the limit are."""
    more = lines - LINES
    language = settings.language
    label = language.gettext("%(count)s more in the archive", count=language.count(more))
    return (Link(label=label, url=archive_url(settings)),) if more > 0 else ()


def _followed(weeks: Sequence[ArchivedIssue]) -> tuple[Followed, ...]:
    """Return the latest news of each tool that somebody follows; then those without any."""
    latest: dict[str, Followed] = {}
    for each in chain.from_iterable(week.letter.followed for week in weeks):
        known = latest.get(each.tool_id)
        if known is None or (each.words and not known.words):
            latest[each.tool_id] = each
    return tuple(sorted(latest.values(), key=lambda each: not each.words))


def _sources(weeks: Sequence[ArchivedIssue]) -> Sources:
    """Return the sources of the weekly issues, each once, as the newest of them dates it."""
    origins: dict[tuple[str, str], CitedSource] = {}
    disputes: dict[tuple[str, str], PrintedDispute] = {}
    for week in weeks:
        for origin in week.letter.sources.origins:
            origins.setdefault((origin.name, origin.url), origin)
        for dispute in week.letter.sources.disputes:
            disputes.setdefault((dispute.tool_id, dispute.attribute), dispute)
    return Sources(origins=tuple(origins.values()), disputes=tuple(disputes.values()))


def _subject(weeks: Sequence[ArchivedIssue], settings: Settings) -> tuple[str, str]:
    """Return the month, and the lead on which the panel was clearest, as fully as fits; and the id of that comparison."""
    language = settings.language
    month = language.month(weeks[0].letter.masthead.date_on)
    leads = [week.letter.lead for week in weeks if week.letter.lead is not None]
    others = _comparisons(weeks) - 1
    clearest = max(leads, key=_margin, default=None)
    if clearest is not None:
        asked = language.gettext(
            "%(month)s: %(left)s or %(right)s?",
            month=month,
            left=clearest.left.name,
            right=clearest.right.name,
        )
        fullest = language.ngettext(
            "%(question)s, and %(count)s more comparison",
            "%(question)s, and %(count)s more comparisons",
            others,
            question=asked,
        )
        for said in (fullest, asked) if others else (asked,):
            if len(said) <= SUBJECT_CHARS:
                return said, clearest.comparison_id
    return clip(f"{settings.site.name}: {month}", SUBJECT_CHARS), ""


def _comparisons(weeks: Sequence[ArchivedIssue]) -> int:
    """Count the comparisons that the weeks led with, told in short or named."""
    keys = {line.key for line in _lines(weeks) if line.key.startswith("comparison-")}
    keys |= {f"comparison-{week.letter.lead.comparison_id}" for week in weeks if week.letter.lead is not None}
    return len(keys)


def _margin(lead: Lead) -> int:
    """Return the points between the shares of the panel that ship either side; -1 where that is not known."""
    if lead.left.share is None or lead.right.share is None:
        return -1
    return abs(lead.left.share - lead.right.share)


def _preheader(
    weeks: Sequence[Week], changes: Sequence[ChangeLine], in_subject: Collection[str], language: Language
) -> str:
    """Return the largest change or a bottom line, and the leads that the subject does not name."""
    lines = [*(each.words.text for each in changes), *(week.bottom_line.text for week in weeks)]
    said, named = first_that_fits(lines), list[str]()
    for week in weeks:
        more = [*named, week.headline]
        if week.comparison_id not in in_subject and len(with_others(said, more, language)) <= PREHEADER_CHARS:
            named = more
    return with_others(said, named, language) or next(
        (clip(each, PREHEADER_CHARS) for each in lines if each), ""
    )


# The query of the monthly issue: which weekly issues it is made from.


def weeks_between(connection: Connection, since: datetime, until: datetime) -> tuple[ArchivedIssue, ...]:
    """Return the weekly issues that began to go out after `since`, up to `until`, the newest first; none that was cancelled."""
    query = select(issues.c.id).where(
        issues.c.edition == Edition.WEEKLY,
        issues.c.status.in_(SHOWN),
        issues.c.started_at > since,
        issues.c.started_at <= until,
    )
    ids = connection.execute(query.order_by(issues.c.started_at.desc(), issues.c.id.desc())).scalars()
    errata = all_errata(connection)
    return tuple(corrected(each, errata) for each in read_issues(connection, ids.all()))
