"""The opening: two sentences on the week's largest stories, in English and German, true of every panel."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import template_folders
from newsletter.digest.content import Figure
from newsletter.digest.lead import clear_pick
from newsletter.digest.material import Dossier, Material
from newsletter.digest.opening import lead_story, write_opening
from newsletter.digest.panel import Panel
from newsletter.language import Language, open_language
from tests.digest.test_changes import flip
from tests.digest.tools import dossier, panel
from tests.render.letters import LEAD

MARGIN = 5
GERMAN = open_language("de", template_folders(None))
DEAR = {"input_price": "1.00", "output_price": "4.00"}


def priced(price: str) -> dict[str, str]:
    return {"input_price": price, "output_price": price}


def german(tool: Dossier) -> Dossier:
    return replace(tool, language=GERMAN, panel=replace(tool.panel, language=GERMAN))


@pytest.mark.parametrize(
    ("left", "right", "english", "deutsch"),
    [
        (
            dossier("Kite", panel(3, 1, 80), DEAR),
            dossier("Wren", panel(2, 2, 60), priced("0.5")),
            "Kite beats Wren, three of four reviewers to two, at about five times the price.",
            "Kite schlägt Wren, mit drei von vier Stimmen zu zwei, kostet aber etwa fünfmal so viel.",
        ),
        (
            dossier("Kite", panel(1, 0, 80), priced("2")),
            dossier("Wren", panel(0, 1, 60), priced("1")),
            "Kite beats Wren, one reviewer to none, at about twice the price.",
            "Kite schlägt Wren, mit einer Stimme zu keiner, kostet aber etwa doppelt so viel.",
        ),
        (
            dossier("Kite", panel(4, 0, 80), priced("50")),
            dossier("Wren", panel(4, 0, 60), priced("1")),
            "Kite beats Wren by our panel’s scores, 80 to 60, at more than ten times the price.",
            "Kite schlägt Wren nach Punkten der Jury, 80 zu 60, kostet aber mehr als zehnmal so viel.",
        ),
        (
            dossier("Wren", panel(3, 5, 60), priced("2")),
            dossier("Kite", panel(4, 0, 80), priced("1")),
            "Kite beats Wren by our panel’s scores, 80 to 60, and costs less.",
            "Kite schlägt Wren nach Punkten der Jury, 80 zu 60, und kostet weniger.",
        ),
        (
            dossier("Kite", panel(4, 0)),
            dossier("Wren", panel(1, 2)),
            "Our panel would use Kite rather than Wren.",
            "Unsere Jury würde Kite nutzen und nicht Wren.",
        ),
        (
            dossier("Kite", panel(4, 0, 71)),
            dossier("Wren", panel(3, 1, 70)),
            "Our panel cannot decide between Kite and Wren.",
            "Unsere Jury kann sich zwischen Kite und Wren nicht entscheiden.",
        ),
        (
            dossier("Kite", panel(1, 3, 40)),
            dossier("Wren", panel(0, 4, 20)),
            "Our panel would use neither Kite nor Wren.",
            "Unsere Jury würde weder Kite noch Wren nutzen.",
        ),
        (
            dossier("Kite", panel(4, 0, 71)),
            dossier("Wren"),
            "We compare Kite with Wren before our panel has judged both.",
            "Wir vergleichen Kite mit Wren, bevor unsere Jury über beide geurteilt hat.",
        ),
    ],
)
def test_each_pattern_of_the_leads_story(left: Dossier, right: Dossier, english: str, deutsch: str) -> None:
    assert lead_story(left, right, MARGIN).text == english
    assert lead_story(german(left), german(right), MARGIN).text == deutsch


JUDGED = st.none() | st.builds(panel, st.integers(0, 14), st.integers(0, 14), st.integers(0, 100))
PRICE = st.sampled_from([{}, priced("0"), priced("0.3"), priced("1"), priced("40")])


@given(JUDGED, JUDGED, PRICE, PRICE, st.sampled_from([None, GERMAN]))
def test_it_names_a_winner_only_where_there_is_one_and_a_price_only_that_is_so(
    one: Panel | None,
    two: Panel | None,
    ours: dict[str, str],
    theirs: dict[str, str],
    language: Language | None,
) -> None:
    left, right = dossier("Kite", one, ours), dossier("Wren", two, theirs)
    said = lead_story(left, right, MARGIN).text
    mirrored = lead_story(right, left, MARGIN).text
    winner = clear_pick(left, right, MARGIN)
    assert said.endswith(".")
    assert "  " not in said
    assert ("beats" in said or "rather" in said) is (winner is not None)
    if winner is not None:
        assert said == mirrored
        assert said.index(winner.name) < said.index("Wren" if winner is left else "Kite")
    known = "times the price" in said or "twice the price" in said or "costs less" in said
    assert not known or (ours and theirs)
    if language is not None:
        assert "%(" not in lead_story(german(left), german(right), MARGIN).text


def material_of(*tools: Dossier) -> Material:
    return Material(comparisons={}, dossiers={each.tool.id: each for each in tools}, questions=(), sources={})


KITE, WREN = dossier("Kite", panel(4, 0, 80)), dossier("Wren", panel(1, 3, 40))
HERON, TERN = dossier("Heron", panel(3, 1, 70)), dossier("Tern", panel(0, 4, 20))


def opened(*, heading: bool = False, largest: bool = False, written: bool = False) -> list[str]:
    pairs = [(KITE, WREN), (TERN, HERON)]
    line = replace(LEAD, bottom_line=Figure(text="Take both."))
    change = flip(1, 3)
    found = write_opening(
        line,
        pairs,
        change if heading else None,
        change if largest else None,
        material_of(HERON),
        MARGIN,
        written=written,
    )
    return [] if found is None else [each.text for each in found.sentences]


LOST = "Heron lost our panel: one of four reviewers would use it, all four before."
BEATS = "Kite beats Wren, all four reviewers to one."


def test_the_lead_comes_first_and_then_what_changed_or_else_who_else_won() -> None:
    assert opened() == [BEATS, "Heron beats Tern."]
    assert opened(largest=True) == [BEATS, LOST]
    assert opened(written=True) == ["Take both.", "Heron beats Tern."]


def test_a_change_that_leads_the_issue_comes_before_the_lead() -> None:
    assert opened(heading=True, largest=True) == [LOST, BEATS]


def test_without_a_lead_or_a_change_there_is_no_opening() -> None:
    assert write_opening(None, [], None, None, material_of(), MARGIN) is None
