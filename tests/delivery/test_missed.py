"""Who missed an issue for no reason of theirs, and sending it to them after all. On both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, issues, readers, reports, soft_bounces
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, ReaderStatus, ReportKind
from newsletter.delivery import ledger
from newsletter.delivery.missed import count_missed, send_to_missed
from newsletter.delivery.progress import Counts, get_counts
from newsletter.delivery.sender import Ending
from newsletter.delivery.status import describe, get_situation
from newsletter.delivery.store import finish_issue, start_issue
from newsletter.delivery.transports.sendgrid.sending import SendGrid as SendGridTransport
from newsletter.errors import InvalidTransition
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, sender, statuses
from tests.standins.sendgrid import API_KEY, SendGrid

S = DeliveryStatus

#: How a copy ended → whether its reader missed it. `came back`: as a report said, after it had been accepted.
ENDINGS: dict[str, tuple[DeliveryStatus, str, bool, bool]] = {
    "dropped": (S.REJECTED, "dropped", False, True),
    "dropped, as a report says": (S.REJECTED, "dropped", True, True),
    "given up": (S.REJECTED, "gave-up", False, True),
    "refused for what we send": (S.REJECTED, "5.7.1", False, True),
    "refused for who sends it": (S.REJECTED, "5.1.8", False, True),
    "came back from a forwarder": (S.REJECTED, "5.7.1", True, False),
    "no such mailbox": (S.REJECTED, "5.1.1", False, False),
    "mailbox full": (S.REJECTED, "5.2.2", False, False),
    "refused without a reason": (S.REJECTED, "550", False, False),
    "accepted": (S.ACCEPTED, "", False, False),
    "unsure": (S.UNSURE, "dropped", False, False),
    "skipped": (S.SKIPPED, "paused", False, False),
}


def end(database: Database) -> None:
    """An issue that ended so for each of them: reader1, reader2 and so on, in batches of three."""
    add_readers(database, len(ENDINGS))
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        connection.execute(update(batches).values(status=BatchStatus.DONE))
        (batch_id,) = connection.execute(select(batches.c.id)).scalars()
        for reader_id, (status, code, came_back, _) in enumerate(ENDINGS.values(), 1):
            mine = update(deliveries).where(deliveries.c.reader_id == reader_id)
            connection.execute(mine.values(status=status, code=code or None, at=THURSDAY, attempts=3))
            count = {status.value: batches.c[status.value] + 1}
            connection.execute(update(batches).where(batches.c.id == batch_id).values(count))
            if came_back:
                row = {"key": str(reader_id), "kind": ReportKind.BOUNCE, "at": THURSDAY, "code": code}
                row |= {"reader_id": reader_id, "issue_id": 1, "outcome": "policy"}
                connection.execute(insert(reports).values(row))
        finish_issue(connection, 1, THURSDAY)


def test_exactly_those_who_missed_it_are_sent_it(database: Database, tmp_path: Path) -> None:
    end(database)
    missed = [number for number, each in enumerate(ENDINGS.values(), 1) if each[-1]]
    with database.read() as connection:
        assert count_missed(connection, 1) == (len(missed), 2)
        before = get_counts(connection, 1)
        told = describe(get_situation(connection, 1, tmp_path), THURSDAY)
    assert (told.next_command, f"{len(missed)} readers missed it" in told.why) == (
        "newsletter send --to-missed 1",
        True,
    )
    with database.write() as connection:
        assert send_to_missed(connection, 1, THURSDAY) == len(missed)
        waits = select(deliveries.c.reader_id, deliveries.c.attempts).where(deliveries.c.status == S.PENDING)
        assert [tuple(row) for row in connection.execute(waits)] == [(each, 0) for each in missed]
        assert connection.execute(select(issues.c.status)).scalar() is IssueStatus.SENDING
        assert get_counts(connection, 1).rejected == before.rejected - len(missed)
        assert not connection.execute(
            select(soft_bounces).where(soft_bounces.c.reader_id.in_(missed))
        ).first()
    with database.write() as connection:
        assert send_to_missed(connection, 1, THURSDAY) == 0
    with SendGrid() as server:
        transport = SendGridTransport(api_key=API_KEY, url=server.url, connections=1, now=lambda: THURSDAY)
        assert sender(database, transport, tmp_path).send() is Ending.SENT
        assert sorted(each.address for each in server.mails) == sorted(
            f"reader{each}@example.org" for each in missed
        )
    with database.read() as connection:
        after = get_counts(connection, 1)
    assert after == Counts(
        readers=before.readers,
        accepted=before.accepted + len(missed),
        rejected=before.rejected - len(missed),
        skipped=before.skipped,
        unsure=before.unsure,
    )
    assert statuses(database)[S.ACCEPTED] == after.accepted


@pytest.mark.parametrize("status", sorted(set(ReaderStatus) - {ReaderStatus.ACTIVE, ReaderStatus.ERASED}))
def test_who_left_or_is_gone_since_has_missed_nothing(database: Database, status: ReaderStatus) -> None:
    end(database)
    with database.write() as connection:
        connection.execute(update(readers).values(status=status))
        assert count_missed(connection, 1) == (0, 0)
        assert send_to_missed(connection, 1, THURSDAY) == 0
        assert connection.execute(select(issues.c.status)).scalar() is IssueStatus.SENT


def test_a_batch_that_a_sender_works_on_is_left_alone(database: Database) -> None:
    end(database)
    running = {
        "status": BatchStatus.RUNNING,
        "owner": "first",
        "lease_until": THURSDAY + timedelta(minutes=1),
    }
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.SENDING))
        connection.execute(update(batches).values(running))
        assert send_to_missed(connection, 1, THURSDAY) == 0
        assert len(ledger.list_running_batches(connection, 1)) == 1


def test_nobody_has_missed_a_cancelled_issue(database: Database) -> None:
    end(database)
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.CANCELLED))
    with pytest.raises(InvalidTransition), database.write() as connection:
        send_to_missed(connection, 1, THURSDAY)
    with database.read() as connection:
        assert count_missed(connection, 1)[0] == 5
