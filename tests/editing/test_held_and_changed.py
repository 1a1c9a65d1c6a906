"""What keeps an approved issue from going out at its slot: an editor who holds it, or figures that changed since."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.clock import MovedClock
from newsletter.config import Approval, ChangedFigures
from newsletter.content.records import Decision, Pack, ReviewEntry, SourceEntry, VerdictEntry
from newsletter.db.engine import Database
from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve, withdraw
from newsletter.editing.cache import DeskCache
from newsletter.editing.checks.answers import acknowledge, unanswered_change
from newsletter.editing.schedule import BY_ITSELF, find_delay
from newsletter.editing.send_time import early_words
from newsletter.editing.sending import find_trouble, hold, release, send_now, start
from newsletter.errors import BadInput, InvalidTransition
from newsletter.schedule.jobs import Done, Skipped, Waiting
from tests.editing.test_schedule import (
    MONDAY,
    THURSDAY,
    WEDNESDAY,
    dispatch,
    issue_of,
    on_wednesday,
    prepare,
    roll_over,
)
from tests.jobs.newsroom import WatchedApp, add_comparisons, add_reader, open_newsroom


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(MONDAY)


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database, clock: MovedClock) -> WatchedApp:
    return on_wednesday(tmp_path, sqlite_database, clock)


def opened_again(app: WatchedApp, settings: Mapping[str, object]) -> WatchedApp:
    assert isinstance(app.clock, MovedClock)
    return open_newsroom(app.settings.folder, app.database, app.clock, settings)


def to_the_slot(app: WatchedApp) -> None:
    assert isinstance(app.clock, MovedClock)
    app.clock.move(THURSDAY - WEDNESDAY)


def lead_of(app: WatchedApp) -> str:
    with app.content() as content:
        return next(iter(content.tool_heads())).id


def turn_verdict(app: WatchedApp) -> None:
    """The panel says something else of every tool that the issue shows, on the page of its comparison."""
    for name in ("falcon", "kestrel", "merlin"):
        turn_verdict_on(app, name, f"https://tools.example.org/{name}")


def turn_verdict_on(app: WatchedApp, name: str, url: str) -> None:
    tools = (f"{name}-left", f"{name}-right")
    verdicts = tuple(VerdictEntry(tool_id=each, ships=1, skips=9) for each in tools)
    with app.content() as content:
        source = SourceEntry(name=f"Tool desk on {name}", url=url, ours=True)
        content.import_pack(Pack(source=source, verdicts=verdicts), app.clock.now())


def test_a_held_issue_waits_for_its_release_and_no_longer(app: WatchedApp) -> None:
    held = hold(app, approve(app, issue_of(app), "paul"), "paul", "the maker called")
    assert hold(app, held, "paul") == held, "held once"
    to_the_slot(app)
    assert dispatch(app) == dispatch(app) == Waiting("Issue #1 is on hold.")
    assert issue_of(app).status is IssueStatus.APPROVED
    release(app, held, "paul")
    assert isinstance(dispatch(app), Done)
    assert issue_of(app).status is IssueStatus.SENDING


def test_a_held_issue_is_not_started_by_hand_nor_cancelled_by_time(app: WatchedApp) -> None:
    held = hold(app, approve(app, issue_of(app), "paul"))
    with pytest.raises(BadInput, match=r"is on hold since .* To let it go: newsletter release 1"):
        start(app, held)
    result = roll_over(app)
    assert isinstance(result, Skipped)
    assert "was not released within 48 hours" in result.words
    assert issue_of(app).status is IssueStatus.APPROVED


def test_what_goes_out_cannot_be_held(app: WatchedApp) -> None:
    approved = approve(app, issue_of(app), "paul")
    start(app, approved)
    with pytest.raises(InvalidTransition, match="it cannot be held"):
        hold(app, approved)


def test_a_figure_that_changed_holds_it_until_somebody_says_what_to_do(app: WatchedApp) -> None:
    approved = approve(app, issue_of(app), "paul")
    turn_verdict(app)
    to_the_slot(app)
    assert dispatch(app) == Waiting("Issue #1 waits: figures changed since it was approved.")
    finding = unanswered_change(app, approved)
    assert finding is not None
    assert "→ 1 ship / 9 skip" in finding.what
    delay = find_delay(app, approved)
    assert (delay and delay.words, find_trouble(app)) == ("figures changed since it was approved", "")
    acknowledge(app, approved, finding, "paul")
    assert find_delay(app, approved) is None
    assert isinstance(dispatch(app), Done)
    assert issue_of(app).content_hash == approved.content_hash


def test_a_verdict_of_another_page_is_not_what_a_comparison_prints(app: WatchedApp) -> None:
    approve(app, issue_of(app), "paul")
    turn_verdict_on(app, "falcon", "https://tools.example.org/later")
    to_the_slot(app)
    assert isinstance(dispatch(app), Done)


def test_a_figure_that_only_the_archive_prints_in_full_holds_it_as_well(app: WatchedApp) -> None:
    approved = approve(app, issue_of(app), "paul")
    turn_verdict_on(app, "merlin", "https://tools.example.org/merlin")
    finding = unanswered_change(app, approved)
    assert finding is not None
    assert "Merlin-Left, panel: 1 ship / 0 skip → 1 ship / 9 skip" in finding.what
    assert "Falcon" not in finding.what


def test_a_score_that_only_the_archive_prints_holds_it_too(app: WatchedApp) -> None:
    approved = approve(app, issue_of(app), "paul")
    source = SourceEntry(name="Tool desk on kestrel", url="https://tools.example.org/kestrel", ours=True)
    rated = ReviewEntry(
        tool_id="kestrel-right",
        reviewer="Builder",
        score=51,
        decision=Decision.SKIP,
        words="It works as it says.",
    )
    with app.content() as content:
        content.import_pack(Pack(source=source, reviews=(rated,)), WEDNESDAY + timedelta(hours=1))
    finding = unanswered_change(app, approved)
    assert finding is not None
    assert "Builder on Kestrel-Right: 44 skip → 51 skip" in finding.what


def test_approved_again_it_goes_out_with_the_new_figures(app: WatchedApp) -> None:
    approved = approve(app, issue_of(app), "paul")
    turn_verdict(app)
    again = approve(app, withdraw(app, approved, "paul"), "paul")
    to_the_slot(app)
    assert isinstance(dispatch(app), Done)
    assert again.content_hash != approved.content_hash


def test_by_the_other_policy_it_goes_out_as_approved_and_says_so(app: WatchedApp) -> None:
    bold = opened_again(app, {"desk.changed_figures": ChangedFigures.SEND})
    approved = approve(bold, issue_of(bold), "paul")
    turn_verdict(bold)
    to_the_slot(bold)
    assert isinstance(dispatch(bold), Done)
    assert issue_of(bold).content_hash == approved.content_hash
    words = "Issue #1 goes out as approved, though figures changed since"
    assert any(each.startswith(words) for each in bold.raised.values())


def test_where_nobody_approved_it_the_new_figures_go_out_by_themselves(
    tmp_path: Path, sqlite_database: Database
) -> None:
    clock = MovedClock(MONDAY)
    app = open_newsroom(tmp_path, sqlite_database, clock, {"schedule.approval": Approval.AUTOMATIC})
    add_reader(sqlite_database, "alice@example.org", MONDAY)
    add_comparisons(app, "falcon", "kestrel", "merlin")
    clock.move(WEDNESDAY - MONDAY)
    prepare(app)
    before = issue_of(app)
    turn_verdict(app)
    to_the_slot(app)
    assert isinstance(dispatch(app), Done)
    after = issue_of(app)
    assert (after.status, after.approved_by) == (IssueStatus.SENDING, BY_ITSELF)
    assert after.content_hash != before.content_hash


def test_without_content_db_what_was_approved_goes_out_all_the_same(app: WatchedApp) -> None:
    approve(app, issue_of(app), "paul")
    app.settings.path(app.settings.paths.content_db).unlink()
    to_the_slot(app)
    assert isinstance(dispatch(app), Done)


@pytest.mark.parametrize("typed", ["", "2", "one", "1 1", "-1", "1e0"])
def test_another_number_than_the_audiences_sends_nothing(app: WatchedApp, typed: str) -> None:
    approved = approve(app, issue_of(app), "paul")
    with pytest.raises(BadInput, match="Type 1, the number of readers"):
        send_now(app, approved, "paul", audience=1, typed=typed)
    assert issue_of(app).status is IssueStatus.APPROVED


@pytest.mark.parametrize("typed", ["12345", " 12,345 ", "12 345", "12.345"])
def test_the_number_may_be_typed_as_people_write_it(app: WatchedApp, typed: str) -> None:
    send_now(app, approve(app, issue_of(app), "paul"), "paul", audience=12345, typed=typed)
    assert issue_of(app).status is IssueStatus.SENDING


def test_an_issue_before_its_date_is_warned_of(app: WatchedApp) -> None:
    issue: Issue = issue_of(app)
    assert early_words(app, issue) == (
        "Issue 1 is meant for Thursday 26 November 2026, 1 day from now. Sent today, it gets the date of today."
    )
    assert early_words(app, replace(issue, send_at=WEDNESDAY + timedelta(hours=3))) == ""


def test_the_audience_is_counted_once_a_minute(app: WatchedApp) -> None:
    cache, edition = DeskCache(app), issue_of(app).edition
    assert cache.audience(edition) == 1
    add_reader(app.database, "bob@example.org", WEDNESDAY)
    assert cache.audience(edition) == 1
    assert isinstance(app.clock, MovedClock)
    app.clock.move(THURSDAY - WEDNESDAY)
    assert cache.audience(edition) == 2
