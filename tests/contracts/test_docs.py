import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from newsletter.cli.program import SECTIONS, program
from newsletter.config import env_name, setting_fields

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """The command and everything under it, by what one types."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, f"{path} {name}")


COMMANDS = dict(walk(program, "newsletter"))


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator of `folder`, a copy or ours."""
    script = folder / "docs" / "generate.py"
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, timeout=100)


def test_the_reference_is_what_the_code_says() -> None:
    result = generate(ROOT, "--check")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_stale_reference_is_named_and_written_anew(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "generate.py", tmp_path / "docs" / "generate.py")
    generate(tmp_path)
    (tmp_path / "docs" / "reference" / "cli.md").write_text("Old.")
    stale = generate(tmp_path, "--check")
    assert (stale.returncode, stale.stderr) == (1, "docs/reference is stale: cli.md. Run: make docs\n")
    assert generate(tmp_path).stdout == "written: cli.md\n"
    assert generate(tmp_path, "--check").returncode == 0


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_has_help(path: str) -> None:
    command = COMMANDS[path]
    assert command.help, f"{path} has no docstring"
    assert command.help.rstrip().splitlines()[0].endswith((".", ":")), f"{path}: the first line is a sentence"
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []


def test_every_command_is_documented() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    assert [path for path in COMMANDS if f"Usage: {path} " not in text] == []


def test_every_setting_is_documented() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    names = [row.metadata["name"] for row in setting_fields()]
    assert [name for name in names if f"`{env_name(name)}`" not in text] == []


def test_every_module_of_commands_is_in_the_program() -> None:
    modules = {file.stem for file in (ROOT / "newsletter" / "cli").glob("*.py")}
    listed = {module for section in SECTIONS.values() for module in section}
    # reader_files holds those of `readers` that read and write files.
    assert modules - listed == {"__init__", "frame", "program", "reader_files"}
