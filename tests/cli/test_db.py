import json
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import insert

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
