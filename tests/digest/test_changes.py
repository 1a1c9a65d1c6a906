"""The lines of what changed: at most five of at most twenty words, each with what it stands on."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from newsletter.content.records import Comparison, ReaderVotes, Votes
from newsletter.digest.changes import (
    CHANGE_WORDS,
    CHANGES,
    Change,
    ChangeKind,
    PriceChange,
    changes_block,
    heading_change,
)
from newsletter.digest.material import Dossier, Material
from newsletter.digest.wording import count_words
from tests.digest.tools import MOMENT, dossier, panel
from tests.digest.week import settings_in

LONG = "The Extremely Long Name That Somebody Gave To A Tool Which Nobody Will Ever Say Aloud"
CUT = PriceChange(label="input", before="$1.00", after="$0.80", percent=-20)


def lines(*moves: Change, tool: Dossier | None = None) -> list[str]:
    known = tool or dossier("Heron")
    material = Material(comparisons={}, dossiers={known.tool.id: known}, questions=(), sources={})
    return [change.words.text for change in changes_block(moves, material, settings_in(Path()))]


def flip(ships: int, skips: int, votes: tuple[int, int] = (0, 0)) -> Change:
    return Change(
        kind=ChangeKind.DECISION,
        key="heron",
        size=Decimal(250),
        before="4–0",
        after=f"{ships}–{skips}",
        before_on=date(2026, 11, 5),
        after_on=date(2026, 11, 19),
        panel=panel(ships, skips),
        votes=Votes(tool_id="heron", ship=votes[0], skip=votes[1], seen_at=MOMENT, source_id="desk"),
    )


def test_a_flip_says_both_splits_with_their_days_and_that_the_panel_is_divided() -> None:
    assert lines(flip(2, 3)) == [
        "Heron: the panel turned to skip, 4–0 (5 Nov) → 2–3 (19 Nov); the panel is divided."
    ]
    assert lines(flip(1, 3)) == ["Heron: the panel turned to skip, 4–0 (5 Nov) → 1–3 (19 Nov)."]


def test_a_community_that_says_the_opposite_is_the_reason_given_first() -> None:
    assert lines(flip(0, 4, votes=(15, 5))) == [
        "Heron: the panel turned to skip, 4–0 (5 Nov) → 0–4 (19 Nov); community (23 Nov): 75 % of 20 ship."
    ]


def test_nine_votes_are_no_community() -> None:
    assert lines(flip(0, 4, votes=(9, 0))) == ["Heron: the panel turned to skip, 4–0 (5 Nov) → 0–4 (19 Nov)."]


def test_prices_say_old_new_and_percent() -> None:
    other = PriceChange(label="output", before="$4.00", after="free", percent=None)
    move = Change(
        kind=ChangeKind.PRICE, key="heron", size=Decimal(100), prices=(CUT, other), provider="Cloud"
    )
    assert lines(move) == ["Heron: at Cloud, input $1.00 → $0.80 (−20 %), output $4.00 → free."]


def test_no_line_has_more_than_twenty_words() -> None:
    moves = (
        Change(kind=ChangeKind.PRICE, key=dossier(LONG).tool.id, size=Decimal(20), prices=(CUT,) * 2),
        flip(1, 3),
    )
    said = lines(*moves, tool=dossier(LONG)) + lines(flip(1, 3))
    assert len(said) == 2
    assert [each for each in said if count_words(each) > CHANGE_WORDS] == []


def test_there_are_five_at_most() -> None:
    assert len(lines(*[flip(1, 3)] * 7)) == 5


def test_a_change_heads_the_mail_when_it_is_larger_than_the_leads_news() -> None:
    far = (dossier("A", panel(4, 0)), dossier("B", panel(0, 4)))
    near = (dossier("A", panel(4, 0)), dossier("B", panel(3, 1)))
    half = Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(50), prices=(CUT,))
    assert heading_change([half], near) is half
    assert heading_change([half], far) is None
    assert heading_change([flip(1, 3)], far) is not None
    assert heading_change([Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(20))], None) is None
    assert heading_change([], None) is None


def voted(key: str, *totals: tuple[str, int, int], size: int = 5) -> Change:
    return Change(
        kind=ChangeKind.VOTES,
        key=key,
        size=Decimal(size),
        totals=tuple(
            ReaderVotes(comparison_id=key, tool_id=tool, ship=ship, skip=skip, closed_at=MOMENT)
            for tool, ship, skip in totals
        ),
        claims=(f"reader-votes:{key}:heron",),
    )


def test_what_readers_voted_ends_the_list_and_always_has_a_line() -> None:
    sides = dossier("Heron"), dossier("Kite")
    comparison = Comparison(
        id="heron-vs-kite",
        left_id="heron",
        right_id="kite",
        source_id="desk",
        first_seen_at=MOMENT,
        last_seen_at=MOMENT,
    )
    material = Material(
        comparisons={comparison.id: comparison},
        dossiers={each.tool.id: each for each in sides},
        questions=(),
        sources={},
    )
    moves = (*(flip(1, 3) for _ in range(9)), voted("heron-vs-kite", ("heron", 12, 3), ("kite", 4, 4)))
    block = changes_block(moves, material, settings_in(Path()))
    assert len(block) == CHANGES
    line = block[-1].words
    assert line.text == "You voted: ship Heron (12–3), tie on Kite (4–4)."
    assert line.claims == ("reader-votes:heron-vs-kite:heron",)
    only_one = changes_block([voted("heron-vs-kite", ("kite", 0, 2))], material, settings_in(Path()))
    assert [change.words.text for change in only_one] == ["You voted: skip Kite (0–2)."]


def test_votes_never_head_the_mail() -> None:
    assert heading_change([voted("heron-vs-kite", ("heron", 900, 3), size=903)], None) is None
