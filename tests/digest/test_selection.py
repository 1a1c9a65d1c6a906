"""Which items an issue has and where they stand: rules rank, nothing eligible is left out."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from newsletter.content.records import ComparisonHead
from newsletter.content.store import Standing
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest import selection
from newsletter.digest.issues import Item, ItemKey
from newsletter.digest.selection import Pool, Selection, select_items
from tests.digest.week import CUTOFF, SEEN

OLD = CUTOFF - timedelta(days=8)


def head(left: str, right: str, seen_at: datetime = SEEN, published_on: date | None = None) -> ComparisonHead:
    return ComparisonHead(
        id=f"{left}-{right}", left_id=left, right_id=right, published_on=published_on, first_seen_at=seen_at
    )


def judged(
    share: float, mean: float | None = None, seen_at: datetime = SEEN, priced: bool = False
) -> Standing:
    return Standing(share=share, mean=mean, judged_at=seen_at, priced=priced)


def pool(*heads: ComparisonHead, **standings: Standing) -> Pool:
    return Pool(cutoff_at=CUTOFF, comparisons=heads, standings=standings)


def keys(choice: Selection, room: Room, kind: ItemKind = ItemKind.COMPARISON) -> list[str]:
    return [each.key for each in choice.items if each.room is room and each.kind is kind]


def lead_of(*heads: ComparisonHead, **standings: Standing) -> str:
    forwards, backwards = (
        select_items(pool(*order, **standings), frozenset()) for order in (heads, heads[::-1])
    )
    assert forwards == backwards
    return keys(forwards, Room.LEAD)[0]


def test_a_new_comparison_leads_before_one_that_waited() -> None:
    standings = {"a": judged(50), "b": judged(50)}
    assert lead_of(head("a", "b", OLD), head("c", "d"), **standings) == "c-d"


def test_then_one_of_which_both_sides_are_reviewed() -> None:
    assert lead_of(head("a", "b"), head("a", "c"), a=judged(100), b=judged(0)) == "a-b"


def test_then_one_that_is_split_or_close() -> None:
    far = {"a": judged(100, 95), "b": judged(0, 20)}
    assert lead_of(head("a", "b"), head("c", "d"), **far, c=judged(75, 80), d=judged(0, 30)) == "c-d"
    assert lead_of(head("a", "b"), head("c", "d"), **far, c=judged(100, 80), d=judged(100, 75)) == "c-d"


def test_then_one_of_which_both_prices_are_known() -> None:
    standings = {"a": judged(75), "b": judged(75), "c": judged(75, priced=True), "d": judged(75, priced=True)}
    assert lead_of(head("a", "b"), head("c", "d"), **standings) == "c-d"


def test_then_the_one_published_last_and_then_by_name() -> None:
    assert (
        lead_of(
            head("a", "b", published_on=date(2026, 11, 20)), head("c", "d", published_on=date(2026, 11, 21))
        )
        == "c-d"
    )
    assert lead_of(head("c", "d"), head("a", "b")) == "a-b"


def test_rules_rank_and_never_exclude() -> None:
    choice = select_items(pool(head("a", "b", OLD)), frozenset())
    assert keys(choice, Room.LEAD) == ["a-b"]


def test_three_briefs_three_cards_and_the_rest_in_one_line() -> None:
    heads = [head(f"l{each}", f"r{each}") for each in range(6)]
    standings = {f"t{each}": judged(50) for each in range(5)}
    choice = select_items(pool(*heads, **standings), frozenset())
    rooms = [len(keys(choice, room)) for room in (Room.LEAD, Room.MORE, Room.OVERFLOW)]
    assert rooms == [1, 3, 2]
    assert len(keys(choice, Room.CARD, ItemKind.VERDICT)) == 3
    assert len(keys(choice, Room.OVERFLOW, ItemKind.VERDICT)) == 2
    assert choice.news == 11


def test_a_verdict_that_a_shown_comparison_prints_is_published_there_without_a_card() -> None:
    choice = select_items(pool(head("a", "b"), a=judged(100), b=judged(75)), frozenset())
    assert sorted(keys(choice, Room.LEAD, ItemKind.VERDICT)) == ["a", "b"]
    assert keys(choice, Room.CARD, ItemKind.VERDICT) == []
    assert choice.news == 1


def test_a_verdict_of_the_overflow_line_still_gets_a_card() -> None:
    heads = [head(f"l{each}", f"r{each}") for each in range(5)]
    choice = select_items(pool(*heads, l4=judged(50)), frozenset({ItemKey(ItemKind.VERDICT, "l0")}))
    assert keys(choice, Room.LEAD) == ["l0-r0"]
    assert keys(choice, Room.OVERFLOW) == ["l4-r4"]
    assert keys(choice, Room.CARD, ItemKind.VERDICT) == ["l4"]


def test_models_of_the_lead_are_shown_by_it_those_of_briefs_get_cards() -> None:
    described = Standing(described_at=SEEN)
    choice = select_items(pool(head("a", "b"), head("c", "d"), a=described, c=described), frozenset())
    assert keys(choice, Room.LEAD, ItemKind.MODEL) == ["a"]
    assert keys(choice, Room.CARD, ItemKind.MODEL) == ["c"]


def test_a_tool_that_the_panel_has_judged_is_no_model() -> None:
    both = Standing(share=75, judged_at=SEEN, described_at=SEEN)
    choice = select_items(pool(t=both), frozenset())
    assert [each.item_key for each in choice.items] == [ItemKey(ItemKind.VERDICT, "t")]


def test_verdicts_have_cards_before_models_the_newest_first() -> None:
    model = Standing(described_at=SEEN)
    older, newer = judged(50, seen_at=SEEN - timedelta(hours=1)), judged(50)
    choice = select_items(pool(m=model, older=older, newer=newer), frozenset())
    assert [each.key for each in choice.items] == ["newer", "older", "m"]


def test_what_is_unavailable_is_not_chosen() -> None:
    taken = frozenset({ItemKey(ItemKind.COMPARISON, "a-b"), ItemKey(ItemKind.VERDICT, "a")})
    choice = select_items(pool(head("a", "b"), head("a", "c"), a=judged(50)), taken)
    assert [each.item_key for each in choice.items] == [ItemKey(ItemKind.COMPARISON, "a-c")]


def test_what_was_published_under_an_earlier_name_is_not_published_again() -> None:
    renamed = replace(pool(new=judged(50)), aliases={"old": "new"})
    assert select_items(renamed, frozenset({ItemKey(ItemKind.VERDICT, "old")})).items == ()


def test_the_page_for_editors_states_the_very_rules() -> None:
    page = Path(__file__).parents[2] / "docs" / "why" / "which-items.md"
    _, _, rules = (selection.__doc__ or "").partition("\n\n")
    assert " ".join(rules.split()) in " ".join(page.read_text(encoding="utf-8").split())


def test_pins_and_notes_outlive_a_new_choice() -> None:
    before = [
        Item(kind=ItemKind.COMPARISON, key="c-d", room=Room.LEAD, position=0, pinned=True),
        Item(kind=ItemKind.COMPARISON, key="a-b", room=Room.MORE, position=0, note="look"),
    ]
    choice = select_items(
        pool(head("a", "b"), head("c", "d"), a=judged(50), b=judged(50)), frozenset(), before
    )
    assert keys(choice, Room.LEAD) == ["c-d"]
    assert [each.note for each in choice.items if each.key == "a-b"] == ["look"]


def test_how_long_the_oldest_has_waited_is_known() -> None:
    assert select_items(pool(head("a", "b", OLD), head("c", "d")), frozenset()).waiting_since == OLD
    assert select_items(pool(), frozenset()).waiting_since is None
