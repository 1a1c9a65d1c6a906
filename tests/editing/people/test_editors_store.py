"""Editors, their links and sessions in the store, and what the desk's lists read. On both databases."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from newsletter.db.engine import Database
from newsletter.db.schema import mails
from newsletter.db.statuses import EditorRole, MailKind, MailStatus
from newsletter.delivery.transactional import begin_mails, queue_mail
from newsletter.editing import editors as store
from newsletter.editing.facts import list_rulings, record_ruling
from newsletter.editing.outbox import copies_out, sent_issues, single_mails
from newsletter.editing.reports import list_page
from newsletter.readers.addresses import parse_address
from tests.conftest import THURSDAY
from tests.delivery.house import add_readers

HOUR = timedelta(hours=1)
LINK, COOKIE = "a" * 64, "b" * 64


@pytest.fixture
def editor(database: Database) -> int:
    with database.write() as connection:
        address = parse_address("Erin@example.org")
        return store.add_editor(connection, address, "Erin", EditorRole.WRITER, THURSDAY)


def is_open(database: Database, now: datetime, idle_since: datetime = THURSDAY) -> bool:
    with database.read() as connection:
        return store.find_session(connection, COOKIE, now, idle_since) is not None


def test_an_address_is_one_editors_however_it_is_written(database: Database, editor: int) -> None:
    with database.read() as connection:
        found = store.select_editor(connection, parse_address("erin@EXAMPLE.org"))
    assert found is not None
    assert (found.id, found.address, found.may_publish) == (editor, "Erin@example.org", False)
    with pytest.raises(IntegrityError), database.write() as connection:
        store.add_editor(connection, parse_address("ERIN@example.org"), "E", EditorRole.WRITER, THURSDAY)


def test_a_link_is_used_up_once_and_only_in_time(database: Database, editor: int) -> None:
    with database.write() as connection:
        store.add_link(connection, LINK, editor, THURSDAY, THURSDAY + HOUR)
    with database.write() as connection:
        assert store.editor_of_link(connection, LINK, THURSDAY + 2 * HOUR) is None
        assert not store.use_link(connection, LINK, THURSDAY + 2 * HOUR)
        assert store.use_link(connection, LINK, THURSDAY + HOUR)
        assert not store.use_link(connection, LINK, THURSDAY)
        assert store.editor_of_link(connection, LINK, THURSDAY) is None


def test_a_session_is_open_until_it_is_over_idle_or_revoked(database: Database, editor: int) -> None:
    with database.write() as connection:
        store.add_session(connection, COOKIE, editor, THURSDAY, THURSDAY + HOUR)
    assert is_open(database, THURSDAY + HOUR)
    assert not is_open(database, THURSDAY + HOUR + timedelta(seconds=1))
    assert not is_open(database, THURSDAY, idle_since=THURSDAY + timedelta(seconds=1))
    with database.write() as connection:
        store.touch_session(connection, COOKIE, THURSDAY + HOUR)
    assert is_open(database, THURSDAY, idle_since=THURSDAY + HOUR)
    with database.write() as connection:
        assert store.revoke_everything(connection, editor, THURSDAY) == 1
    assert not is_open(database, THURSDAY)


def test_a_revoked_editor_has_no_open_session(database: Database, editor: int) -> None:
    with database.write() as connection:
        store.add_session(connection, COOKIE, editor, THURSDAY, THURSDAY + HOUR)
        store.change_editor(connection, editor, revoked_at=THURSDAY)
    assert not is_open(database, THURSDAY)
    with database.read() as connection:
        assert store.list_sessions(connection, THURSDAY, THURSDAY) == ()


def test_what_is_over_is_forgotten_and_what_is_not_stays(database: Database, editor: int) -> None:
    with database.write() as connection:
        for number, ends in (("1", HOUR), ("2", 3 * HOUR)):
            store.add_link(connection, number * 64, editor, THURSDAY, THURSDAY + ends)
            store.add_session(connection, number * 64, editor, THURSDAY, THURSDAY + ends)
        assert store.forget_doors(connection, THURSDAY + 2 * HOUR) == 2
        assert store.editor_of_link(connection, "2" * 64, THURSDAY) is not None


def test_a_mail_to_an_editor_goes_to_the_editor_unless_revoked(database: Database, editor: int) -> None:
    with database.write() as connection:
        for key in ("one", "two"):
            queue_mail(connection, MailKind.SIGN_IN, key, None, {}, THURSDAY, editor_id=editor)
        queue_mail(connection, MailKind.ALERT, "alert", None, {}, THURSDAY)
        (sent,) = begin_mails(connection, 1, THURSDAY)
        store.change_editor(connection, editor, revoked_at=THURSDAY)
        refused, alert = begin_mails(connection, 2, THURSDAY)
    assert (sent.address, sent.is_for_operator) == ("Erin@example.org", False)
    assert (refused.address, refused.is_for_operator) == (None, False)
    assert alert.is_for_operator


def test_the_lists_of_the_desk_can_be_read(database: Database, editor: int) -> None:
    with database.write() as connection:
        queue_mail(connection, MailKind.SIGN_IN, "one", None, {}, THURSDAY, editor_id=editor)
        connection.execute(update(mails).values(status=MailStatus.ACCEPTED, at=THURSDAY))
        record_ruling(connection, "heron", "licence", None, reason="So.", by="Erin", at=THURSDAY)
    with database.read() as connection:
        assert [(each.what, each.to) for each in single_mails(connection, 9)] == [
            ("sign-in", "Erin@example.org")
        ]
        assert single_mails(connection, 9, before=1) == ()
        assert (sent_issues(connection, 9), copies_out(connection, 1, 9)) == ((), ())
        assert [each.reason for each in list_rulings(connection, 9, "heron")] == ["So."]
        assert list_page(connection).open == ()


def test_a_mail_has_one_recipient(database: Database, editor: int) -> None:
    add_readers(database, 1)
    row = {"kind": MailKind.TEST, "key": "x", "reader_id": 1, "editor_id": editor, "values": {}}
    when = {"not_before": THURSDAY, "queued_at": THURSDAY, "status": MailStatus.PENDING}
    with pytest.raises(IntegrityError, match="one_recipient"), database.write() as connection:
        connection.execute(insert(mails), {**row, **when})
