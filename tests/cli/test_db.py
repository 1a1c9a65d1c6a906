import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, make_url

from newsletter.cli.program import program
from newsletter.clock import MovedClock
from newsletter.db.engine import open_database
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.installation import make_installation


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), *arguments])


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
    if lost == "subscribers.db":
        (tmp_path / lost).touch()
        emptied = run(tmp_path, *command)
        assert (emptied.exit_code, emptied.stderr) == (1, f"newsletter: {tmp_path / lost} is empty. {way}\n")
        (tmp_path / lost).unlink()
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
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert (said in refused.stderr, "hidden" in refused.output) == (True, False)


def test_a_database_that_the_server_does_not_have_is_one_sentence(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_installation(tmp_path)
    wrong = make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False)
    monkeypatch.setenv("NEWSLETTER_PATHS_DATABASE_URL", wrong)
    for command in (["status"], ["db", "status"]):
        refused = run(tmp_path, *command)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
        assert 'database "nowhere" does not exist' in refused.stderr


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
