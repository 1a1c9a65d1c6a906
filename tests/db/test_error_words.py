"""What a database's error says: never what stands in the database, and enough to know what is wrong."""

import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from newsletter.content.store import ContentStore
from newsletter.db.engine import Database, in_plain_words, open_database
from newsletter.errors import StoreError

ADDRESS = "ada.okafor@example.org"

ADD = """INSERT INTO readers (address, address_key, status, status_at, added_at)
VALUES (:who, :who, :status, '2026-11-26 09:00:00', '2026-11-26 09:00:00')"""


def the_same_address_twice(connection: Connection) -> None:
    for _ in range(2):
        connection.execute(text(ADD), {"who": ADDRESS, "status": "active"})


def a_value_that_a_check_refuses(connection: Connection) -> None:
    connection.execute(text(ADD), {"who": ADDRESS, "status": ADDRESS})


def a_value_that_is_no_number(connection: Connection) -> None:
    of_its_own = (
        "SELECT json_extract(:who, '$')" if connection.dialect.name == "sqlite" else "SELECT (:who)::integer"
    )
    connection.execute(text(of_its_own.replace("::", r"\:\:")), {"who": ADDRESS})


def a_name_that_does_not_exist(connection: Connection) -> None:
    connection.execute(text(f'SELECT * FROM readers WHERE "{ADDRESS}".id = 1'.replace("@", " at ")))


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (the_same_address_twice, "address_key"),
        (a_value_that_a_check_refuses, "ck_readers_status"),
        (a_value_that_is_no_number, ""),
        (a_name_that_does_not_exist, ""),
    ],
)
def test_an_error_names_tables_and_rules_and_no_content(
    database: Database, fail: Callable[[Connection], None], said: str
) -> None:
    with pytest.raises(DBAPIError) as caught, database.write() as connection:
        fail(connection)
    error = caught.value
    whole = "".join(traceback.format_exception(error))
    for text_of in (str(error), repr(error), str(error.orig), repr(error.orig), whole):
        assert ADDRESS not in text_of
    assert said in str(error.orig)


def damage(file: Path) -> None:
    """Let the schema itself hold an address, as an old log read into another file does."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            f"INSERT INTO sqlite_master VALUES ('table', '{ADDRESS}', '{ADDRESS}', 2, 'CREATE {ADDRESS}')"
        )


def test_a_damaged_schema_is_said_in_plain_words_without_it(sqlite_database: Database) -> None:
    file = Path(make_url(sqlite_database.url).database or "")
    sqlite_database.close()
    damage(file)
    with closing(open_database(sqlite_database.url)) as database:
        with pytest.raises(DBAPIError) as caught, database.read() as connection:
            connection.execute(text("SELECT 1 FROM readers"))
        assert ADDRESS not in "".join(traceback.format_exception(caught.value))
        assert "it is damaged" in str(in_plain_words(caught.value))


def test_a_damaged_content_store_does_not_quote_itself(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db"):
        pass
    damage(tmp_path / "content.db")
    with pytest.raises(StoreError) as caught:
        ContentStore(tmp_path / "content.db")
    assert ADDRESS not in str(caught.value)
    assert str(caught.value).endswith("Put a backup in its place: newsletter restore FILE")
