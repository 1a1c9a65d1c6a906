"""What a weekly and a monthly issue do each in its own way: drafting, merging, writing, and how they are called.

Everything else of an issue's life is the same for both. How a draft is made is in draft.py, how it is written in
writing.py and monthly.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from newsletter.commands import suggest
from newsletter.config import Settings
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database
from newsletter.db.statuses import Edition, ItemKind
from newsletter.digest import store
from newsletter.digest.details import MOST_REST, ArchiveDetails, write_details
from newsletter.digest.draft import (
    Drafted,
    IssueTimes,
    Thin,
    make_draft,
    make_month_draft,
    merge_newer,
    merge_weeks,
    weeks_of,
)
from newsletter.digest.errata import corrections_for
from newsletter.digest.issues import Issue
from newsletter.digest.monthly import write_monthly_issue
from newsletter.digest.writing import WrittenIssue, write_issue
from newsletter.errors import BadInput
from newsletter.readers.preferences import followed_tools

OpenContent = Callable[[], AbstractContextManager[ContentStore]]


class EditionRules(ABC):
    """What one edition does in its own way. The content store is opened by those that need it."""

    #: How a sentence calls an issue of it, before its label.
    name: str
    #: Where what a cancelled issue would have said is said.
    rolls_over: str
    #: Whether its issues have items of their own, which approval publishes; others say what weekly issues said.
    has_items: bool
    #: Whether it is drafted only while somebody reads it.
    needs_readers: bool

    def __init__(self, database: Database, open_content: OpenContent, settings: Settings) -> None:
        self._database, self._open_content, self._settings = database, open_content, settings

    @abstractmethod
    def draft(self, times: IssueTimes, *, now: datetime, even_thin: bool = False) -> Drafted | Thin:
        """Draft the issue of a slot, or find the one there is. Commits."""

    @abstractmethod
    def merge(self, issue: Issue, cutoff_at: datetime, now: datetime) -> Drafted:
        """Take what came up to a later cutoff into a draft. Commits.

        Raises InvalidTransition when the issue is no draft, ChangedMeanwhile when somebody edited it.
        """

    @abstractmethod
    def write(self, issue: Issue) -> WrittenIssue:
        """Write the issue from what is recorded now, as a draft or as if it were approved now."""

    @abstractmethod
    def write_details(self, issue: Issue) -> ArchiveDetails:
        """Write what the archive shows beside the mail."""


class _Weekly(EditionRules):
    name = "Issue"
    rolls_over = "its items go into the next issue"
    has_items = True
    needs_readers = False

    def draft(self, times: IssueTimes, *, now: datetime, even_thin: bool = False) -> Drafted | Thin:
        with self._open_content() as content:
            return make_draft(self._database, content, self._settings, times, now=now, even_thin=even_thin)

    def merge(self, issue: Issue, cutoff_at: datetime, now: datetime) -> Drafted:
        with self._open_content() as content:
            return merge_newer(self._database, content, self._settings, issue, cutoff_at, now)

    def write(self, issue: Issue) -> WrittenIssue:
        with self._database.read() as connection, self._open_content() as content:
            written = write_issue(
                issue,
                store.read_shown_items(connection, issue.id, max(1, self._settings.digest.item_limit)),
                content,
                self._settings,
                number=issue.number or store.next_number(connection, issue.edition),
                rulings=lambda ids: store.rulings_on(connection, ids),
                since=store.cutoff_before(connection, issue.edition, issue.id),
                followed=followed_tools(connection),
                published=store.published_elsewhere(connection, issue.id, ItemKind.COMPARISON),
                overflow=store.count_overflow(connection, issue.id),
                chosen=store.quotes_of(connection, issue.id),
            )
            corrections = corrections_for(connection, issue, self._settings)
        return replace(written, content=replace(written.content, corrections=corrections))

    def write_details(self, issue: Issue) -> ArchiveDetails:
        with self._database.read() as connection, self._open_content() as content:
            return write_details(
                store.read_shown_items(connection, issue.id, MOST_REST),
                content,
                self._settings,
                rulings=lambda ids: store.rulings_on(connection, ids),
            )


class _Monthly(EditionRules):
    """Made from what the approvals of the weekly issues froze: the content store stays closed."""

    name = "Monthly issue"
    rolls_over = "its weeks go into the next monthly issue"
    has_items = False
    needs_readers = True

    def draft(self, times: IssueTimes, *, now: datetime, even_thin: bool = False) -> Drafted | Thin:
        return make_month_draft(self._database, self._settings, times, now)

    def merge(self, issue: Issue, cutoff_at: datetime, now: datetime) -> Drafted:
        return merge_weeks(self._database, issue, cutoff_at, now)

    def write(self, issue: Issue) -> WrittenIssue:
        """Write the issue; raises BadInput where no weekly issue is left."""
        with self._database.read() as connection:
            number = issue.number or store.next_number(connection, issue.edition)
            weeks = weeks_of(connection, issue)
            corrections = corrections_for(connection, issue, self._settings)
        if not weeks:
            raise BadInput(
                f"no weekly issue of monthly issue {issue.label} is left: what it was made from was cancelled. "
                f"Cancel it too: {suggest('cancel', issue.id)}"
            )
        content = write_monthly_issue(issue, weeks, self._settings, number=number)
        return WrittenIssue(content=replace(content, corrections=corrections))

    def write_details(self, issue: Issue) -> ArchiveDetails:
        """Return nothing: its weekly issues have them."""
        return ArchiveDetails()


#: What each edition does in its own way.
EDITIONS: Mapping[Edition, type[EditionRules]] = MappingProxyType(
    {Edition.WEEKLY: _Weekly, Edition.MONTHLY: _Monthly}
)
