"""The import name `newsletter` is django-newsletter's, too: two in one folder are refused before anything is done."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import newsletter
from newsletter.distribution import NAME, fault_of_package

THEIRS = "VERSION = (0, 9, 1)\n"


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    """A folder into which this program was installed."""
    folder = Path(newsletter.__file__).parent
    shutil.copytree(folder, tmp_path / "newsletter", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run_from(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command from there; without `site` the checkout, which is installed too, is not found."""
    code = "from newsletter.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-PS", "-c", code, "--version"],
        env={"PYTHONPATH": os.pathsep.join([str(folder), sysconfig.get_path("purelib")])},
        capture_output=True,
        text=True,
        timeout=60,
    )


def install_the_other(folder: Path) -> None:
    """What pip leaves of django-newsletter, its __init__.py aside."""
    about = folder / "django_newsletter-0.9.1.dist-info"
    about.mkdir()
    (about / "RECORD").write_text("newsletter/__init__.py,sha256=x,1\nnewsletter/models.py,sha256=x,1\n")
    (folder / "newsletter" / "models.py").write_text("")


def test_this_package_is_ours() -> None:
    assert fault_of_package() == ""
    assert f'name = "{NAME}"' in (Path(__file__).parents[1] / "pyproject.toml").read_text()


def test_alone_it_runs(site_packages: Path) -> None:
    assert run_from(site_packages).stdout.startswith("newsletter 0.")


def test_beside_django_newsletter_it_refuses_to_run(site_packages: Path) -> None:
    install_the_other(site_packages)
    refused = run_from(site_packages)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"newsletter: django-newsletter is installed here too and writes into the same folder, "
        f"{site_packages}/newsletter: install weekly-verdicts-newsletter into an environment of its own\n"
    )


@pytest.mark.parametrize("init", [THEIRS, None], ids=["overwritten", "removed"])
def test_a_package_that_another_has_overwritten_refuses_to_run(site_packages: Path, init: str | None) -> None:
    file = site_packages / "newsletter" / "__init__.py"
    file.unlink() if init is None else file.write_text(init)
    refused = run_from(site_packages)
    assert refused.returncode == 2
    assert refused.stderr.startswith("newsletter: another distribution has overwritten ")
    assert len(refused.stderr.splitlines()) == 1


def test_one_that_only_has_its_name_beside_ours_is_no_trouble(site_packages: Path) -> None:
    about = site_packages / "django_newsletter-0.9.1.dist-info"
    about.mkdir()
    (about / "RECORD").write_text("__editable__.django_newsletter.pth,sha256=x,1\n")
    assert run_from(site_packages).returncode == 0
