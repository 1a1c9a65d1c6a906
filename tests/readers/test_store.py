from datetime import timedelta

import pytest
from sqlalchemy import select, text

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import consents, reader_topics, readers, suppressions
from newsletter.db.statuses import ConsentChannel, ConsentEvent, ReaderStatus, SuppressionKind
from newsletter.errors import NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.consents import Consent, ConsentOrigin, list_consents
from newsletter.readers.preferences import Preferences
from newsletter.readers.store import (
    MAY_BECOME,
    Arrival,
    NewReader,
    Reader,
    add_readers,
    change_status,
    count_readers,
    erase_reader,
    find_reader,
    get_reader,
    list_readers,
    suppress,
)
from newsletter.readers.suppression import find_suppression

KEY = b"k" * 32
ALICE = parse_address("Alice@example.org")
BY_HAND = ConsentOrigin(channel=ConsentChannel.COMMAND)
FAIR = ConsentOrigin(channel=ConsentChannel.IMPORT, source="stand at the fair", file="fair.csv", line=2)


def newcomer(address: str = "Alice@example.org", **more: object) -> NewReader:
    return NewReader(address=parse_address(address), origin=FAIR, **more)  # type: ignore[arg-type]


def add(database: Database, clock: MovedClock, *newcomers: NewReader) -> list[Arrival]:
    with database.write() as connection:
        return add_readers(
            connection, newcomers, event=ConsentEvent.IMPORTED, suppression_key=KEY, now=clock.now()
        )


def alice(database: Database) -> Reader:
    with database.read() as connection:
        found = find_reader(connection, ALICE)
    assert found is not None
    return found


def become(database: Database, clock: MovedClock, reader: Reader, status: ReaderStatus) -> bool:
    with database.write() as connection:
        return change_status(connection, reader.id, status, BY_HAND, clock.now())


def put(database: Database, reader: Reader, status: ReaderStatus) -> None:
    """Set a status directly, as if it had come about."""
    gone = {"address": None, "address_key": None} if status is ReaderStatus.ERASED else {}
    with database.write() as connection:
        connection.execute(readers.update().where(readers.c.id == reader.id).values(status=status, **gone))


def test_a_new_reader_is_active_with_their_consent(database: Database, clock: MovedClock) -> None:
    assert add(
        database, clock, newcomer(name="Alice", preferences=Preferences(time_zone="Europe/Berlin"))
    ) == [Arrival.ADDED]
    reader = alice(database)
    assert reader == Reader(
        id=reader.id,
        salt=reader.salt,
        address="Alice@example.org",
        name="Alice",
        status=ReaderStatus.ACTIVE,
        status_at=clock.now(),
        added_at=clock.now(),
        confirmed_at=None,
        preferences=Preferences(time_zone="Europe/Berlin"),
    )
    with database.read() as connection:
        assert list_consents(connection, reader.id) == [
            Consent(
                event=ConsentEvent.IMPORTED,
                at=clock.now(),
                channel=ConsentChannel.IMPORT,
                source="stand at the fair",
                file="fair.csv",
                line=2,
            )
        ]


def test_topics_come_with_the_reader(database: Database, clock: MovedClock) -> None:
    add(
        database,
        clock,
        newcomer(preferences=Preferences(topics=("vision", "coding"))),
        newcomer("bob@example.org"),
    )
    assert alice(database).preferences.topics == ("coding", "vision")
    with database.read() as connection:
        assert [each.preferences.topics for each in list_readers(connection)] == [("coding", "vision"), ()]


def test_an_address_written_differently_is_the_same_reader(database: Database, clock: MovedClock) -> None:
    add(database, clock, newcomer(name="Alice"))
    assert add(database, clock, newcomer("ALICE@EXAMPLE.org", name="Mallory")) == [Arrival.KNOWN]
    assert alice(database).name == "Alice"


def test_of_two_in_one_batch_the_first_is_added(database: Database, clock: MovedClock) -> None:
    arrivals = add(database, clock, newcomer(name="first"), newcomer(name="second"))
    assert arrivals == [Arrival.ADDED, Arrival.KNOWN]
    assert alice(database).name == "first"
    with database.read() as connection:
        assert len(list_consents(connection, alice(database).id)) == 1


def test_adding_nobody_is_nothing(database: Database, clock: MovedClock) -> None:
    assert add(database, clock) == []


@pytest.mark.parametrize(
    ("status", "arrival"),
    [
        (ReaderStatus.ACTIVE, Arrival.KNOWN),
        (ReaderStatus.LEFT, Arrival.LEFT),
        (ReaderStatus.BOUNCED, Arrival.BOUNCED),
        (ReaderStatus.COMPLAINED, Arrival.COMPLAINED),
    ],
)
def test_adding_again_changes_no_status(
    database: Database, clock: MovedClock, status: ReaderStatus, arrival: Arrival
) -> None:
    add(database, clock, newcomer())
    put(database, alice(database), status)
    before = alice(database)
    assert add(database, clock, newcomer(name="again"), newcomer("bob@example.org")) == [
        arrival,
        Arrival.ADDED,
    ]
    assert alice(database) == before


def test_a_suppressed_address_is_not_added(database: Database, clock: MovedClock) -> None:
    with database.write() as connection:
        assert suppress(
            connection,
            ALICE,
            SuppressionKind.OPERATOR,
            "asked",
            BY_HAND,
            suppression_key=KEY,
            now=clock.now(),
        )
    assert add(database, clock, newcomer("alice@EXAMPLE.org")) == [Arrival.SUPPRESSED]
    with database.read() as connection:
        assert find_reader(connection, ALICE) is None


def test_suppressing_takes_the_reader_off(database: Database, clock: MovedClock) -> None:
    add(database, clock, newcomer())
    with database.write() as connection:
        suppress(
            connection,
            ALICE,
            SuppressionKind.OPERATOR,
            "asked",
            BY_HAND,
            suppression_key=KEY,
            now=clock.now(),
        )
        assert find_suppression(connection, ALICE, KEY) is not None
        assert find_suppression(connection, parse_address("bob@example.org"), KEY) is None
    assert alice(database).status is ReaderStatus.LEFT


def test_suppressing_twice_keeps_the_first_reason(database: Database, clock: MovedClock) -> None:
    with database.write() as connection:
        assert suppress(
            connection,
            ALICE,
            SuppressionKind.OPERATOR,
            "first",
            BY_HAND,
            suppression_key=KEY,
            now=clock.now(),
        )
        assert not suppress(
            connection,
            ALICE,
            SuppressionKind.OPERATOR,
            "second",
            BY_HAND,
            suppression_key=KEY,
            now=clock.now(),
        )
        assert connection.execute(select(suppressions.c.reason)).scalars().all() == ["first"]


def test_the_suppression_list_names_nobody(database: Database, clock: MovedClock) -> None:
    with database.write() as connection:
        suppress(
            connection,
            ALICE,
            SuppressionKind.OPERATOR,
            "asked",
            BY_HAND,
            suppression_key=KEY,
            now=clock.now(),
        )
        row = connection.execute(select(suppressions)).mappings().one()
    assert "alice" not in str(dict(row)).lower()
    assert len(row["address_hash"]) == 64


@pytest.mark.parametrize("after", [ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED])
@pytest.mark.parametrize("before", ReaderStatus)
def test_a_status_changes_as_the_table_says(
    sqlite_database: Database, clock: MovedClock, before: ReaderStatus, after: ReaderStatus
) -> None:
    add(sqlite_database, clock, newcomer())
    reader = alice(sqlite_database)
    put(sqlite_database, reader, before)
    clock.move(timedelta(days=1))
    assert become(sqlite_database, clock, reader, after) == (after in MAY_BECOME[before])
    with sqlite_database.read() as connection:
        assert get_reader(connection, reader.id).status is (after if after in MAY_BECOME[before] else before)


def test_leaving_twice_is_one_row_in_the_ledger(database: Database, clock: MovedClock) -> None:
    add(database, clock, newcomer())
    reader = alice(database)
    assert become(database, clock, reader, ReaderStatus.LEFT)
    assert not become(database, clock, reader, ReaderStatus.LEFT)
    with database.read() as connection:
        events = [each.event for each in list_consents(connection, reader.id)]
    assert events == [ConsentEvent.IMPORTED, ConsentEvent.WITHDRAWN]


def test_a_bounce_takes_no_consent_back(database: Database, clock: MovedClock) -> None:
    add(database, clock, newcomer())
    become(database, clock, alice(database), ReaderStatus.BOUNCED)
    with database.read() as connection:
        assert len(list_consents(connection, alice(database).id)) == 1


def test_an_erased_reader_leaves_no_name_behind_and_stays_away(database: Database, clock: MovedClock) -> None:
    add(
        database,
        clock,
        newcomer(name="Alice", preferences=Preferences(time_zone="Europe/Berlin", topics=("vision",))),
    )
    reader = alice(database)
    with database.write() as connection:
        erase_reader(connection, reader, BY_HAND, suppression_key=KEY, now=clock.now())
        everything = [
            str(row)
            for table in (readers, reader_topics, consents, suppressions)
            for row in connection.execute(select(table))
        ]
        assert get_reader(connection, reader.id).status is ReaderStatus.ERASED
    assert not any("alice" in row.lower() or "Berlin" in row or "vision" in row for row in everything)
    assert add(database, clock, newcomer()) == [Arrival.SUPPRESSED]


def test_readers_are_listed_a_page_at_a_time(database: Database, clock: MovedClock) -> None:
    add(database, clock, *(newcomer(f"reader{number}@example.org") for number in range(5)))
    with database.read() as connection:
        first = list_readers(connection, limit=2)
        second = list_readers(connection, after=first[-1].id, limit=2)
        last = list_readers(connection, after=second[-1].id, limit=2)
    assert [each.address for each in first + second + last] == [f"reader{n}@example.org" for n in range(5)]


def test_readers_are_listed_and_counted_by_status(database: Database, clock: MovedClock) -> None:
    add(database, clock, newcomer(), newcomer("bob@example.org"))
    become(database, clock, alice(database), ReaderStatus.LEFT)
    with database.read() as connection:
        assert [each.address for each in list_readers(connection, status=ReaderStatus.ACTIVE)] == [
            "bob@example.org"
        ]
        counts = count_readers(connection)
    assert counts[ReaderStatus.LEFT] == counts[ReaderStatus.ACTIVE] == 1
    assert counts[ReaderStatus.ERASED] == 0


def test_a_reader_who_is_not_there_is_not_found(database: Database) -> None:
    with database.read() as connection, pytest.raises(NotFound, match="There is no reader 7"):
        get_reader(connection, 7)


def test_two_additions_at_once_make_one_reader(postgres_database: Database, clock: MovedClock) -> None:
    first = postgres_database.write_engine.connect()
    with first.begin():
        add_readers(first, [newcomer()], event=ConsentEvent.ADDED, suppression_key=KEY, now=clock.now())
        with postgres_database.write() as second:
            second.execute(text("SET LOCAL lock_timeout = '10s'"))
            first.commit()
            arrivals = add_readers(
                second, [newcomer()], event=ConsentEvent.ADDED, suppression_key=KEY, now=clock.now()
            )
    first.close()
    assert arrivals == [Arrival.KNOWN]


def test_every_status_has_its_ways_out() -> None:
    assert set(MAY_BECOME) == set(ReaderStatus)


def test_nothing_makes_a_reader_active_who_took_their_consent_back() -> None:
    ways_to_active = {before for before, after in MAY_BECOME.items() if ReaderStatus.ACTIVE in after}
    assert ways_to_active == {ReaderStatus.UNCONFIRMED}


def test_an_arrival_names_every_status_that_keeps_somebody_out() -> None:
    kept_out = {ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED}
    assert {status.value for status in kept_out} <= set(Arrival)
