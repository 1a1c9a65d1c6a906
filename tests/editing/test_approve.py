"""Approving: what is checked, frozen and published; who is refused; and how it is undone."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from newsletter.app import App
from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, publications, readers
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, ReaderStatus
from newsletter.delivery import ledger
from newsletter.delivery.journal import Journal
from newsletter.delivery.progress import get_counts
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import start_issue
from newsletter.digest import store
from newsletter.digest.content import issue_content_from_json
from newsletter.digest.issues import Issue, Step
from newsletter.editing.approve import ApprovalBlocked, ReadsOtherwise, approve, cancel, withdraw
from newsletter.editing.cache import DeskCache
from newsletter.editing.compiled import EVERYBODY, hash_of, letter_of
from newsletter.editing.contradictions import SMALL_BYTES, ContradictionFinder, OpenContradictions, Rulings
from newsletter.editing.sending import start
from newsletter.errors import (
    AlreadyPublished,
    BadInput,
    ChangedMeanwhile,
    ConfigError,
    InvalidTransition,
    NotFound,
)
from newsletter.render.plan import Plan
from tests.delivery.house import add_readers, hash_address, statuses
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE, SEEN, VERDICT_PAGE
from tests.editing.desk import cache_of, drafted, edit, newsroom, with_settings

NEXT_WEEK = "2026-12-03T09:00"


def published(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(publications.c.key)).scalars())


def add_reader(database: Database, address: str) -> None:
    values = {"address": address, "address_key": address, "status": ReaderStatus.ACTIVE}
    with database.write() as connection:
        connection.execute(insert(readers).values(**values, status_at=SEEN, added_at=SEEN))


def test_an_approved_issue_is_numbered_published_and_frozen(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database)
    issue = approve(app, drafted(app), "dora")
    assert (issue.status, issue.number, issue.approved_by) == (IssueStatus.APPROVED, 1, "dora")
    assert issue.approved_at == app.clock.now()
    with database.read() as connection:
        items, frozen = store.items_of(connection, issue.id), store.get_frozen(connection, issue.id)
    assert published(database) == {each.key for each in items}
    assert issue_content_from_json(frozen.letter).masthead.number == 1
    assert Plan.from_bytes(frozen.plans[EVERYBODY]).subject == issue_content_from_json(frozen.letter).subject
    assert json.loads(frozen.sender)["from_address"] == "news@example.org"
    assert issue.content_hash == hash_of(frozen)


def test_what_was_approved_stays_whatever_is_recorded_later(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = newsroom(tmp_path, sqlite_database, PANEL_PAGE, VERDICT_PAGE)
    issue = approve(app, drafted(app), "dora")
    before = letter_of(app, issue)
    with app.content() as content:
        content.import_pack(PRICE_PAGE, SEEN)
    assert letter_of(with_settings(app, {"site.name": "Another name"}), issue) == before


def test_the_hash_covers_the_words_the_sender_and_the_plans(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    hashes = set()
    for settings in (
        {},
        {"mail.from_name": "Else"},
        {"site.public_url": "https://b.example"},
        {"site.postal_address": "Here 1"},
    ):
        approved = approve(with_settings(app, settings), issue, "dora")
        hashes.add(approved.content_hash)
        issue = withdraw(app, approved)
    approved = approve(app, edit(app, issue, subject="Another"), "dora")
    assert len({*hashes, approved.content_hash}) == 5


def test_the_same_issue_approved_again_has_the_same_hash(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    first = approve(app, drafted(app), "dora")
    second = approve(app, withdraw(app, first), "dora")
    assert (second.content_hash, second.number) == (first.content_hash, 1)


def test_nothing_is_approved_before_everything_needed_is_set(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    with pytest.raises(ConfigError, match=r"site\.postal_address"):
        approve(with_settings(app, {"site.postal_address": ""}), issue, "dora")
    assert published(sqlite_database) == set()


def test_errors_hold_an_approval_and_leave_nothing_behind(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    with sqlite_database.write() as connection:
        store.put_items(connection, issue.id, [])
    with pytest.raises(ApprovalBlocked, match="The issue is empty") as held:
        approve(app, issue, "dora")
    assert [each.what for each in held.value.findings] == ["The issue is empty", "There is no preheader"]
    with sqlite_database.read() as connection:
        assert store.get_issue(connection, issue.id) == issue


def test_an_issue_that_somebody_edited_meanwhile_is_not_approved(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    edit(app, issue, note="I was here.")
    with pytest.raises(ChangedMeanwhile):
        approve(app, issue, "dora")
    assert published(sqlite_database) == set()


def test_an_issue_is_approved_once(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    approved = approve(app, issue, "dora")
    with pytest.raises(InvalidTransition, match="issue #1 is approved: it cannot be approved"):
        approve(app, approved, "dora")
    with pytest.raises(InvalidTransition, match="it cannot be approved"):
        approve(app, issue, "dora")


def twin_of(app: App, first: Issue) -> Issue:
    """A draft of the week after with the same items."""
    now = app.clock.now()
    with app.database.write() as connection:
        twin = store.add_issue(
            connection,
            edition=first.edition,
            slot=NEXT_WEEK,
            cutoff_at=first.cutoff_at,
            send_at=now,
            now=now,
        )
        store.put_items(connection, twin.id, store.items_of(connection, first.id))
    return twin


def test_an_item_of_another_issue_is_named_and_refused(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database)
    first = drafted(app)
    twin = twin_of(app, first)
    approve(app, first, "dora")
    with pytest.raises(AlreadyPublished, match="borealis-3-22b-vs-meridian-medium is already in issue #1"):
        approve(app, twin, "dora")
    with database.read() as connection:
        assert store.get_issue(connection, twin.id).status is IssueStatus.DRAFT


def test_a_withdrawn_issue_lets_everything_go(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database)
    approved = approve(app, drafted(app), "dora")
    issue = withdraw(app, approved)
    assert (issue.status, issue.number, issue.approved_by, issue.content_hash) == (
        IssueStatus.DRAFT,
        None,
        None,
        None,
    )
    assert published(database) == set()
    with database.read() as connection, pytest.raises(NotFound):
        store.get_frozen(connection, issue.id)


def test_an_issue_on_its_way_cannot_be_withdrawn(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    approved = approve(app, drafted(app), "dora")
    add_reader(sqlite_database, "alice@example.org")
    start_issue(sqlite_database, approved.id, app.clock.now())
    with pytest.raises(InvalidTransition, match="issue #1 is sending: it cannot be withdrawn"):
        withdraw(app, approved)


@pytest.mark.parametrize("approved", [True, False])
def test_a_cancelled_issue_lets_its_items_and_number_go(
    tmp_path: Path, sqlite_database: Database, approved: bool
) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    issue = approve(app, issue, "dora") if approved else issue
    cancelled = cancel(app, issue, "a wrong price")
    assert (cancelled.status, cancelled.number, cancelled.reason) == (
        IssueStatus.CANCELLED,
        None,
        "a wrong price",
    )
    assert published(sqlite_database) == set()
    again = approve(app, drafted(app, NEXT_WEEK), "dora")
    assert (again.number, len(published(sqlite_database))) == (1, 9)


def test_an_issue_that_nobody_has_yet_is_let_go_even_while_it_is_sending(
    tmp_path: Path, database: Database
) -> None:
    issue = sending(tmp_path, database, DeliveryStatus.PENDING)
    assert issue.number is None
    assert published(database) == set()
    with database.read() as connection:
        assert connection.execute(select(deliveries.c.status)).scalar_one() is DeliveryStatus.SKIPPED
        assert connection.execute(select(batches.c.status)).scalar_one() is BatchStatus.DONE


@pytest.mark.parametrize("status", [DeliveryStatus.BEGUN, DeliveryStatus.ACCEPTED, DeliveryStatus.UNSURE])
def test_what_somebody_may_have_stays_published_when_the_rest_is_cancelled(
    tmp_path: Path, sqlite_database: Database, status: DeliveryStatus
) -> None:
    issue = sending(tmp_path, sqlite_database, status)
    assert (issue.status, issue.number) == (IssueStatus.CANCELLED, 1)
    assert len(published(sqlite_database)) == 9


def sending(folder: Path, database: Database, status: DeliveryStatus) -> Issue:
    """An issue that was cancelled when its one reader's copy was in this state."""
    app = newsroom(folder, database)
    issue = approve(app, drafted(app), "dora")
    add_reader(database, "alice@example.org")
    start_issue(database, issue.id, app.clock.now())
    with database.write() as connection:
        connection.execute(update(deliveries).values(status=status))
    return cancel(app, issue, "stop")


def test_a_sent_issue_cannot_be_cancelled(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = approve(app, drafted(app), "dora")
    with sqlite_database.write() as connection:
        for step in (Step.START, Step.FINISH):
            issue = store.take_step(connection, issue, step, app.clock.now())
    with pytest.raises(InvalidTransition, match="issue #1 is sent: it cannot be cancelled"):
        cancel(app, issue, "too late")


def test_what_an_editor_writes_has_limits(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = edit(app, drafted(app), subject=" Two\nlines ", note="Two\nlines")
    assert issue.subject == "Two lines"
    with pytest.raises(BadInput, match="The subject has 151 characters; at most 150"):
        edit(app, issue, subject="x" * 151)
    with pytest.raises(BadInput, match="The note has 61 words; at most 60"):
        edit(app, issue, note="word " * 61)


def test_only_a_draft_is_edited(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = approve(app, drafted(app), "dora")
    with pytest.raises(InvalidTransition, match="it cannot be edited"):
        edit(app, issue, subject="Late")


def test_an_hour_later_the_frozen_issue_is_the_same(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = approve(app, drafted(app), "dora")
    app.clock.sleep(timedelta(hours=1))
    with sqlite_database.read() as connection:
        assert hash_of(store.get_frozen(connection, issue.id)) == issue.content_hash


@dataclass(slots=True)
class Meddled(ContradictionFinder):
    """Somebody imports a page just after it was looked."""

    def open(self) -> OpenContradictions:
        # Not super(): a slotted dataclass is another class than the one written here.
        known = ContradictionFinder.open(self)
        with self.app.content() as content:
            content.import_pack(PROFILE_PAGE, SEEN)
        return known


class Unfinished(ContradictionFinder):
    """So much is recorded that looking through it takes for ever."""

    def _look_beside(self, stamp: str, twins: Rulings) -> None:
        return


def test_approval_takes_what_is_remembered_of_disputes(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database, PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE)
    issue = drafted(app)
    assert approve(app, issue, "dora", cache=cache_of(app)).status is IssueStatus.APPROVED
    app.close()


def test_what_comes_while_it_is_approved_is_not_approved_unseen(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database, PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE)
    issue = drafted(app)
    meddled = Meddled(app)
    cache = DeskCache(app, contradictions=meddled)
    with pytest.raises((ReadsOtherwise, ApprovalBlocked)):
        approve(app, issue, "dora", cache=cache)
    cache.close()
    with database.read() as connection:
        assert store.get_issue(connection, issue.id).status is IssueStatus.DRAFT


def test_approval_waits_until_all_disputes_of_a_large_store_are_known(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = newsroom(tmp_path, sqlite_database, PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE)
    issue = drafted(app)
    with app.content() as content:
        content.db.execute("CREATE TABLE much (stuff BLOB)")
        content.db.execute("INSERT INTO much VALUES (zeroblob(?))", (2 * SMALL_BYTES,))
    unfinished = Unfinished(app)
    with pytest.raises(ApprovalBlocked, match="still looked for"):
        approve(app, issue, "dora", cache=DeskCache(app, contradictions=unfinished))
    unfinished.close()
    cache_of(app).contradictions.wait()
    assert approve(app, issue, "dora", cache=cache_of(app)).status is IssueStatus.APPROVED
    app.close()


def test_what_another_issue_publishes_is_seen_at_the_next_look(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database)
    first = drafted(app)
    twin = twin_of(app, first)
    assert cache_of(app).checked(first).compiled is cache_of(app).checked(first).compiled
    approved = approve(app, first, "dora")
    assert [
        each.firm for each in cache_of(app).checked(twin).findings if each.key.startswith("published:")
    ] == [True]
    withdraw(app, approved)
    assert not [each for each in cache_of(app).checked(twin).findings if each.key.startswith("published:")]
    app.close()


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "alive"])
def test_a_cancelled_issue_leaves_nobody_begun_but_with_a_living_sender(
    tmp_path: Path, sqlite_database: Database, killed: bool
) -> None:
    app = newsroom(tmp_path, sqlite_database, PANEL_PAGE)
    add_readers(sqlite_database, 6)
    issue: Issue = approve(app, drafted(app), "paul")
    start(app, issue)
    now = app.clock.now()
    with sqlite_database.write() as connection:
        lease = ledger.claim_batch(connection, issue.id, "gone", now)
        assert lease is not None
        ledger.begin_window(connection, lease, (), limit=4, now=now, hash_address=hash_address)
    journal = Journal(app.settings.path(app.settings.paths.journal), lease.owner)
    journal.started(lease, [1, 2, 3])
    journal.answered(lease, Outcome(reader_id=1, event=Event.ACCEPT, code="2.0.0", provider_id="4F2A9"))
    if killed:
        journal.__exit__(KeyboardInterrupt)
    cancelled = cancel(app, issue, "wrong numbers", "paul")
    assert cancelled.status is IssueStatus.CANCELLED
    if killed:
        assert statuses(sqlite_database) == {
            DeliveryStatus.ACCEPTED: 1,
            DeliveryStatus.UNSURE: 2,
            DeliveryStatus.SKIPPED: 3,
        }
        with sqlite_database.read() as connection:
            assert get_counts(connection, issue.id).open == 0
        assert cancelled.number == 1, "somebody has a copy with this number"
    else:
        assert statuses(sqlite_database) == {DeliveryStatus.BEGUN: 4, DeliveryStatus.PENDING: 2}, (
            "its own sender skips the rest"
        )
        journal.__exit__(None)
