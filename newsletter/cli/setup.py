"""`newsletter init` and `newsletter settings`: making an installation and seeing how it is set."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from newsletter.cli.frame import Frame, json_option, pass_frame, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.config import Row

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
    from newsletter.delivery.transports import TRANSPORT_SETTINGS

    rows = [
        (row.name, _shown(row, value), place or "default")
        for row, value, place in explain_settings(frame.folder, TRANSPORT_SETTINGS)
    ]
    print_table(["Setting", "Value", "From"], rows, as_json)


def _shown(row: "Row", value: object) -> str:
    """The value as newsletter.toml writes it, without secrets."""
    from newsletter.installation import toml_value

    if row.secret and value:
        return _HIDDEN
    # A database URL may carry a password.
    return re.sub(r"(://[^:/@]*):[^@/]*@", rf"\1:{_HIDDEN}@", toml_value(value))


# `newsletter db`: the shape of the subscribers' database.

if TYPE_CHECKING:
    from newsletter.db.engine import Database


@click.group()
def db() -> None:
    """The subscribers' database: its shape and its state."""


@db.command()
@pass_frame
def upgrade(frame: Frame) -> None:
    """Bring the database to the revision this program needs.

    Refused while an issue is going out. Make a copy of the database first.
    """
    from newsletter.db.migrate import upgrade as bring_to_head
    from newsletter.db.revisions import HEAD, read_revision

    with _database(frame) as database:
        before = read_revision(database)
        bring_to_head(database)
    if before == HEAD:
        click.echo(f"The database is up to date ({HEAD}).")
    else:
        click.echo(f"The database went from {before or 'empty'} to {HEAD}.")


@db.command()
@json_option
@pass_frame
def status(frame: Frame, as_json: bool) -> None:
    """Say which revision the database is at and which is needed, and how its tables differ from this release's.

    Exit status 1 when they differ although the revision is right.
    """
    from sqlalchemy import make_url

    from newsletter.db.revisions import HEAD, read_revision, require_known
    from newsletter.db.shape import differences

    with _database(frame) as database:
        revision = read_revision(database)
        require_known(revision)
        place = make_url(database.url).render_as_string(hide_password=True)
        with database.read() as connection:
            differing = differences(connection) if revision == HEAD else ()
    state = "behind: run newsletter db upgrade" if revision != HEAD else "up to date"
    if differing:
        state = "differs from this release"
    row = {"database": place, "current": revision, "needed": HEAD, "state": state}
    if as_json:
        print_json([row | {"differences": differing}])
    else:
        print_table(["Database", "Current", "Needed", "State"], [tuple(row.values())])
        for each in differing:
            click.echo(f"- {each}")
    if differing:
        raise SystemExit(1)


@contextmanager
def _database(frame: Frame) -> Iterator["Database"]:
    """The database, open even when it is behind."""
    from newsletter.config import load_settings
    from newsletter.db.engine import open_database, require_database
    from newsletter.delivery.transports import TRANSPORT_SETTINGS

    url = load_settings(frame.folder, TRANSPORT_SETTINGS).store_url
    require_database(url)
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


# `newsletter keys`: the keys that sign readers' links, and those that sign messages.

if TYPE_CHECKING:
    from newsletter.config import Settings
    from newsletter.delivery.dkim import DkimFiles


@click.group()
def keys() -> None:
    """The keys that sign readers' links, and those that sign messages."""


@keys.command()
@pass_frame
def rotate(frame: Frame) -> None:
    """Add a new key that signs from now on.

    The older keys stay: links in mails already sent need them. The suppression key is never changed.
    Restart `newsletter serve` afterwards.
    """
    from newsletter.config import load_settings
    from newsletter.delivery.transports import TRANSPORT_SETTINGS
    from newsletter.readers.keys import rotate_link_keys

    settings = load_settings(frame.folder, TRANSPORT_SETTINGS)
    count = rotate_link_keys(settings.path(settings.paths.link_keys))
    click.echo(f"A new key signs from now on; {count} keys verify. Restart newsletter serve.")


@keys.command()
@click.option("--zone", is_flag=True, help="Print the records as lines of a zone file, and nothing else.")
@pass_frame
def dkim(frame: Frame, zone: bool) -> None:
    """Make the keys of DKIM signatures, and print what belongs in DNS.

    Keys that are there stay as they are, so the records can be printed again at any time. Nothing is signed before the
    settings name the keys: publish the records first. SendGrid signs by itself and needs none of this.
    """
    from newsletter.config import load_settings
    from newsletter.delivery.dkim import DkimFiles
    from newsletter.delivery.transports import TRANSPORT_SETTINGS

    settings = load_settings(frame.folder, TRANSPORT_SETTINGS)
    files = _dkim_files(settings)
    made = files.make_missing()
    if zone:
        for record in files.records():
            click.echo(record.zone_line)
        return
    for file in made:
        say(f"Made {file}.")
    say("In DNS, as TXT records:")
    for record in files.records():
        click.echo(f"\n  {record.name}\n    {record.value}")
    if DkimFiles.of(settings).none_named:
        click.echo(_NAME_THEM)


#: Where keys are made that the settings do not name yet.
_RSA, _ED25519 = Path("keys/dkim-rsa.pem"), Path("keys/dkim-ed25519.pem")
_NAME_THEM = f"""
Once they can be looked up, name the keys in newsletter.toml; from then on messages are signed:

  [dkim]
  rsa_key = "{_RSA}"
  ed25519_key = "{_ED25519}\""""


def _dkim_files(settings: "Settings") -> "DkimFiles":
    """The keys that the settings name; both in their usual places where they name none."""
    from dataclasses import replace

    from newsletter.delivery.dkim import DkimFiles
    from newsletter.errors import ConfigError

    if not settings.signing_domain:
        raise ConfigError("set dkim.domain or mail.from_address first", setting="dkim.domain")
    files = DkimFiles.of(settings)
    if files.none_named:
        return replace(files, rsa=settings.path(_RSA), ed25519=settings.path(_ED25519))
    return files


# `newsletter completion`: the script that makes a shell complete our commands.


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
    program = ctx.find_root().command
    click.echo(kind(program, {}, "newsletter", "_NEWSLETTER_COMPLETE").source())


COMMANDS: tuple[click.Command, ...] = (
    init,
    settings,
    db,
    keys,
    completion,
)
