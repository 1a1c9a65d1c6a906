"""Cancelling an issue whose sender was killed: what its journal knows is settled, and nobody stays begun."""

from pathlib import Path

import pytest

from newsletter.db.engine import Database
from newsletter.db.statuses import DeliveryStatus, IssueStatus
from newsletter.delivery import ledger
from newsletter.delivery.journal import Journal
from newsletter.delivery.progress import get_counts
from newsletter.delivery.states import Event, Outcome
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve, cancel
from newsletter.editing.sending import start
from tests.delivery.house import add_readers, hash_address, statuses
from tests.digest.week import PANEL_PAGE
from tests.editing.desk import drafted, newsroom

S = DeliveryStatus


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
        assert statuses(sqlite_database) == {S.ACCEPTED: 1, S.UNSURE: 2, S.SKIPPED: 3}
        with sqlite_database.read() as connection:
            assert get_counts(connection, issue.id).open == 0
        assert cancelled.number == 1, "somebody has a copy with this number"
    else:
        assert statuses(sqlite_database) == {S.BEGUN: 4, S.PENDING: 2}, "its own sender skips the rest"
        journal.__exit__(None)
