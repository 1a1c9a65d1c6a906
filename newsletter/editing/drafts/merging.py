"""Taking what arrived since into a draft: first what would come in, move and go out; then exactly that.

The rules are those of digest/selection.py; what an editor has pinned stays. A merge is undone like every edit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.content.store import ContentStore
from newsletter.db.statuses import Edition, Room
from newsletter.digest import store
from newsletter.digest.draft import merged_items
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.month_draft import weeks_of
from newsletter.digest.sentences import clip
from newsletter.editing.drafts.item_names import titles_of
from newsletter.editing.drafts.revisions import Deed, Patch, commit_patch, is_done
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit import Action

#: As many lines of a kind are named; the others are counted.
NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item that comes in (`before` is None), goes out (`after` is None) or moves to another room."""

    title: str
    before: Room | None
    after: Room | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What merging up to a moment would change: the first NAMED of each kind, and how many there are in all."""

    cutoff_at: datetime
    comes: tuple[Change, ...] = ()
    coming: int = 0
    moves: tuple[Change, ...] = ()
    moving: int = 0
    goes: tuple[Change, ...] = ()
    going: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.coming or self.moving or self.going)


def plan_merge(newsroom: Newsroom, issue: Issue, cutoff_at: datetime | None = None) -> Merge:
    """What merging would change, up to now or to an earlier moment; nothing is written. Raises as `merge`."""
    until = _until(newsroom, issue, cutoff_at)
    with newsroom.content() as content, newsroom.database.read() as connection:
        store.require_draft(connection, issue)
        if issue.edition is Edition.MONTHLY:
            return _plan_month(connection, issue, until)
        before, after = _items(newsroom, content, connection, issue, until)
        return _plan(content, until, before, after)


def merge(
    newsroom: Newsroom, issue: Issue, *, by: str, cutoff_at: datetime | None = None, request: str = ""
) -> Issue:
    """Take in what was seen up to now, or up to the moment for which somebody saw what would change. Commits.

    Raises InvalidTransition when the issue is no draft any more, ChangedMeanwhile when it is older than what is stored.
    """
    until, now = _until(newsroom, issue, cutoff_at), newsroom.clock.now()
    with newsroom.content() as content, newsroom.database.write() as connection:
        store.lock_edition(connection, issue.edition)
        if is_done(connection, issue, request):
            return store.get_issue(connection, issue.id)
        store.require_draft(connection, issue)
        if until <= issue.cutoff_at:
            return issue
        changed = _changed(newsroom, content, connection, issue, until)
        deed = Deed(by=by, what="merged what arrived since", action=Action.MERGED, request=request)
        return commit_patch(connection, issue, Patch(cutoff_at=until, items=changed), deed, now)


def _until(newsroom: Newsroom, issue: Issue, cutoff_at: datetime | None) -> datetime:
    """Never after now, where what is not seen yet would fall between two issues, nor before the cutoff there is."""
    now = newsroom.clock.now()
    return max(issue.cutoff_at, min(cutoff_at or now, now))


def _items(
    newsroom: Newsroom, content: ContentStore, connection: Connection, issue: Issue, until: datetime
) -> tuple[dict[ItemKey, Item], dict[ItemKey, Item]]:
    before = store.items_of(connection, issue.id)
    after = merged_items(connection, content, newsroom.settings, issue, before, until)
    return {each.item_key: each for each in before}, {each.item_key: each for each in after}


def _changed(
    newsroom: Newsroom, content: ContentStore, connection: Connection, issue: Issue, until: datetime
) -> tuple[tuple[ItemKey, Item | None], ...]:
    if issue.edition is Edition.MONTHLY:
        return ()
    before, after = _items(newsroom, content, connection, issue, until)
    keys = dict.fromkeys((*before, *after))
    return tuple((key, after.get(key)) for key in keys if before.get(key) != after.get(key))


def _plan(
    content: ContentStore, until: datetime, before: Mapping[ItemKey, Item], after: Mapping[ItemKey, Item]
) -> Merge:
    # What a comparison prints of its tools comes and goes with it.
    comes = [key for key, each in after.items() if key not in before and not each.is_told]
    goes = [key for key, each in before.items() if key not in after and not each.is_told]
    moves = [
        key
        for key, each in after.items()
        if key in before and before[key].room is not each.room and not each.is_told
    ]
    titles = titles_of(content, (*comes[:NAMED], *moves[:NAMED], *goes[:NAMED]))

    def changes(keys: list[ItemKey]) -> tuple[Change, ...]:
        return tuple(
            Change(title=titles[key], before=_room(before.get(key)), after=_room(after.get(key)))
            for key in keys[:NAMED]
        )

    return Merge(
        cutoff_at=until,
        comes=changes(comes),
        coming=len(comes),
        moves=changes(moves),
        moving=len(moves),
        goes=changes(goes),
        going=len(goes),
    )


def _plan_month(connection: Connection, issue: Issue, until: datetime) -> Merge:
    known = {each.id for each in weeks_of(connection, issue)}
    weeks = weeks_of(connection, replace(issue, cutoff_at=until))
    new = [each for each in weeks if each.id not in known]
    comes = tuple(
        Change(title=f"Issue {each.number}: {clip(each.letter.subject)}", before=None, after=Room.MORE)
        for each in new
    )
    return Merge(cutoff_at=until, comes=comes[:NAMED], coming=len(comes))


def _room(item: Item | None) -> Room | None:
    return None if item is None else item.room
