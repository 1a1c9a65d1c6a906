"""Making a draft and changing it: its items, its words, and what was done to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.app import App
from newsletter.content.store import ContentStore, count_newer
from newsletter.db.statuses import Edition, ExclusionReach, RevisionState, Room
from newsletter.digest import store
from newsletter.digest.content import IssueContent, Quote
from newsletter.digest.draft import (
    Drafted,
    Thin,
    Window,
    make_draft,
    make_month_draft,
    merge_newer,
    merge_weeks,
    merged_items,
    weeks_of,
)
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.quotes import quotable
from newsletter.digest.selection import rooms_for
from newsletter.digest.store import exclusions_of, quotes_of, read_shown_items
from newsletter.digest.wording import clip
from newsletter.editing.audit import COMMAND_LINE, Action
from newsletter.editing.edits import Write, make_edits, titles_of
from newsletter.editing.revisions import Deed, Patch, Revision, commit_patch, is_done, list_edits
from newsletter.schedule.slots import NAME, Slot, issue_schedule, next_slot, wall_time

# Taking what arrived since into a draft: first what would come in, move and go out; then exactly that.
#
# The rules are those of digest/selection.py; what an editor has pinned stays. A merge is undone like every edit.

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


def plan_merge(app: App, issue: Issue, cutoff_at: datetime | None = None) -> Merge:
    """What merging would change, up to now or to an earlier moment; nothing is written. Raises as `merge`."""
    until = _until(app, issue, cutoff_at)
    with app.content() as content, app.database.read() as connection:
        store.require_draft(connection, issue)
        if issue.edition is Edition.MONTHLY:
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
        changed = _changed(app, content, connection, issue, until)
        deed = Deed(by=by, what="merged what arrived since", action=Action.MERGED, request=request)
        return commit_patch(connection, issue, Patch(cutoff_at=until, items=changed), deed, now)


def _until(app: App, issue: Issue, cutoff_at: datetime | None) -> datetime:
    """Never after now, where what is not seen yet would fall between two issues, nor before the cutoff there is."""
    now = app.clock.now()
    return max(issue.cutoff_at, min(cutoff_at or now, now))


def _items(
    app: App, content: ContentStore, connection: Connection, issue: Issue, until: datetime
) -> tuple[dict[ItemKey, Item], dict[ItemKey, Item]]:
    before = store.items_of(connection, issue.id)
    after = merged_items(connection, content, app.settings, issue, before, until)
    return {each.item_key: each for each in before}, {each.item_key: each for each in after}


def _changed(
    app: App, content: ContentStore, connection: Connection, issue: Issue, until: datetime
) -> tuple[tuple[ItemKey, Item | None], ...]:
    if issue.edition is Edition.MONTHLY:
        return ()
    before, after = _items(app, content, connection, issue, until)
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


# Making and changing a draft.


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
    """Take what was seen since into a draft; its cutoff moves to now. It can be undone."""
    merged = merge(app, issue, by=by)
    return Drafted(issue=merged, fresh=merged.version != issue.version)


def merge_until(app: App, issue: Issue, cutoff_at: datetime) -> Drafted:
    """For the schedule: take what was seen up to a later cutoff into a draft that nobody has edited; a monthly one takes the weeks that began before it."""
    now = app.clock.now()
    if issue.edition is Edition.MONTHLY:
        return merge_weeks(app.database, issue, cutoff_at, now)
    with app.content() as content:
        return merge_newer(app.database, content, app.settings, issue, cutoff_at, now)


def edit(app: App, issue: Issue, *, by: str = COMMAND_LINE, **words: str) -> Issue:
    """Write over what is computed: `subject`, `preheader`, `note`, `bottom_line`; empty is computed again.

    Raises BadInput for what is too long, InvalidTransition when the issue is no draft any more, ChangedMeanwhile
    when `issue` is older than what is stored.
    """
    return make_edits(app, issue, [Write(**words)], by=by)


def _draft(
    app: App, slot: Slot, cutoff_at: datetime, edition: Edition, *, even_thin: bool = False
) -> Drafted | Thin:
    window = Window(slot=slot.name, send_at=slot.at, cutoff_at=cutoff_at)
    now = app.clock.now()
    if edition is Edition.MONTHLY:
        return make_month_draft(app.database, app.settings, window, now)
    with app.content() as content:
        return make_draft(app.database, content, app.settings, window, now=now, even_thin=even_thin)


# What stands on the page of a draft beside the mail: its items by room, what was taken out, what may be quoted, its history.
#
# Read only; of the overflow line only the first.

#: How many of the overflow line the page names, and how many edits of its history.
WAITING, STEPS = 20, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An item on the board. `places` are the rooms that it may be put into; `name` is what a form calls it."""

    key: ItemKey
    title: str
    room: Room
    pinned: bool = False
    note: str = ""
    is_first: bool = True
    is_last: bool = True
    places: tuple[Room, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.key.kind}:{self.key.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """What was taken out of the issue, and whether for ever."""

    key: ItemKey
    title: str
    for_ever: bool

    @property
    def name(self) -> str:
        return f"{self.key.kind}:{self.key.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotable:
    """A quote of the lead, the sentences of its review, and whether an editor chose it."""

    quote: Quote
    comparison_id: str
    sentences: tuple[str, ...]
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All of it. `told` are the tools that a comparison of the issue tells; `waiting` counts newer comparisons."""

    rooms: tuple[tuple[Room, tuple[Line, ...]], ...]
    overflow: int
    told: tuple[str, ...]
    excluded: tuple[Excluded, ...]
    quotes: tuple[Quotable, ...]
    waiting: int
    history: tuple[Revision, ...]
    #: What would be undone, or done again, in words; empty for nothing.
    undoable: str
    redoable: str


def board_of(app: App, issue: Issue, letter: IssueContent) -> Board:
    """The board of a draft that reads like this."""
    with app.database.read() as connection, app.content() as content:
        contents = read_shown_items(connection, issue.id, WAITING)
        taken_out = exclusions_of(connection, issue.id)
        chosen = {(each.comparison_id, each.review_id) for each in quotes_of(connection, issue.id)}
        done = list_edits(connection, issue.id, STEPS)
        titles = titles_of(content, (*(each.item_key for each in contents.items), *taken_out))
        covered = [each for each in contents.items if each.is_told]
        return Board(
            rooms=tuple(_rooms(contents.items, titles)),
            overflow=contents.overflow,
            told=tuple(dict.fromkeys(titles[each.item_key] for each in covered)),
            excluded=tuple(
                Excluded(key=key, title=titles[key], for_ever=reach is ExclusionReach.FOR_EVER)
                for key, reach in taken_out.items()
            ),
            quotes=tuple(_quotes(content, letter, chosen)),
            waiting=0 if issue.edition is Edition.MONTHLY else count_newer(content, issue.cutoff_at),
            history=done,
            undoable=next((each.what for each in done if each.state is RevisionState.DONE), ""),
            redoable=next((each.what for each in reversed(done) if each.state is RevisionState.UNDONE), ""),
        )


def _rooms(items: Iterable[Item], titles: Mapping[ItemKey, str]) -> Iterable[tuple[Room, tuple[Line, ...]]]:
    free = [each for each in items if not each.is_told]
    for room in Room:
        here = [each for each in free if each.room is room]
        yield (
            room,
            tuple(
                Line(
                    key=item.item_key,
                    title=titles[item.item_key],
                    room=room,
                    pinned=item.pinned,
                    note=item.note,
                    is_first=place == 0,
                    is_last=place == len(here) - 1,
                    places=tuple(each for each in rooms_for(item.kind) if each is not room),
                )
                for place, item in enumerate(here)
            ),
        )


def _quotes(content: ContentStore, letter: IssueContent, chosen: set[tuple[str, str]]) -> Iterable[Quotable]:
    lead = letter.lead
    if lead is None:
        return
    found = content.reviews((lead.left.tool_id, lead.right.tool_id))
    reviews = {each.id: each for said in found.values() for each in said}
    for quote in lead.quotes:
        if quote.review_id in reviews:
            yield Quotable(
                quote=quote,
                comparison_id=lead.comparison_id,
                sentences=quotable(reviews[quote.review_id]),
                is_chosen=(lead.comparison_id, quote.review_id) in chosen,
            )
