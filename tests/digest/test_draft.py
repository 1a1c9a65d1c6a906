"""Drafting on real stores: the times, thin weeks, a slot drafted twice, newer items merged."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.config import Settings, ThinWeek
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest import store
from newsletter.digest.draft import Drafted, IssueTimes, Thin, make_draft, merge_newer
from newsletter.digest.issues import Issue, Item, Step
from newsletter.errors import ChangedMeanwhile, InvalidTransition
from newsletter.schedule.slots import slot_words
from tests.config.written import changed
from tests.digest.week import (
    CUTOFF,
    PANEL_PAGE,
    PRICE_PAGE,
    PROFILE_PAGE,
    SEEN,
    SEND_AT,
    SLOT,
    VERDICT_PAGE,
    WEEK,
    settings_in,
)
from tests.installed import open_content

WINDOW = IssueTimes(slot=SLOT, send_at=SEND_AT, cutoff_at=CUTOFF)
LATER = CUTOFF + timedelta(hours=5)
WEEKS = timedelta(days=7)


@pytest.fixture
def content(tmp_path: Path) -> Iterator[ContentStore]:
    with open_content(tmp_path / "content.db") as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def draft(
    database: Database, content: ContentStore, settings: Settings, times: IssueTimes = WINDOW, **options: bool
) -> Drafted | Thin:
    return make_draft(database, content, settings, times, now=times.cutoff_at, **options)


def drafted(
    database: Database, content: ContentStore, settings: Settings, times: IssueTimes = WINDOW
) -> Issue:
    made = draft(database, content, settings, times)
    assert isinstance(made, Drafted)
    return made.issue


def items_of(database: Database, issue: Issue, kind: ItemKind = ItemKind.COMPARISON) -> dict[str, Room]:
    with database.read() as connection:
        return {each.key: each.room for each in store.items_of(connection, issue.id) if each.kind is kind}


def window_at(cutoff_at: datetime) -> IssueTimes:
    return IssueTimes(
        slot=f"{cutoff_at + timedelta(days=1):%Y-%m-%dT%H:%M}", send_at=cutoff_at, cutoff_at=cutoff_at
    )


def test_a_week_becomes_a_draft_with_everything_eligible(
    database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in WEEK:
        content.import_pack(pack, SEEN)
    issue = drafted(database, content, settings)
    assert items_of(database, issue) == {
        "borealis-3-22b-vs-meridian-medium": Room.LEAD,
        "pelican-large-vs-heron-small": Room.MORE,
    }
    assert items_of(database, issue, ItemKind.VERDICT) == {
        "borealis-3-22b": Room.LEAD,
        "meridian-medium": Room.LEAD,
        "tern-notes": Room.CARD,
    }
    assert items_of(database, issue, ItemKind.MODEL) == {
        "heron-small": Room.CARD,
        "osprey-7b": Room.CARD,
        "pelican-large": Room.OVERFLOW,
    }


def test_the_one_question_is_one_that_can_be_answered(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    content.import_pack(PRICE_PAGE, SEEN)
    issue = drafted(sqlite_database, content, changed(settings, {"digest.thin_below": 1}))
    [asked] = items_of(sqlite_database, issue, ItemKind.QUESTION)
    questions = content.questions(comparison_ids=["pelican-large-vs-heron-small"])
    assert {each.id: each.question for each in questions}[asked] == "Which writes better reports?"


def test_what_is_seen_at_the_cutoff_waits_for_the_next_issue(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in (PANEL_PAGE, VERDICT_PAGE):
        content.import_pack(pack, SEEN)
    content.import_pack(PRICE_PAGE, CUTOFF)
    issue = drafted(sqlite_database, content, settings)
    assert "pelican-large-vs-heron-small" not in items_of(sqlite_database, issue)
    later = drafted(
        sqlite_database, content, changed(settings, {"digest.thin_below": 1}), window_at(CUTOFF + WEEKS)
    )
    assert items_of(sqlite_database, later) == {"pelican-large-vs-heron-small": Room.LEAD}


def test_drafting_a_slot_twice_changes_nothing(
    database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in WEEK:
        content.import_pack(pack, SEEN)
    first = draft(database, content, settings)
    second = draft(database, content, settings)
    assert isinstance(first, Drafted)
    assert second == Drafted(issue=first.issue, fresh=False)


def test_two_open_drafts_never_hold_the_same_item(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in (PANEL_PAGE, VERDICT_PAGE):
        content.import_pack(pack, SEEN)
    drafted(sqlite_database, content, settings)
    assert draft(sqlite_database, content, settings, window_at(CUTOFF + WEEKS)) == Thin(
        slot="Thu 03 Dec 2026 09:00 (UTC)", waiting=0, policy=ThinWeek.ROLL_OVER
    )


@pytest.mark.parametrize("policy", ThinWeek)
def test_a_week_without_anything_is_thin_under_every_policy(
    sqlite_database: Database, content: ContentStore, settings: Settings, policy: ThinWeek
) -> None:
    made = draft(sqlite_database, content, changed(settings, {"digest.thin_week": policy}), even_thin=True)
    assert isinstance(made, Thin)
    assert (
        made.words
        == f"Nothing is waiting: no issue for {slot_words(SLOT, ZoneInfo('UTC'))} (digest.thin_week = {policy})."
    )


def test_a_thin_week_rolls_over_once_and_then_goes_out(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    content.import_pack(PANEL_PAGE, SEEN)
    thin = draft(sqlite_database, content, settings)
    assert isinstance(thin, Thin)
    assert thin.words.startswith("Only 1 item is waiting")
    assert (
        len(items_of(sqlite_database, drafted(sqlite_database, content, settings, window_at(CUTOFF + WEEKS))))
        == 1
    )


def test_a_skipped_week_waits_until_there_is_enough(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    skipping = changed(settings, {"digest.thin_week": ThinWeek.SKIP})
    content.import_pack(PANEL_PAGE, SEEN)
    for weeks in range(3):
        assert isinstance(draft(sqlite_database, content, skipping, window_at(CUTOFF + weeks * WEEKS)), Thin)
    content.import_pack(PRICE_PAGE, SEEN + 3 * WEEKS)
    assert (
        len(
            items_of(
                sqlite_database, drafted(sqlite_database, content, skipping, window_at(CUTOFF + 3 * WEEKS))
            )
        )
        == 2
    )


def test_a_thin_week_is_sent_where_the_policy_says_so(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    content.import_pack(PANEL_PAGE, SEEN)
    assert drafted(sqlite_database, content, changed(settings, {"digest.thin_week": ThinWeek.SEND}))


def test_a_person_may_insist_on_a_thin_issue(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    content.import_pack(PANEL_PAGE, SEEN)
    assert isinstance(draft(sqlite_database, content, settings, even_thin=True), Drafted)


def test_merging_takes_newer_items_and_moves_the_cutoff(
    database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in (PANEL_PAGE, VERDICT_PAGE):
        content.import_pack(pack, SEEN)
    issue = drafted(database, content, settings)
    content.import_pack(PRICE_PAGE, CUTOFF + timedelta(hours=1))
    merged = merge_newer(database, content, settings, issue, LATER, LATER)
    assert (merged.fresh, merged.issue.cutoff_at) == (True, LATER)
    assert items_of(database, merged.issue)["pelican-large-vs-heron-small"] is Room.MORE


def test_a_lead_that_the_editor_has_written_about_keeps_its_place(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in (PRICE_PAGE, PROFILE_PAGE):
        content.import_pack(pack, SEEN)
    issue = drafted(sqlite_database, content, settings)
    with sqlite_database.write() as connection:
        issue = store.change_draft(connection, issue, CUTOFF, bottom_line="Take the Heron.")
    content.import_pack(PANEL_PAGE, CUTOFF)
    merged = merge_newer(sqlite_database, content, settings, issue, LATER, LATER)
    assert items_of(sqlite_database, merged.issue)["pelican-large-vs-heron-small"] is Room.LEAD


def test_a_cutoff_never_moves_back(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in WEEK:
        content.import_pack(pack, SEEN)
    issue = drafted(sqlite_database, content, settings)
    assert merge_newer(sqlite_database, content, settings, issue, SEEN, LATER) == Drafted(
        issue=issue, fresh=False
    )


def test_merging_into_what_somebody_has_edited_or_approved_is_refused(
    sqlite_database: Database, content: ContentStore, settings: Settings
) -> None:
    for pack in WEEK:
        content.import_pack(pack, SEEN)
    issue = drafted(sqlite_database, content, settings)
    with sqlite_database.write() as connection:
        edited = store.change_draft(connection, issue, CUTOFF, note="mine")
    with pytest.raises(ChangedMeanwhile):
        merge_newer(sqlite_database, content, settings, issue, LATER, LATER)
    with sqlite_database.write() as connection:
        store.take_step(connection, edited, Step.APPROVE, CUTOFF, number=1)
    with pytest.raises(InvalidTransition):
        merge_newer(sqlite_database, content, settings, edited, LATER, LATER)


def test_pins_survive_a_merge(sqlite_database: Database, content: ContentStore, settings: Settings) -> None:
    for pack in WEEK:
        content.import_pack(pack, SEEN)
    issue = drafted(sqlite_database, content, settings)
    with sqlite_database.write() as connection:
        kept = [_pinned_as_lead(each) for each in store.items_of(connection, issue.id)]
        store.put_items(connection, issue.id, kept)
    merged = merge_newer(sqlite_database, content, settings, issue, LATER, LATER)
    assert items_of(sqlite_database, merged.issue)["pelican-large-vs-heron-small"] is Room.LEAD


def _pinned_as_lead(item: Item) -> Item:
    if item.key == "pelican-large-vs-heron-small":
        return replace(item, room=Room.LEAD, pinned=True)
    return item
