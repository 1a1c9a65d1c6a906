"""What an operator is told of an issue that goes out, in each situation."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.progress import Counts
from newsletter.delivery.status import SILENCE, Heartbeat, Situation, describe
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
SIGN = Heartbeat(name="host-1-aa", issue_id=7, started_at=THURSDAY, seen_at=THURSDAY)
GOING = Situation(issue=ISSUE, counts=Counts(readers=10, accepted=6), senders=(SIGN,), next_try=None)


def test_a_sender_at_work_needs_nobody() -> None:
    told = describe(GOING, THURSDAY)
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
    told = describe(replace(GOING, senders=(resting,)), THURSDAY)
    assert (told.why, told.since) == ("mail.example.org:587 cannot be reached", resting.waits_since)
    assert told.by_itself == "tries again at 09:02:00 UTC and goes on when that works"


def test_the_deferred_are_told_of_with_their_time() -> None:
    told = describe(replace(GOING, next_try=THURSDAY + timedelta(minutes=5)), THURSDAY)
    assert "readers whose server put us off are tried again at 09:05:00 UTC" in told.by_itself


def test_a_time_of_another_day_has_its_date_and_a_way_not_to_wait_for_it() -> None:
    told = describe(replace(GOING, next_try=THURSDAY + timedelta(days=7)), THURSDAY)
    assert "are tried again at 2026-12-03 09:00:00 UTC" in told.by_itself
    assert told.next_command == "newsletter send --to-missed 7"


def test_a_sign_from_the_future_is_of_a_wrong_clock() -> None:
    ahead = replace(SIGN, seen_at=THURSDAY + timedelta(seconds=20))
    assert describe(replace(GOING, senders=(ahead,)), THURSDAY).next_command == ""
    wrong = replace(SIGN, seen_at=THURSDAY + timedelta(days=7))
    told = describe(replace(GOING, senders=(wrong,)), THURSDAY)
    assert "its sender has not been seen since 2026-12-03 09:00:00 UTC" in told.why
    assert told.next_command == "newsletter send 7"


def test_times_are_those_of_the_schedules_zone() -> None:
    zone = ZoneInfo("Europe/Berlin")
    later = describe(replace(GOING, next_try=THURSDAY + timedelta(minutes=5)), THURSDAY, zone)
    assert "are tried again at 10:05:00 Europe/Berlin" in later.by_itself
    waiting = replace(GOING, issue=replace(ISSUE, status=IssueStatus.APPROVED))
    assert describe(waiting, THURSDAY, zone).by_itself.startswith(
        "goes out at 2026-11-26 10:00 Europe/Berlin"
    )


def test_who_waits_for_a_limit_is_not_called_put_off() -> None:
    told = describe(replace(GOING, next_turn=THURSDAY + timedelta(minutes=5)), THURSDAY)
    assert told.by_itself == (
        "goes on until everybody is done; readers who wait for a limit or for their own hour follow at 09:05:00 UTC"
    )


def test_a_sender_known_to_be_dead_is_not_waited_for() -> None:
    told = describe(replace(GOING, dead=frozenset({SIGN.name})), THURSDAY + timedelta(seconds=1))
    assert told.why == "4 readers are left and its sender died after 09:00:00 UTC"
    assert told.by_itself == "newsletter serve starts another if it runs, which takes over at once"
    assert (told.since, told.next_command) == (SIGN.seen_at, "newsletter send 7")


def test_the_successor_of_a_dead_sender_is_at_work() -> None:
    after = replace(SIGN, name="host-2-bb", seen_at=THURSDAY + timedelta(seconds=1))
    told = describe(replace(GOING, senders=(SIGN, after), dead=frozenset({SIGN.name})), after.seen_at)
    assert (told.why, told.next_command) == ("4 readers are left", "")


def test_a_cancelled_issue_is_final() -> None:
    cancelled = replace(ISSUE, status=IssueStatus.CANCELLED, reason="a mistake in the lead")
    told = describe(
        replace(GOING, issue=cancelled, counts=Counts(readers=10, accepted=6, skipped=4)), THURSDAY
    )
    assert (told.why, told.by_itself, told.next_command) == (
        "a mistake in the lead",
        "nothing: this is final; whoever has it keeps it",
        "",
    )


@pytest.mark.parametrize(
    ("edition", "command"),
    [
        (Edition.WEEKLY, "newsletter draft --now"),
        (Edition.MONTHLY, "newsletter draft --now --edition monthly"),
    ],
)
def test_what_stood_in_an_issue_that_nobody_has_waits_for_the_next(edition: Edition, command: str) -> None:
    cancelled = replace(ISSUE, edition=edition, status=IssueStatus.CANCELLED, number=None)
    told = describe(replace(GOING, issue=cancelled, counts=Counts(readers=10, skipped=10)), THURSDAY)
    assert "waits for the next issue" in told.by_itself
    assert told.next_command == command


def test_a_cancelled_issue_with_unsure_readers_says_who_they_are() -> None:
    cancelled = replace(ISSUE, status=IssueStatus.CANCELLED)
    counts = Counts(readers=10, accepted=6, skipped=3, unsure=1)
    told = describe(replace(GOING, issue=cancelled, counts=counts), THURSDAY)
    assert told.next_command == "newsletter unsure 7"


def test_a_cancelled_issue_whose_sender_was_killed_says_how_to_settle_it() -> None:
    cancelled = replace(ISSUE, status=IssueStatus.CANCELLED)
    told = describe(replace(GOING, issue=cancelled), THURSDAY)
    assert "has not said yet what became of 4 of its readers" in told.why
    assert told.by_itself == "newsletter serve settles that if it runs; nobody is mailed"
    assert told.next_command == "newsletter send 7"


def test_a_sender_that_fell_silent_is_missed_and_says_when_another_takes_over() -> None:
    leased = replace(GOING, leases_until=THURSDAY + timedelta(seconds=62))
    told = describe(leased, THURSDAY + SILENCE)
    assert told.why == "4 readers are left and its sender has not been seen since 09:00:00 UTC"
    assert told.by_itself.endswith("; whichever is next takes over at 09:01:02 UTC")
    assert (told.since, told.next_command) == (SIGN.seen_at, "newsletter send 7")


def test_what_a_silent_sender_had_is_free_once_its_leases_have_ended() -> None:
    told = describe(replace(GOING, leases_until=THURSDAY), THURSDAY + SILENCE)
    assert told.by_itself.endswith("; whichever is next takes over at once")


def test_an_issue_without_any_sender_says_how_to_start_one() -> None:
    told = describe(replace(GOING, senders=()), THURSDAY)
    assert (told.why, told.since) == ("4 readers are left and no sender is at work", ISSUE.started_at)
    assert told.next_command == "newsletter send 7"


def test_a_sent_issue_with_unsure_readers_has_a_next_step() -> None:
    sent = replace(ISSUE, status=IssueStatus.SENT, finished_at=THURSDAY)
    told = describe(replace(GOING, issue=sent, counts=Counts(readers=10, accepted=8, unsure=2)), THURSDAY)
    assert (told.why, told.next_command) == ("2 readers may or may not have it", "newsletter unsure 7")
