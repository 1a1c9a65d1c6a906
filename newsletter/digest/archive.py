"""The issues that went out, as the web shows them: read from what approval froze, never from the store of content.

An issue is here from the moment it begins to go out, unless an editor took it off the web. How a page or a feed is
written is web's work.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from newsletter.db.engine import Database
from newsletter.db.statuses import Edition
from newsletter.digest.archive_store import read_issues, shown_hashes
from newsletter.digest.archived import ArchivedIssue, Entry, corrected
from newsletter.digest.errata_store import all_errata
from newsletter.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """All archived issues of one database; what was read once is kept, since but for errata it never changes."""

    database: Database
    _read: dict[int, ArchivedIssue] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issues(self) -> tuple[ArchivedIssue, ...]:
        """Every issue that is shown, the newest first."""
        with self.database.read() as connection, self._lock:
            shown = shown_hashes(connection)
            missing = [id_ for id_, hash_ in shown.items() if not self._knows(id_, hash_)]
            self._read.update((each.id, each) for each in read_issues(connection, missing))
            known = tuple(self._read[id_] for id_ in shown if id_ in self._read)
            errata = all_errata(connection)
        return tuple(corrected(each, errata) for each in known) if errata else known

    def issue(self, slug: str) -> ArchivedIssue:
        """The issue of that name; raises NotFound."""
        return find_issue(self.issues(), slug)

    def _knows(self, issue_id: int, content_hash: str) -> bool:
        known = self._read.get(issue_id)
        return known is not None and known.content_hash == content_hash


def find_issue(shown: Iterable[ArchivedIssue], slug: str) -> ArchivedIssue:
    """The issue of that name; raises NotFound."""
    for each in shown:
        if each.slug == slug:
            return each
    raise NotFound("archived issue", slug)


def find_entries(shown: tuple[ArchivedIssue, ...], words: str) -> Iterator[tuple[ArchivedIssue, Entry]]:
    """What holds all the words, however they are written, the newest first; nothing for no words."""
    wanted = words.casefold().split()
    for issue in news_of(shown) if wanted else ():
        for entry in issue.entries:
            said = f"{entry.title} {entry.words} {' '.join(entry.categories)}".casefold()
            if all(each in said for each in wanted):
                yield issue, entry


def news_of(shown: Iterable[ArchivedIssue]) -> Iterator[ArchivedIssue]:
    """The issues that say something first: a monthly one says again what its weekly ones did."""
    return (issue for issue in shown if issue.edition is Edition.WEEKLY)
