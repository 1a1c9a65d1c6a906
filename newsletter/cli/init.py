"""`newsletter init` and `newsletter settings`: making an installation and seeing how it is set."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import Frame, json_option, pass_frame, print_table

if TYPE_CHECKING:
    from newsletter.config import SettingInForce

_HIDDEN = "********"

_NEXT = """\
Made a newsletter in {where}.

Next:
  1. Fill in what is marked as needed in {folder}/newsletter.toml
  2. newsletter{option} content import PATH...       bring in the week
  3. newsletter{option} readers import CSV           bring in the readers
  4. newsletter{option} draft                        then preview, approve, send

Keep a copy of {folder}/keys: the links in mails already sent and the suppression list need it."""


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--example", is_flag=True, help="Fill in example values, enough to send to the outbox.")
@pass_frame
def init(frame: Frame, directory: Path | None, example: bool) -> None:
    """Make a new newsletter in DIRECTORY (otherwise in --folder).

    Writes a commented newsletter.toml, makes both databases, the keys and the outbox. Nothing is overwritten.
    """
    from newsletter.installation import make_installation

    folder = directory or frame.folder
    make_installation(folder.absolute(), example=example)
    here = folder.absolute() == Path.cwd()
    shown = Path() if here else folder
    click.echo(
        _NEXT.format(
            folder=shown,
            where="this folder" if here else folder,
            option="" if here else f" --folder {folder}",
        )
    )


@click.command()
@json_option
@pass_frame
def settings(frame: Frame, as_json: bool) -> None:
    """Show every setting, its value and where the value comes from."""
    from newsletter.config import explain_settings

    rows = [(each.name, _shown(each), each.place or "default") for each in explain_settings(frame.folder)]
    print_table(["Setting", "Value", "From"], rows, as_json)


def _shown(setting: "SettingInForce") -> str:
    """The value as newsletter.toml writes it, without secrets."""
    from newsletter.installation import toml_value

    if setting.secret and setting.value:
        return _HIDDEN
    # A database URL may carry a password.
    return re.sub(r"(://[^:/@]*):[^@/]*@", rf"\1:{_HIDDEN}@", toml_value(setting.value))


COMMANDS: tuple[click.Command, ...] = (init, settings)
