"""Who is unsure of an issue, and sending to them once more. On both databases."""

import pytest
from sqlalchemy import select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, issues
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery import ledger
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.store import finish_issue, start_issue
from newsletter.delivery.unsure import Unsure, list_unsure, list_unsure_page, send_again
from newsletter.errors import InvalidTransition, StoreBusy
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, statuses

S = DeliveryStatus


def make_unsure(database: Database, count: int) -> None:
    add_readers(database, count)
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        lost = {"status": S.UNSURE, "code": "killed", "at": THURSDAY}
        connection.execute(update(deliveries).values(lost))
        connection.execute(update(batches).values(status=BatchStatus.DONE, unsure=batches.c.readers))
        finish_issue(connection, 1, THURSDAY)


def test_the_unsure_are_listed_with_what_is_known(database: Database) -> None:
    make_unsure(database, 2)
    with database.read() as connection:
        listed = list_unsure(connection, 1)
    assert [(each.address, each.code) for each in listed] == [
        ("reader1@example.org", "killed"),
        ("reader2@example.org", "killed"),
    ]


def test_sending_again_reopens_a_sent_issue_for_those_readers_only(database: Database) -> None:
    make_unsure(database, 3)
    with database.write() as connection:
        assert send_again(connection, 1, {2}, THURSDAY) == 1
        assert get_counts(connection, 1) == Counts(readers=3, unsure=2)
        assert connection.execute(select(issues.c.status)).scalar() is IssueStatus.SENDING
    assert statuses(database) == {S.UNSURE: 2, S.PENDING: 1}


def test_sending_again_waits_for_a_sender_that_works_on_their_batch(database: Database) -> None:
    make_unsure(database, 3)
    with database.write() as connection:
        send_again(connection, 1, {2}, THURSDAY)
        assert ledger.claim_batch(connection, 1, "first", THURSDAY) is not None
    with pytest.raises(StoreBusy), database.write() as connection:
        send_again(connection, 1, {1}, THURSDAY)
    assert statuses(database) == {S.UNSURE: 2, S.PENDING: 1}


def test_nobody_is_sent_a_cancelled_issue_again(database: Database) -> None:
    make_unsure(database, 3)
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.CANCELLED))
    with pytest.raises(InvalidTransition), database.write() as connection:
        send_again(connection, 1, {2}, THURSDAY)
    assert statuses(database) == {S.UNSURE: 3}


@pytest.mark.parametrize("limit", [60, 249, 1000])
def test_pages_of_the_unsure_go_on_where_the_last_one_ended(database: Database, limit: int) -> None:
    make_unsure(database, 250)
    found: list[int] = []
    with database.read() as connection:
        for _ in range(250 // limit + 1):
            page = list_unsure_page(connection, 1, after=found[-1] if found else 0, limit=limit)
            assert len(page) <= limit
            found += [each.reader_id for each in page]
        assert [each.reader_id for each in list_unsure(connection, 1)] == list(range(1, 251))
    assert found == list(range(1, 251))


@pytest.mark.parametrize("code", ["no-journal", "killed", "no-reply", "timeout", "something else", ""])
def test_every_code_of_the_unsure_has_words(code: str) -> None:
    unsure = Unsure(reader_id=1, address=None, batch_id=1, code=code, at=THURSDAY)
    assert len(unsure.words) > 20
