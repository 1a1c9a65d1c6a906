"""README and the start guide are true: every path exists, every folder is shown, every command line runs."""

import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli.program import program

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "start" / "first-issue.md").read_text(encoding="utf-8")

PAGES = [*sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*.md"))]

#: Folders with what documents speak of.
SOURCES = ("newsletter", "jobs", "templates", "tests", "benchmarks", "examples", "findings", "docs")

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page} links to {target}"


#: What is in no checkout: a job of the operator's own.
OF_AN_OPERATOR = {"backup.py"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_document_names_exists(page: Path) -> None:
    """By its path from the top, or as `ledger.py` where the page says in which folder."""
    named = re.findall(r"`([\w./-]+)`", page.read_text(encoding="utf-8"))
    paths = [each for each in named if each.partition("/")[0] in SOURCES and "/" in each]
    names = {each for each in named if each.endswith(".py")} - {*paths} - OF_AN_OPERATOR
    known = [f"/{file.relative_to(ROOT)}" for folder in SOURCES for file in (ROOT / folder).rglob("*.py")]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [name for name in names if not any(each.endswith(f"/{name}") for each in known)] == []


def test_every_path_that_the_code_names_exists() -> None:
    """Where a module or a template sends its reader on."""
    path = re.compile(rf"(?<![\w/.-])(?:{'|'.join(SOURCES)})/[\w./-]+\.(?:py|j2|md|js|sql|json)\b")
    files = [
        file for folder in SOURCES[:3] for file in (ROOT / folder).rglob("*") if file.suffix in (".py", ".j2")
    ]
    named = {(file.name, each) for file in files for each in path.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 5
    assert {each for each in named if not (ROOT / each[1]).exists()} == set()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = (
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgres"],
        *project["dependency-groups"]["dev"],
    )
    decision = (ROOT / "docs/decisions/001-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][a-z0-9., -]+) \|", decision, re.MULTILINE)
    explained = {name for row in rows if row != "package" for name in row.split(", ")}
    assert {re.split(r"[\[><=]", each)[0] for each in asked} == explained | {"psycopg"}


def test_the_index_of_the_documents_leads_to_every_one() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#\s]+)", index))
    pages = (each for kind in ("md", "sql", "json") for each in (ROOT / "docs").rglob(f"*.{kind}"))
    assert linked == {str(each.relative_to(ROOT / "docs")) for each in pages} - {"README.md"}


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|^    )make ([a-z]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_commands_of_the_start_guide_run_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXAMPLES", str(ROOT / "examples"))
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith("make ")]
    said = ""
    for line in lines:
        command, *arguments = shlex.split(os.path.expandvars(line))
        if command == "cd":
            monkeypatch.chdir(*arguments)
        else:
            assert command == "newsletter"
            done = CliRunner().invoke(program, arguments)
            assert done.exit_code == 0, line + done.output
            said += done.output
    assert "is sent already" in said
