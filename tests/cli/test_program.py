import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from newsletter import __version__
from newsletter.cli.frame import printable
from newsletter.cli.program import Program, program
from newsletter.errors import BadInput, NewsletterError

NEWSLETTER = [sys.executable, "-m", "newsletter"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*NEWSLETTER, *arguments], capture_output=True, text=True, timeout=60)


def every_command(group: click.Group) -> Iterator[click.Command]:
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield command
            if isinstance(command, click.Group):
                yield from every_command(command)


def test_every_number_that_a_command_takes_has_its_bounds() -> None:
    numbers = [
        (command.name, parameter.name, parameter.type)
        for command in every_command(program)
        for parameter in command.params
        if isinstance(parameter.type, (click.types.IntParamType, click.types.FloatParamType))
    ]
    bounds = [(*each, getattr(each[2], "min", None), getattr(each[2], "max", None)) for each in numbers]
    unbounded = [each for each in bounds if None in each[3:]]
    assert (len(numbers) > 8, unbounded) == (True, [])


def ending_with(error: BaseException) -> int:
    """The exit status of a command that raises `error`."""

    @click.command()
    def failing() -> None:
        raise error

    return CliRunner().invoke(Small(failing), ["failing"]).exit_code


class Small(Program):
    """The program with one command."""

    def __init__(self, command: click.Command) -> None:
        super().__init__(name="newsletter")
        self.only = command

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.only


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("The file is empty."), 2),
        (NewsletterError("The disk is full."), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_how_a_command_ends_is_its_exit_status(error: BaseException, status: int) -> None:
    assert ending_with(error) == status


def test_an_error_is_one_line_on_stderr() -> None:
    @click.command()
    def failing() -> None:
        raise BadInput("The file\nis empty.")

    result = CliRunner().invoke(Small(failing), ["failing"])
    assert result.stderr == "newsletter: The file is empty.\n"
    assert result.stdout == ""


def test_a_mistake_of_ours_shows_where_it_happened() -> None:
    @click.command()
    def failing() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(Small(failing), ["failing"]).exception, ZeroDivisionError)


def test_an_unknown_command_exits_2() -> None:
    result = run("nonsense")
    assert result.returncode == 2
    assert "No such command 'nonsense'" in result.stderr


def test_the_version_is_printed() -> None:
    assert run("--version").stdout == f"newsletter {__version__}\n"


def test_help_lists_every_section_with_commands() -> None:
    result = CliRunner().invoke(program, ["--help"])
    assert result.exit_code == 0
    assert "Begin:\n" in result.output
    assert "completion" in result.output


def test_help_reads_neither_database_nor_templates() -> None:
    heavy = ("sqlalchemy", "sqlite_utils", "mjml", "jinja2", "rich.table", "pydantic", "sendgrid")
    code = (
        "import sys\nfrom newsletter.cli.program import program\n"
        "program(['--help'], standalone_mode=False)\n"
        f"print('loaded:', [name for name in {heavy!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_each_shell(shell: str) -> None:
    assert "_NEWSLETTER_COMPLETE" in CliRunner().invoke(program, ["completion", shell]).output


def test_completion_completes() -> None:
    environment = os.environ | {
        "_NEWSLETTER_COMPLETE": "bash_complete",
        "COMP_WORDS": "newsletter compl",
        "COMP_CWORD": "1",
    }
    result = subprocess.run(NEWSLETTER, env=environment, capture_output=True, text=True, timeout=60)
    assert result.stdout == "plain,completion\n"


def test_ctrl_c_exits_130_without_a_traceback() -> None:
    code = (
        "import click, time\nfrom newsletter.cli.program import Program\n"
        "class Small(Program):\n"
        "    def get_command(self, ctx, name):\n"
        "        return waiting\n"
        "@click.command()\n"
        "def waiting():\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "Small(name='newsletter')(['waiting'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "newsletter: stopped\n"


def test_a_closed_pipe_is_no_error_message() -> None:
    code = (
        "import click\nfrom newsletter.cli.frame import print_table\n"
        "from newsletter.cli.program import Program\n"
        "class Small(Program):\n"
        "    def get_command(self, ctx, name):\n"
        "        return many\n"
        "@click.command()\n"
        "def many():\n"
        "    print_table(['Number'], ([number] for number in range(100_000)))\n"
        "Small(name='newsletter')(['many'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(timeout=20)


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mred\x00") == "a�[31mred�"
    assert printable("pay\u202epal\u200b") == "pay�pal�"


def test_a_command_of_an_earlier_release_still_works_by_its_old_name() -> None:
    result = CliRunner().invoke(program, ["feedback", "--help"])
    assert (result.exit_code, "Bounces, complaints and requests to leave" in result.output) == (0, True)
