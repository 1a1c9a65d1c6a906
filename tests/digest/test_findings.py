"""The week's largest findings, each computed, each true of what the issue shows."""

from collections.abc import Sequence
from datetime import date

import pytest

from newsletter.config.settings import DigestSettings
from newsletter.content.records import Source
from newsletter.digest.findings import Pair, findings
from newsletter.digest.material import Dossier
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
