"""The program itself: its global options, where its commands come from, and how it ends.

A command module is listed here once and exports `COMMANDS`. It imports click and the frame at its top, and
what it works with inside its commands: `newsletter --help` reads every module and must stay quick.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

import newsletter
from newsletter.cli.frame import Frame
from newsletter.errors import NewsletterError

#: The modules of this folder that hold commands, under the headings of `newsletter --help`.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Begin": ("init", "db", "keys", "completion"),
    "The week": ("content", "facts"),
    "The issue": ("drafting", "issues", "editing", "checking", "archive", "correcting"),
    "Readers": ("readers",),
    "Sending": ("sending", "mails", "feedback", "rehearse"),
    "Running it": ("serve", "editors", "jobs"),
}

#: The exit status of a program that was stopped with Ctrl-C: 128 + SIGINT.
INTERRUPTED = 130
#: And of one that SIGTERM stopped before its work was done: 128 + SIGTERM.
TERMINATED = 143


class Program(click.Group):
    """The group of all commands; it reads their modules when they are asked for."""

    def sections(self) -> dict[str, tuple[click.Command, ...]]:
        """The commands under each heading, in the order of the list."""
        return {
            heading: tuple(command for module in modules for command in _commands(module))
            for heading, modules in SECTIONS.items()
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name or "" for commands in self.sections().values() for command in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        named = (each for commands in self.sections().values() for each in commands if each.name == cmd_name)
        return next(named, None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in self.sections().items():
            shown = [each for each in commands if not each.hidden]
            if shown:
                with formatter.section(heading):
                    formatter.write_dl([(each.name or "", each.get_short_help_str(100)) for each in shown])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NewsletterError as error:
            _complain(ctx, str(error), error.exit_status)
        except BrokenPipeError:
            raise
        except OSError as error:
            _complain(ctx, _about_a_file(error), 1)
        except KeyboardInterrupt:
            click.echo("newsletter: stopped", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            said = _about_the_database(error)
            if said is None:
                raise
            _complain(ctx, str(said), said.exit_status)


def _complain(ctx: click.Context, text: str, status: int) -> None:
    click.echo(f"newsletter: {' '.join(text.split())}", err=True)
    _forget_what_cannot_be_written()
    ctx.exit(status)


def _about_a_file(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else f"the output cannot be written: {reason}"


def _forget_what_cannot_be_written() -> None:
    """Python flushes stdout once more as it ends, and would complain of a full disk a second time."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _about_the_database(error: Exception) -> NewsletterError | None:
    if "sqlalchemy" not in sys.modules:
        return None
    from newsletter.db.engine import in_plain_words

    return in_plain_words(error)


def _commands(module: str) -> tuple[click.Command, ...]:
    name = f"newsletter.cli.{module}"
    if find_spec(name) is None:
        return ()
    commands: tuple[click.Command, ...] = import_module(name).COMMANDS
    return commands


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="the current one",
    envvar="NEWSLETTER_FOLDER",
    show_envvar=True,
    help="The newsletter's folder: where newsletter.toml stands.",
)
@click.version_option(newsletter.__version__, message="newsletter %(version)s")
@click.pass_context
def program(ctx: click.Context, folder: Path) -> None:
    """A weekly newsletter made from a database of AI tool comparisons."""
    ctx.obj = Frame(folder.absolute())
