"""Votes are counted once for each reader, whoever clicks how often, and nobody can read who voted what."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from newsletter.db.engine import Database
from newsletter.db.schema import vote_marks
from newsletter.db.statuses import Vote
from newsletter.readers import votes as vote_store
from newsletter.readers.votes import Ballots

ALICE, BOB = 1, 2
BALLOTS = Ballots(b"k" * 32)


def cast(database: Database, reader_id: int, **votes: Vote | None) -> None:
    with database.write() as connection:
        BALLOTS.cast(connection, reader_id, "heron-vs-kite", votes)


def totals(database: Database) -> dict[str, dict[Vote, int]]:
    with database.read() as connection:
        counted = vote_store.totals(connection, "heron-vs-kite")
    return {tool_id: dict(votes) for tool_id, votes in counted.items()}


def test_everybody_counts_once_for_each_tool(database: Database) -> None:
    cast(database, ALICE, heron=Vote.SHIP, kite=Vote.SKIP)
    cast(database, ALICE, heron=Vote.SHIP)
    cast(database, BOB, heron=Vote.SKIP)
    assert totals(database) == {"heron": {Vote.SHIP: 1, Vote.SKIP: 1}, "kite": {Vote.SKIP: 1}}


def test_a_vote_can_be_changed_and_taken_back(database: Database) -> None:
    cast(database, ALICE, heron=Vote.SHIP, kite=Vote.SHIP)
    cast(database, ALICE, heron=Vote.SKIP, kite=None)
    assert totals(database) == {"heron": {Vote.SKIP: 1}}
    with database.read() as connection:
        voted = BALLOTS.cast_by(connection, ALICE, "heron-vs-kite", ["heron", "kite"])
    assert voted == {"heron": Vote.SKIP}


def test_clicks_at_the_same_moment_count_once(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        clicks = [pool.submit(cast, database, ALICE, heron=Vote.SHIP) for _ in range(24)]
        for click in clicks:
            click.result()
    assert totals(database) == {"heron": {Vote.SHIP: 1}}


def test_a_row_holds_no_reader_and_the_mark_says_nothing_without_the_key(database: Database) -> None:
    cast(database, 4711, heron=Vote.SHIP)
    with database.read() as connection:
        row = connection.execute(select(vote_marks)).mappings().one()
    assert set(row) == {"mark", "comparison_id", "tool_id", "vote"}
    assert row["mark"] == BALLOTS.mark("heron-vs-kite", "heron", 4711)
    assert row["mark"] != Ballots(b"other" * 8).mark("heron-vs-kite", "heron", 4711)


@pytest.mark.parametrize(
    "other", [("heron-vs-kite", "kite", 12), ("heron", "vs-kite-heron", 12), ("heron-vs-kite", "heron", 1)]
)
def test_every_comparison_tool_and_reader_has_a_mark_of_its_own(other: tuple[str, str, int]) -> None:
    assert BALLOTS.mark(*other) != BALLOTS.mark("heron-vs-kite", "heron", 12)


def test_forgetting_readers_takes_back_their_votes_and_nobody_elses(database: Database) -> None:
    cast(database, ALICE, heron=Vote.SHIP, kite=Vote.SHIP)
    cast(database, BOB, heron=Vote.SHIP)
    with database.write() as connection:
        BALLOTS.forget(connection, [ALICE, 99])
    assert totals(database) == {"heron": {Vote.SHIP: 1}}
