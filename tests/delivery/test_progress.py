"""Outcomes by domain: exact, whatever moves meanwhile, and never more than a few batches at a look."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.db.engine import Database
from newsletter.db.schema import deliveries, readers
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.ledger import _count_on_batch
from newsletter.delivery.progress import Counts, DomainCounts, SendRate
from newsletter.delivery.states import Event
from newsletter.delivery.store import start_issue
from newsletter.delivery.takeover import settle
from newsletter.delivery.transports.outbox.maildir import Outbox
from newsletter.delivery.unsure import list_unsure_page, send_again
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, sender


@pytest.fixture
def sent(database: Database, tmp_path: Path) -> Database:
    """Issue 1 with 250 readers of three domains in three batches, all accepted."""
    add_issue(database)
    add_readers(database, 250)
    for domain, first, last in (("big.example", 1, 150), ("small.example", 151, 240)):
        theirs = readers.c.id.between(first, last)
        address = "r" + readers.c.id.cast(readers.c.address.type) + f"@{domain}"
        with database.write() as connection:
            connection.execute(update(readers).where(theirs).values(address=address, address_key=address))
    start_issue(database, 1, THURSDAY)
    sender(database, Outbox(tmp_path / "outbox"), tmp_path).send()
    return database


def counted(database: Database, count: DomainCounts, *, most: int = 15) -> list[tuple[str, Counts]]:
    with database.read() as connection:
        count.update(connection, most)
    return list(count.largest(2).items())


ALL = [
    ("big.example", Counts(readers=150, accepted=150)),
    ("small.example", Counts(readers=90, accepted=90)),
    ("", Counts(readers=10, accepted=10)),
]


def test_the_largest_domains_stand_first_and_the_rest_together(sent: Database) -> None:
    assert counted(sent, DomainCounts(1)) == ALL


def test_a_look_reads_few_batches_and_the_next_goes_on(sent: Database) -> None:
    count = DomainCounts(1)
    assert sum(counts.done for _, counts in counted(sent, count, most=1)) == 100
    assert count.stale == 2
    assert sum(counts.done for _, counts in counted(sent, count, most=1)) == 200
    assert counted(sent, count, most=1) == ALL
    assert count.stale == 0


def test_late_evidence_moves_the_domain_that_it_is_about(sent: Database) -> None:
    count = DomainCounts(1)
    counted(sent, count)
    with sent.write() as connection:
        settle(connection, 1, 3, Event.BOUNCE, code="5.1.1", now=THURSDAY)
    assert counted(sent, count)[0] == ("big.example", Counts(readers=150, accepted=149, rejected=1))


def lose_sight(database: Database, *reader_ids: int) -> None:
    """Make accepted deliveries unsure, as a sender does that dies."""
    for reader_id in reader_ids:
        mine = (deliveries.c.issue_id == 1, deliveries.c.reader_id == reader_id)
        with database.write() as connection:
            moved = update(deliveries).where(*mine).values(status=DeliveryStatus.UNSURE, code="killed")
            batch_id = connection.execute(moved.returning(deliveries.c.batch_id)).scalar_one()
            _count_on_batch(connection, batch_id, {DeliveryStatus.UNSURE: 1, DeliveryStatus.ACCEPTED: -1})


def test_the_unsure_of_all_domains_come_page_by_page(sent: Database) -> None:
    lose_sight(sent, 5, 7, 120, 249)
    with sent.read() as connection:
        first = list_unsure_page(connection, 1, limit=3)
        second = list_unsure_page(connection, 1, after=first[-1].reader_id, limit=3)
    assert [each.reader_id for each in first] == [5, 7, 120]
    assert [each.reader_id for each in second] == [249]


def test_who_is_sent_it_again_is_counted_no_longer(sent: Database) -> None:
    lose_sight(sent, 5)
    count = DomainCounts(1)
    assert counted(sent, count)[0] == ("big.example", Counts(readers=150, accepted=149, unsure=1))
    with sent.write() as connection:
        send_again(connection, 1, {5}, THURSDAY)
    assert counted(sent, count)[0] == ("big.example", Counts(readers=149, accepted=149))


def test_a_rate_needs_two_looks_and_forgets_old_ones() -> None:
    rate = SendRate()
    rate.add(Counts(readers=1000), THURSDAY)
    assert rate.per_second is None
    rate.add(Counts(readers=1000, accepted=90, rejected=10), THURSDAY + timedelta(seconds=2))
    assert rate.per_second == pytest.approx(50)
    half_way = Counts(readers=1000, accepted=500)
    rate.add(half_way, THURSDAY + timedelta(seconds=4))
    assert rate.per_second == pytest.approx(125)
    assert rate.time_left(half_way) == timedelta(seconds=4)
    for second in range(5, 60):
        rate.add(half_way, THURSDAY + timedelta(seconds=second))
    assert rate.per_second == pytest.approx(0)
    assert rate.time_left(half_way) is None


def test_a_rate_begins_anew_when_readers_are_sent_it_again() -> None:
    rate = SendRate()
    rate.add(Counts(readers=10, unsure=10), THURSDAY)
    rate.add(Counts(readers=10), THURSDAY + timedelta(seconds=1))
    assert rate.per_second is None
