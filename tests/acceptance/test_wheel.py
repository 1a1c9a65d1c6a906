"""The wheel alone, outside the checkout, does the whole job: init → import → draft → approve → send."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


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
    assert (installed / "jobs" / "dispatch.py").is_file()
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
