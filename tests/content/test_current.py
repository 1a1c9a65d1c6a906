"""Which of several statements hold."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.records import Stated, current

STATED = st.builds(
    Stated,
    st.integers(0, 3),
    st.sampled_from(["", "2026-01-01", "2026-06-01"]),
    st.sampled_from(["2026-11-23", "2026-11-30", "2026-12-07"]),
)


def test_nothing_holds_of_nothing() -> None:
    assert current([]) == []


def test_of_undated_statements_the_last_seen_holds() -> None:
    old, new = Stated("old", "", "2026-11-23"), Stated("new", "", "2026-11-30")
    assert current([new, old]) == [new]


def test_the_newest_date_holds_and_on_one_date_the_last_seen() -> None:
    older = Stated("older", "2026-01-01", "2026-12-07")
    wrong, right = Stated("wrong", "2026-06-01", "2026-11-23"), Stated("right", "2026-06-01", "2026-11-30")
    assert current([older, wrong, right]) == [right]


def test_what_is_undated_stands_beside_what_is_dated_only_when_said_later() -> None:
    dated = Stated("dated", "2026-06-01", "2026-11-30")
    before, after = Stated("before", "", "2026-11-23"), Stated("after", "", "2026-12-07")
    assert current([before, dated]) == [dated]
    assert current([before, dated, after]) == [dated, after]


@given(st.lists(STATED, min_size=1, max_size=8))
def test_something_always_holds_and_a_dated_statement_where_there_is_one(every: list[Stated[int]]) -> None:
    holding = current(every)
    assert holding
    newest = max(each.dated for each in every)
    assert not newest or holding[0].dated == newest


@given(st.lists(STATED, max_size=8), st.randoms())
def test_the_order_of_statements_does_not_matter(every: list[Stated[int]], random: object) -> None:
    shuffled = list(every)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(map(repr, current(shuffled))) == sorted(map(repr, current(every)))
