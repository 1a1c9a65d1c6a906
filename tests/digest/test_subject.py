"""Subject and preheader: short, computed, and not the same thing twice."""

from newsletter.digest.content import Card, Figure
from newsletter.digest.subject import (
    PREHEADER_CHARS,
    SUBJECT_CHARS,
    compute_preheader,
    compute_subject,
    propose_preheaders,
    propose_subjects,
)
from tests.digest.tools import dossier, panel


def card(name: str) -> Card:
    return Card(
        tool_id="t",
        topic="",
        name=name,
        kicker="new verdict",
        split=Figure(text="3 ship / 1 skip"),
        share=75,
        line="",
        facts=(),
        link=None,
    )


def subject(left: str, right: str, *, judged: bool = True) -> str:
    panels = (panel(4, 0, 80), panel(3, 1, 70)) if judged else (None, None)
    return compute_subject("Weekly", 3, (dossier(left, panels[0]), dossier(right, panels[1])), (), margin=5)


def test_the_lead_says_who_beats_whom() -> None:
    assert subject("Heron", "Pelican") == "Heron beats Pelican, all four reviewers to three"


def test_without_a_winner_or_beside_an_editors_own_line_it_asks_with_both_splits() -> None:
    sides = (dossier("Heron", panel(4, 0, 80)), dossier("Pelican", panel(3, 1, 70)))
    for margin in (11, None):
        assert compute_subject("Weekly", 3, sides, (), margin=margin) == "Heron or Pelican? 4–0 vs 3–1"


def test_without_a_panel_it_only_asks() -> None:
    assert subject("Heron", "Pelican", judged=False) == "Heron or Pelican?"


def test_longer_names_cost_the_numbers_then_the_second_name() -> None:
    assert subject("Heron Large Instruct 70B", "Pelican Medium Chat 13B") == (
        "Heron Large Instruct 70B beats Pelican Medium Chat 13B"
    )
    assert subject("Heron Large Instruct 70B Preview", "Pelican Medium Chat 13B Preview") == (
        "Heron Large Instruct 70B Preview: the panel's verdict"
    )


def test_names_longer_than_any_phone_leave_the_number() -> None:
    assert subject("H" * 80, "P" * 80) == "Weekly #3"
    assert len(compute_subject("W" * 200, 3, None, (), margin=5)) <= SUBJECT_CHARS


def test_without_a_lead_the_first_card_is_the_news() -> None:
    assert compute_subject("Weekly", 3, None, (card("Tern"),), margin=5) == "Tern: 3 ship / 1 skip"


def test_the_preheader_names_what_else_is_in_once() -> None:
    line = "Most divided panel in this issue: Tern."
    found = compute_preheader(
        "A or B? 4–0 vs 3–1", (), (Figure(text=line),), (), (card("Tern"), card("Gull"))
    )
    assert found == f"{line} Also: Gull."


def test_a_long_finding_gives_way_to_a_shorter_one() -> None:
    assert compute_preheader("S", (), (Figure(text="x" * 200), Figure(text="Short.")), (), ()) == "Short."


def test_with_nothing_to_say_there_is_no_preheader() -> None:
    assert compute_preheader("S", (), (), (), ()) == ""


def test_a_lone_lead_lends_its_bottom_line_cut_to_what_a_phone_shows() -> None:
    line = "Ship Tern: " + "words and " * 20 + "more."
    found = compute_preheader("Tern or Gull? 4–0 against 3–1", (Figure(text=line),), (), (), ())
    assert found.startswith("Ship Tern: words")
    assert len(found) <= PREHEADER_CHARS


def test_proposals_are_what_fits_each_once_changes_first() -> None:
    kite, wren = dossier("Kite", panel(4, 0, 80)), dossier("Wren", panel(1, 3, 40))
    turned = [
        "Wren: the panel turns to skip, 3–1 → 1–3, after a long autumn of complaints",
        "Wren: the panel turns to skip",
    ]
    dearer = ["Kite: input $1.00 → $2.00 (+100 %)"]
    proposed = propose_subjects(
        "Weekly Verdicts", 7, (kite, wren), (), [turned, dearer, ["Third: 1 → 2"]], margin=5
    )
    assert proposed == (
        "Wren: the panel turns to skip",
        "Kite: input $1.00 → $2.00 (+100 %)",
        "Kite beats Wren, all four reviewers to one",
        "Kite beats Wren",
        "Kite or Wren? 4–0 vs 1–3",
    )
    assert all(len(each) <= SUBJECT_CHARS for each in proposed)


def test_of_a_week_without_anything_the_number_is_proposed() -> None:
    assert propose_subjects("Weekly Verdicts", 7, None, (), margin=5) == ("Weekly Verdicts #7",)


def test_preheaders_are_proposed_once_and_as_far_as_they_fit() -> None:
    assert propose_preheaders(["A line.", "", "x" * 111, "A line.", "Another."]) == ("A line.", "Another.")


def test_the_leads_line_comes_before_any_finding_and_the_fullest_that_fits_first() -> None:
    lead = [Figure(text=each) for each in ("x" * 200, "Ship Tern.", "Ship.")]
    found = compute_preheader("Tern or Gull?", lead, (Figure(text="A finding."),), (), ())
    assert found == "Ship Tern."
