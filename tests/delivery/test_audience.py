"""Local delivery time: everybody in exactly one wave, each at the hour asked for or at once."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries
from newsletter.delivery.audience import local_hour
from newsletter.delivery.progress import get_counts
from newsletter.delivery.store import start_issue
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers


@pytest.mark.parametrize(
    ("zone", "hour", "moment"),
    [
        ("Europe/Berlin", 18, datetime(2026, 11, 26, 17, tzinfo=UTC)),
        ("Asia/Tokyo", 23, datetime(2026, 11, 26, 14, tzinfo=UTC)),
        ("Asia/Kolkata", 15, datetime(2026, 11, 26, 9, 30, tzinfo=UTC)),
        ("Pacific/Auckland", 8, datetime(2026, 11, 25, 19, tzinfo=UTC)),
        ("Nowhere/Atlantis", 8, THURSDAY),
    ],
)
def test_an_hour_is_one_of_the_readers_own_day(zone: str, hour: int, moment: datetime) -> None:
    assert local_hour(THURSDAY, zone, hour) == moment


def test_everybody_is_in_one_wave(database: Database) -> None:
    add_readers(database, 150)
    add_readers(database, 3, send_hour=18, time_zone="Europe/Berlin")
    add_readers(database, 2, send_hour=17, time_zone="Europe/London")
    add_readers(database, 4, send_hour=6, time_zone="Europe/Berlin")
    add_readers(database, 1, send_hour=20)
    add_readers(database, 120)
    add_issue(database)
    start_issue(database, 1, THURSDAY, zone="America/New_York")
    with database.read() as connection:
        assert get_counts(connection, 1).readers == 280
        found = connection.execute(
            select(deliveries.c.reader_id, batches.c.not_before).join_from(
                deliveries, batches, deliveries.c.batch_id == batches.c.id
            )
        ).all()
    assert Counter(row.not_before for row in found) == {
        None: 274,
        datetime(2026, 11, 26, 17, tzinfo=UTC): 5,
        datetime(2026, 11, 27, 1, tzinfo=UTC): 1,
    }
    assert len({row.reader_id for row in found}) == 280
