"""The queries on both databases: steps of which one gets through, publications of which there is one."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from newsletter.db.engine import Database
from newsletter.db.statuses import Edition, ExclusionReach, IssueStatus, ItemKind, Room
from newsletter.digest import store
from newsletter.digest.issues import Issue, Item, ItemKey, Step
from newsletter.digest.store import Frozen, change_exclusions, change_items
from newsletter.errors import AlreadyPublished, ChangedMeanwhile, InvalidTransition, NotFound
from tests.digest.week import CUTOFF, SEND_AT

NOW = CUTOFF
FIRST, SECOND, THIRD = (f"2026-{month}T09:00" for month in ("11-26", "12-03", "12-10"))


def drafted(connection: Connection, slot: str, *keys: str, edition: Edition = Edition.WEEKLY) -> Issue:
    issue = store.add_issue(
        connection, edition=edition, slot=slot, cutoff_at=CUTOFF, send_at=SEND_AT, now=NOW
    )
    items = [Item(kind=ItemKind.COMPARISON, key=key, room=Room.MORE, position=0) for key in keys]
    store.put_items(connection, issue.id, items)
    return issue


def approved(connection: Connection, issue: Issue) -> Issue:
    store.publish(connection, issue.id)
    return store.take_step(
        connection, issue, Step.APPROVE, NOW, number=store.next_number(connection, issue.edition)
    )


def comparison(key: str) -> ItemKey:
    return ItemKey(ItemKind.COMPARISON, key)


def test_a_new_issue_is_a_draft_with_a_version_and_no_number(database: Database) -> None:
    with database.write() as connection:
        issue = drafted(connection, FIRST)
    assert (issue.status, issue.version, issue.number) == (IssueStatus.DRAFT, 1, None)
    assert (issue.cutoff_at, issue.send_at) == (CUTOFF, SEND_AT)


def test_a_slot_has_one_issue_of_an_edition(database: Database) -> None:
    with database.write() as connection:
        drafted(connection, FIRST)
        drafted(connection, FIRST, edition=Edition.MONTHLY)
    with pytest.raises(IntegrityError), database.write() as connection:
        drafted(connection, FIRST)


def test_a_step_from_an_older_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        issue = drafted(connection, FIRST)
        store.change_draft(connection, issue, NOW, note="mine")
        with pytest.raises(ChangedMeanwhile):
            store.take_step(connection, issue, Step.APPROVE, NOW)
        with pytest.raises(ChangedMeanwhile):
            store.change_draft(connection, issue, NOW, note="theirs")
        assert store.get_issue(connection, issue.id).note == "mine"


def test_a_step_that_somebody_else_has_taken_is_refused_by_name(database: Database) -> None:
    with database.write() as connection:
        issue = drafted(connection, FIRST)
        store.take_step(connection, issue, Step.APPROVE, NOW, number=1)
        with pytest.raises(InvalidTransition, match="issue #1 is approved: it cannot be approved"):
            store.take_step(connection, issue, Step.APPROVE, NOW, number=2)


def test_only_a_draft_is_edited(database: Database) -> None:
    with database.write() as connection:
        issue = store.take_step(connection, drafted(connection, FIRST), Step.APPROVE, NOW, number=1)
        with pytest.raises(InvalidTransition, match="it cannot be edited"):
            store.change_draft(connection, issue, NOW, note="late")


def test_numbers_count_within_an_edition(database: Database) -> None:
    with database.write() as connection:
        approved(connection, drafted(connection, FIRST, "a"))
        assert store.next_number(connection, Edition.WEEKLY) == 2
        assert store.next_number(connection, Edition.MONTHLY) == 1


def test_issues_are_found_by_id_slot_number_and_age(database: Database) -> None:
    with database.write() as connection:
        old, new = approved(connection, drafted(connection, FIRST, "a")), drafted(connection, SECOND, "b")
        assert store.find_issue_of_slot(connection, Edition.WEEKLY, SECOND) == new
        assert store.find_issue_by_number(connection, Edition.WEEKLY, 1) == old
        assert store.find_latest_issue(connection) == new
        assert store.list_issues(connection) == (new, old)
        with pytest.raises(NotFound):
            store.get_issue(connection, 99)


def test_items_come_back_as_they_were_put(database: Database) -> None:
    items = (
        Item(kind=ItemKind.COMPARISON, key="a", room=Room.LEAD, position=0, pinned=True, note="look"),
        Item(kind=ItemKind.VERDICT, key="t", room=Room.OVERFLOW, position=3),
    )
    with database.write() as connection:
        issue = drafted(connection, FIRST, "older")
        store.put_items(connection, issue.id, items)
        assert store.items_of(connection, issue.id) == items


def test_what_is_published_excluded_or_in_another_draft_is_unavailable(database: Database) -> None:
    with database.write() as connection:
        approved(connection, drafted(connection, FIRST, "published"))
        other = drafted(connection, SECOND, "held", "for-ever", "this-issue")
        kept_out = {
            comparison("for-ever"): ExclusionReach.FOR_EVER,
            comparison("this-issue"): ExclusionReach.THIS_ISSUE,
        }
        change_exclusions(connection, other.id, kept_out, NOW)
        change_items(connection, other.id, dict.fromkeys(kept_out))
        everyone = {comparison("published"), comparison("for-ever")}
        assert store.unavailable(connection) == everyone | {comparison("held")}
        assert store.unavailable(connection, other.id) == everyone | {comparison("this-issue")}


def test_what_a_cancelled_draft_held_is_available_again(database: Database) -> None:
    with database.write() as connection:
        store.take_step(connection, drafted(connection, FIRST, "a"), Step.CANCEL, NOW)
        assert store.unavailable(connection) == frozenset()


def test_a_second_issue_cannot_publish_the_same_item(database: Database) -> None:
    with database.write() as connection:
        approved(connection, drafted(connection, FIRST, "a", "b"))
        second = drafted(connection, SECOND, "b", "c")
    with (
        pytest.raises(AlreadyPublished, match="comparison b is already in issue #1"),
        database.write() as connection,
    ):
        store.publish(connection, second.id)
    with database.read() as connection:
        assert comparison("c") not in store.unavailable(connection, second.id)


def test_released_items_can_be_published_again(database: Database) -> None:
    with database.write() as connection:
        first = approved(connection, drafted(connection, FIRST, "a"))
        store.release(connection, first.id)
        approved(connection, drafted(connection, SECOND, "a"))


def test_what_is_frozen_comes_back_byte_for_byte(database: Database) -> None:
    frozen = Frozen(letter='{"ü": 1}', sender="{}", plans={"everybody": b"\x00\xff", "other": b""})
    with database.write() as connection:
        issue = drafted(connection, FIRST)
        store.freeze(connection, issue.id, Frozen(letter="older", sender="", plans={"older": b""}))
        store.freeze(connection, issue.id, frozen)
        assert store.get_frozen(connection, issue.id) == frozen
        store.delete_frozen(connection, issue.id)
        with pytest.raises(NotFound):
            store.get_frozen(connection, issue.id)


def test_moments_come_back_in_utc(database: Database) -> None:
    with database.write() as connection:
        issue = drafted(connection, FIRST)
        later = store.change_draft(connection, issue, NOW + timedelta(hours=1), cutoff_at=CUTOFF)
    assert later.updated_at == NOW + timedelta(hours=1)
    assert later.created_at.utcoffset() == timedelta(0)
