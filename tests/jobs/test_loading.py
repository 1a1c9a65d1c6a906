import re
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from newsletter.config import Settings, load_settings
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.errors import ConfigError
from newsletter.schedule.jobs import Done, load_jobs
from tests.config.written import changed

GOOD = """
from newsletter.schedule.jobs import Done
from newsletter.schedule.slots import issue_schedule

NAME = "greet"

def schedule(settings):
    return issue_schedule(settings)

def run(app, slot):
    return Done(f"{app} at {slot.name}")
"""


HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"

#: The built-in jobs in the how-to's table, but for those that a setting asks for.
BUILT_IN = tuple(
    sorted(
        name
        for row in re.findall(r"^\| (`[^|]+`) \|", (HOW_TO / "schedule.md").read_text(), re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
        if name not in ("bounces", "backups")
    )
)


def settings_with(folder: Path, *extra: str) -> Settings:
    """Settings with these jobs and no others."""
    return changed(
        Settings(folder=folder), {"schedule.extra_jobs": extra, "schedule.disabled_jobs": BUILT_IN}
    )


def names(settings: Settings) -> list[str]:
    return [job.name for job in load_jobs(settings, None)]


def blocks_of(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (HOW_TO / page).read_text(), re.DOTALL | re.MULTILINE)


def test_the_job_of_the_how_to_runs_beside_the_built_in_ones(tmp_path: Path) -> None:
    (source,) = blocks_of("schedule.md", "python")
    (setting,) = (each for each in blocks_of("schedule.md", "toml") if "extra_jobs" in each)
    (tmp_path / "backup.py").write_text(source)
    (tmp_path / "newsletter.toml").write_text(setting)
    jobs = {job.name: job for job in load_jobs(load_settings(tmp_path, TRANSPORT_SETTINGS, environ={}), None)}
    (following,) = islice(jobs["backup"].schedule.after(datetime.fromisoformat("2026-11-23")), 1)
    assert following.name == "2026-11-28T03:00"
    assert set(jobs) == {*BUILT_IN, "backup"}


@pytest.mark.parametrize("page", ["schedule.md", "bounces.md"])
def test_no_setting_of_the_how_tos_turns_a_built_in_job_off(tmp_path: Path, page: str) -> None:
    (source,) = blocks_of("schedule.md", "python")
    (tmp_path / "backup.py").write_text(source)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "imap-password").write_text("secret")
    for block in blocks_of(page, "toml"):
        (tmp_path / "newsletter.toml").write_text(block)
        assert set(BUILT_IN) <= set(names(load_settings(tmp_path, TRANSPORT_SETTINGS, environ={})))


def test_the_how_to_names_every_built_in_job_and_two_are_asked_for(tmp_path: Path) -> None:
    assert names(Settings(folder=tmp_path)) == list(BUILT_IN)
    asked = {"bounces.maildir": Path("reports"), "backups.nightly": True}
    assert names(changed(Settings(folder=tmp_path), asked)) == ["backups", "bounces", *BUILT_IN]


def test_a_built_in_job_is_turned_off_by_its_name(tmp_path: Path) -> None:
    without = changed(Settings(folder=tmp_path), {"schedule.disabled_jobs": ("monthly-draft", "votes")})
    assert names(without) == [each for each in BUILT_IN if each not in ("monthly-draft", "votes")]


def test_a_job_that_is_none_cannot_be_turned_off(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[schedule]\ndisabled_jobs = ["monthly"]\n')
    with pytest.raises(
        ConfigError, match=r"schedule\.disabled_jobs names monthly, but no built-in job is called that"
    ):
        names(load_settings(tmp_path, TRANSPORT_SETTINGS, environ={}))


def test_the_list_of_earlier_releases_is_refused_with_what_to_write_instead(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[schedule]\njobs = ["jobs.draft", "backup"]\n')
    with pytest.raises(
        ConfigError, match=r"newsletter\.toml:2: schedule.jobs is gone.*schedule.extra_jobs.*disabled_jobs"
    ):
        load_settings(tmp_path, TRANSPORT_SETTINGS, environ={})


def test_a_folder_of_jobs_beside_the_settings_is_the_operators_own(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "mine.py").write_text(GOOD)
    assert names(settings_with(tmp_path, "jobs.mine")) == ["greet"]


def test_an_operators_own_module_is_found_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "own_greeting.py").write_text(GOOD)
    (job,) = load_jobs(settings_with(tmp_path, "own_greeting"), "the app")
    assert job.name == "greet"
    assert job.run(job.schedule.slot("2026-11-26T09:00")) == Done("the app at 2026-11-26T09:00")


@pytest.mark.parametrize(
    ("module", "source", "words"),
    [
        ("own_no_such", None, "schedule.extra_jobs names own_no_such, but there is no such module"),
        (
            "own_package.inner",
            None,
            "schedule.extra_jobs names own_package.inner, but there is no such module",
        ),
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
    with pytest.raises(ConfigError, match="own_second calls itself greet, as another job does"):
        load_jobs(settings_with(tmp_path, "own_first", "own_second"), None)


def test_a_job_that_gives_nothing_back_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "own_silent.py").write_text(GOOD.replace("return Done", "Done"))
    (job,) = load_jobs(settings_with(tmp_path, "own_silent"), None)
    with pytest.raises(TypeError, match="own_silent must give Done, Waiting or Skipped, not None"):
        job.run(job.schedule.slot("2026-11-26T09:00"))


# NEEDS from tests.config.written import changed
