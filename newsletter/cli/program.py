"""The program itself: its global options, its commands, how it ends, and `newsletter completion`.

A command's module is imported when the command is called, so that `newsletter --help` stays quick; the one line of help
that stands in the table equals the command's own (a test holds them together)."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import get_completion_class

import newsletter
from newsletter.commands import name_folder
from newsletter.errors import NewsletterError

#: Every command under its heading in `newsletter --help`: the module of this folder that holds it, and its one line of help.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "init": ("setup", "Make a new newsletter in DIRECTORY (otherwise in --folder)."),
        "settings": ("settings", "Show every setting, its value and where the value comes from."),
        "db": ("setup", "The subscribers' database: its shape and its state."),
        "keys": ("keys", "The keys that sign readers' links, and those that sign messages."),
        "completion": ("program", "Print the completion script of a shell."),
    },
    "The week": {
        "content": ("content", "What the week holds: tools, comparisons, reviews, prices."),
        "facts": ("facts", "What is printed of a tool and why, and where sources contradict each other."),
    },
    "The issue": {
        "draft": (
            "draft",
            "Draft an issue from everything not yet published, or a monthly one from what was.",
        ),
        "issues": ("issues", "List the issues, the newest first."),
        "show": ("approve", "Show an issue: its state, its subject and its items."),
        "preview": (
            "approve",
            "Show an issue exactly as it would arrive; an approved one as it was approved.",
        ),
        "approve": ("approve", "Approve a draft: number it, publish its items and freeze what will be sent."),
        "withdraw": ("approve", "Make a draft of an approved issue again, before it goes out."),
        "cancel": ("approve", "Cancel an issue for good; what nobody has got yet waits for the next one."),
        "edit": ("draft", "Correct a draft: write over what is computed, move, pin or take out items."),
        "undo": ("draft", "Take back the last edit of a draft; again, the one before."),
        "check": ("check", "Check an issue before approval; exits with 1 when something holds it back."),
        "answer": ("check", "Answer a finding of `newsletter check`, named by its KEY."),
        "test-send": (
            "check",
            "Send an issue to people who check it, exactly as it will go out, marked in its subject.",
        ),
        "hold": (
            "check",
            "Put an issue on hold: it does not go out until it is released, whatever its time.",
        ),
        "release": (
            "check",
            "Let an issue that is on hold go out at its time again, or let any go at another time.",
        ),
        "archive": ("issues", "Show an issue on the web, or take it off: pages, feeds, search and sitemap."),
        "correct": (
            "approve",
            "Correct an issue that went out: its page in the archive says what was wrong, what is right, and...",
        ),
    },
    "Readers": {
        "readers": ("readers", "Who gets the issues."),
    },
    "Sending": {
        "send": ("sending", "Send an approved issue, or go on with one that was interrupted."),
        "pause": ("sending", "Pause an issue that is going out: within a second nobody new is mailed."),
        "resume": ("sending", "Let a paused issue go on."),
        "status": (
            "status",
            "Say where an issue stands: state, why, since when, what happens by itself, and the next command.",
        ),
        "unsure": (
            "sending",
            "List the readers of whom nobody can say whether they have the issue, and what is known.",
        ),
        "mails": ("sending", "Single mails: confirmations, links that readers asked for, alerts."),
        "bounces": ("bounces", "Bounces, complaints and requests to leave that came by mail."),
        "rehearse": (
            "rehearse",
            "Rehearse sending: whole issues to a server on this machine that misbehaves, while senders are...",
        ),
    },
    "Running it": {
        "serve": (
            "serve",
            "Run the schedule, send what is due and serve the pages, until SIGTERM or Ctrl-C.",
        ),
        "editors": ("editors", "Who works at the desk, and signing them in and out."),
        "backup": (
            "backups",
            "Make a backup of both stores, the keys and the settings: one file, while everything is in use.",
        ),
        "restore": ("backups", "Put a backup back, or say what a database that was put back cannot know."),
        "jobs": ("jobs", "Show each job's last, next, waiting and missed slots."),
    },
}

#: What commands of earlier releases are called now; their old names still work.
RENAMED = {"feedback": "bounces"}

#: The exit status of a program that was stopped with Ctrl-C: 128 + SIGINT.
INTERRUPTED = 130
#: And of one that SIGTERM stopped before its work was done: 128 + SIGTERM.
TERMINATED = 143


class Program(click.Group):
    """The group of all commands; it reads their modules when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = RENAMED.get(cmd_name, cmd_name)
        module = next((named[cmd_name][0] for named in SECTIONS.values() if cmd_name in named), None)
        if module is None:
            return None
        commands: tuple[click.Command, ...] = import_module(f"newsletter.cli.{module}").COMMANDS
        return next(each for each in commands if each.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, help) for name, (_, help) in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            done = super().invoke(ctx)
            # What is still in the buffer meets a full disk here, where it can be told, and not as Python ends.
            if sys.stdout is not None:
                sys.stdout.flush()
            return done
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
    """Flush stdout now: Python does so once more as it ends, and would complain of a full disk a second time."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _about_the_database(error: Exception) -> NewsletterError | None:
    if "sqlalchemy" not in sys.modules:
        return None
    from newsletter.db.engine import in_plain_words

    return in_plain_words(error)


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
    ctx.obj = folder.absolute()
    if ctx.get_parameter_source("folder") is ParameterSource.COMMANDLINE:
        name_folder(folder)
        ctx.call_on_close(lambda: name_folder(None))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash, put this into ~/.bashrc:  eval "$(newsletter completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(kind(ctx.find_root().command, {}, "newsletter", "_NEWSLETTER_COMPLETE").source())


COMMANDS = (completion,)
