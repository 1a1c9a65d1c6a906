"""Single mails that wait while their readers become somebody who must not be written to. On both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import editors, mails
from newsletter.db.statuses import (
    ConsentChannel,
    ConsentEvent,
    EditorRole,
    MailKind,
    MailStatus,
    ReaderStatus,
    ReportKind,
    SuppressionKind,
)
from newsletter.delivery.bounces.handling import Match, Matcher, ReportHandler
from newsletter.delivery.bounces.parse import DsnAction, Report
from newsletter.delivery.erasing import Eraser
from newsletter.delivery.message import MessageIds
from newsletter.delivery.transactional import HOLDS, begin_mails, queue_mail
from newsletter.readers.addresses import parse_address
from newsletter.readers.consents import ConsentOrigin, record_consent
from newsletter.readers.leaving import leave
from newsletter.readers.links import LinkSigner
from newsletter.readers.store import MAY_GET, activate, suppress
from newsletter.readers.suppression import add_suppression, address_hash
from tests.conftest import THURSDAY
from tests.delivery.house import KEY, add_readers, hash_address

ADDRESS = "reader1@example.org"
BY_HAND = ConsentOrigin(channel=ConsentChannel.COMMAND)
IDS = MessageIds(key=KEY, domain="news.example.org")

#: What the reader is when each kind is queued.
ASKING = {
    MailKind.CONFIRMATION: ReaderStatus.UNCONFIRMED,
    MailKind.REMINDER: ReaderStatus.UNCONFIRMED,
    MailKind.WELCOME: ReaderStatus.ACTIVE,
    MailKind.FOLLOW: ReaderStatus.ACTIVE,
    MailKind.PERSONAL_LINK: ReaderStatus.ACTIVE,
}


def suppressed(database: Database, folder: Path, clock: MovedClock) -> None:
    with database.write() as connection:
        suppress(
            connection,
            parse_address(ADDRESS),
            SuppressionKind.OPERATOR,
            "asked",
            BY_HAND,
            suppression_key=KEY,
            now=clock.now(),
        )


def listed(database: Database, folder: Path, clock: MovedClock) -> None:
    """As a file of suppressions does to an address: it is on the list, its row says nothing of it."""
    with database.write() as connection:
        hashed = address_hash(KEY, parse_address(ADDRESS))
        add_suppression(
            connection, hashed, SuppressionKind.OPERATOR, reason="old list", source="file", now=clock.now()
        )


def reported(database: Database, clock: MovedClock, **what: Any) -> None:
    handler = ReportHandler(
        database=database, matcher=Matcher(signer=LinkSigner([KEY]), message_ids=IDS), suppression_key=KEY
    )
    with database.write() as connection:
        report = Report(key="a", channel=ConsentChannel.MAIL, **what)
        handler.handle_matched(connection, report, Match(reader_id=1), clock.now())


def complained(database: Database, folder: Path, clock: MovedClock) -> None:
    reported(database, clock, kind=ReportKind.COMPLAINT)


def bounced(database: Database, folder: Path, clock: MovedClock) -> None:
    reported(database, clock, kind=ReportKind.BOUNCE, action=DsnAction.FAILED, code="5.1.1")


def left(database: Database, folder: Path, clock: MovedClock) -> None:
    with database.write() as connection:
        leave(connection, 1, BY_HAND, clock.now())


def eraser(database: Database, folder: Path, clock: MovedClock) -> Eraser:
    return Eraser(database=database, suppression_key=KEY, message_ids=IDS, outbox=folder, clock=clock)


def erased(database: Database, folder: Path, clock: MovedClock) -> None:
    eraser(database, folder, clock).erase(1, ConsentChannel.PAGE)


def forgotten(database: Database, folder: Path, clock: MovedClock) -> None:
    with database.write() as connection:
        leave(connection, 1, BY_HAND, clock.now())
    clock.move(timedelta(days=400))
    eraser(database, folder, clock).erase_who_left(timedelta(days=365))


WAYS = (suppressed, listed, complained, bounced, left, erased, forgotten)


def queue(database: Database, kind: MailKind, now: datetime, key: str = "one") -> None:
    with database.write() as connection:
        queue_mail(connection, kind, key, 1, {}, now)


def begun(database: Database, now: datetime) -> list[int]:
    with database.write() as connection:
        return [each.id for each in begin_mails(connection, 10, now, hash_address)]


def ended(database: Database) -> list[tuple[MailStatus, object]]:
    with database.read() as connection:
        rows = connection.execute(select(mails.c.status, mails.c["values"]).order_by(mails.c.id))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(("kind", "way"), list(product(ASKING, WAYS)))
def test_what_waits_goes_to_nobody_who_may_not_be_mailed(
    database: Database,
    tmp_path: Path,
    clock: MovedClock,
    kind: MailKind,
    way: Callable[[Database, Path, MovedClock], None],
) -> None:
    add_readers(database, 1, status=ASKING[kind])
    queue(database, kind, clock.now())
    clock.move(timedelta(minutes=1))
    way(database, tmp_path, clock)
    assert begun(database, clock.now()) == []
    assert ended(database) == [(MailStatus.SKIPPED, {})]


@pytest.mark.parametrize("kind", ASKING)
def test_what_waits_goes_to_whoever_may_be_mailed(
    database: Database, clock: MovedClock, kind: MailKind
) -> None:
    add_readers(database, 1, status=ASKING[kind])
    queue(database, kind, clock.now())
    assert begun(database, clock.now()) == [1]


def test_every_kind_to_readers_is_in_these_tables() -> None:
    assert (
        ASKING.keys() == MAY_GET.keys() == set(MailKind) - {MailKind.SIGN_IN, MailKind.TEST, MailKind.ALERT}
    )


@pytest.mark.parametrize("way", [left, bounced])
def test_whoever_asks_again_after_that_gets_it(
    database: Database, tmp_path: Path, clock: MovedClock, way: Callable[[Database, Path, MovedClock], None]
) -> None:
    add_readers(database, 1)
    way(database, tmp_path, clock)
    clock.move(timedelta(minutes=1))
    with database.write() as connection:
        record_consent(connection, 1, ConsentEvent.REQUESTED, BY_HAND, clock.now())
    queue(database, MailKind.CONFIRMATION, clock.now(), "back")
    queue(database, MailKind.PERSONAL_LINK, clock.now(), "data")
    assert begun(database, clock.now()) == [1, 2]


def test_whoever_leaves_once_more_withdraws_their_new_request(database: Database, clock: MovedClock) -> None:
    add_readers(database, 1, status=ReaderStatus.LEFT)
    with database.write() as connection:
        record_consent(connection, 1, ConsentEvent.REQUESTED, BY_HAND, clock.now())
    queue(database, MailKind.CONFIRMATION, clock.now())
    with database.write() as connection:
        assert not leave(connection, 1, BY_HAND, clock.now())
    assert begun(database, clock.now()) == []


@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.REMINDER])
def test_whoever_confirmed_is_not_asked_again(database: Database, clock: MovedClock, kind: MailKind) -> None:
    add_readers(database, 1, status=ReaderStatus.UNCONFIRMED)
    queue(database, kind, clock.now())
    with database.write() as connection:
        activate(connection, 1, BY_HAND, clock.now())
    assert begun(database, clock.now()) == []


@pytest.mark.parametrize("kind", HOLDS)
def test_a_link_that_holds_no_longer_is_not_sent(
    database: Database, clock: MovedClock, kind: MailKind
) -> None:
    add_readers(database, 1, status=ASKING.get(kind, ReaderStatus.ACTIVE))
    with database.write() as connection:
        add_editor(connection)
        whose = {"reader_id": None, "editor_id": 1} if kind is MailKind.SIGN_IN else {"reader_id": 1}
        queue_mail(connection, kind, "one", values={}, now=clock.now(), **whose)
    clock.move(HOLDS[kind])
    assert begun(database, clock.now()) == []
    assert ended(database) == [(MailStatus.SKIPPED, {})]


def test_a_revoked_editor_gets_no_link(database: Database, clock: MovedClock) -> None:
    with database.write() as connection:
        add_editor(connection)
        queue_mail(connection, MailKind.SIGN_IN, "one", None, {}, clock.now(), editor_id=1)
        connection.execute(update(editors).values(revoked_at=clock.now()))
    assert begun(database, clock.now()) == []


def test_whoever_was_erased_and_asks_anew_is_mailed(
    database: Database, tmp_path: Path, clock: MovedClock
) -> None:
    add_readers(database, 1)
    erased(database, tmp_path, clock)
    add_readers(database, 1, status=ReaderStatus.UNCONFIRMED, address=ADDRESS, address_key=ADDRESS)
    with database.write() as connection:
        queue_mail(connection, MailKind.CONFIRMATION, "anew", 2, {}, clock.now())
    assert begun(database, clock.now()) == [1]


def test_whoever_left_long_ago_and_asks_to_come_back_is_not_erased_before_they_can(
    database: Database, tmp_path: Path, clock: MovedClock
) -> None:
    add_readers(database, 1, status=ReaderStatus.LEFT)
    clock.move(timedelta(days=800))
    with database.write() as connection:
        record_consent(connection, 1, ConsentEvent.REQUESTED, BY_HAND, clock.now())
    asked, year, month = eraser(database, tmp_path, clock), timedelta(days=365), timedelta(days=30)
    assert asked.erase_who_left(year, unless_asked=month) == 0
    clock.move(month)
    assert asked.erase_who_left(year, unless_asked=month) == 1


def add_editor(connection: Connection) -> None:
    row = {"address": "erin@example.org", "address_key": "erin@example.org", "name": "Erin"}
    connection.execute(editors.insert().values(**row, role=EditorRole.WRITER, added_at=THURSDAY))
