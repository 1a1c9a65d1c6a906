"""What comes of each report, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, consents, deliveries, issues, mails, readers, reports
from newsletter.db.statuses import (
    BatchStatus,
    DeliveryStatus,
    IssueStatus,
    MailKind,
    MailStatus,
    ReaderStatus,
    SuppressionKind,
)
from newsletter.delivery.bounces.handling import SEEN_BEFORE, UNMATCHED, Matcher, ReportHandler
from newsletter.delivery.bounces.parse import read_report
from newsletter.delivery.progress import get_counts
from newsletter.delivery.store import start_issue
from newsletter.delivery.transactional import queue_mail
from newsletter.readers.addresses import parse_address
from newsletter.readers.suppression import find_suppression
from tests.conftest import THURSDAY
from tests.delivery.bounces.shapes import (
    MESSAGE_ID,
    MESSAGE_IDS,
    SIGNER,
    UNSUBSCRIBE,
    complaint,
    dsn,
    leaving,
    original,
    out_of_office,
)
from tests.delivery.house import KEY, add_issue, add_readers

WEEK = timedelta(days=7)


def handler(database: Database) -> ReportHandler:
    return ReportHandler(
        database=database, matcher=Matcher(signer=SIGNER, message_ids=MESSAGE_IDS), suppression_key=KEY
    )


def take(database: Database, raw: bytes, now: datetime = THURSDAY) -> str:
    report = read_report(raw)
    assert report is not None
    return handler(database).handle(report, now)


def went_out(database: Database, issue_id: int = 1, status: DeliveryStatus = DeliveryStatus.ACCEPTED) -> None:
    """The issue went to everybody, and stands as `status` with each."""
    add_issue(database, issue_id)
    start_issue(database, issue_id, THURSDAY)
    with database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.issue_id == issue_id).values(status=status))
        count = {status.value: batches.c.readers, "status": BatchStatus.DONE}
        connection.execute(update(batches).where(batches.c.issue_id == issue_id).values(count))
        connection.execute(update(issues).where(issues.c.id == issue_id).values(status=IssueStatus.SENT))


def reader_status(database: Database, reader_id: int = 1) -> ReaderStatus:
    with database.read() as connection:
        status: ReaderStatus = connection.execute(
            select(readers.c.status).where(readers.c.id == reader_id)
        ).scalar_one()
        return status


def delivery_of(
    database: Database, issue_id: int = 1, reader_id: int = 1
) -> tuple[DeliveryStatus, str | None]:
    mine = (deliveries.c.issue_id == issue_id, deliveries.c.reader_id == reader_id)
    with database.read() as connection:
        row = connection.execute(select(deliveries.c.status, deliveries.c.code).where(*mine)).one()
    return row.status, row.code


@pytest.fixture
def house(database: Database) -> Database:
    """Three readers, reader1@example.org and on, who have the first issue."""
    add_readers(database, 3)
    went_out(database)
    return database


MARKED = [
    pytest.param({"returned": original(1, 1, UNSUBSCRIBE)}, id="unsubscribe token"),
    pytest.param({"returned": original(1, 1), "to": MESSAGE_IDS.return_path(1, 1)}, id="return path"),
    pytest.param(
        {
            "returned": original(1, 1, MESSAGE_ID, to="reader1@example.org"),
            "recipient": "reader1@example.org",
        },
        id="Message-ID and whom to try",
    ),
]


@pytest.mark.parametrize("report", MARKED)
def test_a_dead_address_is_given_up_at_once(house: Database, report: dict[str, Any]) -> None:
    assert take(house, dsn(**report)) == "dead address"
    assert reader_status(house) is ReaderStatus.BOUNCED
    assert delivery_of(house) == (DeliveryStatus.REJECTED, "5.1.1")
    assert reader_status(house, 2) is ReaderStatus.ACTIVE


def test_the_counts_of_the_issue_stay_exact(house: Database) -> None:
    take(house, dsn(original(1, 1, UNSUBSCRIBE)))
    with house.read() as connection:
        progress = get_counts(connection, 1)
    assert (progress.accepted, progress.rejected) == (2, 1)


OTHERS_MARK = original(1, 2, MESSAGE_ID, to="reader1@example.org")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            dsn(original(1, 1, to="reader1@example.org"), recipient="reader1@example.org"), id="bare address"
        ),
        pytest.param(dsn(OTHERS_MARK, recipient="reader1@example.org"), id="another reader's Message-ID"),
        pytest.param(
            dsn(original(1, 1), to=MESSAGE_IDS.return_path(1, 2).replace("1.2.", "1.1.")),
            id="forged return path",
        ),
        pytest.param(
            dsn(original(1, 1, UNSUBSCRIBE).replace("unsubscribe/", "unsubscribe/x")), id="spoilt token"
        ),
        pytest.param(complaint(original(1, 1, to="reader1@example.org")), id="complaint without a mark"),
    ],
)
def test_a_report_without_a_mark_of_ours_changes_nothing(house: Database, raw: bytes) -> None:
    assert take(house, raw) == UNMATCHED
    assert reader_status(house) is ReaderStatus.ACTIVE
    assert delivery_of(house) == (DeliveryStatus.ACCEPTED, None)


def test_a_policy_bounce_leaves_the_reader_alone(house: Database) -> None:
    assert take(house, dsn(original(1, 1, UNSUBSCRIBE), status="5.7.26")) == "policy"
    assert reader_status(house) is ReaderStatus.ACTIVE
    assert delivery_of(house) == (DeliveryStatus.REJECTED, "5.7.26")


@pytest.mark.parametrize("code", ["5.2.2", "4.4.7"])
def test_soft_bounces_count_over_issues_and_days(house: Database, code: str) -> None:
    said = []
    for issue_id in range(1, 5):
        if issue_id > 1:
            went_out(house, issue_id)
        raw = dsn(original(issue_id, 1, UNSUBSCRIBE), status=code, number=issue_id)
        said.append(take(house, raw, THURSDAY + issue_id * WEEK))
    assert said == ["counted", "counted", "counted", "given up"]
    assert reader_status(house) is ReaderStatus.BOUNCED


def test_an_issue_that_arrives_forgives_what_came_before(house: Database) -> None:
    for issue_id in range(1, 7):
        if issue_id > 1:
            went_out(house, issue_id)
        if issue_id != 4:
            raw = dsn(original(issue_id, 1, UNSUBSCRIBE), status="5.2.2", number=issue_id)
            take(house, raw, THURSDAY + issue_id * WEEK)
    assert reader_status(house) is ReaderStatus.ACTIVE


def test_one_issue_counts_once_however_often_it_bounces(house: Database) -> None:
    for number in range(6):
        raw = dsn(original(1, 1, UNSUBSCRIBE), status="4.2.1", number=number)
        take(house, raw, THURSDAY + number * WEEK)
    assert reader_status(house) is ReaderStatus.ACTIVE


def test_a_complaint_ends_it_at_once_and_for_ever(house: Database) -> None:
    assert take(house, complaint(original(1, 1, UNSUBSCRIBE))) == "complained"
    assert reader_status(house) is ReaderStatus.COMPLAINED
    with house.read() as connection:
        listed = find_suppression(connection, parse_address("reader1@example.org"), KEY)
        assert listed is not None
        assert listed.kind is SuppressionKind.COMPLAINED
        ledger = connection.execute(select(consents.c.event, consents.c.channel, consents.c.reason)).all()
    assert [tuple(each) for each in ledger] == [("withdrawn", "mail", "complaint")]


def test_a_request_to_leave_is_done(house: Database) -> None:
    assert take(house, leaving(1, 1)) == "left"
    assert reader_status(house) is ReaderStatus.LEFT


def test_an_out_of_office_note_changes_nothing(house: Database) -> None:
    assert take(house, out_of_office(MESSAGE_IDS.return_path(1, 1))) == "nothing to do"
    assert reader_status(house) is ReaderStatus.ACTIVE
    assert delivery_of(house) == (DeliveryStatus.ACCEPTED, None)


def test_a_delay_is_no_bounce(house: Database) -> None:
    assert take(house, dsn(original(1, 1, UNSUBSCRIBE), action="delayed", status="4.4.1")) == "delayed"
    assert delivery_of(house) == (DeliveryStatus.ACCEPTED, None)


@pytest.mark.parametrize(
    ("action", "status", "settled"),
    [
        ("failed", "5.2.2", DeliveryStatus.REJECTED),
        ("delivered", "2.0.0", DeliveryStatus.ACCEPTED),
        ("relayed", "2.0.0", DeliveryStatus.ACCEPTED),
        ("delayed", "4.4.1", DeliveryStatus.UNSURE),
    ],
)
def test_late_word_settles_what_was_unsure(
    database: Database, action: str, status: str, settled: DeliveryStatus
) -> None:
    add_readers(database, 2)
    went_out(database, status=DeliveryStatus.UNSURE)
    take(database, dsn(original(1, 1, UNSUBSCRIBE), action=action, status=status))
    assert delivery_of(database)[0] is settled
    with database.read() as connection:
        progress = get_counts(connection, 1)
    assert progress.unsure == (2 if settled is DeliveryStatus.UNSURE else 1)


def test_the_same_report_is_acted_on_once(house: Database) -> None:
    raw = complaint(original(1, 1, UNSUBSCRIBE))
    assert take(house, raw) == "complained"
    assert take(house, raw) == SEEN_BEFORE
    with house.read() as connection:
        assert connection.execute(select(func.count()).select_from(reports)).scalar_one() == 1


def test_a_single_mail_that_comes_back_is_matched_by_its_own_id(database: Database) -> None:
    add_readers(database, 1, status=ReaderStatus.UNCONFIRMED)
    with database.write() as connection:
        queue_mail(connection, MailKind.CONFIRMATION, "confirm:1", 1, {}, THURSDAY)
        connection.execute(update(mails).values(status=MailStatus.ACCEPTED))
        mail_id, salt = connection.execute(select(mails.c.id, mails.c.salt)).one()
    message_id = MESSAGE_IDS.message_id(0, mail_id, (0, salt))
    header = f"To: reader1@example.org\nMessage-ID: {message_id}\n"
    assert take(database, dsn(header, recipient="reader1@example.org")) == "dead address"
    assert reader_status(database) is ReaderStatus.BOUNCED
    with database.read() as connection:
        row = connection.execute(select(mails.c.status, mails.c.code)).one()
    assert (row.status, row.code) == (MailStatus.REJECTED, "5.1.1")


def test_who_left_stays_left_whatever_bounces(house: Database) -> None:
    take(house, leaving(1, 1))
    take(house, dsn(original(1, 1, UNSUBSCRIBE)))
    assert reader_status(house) is ReaderStatus.LEFT


def test_a_mark_of_a_reader_who_is_not_there_leads_nowhere(house: Database) -> None:
    assert take(house, leaving(4711, 1)) == UNMATCHED


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 19, "9" * 5000, "٢", "0"])
@pytest.mark.parametrize(
    "header",
    [
        "Message-ID: <nl.{}.0123456789abcdef01234567@news.example.org>",
        "Return-Path: <bounces+{}.1.0123456789ab@news.example.org>",
        "Return-Path: <bounces+1.{}.0123456789ab@news.example.org>",
    ],
)
def test_a_mark_with_a_number_that_no_database_holds_leads_nowhere(
    house: Database, header: str, number: str
) -> None:
    about = f"To: reader1@example.org\n{header.format(number)}\n"
    assert take(house, dsn(about, recipient="reader1@example.org")) == UNMATCHED
