"""A time of its own: what may be chosen, and that the schedule keeps to it, earlier or later than the slot."""

import re
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.statuses import IssueStatus
from newsletter.digest.draft import Drafted
from newsletter.digest.store import get_issue
from newsletter.editing.approve import approve
from newsletter.editing.audit import list_entries
from newsletter.editing.compiled import compile_issue, hash_of, is_frozen
from newsletter.editing.draft import draft_at_once
from newsletter.editing.preview import compose, sample_values
from newsletter.editing.schedule import dispatch_chosen
from newsletter.editing.send_time import ClockChange, choose_time, goes_out_words, own_time
from newsletter.editing.sending import hold, release, start
from newsletter.errors import BadInput, InvalidTransition
from newsletter.schedule.jobs import Done, Skipped, Waiting
from tests.editing.test_schedule import (
    MONDAY,
    dispatch,
    issue_of,
    on_wednesday,
    roll_over,
)
from tests.jobs.newsroom import WatchedApp, add_comparisons, open_newsroom
from tests.jobs.recording import utc

EARLIER, LATER = "2026-11-26T07:00", "2026-11-29T18:30"


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(MONDAY)


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database, clock: MovedClock) -> WatchedApp:
    return on_wednesday(tmp_path, sqlite_database, clock)


def move_to(clock: MovedClock, moment: str) -> None:
    clock.move(utc(moment) - clock.now())


def status(app: WatchedApp) -> IssueStatus:
    return issue_of(app).status


def test_a_chosen_time_is_kept_said_and_written_down(app: WatchedApp) -> None:
    chosen = choose_time(app, issue_of(app), LATER, "Paul")
    assert chosen.issue.send_at == utc("2026-11-29T17:30")
    assert (
        chosen.sentence == "Issue 1 goes out on Sun 29 Nov 2026 18:30 (Europe/Berlin), once it is approved."
    )
    assert goes_out_words(issue_of(app), app.settings.zone) == "Sun 29 Nov 2026 18:30 (Europe/Berlin)"
    with app.database.read() as connection:
        last = list_entries(connection, 1, issue_id=1)[0]
    assert (last.by, last.action) == ("Paul", "scheduled")
    assert last.detail == "to go out on Sun 29 Nov 2026 18:30 (Europe/Berlin)"


def test_an_issue_goes_at_an_earlier_time_and_once(app: WatchedApp, clock: MovedClock) -> None:
    approve(app, choose_time(app, issue_of(app), EARLIER, "Paul").issue, "Paul")
    assert "once it is approved" not in choose_time(app, issue_of(app), EARLIER, "Paul").sentence
    move_to(clock, "2026-11-26T05:59")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.APPROVED
    move_to(clock, "2026-11-26T06:00")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.SENDING
    dispatch_chosen(app)
    assert dispatch(app) == Done("Issue #1 was sending already.")
    assert app.raised.keys() == {"drafted:weekly:2026-11-26T09:00"}


def test_an_issue_from_outside_the_schedule_goes_as_soon_as_it_is_approved(
    app: WatchedApp, clock: MovedClock
) -> None:
    add_comparisons(app, "osprey", "shrike", "wren")
    clock.move(timedelta(minutes=1))
    made = draft_at_once(app)
    assert isinstance(made, Drafted)
    dispatch_chosen(app)
    approve(app, made.issue, "Paul")
    dispatch_chosen(app)
    with app.database.read() as connection:
        assert get_issue(connection, made.issue.id).status is IssueStatus.SENDING
    assert status(app) is IssueStatus.DRAFT, "the week's own issue waits for its slot"


def test_an_issue_of_a_slot_waits_for_the_slots_own_turn(app: WatchedApp, clock: MovedClock) -> None:
    approve(app, issue_of(app), "Paul")
    move_to(clock, "2026-11-26T08:30")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.APPROVED


def test_a_later_time_outlasts_the_slot_and_its_limit(app: WatchedApp, clock: MovedClock) -> None:
    approve(app, choose_time(app, issue_of(app), LATER, "Paul").issue, "Paul")
    move_to(clock, "2026-11-26T08:00")
    waits = Waiting("Issue #1 goes out on Sun 29 Nov 2026 18:30 (Europe/Berlin).")
    assert dispatch(app) == waits
    move_to(clock, "2026-11-29T17:00")
    assert roll_over(app) == waits
    move_to(clock, "2026-11-29T17:30")
    assert roll_over(app) == Done("Issue #1 goes out, to this many readers: 1.")


def test_the_limit_of_an_issue_counts_from_its_own_time(app: WatchedApp, clock: MovedClock) -> None:
    approve(app, choose_time(app, issue_of(app), LATER, "Paul").issue, "Paul")
    move_to(clock, "2026-12-02T17:30")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.APPROVED
    result = roll_over(app)
    assert isinstance(result, Skipped)
    assert "It was not sent within 48 hours of Sun 29 Nov 2026 18:30" in result.words
    assert status(app) is IssueStatus.CANCELLED


def test_a_draft_and_a_held_issue_do_not_go_at_their_own_time(app: WatchedApp, clock: MovedClock) -> None:
    choose_time(app, issue_of(app), EARLIER, "Paul")
    move_to(clock, "2026-11-26T06:00")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.DRAFT
    hold(app, approve(app, issue_of(app), "Paul"), "Paul")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.APPROVED
    choose_time(app, issue_of(app), EARLIER, "Paul")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.SENDING


def test_an_issue_without_a_time_of_its_own_is_left_to_its_slot(app: WatchedApp, clock: MovedClock) -> None:
    choose_time(app, issue_of(app), LATER, "Paul")
    approve(app, choose_time(app, issue_of(app), "2026-11-26T09:00", "Paul").issue, "Paul")
    assert own_time(issue_of(app), app.settings.zone) is None
    move_to(clock, "2026-11-26T08:00")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.APPROVED
    assert dispatch(app) == Done("Issue #1 goes out, to this many readers: 1.")


def test_what_fails_at_a_chosen_time_is_said_once(app: WatchedApp, clock: MovedClock) -> None:
    approve(app, choose_time(app, issue_of(app), EARLIER, "Paul").issue, "Paul")
    move_to(clock, "2026-11-26T06:00")
    broken = open_newsroom(app.settings.folder, app.database, clock, {"site.postal_address": ""})
    for _ in range(2):
        dispatch_chosen(broken)
    [said] = (words for key, words in broken.raised.items() if not key.startswith("drafted:"))
    assert "site.postal_address" in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("soon", "'soon' is no time: give a local one in Europe/Berlin"),
        ("2026-11-27T08:00Z", "names a zone"),
        ("2026-11-23T08:59", "Mon 23 Nov 2026 08:59 .Europe/Berlin. is past: .* at most 48 hours ago"),
        ("0001-01-01T00:00", "That is past"),
        ("9999-12-31T23:59", "is more than a year away"),
    ],
)
def test_a_time_that_cannot_be_changes_nothing(app: WatchedApp, text: str, sentence: str) -> None:
    before = issue_of(app)
    with pytest.raises(BadInput, match=sentence):
        choose_time(app, before, text, "Paul")
    assert issue_of(app) == before


def test_a_time_just_past_means_at_once(app: WatchedApp) -> None:
    approve(app, choose_time(app, issue_of(app), "2026-11-23T10:00", "Paul").issue, "Paul")
    dispatch_chosen(app)
    assert status(app) is IssueStatus.SENDING


@pytest.mark.parametrize(
    ("text", "moment", "odd", "words"),
    [
        (
            "2027-03-28T02:30",
            "2027-03-28T01:00",
            ClockChange.SKIPPED,
            "on Sun 28 Mar 2027 03:00 .* The clocks skip",
        ),
        ("2027-03-28T03:30", "2027-03-28T01:30", ClockChange.NO, "approved.$"),
        ("2027-10-31T02:30", "2027-10-31T00:30", ClockChange.TWICE, "The clocks show that time twice"),
    ],
)
def test_the_two_odd_nights_are_said(
    app: WatchedApp, clock: MovedClock, text: str, moment: str, odd: ClockChange, words: str
) -> None:
    clock.move(timedelta(days=60))
    chosen = choose_time(app, issue_of(app), text, "Paul")
    assert (chosen.issue.send_at, chosen.clock_change) == (utc(moment), odd)
    assert re.search(words, chosen.sentence)


def test_what_has_begun_has_no_other_time(app: WatchedApp) -> None:
    start(app, approve(app, issue_of(app), "Paul"))
    with pytest.raises(InvalidTransition, match="be scheduled"):
        choose_time(app, issue_of(app), LATER, "Paul")


def dates(app: WatchedApp) -> tuple[date, bool]:
    """The date that the letter has, and whether both parts of the mail say it and the log knows the content."""
    compiled = compile_issue(app, issue_of(app))
    day = compiled.letter.masthead.date_on
    mail = message_from_bytes(compose(compiled.require_plan(), sample_values(app)), policy=policy.default)
    parts = [each.get_content() for each in mail.walk() if not each.is_multipart()]
    with app.database.read() as connection:
        known = not is_frozen(issue_of(app)) or any(
            compiled.content_hash[:12] in each.detail for each in list_entries(connection, 9, issue_id=1)
        )
    said = f"{day:%A} {day.day} {day:%B %Y}"
    return day, len(parts) == 2 and all(each.count(said) == 1 for each in parts) and known


def test_the_date_is_that_of_the_slot_or_of_the_time_that_was_chosen(app: WatchedApp) -> None:
    assert dates(app) == (date(2026, 11, 26), True)
    choose_time(app, issue_of(app), LATER)
    assert dates(app) == (date(2026, 11, 29), True)
    approve(app, issue_of(app), "Paul")
    assert dates(app) == (date(2026, 11, 29), True)


@pytest.mark.parametrize("count_clicks", [False, True])
def test_a_time_chosen_after_approval_makes_the_date_anew_and_nothing_else(
    app: WatchedApp, clock: MovedClock, count_clicks: bool
) -> None:
    app = open_newsroom(app.settings.folder, app.database, clock, {"privacy.count_clicks": count_clicks})
    before = compile_issue(app, approve(app, issue_of(app), "Paul"))
    choose_time(app, issue_of(app), LATER)
    assert dates(app) == (date(2026, 11, 29), True)
    choose_time(app, issue_of(app), "2026-11-26T09:00")
    after = compile_issue(app, issue_of(app))
    assert after.frozen == before.frozen
    assert (
        after.content_hash == before.content_hash == hash_of(after.frozen or pytest.fail("nothing is frozen"))
    )


@pytest.mark.parametrize(
    ("moment", "day"), [("2026-11-25T12:00", 25), ("2026-11-26T08:00", 26), ("2026-11-27T23:30", 28)]
)
def test_a_start_on_another_day_has_the_date_of_that_day(
    app: WatchedApp, clock: MovedClock, moment: str, day: int
) -> None:
    approve(app, issue_of(app), "Paul")
    move_to(clock, moment)
    start(app, issue_of(app))
    assert status(app) is IssueStatus.SENDING
    assert dates(app) == (date(2026, 11, day), True)
    assert [each.letter.masthead.date_on.day for each in app.archive.issues()] == [day]


def test_a_draft_whose_time_is_past_has_the_date_of_today(app: WatchedApp, clock: MovedClock) -> None:
    move_to(clock, "2026-11-27T08:00")
    assert dates(app) == (date(2026, 11, 27), True)


def test_what_cannot_be_dated_anew_is_said_and_still_goes_out(app: WatchedApp, clock: MovedClock) -> None:
    """Templates were changed since the approval."""
    approve(app, issue_of(app), "Paul")
    own = app.settings.folder / "templates/email/weekly"
    own.mkdir(parents=True)
    (own / "_style.mjml.j2").write_text("", encoding="utf-8")
    app = open_newsroom(app.settings.folder, app.database, clock, {"paths.templates": "templates"})
    with pytest.raises(
        BadInput, match=r"dated 2026-11-26, and templates or settings have changed.*newsletter withdraw 1"
    ):
        choose_time(app, issue_of(app), LATER)
    start(app, issue_of(app))
    assert status(app) is IssueStatus.SENDING
    assert dates(app)[0] == date(2026, 11, 26)


def test_the_next_issue_is_the_first_that_can_still_go_out(app: WatchedApp, clock: MovedClock) -> None:
    assert app.next_issue_on() == date(2026, 11, 26)
    choose_time(app, issue_of(app), "2026-12-01T08:00")
    assert app.next_issue_on() == date(2026, 12, 1)
    choose_time(app, issue_of(app), EARLIER)
    approve(app, issue_of(app), "Paul")
    hold(app, issue_of(app))
    assert app.next_issue_on() == date(2026, 12, 3)
    release(app, issue_of(app))
    assert app.next_issue_on() == date(2026, 11, 26)
    start(app, issue_of(app))
    assert app.next_issue_on() == date(2026, 12, 3)
