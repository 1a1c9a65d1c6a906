"""Which items an issue has, and where they stand. Rules rank; they never exclude.

Eligible is what was first seen before the cutoff, is in no other weekly issue and is not excluded:

- a **comparison**, once;
- a tool's first panel **verdict**, once; later verdicts on it are changes;
- a **model**: a tool with recorded facts that the panel has not judged.

The lead is the first comparison by these rules, each only asked where the ones before it tie: it is new (first
seen in the seven days before the cutoff); the panel has judged both sides; the panel is split on a side or the
sides are close; both prices are recorded; it was published, or else seen, last; its id. The next ones are the
briefs. Verdicts that lead or briefs print are published there and get no card; so are models in the lead. Cards
go to verdicts before models, the newest first. Everything left is in the one overflow line, in the same order.

What an editor has put somewhere is pinned: it stays in its room, at its place, when newer items are merged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import NoReturn, TypeVar

from newsletter.content.records import ComparisonHead
from newsletter.content.store import ContentStore, Standing
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.issues import Item, ItemKey
from newsletter.errors import BadInput

T = TypeVar("T")

BRIEFS, CARDS = 3, 3
NEW_FOR = timedelta(days=7)
#: Sides whose means (or shares) differ by less than this many points are close.
CLOSE_MEANS, CLOSE_SHARES = 10.0, 26.0

_UNKNOWN = Standing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Everything first seen before the cutoff, as heads."""

    cutoff_at: datetime
    comparisons: tuple[ComparisonHead, ...]
    standings: Mapping[str, Standing]
    #: Ids under which tools were known before somebody said that they are the same as another.
    aliases: Mapping[str, str] = field(default_factory=dict)

    def standing(self, tool_id: str) -> Standing:
        return self.standings.get(tool_id, _UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The items of an issue, and how many of them are news of their own: what a thin week is measured by."""

    items: tuple[Item, ...]
    news: int
    #: When the item that has waited longest was first seen; None without items.
    waiting_since: datetime | None


def read_pool(content: ContentStore, cutoff_at: datetime) -> Pool:
    return Pool(
        cutoff_at=cutoff_at,
        comparisons=tuple(content.comparison_heads(cutoff_at)),
        standings=content.standings(cutoff_at),
        aliases=content.aliases(),
    )


def select_items(pool: Pool, unavailable: frozenset[ItemKey], kept: Iterable[Item] = ()) -> Selection:
    """Choose among what is available; of the items `kept` from an earlier choice, pins and notes stay."""
    before = {item.item_key: item for item in kept}
    unavailable = _by_present_names(unavailable, pool)
    comparisons = sorted(
        (each for each in pool.comparisons if _key(each) not in unavailable),
        key=lambda each: _rank(each, pool),
    )
    lead, briefs = _seated(comparisons, before)
    shown = {each.id for each in (*lead, *briefs)}
    tools = {key: seen_at for key, seen_at in _tool_news(pool).items() if key not in unavailable}
    covered = dict(_covered(lead, briefs, tools))
    cards, other_tools = _carded([key for key in tools if key not in covered], tools, before)
    placed = [
        *_place((_key(each) for each in lead), Room.LEAD),
        *_place((_key(each) for each in briefs), Room.MORE),
        *(Item(kind=key.kind, key=key.key, room=room, position=100) for key, room in covered.items()),
        *_place(cards, Room.CARD),
        *_place((*(_key(each) for each in comparisons if each.id not in shown), *other_tools), Room.OVERFLOW),
    ]
    seen = [each.first_seen_at for each in comparisons] + [tools[key] for key in (*cards, *other_tools)]
    return Selection(
        items=tuple(_with_marks(item, before) for item in placed),
        news=len(comparisons) + len(cards) + len(other_tools),
        waiting_since=min(seen, default=None),
    )


def _key(head: ComparisonHead) -> ItemKey:
    return ItemKey(ItemKind.COMPARISON, head.id)


def _by_present_names(unavailable: frozenset[ItemKey], pool: Pool) -> frozenset[ItemKey]:
    """Count what was published of a tool under an earlier name as published under its present one."""
    renamed = (
        ItemKey(each.kind, pool.aliases[each.key])
        for each in unavailable
        if each.key in pool.aliases and each.kind in (ItemKind.VERDICT, ItemKind.MODEL)
    )
    return unavailable.union(renamed)


def _rank(head: ComparisonHead, pool: Pool) -> tuple[object, ...]:
    """Return a sort key: what sorts first leads, by the rules in the module's docstring."""
    left, right = pool.standing(head.left_id), pool.standing(head.right_id)
    judged = left.judged and right.judged
    return (
        head.first_seen_at < pool.cutoff_at - NEW_FOR,
        not judged,
        not (judged and (_is_split(left) or _is_split(right) or _are_close(left, right))),
        not (left.priced and right.priced),
        -(head.published_on or head.first_seen_at.date()).toordinal(),
        -head.first_seen_at.timestamp(),
        head.id,
    )


def _is_split(standing: Standing) -> bool:
    return standing.share is not None and 0 < standing.share < 100


def _are_close(left: Standing, right: Standing) -> bool:
    if left.mean is not None and right.mean is not None:
        return abs(left.mean - right.mean) < CLOSE_MEANS
    if left.share is not None and right.share is not None:
        return abs(left.share - right.share) < CLOSE_SHARES
    return False


def _seated(
    ranked: Sequence[ComparisonHead], before: Mapping[ItemKey, Item]
) -> tuple[list[ComparisonHead], list[ComparisonHead]]:
    """Return the lead and the briefs: pinned ones first in their rooms, then by rank."""
    pinned = {each.id: _pinned_room(_key(each), before) for each in ranked}
    lead = [each for each in ranked if pinned[each.id] is Room.LEAD][:1]
    lead = lead or [each for each in ranked if pinned[each.id] is None][:1]
    placed = [(before[_key(each)].position, each) for each in ranked if pinned[each.id] is Room.MORE]
    others = (each for each in ranked if pinned[each.id] is None and each not in lead)
    return lead, seat([pair for pair in placed if pair[1] not in lead], others, BRIEFS)


def seat(placed: Iterable[tuple[int, T]], others: Iterable[T], seats: int) -> list[T]:
    """Seat those who have a place, at it, and others on the seats left free. More than the seats only have places."""
    first = sorted(placed, key=lambda pair: pair[0])
    waiting, seated = list(islice(others, max(0, seats - len(first)))), list[T]()
    for place, each in first:
        before = max(0, place - len(seated))
        seated += [*waiting[:before], each]
        waiting = waiting[before:]
    return [*seated, *waiting]


def _pinned_room(key: ItemKey, before: Mapping[ItemKey, Item]) -> Room | None:
    item = before.get(key)
    return item.room if item is not None and item.pinned else None


def _tool_news(pool: Pool) -> dict[ItemKey, datetime]:
    """Return each tool's first verdict, or its facts where it has none, and when that was first seen."""
    return dict(_each_tool_news(pool.standings))


def _each_tool_news(known: Mapping[str, Standing]) -> Iterator[tuple[ItemKey, datetime]]:
    for tool_id, standing in known.items():
        if standing.judged_at is not None:
            yield ItemKey(ItemKind.VERDICT, tool_id), standing.judged_at
        elif standing.described_at is not None:
            yield ItemKey(ItemKind.MODEL, tool_id), standing.described_at


def _covered(
    lead: Iterable[ComparisonHead], briefs: Iterable[ComparisonHead], tools: Mapping[ItemKey, datetime]
) -> Iterator[tuple[ItemKey, Room]]:
    """Yield what a shown comparison says of its tools: both verdicts; in the lead the facts of models too."""
    for head in briefs:
        for tool_id in (head.left_id, head.right_id):
            if (verdict := ItemKey(ItemKind.VERDICT, tool_id)) in tools:
                yield verdict, Room.MORE
    for head in lead:
        for tool_id in (head.left_id, head.right_id):
            for kind in (ItemKind.VERDICT, ItemKind.MODEL):
                if (key := ItemKey(kind, tool_id)) in tools:
                    yield key, Room.LEAD


def _carded(
    keys: Sequence[ItemKey], tools: Mapping[ItemKey, datetime], before: Mapping[ItemKey, Item]
) -> tuple[list[ItemKey], list[ItemKey]]:
    """Return the tools that get a card, and the others: pinned ones at their places, then by rank."""
    ranked = sorted(
        keys, key=lambda each: (each.kind is not ItemKind.VERDICT, -tools[each].timestamp(), each.key)
    )
    placed = [(before[key].position, key) for key in ranked if _pinned_room(key, before) is Room.CARD]
    cards = seat(placed, (key for key in ranked if _pinned_room(key, before) is None), CARDS)
    return cards, [key for key in ranked if key not in cards]


def _place(keys: Iterable[ItemKey], room: Room) -> Iterator[Item]:
    for position, key in enumerate(keys):
        yield Item(kind=key.kind, key=key.key, room=room, position=position)


def _with_marks(item: Item, before: Mapping[ItemKey, Item]) -> Item:
    old = before.get(item.item_key)
    return item if old is None else replace(item, pinned=old.pinned, note=old.note)


# A draft's items rearranged by hand, by the rules of selection.py: what is put somewhere is pinned there.
#
# Every change keeps every item: what leaves a room goes to the head of the overflow line, free seats are filled from it, and
# what a shown comparison prints of its tools has no card of its own. Values only; what is read and stored is in editing/.

#: Stands behind everything that has a place of its own: what a comparison prints of its tools.
COVERED_AT = 100

ROOM_NAMES = {
    Room.LEAD: "the lead",
    Room.MORE: "more comparisons",
    Room.CARD: "the cards",
    Room.OVERFLOW: "the overflow line",
    Room.QUESTION: "the question",
}
_ROOMS_OF = {
    ItemKind.COMPARISON: (Room.LEAD, Room.MORE, Room.OVERFLOW),
    ItemKind.VERDICT: (Room.CARD, Room.OVERFLOW),
    ItemKind.MODEL: (Room.CARD, Room.OVERFLOW),
    ItemKind.QUESTION: (),
}
_SEATS = {Room.MORE: BRIEFS, Room.CARD: CARDS}
_TOOLS = (ItemKind.VERDICT, ItemKind.MODEL)
#: The overflow line is too long to be numbered anew.
_NUMBERED = (Room.LEAD, Room.MORE, Room.CARD, Room.QUESTION)


class Way(StrEnum):
    """One place nearer to the beginning of its room, or to the end."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an arrangement must know of a draft: what it shows, the first that wait in its overflow line, what it is about.

    `sides` are the tools of the comparisons among the items; `first` is the lowest position in the overflow line.
    """

    items: tuple[Item, ...]
    sides: Mapping[str, tuple[str, str]]
    first: int = 0


def rooms_for(kind: ItemKind) -> tuple[Room, ...]:
    """Return where an item of this kind may be put."""
    return _ROOMS_OF[kind]


class Arrangement:
    """A draft's items while they are moved. Each change is made at once; `items` then follows the rules again."""

    def __init__(self, known: Known) -> None:
        self._sides, self._first = known.sides, known.first
        self._before = {each.item_key: each for each in known.items}
        self._covered = [each for each in known.items if _is_covered(each)]
        free = sorted((each for each in known.items if not _is_covered(each)), key=lambda each: each.position)
        self._rooms = {room: [each for each in free if each.room is room] for room in Room}

    # ── changes ────────────────────────────────────────────────────────────────────────────────────────

    def move(self, key: ItemKey, room: Room) -> None:
        """Put an item into a room, as its last; into the overflow line as its first. The lead before becomes a brief."""
        item = self._free(key)
        if room not in rooms_for(key.kind):
            names = " or ".join(ROOM_NAMES[each] for each in rooms_for(key.kind)) or "nowhere else"
            raise BadInput(f"The {key} cannot stand in {ROOM_NAMES[room]}: it may go to {names}.")
        if item.room is room:
            return
        self._take(key)
        placed = replace(item, room=room, pinned=True)
        if room is Room.LEAD:
            self._rooms[Room.MORE][:0] = [replace(each, pinned=False) for each in self._rooms[Room.LEAD]]
            self._rooms[Room.LEAD] = [placed]
        elif room is Room.OVERFLOW:
            self._rooms[room].insert(0, placed)
        else:
            self._rooms[room].append(placed)
        self._settle()

    def step(self, key: ItemKey, way: Way) -> None:
        """Move a brief or card one place up or down."""
        item = self._free(key)
        room = self._rooms[item.room]
        if item.room not in _SEATS:
            raise BadInput(f"The {key} has no order of its own: only briefs and cards go up and down.")
        place = room.index(item)
        other = place + (1 if way is Way.DOWN else -1)
        if not 0 <= other < len(room):
            raise BadInput(
                f"The {key} is the {'last' if way is Way.DOWN else 'first'} of {ROOM_NAMES[item.room]}."
            )
        room[place], room[other] = room[other], replace(item, pinned=True)
        self._settle()

    def pin(self, key: ItemKey, pinned: bool) -> None:
        self._put(replace(self._free(key), pinned=pinned))
        self._settle()

    def write_note(self, key: ItemKey, note: str) -> None:
        """Set what an editor says of an item, in Markdown."""
        self._put(replace(self._free(key), note=note))

    def take_out(self, key: ItemKey) -> None:
        self._free(key)
        self._take(key)
        self._settle()

    def bring_back(self, key: ItemKey) -> None:
        """Put what was taken out at the head of the overflow line; a free seat takes it from there."""
        self._rooms[Room.OVERFLOW].insert(
            0, Item(kind=key.kind, key=key.key, room=Room.OVERFLOW, position=self._first - 1)
        )
        self._settle()

    def ask(self, key: ItemKey | None) -> None:
        """Ask another question, or none."""
        self._rooms[Room.QUESTION] = (
            [] if key is None else [Item(kind=key.kind, key=key.key, room=Room.QUESTION, position=0)]
        )

    # ── what came of it ────────────────────────────────────────────────────────────────────────────────

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, where it stands now."""
        seated = (each for room in _NUMBERED for each in self._rooms[room])
        return (*seated, *self._covered, *self._overflow())

    def changes(self) -> dict[ItemKey, Item | None]:
        """Return what is otherwise than before; None for what was taken out."""
        now = {each.item_key: each for each in self.items}
        changed: dict[ItemKey, Item | None] = {
            key: item for key, item in now.items() if self._before.get(key) != item
        }
        return changed | {key: None for key in self._before if key not in now}

    # ── the rules ──────────────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        if not self._rooms[Room.LEAD] and (new := self._next_lead()) is not None:
            self._take(new.item_key)
            self._rooms[Room.LEAD] = [new]
        self._fill(Room.MORE, (ItemKind.COMPARISON,))
        self._cover()
        self._fill(Room.CARD, _TOOLS)
        for room in _NUMBERED:
            self._rooms[room] = [
                replace(each, room=room, position=n) for n, each in enumerate(self._rooms[room])
            ]
        waiting = self._rooms[Room.OVERFLOW]
        self._rooms[Room.OVERFLOW] = [replace(each, room=Room.OVERFLOW) for each in waiting]

    def _next_lead(self) -> Item | None:
        briefs, waiting = self._rooms[Room.MORE], self._rooms[Room.OVERFLOW]
        compared = [each for each in (*briefs, *waiting) if each.kind is ItemKind.COMPARISON]
        return next((each for each in compared if not each.pinned), briefs[0] if briefs else None)

    def _fill(self, room: Room, kinds: Iterable[ItemKind]) -> None:
        """Fill a room: the last unpinned ones leave, the first that wait come; pinned ones stay however many."""
        seated, waiting = self._rooms[room], self._rooms[Room.OVERFLOW]
        for each in [each for each in reversed(seated) if not each.pinned]:
            if len(seated) > _SEATS[room]:
                seated.remove(each)
                waiting.insert(0, each)
        for each in [each for each in waiting if each.kind in kinds and not each.pinned]:
            if len(seated) < _SEATS[room]:
                waiting.remove(each)
                seated.append(each)

    def _cover(self) -> None:
        """Show verdicts that the lead or briefs print there only; so are models in the lead."""
        printed = dict(self._printed())
        for each in [each for each in self._covered if each.item_key not in printed]:
            self._covered.remove(each)
            self._rooms[Room.OVERFLOW].insert(0, each)
        for key, room in printed.items():
            item = self._find(key)
            if item is not None:
                self._take(key)
                self._covered.append(replace(item, room=room, position=COVERED_AT, pinned=False))

    def _printed(self) -> Iterable[tuple[ItemKey, Room]]:
        for room, kinds in ((Room.MORE, (ItemKind.VERDICT,)), (Room.LEAD, _TOOLS)):
            for item in self._rooms[room]:
                for tool_id in self._sides.get(item.key, ()):
                    yield from ((ItemKey(kind, tool_id), room) for kind in kinds)

    def _overflow(self) -> list[Item]:
        """Return the overflow line: what stood there keeps its place, what came stands before all of it, in order."""
        stayed = [
            each
            for each in self._rooms[Room.OVERFLOW]
            if (old := self._before.get(each.item_key)) is not None and old.room is Room.OVERFLOW
        ]
        came = [each for each in self._rooms[Room.OVERFLOW] if each not in stayed]
        first = min([self._first, *(each.position for each in stayed)]) - len(came)
        return [*(replace(each, position=first + n) for n, each in enumerate(came)), *stayed]

    # ── finding, taking and putting ────────────────────────────────────────────────────────────────────

    def _find(self, key: ItemKey) -> Item | None:
        everywhere = (*self._covered, *(each for room in self._rooms.values() for each in room))
        return next((each for each in everywhere if each.item_key == key), None)

    def _free(self, key: ItemKey) -> Item:
        """Find the item; raises BadInput for what the issue has not, or what a comparison prints."""
        item = self._find(key)
        if item is None:
            _refuse(f"The {key} is not in this issue.")
        if item in self._covered:
            _refuse(f"The {key} is told by a comparison of this issue, and goes where that goes.")
        return item

    def _take(self, key: ItemKey) -> None:
        for each in (self._covered, *self._rooms.values()):
            each[:] = [item for item in each if item.item_key != key]

    def _put(self, item: Item) -> None:
        room = self._rooms[item.room]
        room[:] = [item if each.item_key == item.item_key else each for each in room]


def _is_covered(item: Item) -> bool:
    return item.kind in _TOOLS and item.room in (Room.LEAD, Room.MORE)


def _refuse(words: str) -> NoReturn:
    raise BadInput(words)
