"""An issue that went out, as it was approved, and what it says. Finding issues and their entries is in archive.py."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.categories import categories_of
from newsletter.digest.errata import ANCHOR, Erratum
from newsletter.digest.letter import Brief, Card, Change, Lead, Letter, Line, Link, Week
from newsletter.digest.record import FullComparison, FullTool, Mention, Record

#: Issues that have begun to go out. A cancelled one is not shown, whoever has it.
SHOWN = (IssueStatus.SENDING, IssueStatus.PAUSED, IssueStatus.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that an issue says, as a feed or a search names it. `anchor` is its place on the issue's page."""

    anchor: str
    title: str
    words: str
    categories: tuple[str, ...] = ()
    tool_ids: tuple[str, ...] = ()
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedIssue:
    """An issue as it was approved."""

    id: int
    edition: Edition
    number: int
    started_at: datetime
    content_hash: str
    letter: Letter
    record: Record
    #: Whether the web shows it.
    archived: bool = True
    #: What of it was wrong: beside what was approved, which stays as it was.
    errata: tuple[Erratum, ...] = ()

    @property
    def updated_at(self) -> datetime:
        """When it went out, or was last corrected."""
        return max((each.at for each in self.errata), default=self.started_at)

    @property
    def slug(self) -> str:
        """Its name in addresses: "weekly-12"."""
        return f"{self.edition}-{self.number}"

    @property
    def full_comparisons(self) -> Mapping[str, FullComparison]:
        return {each.comparison_id: each for each in self.record.comparisons}

    @property
    def full_tools(self) -> Mapping[str, FullTool]:
        return {each.tool_id: each for each in self.record.tools}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What it says, in the order of the page."""
        return tuple(_entries(self))


def corrected(issue: ArchivedIssue, errata: Sequence[Erratum]) -> ArchivedIssue:
    """The issue with its own of these errata."""
    mine = tuple(each for each in errata if each.issue_id == issue.id)
    return replace(issue, errata=mine) if mine else issue


def _entries(issue: ArchivedIssue) -> Iterator[Entry]:
    """What the issue says, in the order of its page."""
    letter = issue.letter
    yield from map(_erratum, issue.errata)
    yield from map(_week, letter.weeks)
    if letter.lead is not None:
        yield _lead(letter.lead)
    yield from (_change(place, each) for place, each in enumerate(letter.changes, 1))
    yield from (_brief(issue, each) for each in letter.more)
    yield from map(_card, letter.cards)
    yield from map(_line, letter.lines)
    yield from map(_mention, issue.record.mentions)
    if letter.answer is not None:
        yield Entry(
            anchor="question",
            title=letter.answer.question,
            words=letter.answer.answer,
            link=letter.answer.link,
        )


def _erratum(erratum: Erratum) -> Entry:
    words = f"We wrote “{erratum.said}”. Right is: {erratum.right}"
    return Entry(anchor=ANCHOR, title="Corrected", words=words)


def _week(week: Week) -> Entry:
    return Entry(
        anchor=_anchor("comparison", week.comparison_id),
        title=week.headline,
        words=week.bottom_line,
        link=week.link,
    )


def _lead(lead: Lead) -> Entry:
    return Entry(
        anchor=_anchor("comparison", lead.comparison_id),
        title=lead.headline,
        words=lead.bottom_line,
        categories=categories_of((lead.left.category, lead.right.category)),
        tool_ids=(lead.left.tool_id, lead.right.tool_id),
        link=lead.link,
    )


def _change(place: int, change: Change) -> Entry:
    return Entry(
        anchor=f"change-{place}", title=change.words, words="", tool_ids=(change.tool_id,), link=change.link
    )


def _card(card: Card) -> Entry:
    return Entry(
        anchor=_anchor("tool", card.tool_id),
        title=f"{card.name}: {card.kicker}",
        words=" ".join(filter(None, (card.split.text and f"{card.split.text}.", card.line))),
        categories=categories_of((card.topic,)),
        tool_ids=(card.tool_id,),
        link=card.link,
    )


def _line(line: Line) -> Entry:
    return Entry(
        anchor=line.key,
        title=line.link.label,
        words=line.split.text,
        categories=categories_of((line.topic,)),
        link=line.link,
    )


def _mention(mention: Mention) -> Entry:
    return Entry(
        anchor="also-new",
        title=mention.label,
        words="",
        categories=mention.categories,
        tool_ids=mention.tool_ids,
        link=mention.link,
    )


def _brief(issue: ArchivedIssue, brief: Brief) -> Entry:
    full = issue.full_comparisons.get(brief.comparison_id)
    sides = (full.left, full.right) if full else ()
    return Entry(
        anchor=_anchor("comparison", brief.comparison_id),
        title=brief.headline,
        words=brief.words,
        categories=categories_of((*(each.category for each in sides), brief.topic)),
        tool_ids=tuple(each.tool_id for each in sides),
        link=brief.link,
    )


def _anchor(kind: str, key: str) -> str:
    """A place on the page: ids of the store are made of letters, digits, dots, hyphens and underscores."""
    return f"{kind}-{key}"
