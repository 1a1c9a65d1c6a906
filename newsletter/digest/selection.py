"""Which items an issue has, and where they stand. Rules rank; they never exclude.

Eligible is what was first seen before the cutoff, is in no other weekly issue, is not excluded and not gone from the
site's own database:

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
from itertools import islice
from typing import TypeVar

from newsletter.content.records import ComparisonHead
from newsletter.content.store import ContentStore, Standing
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.issues import Item, ItemKey

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
    known = pool.standings.items()
    judged = {ItemKey(ItemKind.VERDICT, key): each.judged_at for key, each in known}
    described = {
        ItemKey(ItemKind.MODEL, key): each.described_at for key, each in known if each.judged_at is None
    }
    return {key: at for key, at in (judged | described).items() if at is not None}


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
