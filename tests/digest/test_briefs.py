"""Briefs: a sentence on the panel, no two neighbours in the same words, and the site's own summary."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.records import Comparison, Source
from newsletter.digest.items import brief_blocks
from newsletter.digest.lead import brief_lines
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import Panel
from tests.digest.tools import dossier, panel
from tests.digest.week import settings_in

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
MARGIN = 5


def briefs(*pairs: tuple[Dossier, Dossier], summary: str = "") -> list[str]:
    comparisons = [
        Comparison(
            id=f"c{place}",
            left_id=left.tool.id,
            right_id=right.tool.id,
            summary=summary,
            source_id="desk",
            first_seen_at=MOMENT,
            last_seen_at=MOMENT,
        )
        for place, (left, right) in enumerate(pairs)
    ]
    material = Material(
        comparisons={each.id: each for each in comparisons},
        dossiers={each.tool.id: each for pair in pairs for each in pair},
        questions=(),
        sources={"desk": Source(id="desk", name="Desk", seen_on=MOMENT.date(), ours=True)},
    )
    found = brief_blocks([(each, "") for each in comparisons], material, settings_in(Path()))
    return [each.words.text for each in found]


@pytest.mark.parametrize(
    ("left", "right", "ways"),
    [
        (
            panel(4, 0, 90),
            panel(1, 3, 40),
            {
                "wins": "Kite wins: all four reviewers would use it, one of four the other.",
                "would use": "All four reviewers would use Kite, one of four Wren.",
                "prefers": "Our panel prefers Kite, 90 points to 40.",
                "ahead": "Kite is ahead: our panel scores it 90, the other 40.",
                "rather": "Our panel would rather use Kite than Wren.",
            },
        ),
        (
            panel(0, 1, 40),
            panel(1, 0, 90),
            {
                "wins": "Wren wins: the only reviewer would use it, none of one the other.",
                "would use": "The only reviewer would use Wren, none of one Kite.",
                "prefers": "Our panel prefers Wren, 90 points to 40.",
                "ahead": "Wren is ahead: our panel scores it 90, the other 40.",
                "rather": "Our panel would rather use Wren than Kite.",
            },
        ),
        (
            None,
            None,
            {
                "neither yet": "Our panel has reviewed neither yet.",
                "still to come": "What our panel thinks of the two is still to come.",
            },
        ),
        (
            panel(1, 3, 60),
            panel(0, 4, 30),
            {
                "neither": "Use neither. One of four reviewers would use Kite, none of four Wren.",
                "convinces": "Neither convinces our panel. One of four reviewers would use Kite, none of four Wren.",
            },
        ),
        (
            panel(4, 0, 71),
            panel(3, 1, 70),
            {
                "no pick": "No clear pick. All four reviewers would use Kite, three of four Wren.",
                "undecided": "Our panel cannot decide between Kite and Wren. "
                "All four reviewers would use Kite, three of four Wren.",
            },
        ),
        (
            None,
            panel(3, 1),
            {
                "no pick": "No clear pick. Three of four reviewers would use Wren. Kite is not reviewed yet.",
                "undecided": "Our panel cannot decide between Kite and Wren. "
                "Three of four reviewers would use Wren. Kite is not reviewed yet.",
            },
        ),
    ],
)
def test_each_way_to_say_it(left: Panel | None, right: Panel | None, ways: dict[str, str]) -> None:
    said = brief_lines(dossier("Kite", left), dossier("Wren", right), MARGIN)
    assert {way: line.text for way, line in said.items()} == ways


JUDGED = st.none() | st.builds(
    lambda ships, skips, score: panel(ships, skips, score),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(0, 100),
)


@given(st.lists(st.tuples(JUDGED, JUDGED), min_size=2, max_size=3))
def test_no_two_neighbours_sound_alike(panels: list[tuple[Panel | None, Panel | None]]) -> None:
    pairs = [
        (dossier(f"Kite {place}", left), dossier(f"Wren {place}", right))
        for place, (left, right) in enumerate(panels)
    ]
    ways = []
    for words, pair in zip(briefs(*pairs), pairs, strict=True):
        lines = brief_lines(*pair, MARGIN)
        ways.append(next(way for way, line in lines.items() if words == line.text))
    assert all(one != other for one, other in pairwise(ways))


def test_the_sites_own_summary_follows_in_whole_sentences_and_prices_only_without_one() -> None:
    pair = (dossier("Kite", panel(4, 0, 90), entry="Free"), dossier("Wren", panel(1, 3, 40), entry="Paid"))
    verdict = "Kite wins: all four reviewers would use it, one of four the other."
    assert briefs(*[pair]) == [f"{verdict} Kite is free, Wren paid."]
    assert briefs(*[pair], summary="Kite flies. Wren sings.") == [f"{verdict} Kite flies. Wren sings."]
    long = f"Kite flies. {'It flies very high and ' * 10}lands."
    assert briefs(*[pair], summary=long) == [f"{verdict} Kite flies."]
