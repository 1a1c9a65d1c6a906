"""The week's largest findings, each computed, each true of what the issue shows."""

from newsletter.digest.findings import findings
from tests.digest.tools import dossier, panel

PRICED = {"input_price": "0.07", "output_price": "0.20"}
DEAR = {"input_price": "0.40", "output_price": "2.00"}
LEAD = (dossier("A", panel(4, 0, 80)), dossier("B", panel(4, 0, 60)))


def lines(*args: object) -> list[str]:
    return [each.text for each in findings(*args)]  # type: ignore[arg-type]


def test_there_are_at_most_three_the_largest_kind_first() -> None:
    second = (dossier("C", panel(2, 2, 90), DEAR), dossier("D", panel(4, 0, 50), PRICED))
    assert lines([LEAD, second], []) == [
        "Widest panel gap in this issue: C, mean 90, against D, mean 50.",
        "Most divided panel in this issue: C, 2 ship / 2 skip.",
        "Largest price gap in this issue: 10M tokens a month cost $1.35 with D, $12.00 with C.",
    ]


def test_the_leads_own_gap_comes_last_because_the_lead_says_it_too() -> None:
    assert lines([LEAD], [dossier("C", panel(3, 1, 70))]) == [
        "Most divided panel in this issue: C, 3 ship / 1 skip.",
        "Highest mean in this issue: A, 80 from 1 score.",
        "Everyone on the panel ships A: 4 ship / 0 skip.",
    ]


def test_sides_that_round_to_one_mean_are_no_gap() -> None:
    assert lines([(dossier("A", panel(0, 0, 70)), dossier("B", panel(0, 0, 70)))], [])[0].startswith(
        "Highest mean"
    )


def test_a_small_price_gap_is_no_finding() -> None:
    near = dossier("N", None, {"input_price": "0.08", "output_price": "0.20"})
    assert lines([(dossier("M", None, PRICED), near)], []) == []


def test_a_price_of_nothing_makes_no_factor() -> None:
    free = dossier("F", None, {"input_price": "0", "output_price": "0"})
    assert lines([(free, dossier("M", None, PRICED))], []) == []


def test_sources_that_differ_on_a_price_are_a_finding() -> None:
    disputed = dossier("M", None, PRICED, disputed=("input_price",))
    [found] = findings([], [disputed])
    assert found.text == "Sources differ on M, input price: $0.07 or $9.99 per 1M tokens."
    assert (found.claims, found.disputed) == (("claim-m-input_price",), True)


def test_the_longest_context_needs_two_to_compare() -> None:
    one, two = (dossier(name, None, {"context": count}) for name, count in (("A", "128000"), ("B", "256000")))
    assert lines([], [one]) == []
    assert lines([], [one, two]) == ["Longest context in this issue: B, 256K tokens."]


def test_a_week_of_which_nothing_is_known_has_no_findings() -> None:
    assert lines([(dossier("A"), dossier("B"))], [dossier("C")]) == []
