"""What takes a moment to work out, remembered by a running desk until it may be different. Nothing here is stored."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy import Connection, func, select

from newsletter.app import App
from newsletter.clock import Clock
from newsletter.content.database import DataVersion
from newsletter.db.schema import errata, issues, rulings
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest import store
from newsletter.digest.issues import Issue
from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.checks.run import check_compiled, check_published, check_settings
from newsletter.editing.checks.slow import SlowChecks
from newsletter.editing.compiled import CompiledIssue, compile_issue, is_frozen
from newsletter.editing.contradictions import ContradictionFinder, OpenContradictions
from newsletter.editing.draft import MergePlan, plan_merge
from newsletter.editing.issues import audience_size
from newsletter.editing.sending import find_trouble
from newsletter.readers.preferences import followed_tools

K = TypeVar("K")
V = TypeVar("V")

#: How many issues are remembered.
KEPT = 8
#: How old a plan of a merge may be.
FRESH_FOR = timedelta(minutes=10)
#: How old the number of an issue's readers, and what readers follow, may be: of a million readers counting takes a second.
COUNTED_FOR = timedelta(minutes=1)
#: How long what was found to hold mail up is believed.
LOOKED_FOR = timedelta(seconds=5)

#: Stands among the findings, and keeps approval waiting, until every contradiction in what is recorded now is known.
STILL_LOOKING = warning(
    "looking",
    "What contradicts itself is still looked for",
    where="sources",
    why="There is much to read. Some disputes about this issue may not be listed yet.",
    how="Load the page again in a moment.",
    firm=True,
)


def keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Put the value last, and drop the first ones while there are more than `most`."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


class Cache(Generic[K, V]):
    """The last values by key. Safe for many threads, of which one computes.

    A value holds as long as its stamp is the same, and no longer than `fresh_for`.
    """

    def __init__(self, clock: Clock, *, most: int = KEPT, fresh_for: timedelta = timedelta.max) -> None:
        self._clock, self._most, self._fresh_for = clock, most, fresh_for
        self._kept: OrderedDict[K, tuple[Hashable, datetime, V]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K, stamp: Hashable, compute: Callable[[], V]) -> V:
        """Return the value of this stamp, computed if it is not known; raises what `compute` raises."""
        with self._lock:
            now = self._clock.now()
            kept = self._kept.get(key)
            # A clock that was set back makes a value neither newer nor fresh for longer.
            if kept is None or kept[0] != stamp or not timedelta() <= now - kept[1] < self._fresh_for:
                kept = stamp, now, compute()
            keep(self._kept, key, kept, self._most)
            return kept[2]

    def peek(self, key: K) -> V | None:
        """Return the last value, whatever its stamp and age."""
        with self._lock:
            kept = self._kept.get(key)
        return None if kept is None else kept[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIssue:
    """An issue with every finding on it, errors first. `stamp` is the one of its mail; see `DeskCache.stamp`."""

    compiled: CompiledIssue
    findings: tuple[Finding, ...]
    stamp: str


class DeskCache:
    """What a running desk remembers of one installation from page to page. Close it before the installation.

    Approval does not trust it: what is frozen is compiled anew.
    """

    def __init__(self, app: App, contradictions: ContradictionFinder | None = None) -> None:
        self.app = app
        self.contradictions = contradictions or ContradictionFinder(app)
        self.slow_checks = SlowChecks(app.settings)
        self._content = DataVersion(app.settings.path(app.settings.paths.content_db))
        self._compiled: Cache[int, CompiledIssue] = Cache(app.clock)
        self._checked: Cache[int, CheckedIssue] = Cache(app.clock)
        self._merges: Cache[int, MergePlan] = Cache(app.clock, fresh_for=FRESH_FOR)
        self._audiences: Cache[Edition, int] = Cache(app.clock, fresh_for=COUNTED_FOR)
        self._followed: Cache[None, str] = Cache(app.clock, fresh_for=COUNTED_FOR)
        self._trouble: Cache[None, str] = Cache(app.clock, fresh_for=LOOKED_FOR)

    def close(self) -> None:
        self.contradictions.close()
        self._content.close()

    def stamp(self, issue: Issue) -> str:
        """Return another text whenever the issue's mail may read differently. Cheap: pages poll it."""
        if is_frozen(issue):
            return _hashed((str(issue.id), issue.content_hash))
        with self.app.database.read() as connection:
            around = (
                *_rulings_and_errata(connection),
                store.next_number(connection, issue.edition),
                store.cutoff_before(connection, issue.edition, issue.id),
                self._followed.get(None, None, lambda: _hashed(followed_tools(connection))),
            )
        templates = _hashed(_files(self.app.template_folders))
        return _hashed((str(issue.id), issue.version, self._content.read(), templates, *around))

    def compiled(self, issue: Issue) -> CompiledIssue:
        """Return the issue as it is given, compiled; of an approved one what was approved."""
        return self._compile(issue, self.stamp(issue))

    def checked(self, issue: Issue) -> CheckedIssue:
        """Return the issue as it is given, with its findings. What depends on settings is looked up each time."""
        today = self.app.clock.now().date()
        content = self._content.read()
        is_draft = not is_frozen(issue)
        known = self.contradictions.open() if is_draft else OpenContradictions(found=(), is_current=True)
        with self.app.database.read() as connection:
            elsewhere = _publishing(connection)
        stamp = self.stamp(issue)
        compiled = self._compile(issue, stamp)

        def check() -> CheckedIssue:
            found = (
                *check_published(self.app, issue),
                *check_compiled(self.app, compiled, lambda: known.found),
                *(() if known.is_current else (STILL_LOOKING,)),
            )
            return CheckedIssue(compiled=compiled, findings=found, stamp=stamp)

        state = (issue.version, stamp, content, today, known.is_current, elsewhere)
        return self._with_around(issue, self._checked.get(issue.id, state, check))

    def checked_already(self, issue: Issue) -> CheckedIssue | None:
        """Return the issue as it stands with its findings, where somebody has looked: nothing is compiled or checked for it."""
        known = self._checked.peek(issue.id)
        if known is None or (known.compiled.issue.version, known.stamp) != (issue.version, self.stamp(issue)):
            return None
        return self._with_around(issue, known)

    def merge_plan(self, issue: Issue) -> MergePlan:
        """Return what merging would change; merging up to the plan's moment does just that. Raises as `plan_merge`."""
        return self._merges.get(
            issue.id, (issue.status, self.stamp(issue)), lambda: plan_merge(self.app, issue)
        )

    def audience(self, edition: Edition) -> int:
        """Return how many readers an issue would go to if it went now, or a minute ago."""

        def count() -> int:
            with self.app.database.read() as connection:
                return audience_size(connection, edition, self.app.clock.now().date())

        return self._audiences.get(edition, None, count)

    def trouble(self) -> str:
        """Return what `find_trouble` says, or said a moment ago: every page of the desk shows it."""
        return self._trouble.get(None, None, lambda: find_trouble(self.app))

    def _compile(self, issue: Issue, stamp: str) -> CompiledIssue:
        return self._compiled.get(issue.id, (issue.version, stamp), lambda: compile_issue(self.app, issue))

    def _with_around(self, issue: Issue, known: CheckedIssue) -> CheckedIssue:
        around = tuple(check_settings(self.app, issue))
        waits = issue.status in (IssueStatus.DRAFT, IssueStatus.APPROVED)
        slow = self.slow_checks.found(known.compiled.content_hash) if waits else ()
        firm = (*(each for each in around if each.firm), *known.findings)
        mild = (*(each for each in around if not each.firm), *slow)
        return replace(known, findings=(*firm, *mild))


def _rulings_and_errata(connection: Connection) -> tuple[object, ...]:
    """Return what changes whenever a draft may read differently though it was not edited: rulings, and errata to be told."""
    ruled = connection.execute(select(func.count(), func.max(rulings.c.at)).select_from(rulings)).one()
    told = connection.execute(
        select(func.count(), func.max(errata.c.id), func.count(errata.c.told_in)).select_from(errata)
    )
    return (*ruled, *told.one())


def _publishing(connection: Connection) -> tuple[object, ...]:
    """Return what changes whenever an issue was approved or withdrawn, or gave back what it had published."""
    numbered = select(func.count(issues.c.number), func.max(issues.c.approved_at), func.count())
    not_cancelled = issues.c.status != IssueStatus.CANCELLED
    return tuple(connection.execute(numbered.select_from(issues).where(not_cancelled)).one())


def _files(folders: Iterable[Path]) -> Iterator[str]:
    """Yield every template of mails with its time and size."""
    for folder in folders:
        for file in sorted((folder / "email").rglob("*.j2")):
            try:
                found = file.stat()
            except FileNotFoundError:
                continue
            yield f"{file}:{found.st_mtime_ns}:{found.st_size}"


def _hashed(parts: Iterable[object]) -> str:
    whole = sha256()
    for each in parts:
        whole.update(f"{each}\n".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()[:24]
