"""The issues that went out, as the web shows them: read from what approval froze, never from the store of content.

An issue is here from the moment it begins to go out, unless an editor took it off the web. How a page or a feed is
written is web's work.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, select

from newsletter.db.engine import Database
from newsletter.db.schema import issues, snapshots
from newsletter.db.statuses import Edition
from newsletter.digest.categories import categories_of
from newsletter.digest.content import (
    Brief,
    Card,
    ChangeLine,
    Compared,
    IssueContent,
    Lead,
    Link,
    MonthLine,
    Week,
    issue_content_from_json,
)
from newsletter.digest.details import ArchiveDetails, FullTool, OverflowMention, details_from_json
from newsletter.digest.errata import ANCHOR, Erratum, all_errata
from newsletter.digest.issues import SHOWN
from newsletter.errors import NotFound
from newsletter.language import ENGLISH, Language

# An issue as it was approved, and what it says.


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveEntry:
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
    letter: IssueContent
    record: ArchiveDetails
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
    def full_comparisons(self) -> Mapping[str, Compared]:
        return {each.comparison_id: each for each in self.record.comparisons}

    @property
    def full_tools(self) -> Mapping[str, FullTool]:
        return {each.tool_id: each for each in self.record.tools}

    def entries(self, language: Language = ENGLISH) -> tuple[ArchiveEntry, ...]:
        """Return what it says, in the order of the page; what was corrected since in this language."""
        return tuple(_entries(self, language))


def corrected(issue: ArchivedIssue, errata: Sequence[Erratum]) -> ArchivedIssue:
    """Return the issue with its own of these errata."""
    mine = tuple(each for each in errata if each.issue_id == issue.id)
    return replace(issue, errata=mine) if mine else issue


def _entries(issue: ArchivedIssue, language: Language) -> Iterator[ArchiveEntry]:
    """Yield what the issue says, in the order of its page."""
    letter = issue.letter
    yield from (_erratum(each, language) for each in issue.errata)
    yield from map(_week, letter.weeks)
    if letter.lead is not None:
        yield _lead(letter.lead)
    yield from (_change(place, each) for place, each in enumerate(letter.changes, 1))
    yield from (_brief(issue, each) for each in letter.more)
    yield from map(_card, letter.cards)
    yield from map(_line, letter.lines)
    yield from map(_mention, issue.record.mentions)
    if letter.answer is not None:
        yield ArchiveEntry(
            anchor="question",
            title=letter.answer.question,
            words=letter.answer.answer,
            link=letter.answer.link,
        )


def _erratum(erratum: Erratum, language: Language) -> ArchiveEntry:
    words = language.gettext(
        "We wrote “%(said)s”. Right is: %(right)s", said=erratum.said, right=erratum.right
    )
    return ArchiveEntry(anchor=ANCHOR, title=language.gettext("Corrected"), words=words)


def _week(week: Week) -> ArchiveEntry:
    return ArchiveEntry(
        anchor=_anchor("comparison", week.comparison_id),
        title=week.headline,
        words=week.bottom_line.text,
        link=week.link,
    )


def _lead(lead: Lead) -> ArchiveEntry:
    return ArchiveEntry(
        anchor=_anchor("comparison", lead.comparison_id),
        title=lead.headline,
        words=lead.conclusion.text,
        categories=categories_of((lead.left.category, lead.right.category)),
        tool_ids=(lead.left.tool_id, lead.right.tool_id),
        link=lead.link,
    )


def _change(place: int, change: ChangeLine) -> ArchiveEntry:
    return ArchiveEntry(
        anchor=f"change-{place}",
        title=change.words.text,
        words="",
        tool_ids=(change.tool_id,),
        link=change.link,
    )


def _card(card: Card) -> ArchiveEntry:
    return ArchiveEntry(
        anchor=_anchor("tool", card.tool_id),
        title=f"{card.name}: {card.kicker}",
        words=" ".join(filter(None, (card.split.text and f"{card.split.text}.", card.line))),
        categories=categories_of((card.topic,)),
        tool_ids=(card.tool_id,),
        link=card.link,
    )


def _line(line: MonthLine) -> ArchiveEntry:
    return ArchiveEntry(
        anchor=line.key,
        title=line.link.label,
        words=line.split.text,
        categories=categories_of((line.topic,)),
        link=line.link,
    )


def _mention(mention: OverflowMention) -> ArchiveEntry:
    return ArchiveEntry(
        anchor="also-new",
        title=mention.label,
        words="",
        categories=mention.categories,
        tool_ids=mention.tool_ids,
        link=mention.link,
    )


def _brief(issue: ArchivedIssue, brief: Brief) -> ArchiveEntry:
    full = issue.full_comparisons.get(brief.comparison_id)
    sides = (full.left, full.right) if full else ()
    return ArchiveEntry(
        anchor=_anchor("comparison", brief.comparison_id),
        title=brief.headline,
        words=brief.words.text,
        categories=categories_of((*(each.category for each in sides), brief.topic)),
        tool_ids=tuple(each.tool_id for each in sides),
        link=brief.link,
    )


def _anchor(kind: str, key: str) -> str:
    """Return a place on the page: ids of the store are made of letters, digits, dots, hyphens and underscores."""
    return f"{kind}-{key}"


# The queries of the archive: which issues it shows, and what approval froze of them.

#: Each visitor to the archive asks it; putting it together takes longer than running it.
_SHOWN = (
    select(issues.c.id, issues.c.content_hash)
    .where(issues.c.status.in_(SHOWN), issues.c.archived, issues.c.content_hash.is_not(None))
    .order_by(issues.c.started_at.desc(), issues.c.id.desc())
)


def shown_hashes(connection: Connection) -> dict[int, str]:
    """Return the content hashes of the issues that are shown, by id, the newest first."""
    return {row.id: row.content_hash for row in connection.execute(_SHOWN)}


def read_issues(connection: Connection, issue_ids: Sequence[int]) -> Iterator[ArchivedIssue]:
    """Yield these issues, in this order, as they were approved."""
    columns = (
        issues.c[name] for name in ("id", "edition", "number", "started_at", "content_hash", "archived")
    )
    query = select(*columns, snapshots.c.letter, snapshots.c.record).join(snapshots)
    for issue_id in issue_ids:
        row = connection.execute(query.where(issues.c.id == issue_id)).mappings().one_or_none()
        if row is not None:
            stored = dict(row)
            letter, record = stored.pop("letter"), stored.pop("record")
            yield ArchivedIssue(
                **stored, letter=issue_content_from_json(letter), record=details_from_json(record)
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """All archived issues of one database; what was read once is kept, since but for errata it never changes."""

    database: Database
    _read: dict[int, ArchivedIssue] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issues(self) -> tuple[ArchivedIssue, ...]:
        """Return every issue that is shown, the newest first."""
        with self.database.read() as connection, self._lock:
            shown = shown_hashes(connection)
            known_hashes = {id_: each.content_hash for id_, each in self._read.items()}
            missing = [id_ for id_, hash_ in shown.items() if known_hashes.get(id_) != hash_]
            self._read.update((each.id, each) for each in read_issues(connection, missing))
            known = tuple(self._read[id_] for id_ in shown if id_ in self._read)
            errata = all_errata(connection)
        return tuple(corrected(each, errata) for each in known) if errata else known

    def issue(self, slug: str) -> ArchivedIssue:
        """Return the issue of that name; raises NotFound."""
        return find_issue(self.issues(), slug)


def find_issue(shown: Iterable[ArchivedIssue], slug: str) -> ArchivedIssue:
    """Return the issue of that name; raises NotFound."""
    for each in shown:
        if each.slug == slug:
            return each
    raise NotFound("archived issue", slug)


def find_entries(
    shown: tuple[ArchivedIssue, ...], words: str, language: Language = ENGLISH
) -> Iterator[tuple[ArchivedIssue, ArchiveEntry]]:
    """Yield what holds all the words, however they are written, the newest first; nothing for no words."""
    wanted = words.casefold().split()
    for issue in news_of(shown) if wanted else ():
        for entry in issue.entries(language):
            said = f"{entry.title} {entry.words} {' '.join(entry.categories)}".casefold()
            if all(each in said for each in wanted):
                yield issue, entry


def news_of(shown: Iterable[ArchivedIssue]) -> Iterator[ArchivedIssue]:
    """Return the issues that say something first: a monthly one says again what its weekly ones did."""
    return (issue for issue in shown if issue.edition is Edition.WEEKLY)
