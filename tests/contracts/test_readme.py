"""README and the start guide are true: every path exists, every folder is shown, every command line runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "start" / "first-issue.md").read_text(encoding="utf-8")

#: Folders of the checkout that the tree need not show.
ELSEWHERE = {"demo", "dist", "site", "build", "node_modules", "journal", "outbox", "keys"}


def tree() -> dict[str, set[str]]:
    """What README's tree shows, by parent."""
    block = README.partition("## The way through the house")[2].split("```")[1]
    shown: dict[str, set[str]] = {"": set()}
    for line in filter(None, block.splitlines()):
        name = line.split()[0].rstrip("/")
        parent = "newsletter" if line.startswith(" ") else ""
        shown.setdefault(parent, set()).add(name)
    return shown


def folders(folder: Path) -> set[str]:
    hidden = re.compile(r"[._]|.*\.egg-info$")
    return {each.name for each in folder.iterdir() if each.is_dir() and not hidden.match(each.name)}


def test_the_tree_shows_every_folder_and_no_other() -> None:
    shown = tree()
    assert shown[""] == folders(ROOT) - ELSEWHERE
    assert shown["newsletter"] == folders(ROOT / "newsletter")


@pytest.mark.parametrize(
    "page", [*sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda page: page.name
)
def test_every_link_between_the_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page} links to {target}"


def test_every_path_that_contributing_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:newsletter|templates|tests|docs|jobs)/[^` ]*)`", text)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_index_of_the_documents_leads_to_every_one() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#\s]+)", index))
    pages = (each for kind in ("md", "sql", "json") for each in (ROOT / "docs").rglob(f"*.{kind}"))
    assert linked == {str(each.relative_to(ROOT / "docs")) for each in pages} - {"README.md"}


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|^    )make ([a-z]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.timeout(400)
def test_the_commands_of_the_start_guide_run_as_written(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith("make ")]
    script = "\n".join(
        [
            "set -eu",
            f'newsletter() {{ {shlex.quote(sys.executable)} -m newsletter "$@"; }}',
            f"EXAMPLES={shlex.quote(str(ROOT / 'examples'))}",
            *lines,
        ]
    )
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is sent already" in done.stdout
