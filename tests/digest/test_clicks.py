"""Who clicked: the rules of docs/how-to/clicks.md, one by one."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.db.statuses import ClickKind
from newsletter.digest.clicks import Click, Crowds, kind_of
from tests.conftest import THURSDAY

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
BY_HAND = {**BROWSER, "sec-fetch-mode": "navigate", "sec-fetch-user": "?1"}
HOUR = timedelta(hours=1)
HERE = "192.0.2.0/24"


@pytest.mark.parametrize(
    ("method", "headers", "since_start", "kind"),
    [
        ("GET", BY_HAND, HOUR, ClickKind.HUMAN),
        ("GET", BY_HAND, timedelta(seconds=60), ClickKind.HUMAN),
        ("GET", BY_HAND, timedelta(seconds=59), ClickKind.UNSURE),
        ("GET", BROWSER, HOUR, ClickKind.UNSURE),
        ("GET", {**BY_HAND, "sec-fetch-mode": "no-cors"}, HOUR, ClickKind.UNSURE),
        ("HEAD", BY_HAND, HOUR, ClickKind.MACHINE),
        ("GET", {**BY_HAND, "purpose": "prefetch"}, HOUR, ClickKind.MACHINE),
        ("GET", {**BY_HAND, "sec-purpose": "prefetch;prerender"}, HOUR, ClickKind.MACHINE),
        ("GET", {**BY_HAND, "x-moz": "prefetch"}, HOUR, ClickKind.MACHINE),
        ("GET", {}, HOUR, ClickKind.MACHINE),
        ("GET", {"user-agent": "curl/8.14"}, HOUR, ClickKind.MACHINE),
        (
            "GET",
            {**BY_HAND, "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
            HOUR,
            ClickKind.MACHINE,
        ),
        ("GET", {**BY_HAND, "user-agent": "BarracudaCentral LinkCheck"}, HOUR, ClickKind.MACHINE),
    ],
)
def test_who_clicked_is_told_by_the_request(
    method: str, headers: dict[str, str], since_start: timedelta, kind: ClickKind
) -> None:
    assert kind_of(method, headers, since_start) is kind


def test_the_fourth_link_within_ten_seconds_makes_a_crowd_of_its_network() -> None:
    crowds = Crowds()
    for number in (1, 1, 2, 3):
        assert crowds.changes_by(by_hand(1, number), HERE, THURSDAY) == {by_hand(1, number): 1}
    assert crowds.changes_by(by_hand(1, 4), HERE, THURSDAY) == {
        by_hand(1, 1): -2,
        by_hand(1, 2): -1,
        by_hand(1, 3): -1,
        by_hand(1, 4): 0,
        by_machine(1, 1): 2,
        by_machine(1, 2): 1,
        by_machine(1, 3): 1,
        by_machine(1, 4): 1,
    }
    assert +crowds.changes_by(by_hand(1, 1), HERE, THURSDAY) == {by_machine(1, 1): 1}
    assert crowds.changes_by(by_hand(1, 5), "198.51.100.0/24", THURSDAY) == {by_hand(1, 5): 1}
    assert crowds.changes_by(by_hand(2, 5), HERE, THURSDAY) == {by_hand(2, 5): 1}
    later = THURSDAY + timedelta(seconds=11)
    assert crowds.changes_by(by_hand(1, 5), HERE, later) == {by_hand(1, 5): 1}


def test_a_slow_program_is_known_by_the_last_ten_seconds() -> None:
    crowds = Crowds()
    changes = Counter[Click]()
    for number in range(1, 9):
        now = THURSDAY + timedelta(seconds=3 * number)
        changes.update(crowds.changes_by(by_hand(1, number), HERE, now))
    assert +changes == {by_machine(1, number): 1 for number in range(1, 9)}


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6), st.booleans()), max_size=40))
def test_every_click_is_counted_once_whatever_it_turns_out_to_be(steps: list[tuple[int, int, bool]]) -> None:
    crowds, changes, now = Crowds(), Counter[Click](), THURSDAY
    for number, seconds, sure in steps:
        now += timedelta(seconds=seconds)
        kind = ClickKind.HUMAN if sure else ClickKind.UNSURE
        changes.update(crowds.changes_by(clicked(1, number, kind), HERE, now))
    by_link: Counter[int] = Counter()
    for each, count in changes.items():
        assert count >= 0
        by_link[each.number] += count
    assert by_link == Counter(number for number, _, _ in steps)


def clicked(issue_id: int, number: int, kind: ClickKind) -> Click:
    return Click(issue_id=issue_id, number=number, kind=kind, day=THURSDAY.date())


def by_hand(issue_id: int, number: int) -> Click:
    return clicked(issue_id, number, ClickKind.HUMAN)


def by_machine(issue_id: int, number: int) -> Click:
    return clicked(issue_id, number, ClickKind.MACHINE)
