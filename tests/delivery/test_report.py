"""What an operator is told of an issue that goes out, in each situation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.progress import SILENCE, Progress, SenderSign, Situation
from newsletter.delivery.report import report, unsure_words
from newsletter.digest.issues import Issue
from tests.conftest import THURSDAY

ISSUE = Issue(
    id=7,
    edition=Edition.WEEKLY,
    number=3,
    slot="2026-11-26T09:00",
    status=IssueStatus.SENDING,
    cutoff_at=THURSDAY,
    subject="",
    preheader="",
    note="",
    bottom_line="",
    version=4,
    created_at=THURSDAY,
    updated_at=THURSDAY,
    approved_at=THURSDAY,
    approved_by="Eve",
    content_hash="0" * 64,
    send_at=THURSDAY,
    started_at=THURSDAY,
    finished_at=None,
    reason="",
)
SIGN = SenderSign(name="host-1-aa", issue_id=7, started_at=THURSDAY, seen_at=THURSDAY)
GOING = Situation(issue=ISSUE, progress=Progress(readers=10, accepted=6), senders=(SIGN,), next_try=None)


def test_a_sender_at_work_needs_nobody() -> None:
    told = report(GOING, THURSDAY)
    assert (told.why, told.by_itself, told.next_command) == (
        "4 readers are left",
        "goes on until everybody is done",
        "",
    )


def test_a_sender_that_rests_says_why_and_until_when() -> None:
    resting = replace(
        SIGN,
        waits_for="mail.example.org:587 cannot be reached",
        waits_since=THURSDAY - timedelta(minutes=9),
        waits_until=THURSDAY + timedelta(minutes=2),
    )
    told = report(replace(GOING, senders=(resting,)), THURSDAY)
    assert (told.why, told.since) == ("mail.example.org:587 cannot be reached", resting.waits_since)
    assert told.by_itself == "tries again at 09:02:00 UTC and goes on when that works"


def test_the_deferred_are_told_of_with_their_time() -> None:
    told = report(replace(GOING, next_try=THURSDAY + timedelta(minutes=5)), THURSDAY)
    assert "readers whose server put us off are tried again at 09:05:00 UTC" in told.by_itself


def test_a_sender_that_was_just_killed_is_no_longer_vouched_for() -> None:
    told = report(GOING, THURSDAY + timedelta(seconds=9))
    assert told.why == "4 readers are left; the sender was last heard of 9 seconds ago"


def test_a_cancelled_issue_is_final() -> None:
    cancelled = replace(ISSUE, status=IssueStatus.CANCELLED, reason="a mistake in the lead")
    told = report(
        replace(GOING, issue=cancelled, progress=Progress(readers=10, accepted=6, skipped=4)), THURSDAY
    )
    assert (told.why, told.by_itself, told.next_command) == (
        "a mistake in the lead",
        "nothing: this is final",
        "",
    )


def test_a_cancelled_issue_whose_sender_was_killed_says_how_to_settle_it() -> None:
    cancelled = replace(ISSUE, status=IssueStatus.CANCELLED)
    told = report(replace(GOING, issue=cancelled), THURSDAY)
    assert "has not said yet what became of 4 of its readers" in told.why
    assert told.by_itself == "newsletter serve settles that if it runs; nobody is mailed"
    assert told.next_command == "newsletter send 7"


def test_a_sender_that_fell_silent_is_missed() -> None:
    told = report(GOING, THURSDAY + SILENCE)
    assert told.why == "4 readers are left and no sender is at work"
    assert told.since == SIGN.seen_at
    assert told.next_command == "newsletter send 7"


def test_a_sent_issue_with_unsure_readers_has_a_next_step() -> None:
    sent = replace(ISSUE, status=IssueStatus.SENT, finished_at=THURSDAY)
    told = report(replace(GOING, issue=sent, progress=Progress(readers=10, accepted=8, unsure=2)), THURSDAY)
    assert (told.why, told.next_command) == ("2 readers may or may not have it", "newsletter unsure 7")


@pytest.mark.parametrize("code", ["no-journal", "killed", "no-reply", "timeout", "something else", ""])
def test_every_unsure_code_has_words(code: str) -> None:
    assert len(unsure_words(code)) > 20
