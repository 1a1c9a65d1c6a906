import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.program import program
from tests.installed import install

OWN_JOB = """
from pathlib import Path
from newsletter.schedule.jobs import Done
from newsletter.schedule.slots import issue_schedule

NAME = "greet"

def schedule(settings):
    return issue_schedule(settings)

def run(app, slot):
    {then}
    return Done("Greeted.")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new installation."""
    install(tmp_path)
    return tmp_path


def run(folder: Path, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "jobs", *arguments], env=environment)


def with_own_job(folder: Path, module: str, then: str = "pass") -> dict[str, str]:
    (folder / f"{module}.py").write_text(OWN_JOB.format(then=then))
    return {"NEWSLETTER_SCHEDULE_EXTRA_JOBS": module}


def test_a_new_schedule_shows_what_comes_next(folder: Path) -> None:
    rows = json.loads(run(folder, "--json").stdout)
    assert [(row["job"], row["state"]) for row in rows] == [
        ("confirmations", "next"),
        ("dispatch", "next"),
        ("draft", "next"),
        ("monthly-dispatch", "next"),
        ("monthly-draft", "next"),
        ("monthly-remind", "next"),
        ("remind", "next"),
        ("retention", "next"),
        ("sums", "next"),
        ("votes", "next"),
    ]


def test_times_are_shown_in_the_configured_zone(folder: Path) -> None:
    shown = run(folder, NEWSLETTER_SCHEDULE_TIME_ZONE="Asia/Kolkata").output
    assert shown.count("09:00 IST") == 10
    assert shown.count("06:00 IST") == 2


def test_a_job_run_by_hand_has_had_its_turn(folder: Path) -> None:
    own = with_own_job(folder, "own_greets_once")
    first = run(folder, "run", "greet", **own)
    assert first.exit_code == 0
    assert first.output.endswith(
        ": Greeted.\nIt is recorded as that slot: the schedule will not run it again.\n"
    )
    rows = json.loads(run(folder, "--json", **own).stdout)
    assert [(row["state"], row["outcome"]) for row in rows if row["job"] == "greet"] == [
        ("last", "Greeted."),
        ("next", ""),
    ]


def test_running_it_again_does_not_use_up_the_week_after(folder: Path) -> None:
    own = with_own_job(folder, "own_greets_twice")
    run(folder, "run", "greet", **own)
    again = run(folder, "run", "greet", **own)
    assert again.exit_code == 2
    slot = again.output.rstrip().rpartition(" ")[2]
    assert f"if you mean that one, say --slot {slot}" in again.output
    assert run(folder, "run", "greet", "--slot", slot, **own).exit_code == 0


def test_a_slot_that_is_not_open_is_refused(folder: Path) -> None:
    result = run(folder, "run", "draft", "--slot", "2020-01-02T09:00")
    assert result.exit_code == 2
    assert "draft has no open slot '2020-01-02T09:00'; these are: " in result.output


def test_a_job_that_is_not_done_keeps_its_turn(folder: Path) -> None:
    result = run(folder, "run", "draft")
    assert result.exit_code == 0
    assert "Nothing is waiting" in result.output
    assert "It is not done: `newsletter serve` asks again" in result.output
    assert {row["state"] for row in json.loads(run(folder, "--json").stdout)} == {"next"}


def test_a_job_that_fails_says_why_and_exits_with_one(folder: Path) -> None:
    own = with_own_job(folder, "own_fails", then='raise OSError("the disk is full")')
    result = run(folder, "run", "greet", **own)
    assert result.exit_code == 1
    assert "OSError: the disk is full" in result.output


def test_an_unknown_job_is_refused_with_the_known_ones(folder: Path) -> None:
    result = run(folder, "run", "greet")
    assert (result.exit_code, result.output) == (
        2,
        "newsletter: There is no job greet. The jobs are: confirmations, dispatch, draft, monthly-dispatch, monthly-draft, "
        "monthly-remind, remind, retention, sums, votes\n",
    )


def test_a_missing_job_module_is_one_sentence(folder: Path) -> None:
    result = run(folder, NEWSLETTER_SCHEDULE_EXTRA_JOBS="jobs.absent")
    assert result.exit_code == 2
    words = "schedule.extra_jobs names jobs.absent, but there is no such module"
    assert result.output == f"newsletter: {folder / 'newsletter.toml'}: {words}\n"
