"""The marks: they only go up, whoever writes them, and where they cannot be trusted nothing is sent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import insert

from newsletter.db.engine import Database
from newsletter.db.schema import installation
from newsletter.db.statuses import Edition
from newsletter.delivery.marks import Marks, StartedIssue, advance, next_epoch, read_mark
from newsletter.errors import StoreStale
from newsletter.readers.keys import make_suppression_key


@pytest.fixture
def marks(database: Database, tmp_path: Path) -> Marks:
    """Marks that were made by a first sending."""
    with database.write() as connection:
        connection.execute(insert(installation).values(id=1))
    make_suppression_key(tmp_path / "key")
    made = Marks(database=database, file=tmp_path / "marks", anchor=tmp_path / "key")
    made.require()
    return made


def begin(marks: Marks) -> None:
    with marks.database.write() as connection:
        begun = advance(connection)
    marks.note(begun=begun)


def test_the_file_says_what_the_database_says_after_any_number_of_writers(marks: Marks) -> None:
    def work() -> None:
        for _ in range(20):
            begin(marks)

    workers = [Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    kept = marks.read_file()
    assert (kept and kept.begun, marks.trouble()) == (80, "")


def test_nothing_that_is_noted_goes_down(marks: Marks) -> None:
    started = StartedIssue(id=7, salt=1, label="#3", begun=2)
    marks.note(begun=5, issue_id=7, numbers={Edition.WEEKLY: 3}, started=started)
    marks.note(begun=4, issue_id=6, numbers={Edition.WEEKLY: 2}, started=started)
    kept = marks.read_file()
    assert kept is not None
    assert (kept.begun, kept.issue_id, kept.weekly, kept.started) == (5, 7, 3, (started,))


def emptied(file: Path) -> None:
    file.write_text("")


def overwritten(file: Path) -> None:
    file.write_text("what is this\n{}\n")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:30])


def raised(file: Path) -> None:
    file.write_text(file.read_text().replace("0" * 20, "0" * 19 + "1", 1))


@pytest.mark.parametrize("spoil", [emptied, overwritten, cut, raised])
def test_marks_that_cannot_be_trusted_stop_everything(marks: Marks, spoil: Callable[[Path], None]) -> None:
    spoil(marks.file)
    with pytest.raises(StoreStale, match="Nothing is sent until you say"):
        marks.require()


def test_a_lost_file_stops_everything_but_one_more_machine_on_postgresql(marks: Marks) -> None:
    marks.file.unlink()
    if marks.database.dialect == "sqlite":
        with pytest.raises(StoreStale, match="is missing"):
            marks.require()
    else:
        marks.require()
        assert marks.file.exists()


def test_every_restore_begins_another_epoch_of_the_same_lineage() -> None:
    first = next_epoch()
    one, other = next_epoch(first), next_epoch("", first)
    assert one != other
    assert {each.rpartition("-")[0] for each in (one, other)} == {f"{first.partition('-')[0]}-2"}


def test_machines_on_one_postgresql_wait_and_go_on_together(
    postgres_database: Database, tmp_path: Path
) -> None:
    with postgres_database.write() as connection:
        connection.execute(insert(installation).values(id=1))
    here, there = (
        Marks(database=postgres_database, file=tmp_path / name / "marks", anchor=tmp_path) for name in "ab"
    )
    here.require()
    there.require()
    begin(there)
    with postgres_database.read() as connection:
        mark = read_mark(connection)
    assert mark is not None
    here.put(replace(mark, epoch=next_epoch(mark.epoch)), waits=True)
    assert "what was sent after it was made" in here.trouble()
    assert "what was sent after it was made" in there.trouble()
    here.put(replace(mark, epoch=next_epoch(mark.epoch)))
    assert (here.trouble(), there.trouble()) == ("", "")
    there.require()
    begin(there)
    assert (here.trouble(), there.trouble()) == ("", "")
