"""The community's votes: whose day they are of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.content.records import Votes
from newsletter.digest.content import TableRow
from newsletter.digest.lead import decision_table, side_of
from newsletter.digest.material import Dossier, Material
from tests.digest.tools import dossier

NOTHING = Material(comparisons={}, dossiers={}, questions=(), sources={})


def voted(name: str, day: int, ship: int = 7) -> Dossier:
    seen_at = datetime(2026, 11, day, 9, tzinfo=UTC)
    return replace(
        dossier(name), votes=Votes(tool_id=name, ship=ship, skip=0, seen_at=seen_at, source_id="desk")
    )


def row(left: Dossier, right: Dossier) -> TableRow:
    table = decision_table(side_of(left, NOTHING), side_of(right, NOTHING), left, right)
    return next(each for each in table if each.label.startswith("Community"))


@pytest.mark.parametrize("other", [voted("B", 22), voted("B", 23, ship=0), dossier("B")])
def test_votes_that_were_seen_on_one_day_say_it_once(other: Dossier) -> None:
    said = row(voted("A", 22), other)
    assert (said.label, said.left.text) == ("Community, 22 Nov 2026", "7 of 7 ship")


def test_votes_of_several_days_each_say_theirs() -> None:
    said = row(voted("A", 22), voted("B", 15))
    assert said.label == "Community"
    assert (said.left.text, said.right.text) == (
        "7 of 7 ship (22 Nov 2026)",
        "7 of 7 ship (15 Nov 2026)",
    )


def test_where_nobody_voted_there_is_no_row() -> None:
    with pytest.raises(StopIteration):
        row(dossier("A"), dossier("B"))
