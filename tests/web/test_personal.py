import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.clock import MovedClock
from newsletter.db.statuses import ConsentChannel, Edition, ReaderStatus
from newsletter.delivery.erasing import Retention
from newsletter.errors import StoreBusy
from newsletter.readers.admin import take_off
from newsletter.readers.links import Purpose
from tests.web.house import House, heading, path_in

ALICE = "alice@example.org"


@pytest.fixture
def reader_id(house: House) -> int:
    return house.add(ALICE)


@pytest.fixture
def path(house: House, reader_id: int) -> str:
    return f"/personal/{house.token(Purpose.PERSONAL, reader_id)}"


def files_with(folder: Path, word: bytes) -> list[str]:
    """The files of an installation in which a word stands, whatever case."""
    found = (file for file in folder.rglob("*") if file.is_file() and word in file.read_bytes().lower())
    return sorted(str(file.relative_to(folder)) for file in found)


def test_the_page_shows_what_is_kept_for_an_hour(house: House, path: str, clock: MovedClock) -> None:
    page = house.get(path)
    assert ALICE in page.text
    assert "added" in page.text
    clock.move(timedelta(hours=1))
    assert house.get(path).status_code == 200
    clock.move(timedelta(seconds=1))
    for answer in (house.get(path), house.get(f"{path}/export"), house.post(f"{path}/erase", sure="yes")):
        assert (answer.status_code, heading(answer)) == (400, "This link does not work")
    assert house.find(ALICE) is not None


def test_the_export_holds_everything(house: House, path: str) -> None:
    answer = house.get(f"{path}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    document = json.loads(answer.content)
    assert document["address"] == ALICE
    assert [each["event"] for each in document["consent"]] == ["added"]
    assert {"topics", "tools", "issues", "mails", "reports"} <= document.keys()


def test_erasing_wants_a_tick_and_then_leaves_no_file_with_the_address(house: House, path: str) -> None:
    house.post("/subscribe", address="bob@example.org")
    house.mails("bob@example.org")
    house.post(path.replace("personal", "preferences"))
    house.post(f"{path}/address", address="alice.new@example.org")
    house.mails("alice.new@example.org")
    folder = house.app.settings.folder
    assert len(files_with(folder, b"alice")) >= 2
    assert house.post(f"{path}/erase").status_code == 422
    answer = house.post(f"{path}/erase", sure="yes")
    assert heading(answer) == "Everything is erased"
    assert files_with(folder, b"alice") == []
    assert files_with(folder, b"bob@example.org") != []
    assert len(house.rows()["suppressions"]) == 1
    assert house.get(path).status_code == 400


def test_a_copy_that_was_read_in_the_outbox_goes_too(house: House, reader_id: int) -> None:
    house.post(f"/preferences/{house.token(Purpose.PREFERENCES, reader_id)}/link")
    house.mails(ALICE)
    outbox = house.app.settings.path(house.app.settings.paths.outbox)
    (mail,) = (outbox / "new").iterdir()
    mail.rename(outbox / "cur" / f"{mail.name}:2,S")
    house.app.eraser.erase(reader_id, ConsentChannel.PAGE)
    assert list((outbox / "cur").iterdir()) == []


def test_the_log_waits_for_whoever_reads_and_says_so_when_it_takes_too_long(
    house: House, reader_id: int
) -> None:
    database = house.app.settings.folder / "subscribers.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as slow:
        slow.execute("BEGIN")
        slow.execute("SELECT count(*) FROM readers").fetchone()
        with pytest.raises(StoreBusy, match="could not be emptied"):
            house.app.eraser.erase(reader_id, ConsentChannel.PAGE)
    house.app.eraser.tidy(Retention(unconfirmed=timedelta(1), left=timedelta(1), mails=timedelta(1)))
    assert files_with(house.app.settings.folder, b"alice") == []


def test_an_address_changes_once_the_new_one_agrees(house: House, path: str, reader_id: int) -> None:
    house.post(f"/preferences/{house.token(Purpose.PREFERENCES, reader_id)}", edition="monthly")
    assert heading(house.post(f"{path}/address", address="new@example.org")) == "Check the new mailbox"
    assert house.reader(reader_id).address == ALICE
    (mail,) = house.mails("new@example.org")
    assert heading(house.post(path_in(mail, "confirm"))) == "Your address has changed"
    reader = house.reader(reader_id)
    assert (reader.address, reader.status, reader.preferences.edition) == (
        "new@example.org",
        ReaderStatus.ACTIVE,
        Edition.MONTHLY,
    )
    assert house.find(ALICE) is None
    house.app.eraser.erase(reader_id, ConsentChannel.PAGE)
    assert files_with(house.app.settings.folder, b"new@example.org") == []


def test_somebody_elses_address_is_not_taken_and_not_betrayed(house: House, path: str) -> None:
    other = house.add("bob@example.org")
    answer = house.post(f"{path}/address", address="bob@example.org")
    assert heading(answer) == "Check the new mailbox"
    assert house.mails("bob@example.org") == []
    assert house.reader(other).address == "bob@example.org"


def test_nobody_floods_mailboxes_by_changing_the_address(house: House, path: str) -> None:
    before = len(house.rows()["mails"])
    answers = [
        house.post(f"{path}/address", address=f"victim{number}@example.org").status_code
        for number in range(30)
    ]
    assert (answers.count(200), answers.count(422)) == (20, 10)
    assert "very many sign-ups" in house.post(f"{path}/address", address="one@example.org").text
    assert len(house.rows()["mails"]) == before + 20


def test_a_wrong_new_address_is_said_so(house: House, path: str) -> None:
    answer = house.post(f"{path}/address", address="x@example.org\r\nBcc: y@example.org")
    assert answer.status_code == 422
    assert "is no mail address" in answer.text


def test_what_is_over_is_let_go_in_the_night(house: House, clock: MovedClock) -> None:
    house.add("left@example.org")
    house.add("stays@example.org")
    take_off(house.app.database, "left@example.org", now=clock.now())
    house.post("/subscribe", address="never@example.org")
    house.mails("never@example.org")
    clock.move(timedelta(days=100))
    keep = Retention(unconfirmed=timedelta(days=30), left=timedelta(days=90), mails=timedelta(days=90))
    tidied = house.app.eraser.tidy(keep)
    assert (tidied.unconfirmed, tidied.left, tidied.mails) == (1, 1, 1)
    folder = house.app.settings.folder
    assert files_with(folder, b"left@example.org") == files_with(folder, b"never@example.org") == []
    assert house.find("stays@example.org") is not None
    assert house.rows()["sign_up_counts"] == []
