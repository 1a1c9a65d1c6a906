"""What servers refused at once, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, issues, soft_bounces
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, ReaderStatus
from newsletter.delivery.bounces.refusals import judge_refusals
from newsletter.delivery.store import finish_issue, start_issue
from tests.conftest import THURSDAY
from tests.delivery.bounces.shapes import UNSUBSCRIBE, dsn, original
from tests.delivery.bounces.test_handling import reader_status, take, went_out
from tests.delivery.house import add_issue, add_readers

WEEK = timedelta(days=7)


def refuse(database: Database, code: str | None, issue_id: int = 1, reader_id: int = 1) -> None:
    mine = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id == reader_id)
    with database.write() as connection:
        values = {"status": DeliveryStatus.REJECTED, "code": code}
        connection.execute(update(deliveries).where(*mine).values(values))


def judge(database: Database, issue_id: int = 1) -> int:
    with database.write() as connection:
        return judge_refusals(connection, issue_id, THURSDAY + issue_id * WEEK)


@pytest.mark.parametrize(
    ("code", "becomes", "counted"),
    [
        ("5.1.1", ReaderStatus.BOUNCED, 0),
        ("5.2.1", ReaderStatus.BOUNCED, 0),
        ("5.7.1", ReaderStatus.ACTIVE, 0),
        ("5.3.4", ReaderStatus.ACTIVE, 0),
        ("5.2.2", ReaderStatus.ACTIVE, 1),
        ("550", ReaderStatus.ACTIVE, 1),
        ("gave-up", ReaderStatus.ACTIVE, 1),
        (None, ReaderStatus.ACTIVE, 1),
    ],
)
def test_a_refusal_is_judged_by_its_code(
    database: Database, code: str | None, becomes: ReaderStatus, counted: int
) -> None:
    add_readers(database, 2)
    went_out(database)
    refuse(database, code)
    assert judge(database) == (becomes is ReaderStatus.BOUNCED)
    assert judge(database) == 0
    assert (reader_status(database, 1), reader_status(database, 2)) == (becomes, ReaderStatus.ACTIVE)
    with database.read() as connection:
        assert connection.execute(select(soft_bounces.c.reader_id)).scalars().all() == [1] * counted


def test_soft_refusals_of_four_issues_in_a_row_are_enough(database: Database) -> None:
    add_readers(database, 2)
    given_up = []
    for issue_id in range(1, 5):
        went_out(database, issue_id)
        refuse(database, "4.2.2", issue_id)
        given_up.append(judge(database, issue_id))
    assert given_up == [0, 0, 0, 1]


def test_what_a_report_said_already_is_not_judged_again(database: Database) -> None:
    add_readers(database, 1)
    went_out(database)
    take(database, dsn(original(1, 1, UNSUBSCRIBE), status="5.7.1"))
    refuse(database, "5.1.1")
    assert judge(database) == 0


def test_refusals_are_judged_when_the_issue_ends(database: Database) -> None:
    add_readers(database, 1)
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    refuse(database, "5.1.1")
    with database.write() as connection:
        connection.execute(update(batches).values(status=BatchStatus.DONE))
        assert finish_issue(connection, 1, THURSDAY)
        status = connection.execute(select(issues.c.status)).scalar_one()
    assert status is IssueStatus.SENT
    assert reader_status(database) is ReaderStatus.BOUNCED
