from sqlalchemy import func, insert, select

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.db.statuses import ReaderStatus


def test_a_moment_comes_back_as_it_went_in(database: Database, clock: MovedClock) -> None:
    row = {"address": "alice@example.org", "address_key": "alice@example.org", "status": ReaderStatus.ACTIVE}
    with database.write() as connection:
        connection.execute(insert(readers).values(row | {"status_at": clock.now(), "added_at": clock.now()}))
    with database.read() as connection:
        assert connection.execute(select(readers.c.added_at)).scalar_one() == clock.now()
        assert connection.execute(select(readers.c.status)).scalar_one() is ReaderStatus.ACTIVE


def test_a_failed_block_writes_nothing(database: Database, clock: MovedClock) -> None:
    row = {"address": "alice@example.org", "address_key": "alice@example.org", "status": ReaderStatus.ACTIVE}
    try:
        with database.write() as connection:
            connection.execute(
                insert(readers).values(row | {"status_at": clock.now(), "added_at": clock.now()})
            )
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(readers)).scalar_one() == 0
