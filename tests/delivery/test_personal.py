"""What is one reader's own in an issue: blocks by topics, tools and costs, and never an empty copy."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.personal import TOPICS, personal_letter
from newsletter.delivery.personal import Personal
from newsletter.digest.content import IssueContent, Rates
from newsletter.readers.preferences import Preferences
from newsletter.render.plan import TOOL_LINES, SlotName, common_blocks

LETTER = personal_letter()
BLOCKS = (
    "note", "findings", "your-tools", *(f"tool:{each.tool_id}" for each in LETTER.followed if each.words),
    "unchanged", "lead:a-vs-b", "costs", "your-volume", "your-team", "lead-end", "changes",
    "more", *(f"brief:{each.comparison_id}" for each in LETTER.more),
    "cards", *(f"card:{each.tool_id}" for each in LETTER.cards), "rest", "answer", "sources",
)  # fmt: skip
PERSONAL = Personal(LETTER, BLOCKS)

PERSONAL_COLUMNS = st.builds(
    Preferences,
    topics=st.lists(st.sampled_from([*TOPICS, "Gardening"]), max_size=3).map(tuple),
    tools=st.lists(
        st.sampled_from([*(each.tool_id for each in LETTER.followed), "gone"]), unique=True, max_size=12
    ).map(tuple),
    monthly_tokens=st.none() | st.integers(1, 10**15),
    team_size=st.none() | st.integers(1, 10**6),
)


def with_rates(left: str | None) -> IssueContent:
    assert LETTER.lead is not None
    assert LETTER.lead.costs is not None
    rates = Rates(left=None if left is None else Decimal(left), right=None, seat_tokens=1_000)
    return replace(LETTER, lead=replace(LETTER.lead, costs=replace(LETTER.lead.costs, rates=rates)))


def test_who_has_chosen_nothing_gets_what_everybody_gets() -> None:
    assert PERSONAL.program(Preferences()) == common_blocks(BLOCKS)


@given(PERSONAL_COLUMNS)
def test_whatever_is_chosen_the_lead_and_what_changed_come_and_headings_have_something_under_them(
    preferences: Preferences,
) -> None:
    program = PERSONAL.program(preferences)
    assert {"lead:a-vs-b", "lead-end", "changes", "sources"} <= set(program)
    assert [each for each in BLOCKS if each in program] == list(program)
    for heading, start in (("more", "brief:"), ("cards", "card:"), ("your-tools", ("tool:", "unchanged"))):
        assert (heading in program) is any(each.startswith(start) for each in program)
    lines = [each for each in program if each.startswith("tool:") or each == "unchanged"]
    assert len(lines) <= TOOL_LINES
    assert ("costs" in program) is not bool(preferences.monthly_tokens or preferences.team_size)


@given(PERSONAL_COLUMNS)
def test_what_is_put_in_stays_far_below_what_a_provider_takes(preferences: Preferences) -> None:
    values = PERSONAL.values(preferences)
    assert sum(len(each.encode()) for each in values.values()) < 2_000
    assert not any(value == "$0" for value in values.values())


def test_an_issue_of_briefs_alone_is_never_empty() -> None:
    bare = Personal(replace(LETTER, lead=None, changes=()), BLOCKS)
    assert "more" in bare.program(Preferences(topics=("Gardening",)))


def test_the_largest_news_come_first_and_the_rest_shares_a_line() -> None:
    tools = tuple(each.tool_id for each in LETTER.followed)
    program = PERSONAL.program(Preferences(tools=tools))
    assert [each for each in program if each.startswith("tool:")] == [
        "tool:tool-0",
        "tool:tool-1",
        "tool:tool-2",
    ]
    assert PERSONAL.values(Preferences(tools=tools))[SlotName.UNCHANGED].endswith(" and 20 more")


@pytest.mark.parametrize(
    ("rate", "tokens", "said"),
    [
        ("2.345", 1_000_000, "$2.35"),
        ("0.07", 1, "under $0.01"),
        ("0", 5, "$0"),
        ("0.45", 25_300_000, "$11.39"),
        (None, 5, "no token price recorded"),
    ],
)
def test_a_cost_is_rounded_half_up_and_never_nothing_for_something(
    rate: str | None, tokens: int, said: str
) -> None:
    values = Personal(with_rates(rate), BLOCKS).values(Preferences(monthly_tokens=tokens))
    assert values[SlotName.VOLUME_LEFT] == said
