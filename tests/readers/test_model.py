from datetime import date, timedelta

import pytest

from newsletter.clock import MovedClock
from newsletter.db.statuses import Edition, ReaderStatus
from newsletter.readers.model import MAY_BECOME, Arrival, Reader

TODAY = date(2026, 11, 26)


def reader(clock: MovedClock, status: ReaderStatus, paused_until: date | None = None) -> Reader:
    return Reader(
        id=1,
        address=None if status is ReaderStatus.ERASED else "alice@example.org",
        name="Alice",
        status=status,
        status_at=clock.now(),
        edition=Edition.WEEKLY,
        paused_until=paused_until,
        time_zone="",
        send_hour=None,
        monthly_tokens=None,
        team_size=None,
        added_at=clock.now(),
        confirmed_at=None,
    )


@pytest.mark.parametrize("status", ReaderStatus)
def test_only_an_active_reader_may_receive(clock: MovedClock, status: ReaderStatus) -> None:
    assert reader(clock, status).may_receive(TODAY) == (status is ReaderStatus.ACTIVE)


def test_a_pause_ends_on_its_day(clock: MovedClock) -> None:
    paused = reader(clock, ReaderStatus.ACTIVE, paused_until=TODAY)
    assert not paused.may_receive(TODAY - timedelta(days=1))
    assert paused.may_receive(TODAY)


def test_every_status_has_its_ways_out() -> None:
    assert set(MAY_BECOME) == set(ReaderStatus)


def test_nothing_makes_a_reader_active_who_took_their_consent_back() -> None:
    ways_to_active = {before for before, after in MAY_BECOME.items() if ReaderStatus.ACTIVE in after}
    assert ways_to_active == {ReaderStatus.UNCONFIRMED}


def test_an_arrival_names_every_status_that_keeps_somebody_out() -> None:
    kept_out = {ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED}
    assert {status.value for status in kept_out} <= set(Arrival)
