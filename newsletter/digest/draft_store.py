"""The queries on a draft's contents: the few items that it shows, what an edit changes, what it keeps out or quotes.

Nothing here commits. An issue may have tens of thousands of items in its overflow line: nothing here reads them all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)

from newsletter.db.schema import chosen_quotes, exclusions, issues, items, publications
from newsletter.db.statuses import ExclusionReach, IssueStatus, ItemKind, Room
from newsletter.digest.issues import Item, ItemKey

#: Keys in one query: databases limit how many there may be.
MOST_KEYS = 200

_COLUMNS = tuple(each for each in items.c if each is not items.c.issue_id)
_ROOMS = {room: place for place, room in enumerate(Room)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """An issue's items in reading order, of the overflow line only the first; `overflow` counts all of those."""

    items: tuple[Item, ...]
    overflow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenQuote:
    """The sentence of a review that an editor has a comparison quote."""

    comparison_id: str
    review_id: str
    words: str


def read_contents(connection: Connection, issue_id: int, most: int) -> Contents:
    """What the issue shows, and at most so many of what its overflow line names."""
    here = items.c.issue_id == issue_id
    # Named one by one, since no index finds what is not something.
    rooms = [room for room in Room if room is not Room.OVERFLOW]
    shown = _read(connection, select(*_COLUMNS).where(here, items.c.room.in_(rooms)))
    rest = select(func.count()).select_from(items).where(here, items.c.room == Room.OVERFLOW)
    return Contents(
        items=(*sorted(shown, key=_reading_order), *first_of_overflow(connection, issue_id, most)),
        overflow=connection.execute(rest).scalar_one(),
    )


def first_of_overflow(
    connection: Connection,
    issue_id: int,
    most: int,
    kinds: Iterable[ItemKind] = tuple(ItemKind),
    *,
    pinned: bool | None = None,
) -> tuple[Item, ...]:
    """The first of the overflow line, of these kinds; only pinned ones, or only others, where that is said."""
    found: list[Item] = []
    for kind in kinds:
        here = (items.c.issue_id == issue_id, items.c.room == Room.OVERFLOW, items.c.kind == kind)
        query = select(*_COLUMNS).where(*here).order_by(items.c.position, items.c.key).limit(most)
        found += _read(connection, query if pinned is None else query.where(items.c.pinned == pinned))
    return tuple(sorted(found, key=_reading_order)[:most])


def lowest_of_overflow(connection: Connection, issue_id: int) -> int:
    """The position of the first in the overflow line; 0 where it is empty."""
    lowest = [each.position for each in first_of_overflow(connection, issue_id, 1)]
    return min(lowest, default=0)


def is_taken(connection: Connection, issue_id: int, key: ItemKey) -> bool:
    """Whether another issue has published it, or another draft has it."""
    same = and_(publications.c.kind == key.kind, publications.c.key == key.key)
    published = exists().where(same, publications.c.issue_id != issue_id)
    held = exists().where(
        _is(key),
        items.c.issue_id == issues.c.id,
        issues.c.status == IssueStatus.DRAFT,
        issues.c.id != issue_id,
    )
    return bool(connection.execute(select(or_(published, held))).scalar())


def read_items(connection: Connection, issue_id: int, keys: Iterable[ItemKey]) -> dict[ItemKey, Item]:
    """Those of these that the issue has."""
    wanted, found = list(dict.fromkeys(keys)), dict[ItemKey, Item]()
    for kind in ItemKind:
        named = [each.key for each in wanted if each.kind is kind]
        for start in range(0, len(named), MOST_KEYS):
            here = (items.c.issue_id == issue_id, items.c.kind == kind)
            query = select(*_COLUMNS).where(*here, items.c.key.in_(named[start : start + MOST_KEYS]))
            found.update((each.item_key, each) for each in _read(connection, query))
    return found


def change_items(connection: Connection, issue_id: int, changes: Mapping[ItemKey, Item | None]) -> None:
    """Put items in the place of those with the same keys; None takes one out."""
    one = and_(items.c.kind == bindparam("old_kind"), items.c.key == bindparam("old_key"))
    if changes:
        old = [{"old_kind": each.kind, "old_key": each.key} for each in changes]
        connection.execute(delete(items).where(items.c.issue_id == issue_id, one), old)
    rows = [
        {
            "issue_id": issue_id,
            "kind": each.kind,
            "key": each.key,
            "room": each.room,
            "position": each.position,
            "pinned": each.pinned,
            "note": each.note,
        }
        for each in changes.values()
        if each is not None
    ]
    if rows:
        connection.execute(insert(items), rows)


def exclusions_of(connection: Connection, issue_id: int) -> dict[ItemKey, ExclusionReach]:
    """What was taken out of this issue, and for how long, the last taken first."""
    query = select(exclusions.c.kind, exclusions.c.key, exclusions.c.reach)
    query = query.where(exclusions.c.issue_id == issue_id).order_by(exclusions.c.id.desc())
    return {ItemKey(kind, key): reach for kind, key, reach in connection.execute(query)}


def change_exclusions(
    connection: Connection, issue_id: int, changes: Mapping[ItemKey, ExclusionReach | None], at: datetime
) -> None:
    """Keep items out, or with None no longer."""
    for key, reach in changes.items():
        same = and_(exclusions.c.kind == key.kind, exclusions.c.key == key.key)
        connection.execute(delete(exclusions).where(exclusions.c.issue_id == issue_id, same))
        if reach is not None:
            row = {"kind": key.kind, "key": key.key, "reach": reach, "issue_id": issue_id, "at": at}
            connection.execute(insert(exclusions).values(row))


def quotes_of(connection: Connection, issue_id: int) -> tuple[ChosenQuote, ...]:
    """The sentences that an editor chose for this issue."""
    columns = (each for each in chosen_quotes.c if each is not chosen_quotes.c.issue_id)
    query = select(*columns).where(chosen_quotes.c.issue_id == issue_id)
    rows = connection.execute(query.order_by(chosen_quotes.c.comparison_id, chosen_quotes.c.review_id))
    return tuple(ChosenQuote(**row) for row in rows.mappings())


def change_quotes(
    connection: Connection, issue_id: int, changes: Mapping[tuple[str, str], ChosenQuote | None]
) -> None:
    """By comparison and review: quote these sentences; None: the computed one again."""
    for (comparison_id, review_id), chosen in changes.items():
        connection.execute(
            delete(chosen_quotes).where(
                chosen_quotes.c.issue_id == issue_id,
                chosen_quotes.c.comparison_id == comparison_id,
                chosen_quotes.c.review_id == review_id,
            )
        )
        if chosen is not None:
            row = {"comparison_id": comparison_id, "review_id": review_id, "words": chosen.words}
            connection.execute(insert(chosen_quotes).values(issue_id=issue_id, **row))


def _reading_order(item: Item) -> tuple[int, int, str, str]:
    return _ROOMS[item.room], item.position, item.kind, item.key


def _is(key: ItemKey) -> ColumnElement[bool]:
    return and_(items.c.kind == key.kind, items.c.key == key.key)


def _read(connection: Connection, query: Select[*tuple[object, ...]]) -> tuple[Item, ...]:
    return tuple(Item(**row) for row in connection.execute(query).mappings())
