"""Who did what: written with the deed, read page by page, forgotten in time. On both databases."""

from datetime import timedelta

from newsletter.db.engine import Database
from newsletter.editing.audit import Action, delete_entries, list_entries, record_action
from tests.conftest import THURSDAY


def write_down(database: Database, count: int) -> None:
    with database.write() as connection:
        for number in range(count):
            at = THURSDAY + timedelta(days=number)
            record_action(connection, by="Erin", action=Action.RULED, detail=f"deed {number}", at=at)


def test_the_latest_stand_first_and_pages_go_on_where_one_ended(database: Database) -> None:
    write_down(database, 5)
    with database.read() as connection:
        first = list_entries(connection, 3)
        rest = list_entries(connection, 3, before=first[-1].id)
    assert [each.detail for each in (*first, *rest)] == [f"deed {number}" for number in (4, 3, 2, 1, 0)]


def test_a_deed_that_fails_is_not_written_down(database: Database) -> None:
    try:
        with database.write() as connection:
            record_action(connection, by="Erin", action=Action.SENT, at=THURSDAY)
            raise RuntimeError
    except RuntimeError:
        pass
    with database.read() as connection:
        assert list_entries(connection, 9) == ()


def test_old_deeds_are_forgotten(database: Database) -> None:
    write_down(database, 3)
    with database.write() as connection:
        assert delete_entries(connection, THURSDAY + timedelta(days=2)) == 2
    with database.read() as connection:
        assert [each.detail for each in list_entries(connection, 9)] == ["deed 2"]
