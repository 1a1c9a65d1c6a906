"""Merging newer items: what would change is shown first, and exactly that is done."""

from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.statuses import ExclusionReach, ItemKind, Room
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.store import get_issue, items_of
from newsletter.editing.approve import approve
from newsletter.editing.cache import FRESH_FOR
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import merge, plan_merge
from newsletter.editing.edits import Exclude, MoveItem, Write, make_edits
from newsletter.editing.outline import outline_of
from newsletter.editing.revisions import undo
from newsletter.errors import ChangedMeanwhile, InvalidTransition
from tests.digest.week import CUTOFF, PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE
from tests.editing.desk import cache_of, drafted, newsroom
from tests.editing.wider import WIDER

PANEL = ItemKey(ItemKind.COMPARISON, "borealis-3-22b-vs-meridian-medium")
PRICES = ItemKey(ItemKind.COMPARISON, "pelican-large-vs-heron-small")
LATER = timedelta(hours=2)


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    """Only the prices were seen before the draft; the panel's page and the waders come after."""
    return newsroom(tmp_path, sqlite_database, PRICE_PAGE, PROFILE_PAGE)


@pytest.fixture
def either(tmp_path: Path, database: Database) -> App:
    return newsroom(tmp_path, database, PRICE_PAGE, PROFILE_PAGE)


def arrive(app: App) -> None:
    with app.content() as content:
        for pack in (PANEL_PAGE, WIDER):
            content.import_pack(pack, app.clock.now() + LATER / 2)
    assert isinstance(app.clock, MovedClock)
    app.clock.move(LATER)


def items(app: App, issue: Issue) -> dict[ItemKey, Item]:
    with app.database.read() as connection:
        return {each.item_key: each for each in items_of(connection, issue.id)}


def test_what_would_change_is_shown_and_nothing_is_changed(app: App) -> None:
    issue = drafted(app)
    before = items(app, issue)
    arrive(app)
    assert outline_of(app, issue, letter_of(app, issue)).waiting == 4
    plan = plan_merge(app, issue)
    assert plan.cutoff_at == CUTOFF + LATER
    assert [(each.title, each.after) for each in plan.comes] == [
        ("Borealis 3 (22B) vs Meridian Medium", Room.LEAD),
        ("Avocet vs Bittern", Room.MORE),
        ("Curlew vs Dunlin", Room.MORE),
        ("Egret vs Fulmar", Room.OVERFLOW),
    ]
    assert [(each.title, each.before, each.after) for each in plan.moves] == [
        ("Pelican Large vs Heron Small", Room.LEAD, Room.MORE),
        # What the lead told of its sides, a brief does not.
        ("Heron Small", Room.LEAD, Room.CARD),
        ("Pelican Large", Room.LEAD, Room.CARD),
    ]
    assert (plan.coming, plan.moving, plan.going) == (4, 3, 0)
    assert items(app, issue) == before


def test_exactly_what_was_shown_is_done_and_undone(either: App) -> None:
    app = either
    issue = drafted(app)
    before = items(app, issue)
    arrive(app)
    shown = plan_merge(app, issue)
    assert isinstance(app.clock, MovedClock)
    app.clock.move(LATER)
    merged = merge(app, issue, by="dora", cutoff_at=shown.cutoff_at)
    assert (merged.cutoff_at, merged.version) == (shown.cutoff_at, issue.version + 1)
    assert items(app, merged)[PANEL].room is Room.LEAD
    assert plan_merge(app, merged).is_empty
    undone = undo(app, merged, by="dora")
    assert (undone.cutoff_at, items(app, undone)) == (issue.cutoff_at, before)


def test_what_was_pinned_or_taken_out_stays_so(app: App) -> None:
    issue = drafted(app)
    issue = make_edits(app, issue, [Write(subject="Prices first")], by="dora")
    arrive(app)
    merged = merge(app, issue, by="dora")
    assert items(app, merged)[PRICES].room is Room.LEAD
    merged = make_edits(
        app, merged, [MoveItem(PANEL, Room.OVERFLOW), Exclude(PRICES, ExclusionReach.THIS_ISSUE)], by="dora"
    )
    assert isinstance(app.clock, MovedClock)
    app.clock.move(LATER)
    again = items(app, merge(app, merged, by="dora"))
    assert PRICES not in again
    assert again[PANEL].room is Room.OVERFLOW


def test_a_moment_that_is_still_to_come_is_now(app: App) -> None:
    issue = drafted(app)
    arrive(app)
    merged = merge(app, issue, by="dora", cutoff_at=app.clock.now() + LATER)
    assert merged.cutoff_at == app.clock.now()


def test_an_earlier_moment_changes_nothing(app: App) -> None:
    issue = drafted(app)
    assert merge(app, issue, by="dora", cutoff_at=issue.cutoff_at - LATER) == issue


def test_a_stale_draft_is_not_merged_and_a_double_click_merges_once(either: App) -> None:
    app = either
    issue = drafted(app)
    arrive(app)
    merged = merge(app, issue, by="dora", request="abc")
    assert merge(app, issue, by="dora", request="abc") == merged
    with pytest.raises(ChangedMeanwhile):
        merge(app, issue, by="ed", request="def")
    with pytest.raises(ChangedMeanwhile):
        plan_merge(app, issue)


def test_an_approved_issue_is_not_merged(app: App) -> None:
    approved = approve(app, drafted(app), "dora")
    with pytest.raises(InvalidTransition):
        merge(app, approved, by="dora")
    with app.database.read() as connection:
        assert get_issue(connection, approved.id) == approved


def test_a_plan_is_remembered_until_anything_arrives_or_it_is_old(app: App) -> None:
    issue = drafted(app)
    first = cache_of(app).merge_plan(issue)
    assert cache_of(app).merge_plan(issue) is first
    arrive(app)
    later = cache_of(app).merge_plan(issue)
    assert (first.coming, later.coming) == (0, 4)
    assert isinstance(app.clock, MovedClock)
    app.clock.move(FRESH_FOR)
    assert cache_of(app).merge_plan(issue).cutoff_at == later.cutoff_at + FRESH_FOR
    app.close()
