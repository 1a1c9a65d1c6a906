from newsletter.db.statuses import ReaderStatus
from newsletter.readers.store import MAY_BECOME, Arrival


def test_every_status_has_its_ways_out() -> None:
    assert set(MAY_BECOME) == set(ReaderStatus)


def test_nothing_makes_a_reader_active_who_took_their_consent_back() -> None:
    ways_to_active = {before for before, after in MAY_BECOME.items() if ReaderStatus.ACTIVE in after}
    assert ways_to_active == {ReaderStatus.UNCONFIRMED}


def test_an_arrival_names_every_status_that_keeps_somebody_out() -> None:
    kept_out = {ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED}
    assert {status.value for status in kept_out} <= set(Arrival)
