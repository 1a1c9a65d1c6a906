"""The whole round with a real Postfix: our sender hands an issue in, Postfix bounces it, the bounces are read."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.clock import SystemClock
from newsletter.config import Tls
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.db.statuses import DeliveryStatus, ReaderStatus
from newsletter.delivery.bounces.mailbox import Maildir, read_mailbox
from newsletter.delivery.store import start_issue
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from tests.conftest import THURSDAY
from tests.delivery.bounces.shapes import MESSAGE_IDS
from tests.delivery.bounces.test_handling import delivery_of, handler, reader_status
from tests.delivery.house import add_issue, add_readers, mailing, sender, statuses
from tests.standins.postfix import Postfix, postfix


def test_a_real_postfix_takes_every_message_once_and_is_seen_to_let_us_look_ahead(
    relay: Postfix, sqlite_database: Database, tmp_path: Path
) -> None:
    add_readers(sqlite_database, 50)
    with sqlite_database.write() as connection:
        for number in range(1, 51):
            address = f"reader{number}@kept.example.org"
            change = update(readers).where(readers.c.id == number)
            connection.execute(change.values(address=address, address_key=address))
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    out = Smtp(relay=Relay(host="127.0.0.1", port=relay.port), connections=2)
    sender(sqlite_database, out, tmp_path).send()
    relay.wait_for(relay.kept, 50)
    kept = [message_from_bytes(file.read_bytes())["To"] for file in (relay.kept / "new").iterdir()]
    assert sorted(kept) == sorted(f"reader{number}@kept.example.org" for number in range(1, 51))
    assert statuses(sqlite_database) == {DeliveryStatus.ACCEPTED: 50}
    assert out.habits.looks_ahead is True


DOMAINS = ("kept.example.org", "gone.example.org", "full.example.org", "wary.example.org", "odd.example.org")

#: Bounces go to a domain that this Postfix keeps.
OUR_MESSAGE_IDS = replace(MESSAGE_IDS, bounce_address="bounces@bounces.example.org")


@pytest.fixture
def relay() -> Iterator[Postfix]:
    with postfix() as running:
        yield running


def test_what_a_real_postfix_bounces_leads_to_the_right_states(
    relay: Postfix, sqlite_database: Database, tmp_path: Path
) -> None:
    add_readers(sqlite_database, len(DOMAINS))
    with sqlite_database.write() as connection:
        for number, domain in enumerate(DOMAINS, 1):
            address = f"reader{number}@{domain}"
            change = update(readers).where(readers.c.id == number)
            connection.execute(change.values(address=address, address_key=address))
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    out = Smtp(relay=Relay(host="127.0.0.1", port=relay.port, tls=Tls.NONE), connections=1)
    mailings = {"everybody": replace(mailing(), message_ids=OUR_MESSAGE_IDS)}
    sender(sqlite_database, out, tmp_path, mailings=mailings).send()
    relay.wait_for(relay.bounces, 4)
    relay.wait_for(relay.kept, 1)

    reading = read_mailbox(Maildir(folder=relay.bounces), handler(sqlite_database), SystemClock())

    assert {what: count for (_, what), count in reading.outcomes.items()} == {
        "dead address": 1,
        "counted": 2,
        "policy": 1,
    }
    assert [delivery_of(sqlite_database, 1, number) for number in range(1, 6)] == [
        (DeliveryStatus.ACCEPTED, "2.0.0"),
        (DeliveryStatus.REJECTED, "5.1.1"),
        (DeliveryStatus.REJECTED, "5.2.2"),
        (DeliveryStatus.REJECTED, "5.7.1"),
        (DeliveryStatus.REJECTED, "5.0.0"),
    ]
    active = ReaderStatus.ACTIVE
    assert [reader_status(sqlite_database, number) for number in range(1, 6)] == [
        active,
        ReaderStatus.BOUNCED,
        active,
        active,
        active,
    ]
