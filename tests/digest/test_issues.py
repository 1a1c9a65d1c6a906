"""Every step of an issue's life: what is allowed, and what is refused by name."""

from datetime import UTC, datetime
from itertools import product

import pytest

from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.issues import TRANSITIONS, Issue, Step, steps_from
from newsletter.errors import InvalidTransition

MOMENT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

#: The whole table once more, as a person would write it down.
ALLOWED = {
    ("draft", "be approved"): "approved",
    ("draft", "be cancelled"): "cancelled",
    ("approved", "be withdrawn"): "draft",
    ("approved", "be cancelled"): "cancelled",
    ("approved", "start"): "sending",
    ("sending", "be paused"): "paused",
    ("sending", "be cancelled"): "cancelled",
    ("sending", "be finished"): "sent",
    ("sent", "be reopened"): "sending",
    ("paused", "be resumed"): "sending",
    ("paused", "be cancelled"): "cancelled",
}


def issue_that_is(status: IssueStatus, number: int | None = None) -> Issue:
    return Issue(
        id=7,
        edition=Edition.WEEKLY,
        number=number,
        slot="2026-11-26T09:00",
        status=status,
        cutoff_at=MOMENT,
        subject="",
        preheader="",
        note="",
        bottom_line="",
        version=1,
        created_at=MOMENT,
        updated_at=MOMENT,
        approved_at=None,
        approved_by=None,
        content_hash=None,
        send_at=None,
        started_at=None,
        finished_at=None,
        reason="",
    )


@pytest.mark.parametrize(
    ("status", "step"), [pair for pair in product(IssueStatus, Step) if pair in TRANSITIONS]
)
def test_an_allowed_step_leads_where_the_table_says(status: IssueStatus, step: Step) -> None:
    assert issue_that_is(status).after(step) == ALLOWED[status, step]


@pytest.mark.parametrize(
    ("status", "step"), [pair for pair in product(IssueStatus, Step) if pair not in TRANSITIONS]
)
def test_any_other_step_is_refused_by_name(status: IssueStatus, step: Step) -> None:
    with pytest.raises(InvalidTransition, match=f"issue #3 is {status}: it cannot {step}"):
        issue_that_is(status, number=3).after(step)


def test_the_table_is_complete() -> None:
    assert len(TRANSITIONS) == len(ALLOWED)


def test_a_refusal_says_what_is_possible_instead() -> None:
    with pytest.raises(InvalidTransition, match=r"From approved it can: be withdrawn, be cancelled, start\."):
        issue_that_is(IssueStatus.APPROVED).after(Step.PAUSE)


def test_a_cancelled_issue_takes_no_step() -> None:
    assert steps_from(IssueStatus.CANCELLED) == ()


def test_an_issue_is_called_by_its_number_once_it_has_one() -> None:
    assert issue_that_is(IssueStatus.DRAFT).label == "7"
    assert issue_that_is(IssueStatus.SENT, number=3).label == "#3"
