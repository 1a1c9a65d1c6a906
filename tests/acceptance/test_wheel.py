"""The wheel alone, outside the checkout, does the whole job: init → import → draft → approve → send."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MINE = """
from datetime import time

from newsletter.config import Weekday
from newsletter.schedule.jobs import Done
from newsletter.schedule.slots import Schedule

NAME = "mine"


def schedule(settings):
    return Schedule(days=(Weekday.SAT,), time=time(3, 0), zone=settings.zone)


def run(app, slot):
    return Done("Mine.")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def newsletter(installed: Path, folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "newsletter", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_carries_everything_it_needs(installed: Path) -> None:
    assert (installed / "newsletter" / "_jobs" / "dispatch.py").is_file()
    assert {each.name for each in installed.iterdir() if each.is_dir() and "dist-info" not in each.name} == {
        "newsletter",
        "bin",
    }
    assert (installed / "newsletter" / "db" / "migrations" / "script.py.mako").is_file()
    assert (installed / "newsletter" / "_templates" / "email" / "weekly" / "body.mjml.j2").is_file()


def test_an_empty_folder_gets_from_init_to_sent(installed: Path, tmp_path: Path) -> None:
    newsletter(installed, tmp_path, "init", ".", "--example")
    examples = installed / "newsletter" / "_examples" / "sample-week"
    newsletter(installed, tmp_path, "content", "import", str(examples), "--ours")
    newsletter(installed, tmp_path, "readers", "add", "alice@example.org", "--consent", "asked in person")
    newsletter(installed, tmp_path, "draft")
    newsletter(installed, tmp_path, "approve", "latest", "--acknowledge")
    newsletter(installed, tmp_path, "send", "latest")
    (mail,) = (tmp_path / "outbox" / "new").iterdir()
    assert b"To: alice@example.org" in mail.read_bytes()


def test_an_operators_own_jobs_run_beside_the_built_in_ones(installed: Path, tmp_path: Path) -> None:
    newsletter(installed, tmp_path, "init", ".", "--example")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "mine.py").write_text(MINE)
    settings = tmp_path / "newsletter.toml"
    settings.write_text(
        settings.read_text().replace("[schedule]\n", '[schedule]\nextra_jobs = ["jobs.mine"]\n')
    )
    shown = newsletter(installed, tmp_path, "jobs")
    assert {"mine", "draft", "monthly-draft", "retention"} <= {
        line.split()[0] for line in shown.splitlines() if line
    }
