"""The week's largest findings, each computed, each true of what the issue shows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.settings import DigestSettings
from newsletter.content.records import Source
from newsletter.digest.findings import Pair, findings
from newsletter.digest.material import Dossier
from newsletter.digest.panel import Panel
from tests.digest.tools import dossier, panel

PRICED = {"input_price": "0.07", "output_price": "0.20"}
DEAR = {"input_price": "0.40", "output_price": "2.00"}
RULES = DigestSettings()
SOURCES = {
    "desk": Source(id="desk", name="Model desk", published_on=date(2026, 11, 12), seen_on=date(2026, 11, 23))
}
LEAD = (dossier("A", panel(4, 0, 80, 80, 80)), dossier("B", panel(4, 0, 60, 60, 60)))


def lines(pairs: Sequence[Pair], singles: Sequence[Dossier]) -> list[str]:
    return [each.text for each in findings(pairs, singles, RULES, SOURCES)]


def test_there_are_at_most_three_the_largest_kind_first() -> None:
    second = (
        dossier("C", panel(2, 2, 90, 90, 90), DEAR),
        dossier("D", panel(4, 0, 50, 50, 50), PRICED),
    )
    assert lines([LEAD, second], []) == [
        "Widest panel gap here: C, mean 90, against D, 50.",
        "Most divided panel here: C, 2 ship / 2 skip.",
        "Largest price gap here: 10M tokens a month cost $1.35 with D, $12.00 with C (Model desk, published 12 Nov 2026).",
    ]


def test_what_the_lead_says_itself_is_no_finding() -> None:
    assert lines([LEAD], []) == [
        "Highest mean here: A, 80 from 3 scores.",
    ]


def test_means_that_are_not_clearly_apart_are_no_gap_and_none_is_the_highest() -> None:
    near = (dossier("A", panel(0, 0, 81, 81, 81)), dossier("B", panel(0, 0, 80, 80, 80)))
    assert lines([near], []) == []


def test_tiny_panels_get_no_grand_words() -> None:
    tiny = (dossier("A", panel(1, 0, 81)), dossier("B", panel(1, 1, 40, 45)))
    assert lines([tiny], [dossier("C", panel(2, 0, 60, 62))]) == []


def test_the_highest_mean_is_the_highest_of_all() -> None:
    assert lines([LEAD], [dossier("C", panel(0, 0, 95))]) == []


@pytest.mark.parametrize(
    ("ships", "skips", "divided"),
    [(2, 2, True), (3, 2, True), (2, 3, True), (3, 1, False), (2, 1, False), (1, 1, False)],
)
def test_a_panel_is_divided_from_forty_to_sixty_percent(ships: int, skips: int, divided: bool) -> None:
    found = lines([], [dossier("A", panel(ships, skips))])
    assert (found == [f"Most divided panel here: A, {ships} ship / {skips} skip."]) is divided


def test_a_small_price_gap_is_no_finding() -> None:
    near = dossier("N", None, {"input_price": "0.08", "output_price": "0.20"})
    assert lines([(dossier("M", None, PRICED), near)], []) == []


def test_a_price_of_nothing_makes_no_factor() -> None:
    free = dossier("F", None, {"input_price": "0", "output_price": "0"})
    assert lines([(free, dossier("M", None, PRICED))], []) == []


def test_sources_that_differ_on_a_price_are_a_finding() -> None:
    disputed = dossier("M", None, PRICED, disputed=("input_price",))
    [found] = findings([], [disputed], RULES, SOURCES)
    assert found.text == "Sources differ on M, input price: $0.07 or $9.99/1M tokens."
    assert (found.claims, found.disputed) == (("claim-m-input_price",), True)


def test_the_longest_context_needs_two_to_compare() -> None:
    one, two = (dossier(name, None, {"context": count}) for name, count in (("A", "128000"), ("B", "256000")))
    assert lines([], [one]) == []
    assert lines([], [one, two]) == [
        "Longest context here: B, 256K tokens (Model desk, published 12 Nov 2026)."
    ]


def test_a_week_of_which_nothing_is_known_has_no_findings() -> None:
    assert lines([(dossier("A"), dossier("B"))], [dossier("C")]) == []


def test_a_context_that_another_may_have_too_is_not_the_longest() -> None:
    """Some source says that B has more than A."""
    a, b = dossier("A", None, {"context": "128000"}), dossier("B", None, {"context": "64000"})
    said = b.facts["context"]
    other = replace(said.claim, id="other", number=Decimal(256_000))
    doubted = replace(b, facts={"context": replace(said, others=(other,))})
    assert lines([], [a, b]) == ["Longest context here: A, 128K tokens (Model desk, published 12 Nov 2026)."]
    assert lines([], [a, doubted]) == []


def test_a_price_gap_is_the_largest_by_the_factor_and_in_dollars() -> None:
    small, large = dossier("S", None, PRICED), dossier("L", None, DEAR)
    costly = [
        dossier(name, None, {"input_price": price, "output_price": price})
        for name, price in (("C", "100"), ("D", "150"))
    ]
    assert len(lines([LEAD, (small, large)], [])) == 2
    assert lines([LEAD, (small, large), (costly[0], costly[1])], []) == lines([LEAD], [])


def judged(ships: int, skips: int, score: int, scores: int) -> Panel:
    return panel(ships, skips, *[score] * scores)


PANELS = st.builds(
    judged, st.integers(0, 4), st.integers(0, 4), st.sampled_from([50, 60, 61, 80]), st.integers(0, 4)
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "context": st.sampled_from(["64000", "128000", "256000"]),
        "input_price": st.sampled_from(["0", "0.1", "1"]),
        "output_price": st.sampled_from(["0", "0.1", "1"]),
    },
)
KNOWN = st.tuples(PANELS, FACTS)
#: How each line begins that sets one above the others.
SUPERLATIVES = ("Widest", "Most", "Largest", "Highest", "Longest")


def superlatives(pairs: Sequence[Pair], singles: Sequence[Dossier]) -> list[str]:
    return [each for each in lines(pairs, singles) if each.startswith(SUPERLATIVES)]


@given(st.lists(st.tuples(KNOWN, KNOWN), min_size=1, max_size=4), st.lists(KNOWN, max_size=3), st.randoms())
def test_nothing_is_the_most_that_shares_its_place_in_whatever_order(
    pairs_known: list[tuple[tuple[Panel, dict[str, str]], tuple[Panel, dict[str, str]]]],
    singles_known: list[tuple[Panel, dict[str, str]]],
    random: Random,
) -> None:
    lead, *others = [
        (dossier(f"L{place}", *left), dossier(f"R{place}", *right))
        for place, (left, right) in enumerate(pairs_known)
    ]
    singles = [dossier(f"S{place}", *known) for place, known in enumerate(singles_known)]
    found = superlatives([lead, *others], singles)
    random.shuffle(others)
    random.shuffle(singles)
    turned = [(right, left) for left, right in others]
    assert superlatives([lead, *turned], singles) == found
    # Whatever is the most, a second one like it leaves neither on top.
    twins = [
        (
            dossier(f"T{each.name}", each.panel, _texts(each)),
            dossier(f"U{each.name}", other.panel, _texts(other)),
        )
        for each, other in (lead, *others)
    ]
    doubled = [dossier(f"V{each.name}", each.panel, _texts(each)) for each in singles]
    assert superlatives([lead, *others, *twins], [*singles, *doubled]) == []


def _texts(tool: Dossier) -> dict[str, str]:
    return {name: fact.claim.value for name, fact in tool.facts.items()}
