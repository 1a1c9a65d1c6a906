"""The report's sums: the same whether they are remembered or counted, and never counted twice."""

from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, consents, issue_sums, issues, readers, reports
from newsletter.db.statuses import ConsentChannel, ConsentEvent, ReaderStatus, ReportKind, WithdrawalReason
from newsletter.delivery.store import start_issue
from newsletter.delivery.transports.outbox.maildir import Outbox
from newsletter.editing.reports import (
    IssueCounts,
    find_issue_report,
    list_issue_reports,
    readers_over_time,
    remember,
    sum_up_consents,
)
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, sender

E, C = ConsentEvent, ConsentChannel
MONDAY = date(2026, 11, 23)
LATER = THURSDAY + timedelta(days=40)


def consent(
    database: Database,
    reader_id: int,
    event: ConsentEvent,
    channel: ConsentChannel,
    at: datetime = THURSDAY,
    **more: object,
) -> None:
    row = {"reader_id": reader_id, "event": event, "channel": channel, "at": at, "source": ""} | more
    with database.write() as connection:
        connection.execute(insert(consents).values(row))


def a_weeks_coming_and_going(database: Database) -> None:
    add_issue(database)
    add_readers(database, 6)
    consent(database, 1, E.REQUESTED, C.FORM)
    consent(database, 2, E.REQUESTED, C.API)
    consent(database, 3, E.IMPORTED, C.IMPORT, source="old list of 2026-01-04", file="readers.csv", line=17)
    consent(database, 4, E.IMPORTED, C.IMPORT, source="old list of 2026-02-05", file="readers.csv", line=18)
    consent(database, 1, E.CONFIRMED, C.FORM)
    consent(database, 2, E.CONFIRMED, C.API)
    consent(database, 5, E.ADDED, C.COMMAND, at=THURSDAY + timedelta(days=7), source="fair")
    consent(database, 2, E.WITHDRAWN, C.PAGE, issue_id=1, reason=WithdrawalReason.TOO_OFTEN)
    consent(database, 3, E.WITHDRAWN, C.ONE_CLICK, issue_id=1)
    consent(database, 3, E.RESTORED, C.PAGE)
    consent(database, 4, E.WITHDRAWN, C.MAIL, issue_id=1, reason=WithdrawalReason.COMPLAINT)
    consent(database, 6, E.WITHDRAWN, C.MAIL, issue_id=1)


def what_was_seen(database: Database) -> list[tuple[date, dict[str, int], dict[str, int]]]:
    return [
        (each.week_on, dict(each.joined), dict(each.gone)) for each in readers_over_time(database, MONDAY)
    ]


GROWTH = [
    (
        MONDAY,
        {"import: old list of": 2, "form at /subscribe": 1, "POST /api/subscriptions": 1, "came back": 1},
        {"personal page": 1, "one click": 1, "complaint: by mail": 1, "by mail": 1},
    ),
    (MONDAY + timedelta(days=7), {"fair": 1}, {}),
]


def test_readers_are_counted_by_where_they_came_from_and_why_they_went(database: Database) -> None:
    a_weeks_coming_and_going(database)
    assert what_was_seen(database) == GROWTH


def test_what_is_remembered_reads_like_what_was_counted(database: Database) -> None:
    a_weeks_coming_and_going(database)
    assert remember(database, LATER) == "Summed up 12 consents and 0 issues."
    assert what_was_seen(database) == GROWTH
    assert remember(database, LATER) == "Summed up 0 consents and 0 issues."
    consent(database, 5, E.WITHDRAWN, C.MAIL, reason=WithdrawalReason.COMPLAINT)
    assert what_was_seen(database)[0][2]["complaint: by mail"] == 2
    remember(database, LATER)
    assert what_was_seen(database)[0][2]["complaint: by mail"] == 2


def test_a_consent_of_a_moment_ago_is_summed_up_later(database: Database) -> None:
    a_weeks_coming_and_going(database)
    with database.write() as connection:
        assert sum_up_consents(connection, 100, before=THURSDAY + timedelta(days=1)) == 6
    assert what_was_seen(database) == GROWTH


def test_who_left_by_an_issues_link_or_mail_is_its_loss_and_who_complained_is_counted_elsewhere(
    database: Database,
) -> None:
    a_weeks_coming_and_going(database)
    start_issue(database, 1, THURSDAY)
    for _ in range(2):
        (line,) = list_issue_reports(database, 10)
        assert (line.issue.id, line.issue.label, line.left) == (1, "#1", 3)
        remember(database, LATER)


def test_an_issue_that_is_long_over_is_not_counted_again(database: Database, tmp_path: Path) -> None:
    add_issue(database)
    add_issue(database, 2)
    add_readers(database, 5)
    start_issue(database, 1, THURSDAY)
    sender(database, Outbox(tmp_path / "outbox"), tmp_path).send()
    with database.write() as connection:
        kinds = (
            (ReportKind.COMPLAINT, "complained"),
            (ReportKind.BOUNCE, "dead"),
            (ReportKind.BOUNCE, "delayed"),
        )
        for place, (kind, outcome) in enumerate(kinds):
            row = {"key": str(place), "kind": kind, "at": THURSDAY, "reader_id": 1, "issue_id": 1}
            connection.execute(insert(reports).values(**row, outcome=outcome))
        connection.execute(update(issues).values(finished_at=THURSDAY))
    wanted = IssueCounts(readers=5, accepted=5, bounced=1, complained=1)
    assert [each.counts for each in list_issue_reports(database, 10)] == [wanted]
    assert remember(database, THURSDAY + timedelta(days=29)) == "Summed up 0 consents and 0 issues."
    assert remember(database, THURSDAY + timedelta(days=31)) == "Summed up 0 consents and 1 issues."
    with database.write() as connection:
        assert connection.execute(select(issue_sums.c.issue_id)).scalars().all() == [1]
        connection.execute(update(batches).values(accepted=0))
    line = find_issue_report(database, 1)
    assert line is not None
    assert line.counts == wanted
    assert find_issue_report(database, 2) is None


def test_sums_outlive_the_readers_they_are_about(database: Database) -> None:
    a_weeks_coming_and_going(database)
    remember(database, LATER)
    with database.write() as connection:
        connection.execute(delete(consents))
        connection.execute(update(readers).values(status=ReaderStatus.ERASED, address=None, address_key=None))
    assert what_was_seen(database) == GROWTH
