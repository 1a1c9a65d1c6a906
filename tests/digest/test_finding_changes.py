"""What moved between two cutoffs: found once, largest first, and never what was first seen."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from newsletter.content.records import Pack
from newsletter.digest.changes import Change, ChangeKind, find_changes
from tests.installed import open_content

START = datetime(2026, 11, 4, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
OURS = {"name": "Tool desk", "url": "https://tools.example.org", "ours": True}
SHOPS = ("north", "south")


def said(source: dict[str, Any] | None = None, **records: Any) -> Pack:
    tools = [{"id": each, "name": each.title()} for each in ("heron", "finch")]
    return Pack.model_validate({"source": source or OURS, "tools": tools, **records})


def price(value: str, tool: str = "heron", attribute: str = "input_price", **fields: Any) -> dict[str, Any]:
    unit = {} if attribute == "price" else {"unit": "USD/Mtok"}
    return {"tool": tool, "attribute": attribute, "value": value, **unit, **fields}


def verdict(ships: int, skips: int, tool: str = "heron", **fields: Any) -> dict[str, Any]:
    return {"tool": tool, "ships": ships, "skips": skips, **fields}


def review(score: int, decision: str, reviewer: str = "Builder", words: str = "It runs.") -> dict[str, Any]:
    return {"tool": "heron", "reviewer": reviewer, "score": score, "decision": decision, "words": words}


def moves(folder: Path, *weeks: Pack, published: tuple[str, ...] = ()) -> tuple[Change, ...]:
    """What moved in the last of the weeks."""
    with open_content(folder / "content.db") as store:
        for number, pack in enumerate(weeks):
            store.import_pack(pack, START + number * WEEK)
        end = START + len(weeks) * WEEK
        return find_changes(store, end - WEEK, end, published)


def told(found: tuple[Change, ...]) -> list[tuple[str, str, str, str]]:
    return [
        (each.kind.value, each.key, priced.before, priced.after)
        for each in found
        for priced in each.prices or (each,)
    ]


def test_a_price_that_moved_is_found_with_its_percentage(tmp_path: Path) -> None:
    [move] = moves(tmp_path, said(claims=[price("0.50")]), said(claims=[price("0.35")]))
    assert (move.kind, move.size, move.prices[0].percent) == (ChangeKind.PRICE, Decimal(30), -30)
    assert (move.prices[0].before, move.prices[0].after, len(move.claims)) == ("$0.50", "$0.35", 2)


def test_what_is_first_seen_is_no_change(tmp_path: Path) -> None:
    elsewhere = said({"name": "Shop"}, claims=[price("0.10")])
    late = said(claims=[price("9", tool="finch")], verdicts=[verdict(1, 3)])
    assert moves(tmp_path, said(claims=[price("0.50")]), elsewhere) == ()
    (tmp_path / "two").mkdir()
    assert moves(tmp_path / "two", said(claims=[price("0.50")]), late) == ()


def test_a_price_said_in_another_unit_has_not_moved(tmp_path: Path) -> None:
    again = {"tool": "heron", "attribute": "input_price", "value": "0.0005", "unit": "USD/1K tok"}
    assert moves(tmp_path, said(claims=[price("0.50")]), said(claims=[again])) == ()


def test_a_price_that_came_back_before_the_cutoff_has_not_moved(tmp_path: Path) -> None:
    with open_content(tmp_path / "content.db") as store:
        for hours, value in enumerate(("0.50", "0.35", "0.5")):
            store.import_pack(said(claims=[price(value)]), START + timedelta(hours=hours))
        assert find_changes(store, START + timedelta(minutes=1), START + WEEK, ()) == ()


def test_prices_in_words_move_where_only_the_sum_is_another(tmp_path: Path) -> None:
    words = [price("$16 a month for each person", attribute="price")]
    more = [price("$20 a month for each person", attribute="price")]
    [move] = moves(tmp_path, said(claims=words), said(claims=more))
    assert (move.prices[0].percent, move.prices[0].tail) == (25, "a month for each person")
    for number, other in enumerate(("$20 a year", "Paid", "$5 or $9 a month for each person")):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert moves(folder, said(claims=words), said(claims=[price(other, attribute="price")])) == ()


def test_from_free_to_a_price_is_as_large_as_a_price_can_move(tmp_path: Path) -> None:
    free, paid = price("Free", attribute="price"), price("$4 a month", attribute="price")
    [move] = moves(tmp_path, said(claims=[free]), said(claims=[paid]))
    assert (move.size, move.prices[0].percent, move.prices[0].before) == (Decimal(100), None, "free")


def test_a_new_page_of_ours_moves_a_price_where_both_pages_have_dates(tmp_path: Path) -> None:
    page = {**OURS, "name": "Another page", "url": "https://tools.example.org/2"}
    first = said(claims=[price("0.50", as_of="2026-11-01")])
    assert told(moves(tmp_path, first, said(page, claims=[price("0.40", as_of="2026-11-09")]))) == [
        ("price", "heron", "$0.50", "$0.40")
    ]
    (tmp_path / "undated").mkdir()
    assert moves(tmp_path / "undated", first, said(page, claims=[price("0.40")])) == ()


def test_a_provider_that_asks_another_price_is_a_move_at_that_provider(tmp_path: Path) -> None:
    offers = [{"tool": "heron", "provider": "Cloud", "input_price": each} for each in ("0.5", "0.6")]
    [move] = moves(tmp_path, said(offers=offers[:1]), said(offers=offers[1:]))
    assert (move.provider, move.prices[0].percent) == ("Cloud", 20)


def test_a_decision_that_turned_is_larger_than_any_price(tmp_path: Path) -> None:
    before = said(claims=[price("1")], verdicts=[verdict(4, 0, as_of="2026-11-01")])
    after = said(claims=[price("100")], verdicts=[verdict(1, 3, as_of="2026-11-10")])
    found = moves(tmp_path, before, after)
    assert told(found) == [("decision", "heron", "4–0", "1–3"), ("price", "heron", "$1.00", "$100.00")]
    assert (found[0].size, found[0].before_on, found[0].after_on) == (
        Decimal(275),
        date(2026, 11, 1),
        date(2026, 11, 10),
    )


def test_a_share_that_moved_without_turning_is_its_points(tmp_path: Path) -> None:
    [move] = moves(tmp_path, said(verdicts=[verdict(4, 0)]), said(verdicts=[verdict(3, 1)]))
    assert (move.kind, move.size) == (ChangeKind.SHARE, Decimal(25))


def test_the_same_share_of_more_people_is_no_change(tmp_path: Path) -> None:
    assert moves(tmp_path, said(verdicts=[verdict(2, 1)]), said(verdicts=[verdict(4, 2)])) == ()


def test_a_reviewers_new_score_moves_the_mean_and_a_new_reviewer_does_not(tmp_path: Path) -> None:
    first = said(reviews=[review(80, "ship")])
    [move] = moves(tmp_path, first, said(reviews=[review(70, "ship")]))
    assert (move.kind, move.before, move.after, move.size) == (ChangeKind.SCORE, "80", "70", Decimal(20))
    (tmp_path / "joined").mkdir()
    joined = said(reviews=[review(20, "ship", "Skeptic", "It waits.")])
    assert moves(tmp_path / "joined", first, joined) == ()


def test_a_status_and_a_release_are_changes_and_giving_up_is_a_large_one(tmp_path: Path) -> None:
    def described(status: str, released: str) -> Pack:
        tool = {"id": "heron", "name": "Heron", "status": status}
        claim = {"tool": "heron", "attribute": "released", "value": released}
        return Pack.model_validate({"source": OURS, "tools": [tool], "claims": [claim]})

    found = moves(tmp_path, described("current", "2026-01"), described("deprecated", "2026-10-06"))
    assert told(found) == [
        ("status", "heron", "current", "deprecated"),
        ("release", "heron", "2026-01", "2026-10-06"),
    ]


def test_a_comparison_said_otherwise_is_a_change_once_it_was_published(tmp_path: Path) -> None:
    def compared(summary: str) -> Pack:
        return said(comparisons=[{"left": "heron", "right": "finch", "summary": summary}])

    found = moves(tmp_path, compared("Both fly."), compared("One flies."), published=("heron-vs-finch",))
    assert [(each.kind, each.key) for each in found] == [(ChangeKind.COMPARISON, "heron-vs-finch")]
    (tmp_path / "new").mkdir()
    assert moves(tmp_path / "new", compared("Both fly."), compared("One flies.")) == ()


def test_there_are_no_changes_before_the_second_issue(tmp_path: Path) -> None:
    with open_content(tmp_path / "content.db") as store:
        assert find_changes(store, None, START, ()) == ()


# ── any history ────────────────────────────────────────────────────────────────────────────────────────

#: An hour of the history, and what is said then: a price of a shop, or the panel's verdict.
_PRICE = st.tuples(
    st.just("price"), st.sampled_from(["heron", "finch"]), st.sampled_from(SHOPS), st.integers(1, 4)
)
_VERDICT = st.tuples(st.just("verdict"), st.sampled_from(["heron", "finch"]), st.just(""), st.integers(0, 4))
_HISTORY = st.lists(st.tuples(st.integers(0, 30), st.one_of(_PRICE, _VERDICT)), max_size=14).map(
    lambda events: sorted(events, key=lambda each: each[0])
)
_CUTOFFS = st.lists(st.integers(0, 31), min_size=1, max_size=5, unique=True).map(sorted)


@hypothesis_settings(max_examples=40)
@given(_HISTORY, _CUTOFFS)
def test_over_consecutive_issues_every_change_is_told_once(history: list[Any], cutoffs: list[int]) -> None:
    with TemporaryDirectory() as folder, open_content(Path(folder) / "content.db") as store:
        for number, (hour, (kind, tool, shop, value)) in enumerate(history):
            # A pack that came before is known and does nothing: these differ in something of no account.
            once = [{"name": f"Reviewer {number}"}]
            if kind == "price":
                pack = said(
                    {"name": shop, "url": f"https://{shop}.example"},
                    reviewers=once,
                    claims=[price(str(value), tool=tool)],
                )
            else:
                pack = said(reviewers=once, verdicts=[verdict(value, 4 - value, tool=tool)])
            store.import_pack(pack, START + timedelta(hours=hour, seconds=number))
        for since, until in zip([None, *cutoffs], cutoffs, strict=False):
            found = find_changes(store, None if since is None else _at(since), _at(until), ())
            assert sorted(_facts(found)) == sorted(_expected(history, since, until))
            assert [each.size for each in found] == sorted((each.size for each in found), reverse=True)


def _at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def _facts(found: tuple[Change, ...]) -> list[tuple[str, str, str, str]]:
    return [
        ("price" if each.prices else "verdict", each.key, priced.before, priced.after)
        for each in found
        for priced in each.prices or (each,)
    ]


def _expected(history: list[Any], since: int | None, until: int) -> set[tuple[str, str, str, str]]:
    """The last word on each thing before the one hour, beside that before the other."""

    def state(before: int) -> dict[Any, int]:
        return {(kind, tool, shop): value for hour, (kind, tool, shop, value) in history if hour < before}

    if since is None:
        return set()
    was, now = state(since), state(until)
    shown = {"price": lambda value: f"${value}.00", "verdict": lambda value: f"{value}–{4 - value}"}
    return {
        (kind, tool, shown[kind](was[kind, tool, shop]), shown[kind](value))
        for (kind, tool, shop), value in now.items()
        if was.get((kind, tool, shop), value) != value
    }
