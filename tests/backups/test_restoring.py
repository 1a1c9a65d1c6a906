"""Putting a backup back: nobody is mailed twice or in spite of having left, and old links are nobody else's."""

import json
import resource
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import delete, insert, select, update

from newsletter.clock import MovedClock
from newsletter.db.engine import open_database
from newsletter.db.migrate import _config
from newsletter.db.schema import editor_sessions, editors, issues, mails, readers, suppressions
from newsletter.db.statuses import ConsentChannel, Edition, EditorRole, IssueStatus, MailKind, MailStatus
from newsletter.delivery.transactional import queue_mail
from newsletter.digest.store import add_issue, next_number
from newsletter.installation import make_installation
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.links import Purpose, link
from newsletter.web.application import make_web
from tests.backups.conftest import Place, approve_an_issue, copied
from tests.conftest import THURSDAY
from tests.web.visitor import Visitor

LOST = "The database is a copy: what was sent after it was made, it does not know."


def test_a_backup_from_before_an_issue_mails_nobody_again(place: Place) -> None:
    backup = place.backup()
    place.ok("send", "1")
    place.ok("readers", "leave", "bob@example.org")
    place.ok("readers", "suppress", "dave@example.org", "--reason", "wrote to us")
    place.ok("readers", "erase", "carol@example.org", "--yes")
    before, mailed = place.ok("status"), place.mailed
    said = place.ok("restore", str(backup))
    assert "issue #1" in said
    assert "Sending may go on" in said
    place.ok("send", "1")
    place.ok("mails", "send")
    assert (place.ok("status"), place.mailed) == (before, mailed)
    assert place.statuses() == {"alice@example.org": "active", "bob@example.org": "left", None: "erased"}
    assert place.run("readers", "add", "dave@example.org", "--consent", "fair").exit_code != 0


def test_an_issue_that_the_backup_does_not_have_is_taken_over_whole(place: Place) -> None:
    backup = place.backup()
    approve_an_issue(place, 2)
    place.ok("send", "2")
    place.ok("restore", str(backup))
    assert "Issue #2: sent" in place.ok("status", "2")
    assert "Issue #1: approved" in place.ok("status", "1")
    assert place.mailed == 3
    place.ok("send", "1")
    assert place.mailed == 6


def _as_it_is(place: Place, copy: Path) -> None:
    """Leave the database as it is."""


def _put_by_hand(place: Place, copy: Path) -> None:
    if (place.folder / "subscribers.db").exists():
        shutil.copy(copy, place.folder / "subscribers.db")
    else:
        with closing(place.open()) as app, app.database.write() as connection:
            connection.exec_driver_sql("UPDATE installation SET begun = 0")


def _without_marks(place: Place, copy: Path) -> None:
    (place.folder / "keys" / "marks").write_text("no marks")
    with closing(place.open()) as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE installation SET epoch = '00000000-9-00000000'")


@pytest.mark.parametrize("state", [_as_it_is, _put_by_hand, _without_marks])
def test_who_left_or_agreed_is_taken_over_from_any_database_that_can_be_read(
    place: Place, tmp_path: Path, clock: MovedClock, state: Callable[[Place, Path], None]
) -> None:
    place.join("zora@example.org")
    origin = ConsentOrigin(channel=ConsentChannel.FORM)
    with closing(place.open()) as app:
        app.subscribing.subscribe("kofi@example.org", "192.0.2.0/24", origin, THURSDAY)
    backup = place.backup()
    copy = tmp_path / "copy.db"
    with tarfile.open(backup) as archive, copy.open("wb") as out:
        shutil.copyfileobj(archive.extractfile("subscribers.db"), out)  # type: ignore[arg-type]
    place.ok("send", "1")
    state(place, copy)
    place.ok("readers", "leave", "bob@example.org")
    place.ok("readers", "erase", "carol@example.org", "--yes")
    place.ok("readers", "suppress", "zora@example.org", "--reason", "wrote to us")
    place.join("dave@example.org")
    with closing(place.open()) as app, app.database.write() as connection:
        values = {"status": "active", "status_at": THURSDAY, "confirmed_at": THURSDAY}
        connection.execute(update(readers).where(readers.c.address_key == "kofi@example.org").values(values))
    before = place.statuses()
    said = place.ok("restore", str(backup))
    assert "readers who left since" in said
    assert "1 reader who confirmed since" in said
    assert "1 reader who joined since" in said
    assert "active again" not in said
    assert (LOST in said) == (state is not _as_it_is)
    assert place.statuses() == {name: at for name, at in before.items() if name != "dave@example.org"}


def _never_used(folder: Path) -> Place:
    """Make an installation with keys of its own, which those of other tests share."""
    make_installation(folder, example=True)
    return Place(folder)


@pytest.mark.parametrize("keys", ["--keys", "--no-keys"])
def test_a_backup_of_another_installation_takes_no_ones_place(here: Place, tmp_path: Path, keys: str) -> None:
    other = _never_used(tmp_path / "other")
    other.join("zora@example.org")
    before = (here.ok("status"), here.statuses(), (here.folder / "keys" / "suppression").read_bytes())
    file = tmp_path / "other.tar.gz"
    other.ok("backup", keys, str(file))
    result = here.run("restore", str(file))
    assert (result.exit_code, "another installation" in result.output) == (2, True)
    assert (here.ok("status"), here.statuses(), (here.folder / "keys" / "suppression").read_bytes()) == before


def test_on_a_new_machine_a_backup_brings_its_keys(here: Place, tmp_path: Path) -> None:
    """So those who left stay out, and links in mails that went out open what they always did."""
    here.ok("readers", "suppress", "dave@example.org", "--reason", "left")
    with closing(here.open()) as app:
        token = app.links.token(Purpose.PREFERENCES, 1)
    backup = here.backup()
    there = _never_used(tmp_path / "there")
    settings = there.folder / "newsletter.toml"
    settings.write_text(settings.read_text() + "\n# here\n")
    said = there.ok("restore", str(backup), "--none-sent")
    assert "There is no database that knows of anything after" in said
    assert "those of the backup are others" in said
    assert there.statuses() == here.statuses()
    assert there.run("readers", "add", "dave@example.org", "--consent", "fair").exit_code != 0
    assert "Sending may go on" in said
    with closing(there.open()) as app:
        assert app.links.read(Purpose.PREFERENCES, token)


def test_another_key_than_the_databases_is_noticed(here: Place, tmp_path: Path) -> None:
    shutil.copy(
        _never_used(tmp_path / "other").folder / "keys" / "suppression", here.folder / "keys" / "suppression"
    )
    for words in (("readers", "suppress", "dave@example.org", "--reason", "left"), ("send", "1")):
        result = here.run(*words)
        assert (result.exit_code, "is not the key" in result.output) == (1, True), result.output


def test_what_is_queued_while_nothing_is_sent_goes_out_afterwards(here: Place) -> None:
    backup = here.backup()
    (here.folder / "subscribers.db").write_bytes(b"nothing of the sort")
    here.ok("restore", str(backup))
    with closing(here.open()) as app:
        origin = ConsentOrigin(channel=ConsentChannel.FORM)
        app.subscribing.subscribe("kofi@example.org", "192.0.2.0/24", origin, datetime.now(UTC))
    assert "1 waits" in here.ok("status")
    here.ok("restore", "--none-sent")
    here.ok("mails", "send")
    assert here.mailed == 1


def test_an_unsure_mail_of_a_copy_can_be_sent_again(here: Place) -> None:
    with closing(here.open()) as app:
        app.subscribing.subscribe(
            "kofi@example.org", "192.0.2.0/24", ConsentOrigin(channel=ConsentChannel.FORM), THURSDAY
        )
    backup = here.backup()
    (here.folder / "subscribers.db").write_bytes(b"nothing of the sort")
    here.ok("restore", str(backup), "--none-sent")
    assert "unsure" in here.ok("mails", "list")
    here.ok("mails", "resend", "--all")
    here.ok("mails", "send")
    assert here.mailed == 1


@pytest.mark.parametrize("command_", ["backup", "restore"])
def test_a_full_disk_is_told_from_a_damaged_backup(here: Place, command_: str) -> None:
    backup = here.backup()
    before = here.statuses()
    words = (
        ("backup", str(backup.with_name("second.tar.gz")))
        if command_ == "backup"
        else ("restore", str(backup))
    )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # What the kernel refuses a process that may write no more looks like a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        result = here.run(*words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (result.exit_code, "the disk is full" in result.output) == (1, True), result.output
    assert here.statuses() == before


def test_who_joined_and_left_since_is_not_brought_back_by_the_file_that_brought_them(place: Place) -> None:
    backup = place.backup()
    place.join("ann@example.org", "bea@example.org")
    place.ok("readers", "leave", "ann@example.org")
    place.ok("restore", str(backup))
    assert place.run("readers", "add", "ann@example.org", "--consent", "fair").exit_code != 0
    assert place.run("readers", "add", "bea@example.org", "--consent", "fair").exit_code == 0


@pytest.mark.parametrize("waited", [False, True])
def test_an_address_that_was_changed_since_stays_changed(
    place: Place, clock: MovedClock, waited: bool
) -> None:
    page = ConsentOrigin(channel=ConsentChannel.PAGE)
    backup = place.backup()
    with closing(place.open()) as app:
        app.subscribing.change_address(2, "robert@example.org", "192.0.2.0/24", page, THURSDAY)
        if waited:
            backup = place.backup()
        with app.database.read() as connection:
            values = connection.execute(select(mails.c["values"])).scalar_one()
        app.subscribing.confirm(values["confirm_url"].rpartition("/")[2], THURSDAY)
    before = place.statuses()
    assert "1 reader who changed their address since" in place.ok("restore", str(backup))
    after = place.statuses()
    assert (after.get("robert@example.org"), "bob@example.org" in after) == ("active", False)
    assert {name for name in after if name} == {name for name in before if name}


def test_who_left_before_and_agreed_again_since_is_a_reader(place: Place) -> None:
    place.ok("readers", "leave", "bob@example.org")
    backup = place.backup()
    with closing(place.open()) as app, app.database.write() as connection:
        again = {"status": "active", "status_at": THURSDAY, "confirmed_at": datetime.now(UTC)}
        connection.execute(update(readers).where(readers.c.address_key == "bob@example.org").values(again))
    assert "1 reader who confirmed since" in place.ok("restore", str(backup))
    assert place.statuses()["bob@example.org"] == "active"


@pytest.mark.parametrize(("kind", "stays"), [("left", False), ("operator", True)])
def test_an_entry_of_an_older_database_gives_way_to_a_later_agreement(
    here: Place, tmp_path: Path, kind: str, stays: bool
) -> None:
    here.ok("readers", "suppress", "hal@example.org", "--reason", "elsewhere", "--kind", kind)
    older = shutil.copy(here.folder / "subscribers.db", tmp_path / "older.db")
    with closing(here.open()) as app, app.database.write() as connection:
        connection.execute(delete(suppressions))
    here.join("hal@example.org")
    with closing(here.open()) as app, app.database.write() as connection:
        agreed = {"confirmed_at": datetime.now(UTC)}
        connection.execute(update(readers).where(readers.c.address_key == "hal@example.org").values(agreed))
    backup = here.backup()
    here.ok("send", "1")
    shutil.copy(older, here.folder / "subscribers.db")
    here.ok("restore", str(backup))
    assert here.statuses()["hal@example.org"] == "active"
    listed = here.ok("readers", "list", "--suppressed", "--json")
    assert (len(json.loads(listed)) == 1) == stays


def _another_programs(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER)")


def _a_later_releases(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    "lose",
    [
        lambda file: file.write_bytes(b"no database any more"),
        lambda file: file.write_bytes(b""),
        lambda file: file.unlink(),
        _another_programs,
        _a_later_releases,
    ],
    ids=["damaged", "emptied", "gone", "another program's", "a later release's"],
)
def test_where_nobody_knows_what_went_out_a_person_is_asked(
    here: Place, lose: Callable[[Path], object]
) -> None:
    backup = here.backup()
    here.ok("send", "1")
    [one, *_] = sorted((here.folder / "outbox" / "new").iterdir())
    one.unlink()
    lose(here.folder / "subscribers.db")
    said = here.ok("restore", str(backup))
    assert LOST in said
    assert "Issue #1 was started since" in said
    assert "active again" in said
    for refused in (("send", "1"), ("mails", "send")):
        result = here.run(*refused)
        assert (result.exit_code, LOST in result.output) == (2, True)
    assert "Issue #1 is sent: 2 accepted, 1 unsure." in here.ok("restore", "--sent", "1")
    assert "already" in here.ok("send", "1")
    assert here.mailed == 2
    assert "put back from a copy" in " ".join(here.ok("unsure", "1").split())


def test_a_file_that_was_put_back_by_hand_is_known_for_a_copy(here: Place, tmp_path: Path) -> None:
    database, copy = here.folder / "subscribers.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    here.ok("send", "1")
    shutil.copy(copy, database)
    assert here.run("send", "1").exit_code == 2
    assert LOST in here.run("status").output
    assert "by itself nothing: " in here.run("status", "1").output
    with closing(here.open()) as app:
        ready = Visitor(make_web(app)).get("/readyz")
    assert (ready.status_code, "nothing is sent" in ready.text) == (503, True)
    here.ok("restore", "--none-sent")
    here.ok("send", "1")
    assert here.mailed == 3


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_database_of_postgresql_that_was_put_back_or_copied_is_known(place: Place) -> None:
    place.ok("send", "1")
    approve_an_issue(place, 2)
    with closing(place.open()) as app, app.database.write() as connection:
        # What a dump from before says.
        connection.exec_driver_sql("UPDATE installation SET begun = begun - 1")
    assert LOST in place.run("send", "2").output
    place.ok("restore", "--sent", "1")
    with closing(place.open()) as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE installation SET place = '7:16384'")
    assert "This is a copy" in place.run("send", "2").output
    place.ok("restore", "--moved")
    place.ok("send", "2")


def test_a_copied_folder_sends_nothing_before_somebody_says_it_is_the_one(here: Place) -> None:
    here.ok("send", "1")
    approve_an_issue(here, 2)
    copy = copied(here)
    here.ok("send", "2")
    refused = copy.run("send", "2")
    assert (refused.exit_code, "This is a copy" in refused.output) == (2, True)
    assert "This is a copy" in copy.run("status").output
    assert copy.mailed == 3
    assert "Sending may go on" in copy.ok("restore", "--moved")
    copy.ok("send", "2")
    assert copy.mailed == 6


def test_a_copy_of_a_database_that_is_behind_stays_behind_when_it_is_moved(here: Place) -> None:
    copy = copied(here)
    here.ok("send", "1")
    shutil.copy(here.folder / "keys" / "marks", copy.folder / "keys" / "marks")
    assert LOST in copy.ok("restore", "--moved")


def test_after_a_restore_nobody_has_the_links_of_who_had_their_number(here: Place, clock: MovedClock) -> None:
    backup = here.backup()
    origin = ConsentOrigin(channel=ConsentChannel.FORM)
    with closing(here.open()) as app:
        app.subscribing.subscribe("zora@example.org", "192.0.2.0/24", origin, clock.now())
        with app.database.read() as connection:
            values = connection.execute(select(mails.c["values"])).scalar_one()
            zora = connection.execute(select(readers.c.id).where(readers.c.address_key == "zora@example.org"))
            number = zora.scalar_one()
            alice = connection.execute(select(readers.c.salt).where(readers.c.id == 1)).scalar_one()
    confirm = values["confirm_url"].rpartition("/")[2]
    here.ok("restore", str(backup))
    with closing(here.open()) as app:
        app.subscribing.subscribe("kofi@example.org", "192.0.2.0/24", origin, clock.now())
        with app.database.read() as connection:
            kofi = connection.execute(select(readers.c.id).where(readers.c.address_key == "kofi@example.org"))
            assert kofi.scalar_one() == number
        web = Visitor(make_web(app))
        answers = {web.get(f"/confirm/{confirm}").status_code, web.post(f"/confirm/{confirm}").status_code}
        assert answers == {400}
        hers = link("", Purpose.PREFERENCES, app.links.token(Purpose.PREFERENCES, 1, 1, alice))
        assert web.get(hers).status_code == 200
    assert here.statuses()["kofi@example.org"] == "unconfirmed"


def test_a_single_mail_that_waited_in_the_copy_is_not_sent_twice(here: Place) -> None:
    with closing(here.open()) as app, app.database.write() as connection:
        values = {"next_issue": "", "latest_url": "", "preferences_url": "", "unsubscribe_url": ""}
        queue_mail(connection, MailKind.WELCOME, "welcome:1", 1, values, THURSDAY)
    backup = here.backup()
    here.ok("mails", "send")
    here.ok("restore", str(backup))
    assert "0 mails sent" in here.ok("mails", "send")
    (here.folder / "subscribers.db").unlink()
    here.ok("restore", str(backup))
    with closing(here.open()) as app, app.database.read() as connection:
        assert connection.execute(select(mails.c.status)).scalars().all() == [MailStatus.UNSURE]


def test_nobody_signs_in_again_by_an_old_session(here: Place) -> None:
    editor = {
        "address": "eve@example.org",
        "address_key": "eve@example.org",
        "name": "Eve",
        "added_at": THURSDAY,
    }
    session = {
        "token_hash": "x",
        "editor_id": 1,
        "made_at": THURSDAY,
        "seen_at": THURSDAY,
        "expires_at": THURSDAY,
    }
    with closing(here.open()) as app, app.database.write() as connection:
        connection.execute(insert(editors).values(**editor, role=EditorRole.WRITER))
        connection.execute(insert(editor_sessions).values(session))
    backup = here.backup()
    with closing(here.open()) as app, app.database.write() as connection:
        connection.execute(update(editors).values(revoked_at=THURSDAY))
    here.ok("restore", str(backup))
    with closing(here.open()) as app, app.database.read() as connection:
        assert connection.execute(select(editors.c.revoked_at)).scalars().all() == [THURSDAY]
        assert connection.execute(select(editor_sessions)).all() == []


def test_numbers_that_the_copy_forgot_are_not_given_again(here: Place) -> None:
    backup = here.backup()
    with closing(here.open()) as app:
        app.marks.require()
        app.marks.note(issue_id=7, numbers={Edition.WEEKLY: 5})
    (here.folder / "subscribers.db").unlink()
    here.ok("restore", str(backup))
    with closing(here.open()) as app, app.database.write() as connection:
        issue = add_issue(
            connection,
            edition=Edition.WEEKLY,
            slot="2026-12-03T09:00",
            cutoff_at=THURSDAY,
            send_at=THURSDAY,
            now=THURSDAY,
        )
        assert (issue.id, next_number(connection, issue.edition)) == (8, 6)


def test_a_log_that_was_left_behind_does_not_get_into_the_copy(here: Place) -> None:
    backup = here.backup()
    left = here.folder / "subscribers.db-wal"
    holder = sqlite3.connect(here.folder / "subscribers.db")
    holder.execute("UPDATE readers SET name = 'late'")
    holder.commit()
    log = left.read_bytes()
    holder.close()
    (here.folder / "subscribers.db").write_bytes(b"gone")
    left.write_bytes(log)
    here.ok("restore", str(backup))
    with closing(here.open()) as app, app.database.read() as connection:
        assert set(connection.execute(select(readers.c.name)).scalars()) == {""}


def test_a_database_in_use_is_left_alone(place: Place) -> None:
    backup = place.backup()
    with closing(place.open()) as app:
        with app.database.read() as connection:
            connection.execute(select(readers.c.id)).all()
            result = place.run("restore", str(backup))
        assert (result.exit_code, "is in use" in result.output) == (1, True)
        assert "Stop newsletter serve" in result.output
        if app.database.dialect != "sqlite":
            # One that idles, as a pool's.
            assert place.run("restore", str(backup)).exit_code == 1
            place.ok("restore", "--force", str(backup))
    place.ok("restore", str(backup))


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_new_database_of_postgresql_begins_without_a_word(place: Place, tmp_path: Path) -> None:
    make_installation(tmp_path / "new")
    shutil.copy(tmp_path / "new" / "keys" / "marks", place.folder / "keys" / "marks")
    assert LOST not in place.ok("status")
    place.ok("send", "1")
    assert place.mailed == 3
    with closing(place.open()) as app, app.database.write() as connection:
        # Another one that is new, where something was sent.
        connection.exec_driver_sql("UPDATE installation SET epoch = '', begun = 0, place = ''")
    assert LOST in place.ok("status")


def test_an_installation_moves_to_postgresql(here: Place, new_postgres: Callable[[str], str]) -> None:
    here.ok("send", "1")
    approve_an_issue(here, 2)
    backup, settings = here.backup(), here.folder / "newsletter.toml"
    url = new_postgres("moved")
    settings.write_text(settings.read_text().replace('# database_url = ""', f'database_url = "{url}"'))
    here.ok("restore", str(backup))
    here.ok("restore", "--none-sent")
    assert "already" in here.ok("send", "1")
    here.ok("send", "2")
    assert here.mailed == 6


def test_a_copy_from_before_there_were_marks_is_put_back_and_asked_about(here: Place, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(open_database(f"sqlite:///{old}")) as database, database.write() as connection:
        command.upgrade(_config(connection), "0003")
        person = (
            "'alice@example.org', 'alice@example.org', 'active', '2026-11-16 08:00:00', '2026-11-16 08:00:00'"
        )
        columns = "id, address, address_key, status, status_at, added_at"
        connection.exec_driver_sql(f"INSERT INTO readers ({columns}) VALUES (1, {person})")
    here.ok("send", "1")
    (here.folder / "subscribers.db").unlink()
    assert LOST in here.ok("restore", str(old))
    here.ok("restore", "--none-sent")
    assert here.statuses() == {"alice@example.org": "active"}
    with closing(here.open()) as app:
        earlier = app.links.token(Purpose.PREFERENCES, 1)
        assert Visitor(make_web(app)).get(f"/preferences/{earlier}").status_code == 200


def test_on_a_new_machine_keys_and_settings_come_from_the_backup(here: Place, tmp_path: Path) -> None:
    fresh = Place(tmp_path / "fresh")
    assert "Nothing is sent until you say" in fresh.ok("restore", str(here.backup()))
    for name in ("links", "suppression"):
        assert (fresh.folder / "keys" / name).read_bytes() == (here.folder / "keys" / name).read_bytes()
    fresh.ok("restore", "--none-sent")
    fresh.ok("send", "1")


def a_text(folder: Path) -> Path:
    file = folder / "notes.txt"
    file.write_text("not a backup")
    return file


def half(folder: Path) -> Path:
    whole = folder / "backup.tar.gz"
    file = folder / "half.tar.gz"
    file.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return file


def without_a_database(folder: Path) -> Path:
    file = folder / "other.tar"
    with tarfile.open(file, "w") as archive:
        archive.add(a_text(folder), "../subscribers.db")
    return file


def another_program(folder: Path) -> Path:
    file = folder / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE people (address TEXT)")
    return file


def of_a_later_release(folder: Path) -> Path:
    file = folder / "later.db"
    with closing(sqlite3.connect(folder / "weekly" / "subscribers.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(file),))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    return file


def damaged(folder: Path) -> Path:
    file = folder / "damaged.db"
    with closing(sqlite3.connect(folder / "weekly" / "subscribers.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(file),))
    with file.open("r+b") as bytes_of:
        bytes_of.seek(4096)
        bytes_of.write(b"alice@example.org" * 3000)
    return file


@pytest.mark.parametrize(
    "make", [a_text, half, without_a_database, another_program, of_a_later_release, damaged]
)
def test_a_file_that_is_no_backup_changes_nothing(here: Place, tmp_path: Path, make: object) -> None:
    here.backup()
    assert callable(make)
    file = make(tmp_path)
    before = (here.folder / "subscribers.db").read_bytes()
    result = here.run("restore", str(file))
    assert result.exit_code in (1, 2)
    assert result.output.startswith("newsletter: ")
    assert "@" not in result.output
    assert len(result.output.splitlines()) == 1
    assert (here.folder / "subscribers.db").read_bytes() == before
    assert [each for each in here.folder.iterdir() if each.name.startswith(".newsletter-")] == []


def test_a_draft_or_an_issue_left_unnamed_is_asked_about(here: Place) -> None:
    here.ok("send", "1")
    with closing(here.open()) as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE installation SET begun = 0")
        connection.execute(update(issues).values(status=IssueStatus.PAUSED))
    approve_an_issue(here, 2)
    result = here.run("restore", "--sent", "2")
    assert (result.exit_code, "issue #1 was going out" in result.output) == (2, True)
