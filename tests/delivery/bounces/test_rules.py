from datetime import timedelta

import pytest

from newsletter.delivery.bounces.parse import Meaning, Tolerance, meaning_of
from tests.conftest import THURSDAY

WEEK = timedelta(days=7)


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"])
def test_an_address_that_does_not_exist_is_dead(code: str) -> None:
    assert meaning_of(code) is Meaning.DEAD


@pytest.mark.parametrize(
    "code", ["5.7.1", "5.7.26", "5.7.515", "5.6.0", "5.5.2", "5.1.7", "5.1.8", "5.2.3", "5.3.4"]
)
def test_a_server_that_minds_the_message_says_nothing_of_the_reader(code: str) -> None:
    assert meaning_of(code) is Meaning.POLICY


@pytest.mark.parametrize(
    "code", ["4.2.2", "4.4.7", "4.7.1", "5.2.2", "5.0.0", "5.4.7", "5.3.0", "", "nonsense"]
)
def test_what_may_pass_or_says_nothing_only_counts(code: str) -> None:
    assert meaning_of(code) is Meaning.SOFT


def test_four_issues_in_a_row_over_fifteen_days_are_enough() -> None:
    weekly = [THURSDAY, THURSDAY - WEEK, THURSDAY - 2 * WEEK, THURSDAY - 3 * WEEK]
    assert Tolerance().is_exceeded(weekly)
    assert not Tolerance().is_exceeded(weekly[:3])


def test_an_issue_that_arrived_between_starts_the_count_anew() -> None:
    assert not Tolerance().is_exceeded([THURSDAY, None, THURSDAY - WEEK, THURSDAY - 3 * WEEK])


def test_a_bad_week_of_daily_issues_is_not_enough() -> None:
    assert not Tolerance().is_exceeded([THURSDAY - timedelta(days=day) for day in range(4)])
