"""Making a draft, and merging newer items into one. What an editor changes in it is in edits.py, its page's list of items in outline.py."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.db.statuses import Edition, Room
from newsletter.digest import store
from newsletter.digest.draft import Drafted, IssueTimes, Thin, merged_items, weeks_of
from newsletter.digest.edition import EDITIONS
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.selection import read_pool
from newsletter.digest.wording import clip
from newsletter.editing.audit import COMMAND_LINE, Action
from newsletter.editing.edits import titles_of
from newsletter.editing.revisions import DraftChange, commit_change, is_done
from newsletter.schedule.slots import NAME, Slot, issue_schedule, next_slot, wall_time

#: Lines of a kind that a merge plan names; the others are counted.
NAMED = 50


def draft_slot(app: App, slot: Slot, edition: Edition = Edition.WEEKLY) -> Drafted | Thin:
    """Draft the issue of a scheduled slot: with what was seen before the draft was due, however late it is made."""
    return _draft(app, slot, slot.due_at, edition)


def draft_now(
    app: App,
    slot: str | None = None,
    *,
    even_thin: bool = False,
    edition: Edition = Edition.WEEKLY,
) -> Drafted | Thin:
    """Draft an issue by hand, with all that was seen until now, for the next slot or the one of that name."""
    schedule = issue_schedule(app.settings, edition)
    now = app.clock.now()
    wanted = next_slot(schedule, now) if slot is None else schedule.slot(slot)
    return _draft(app, wanted, now, edition, even_thin=even_thin)


def draft_at_once(app: App, *, even_thin: bool = False, edition: Edition = Edition.WEEKLY) -> Drafted | Thin:
    """Draft an issue outside the schedule, which may go out as soon as it is approved."""
    now = wall_time(app.clock.now(), app.settings.zone)
    return draft_now(app, now.strftime(NAME), even_thin=even_thin, edition=edition)


def merge_now(app: App, issue: Issue, *, by: str = COMMAND_LINE) -> Drafted:
    """Take what was seen since into a draft; its cutoff moves to now. Commits; it can be undone."""
    merged = merge(app, issue, by=by)
    return Drafted(issue=merged, fresh=merged.version != issue.version)


def merge_until(app: App, issue: Issue, cutoff_at: datetime) -> Drafted:
    """Take what was seen up to a later cutoff into a draft that nobody has edited, for the schedule; it is no edit. Commits.

    A monthly draft takes the weeks that began before the cutoff.
    """
    rules = EDITIONS[issue.edition](app.database, app.content, app.settings)
    return rules.merge(issue, cutoff_at, app.clock.now())


def _draft(
    app: App, slot: Slot, cutoff_at: datetime, edition: Edition, *, even_thin: bool = False
) -> Drafted | Thin:
    times = IssueTimes(slot=slot.name, send_at=slot.at, cutoff_at=cutoff_at)
    rules = EDITIONS[edition](app.database, app.content, app.settings)
    return rules.draft(times, now=app.clock.now(), even_thin=even_thin)


# Merging what arrived since: `plan_merge` says what would come in, move and go out, `merge` does exactly that. The rules are
# those of digest/selection.py; what an editor has pinned stays. A merge is undone like every edit.


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedItem:
    """An item that comes in (`before` is None), goes out (`after` is None) or moves to another room."""

    title: str
    before: Room | None
    after: Room | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """What merging up to a moment would change: the first NAMED items of each kind, and how many there are in all."""

    cutoff_at: datetime
    comes: tuple[MergedItem, ...] = ()
    coming: int = 0
    moves: tuple[MergedItem, ...] = ()
    moving: int = 0
    goes: tuple[MergedItem, ...] = ()
    going: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.coming or self.moving or self.going)


def plan_merge(app: App, issue: Issue, cutoff_at: datetime | None = None) -> MergePlan:
    """Plan a merge up to now or to an earlier moment; nothing is written. Raises as `merge`."""
    until = _until(app, issue, cutoff_at)
    with app.content() as content, app.database.read() as connection:
        store.require_draft(connection, issue)
        if not EDITIONS[issue.edition].has_items:
            return _plan_month(connection, issue, until)
        before, after = _items(app, content, connection, issue, until)
        return _plan(content, until, before, after)


def merge(app: App, issue: Issue, *, by: str, cutoff_at: datetime | None = None, request: str = "") -> Issue:
    """Take in what was seen up to now, or up to the moment for which somebody saw what would change. Commits.

    Raises InvalidTransition when the issue is no draft any more, ChangedMeanwhile when it is older than what is stored.
    """
    until, now = _until(app, issue, cutoff_at), app.clock.now()
    with app.content() as content, app.database.write() as connection:
        store.lock_edition(connection, issue.edition)
        if is_done(connection, issue, request):
            return store.get_issue(connection, issue.id)
        store.require_draft(connection, issue)
        if until <= issue.cutoff_at:
            return issue
        changed: tuple[tuple[ItemKey, Item | None], ...] = ()
        if EDITIONS[issue.edition].has_items:
            before, after = _items(app, content, connection, issue, until)
            keys = dict.fromkeys((*before, *after))
            changed = tuple((key, after.get(key)) for key in keys if before.get(key) != after.get(key))
        return commit_change(
            connection,
            issue,
            DraftChange(cutoff_at=until, items=changed),
            by=by,
            what="merged what arrived since",
            action=Action.MERGED,
            request=request,
            at=now,
        )


def _until(app: App, issue: Issue, cutoff_at: datetime | None) -> datetime:
    """Return the cutoff to merge up to: never after now, where what is not seen yet would fall between two issues, nor before the one there is."""
    now = app.clock.now()
    return max(issue.cutoff_at, min(cutoff_at or now, now))


def _items(
    app: App, content: ContentStore, connection: Connection, issue: Issue, until: datetime
) -> tuple[dict[ItemKey, Item], dict[ItemKey, Item]]:
    before = store.items_of(connection, issue.id)
    after = merged_items(connection, content, app.settings, issue, before, read_pool(content, until))
    return {each.item_key: each for each in before}, {each.item_key: each for each in after}


def _plan(
    content: ContentStore, until: datetime, before: Mapping[ItemKey, Item], after: Mapping[ItemKey, Item]
) -> MergePlan:
    # What a comparison prints of its tools comes and goes with it.
    comes = [key for key, each in after.items() if key not in before and not each.is_told]
    goes = [key for key, each in before.items() if key not in after and not each.is_told]
    moves = [
        key
        for key, each in after.items()
        if key in before and before[key].room is not each.room and not each.is_told
    ]
    titles = titles_of(content, (*comes[:NAMED], *moves[:NAMED], *goes[:NAMED]))

    def changes(keys: list[ItemKey]) -> tuple[MergedItem, ...]:
        return tuple(
            MergedItem(
                title=titles[key],
                before=before[key].room if key in before else None,
                after=after[key].room if key in after else None,
            )
            for key in keys[:NAMED]
        )

    return MergePlan(
        cutoff_at=until,
        comes=changes(comes),
        coming=len(comes),
        moves=changes(moves),
        moving=len(moves),
        goes=changes(goes),
        going=len(goes),
    )


def _plan_month(connection: Connection, issue: Issue, until: datetime) -> MergePlan:
    known = {each.id for each in weeks_of(connection, issue)}
    weeks = weeks_of(connection, replace(issue, cutoff_at=until))
    new = [each for each in weeks if each.id not in known]
    comes = tuple(
        MergedItem(title=f"Issue {each.number}: {clip(each.letter.subject)}", before=None, after=Room.MORE)
        for each in new
    )
    return MergePlan(cutoff_at=until, comes=comes[:NAMED], coming=len(comes))
