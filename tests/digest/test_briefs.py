"""A brief in few words: what is too long loses names and prices, never its sense."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.content.records import Comparison
from newsletter.digest.items import brief_block
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import Panel
from tests.digest.tools import dossier, panel
from tests.digest.week import settings_in

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)


def words(left: Dossier, right: Dossier) -> str:
    comparison = Comparison(
        id="c",
        left_id=left.tool.id,
        right_id=right.tool.id,
        source_id="desk",
        first_seen_at=MOMENT,
        last_seen_at=MOMENT,
    )
    material = Material(
        comparisons={"c": comparison},
        dossiers={each.tool.id: each for each in (left, right)},
        questions=(),
        sources={},
    )
    return brief_block(comparison, material, settings_in(Path())).words.text


def test_a_brief_without_room_for_the_names_speaks_of_the_other() -> None:
    left, right = dossier("Kite of the North", panel(4, 0, 90)), dossier("Wren of the South", panel(1, 3, 40))
    assert words(left, right) == "Ship Kite of the North: 4 of 4 would (mean 90), 1 of 4 the other (40)."


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (None, panel(1, 0), "Only the second has a panel yet: 1–0."),
        (panel(1, 0, 70), None, "Only the first has a panel yet: 1–0, mean 70."),
        (panel(4, 0), panel(3, 1, 70), "Panel: 4–0 against 3–1."),
        (panel(4, 0, 90), panel(1, 3), "Panel: 4–0 against 1–3."),
        (panel(4, 0, 71), panel(3, 1, 70), "Panel: 4–0, mean 71, against 3–1, mean 70."),
    ],
)
def test_a_brief_with_long_names_still_speaks_in_whole_sentences(
    left: Panel | None, right: Panel | None, said: str
) -> None:
    long = "Model of a very long name that goes on and on and"
    assert words(dossier(f"{long} A", left), dossier(f"{long} B", right)) == said
