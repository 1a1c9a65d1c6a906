import re
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from newsletter.config import Settings, load_settings
from newsletter.errors import ConfigError
from newsletter.schedule.jobs import Done, load_jobs

GOOD = """
from newsletter.schedule.jobs import Done
from newsletter.schedule.slots import issue_schedule

NAME = "greet"

def schedule(settings):
    return issue_schedule(settings)

def run(app, slot):
    return Done(f"{app} at {slot.name}")
"""


def settings_with(folder: Path, *jobs: str) -> Settings:
    return Settings(folder=folder, jobs=jobs)


def blocks_of_how_to(language: str) -> list[str]:
    how_to = Path(__file__).parents[2] / "docs" / "how-to" / "schedule.md"
    return re.findall(rf"^```{language}\n(.*?)^```", how_to.read_text(), re.DOTALL | re.MULTILINE)


def test_the_job_of_the_how_to_is_one(tmp_path: Path) -> None:
    (source,) = blocks_of_how_to("python")
    (tmp_path / "backup.py").write_text(source)
    (job,) = load_jobs(settings_with(tmp_path, "backup"), None)
    (following,) = islice(job.schedule.after(datetime.fromisoformat("2026-11-23")), 1)
    assert (job.name, following.name) == ("backup", "2026-11-28T03:00")


def test_the_settings_of_the_how_to_are_settings(tmp_path: Path) -> None:
    for block in blocks_of_how_to("toml"):
        (tmp_path / "newsletter.toml").write_text(block)
        load_settings(tmp_path, environ={})


def test_with_a_mailbox_of_reports_the_default_jobs_read_it(tmp_path: Path) -> None:
    named = [job.name for job in load_jobs(Settings(folder=tmp_path, feedback_maildir=Path("reports")), None)]
    without = [job.name for job in load_jobs(Settings(folder=tmp_path), None)]
    assert named == [*without, "feedback"]
    own = Settings(folder=tmp_path, feedback_maildir=Path("reports"), jobs=("jobs.dispatch",))
    assert [job.name for job in load_jobs(own, None)] == ["dispatch"]


def test_an_operators_own_module_is_found_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "own_greeting.py").write_text(GOOD)
    (job,) = load_jobs(settings_with(tmp_path, "own_greeting"), "the app")
    assert job.name == "greet"
    assert job.run(job.schedule.slot("2026-11-26T09:00")) == Done("the app at 2026-11-26T09:00")


@pytest.mark.parametrize(
    ("module", "source", "words"),
    [
        ("own_no_such", None, "schedule.jobs names own_no_such, but there is no such module"),
        ("own_package.inner", None, "schedule.jobs names own_package.inner, but there is no such module"),
        ("own_needs", "import surely_absent", "own_needs needs surely_absent, which is not installed"),
        ("own_broken", "1 / 0", "own_broken cannot be loaded: ZeroDivisionError"),
        ("own_syntax", "def", "own_syntax cannot be loaded: SyntaxError"),
        ("own_nameless", GOOD.replace("NAME", "NOM"), "own_nameless must give its name"),
        ("own_runless", GOOD.replace("run(", "walk("), "own_runless has no function run"),
        ("own_timeless", GOOD.replace("issue_schedule(settings)", "None"), "must give a Schedule"),
    ],
)
def test_a_wrong_module_is_one_clear_sentence(
    tmp_path: Path, module: str, source: str | None, words: str
) -> None:
    if source is not None:
        (tmp_path / f"{module}.py").write_text(source)
    with pytest.raises(ConfigError) as caught:
        load_jobs(settings_with(tmp_path, module), None)
    assert words in str(caught.value)
    assert str(tmp_path / "newsletter.toml") in str(caught.value)
    assert caught.value.exit_status == 2


def test_two_jobs_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own_first.py").write_text(GOOD)
    (tmp_path / "own_second.py").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"two modules of schedule\.jobs call themselves greet"):
        load_jobs(settings_with(tmp_path, "own_first", "own_second"), None)


def test_a_job_that_gives_nothing_back_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "own_silent.py").write_text(GOOD.replace("return Done", "Done"))
    (job,) = load_jobs(settings_with(tmp_path, "own_silent"), None)
    with pytest.raises(TypeError, match="own_silent must give Done, Waiting or Skipped, not None"):
        job.run(job.schedule.slot("2026-11-26T09:00"))
