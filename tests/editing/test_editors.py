"""Editors, their links and sessions in the store, and what the desk's lists read. On both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import editors, mails
from newsletter.db.statuses import EditorRole, MailKind, MailStatus
from newsletter.delivery.transactional import begin_mails, queue_mail
from newsletter.editing.editors import (
    check_link,
    end_sessions,
    find_signed_in,
    forget_desk,
    get_editor_by_address,
    list_editors,
    list_sessions,
    make_link,
    put_editor,
    revoke,
    sign_in,
)
from newsletter.editing.facts import list_rulings, record_ruling
from newsletter.editing.issues import list_open
from newsletter.editing.outbox import copies_out, sent_issues, single_mails
from newsletter.errors import BadLink
from tests.conftest import THURSDAY
from tests.delivery.house import add_readers, hash_address
from tests.digest.week import settings_in

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def app(tmp_path: Path, database: Database) -> App:
    lasting = {"desk.session": 3 * HOUR, "desk.idle": 2 * HOUR, "retention.sessions": HOUR}
    return App(settings_in(tmp_path, lasting), MovedClock(THURSDAY), database)


@pytest.fixture
def editor(app: App) -> int:
    with app.database.write() as connection:
        return put_editor(connection, "Erin@example.org", EditorRole.WRITER, "Erin", THURSDAY).id


def link_to(app: App, editor: int) -> str:
    with app.database.write() as connection:
        return make_link(app, connection, editor, HOUR).rpartition("/")[2]


def after(app: App, time: timedelta) -> App:
    return App(app.settings, MovedClock(THURSDAY + time), app.database)


def test_an_address_is_one_editors_however_it_is_written(app: App, editor: int) -> None:
    found = get_editor_by_address(app, "erin@EXAMPLE.org")
    assert (found.id, found.address, found.may_publish) == (editor, "Erin@example.org", False)
    with app.database.write() as connection:
        again = put_editor(connection, "ERIN@example.org", EditorRole.PUBLISHER, "", THURSDAY)
        assert list_editors(connection) == (again,)
    assert (again.id, again.name, again.may_publish) == (editor, "Erin", True)


def test_a_link_is_used_up_once(app: App, editor: int) -> None:
    link = link_to(app, editor)
    assert check_link(app, link).id == editor
    signed_in, _ = sign_in(after(app, HOUR), link)
    assert signed_in.id == editor
    for look in (check_link, sign_in):
        with pytest.raises(BadLink):
            look(app, link)


def test_a_link_is_used_only_in_time(app: App, editor: int) -> None:
    late, link = after(app, HOUR + SECOND), link_to(app, editor)
    for look in (check_link, sign_in):
        with pytest.raises(BadLink):
            look(late, link)


def test_a_session_is_open_until_it_is_over_idle_or_revoked(app: App, editor: int) -> None:
    _, cookie = sign_in(app, link_to(app, editor))
    assert find_signed_in(after(app, 2 * HOUR + SECOND), cookie) is None, "idle"
    assert find_signed_in(after(app, 2 * HOUR), cookie) is not None
    assert find_signed_in(after(app, 3 * HOUR), cookie) is not None, "used since"
    assert find_signed_in(after(app, 3 * HOUR + SECOND), cookie) is None, "over"
    with app.database.write() as connection:
        assert end_sessions(connection, editor, THURSDAY) == 1
    assert find_signed_in(app, cookie) is None


def test_a_revoked_editor_has_no_open_session(app: App, editor: int) -> None:
    _, cookie = sign_in(app, link_to(app, editor))
    link = link_to(app, editor)
    assert [each.is_of(cookie) for each in list_sessions(app)] == [True]
    revoke(app, editor, by="Paul")
    assert find_signed_in(app, cookie) is None
    assert list_sessions(app) == ()
    with pytest.raises(BadLink):
        check_link(app, link)


def test_what_is_over_is_forgotten_and_what_is_not_stays(app: App, editor: int) -> None:
    sign_in(app, link_to(app, editor))
    lasting = after(app, 3 * HOUR)
    _, cookie = sign_in(lasting, link_to(lasting, editor))
    link = link_to(lasting, editor)
    _, links_and_sessions = forget_desk(after(app, 4 * HOUR + SECOND))
    assert links_and_sessions == 2, "the first link, and its session"
    assert check_link(lasting, link).id == editor
    assert find_signed_in(lasting, cookie) is not None


def test_a_mail_to_an_editor_goes_to_the_editor_unless_revoked(database: Database, editor: int) -> None:
    with database.write() as connection:
        for key in ("one", "two"):
            queue_mail(connection, MailKind.SIGN_IN, key, None, {}, THURSDAY, editor_id=editor)
        queue_mail(connection, MailKind.ALERT, "alert", None, {}, THURSDAY)
        (sent,) = begin_mails(connection, 1, THURSDAY, hash_address)
        connection.execute(update(editors).values(revoked_at=THURSDAY))
        (alert,) = begin_mails(connection, 2, THURSDAY, hash_address)
        refused = connection.execute(select(mails.c.status, mails.c.code).where(mails.c.key == "two")).one()
    assert (sent.address, sent.is_for_operator) == ("Erin@example.org", False)
    assert refused == (MailStatus.SKIPPED, "revoked")
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
        assert list_open(connection) == ()


def test_a_mail_has_one_recipient(database: Database, editor: int) -> None:
    add_readers(database, 1)
    row = {"kind": MailKind.TEST, "key": "x", "reader_id": 1, "editor_id": editor, "values": {}}
    when = {"not_before": THURSDAY, "queued_at": THURSDAY, "status": MailStatus.PENDING}
    with pytest.raises(IntegrityError, match="one_recipient"), database.write() as connection:
        connection.execute(insert(mails), {**row, **when})
