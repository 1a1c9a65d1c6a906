"""Making a draft: what is eligible becomes an issue with items, or a thin week. Writing it out is in writing.py."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from newsletter.config import Settings, ThinWeek
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database
from newsletter.db.statuses import Edition, ItemKind, Room
from newsletter.digest import store
from newsletter.digest.archive import ArchivedIssue
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.items import find_question
from newsletter.digest.material import RulingsOn, gather
from newsletter.digest.monthly import LONGEST_MONTH, weeks_between
from newsletter.digest.selection import Pool, Selection, read_pool, select_items
from newsletter.schedule.slots import slot_words

#: Items that were already waiting at the slot before have rolled over once.
ROLL_OVER_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """There is an issue for the slot; `fresh` if this call made or changed it."""

    issue: Issue
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thin:
    """Too little for an issue: its items wait for the next one."""

    #: In words, with its zone.
    slot: str
    waiting: int
    policy: ThinWeek
    edition: Edition = Edition.WEEKLY

    @property
    def words(self) -> str:
        if self.edition is Edition.MONTHLY:
            return f"No weekly issue went out since the last monthly one: no monthly issue for {self.slot}."
        waiting = {0: "Nothing is", 1: "Only 1 item is"}.get(self.waiting, f"Only {self.waiting} items are")
        return f"{waiting} waiting: no issue for {self.slot} (digest.thin_week = {self.policy})."


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTimes:
    """What an issue is made for: its slot, the moment it may go out, and the moment that closes it."""

    slot: str
    send_at: datetime
    cutoff_at: datetime


def make_draft(
    database: Database,
    content: ContentStore,
    settings: Settings,
    times: IssueTimes,
    *,
    now: datetime,
    even_thin: bool = False,
) -> Drafted | Thin:
    """Draft the weekly issue of a slot, or find the one there is. Commits.

    `even_thin` makes an issue of anything at all, whatever the policy for thin weeks.
    """
    existing = _find(database, Edition.WEEKLY, times)
    if existing is not None:
        return existing
    pool = read_pool(content, times.cutoff_at)

    def draft(connection: Connection) -> Drafted | Thin:
        return _draft_week(connection, content, settings, times, pool, now=now, even_thin=even_thin)

    return _unless_drafted(database, Edition.WEEKLY, times, draft)


def _find(database: Database, edition: Edition, times: IssueTimes) -> Drafted | None:
    with database.read() as connection:
        existing = store.find_issue_of_slot(connection, edition, times.slot)
    return None if existing is None else Drafted(issue=existing, fresh=False)


def _unless_drafted(
    database: Database, edition: Edition, times: IssueTimes, draft: Callable[[Connection], Drafted | Thin]
) -> Drafted | Thin:
    """Draft in one transaction; find the issue where another process has drafted this slot in the same moment."""
    try:
        with database.write() as connection:
            return draft(connection)
    except IntegrityError:
        existing = _find(database, edition, times)
        if existing is None:
            raise
        return existing


def merge_newer(
    database: Database,
    content: ContentStore,
    settings: Settings,
    issue: Issue,
    cutoff_at: datetime,
    now: datetime,
) -> Drafted:
    """Take what was first seen up to a later cutoff into a draft; pins and notes stay. Commits.

    Raises InvalidTransition when the issue is no draft, ChangedMeanwhile when somebody edited it.
    """
    if cutoff_at <= issue.cutoff_at:
        return Drafted(issue=issue, fresh=False)
    pool = read_pool(content, cutoff_at)
    with database.write() as connection:
        store.lock_edition(connection, Edition.WEEKLY)
        changed = store.change_draft(connection, issue, now, cutoff_at=cutoff_at)
        before = store.items_of(connection, issue.id)
        items = merged_items(connection, content, settings, issue, before, pool)
        store.put_items(connection, issue.id, items)
    return Drafted(issue=changed, fresh=True)


def merged_items(
    connection: Connection,
    content: ContentStore,
    settings: Settings,
    issue: Issue,
    before: Iterable[Item],
    pool: Pool,
) -> tuple[Item, ...]:
    """Return the items that a draft would have with all of a later pool; nothing is written.

    The lead stays where an editor has written words that are about it.
    """
    taken = store.unavailable(connection, issue.id)
    written = bool(issue.subject or issue.preheader or issue.bottom_line)
    kept = (replace(each, pinned=True) if written and each.room is Room.LEAD else each for each in before)
    chosen = select_items(pool, taken, kept).items
    return _with_question(connection, content, settings, chosen, taken)


def is_thin(choice: Selection, settings: Settings, cutoff_at: datetime) -> bool:
    """Return whether a week is too thin for an issue, as `digest.thin_week` says.

    skip: fewer news than `digest.thin_below` wait, week after week, until there are enough. roll-over: they wait
    once; what has waited since the week before goes out however little it is. send: anything is enough. A week
    with nothing at all is thin under every policy. Whatever the policy, nothing is lost: what waits stays eligible.
    """
    if choice.news == 0:
        return True
    if choice.news >= settings.digest.thin_below or settings.digest.thin_week is ThinWeek.SEND:
        return False
    if settings.digest.thin_week is ThinWeek.SKIP or choice.waiting_since is None:
        return True
    return choice.waiting_since >= cutoff_at - ROLL_OVER_AFTER


def _draft_week(
    connection: Connection,
    content: ContentStore,
    settings: Settings,
    times: IssueTimes,
    pool: Pool,
    *,
    now: datetime,
    even_thin: bool,
) -> Drafted | Thin:
    store.lock_edition(connection, Edition.WEEKLY)
    existing = store.find_issue_of_slot(connection, Edition.WEEKLY, times.slot)
    if existing is not None:
        return Drafted(issue=existing, fresh=False)
    taken = store.unavailable(connection)
    choice = select_items(pool, taken)
    if is_thin(choice, settings, times.cutoff_at) and not (even_thin and choice.news):
        # Before the first issue there is nothing to lock: another process may just have taken it all for this slot.
        existing = store.find_issue_of_slot(connection, Edition.WEEKLY, times.slot)
        if existing is not None:
            return Drafted(issue=existing, fresh=False)
        slot = slot_words(times.slot, settings.zone)
        return Thin(slot=slot, waiting=choice.news, policy=settings.digest.thin_week)
    issue = store.add_issue(
        connection,
        edition=Edition.WEEKLY,
        slot=times.slot,
        cutoff_at=times.cutoff_at,
        send_at=times.send_at,
        now=now,
    )
    items = _with_question(connection, content, settings, choice.items, taken)
    store.put_items(connection, issue.id, items)
    return Drafted(issue=issue, fresh=True)


def _with_question(
    connection: Connection,
    content: ContentStore,
    settings: Settings,
    items: tuple[Item, ...],
    taken: frozenset[ItemKey],
) -> tuple[Item, ...]:
    known = frozenset(each.key for each in taken if each.kind is ItemKind.QUESTION)
    found = find_question_for(items, content, settings, lambda ids: store.rulings_on(connection, ids), known)
    if found is None:
        return items
    return (*items, Item(kind=ItemKind.QUESTION, key=found, room=Room.QUESTION, position=0))


def find_question_for(
    items: Iterable[Item],
    content: ContentStore,
    settings: Settings,
    rulings: RulingsOn,
    known: Container[str],
) -> str | None:
    """Find the one question that goes with these items: about a brief or card rather than the lead. Returns its id."""
    comparisons, tools = askable(items)
    material = gather(
        content,
        comparison_ids=comparisons,
        tool_ids=tools,
        source_order=settings.digest.source_order,
        rulings=rulings,
    )
    question = find_question(material, comparisons, tools, known, margin=settings.digest.clear_margin)
    return None if question is None else question.id


def askable(items: Iterable[Item]) -> tuple[list[str], list[str]]:
    """Return the comparisons and tools a question may be about, the ones to prefer first."""
    order = (Room.MORE, Room.CARD, Room.LEAD)
    shown = sorted((each for each in items if each.room in order), key=lambda each: order.index(each.room))
    comparisons = [each.key for each in shown if each.kind is ItemKind.COMPARISON]
    return comparisons, [each.key for each in shown if each.kind is not ItemKind.COMPARISON]


# Drafting a monthly issue: it needs weekly ones that went out. What it says of them is in monthly.py.


def make_month_draft(
    database: Database, settings: Settings, times: IssueTimes, now: datetime
) -> Drafted | Thin:
    """Draft the monthly issue of a slot, or find the one there is; Thin without a weekly issue. Commits."""
    return _unless_drafted(
        database, Edition.MONTHLY, times, lambda connection: _draft_month(connection, settings, times, now)
    )


def merge_weeks(database: Database, issue: Issue, cutoff_at: datetime, now: datetime) -> Drafted:
    """Take the weekly issues that began up to a later cutoff into a draft. Commits.

    Raises InvalidTransition when the issue is no draft, ChangedMeanwhile when somebody edited it.
    """
    if cutoff_at <= issue.cutoff_at:
        return Drafted(issue=issue, fresh=False)
    with database.write() as connection:
        return Drafted(issue=store.change_draft(connection, issue, now, cutoff_at=cutoff_at), fresh=True)


def weeks_of(connection: Connection, issue: Issue) -> tuple[ArchivedIssue, ...]:
    """Return the weekly issues of a monthly one, the newest first: those since the last approved monthly issue's cutoff."""
    return _weeks(connection, store.cutoff_before(connection, issue.edition, issue.id), issue.cutoff_at)


def _draft_month(
    connection: Connection, settings: Settings, times: IssueTimes, now: datetime
) -> Drafted | Thin:
    store.lock_edition(connection, Edition.MONTHLY)
    existing = store.find_issue_of_slot(connection, Edition.MONTHLY, times.slot)
    if existing is not None:
        return Drafted(issue=existing, fresh=False)
    if not _weeks(connection, store.cutoff_before(connection, Edition.MONTHLY), times.cutoff_at):
        slot = slot_words(times.slot, settings.zone)
        return Thin(slot=slot, waiting=0, policy=settings.digest.thin_week, edition=Edition.MONTHLY)
    issue = store.add_issue(
        connection,
        edition=Edition.MONTHLY,
        slot=times.slot,
        cutoff_at=times.cutoff_at,
        send_at=times.send_at,
        now=now,
    )
    return Drafted(issue=issue, fresh=True)


def _weeks(connection: Connection, since: datetime | None, until: datetime) -> tuple[ArchivedIssue, ...]:
    return weeks_between(connection, since or until - LONGEST_MONTH, until)
