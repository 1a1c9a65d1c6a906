import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import click
import pytest

from newsletter.cli.program import SECTIONS, program
from newsletter.config import setting_rows
from newsletter.delivery.transports import TRANSPORT_SETTINGS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
#: What people have written; the reference is the program's own.
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {*REFERENCE.iterdir()})


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


GENERATE = ROOT / "docs" / "generate.py"


def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, GENERATE, "--check"], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_reference_is_named_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate = run_path(str(GENERATE))["main"]
    documents = {"cli.md": lambda: "Commands.", "settings.md": lambda: "Settings."}
    generate([], tmp_path, documents)
    (tmp_path / "cli.md").write_text("Old.")
    capsys.readouterr()
    assert generate(["--check"], tmp_path, documents) == 1
    assert capsys.readouterr().err == "docs/reference is stale: cli.md. Run: make docs\n"
    assert generate([], tmp_path, documents) == 0
    assert capsys.readouterr().out == "written: cli.md\n"
    assert generate(["--check"], tmp_path, documents) == 0


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
    assert [row.name for row in setting_rows(TRANSPORT_SETTINGS) if f"`{row.variable}`" not in text] == []


def command_lines(text: str) -> Iterator[str]:
    """The lines of a page's blocks that begin with `newsletter`, and what its sentences quote of it."""
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^newsletter .*", block, re.MULTILINE)
    yield from re.findall(r"^ {4}(newsletter .*)$", text, re.MULTILINE)
    yield from re.findall(r"`(newsletter [^`]+)`", text)


def unknown_in(line: str) -> list[str]:
    """The commands and options of a line that the program does not have."""
    command: click.Command = program
    options = {"--help", *(name for each in program.params for name in each.opts)}
    unknown = []
    for word in shlex.split(line, comments=True)[1:]:
        if word.startswith("--"):
            unknown += [word] if word.partition("=")[0] not in options else []
        elif isinstance(command, click.Group):
            try:
                _, below, _ = command.resolve_command(click.Context(command), [word])
            except click.UsageError:
                return [*unknown, word]
            command = below or command
            options |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_of_a_page_can_be_typed(page: Path) -> None:
    lines = command_lines(page.read_text(encoding="utf-8"))
    assert [(line, unknown) for line in lines if (unknown := unknown_in(line))] == []


def test_a_command_that_is_none_is_found() -> None:
    assert unknown_in("newsletter status 1 --jsn") == ["--jsn"]
    assert unknown_in("newsletter readers fetch ADDRESS") == ["fetch"]


def test_every_module_of_commands_is_in_the_program() -> None:
    modules = {file.stem for file in (ROOT / "newsletter" / "cli").glob("*.py")}
    listed = {module for commands in SECTIONS.values() for module, _ in commands.values()}
    assert modules - listed == {"__init__", "frame", "preferences"}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_line_of_help_in_the_table_is_the_commands_own(section: str) -> None:
    context = click.Context(program)
    for name, (_, line) in SECTIONS[section].items():
        command = program.get_command(context, name)
        assert command is not None, name
        assert command.get_short_help_str(100) == line
