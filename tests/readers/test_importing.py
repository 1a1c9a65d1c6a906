from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from newsletter.clock import MovedClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import metadata, readers
from newsletter.db.statuses import ConsentChannel, ConsentEvent, Edition, ReaderStatus, SuppressionKind
from newsletter.errors import BadInput
from newsletter.readers.addresses import parse_address
from newsletter.readers.consents import Consent, ConsentOrigin, list_consents
from newsletter.readers.csv_file import BadLine, CsvFile
from newsletter.readers.exporting import export_readers
from newsletter.readers.importing import CHUNK, ReaderImport, Remark, import_readers
from newsletter.readers.preferences import NO_PREFERENCES, Preferences, put_preferences
from newsletter.readers.providers import ReaderStanding, is_moment, read_moment
from newsletter.readers.store import (
    Arrival,
    Reader,
    change_status,
    find_reader,
    list_readers,
    suppress,
)

KEY = b"k" * 32
LETTER = ConsentOrigin(channel=ConsentChannel.COMMAND, source="letter")


def written(folder: Path, text: str) -> CsvFile:
    path = folder / "readers.csv"
    path.write_text(text, encoding="utf-8")
    return CsvFile(path)


def bring_in(
    database: Database,
    clock: MovedClock,
    file: CsvFile,
    consent: str = "fair",
    *,
    dry_run: bool = False,
    strict: bool = False,
) -> tuple[ReaderImport, list[BadLine]]:
    bad: list[BadLine] = []
    counts = import_readers(
        database,
        file,
        consent=consent,
        suppression_key=KEY,
        clock=clock,
        dry_run=dry_run,
        strict=strict,
        report_bad=bad.append,
    )
    return counts, bad


def everybody(database: Database) -> list[Reader]:
    with database.read() as connection:
        return list_readers(connection)


def test_a_row_becomes_an_active_reader_with_everything_it_says(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "Email,Name,Source,Time zone,Edition,Topics\n"
        'Ada@Example.org,"Lovelace, Ada",sign-up page,Europe/London,Monthly,coding; vision;coding\n',
    )
    assert bring_in(database, clock, file, "") == (ReaderImport(arrivals={Arrival.ADDED: 1}, bad=0), [])
    (ada,) = everybody(database)
    assert (ada.address, ada.name, ada.status) == ("Ada@example.org", "Lovelace, Ada", ReaderStatus.ACTIVE)
    assert ada.preferences == Preferences(
        edition=Edition.MONTHLY, time_zone="Europe/London", topics=("coding", "vision")
    )
    with database.read() as connection:
        assert list_consents(connection, ada.id) == [
            Consent(
                event=ConsentEvent.IMPORTED,
                at=clock.now(),
                channel=ConsentChannel.IMPORT,
                source="sign-up page",
                file="readers.csv",
                line=2,
            )
        ]


def test_a_bad_line_is_reported_and_the_others_are_imported(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "email,name,time zone,edition,status\n"
        "ada@example.org,Ada,,,active\n"
        "nonsense,,,,active\n"
        'bob@example.org,"Bob\x07",,,active\n'
        "carol@example.org,Carol,Mars/Olympus,,active\n"
        "dave@example.org,Dave,,hourly,active\n"
        "erin@example.org,Erin,,,unsubscribed\n"
        "frank@example.org,Frank,,,active,extra\n"
        "grace@example.org,Grace,,,Subscribed\n"
        "heidi@example.org,Heidi,,,\n"
        "ivan@example.org,Ivan\n",
    )
    counts, bad = bring_in(sqlite_database, clock, file)
    left = {
        (ReaderStanding.GONE, "status is 'unsubscribed'"): Remark(count=1, first=7),
        (ReaderStanding.NEITHER, "status is empty"): Remark(count=2, first=10),
    }
    assert counts == ReaderImport(arrivals={Arrival.ADDED: 2}, bad=5, left_out=left)
    assert [(each.line, each.reason) for each in bad] == [
        (3, "'nonsense' is no mail address. An email address must have an @-sign."),
        (4, "the name holds a line break or a control character: 'Bob\\x07'"),
        (
            5,
            "the time zone is 'Mars/Olympus'. Please choose a time zone from the list, such as Europe/Berlin.",
        ),
        (6, "the edition is 'hourly'. Please choose weekly or monthly."),
        (8, "has 6 cells, and the header has 5: a cell may need quotes"),
    ]
    assert [each.address for each in everybody(sqlite_database)] == ["ada@example.org", "grace@example.org"]


def test_a_status_that_only_names_those_who_left_leaves_the_others_readers(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(tmp_path, "email,status\nada@example.org,\nerin@example.org,unsubscribed\n")
    counts, _ = bring_in(sqlite_database, clock, file)
    assert counts.arrivals == {Arrival.ADDED: 1}


def test_a_name_over_several_lines_is_one_name(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    bring_in(sqlite_database, clock, written(tmp_path, 'email,name\nada@example.org,"Ada\n\tLovelace "\n'))
    assert [each.name for each in everybody(sqlite_database)] == ["Ada Lovelace"]


def test_strict_imports_nothing_when_one_line_is_bad(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(tmp_path, "email\nada@example.org\nnonsense\n")
    with pytest.raises(BadInput, match="1 line cannot be used, so nothing was imported"):
        bring_in(sqlite_database, clock, file, strict=True)
    assert everybody(sqlite_database) == []


def test_consent_must_come_from_somewhere(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(tmp_path, "email\nada@example.org\n")
    with pytest.raises(BadInput, match="give --consent SOURCE or a column"):
        bring_in(sqlite_database, clock, file, consent="")


def test_a_row_without_consent_is_bad_unless_the_import_names_one(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(tmp_path, "email,consent\nada@example.org,\nbob@example.org,form\n")
    assert bring_in(sqlite_database, clock, file, consent="")[1] == [
        BadLine(2, "nothing says where the consent comes from")
    ]
    counts, _ = bring_in(sqlite_database, clock, file, consent="fair")
    assert counts.arrivals == {Arrival.ADDED: 1, Arrival.KNOWN: 1}


def test_an_address_does_not_enter_the_consent_ledger(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    rows = "ada@example.org,mail from ada@example.org\nbob@example.org,form\n"
    file = written(tmp_path, f"email,consent\n{rows}")
    (bad,) = bring_in(sqlite_database, clock, file)[1]
    assert "the consent source holds an address" in bad.reason


def test_a_quote_left_open_imports_nothing(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = written(tmp_path, 'email,name\nada@example.org,Ada\nbob@example.org,"Bob\n')
    with pytest.raises(BadInput, match="the quotes do not match"):
        bring_in(sqlite_database, clock, file)
    assert everybody(sqlite_database) == []


def test_a_file_with_nobody_in_it_is_refused(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="there is nobody in this file"):
        bring_in(sqlite_database, clock, written(tmp_path, "email,name\n\n"))


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_without_one_line_that_can_be_used_is_refused(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path, dry_run: bool
) -> None:
    file = written(tmp_path, "email,name\nnonsense,Ada\n,Bob\n")
    with pytest.raises(BadInput, match=r"\.csv: none of its lines can be used, so nobody was imported"):
        bring_in(sqlite_database, clock, file, dry_run=dry_run)
    assert everybody(sqlite_database) == []


def mixed(database: Database, clock: MovedClock, folder: Path) -> CsvFile:
    """A file with every kind of arrival, against a database that knows some of them."""
    bring_in(
        database,
        clock,
        written(
            folder,
            "email\nknown@example.org\nleft@example.org\nbounced@example.org\ncomplained@example.org\n",
        ),
    )
    with database.write() as connection:
        for name in ("left", "bounced", "complained"):
            reader = find_reader(connection, parse_address(f"{name}@example.org"))
            assert reader is not None
            change_status(connection, reader.id, ReaderStatus(name), LETTER, clock.now())
        gone = parse_address("gone@example.org")
        suppress(
            connection, gone, SuppressionKind.OPERATOR, "asked", LETTER, suppression_key=KEY, now=clock.now()
        )
    names = ["new", "known", "left", "bounced", "complained", "gone", "New", "other", "KNOWN"]
    return written(folder, "email\n" + "".join(f"{name}@example.org\n" for name in names))


MIXED = {
    Arrival.ADDED: 2,
    Arrival.KNOWN: 3,
    Arrival.LEFT: 1,
    Arrival.BOUNCED: 1,
    Arrival.COMPLAINED: 1,
    Arrival.SUPPRESSED: 1,
}


def test_an_import_brings_back_nobody_who_is_gone(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    counts, _ = bring_in(database, clock, mixed(database, clock, tmp_path))
    assert counts.arrivals == MIXED
    statuses = {each.address: each.status for each in everybody(database)}
    assert statuses == {
        "known@example.org": ReaderStatus.ACTIVE,
        "left@example.org": ReaderStatus.LEFT,
        "bounced@example.org": ReaderStatus.BOUNCED,
        "complained@example.org": ReaderStatus.COMPLAINED,
        "new@example.org": ReaderStatus.ACTIVE,
        "other@example.org": ReaderStatus.ACTIVE,
    }


def test_a_dry_run_counts_the_same_and_writes_nothing(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = mixed(database, clock, tmp_path)
    before = everybody(database)
    assert bring_in(database, clock, file, dry_run=True)[0].arrivals == MIXED
    assert bring_in(database, clock, file, dry_run=True)[0].arrivals == MIXED
    assert everybody(database) == before


def test_a_dry_run_knows_duplicates_across_chunks(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    once = "".join(f"reader{number}@example.org\n" for number in range(CHUNK + 1))
    file = written(tmp_path, "email\n" + once + once)
    expected = {Arrival.ADDED: CHUNK + 1, Arrival.KNOWN: CHUNK + 1}
    assert bring_in(sqlite_database, clock, file, dry_run=True)[0].arrivals == expected
    assert bring_in(sqlite_database, clock, file)[0].arrivals == expected


def test_an_import_that_was_stopped_goes_on_when_run_again(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    count = 3 * CHUNK
    file = written(tmp_path, "email\n" + "".join(f"reader{number}@example.org\n" for number in range(count)))

    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_readers(sqlite_database, file, consent="fair", suppression_key=KEY, clock=clock, advance=stop)
    with sqlite_database.read() as connection:
        assert connection.execute(select(func.count()).select_from(readers)).scalar_one() == CHUNK
    counts, _ = bring_in(sqlite_database, clock, file)
    assert counts.arrivals == {Arrival.ADDED: 2 * CHUNK, Arrival.KNOWN: CHUNK}


#: Every preference, as nobody has it who chose nothing; commas, quotes and formulas among them.
CHOSEN = Preferences(
    topics=("-1", 'a "b"', "coding; vision", "x, y | z", "[1]"),
    tools=("kite", "wren, the"),
    monthly_tokens=1_234_567,
    team_size=12,
    edition=Edition.MONTHLY,
    paused_until=date(2026, 12, 24),
    send_hour=0,
    time_zone="Europe/Berlin",
)


def test_what_is_exported_comes_into_another_installation_whole(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    for each in fields(Preferences):
        assert getattr(CHOSEN, each.name) != getattr(NO_PREFERENCES, each.name)
    bring_in(
        database,
        clock,
        written(
            tmp_path,
            "email,name,tags,status,created_at,confirmed at,topics\n"
            "ada@example.org,\"'=Ada, 'Byron\",a;b,active,2020-01-02,2020-01-03 10:00:00,\n"
            "bob@example.org,,,active,,,\ncarol@example.org,,,active,,,\n",
        ),
    )
    ada, _, carol = everybody(database)
    with database.write() as connection:
        assert put_preferences(connection, ada.id, CHOSEN)
        change_status(connection, carol.id, ReaderStatus.LEFT, LETTER, clock.now())
        with (tmp_path / "export.csv").open("w", newline="") as file:
            export_readers(connection, file)
    clock.move(timedelta(days=1))
    there = open_database("sqlite://")
    metadata.create_all(there.write_engine)
    counts, bad = bring_in(there, clock, CsvFile(tmp_path / "export.csv"), "")
    assert (counts.arrivals, bad, counts.unread) == ({Arrival.ADDED: 2}, [], {})
    assert counts.left_out == {(ReaderStanding.GONE, "status is 'left'"): Remark(count=1, first=4)}
    for before, after in zip(everybody(database), everybody(there), strict=False):
        assert replace(after, status_at=before.status_at, salt=before.salt) == before
    with there.read() as connection:
        latest = list_consents(connection, 1)[-1]
        assert (latest.source, latest.tags) == ("fair (readers.csv, line 2)", "a; b")
    there.close()


def test_what_an_address_book_writes_comes_in(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    addresses = (
        "ada@example.org\xa0",
        "\ufeffbob@example.org",
        "cleo@example.org\u200b",
        "mailto:dan@example.org",
    )
    more = ("<eve@example.org>", "Fay <fay@example.org>", "gus@example.org;", "hal@example.org.")
    text = "email,name,consent\n" + "".join(f"{each},,form\n" for each in (*addresses, *more))
    assert bring_in(sqlite_database, clock, written(tmp_path, text)) == (
        ReaderImport(arrivals={Arrival.ADDED: 8}, bad=0),
        [],
    )
    assert {each.name for each in everybody(sqlite_database)} == {"", "Fay"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02", "2024-01-02T00:00:00+00:00"),
        ("2024-01-02 10:00:00", "2024-01-02T10:00:00+00:00"),
        ("2024-01-02T10:00:00.000Z", "2024-01-02T10:00:00+00:00"),
        ("2024-01-02T10:00:00+02:00", "2024-01-02T08:00:00+00:00"),
        ("2024-01-02 10:00:00 UTC", "2024-01-02T10:00:00+00:00"),
        ("2024-01-02 10:00:00 +0000 +0000", "2024-01-02T10:00:00+00:00"),
        ("2024-01-02 10:00:00 +0200 CEST", "2024-01-02T08:00:00+00:00"),
        ("1704189600", "2024-01-02T10:00:00+00:00"),
        ("1704189600000", "2024-01-02T10:00:00+00:00"),
        ("2024/01/02, 09:30AM", "2024-01-02T09:30:00+00:00"),
        ("01/02/24 09:30pm", "2024-01-02T21:30:00+00:00"),
        ("Jan 2, 2024", "2024-01-02T00:00:00+00:00"),
        ("31/12/2024", None),
        ("0001-01-01 00:00:00", None),
        ("2999-01-01", None),
        ("9999999999", None),
        ("yesterday", None),
    ],
)
def test_moments_are_read_as_other_programs_write_them(
    clock: MovedClock, text: str, moment: str | None
) -> None:
    read = read_moment(text, clock.now())
    assert (read.isoformat() if read else None) == moment


#: Numbers, days, moments and network addresses as nobody means them, and just beyond what is taken.
ODD = (
    *(
        "0",
        "-1",
        "24",
        "07",
        "8.0",
        "1.5",
        "1,5",
        "1 0",
        "1e3",
        "nan",
        "inf",
        "0x10",
        "+5",
        "\u0661\u0662",
        "\xb2",
        "\uff11",
    ),
    *(
        "9" * 18,
        "9" * 19,
        "9" * 5_000,
        "1," * 60_000,
        "1000000000000001",
        "1000001",
        "9" * 10,
        "9" * 13,
        "-1700000000",
    ),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-02-30",
        "2024-01-01T24:00:00",
        "0000-00-00",
    ),
    *(
        "2024-01-01T00:00:00+99:99",
        "2024-01-01 10:00:00 +9999 UTC",
        "2024-01-01 " + "1:" * 5_000 + " +0000 UTC",
    ),
    *(
        "999.1.1.1",
        "1.2.3.4/24",
        "fe80::1%eth0",
        "fe80::1%" + "x" * 5_000,
        "fe80::1%ann@example.org",
        "1" * 39,
    ),
    *('"' * 20_000, '"a,' * 10_000, "; " * 10_000),
)
NUMBERS = ("monthly tokens", "team size", "send hour", "paused until", "time zone")
EVIDENCE = ("added at", "opted in at", "opted in ip", "confirmed at", "confirmed ip")


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def bring_in_cells(
    database: Database, clock: MovedClock, folder: Path, column: str, cells: Sequence[str]
) -> Iterator[tuple[str, Reader | None]]:
    """Import a reader for each cell of a column, beside one without; yield the cells with who came of them."""
    extra = {"opted in ip": "opted in at", "confirmed ip": "confirmed at"}.get(column, "name")
    rows = [
        f"reader{number}@example.org,active,2024-01-01,{quoted(each)}" for number, each in enumerate(cells)
    ]
    text = "\n".join((f"email,status,{extra},{column}", *rows, "last@example.org,active,,"))
    _, bad = bring_in(database, clock, written(folder, text))
    assert all(len(each.reason) < 300 for each in bad)
    with database.read() as connection:
        assert find_reader(connection, parse_address("last@example.org"))
        for number, each in enumerate(cells):
            yield each, find_reader(connection, parse_address(f"reader{number}@example.org"))


@pytest.mark.parametrize("column", [*NUMBERS, *EVIDENCE, "tags", "topics", "suppressed at"])
def test_no_cell_gives_a_traceback_or_a_value_that_nobody_wrote(
    database: Database, clock: MovedClock, tmp_path: Path, column: str
) -> None:
    for cell, reader in bring_in_cells(database, clock, tmp_path, column, ODD):
        if reader is None:
            continue
        if column in ("monthly tokens", "team size", "send hour"):
            value = getattr(reader.preferences, column.replace(" ", "_"))
            assert value is None or value == int(cell), (cell, value)
        with database.read() as connection:
            ledger = list_consents(connection, reader.id)
        assert [each.ip for each in ledger if each.ip] == [], cell
        assert reader.added_at <= clock.now() + timedelta(days=1)


def test_thousands_are_read_and_fractions_are_not(
    sqlite_database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    right = ("1234567", "1,234,567", "12,34,567", "1_234_567", "1\u202f234\xa0567")
    wrong = ("1,5", "1,50", "1,2345", "1,234,56", "1.234", "12 34", ",123")
    came = bring_in_cells(sqlite_database, clock, tmp_path, "monthly tokens", (*right, *wrong))
    read = {cell: reader.preferences.monthly_tokens if reader else None for cell, reader in came}
    assert read == dict.fromkeys(right, 1_234_567) | dict.fromkeys(wrong)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    st.text("0123456789-:/.,+TZ APMUTCJan%", max_size=45)
    | st.integers().map(str)
    | st.datetimes(timezones=st.timezones() | st.none()).map(lambda each: each.isoformat())
)
def test_no_text_is_too_odd_to_be_asked_for_a_moment(clock: MovedClock, text: str) -> None:
    moment = read_moment(text, clock.now())
    assert moment is None or 1990 <= moment.year <= clock.now().year
    assert is_moment(text) in (True, False)


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.emails() | cells, cells, cells), min_size=1, max_size=5))
def test_whatever_stands_in_a_file_every_row_is_counted_once_or_the_file_is_refused(
    clock: MovedClock, tmp_path: Path, table: list[tuple[str, str, str]]
) -> None:
    lines = ["email,name,topics", *(",".join(row) for row in table)]
    database = open_database("sqlite://")
    metadata.create_all(database.write_engine)
    try:
        file = written(tmp_path, "\n".join(lines))
        counts, bad = bring_in(database, clock, file)
        assert sum(counts.arrivals.values()) + counts.bad == file.row_count
        assert len(bad) == counts.bad
        assert len(everybody(database)) == counts.arrivals.get(Arrival.ADDED, 0)
    except BadInput:
        assert everybody(database) == []
    finally:
        database.close()
