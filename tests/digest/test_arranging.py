"""Items rearranged by hand: everything stays in the issue, seats are filled, and what a comparison prints has no card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.arranging import Arrangement, Way
from newsletter.digest.issues import Item, ItemKey
from newsletter.errors import BadInput

SIDES = {key: tuple(key.split("-")) for key in ("a-b", "c-d", "e-f", "g-h", "i-j", "k-l")}


def comparison(key: str) -> ItemKey:
    return ItemKey(ItemKind.COMPARISON, key)


def verdict(key: str) -> ItemKey:
    return ItemKey(ItemKind.VERDICT, key)


def item(key: ItemKey, room: Room, position: int, *, pinned: bool = False) -> Item:
    return Item(kind=key.kind, key=key.key, room=room, position=position, pinned=pinned)


#: a-b leads, three briefs; i-j and k-l wait; the verdict on a is told by the lead, that on i has a card.
WEEK = (
    item(comparison("a-b"), Room.LEAD, 0),
    *(item(comparison(key), Room.MORE, place) for place, key in enumerate(("c-d", "e-f", "g-h"))),
    *(item(comparison(key), Room.OVERFLOW, place) for place, key in enumerate(("i-j", "k-l"))),
    item(verdict("a"), Room.LEAD, 100),
    *(item(verdict(key), Room.CARD, place) for place, key in enumerate(("i", "x", "y"))),
    item(verdict("z"), Room.OVERFLOW, 2),
)


def arranged() -> Arrangement:
    return Arrangement(WEEK, SIDES)  # type: ignore[arg-type]


def room_of(found: Arrangement, room: Room, kind: ItemKind = ItemKind.COMPARISON) -> list[str]:
    there = sorted((each for each in found.items if each.room is room), key=lambda each: each.position)
    return [each.key for each in there if each.kind is kind]


def test_nothing_done_changes_nothing() -> None:
    assert arranged().changes() == {}


def test_a_new_lead_makes_the_old_one_the_first_brief_and_pushes_the_last_out() -> None:
    found = arranged()
    found.move(comparison("k-l"), Room.LEAD)
    assert room_of(found, Room.LEAD) == ["k-l"]
    assert room_of(found, Room.MORE) == ["a-b", "c-d", "e-f"]
    assert room_of(found, Room.OVERFLOW) == ["g-h", "i-j"]


def test_what_is_put_somewhere_is_pinned() -> None:
    found = arranged()
    found.move(comparison("k-l"), Room.MORE)
    found.step(comparison("e-f"), Way.UP)
    assert {each.key for each in found.items if each.pinned} == {"k-l", "e-f"}
    assert room_of(found, Room.MORE) == ["e-f", "c-d", "k-l"]


def test_more_than_the_seats_stay_if_they_are_pinned() -> None:
    found = arranged()
    for key in ("c-d", "e-f", "g-h"):
        found.pin(comparison(key), True)
    found.move(comparison("i-j"), Room.MORE)
    assert room_of(found, Room.MORE) == ["c-d", "e-f", "g-h", "i-j"]


def test_a_free_seat_goes_to_the_first_that_waits() -> None:
    found = arranged()
    found.take_out(comparison("c-d"))
    found.take_out(verdict("x"))
    assert room_of(found, Room.MORE) == ["e-f", "g-h", "i-j"]
    # The verdict on i is told by its comparison now, which leaves a card free.
    assert room_of(found, Room.CARD, ItemKind.VERDICT) == ["y", "z"]
    assert found.changes()[comparison("c-d")] is None


def test_without_its_lead_an_issue_leads_with_its_first_brief() -> None:
    found = arranged()
    found.take_out(comparison("a-b"))
    assert room_of(found, Room.LEAD) == ["c-d"]
    assert room_of(found, Room.MORE) == ["e-f", "g-h", "i-j"]
    assert "a" in room_of(found, Room.CARD, ItemKind.VERDICT) + room_of(
        found, Room.OVERFLOW, ItemKind.VERDICT
    )


def test_a_verdict_goes_where_the_comparison_goes_that_tells_it() -> None:
    found = arranged()
    found.move(comparison("i-j"), Room.LEAD)
    assert room_of(found, Room.LEAD, ItemKind.VERDICT) == ["i"]
    assert room_of(found, Room.MORE, ItemKind.VERDICT) == ["a"]
    assert room_of(found, Room.CARD, ItemKind.VERDICT) == ["x", "y", "z"]


def test_what_was_brought_back_waits_first_and_takes_a_free_seat() -> None:
    found = arranged()
    found.bring_back(comparison("m-n"))
    assert room_of(found, Room.OVERFLOW) == ["m-n", "i-j", "k-l"]
    found.take_out(comparison("c-d"))
    assert room_of(found, Room.MORE) == ["e-f", "g-h", "m-n"]


@pytest.mark.parametrize(
    ("key", "room", "words"),
    [
        (verdict("x"), Room.MORE, "cannot stand in more comparisons: it may go to the cards or"),
        (comparison("c-d"), Room.CARD, "cannot stand in the cards"),
        (verdict("a"), Room.CARD, "is told by a comparison of this issue"),
        (comparison("q-r"), Room.LEAD, "is not in this issue"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(key: ItemKey, room: Room, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        arranged().move(key, room)


def test_nothing_is_before_the_first_or_after_the_last() -> None:
    with pytest.raises(BadInput, match="is the first of more comparisons"):
        arranged().step(comparison("c-d"), Way.UP)
    with pytest.raises(BadInput, match="is the last of the cards"):
        arranged().step(verdict("y"), Way.DOWN)
    with pytest.raises(BadInput, match="has no order of its own"):
        arranged().step(comparison("a-b"), Way.UP)


moves = st.lists(
    st.tuples(st.sampled_from([each.item_key for each in WEEK]), st.sampled_from([*Room, *Way, True, False])),
    max_size=12,
)


@given(moves)
def test_whatever_is_moved_every_item_stays_and_stands_once(wanted: list[tuple[ItemKey, object]]) -> None:
    found = arranged()
    for key, what in wanted:
        try:
            if isinstance(what, Room):
                found.move(key, what)
            elif isinstance(what, Way):
                found.step(key, what)
            else:
                found.pin(key, bool(what))
        except BadInput:
            continue
        assert sorted(each.item_key for each in found.items) == sorted(each.item_key for each in WEEK)
        assert len(room_of(found, Room.LEAD)) == 1
        unpinned = [each for each in found.items if each.room is Room.MORE and not each.pinned]
        assert len(room_of(found, Room.MORE)) <= 3 or not [
            e for e in unpinned if e.kind is ItemKind.COMPARISON
        ]
        assert found.items == found.items
