"""A draft's items rearranged by hand, by the rules of selection.py: what is put somewhere is pinned there.

Every change keeps every item: what leaves a room goes to the head of the overflow line, free seats are filled from it,
and what a shown comparison prints of its tools has no card of its own. Values only; what is read and stored is in
editing/.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.issues import Item, ItemKey
from newsletter.digest.selection import BRIEFS, CARDS
from newsletter.errors import BadInput

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


def rooms_for(kind: ItemKind) -> tuple[Room, ...]:
    """Return where an item of this kind may be put."""
    return _ROOMS_OF[kind]


class Arrangement:
    """A draft's items while they are moved. Each change is made at once; `items` then follows the rules again."""

    def __init__(
        self, items: Iterable[Item], sides: Mapping[str, tuple[str, str]], *, first: int = 0
    ) -> None:
        """Arrange what a draft shows, the first that wait in its overflow line, and what the changes are about.

        `sides` are the tools of the comparisons among them; `first` is the lowest position in the overflow line.
        """
        self._sides, self._first = sides, first
        self._before = {each.item_key: each for each in items}
        self._covered = [each for each in self._before.values() if each.is_told]
        free = (each for each in self._before.values() if not each.is_told)
        placed = sorted(free, key=lambda each: each.position)
        self._rooms = {room: [each for each in placed if each.room is room] for room in Room}

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
            raise BadInput(f"The {key} is not in this issue.")
        if item in self._covered:
            raise BadInput(f"The {key} is told by a comparison of this issue, and goes where that goes.")
        return item

    def _take(self, key: ItemKey) -> None:
        for each in (self._covered, *self._rooms.values()):
            each[:] = [item for item in each if item.item_key != key]

    def _put(self, item: Item) -> None:
        room = self._rooms[item.room]
        room[:] = [item if each.item_key == item.item_key else each for each in room]
