from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.clock import MovedClock
from newsletter.config import Approval
from newsletter.db.engine import Database
from newsletter.db.statuses import Edition, IssueStatus, ItemKind
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_of_slot, items_of
from newsletter.editing.approve import approve
from newsletter.editing.draft import draft_now
from newsletter.editing.schedule import dispatch_issue, prepare_issue, remind_of_issue, roll_over_issue
from newsletter.schedule.jobs import Done, Skipped, Waiting
from newsletter.schedule.slots import issue_schedule
from tests.editing.desk import edit
from tests.jobs.newsroom import WatchedApp, add_comparisons, add_reader, open_newsroom
from tests.jobs.recording import utc

NAME = "2026-11-26T09:00"
MONDAY, WEDNESDAY, THURSDAY = utc("2026-11-23T09:00"), utc("2026-11-25T08:00"), utc("2026-11-26T08:00")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(MONDAY)


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database, clock: MovedClock) -> WatchedApp:
    return on_monday(tmp_path, sqlite_database, clock)


def on_monday(folder: Path, database: Database, clock: MovedClock) -> WatchedApp:
    """A Monday with three comparisons and one reader; the issue is due on Thursday."""
    app = open_newsroom(folder, database, clock)
    add_reader(database, "alice@example.org", MONDAY)
    add_comparisons(app, "falcon", "kestrel", "merlin")
    return app


def on_wednesday(folder: Path, database: Database, clock: MovedClock) -> WatchedApp:
    """Wednesday morning in Berlin; the issue of Thursday at nine is drafted."""
    app = on_monday(folder, database, clock)
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    return app


def open_automatic(app: WatchedApp) -> WatchedApp:
    clock = app.clock
    assert isinstance(clock, MovedClock)
    return open_newsroom(app.settings.folder, app.database, clock, {"schedule.approval": Approval.AUTOMATIC})


def prepare(app: WatchedApp, name: str = NAME) -> str:
    schedule = issue_schedule(app.settings).before(app.settings.schedule.draft_before)
    result = prepare_issue(app, schedule.slot(name))
    assert isinstance(result, Done)
    return result.words


def dispatch(app: WatchedApp) -> Done | Waiting | Skipped:
    return dispatch_issue(app, issue_schedule(app.settings).slot(NAME))


def remind(app: WatchedApp) -> str:
    schedule = issue_schedule(app.settings).before(app.settings.schedule.remind_before)
    result = remind_of_issue(app, schedule.slot(NAME))
    assert isinstance(result, Done)
    return result.words


def roll_over(app: WatchedApp) -> Done | Waiting | Skipped:
    return roll_over_issue(app, issue_schedule(app.settings).slot(NAME))


def issue_of(app: WatchedApp, name: str = NAME) -> Issue:
    with app.database.read() as connection:
        issue = find_issue_of_slot(connection, Edition.WEEKLY, name)
    assert issue is not None
    return issue


def compared_in(app: WatchedApp, name: str) -> set[str]:
    with app.database.read() as connection:
        items = items_of(connection, issue_of(app, name).id)
    return {each.key.split("-")[0] for each in items if each.kind is ItemKind.COMPARISON}


def test_the_draft_is_made_for_its_slot_and_the_editor_is_told(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(WEDNESDAY - MONDAY)
    assert prepare(app) == "Issue 1 is drafted and waits for approval."
    issue = issue_of(app)
    assert (issue.status, issue.cutoff_at, issue.send_at) == (IssueStatus.DRAFT, WEDNESDAY, THURSDAY)
    assert "newsletter approve 1" in app.raised[f"drafted:weekly:{NAME}"]


def test_preparing_again_changes_nothing(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    before = issue_of(app)
    prepare(app)
    assert issue_of(app) == before


def test_what_comes_after_the_draft_was_due_waits_for_the_next_issue(
    app: WatchedApp, clock: MovedClock
) -> None:
    clock.move(WEDNESDAY - MONDAY + timedelta(hours=1))
    add_comparisons(app, "osprey")
    clock.move(timedelta(hours=20))
    prepare(app)
    assert compared_in(app, NAME) == {"falcon", "kestrel", "merlin"}


def test_a_thin_week_has_no_issue_and_is_said_once(tmp_path: Path, sqlite_database: Database) -> None:
    app = open_newsroom(tmp_path, sqlite_database, MovedClock(WEDNESDAY))
    assert prepare(app).startswith("Nothing is waiting: no issue for")
    assert isinstance(dispatch(app), Waiting)
    rolled = roll_over(app)
    assert isinstance(rolled, Skipped)
    assert rolled.alert_key in app.raised
    assert len(app.raised) == 1


def test_with_automatic_approval_a_draft_without_errors_is_approved_and_goes_out(
    app: WatchedApp, clock: MovedClock
) -> None:
    automatic = open_automatic(app)
    clock.move(WEDNESDAY - MONDAY)
    assert prepare(automatic) == "Issue #1 is drafted and approved."
    assert issue_of(app).approved_by == "the schedule"
    clock.move(THURSDAY - WEDNESDAY)
    assert dispatch(automatic) == Done("Issue #1 goes out, to this many readers: 1.")
    assert issue_of(app).status is IssueStatus.SENDING
    assert automatic.raised == {}


def test_nothing_goes_out_while_it_would_reach_nobody(app: WatchedApp, clock: MovedClock) -> None:
    sandbox = {
        "schedule.approval": Approval.AUTOMATIC,
        "mail.transport": "sendgrid",
        "site.public_url": "https://weekly.example.org",
        "sendgrid.api_key": "SG.x",
        "sendgrid.sandbox": True,
    }
    automatic = open_newsroom(app.settings.folder, app.database, clock, sandbox)
    clock.move(WEDNESDAY - MONDAY)
    assert prepare(automatic) == "Issue #1 is drafted and approved."
    clock.move(THURSDAY - WEDNESDAY)
    words = "Issue #1 waits: sendgrid.sandbox is on, so SendGrid checks mails and delivers none."
    assert [dispatch(automatic), dispatch(automatic)] == [Waiting(words)] * 2
    assert list(automatic.raised) == [f"undelivered:weekly:{NAME}"]
    real = open_newsroom(app.settings.folder, app.database, clock, sandbox | {"sendgrid.sandbox": False})
    assert dispatch(real) == Done("Issue #1 goes out, to this many readers: 1.")


def test_with_automatic_approval_a_draft_with_errors_is_held_and_said_once(
    app: WatchedApp, clock: MovedClock
) -> None:
    own = app.settings.folder / "templates"
    automatic = open_newsroom(
        app.settings.folder,
        app.database,
        clock,
        {"schedule.approval": Approval.AUTOMATIC, "paths.templates": own},
    )
    weekly = own / "email" / "weekly"
    weekly.mkdir(parents=True)
    (weekly / "body.txt.j2").write_text("No way out of here.")
    clock.move(WEDNESDAY - MONDAY)
    assert prepare(automatic).startswith("Issue 1 waits: its checks found errors.")
    clock.move(THURSDAY - WEDNESDAY)
    assert isinstance(dispatch(automatic), Waiting)
    assert list(automatic.raised) == [f"held:weekly:{NAME}"]


def test_an_unapproved_draft_is_reminded_of_then_held_and_goes_out_when_it_is_approved(
    app: WatchedApp, clock: MovedClock
) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    clock.move(timedelta(hours=21))
    assert remind(app) == "Issue 1 is not approved yet: reminded."
    clock.move(timedelta(hours=3))
    assert dispatch(app) == Waiting("Issue 1 waits: nobody approved it.")
    clock.move(timedelta(hours=30))
    assert dispatch(app) == Waiting("Issue 1 waits: nobody approved it.")
    approve(app, issue_of(app), "Erin")
    assert dispatch(app) == Done("Issue #1 goes out, to this many readers: 1.")
    assert list(app.raised) == [f"{event}:weekly:{NAME}" for event in ("drafted", "reminder", "held")]


def test_nobody_is_reminded_of_an_approved_issue(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    approve(app, issue_of(app), "Erin")
    assert remind(app) == "There was nothing to remind of."


def test_an_issue_that_nobody_approves_rolls_its_items_over(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    clock.move(timedelta(days=4))
    result = roll_over(app)
    assert isinstance(result, Skipped)
    assert result.words.startswith(
        "Issue 1 is cancelled. It was not approved within 48 hours of Thu 26 Nov 2026 09:00"
    )
    assert issue_of(app).status is IssueStatus.CANCELLED
    add_comparisons(app, "osprey")
    clock.move(timedelta(days=4))
    prepare(app, "2026-12-03T09:00")
    assert compared_in(app, "2026-12-03T09:00") == {"falcon", "kestrel", "merlin", "osprey"}


def test_an_approved_issue_that_could_not_go_out_in_time_rolls_its_items_over(
    app: WatchedApp, clock: MovedClock
) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    approve(app, issue_of(app), "Erin")
    clock.move(timedelta(days=6))
    result = roll_over(app)
    assert isinstance(result, Skipped)
    assert result.words.startswith("Issue #1 is cancelled. It was not sent within 48 hours")
    clock.move(timedelta(days=1))
    prepare(app, "2026-12-03T09:00")
    assert compared_in(app, "2026-12-03T09:00") == {"falcon", "kestrel", "merlin"}


def test_an_issue_that_went_out_by_hand_is_left_alone(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    approve(app, issue_of(app), "Erin")
    dispatch(app)
    assert dispatch(app) == Done("Issue #1 was sending already.")
    assert roll_over(app) == Done("Issue #1 was sending already.")


def test_an_early_draft_that_nobody_touched_gets_what_came_since(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(timedelta(hours=1))
    draft_now(app)
    assert compared_in(app, NAME) == {"falcon", "kestrel", "merlin"}
    clock.move(timedelta(days=1))
    add_comparisons(app, "osprey")
    clock.move(timedelta(days=1))
    prepare(app)
    assert compared_in(app, NAME) == {"falcon", "kestrel", "merlin", "osprey"}


def test_an_early_draft_that_somebody_edited_is_left_alone(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(timedelta(hours=1))
    draft_now(app)
    assert compared_in(app, NAME) == {"falcon", "kestrel", "merlin"}
    edit(app, issue_of(app), subject="Falcons at last")
    clock.move(timedelta(days=1))
    add_comparisons(app, "osprey")
    clock.move(timedelta(days=1))
    prepare(app)
    assert compared_in(app, NAME) == {"falcon", "kestrel", "merlin"}


def test_nothing_goes_out_before_every_needed_setting_is_there(app: WatchedApp, clock: MovedClock) -> None:
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    approve(app, issue_of(app), "Erin")
    without_address = open_newsroom(app.settings.folder, app.database, clock, {"site.postal_address": ""})
    waits = dispatch(without_address)
    assert isinstance(waits, Waiting)
    assert "site.postal_address" in waits.words
    (told,) = [each for key, each in app.raised.items() if key.startswith("setting:site.postal_address")]
    assert "It goes out by itself once that is mended and newsletter serve restarted." in told
    assert issue_of(app).status is IssueStatus.APPROVED
    clock.move(THURSDAY - WEDNESDAY)
    assert isinstance(dispatch(app), Done)
