"""The question of an issue: never one whose answer names a winner that the issue does not name."""

from datetime import UTC, datetime

import pytest

from newsletter.content.records import Comparison, Question
from newsletter.digest.items import find_question, full_answer
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import Panel
from tests.digest.tools import dossier, panel

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
WINNER = "Medium is the better model, with a benchmark grade of Strong."
PLAIN = "Medium reads pictures, Small reads text."


def asked(key: str, answer: str) -> Question:
    return Question(
        id=key,
        comparison_id="medium-vs-small",
        tool_id=None,
        question="Which one?",
        answer=answer,
        source_id="desk",
        line=None,
        seen_at=MOMENT,
    )


def chosen(medium: Panel | None, small: Panel | None, *answers: str) -> str | None:
    """The answer of the question that an issue with these two tools would feature, and its archive print first."""
    sides: tuple[Dossier, ...] = (dossier("Medium", medium), dossier("Small", small))
    comparison = Comparison(
        id="medium-vs-small",
        left_id="medium",
        right_id="small",
        source_id="desk",
        first_seen_at=MOMENT,
        last_seen_at=MOMENT,
    )
    material = Material(
        comparisons={comparison.id: comparison},
        dossiers={each.tool.id: each for each in sides},
        questions=tuple(asked(str(place), each) for place, each in enumerate(answers)),
        sources={},
    )
    found = find_question(material, [comparison.id], [], margin=5)
    in_full = [full_answer(each, material, 5) for each in material.questions]
    assert [each for each in in_full if each][:1] == ([] if found is None else [found.answer])
    return None if found is None else found.answer


def test_without_a_pick_another_question_is_chosen_or_none() -> None:
    assert chosen(None, None, WINNER, PLAIN) == PLAIN
    assert chosen(None, None, WINNER) is None


@pytest.mark.parametrize(
    ("medium", "small", "featured"),
    [
        (panel(4, 0, 90, 90, 90), panel(1, 3, 40, 40, 40), True),
        (panel(1, 3, 40, 40, 40), panel(4, 0, 90, 90, 90), False),
        (panel(4, 0, 72, 72, 72), panel(4, 0, 70, 70, 70), False),
    ],
)
def test_a_winner_is_named_only_where_the_issue_names_it_too(
    medium: Panel, small: Panel, featured: bool
) -> None:
    assert (chosen(medium, small, WINNER) is not None) is featured
