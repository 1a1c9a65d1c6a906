"""A database that is left open is told of, with the test that opened it, on every Python."""

import sqlite3

import pytest


def test_one_that_is_left_open_is_told_of_and_one_that_was_closed_is_not() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(ResourceWarning, match=r"test_connections\.py::test_one.* left a database open"):
        connection.__del__()  # type: ignore[attr-defined]
    connection.close()
    connection.__del__()  # type: ignore[attr-defined]
