"""Whatever happens to issues, every item ends in exactly one of them, or waits: random years of a small site."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from newsletter.config import ThinWeek
from newsletter.content.records import ComparisonEntry, Pack, ReviewEntry, SourceEntry, ToolEntry
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import metadata, publications
from newsletter.db.statuses import Edition, IssueStatus, ItemKind
from newsletter.digest import store
from newsletter.digest.draft import Drafted, IssueTimes, make_draft, merge_newer
from newsletter.digest.issues import Issue, ItemKey, Step
from tests.config.written import changed
from tests.digest.week import CUTOFF, settings_in
from tests.installed import open_content

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


@dataclass
class Site:
    """A site with its newsletter, driven week by week."""

    database: Database
    content: ContentStore
    folder: Path
    policy: ThinWeek
    now: datetime = CUTOFF
    tools: int = 0
    comparisons: list[str] = field(default_factory=list)

    def publish_tools(self, count: int) -> None:
        """New tools, all reviewed, each compared with the one before it."""
        self.now += HOUR
        first, self.tools = self.tools, self.tools + count
        ids = [f"tool-{each}" for each in range(first, self.tools)]
        pairs = [(f"tool-{each - 1}", f"tool-{each}") for each in range(max(1, first), self.tools)]
        pack = Pack(
            source=SourceEntry(name=f"Desk {first}", ours=True),
            tools=tuple(ToolEntry(id=each, name=each) for each in ids),
            comparisons=tuple(ComparisonEntry(left_id=left, right_id=right) for left, right in pairs),
            reviews=tuple(ReviewEntry(tool_id=each, reviewer="A", score=50, words=each) for each in ids),
        )
        self.content.import_pack(pack, self.now)

    def draft(self) -> Issue | None:
        self.now += HOUR
        times = IssueTimes(slot=f"{self.now:%Y-%m-%dT%H:%M}", send_at=self.now + HOUR, cutoff_at=self.now)
        configured = changed(settings_in(self.folder), {"digest.thin_week": self.policy})
        made = make_draft(self.database, self.content, configured, times, now=self.now)
        return made.issue if isinstance(made, Drafted) else None

    def merge(self, issue: Issue) -> Issue:
        self.now += HOUR
        configured = settings_in(self.folder)
        return merge_newer(self.database, self.content, configured, issue, self.now, self.now).issue

    def approve(self, issue: Issue) -> Issue:
        with self.database.write() as connection:
            number = store.next_number(connection, Edition.WEEKLY)
            store.publish(connection, issue.id)
            return store.take_step(connection, issue, Step.APPROVE, self.now, number=number)

    def release(self, issue: Issue, step: Step) -> Issue:
        with self.database.write() as connection:
            store.release(connection, issue.id)
            return store.take_step(connection, issue, step, self.now, number=None)


@contextmanager
def new_site(policy: ThinWeek) -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opening = closing(open_database("sqlite://"))
        with opening as database, open_content(folder / "content.db") as content:
            metadata.create_all(database.write_engine)
            yield Site(database, content, folder, policy)


def live_items(connection: Connection) -> dict[ItemKey, list[int]]:
    """Every item and the issues that hold it, cancelled ones aside."""
    found: dict[ItemKey, list[int]] = {}
    for issue in store.list_issues(connection):
        if issue.status is not IssueStatus.CANCELLED:
            for item in store.items_of(connection, issue.id):
                found.setdefault(item.item_key, []).append(issue.id)
    return found


def published(connection: Connection) -> dict[ItemKey, int]:
    rows = connection.execute(select(publications.c.kind, publications.c.key, publications.c.issue_id))
    return {ItemKey(kind, key): issue_id for kind, key, issue_id in rows}


FATES = ("leave", "approve", "merge", "merge and approve", "withdraw", "cancel", "approve and cancel")


def live_through(site: Site, fate: str, issue: Issue) -> None:
    if "merge" in fate:
        site.publish_tools(1)
        issue = site.merge(issue)
    if fate in ("approve", "merge and approve", "withdraw", "approve and cancel"):
        issue = site.approve(issue)
    if fate == "withdraw":
        issue = site.approve(site.release(issue, Step.WITHDRAW))
    if fate in ("cancel", "approve and cancel"):
        site.release(issue, Step.CANCEL)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(ThinWeek),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(FATES)), min_size=1, max_size=6),
)
def test_every_item_is_in_exactly_one_issue_or_waits(policy: ThinWeek, weeks: list[tuple[int, str]]) -> None:
    with new_site(policy) as site:
        for arrivals, fate in weeks:
            if arrivals:
                site.publish_tools(arrivals)
            issue = site.draft()
            if issue is not None:
                live_through(site, fate, issue)
            site.now += WEEK
        # The last week takes whatever was left waiting.
        site.policy = ThinWeek.SEND
        last = site.draft()
        if last is not None:
            site.approve(last)
        with site.database.read() as connection:
            held, recorded = live_items(connection), published(connection)
        verdicts = {ItemKey(ItemKind.VERDICT, f"tool-{each}") for each in range(site.tools)}
        compared = {
            ItemKey(ItemKind.COMPARISON, f"tool-{each - 1}-vs-tool-{each}") for each in range(1, site.tools)
        }
        assert set(held) == verdicts | compared
        assert all(len(issues) == 1 for issues in held.values())
        assert all(held[item] == [issue] for item, issue in recorded.items())


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(FATES), min_size=1, max_size=5))
def test_numbers_have_no_gaps_and_no_twins(fates: list[str]) -> None:
    with new_site(ThinWeek.SEND) as site:
        for fate in fates:
            site.publish_tools(2)
            issue = site.draft()
            assert issue is not None
            live_through(site, fate, issue)
        with site.database.read() as connection:
            numbers = [each.number for each in store.list_issues(connection) if each.number is not None]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
