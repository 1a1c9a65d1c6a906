"""MailboxSummary reports from a Maildir and from an IMAP server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.clock import MovedClock
from newsletter.config import Tls
from newsletter.db.engine import Database
from newsletter.db.statuses import ReaderStatus, ReportKind
from newsletter.delivery.bounces.mailbox import (
    Imap,
    ImapAccount,
    Mailbox,
    MailboxSummary,
    MailboxTrouble,
    Maildir,
    read_mailbox,
)
from tests.conftest import THURSDAY
from tests.delivery.bounces.shapes import (
    MESSAGE_IDS,
    UNSUBSCRIBE,
    complaint,
    dsn,
    leaving,
    original,
    out_of_office,
)
from tests.delivery.bounces.test_handling import handler, reader_status, went_out
from tests.delivery.house import add_readers
from tests.standins.imap import Box, imap_server

LETTER = b"From: Alice <alice@example.org>\nSubject: Thank you\n\nI like it.\n"


@pytest.fixture
def house(sqlite_database: Database) -> Database:
    add_readers(sqlite_database, 3)
    went_out(sqlite_database)
    return sqlite_database


@pytest.fixture
def box() -> Iterator[Box]:
    with imap_server() as served:
        yield served


def maildir(folder: Path, *mails: bytes) -> Path:
    (folder / "new").mkdir(parents=True)
    for number, raw in enumerate(mails):
        (folder / "new" / f"{number}.host").write_bytes(raw)
    return folder


def account(box: Box, password: str = "secret") -> ImapAccount:
    return ImapAccount(host="127.0.0.1", port=box.port, tls=Tls.NONE, user="desk", password=password)


def read(house: Database, mailbox: Mailbox, clock: MovedClock) -> MailboxSummary:
    return read_mailbox(mailbox, handler(house), clock)


MAILS = (
    dsn(original(1, 1, UNSUBSCRIBE)),
    LETTER,
    complaint(original(1, 2, UNSUBSCRIBE)),
    out_of_office(MESSAGE_IDS.return_path(1, 3)),
)


def test_reports_of_a_maildir_are_acted_on_and_letters_left(
    house: Database, clock: MovedClock, tmp_path: Path
) -> None:
    folder = maildir(tmp_path / "box", *MAILS)
    reading = read(house, Maildir(folder=folder), clock)
    assert reading.outcomes == {
        (ReportKind.BOUNCE, "dead address"): 1,
        (ReportKind.COMPLAINT, "complained"): 1,
        (ReportKind.AUTO_REPLY, "nothing to do"): 1,
    }
    assert reading.others == 1
    assert [each.name for each in (folder / "new").iterdir()] == ["1.host"]
    assert sorted(each.name for each in (folder / "cur").iterdir()) == [
        "0.host:2,S",
        "2.host:2,S",
        "3.host:2,S",
    ]
    assert (reader_status(house, 1), reader_status(house, 2)) == (
        ReaderStatus.BOUNCED,
        ReaderStatus.COMPLAINED,
    )


def test_a_report_that_was_acted_on_may_be_deleted(
    house: Database, clock: MovedClock, tmp_path: Path
) -> None:
    folder = maildir(tmp_path / "box", *MAILS)
    read(house, Maildir(folder=folder, delete=True), clock)
    assert [each.name for each in folder.rglob("*.host*")] == ["1.host"]


def test_a_complaint_that_we_cannot_match_stays_for_somebody_to_see(
    house: Database, clock: MovedClock, tmp_path: Path
) -> None:
    folder = maildir(tmp_path / "box", complaint(original(1, 1)))
    for _ in range(2):
        reading = read(house, Maildir(folder=folder), clock)
        assert reading.outcomes == {(ReportKind.COMPLAINT, "no mark of ours"): 1}


def test_a_folder_that_is_no_maildir_is_named(house: Database, clock: MovedClock, tmp_path: Path) -> None:
    with pytest.raises(MailboxTrouble, match=r"new cannot be read: No such file or directory"):
        read(house, Maildir(folder=tmp_path), clock)


def test_an_imap_mailbox_is_read_from_where_it_was_left_and_not_changed(
    house: Database, clock: MovedClock, box: Box
) -> None:
    for raw in MAILS:
        box.add(raw)
    assert read(house, Imap(account(box), house), clock).reports == 3
    again = read(house, Imap(account(box), house), clock)
    assert (again.reports, again.others) == (0, 0)
    box.add(leaving(3, 1))
    assert read(house, Imap(account(box), house), clock).outcomes == {(ReportKind.LEAVING, "left"): 1}
    assert box.deleted == set()
    assert not any(command.startswith(("SELECT", "UID STORE")) for command in box.commands)


def test_a_mailbox_whose_numbers_began_anew_is_read_again_and_nothing_done_twice(
    house: Database, clock: MovedClock, box: Box
) -> None:
    box.add(MAILS[0])
    read(house, Imap(account(box), house), clock)
    box.validity = 8
    assert read(house, Imap(account(box), house), clock).outcomes == {(ReportKind.BOUNCE, "read before"): 1}


@pytest.mark.parametrize(("uidplus", "left"), [(True, [2]), (False, [1, 2, 3, 4])])
def test_reports_may_be_deleted_and_nobody_elses_mail(
    house: Database, clock: MovedClock, box: Box, uidplus: bool, left: list[int]
) -> None:
    box.uidplus = uidplus
    for raw in (*MAILS[:3], out_of_office(MESSAGE_IDS.return_path(1, 3))):
        box.add(raw)
    read(house, Imap(account(box), house, delete=True), clock)
    assert sorted(box.mails) == left
    assert box.deleted == {1, 3, 4}


def test_a_wrong_password_is_said(house: Database, clock: MovedClock, box: Box) -> None:
    with pytest.raises(MailboxTrouble, match="wrong password"):
        read(house, Imap(account(box, "guess"), house), clock)


def test_a_server_that_is_not_there_is_named(house: Database, clock: MovedClock, box: Box) -> None:
    nobody = ImapAccount(host="127.0.0.1", port=1, tls=Tls.NONE)
    with pytest.raises(MailboxTrouble, match=r"imap://127.0.0.1:1/INBOX cannot be read"):
        read(house, Imap(nobody, house), clock)


def test_a_name_and_a_password_beyond_ascii_go_by_sasl(house: Database, box: Box) -> None:
    theirs = ImapAccount(host="127.0.0.1", port=box.port, tls=Tls.NONE, user="jörg", password="grün€heim")
    assert read_mailbox(Imap(theirs, house), handler(house), MovedClock(THURSDAY)).others == 0
    assert box.logins == [("jörg", "grün€heim")]
    box.auth_plain = False
    with pytest.raises(MailboxTrouble, match="does not offer AUTH=PLAIN"):
        read_mailbox(Imap(theirs, house), handler(house), MovedClock(THURSDAY))


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("INBOX", '"INBOX"'),
        ("Rückläufer", '"R&APw-ckl&AOQ-ufer"'),
        ("Lists & 退信", '"Lists &- &kABP4Q-"'),
        ('a "b" \\c', r'"a \"b\" \\c"'),
    ],
)
def test_a_folder_may_be_called_anything(house: Database, box: Box, folder: str, said: str) -> None:
    mailbox = Imap(replace(account(box), folder=folder), house)
    read_mailbox(mailbox, handler(house), MovedClock(THURSDAY))
    assert f"EXAMINE {said}" in box.commands
