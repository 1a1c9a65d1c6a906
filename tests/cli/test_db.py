import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Connection, insert, make_url, text
from sqlalchemy.exc import DBAPIError

from newsletter.cli.program import program
from newsletter.clock import MovedClock
from newsletter.db.engine import Database, in_plain_words, open_database
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.installation import make_installation


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, arguments, env={"NEWSLETTER_FOLDER": str(folder)})


def test_an_empty_database_is_behind_until_it_is_upgraded(tmp_path: Path) -> None:
    make_installation(tmp_path)
    (tmp_path / "subscribers.db").unlink()
    (tmp_path / "subscribers.db").touch()
    # With marks it would be one that was lost.
    (tmp_path / "keys" / "marks").unlink()
    (row,) = json.loads(run(tmp_path, "db", "status", "--json").output)
    assert (row["current"], row["state"]) == (None, "behind: run newsletter db upgrade")
    refused = run(tmp_path, "readers", "list")
    assert refused.exit_code == 2
    assert "newsletter db upgrade" in refused.stderr
    assert run(tmp_path, "db", "upgrade").output.startswith("The database went from empty to ")
    assert run(tmp_path, "readers", "list").exit_code == 0
    assert run(tmp_path, "db", "upgrade").output.startswith("The database is up to date ")


def test_no_upgrade_while_an_issue_is_going_out(tmp_path: Path, clock: MovedClock) -> None:
    make_installation(tmp_path)
    database = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    row = {
        "edition": Edition.WEEKLY,
        "slot": "2026-11-26T09:00",
        "status": IssueStatus.SENDING,
        "cutoff_at": clock.now(),
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }
    with database.write() as connection:
        connection.execute(insert(issues).values(row))
    database.close()
    result = run(tmp_path, "db", "upgrade")
    assert result.exit_code == 1
    assert "issue 1 is going out" in result.stderr


@pytest.mark.parametrize(
    ("lost", "command"),
    [
        ("subscribers.db", ["readers", "list"]),
        ("subscribers.db", ["db", "upgrade"]),
        ("content.db", ["content", "list"]),
    ],
)
def test_a_lost_database_is_named_and_not_made_anew(tmp_path: Path, lost: str, command: list[str]) -> None:
    make_installation(tmp_path)
    for file in tmp_path.glob(f"{lost}*"):
        file.unlink()
    result = run(tmp_path, *command)
    assert result.exit_code == 1
    way = "Put a backup in its place: newsletter restore FILE"
    assert result.stderr == f"newsletter: There is no database at {tmp_path / lost}. {way}\n"
    assert not (tmp_path / lost).exists()
    (tmp_path / lost).touch()
    emptied = run(tmp_path, *command)
    assert (emptied.exit_code, emptied.stderr) == (1, f"newsletter: {tmp_path / lost} is empty. {way}\n")
    (tmp_path / lost).unlink()
    if lost == "subscribers.db":
        # Nothing ever was.
        (tmp_path / "keys" / "marks").unlink()
        assert "Make one with: newsletter init" in run(tmp_path, *command).stderr


@pytest.mark.parametrize("command", [["status"], ["db", "status"], ["readers", "list"]])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://weekly:hidden@127.0.0.1:9/weekly", "Connection refused"),
        (
            "postgresql+psycopg2://weekly:hidden@127.0.0.1:9/weekly",
            "postgresql+psycopg2 is not installed here",
        ),
        (
            "postgresql+unheardof://weekly:hidden@127.0.0.1:9/weekly",
            "postgresql+unheardof is not installed here",
        ),
    ],
)
def test_a_server_that_cannot_be_had_is_one_sentence(
    tmp_path: Path, url: str, said: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_installation(tmp_path)
    monkeypatch.setenv("NEWSLETTER_PATHS_DATABASE_URL", url)
    refused = run(tmp_path, *command)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert (said in refused.stderr, "hidden" in refused.output, "127.0.0.1" in refused.output) == (
        True,
        False,
        False,
    )


@pytest.fixture
def guarded(postgres_url: str) -> Iterator[tuple[URL, Connection]]:
    """The URL of a database whose server asks its user for a password, and a connection of the server's owner."""
    url = make_url(postgres_url).set(username="guarded", password="hidden")
    with closing(open_database(postgres_url)) as database:
        engine = database.write_engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as owner:
            hba = Path(owner.execute(text("SHOW hba_file")).scalar_one())
            before = hba.read_text()
            hba.write_text(f"local all guarded scram-sha-256\n{before}")
            for statement in ("CREATE ROLE guarded LOGIN PASSWORD 'hidden'", "SELECT pg_reload_conf()"):
                owner.execute(text(statement))
            try:
                yield url, owner
            finally:
                hba.write_text(before)
                owner.execute(text("DROP ROLE guarded"))
                owner.execute(text("SELECT pg_reload_conf()"))


@pytest.mark.parametrize(
    ("changes", "statement", "said"),
    [
        ({"password": "wrong-password"}, "", 'password authentication failed for user "guarded"'),
        ({"password": ""}, "", "no password supplied"),
        ({"username": "nobody"}, "", 'role "nobody" does not exist'),
        ({"database": "nowhere"}, "", 'database "nowhere" does not exist'),
        ({}, "ALTER ROLE guarded NOLOGIN", "is not permitted to log in"),
        ({}, "ALTER ROLE guarded CONNECTION LIMIT 0", "too many connections"),
        ({"host": "nowhere.invalid", "query": {}}, "", "nobody knows the host in paths.database_url"),
        ({"host": "127.0.0.1", "port": 9, "query": {}}, "", "Connection refused"),
        ({"query": {"host": "/nowhere"}}, "", "No such file or directory"),
    ],
)
def test_whatever_a_server_refuses_is_one_sentence_without_password_or_place(
    tmp_path: Path,
    guarded: tuple[URL, Connection],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    statement: str,
    said: str,
) -> None:
    make_installation(tmp_path)
    url, owner = guarded
    if statement:
        owner.execute(text(statement))
    wrong = url.set(**changes).render_as_string(hide_password=False)
    monkeypatch.setenv("NEWSLETTER_PATHS_DATABASE_URL", wrong)
    for command in (["status"], ["db", "upgrade"]):
        refused = run(tmp_path, *command)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert said in refused.stderr
        for secret in ("hidden", "wrong-password", "127.0.0.1", "nowhere.invalid", "5432", "/nowhere"):
            assert secret not in refused.output


def test_a_user_without_rights_is_one_sentence(
    tmp_path: Path, guarded: tuple[URL, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_installation(tmp_path)
    url, _ = guarded
    monkeypatch.setenv("NEWSLETTER_PATHS_DATABASE_URL", url.render_as_string(hide_password=False))
    refused = run(tmp_path, "db", "upgrade")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "newsletter: The subscribers' database cannot be used: its user has no right to do that there.\n",
    )


def lose_connection(database: Database, administrators: Database) -> None:
    with database.write() as connection, administrators.write() as administrator:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        administrator.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        connection.execute(text("SELECT 1"))


def test_a_connection_that_was_ended_is_one_sentence_and_the_next_one_works(postgres_url: str) -> None:
    with closing(open_database(postgres_url)) as database, closing(open_database(postgres_url)) as other:
        with pytest.raises(DBAPIError) as caught:
            lose_connection(database, other)
        said = in_plain_words(caught.value)
        assert said is not None
        assert (str(said), said.exit_status) == (
            "The subscribers' database cannot be used: its server ended the connection.",
            2,
        )
        with database.read() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("command", [["status"], ["db", "status"], ["readers", "list"]])
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, command: list[str]) -> None:
    make_installation(tmp_path)
    # What lets root write everywhere is taken from it.
    as_others = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    newsletter = [sys.executable, "-m", "newsletter", "--folder", str(tmp_path)]
    tmp_path.chmod(0o500)
    try:
        refused = subprocess.run(
            [*as_others, *newsletter, *command], capture_output=True, text=True, check=False, timeout=60
        )
    finally:
        tmp_path.chmod(0o700)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"its folder {tmp_path} may not be written" in refused.stderr


def test_an_address_of_a_database_that_is_none_is_a_wrong_setting(tmp_path: Path) -> None:
    make_installation(tmp_path)
    environment = {"NEWSLETTER_PATHS_DATABASE_URL": "foo"}
    result = CliRunner().invoke(program, ["--folder", str(tmp_path), "issues"], env=environment)
    assert result.exit_code == 2
    assert (
        "environment variable NEWSLETTER_PATHS_DATABASE_URL: paths.database_url is not what was expected"
        in result.stderr
    )
