"""The lines of what changed: at most five of at most twenty words, each with what it stands on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.content.records import Comparison, ReaderVotes, Source, Votes
from newsletter.digest.changes import (
    CHANGE_WORDS,
    CHANGES,
    Change,
    ChangeKind,
    PriceChange,
    changes_block,
    heading_change,
    story_of,
)
from newsletter.digest.material import Dossier, Material
from newsletter.digest.wording import count_words
from tests.digest.tools import MOMENT, dossier, panel, review
from tests.digest.week import settings_in

LONG = "The Extremely Long Name That Somebody Gave To A Tool Which Nobody Will Ever Say Aloud"
CUT = PriceChange(label="input", before="$1.00", after="$0.80", percent=-20, rises=False)


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
        panel_before=panel(4, 0),
        votes=Votes(tool_id="heron", ship=votes[0], skip=votes[1], seen_at=MOMENT, source_id="desk"),
    )


def test_a_flip_says_both_splits_with_their_days_and_that_the_panel_is_divided() -> None:
    assert lines(flip(2, 3)) == [
        "Heron: our panel turned against it, 4–0 (5 Nov) → 2–3 (19 Nov); the panel is divided."
    ]
    assert lines(flip(1, 3)) == ["Heron: our panel turned against it, 4–0 (5 Nov) → 1–3 (19 Nov)."]


def test_a_community_that_says_the_opposite_is_the_reason_given_first() -> None:
    assert lines(flip(0, 4, votes=(15, 5))) == [
        "Heron: our panel turned against it, 4–0 (5 Nov) → 0–4 (19 Nov); community (23 Nov): 75 % of 20 ship."
    ]


def test_nine_votes_are_no_community() -> None:
    assert lines(flip(0, 4, votes=(9, 0))) == [
        "Heron: our panel turned against it, 4–0 (5 Nov) → 0–4 (19 Nov)."
    ]


def test_prices_say_old_new_and_percent() -> None:
    other = PriceChange(label="output", before="$4.00", after="free", percent=None, rises=False)
    move = Change(
        kind=ChangeKind.PRICE, key="heron", size=Decimal(100), prices=(CUT, other), provider="Cloud"
    )
    assert lines(move) == ["Heron: at Cloud, input $1.00 → $0.80 (−20 %), output $4.00 → free."]


def test_two_lines_on_prices_after_each_other_are_said_in_two_ways() -> None:
    seat = PriceChange(label="", before="$16", after="$20", percent=25, rises=True, tail="a seat")
    one, other = (
        Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(20), prices=(each,)) for each in (seat, CUT)
    )
    assert lines(one, other, one) == [
        "Heron: price $16 → $20 (+25 %).",
        "Heron: input now $0.80, $1.00 before (−20 %).",
        "Heron: price $16 → $20 (+25 %).",
    ]


def test_lines_on_a_tool_stand_together_with_its_name_and_their_directions() -> None:
    sides = dossier("Heron"), dossier("Kite")
    material = Material(
        comparisons={}, dossiers={each.tool.id: each for each in sides}, questions=(), sources={}
    )
    kite = replace(flip(1, 3), key="kite")
    cut = Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(20), prices=(CUT,))
    block = changes_block((flip(1, 3), kite, cut), material, settings_in(Path()))
    assert [(each.name, each.direction, each.told.text) for each in block] == [
        ("Heron", "down", "Our panel turned against it, 4–0 (5 Nov) → 1–3 (19 Nov)."),
        ("Heron", "down", "Input $1.00 → $0.80 (−20 %)."),
        ("Kite", "down", "Our panel turned against it, 4–0 (5 Nov) → 1–3 (19 Nov)."),
    ]


OURS = {"desk": Source(id="desk", name="Desk", seen_on=MOMENT.date(), ours=True)}
FOUNDER = review("heron", "Founder", 40, "skip", "It costs more than it earns us in a month.")
SKEPTIC = review("heron", "Skeptic", 30, "skip", "It fails on every second file that we gave it.")


def test_a_change_of_the_panel_says_why_with_the_review_that_changed_and_says_it_once() -> None:
    heron = dossier("Heron", reviews=(FOUNDER, SKEPTIC))
    move = replace(flip(0, 2), voices=(FOUNDER.id,))
    material = Material(comparisons={}, dossiers={"heron": heron}, questions=(), sources=OURS)
    (line,) = changes_block((move,), material, settings_in(Path()))
    assert line.because is not None
    assert (line.because.words, line.because.reviewer) == (FOUNDER.words, "Founder")
    (quoted,) = changes_block((move,), material, settings_in(Path()), quoted={FOUNDER.id})
    (led,) = changes_block((move,), material, settings_in(Path()), led={"heron"})
    assert quoted.because is led.because is None
    other = Material(comparisons={}, dossiers={"heron": heron}, questions=(), sources={})
    assert changes_block((move,), other, settings_in(Path()))[0].because is None


STORIES = [
    (flip(1, 3), "Heron lost our panel: one of four reviewers would use it, all four before."),
    (flip(2, 2), "Our panel is tied over Heron: two of four reviewers would use it, all four before."),
    (
        replace(flip(3, 1), panel_before=panel(1, 3)),
        "Heron won our panel over: three of four reviewers would use it, one of four before.",
    ),
    (
        replace(flip(3, 1), kind=ChangeKind.SHARE),
        "Heron lost ground in our panel: three of four reviewers would use it, all four before.",
    ),
    (
        replace(flip(4, 0), kind=ChangeKind.SHARE, panel_before=panel(3, 1)),
        "Heron gained in our panel: all four reviewers would use it, three of four before.",
    ),
    (
        Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(20), prices=(CUT,)),
        "Heron: input now costs $0.80 per million tokens, down from $1.00.",
    ),
    (
        Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(25), prices=(PriceChange(
            label="", before="$16", after="$20", percent=25, rises=True, tail="a seat"),)),
        "Heron now costs $20 a seat, up from $16.",
    ),
    (
        Change(kind=ChangeKind.PRICE, key="heron", size=Decimal(100), prices=(PriceChange(
            label="", before="free", after="$20", percent=None, rises=True),)),
        "Heron: free before, $20 now.",
    ),
    (
        Change(kind=ChangeKind.STATUS, key="heron", size=Decimal(150), before="current", after="retired"),
        "Heron: current → retired.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), STORIES)
def test_each_kind_of_change_in_a_sentence_of_its_own(change: Change, said: str) -> None:
    material = Material(comparisons={}, dossiers={"heron": dossier("Heron")}, questions=(), sources={})
    assert story_of(change, material).text == said


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
