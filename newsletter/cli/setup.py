"""`newsletter init|db`: making an installation, and the shape of its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from newsletter.cli.frame import json_option, pass_folder, print_json, print_table
from newsletter.commands import name_folder, suggest
from newsletter.config import load_settings, without_password
from newsletter.db.engine import Database, open_database, require_database
from newsletter.db.migrate import upgrade as bring_to_head
from newsletter.db.revisions import HEAD, read_revision, require_known
from newsletter.db.shape import differences
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.installation import make_installation

_NEXT = """\
Made a newsletter in {where}.

Next:
  1. Fill in what is marked as needed in {folder}/newsletter.toml
  2. {bring} PATH...       bring in the week
  3. {readers} CSV           bring in the readers
  4. {draft}                        then preview, approve, send

Keep a copy of {folder}/keys: the links in mails already sent and the suppression list need it."""


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--example", is_flag=True, help="Fill in example values, enough to send to the outbox.")
@pass_folder
def init(folder: Path, directory: Path | None, example: bool) -> None:
    """Make a new newsletter in DIRECTORY (otherwise in --folder).

    Writes a commented newsletter.toml, makes both databases, the keys and the outbox. Nothing is overwritten.
    """
    folder = directory or folder
    make_installation(folder.absolute(), example=example)
    here = folder.absolute() == Path.cwd()
    name_folder(None if here else folder)
    click.get_current_context().call_on_close(lambda: name_folder(None))
    click.echo(
        _NEXT.format(
            folder=Path() if here else folder,
            where="this folder" if here else folder,
            bring=suggest("content", "import"),
            readers=suggest("readers", "import"),
            draft=suggest("draft"),
        )
    )


@click.group()
def db() -> None:
    """The subscribers' database: its shape and its state."""


@db.command()
@pass_folder
def upgrade(folder: Path) -> None:
    """Bring the database to the revision this program needs.

    Refused while an issue is going out. Make a copy of the database first.
    """
    with _database(folder) as database:
        before = read_revision(database)
        bring_to_head(database)
    if before == HEAD:
        click.echo(f"The database is up to date ({HEAD}).")
    else:
        click.echo(f"The database went from {before or 'empty'} to {HEAD}.")


@db.command()
@json_option
@pass_folder
def status(folder: Path, as_json: bool) -> None:
    """Say which revision the database is at and which is needed, and how its tables differ from this release's.

    Exit status 1 when they differ although the revision is right.
    """
    with _database(folder) as database:
        revision = read_revision(database)
        require_known(revision)
        place = without_password(database.url)
        with database.read() as connection:
            differing = differences(connection) if revision == HEAD else ()
    state = f"behind: run {suggest('db', 'upgrade')}" if revision != HEAD else "up to date"
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
def _database(folder: Path) -> Iterator[Database]:
    """Open the database, even one that is behind."""
    settings = load_settings(folder, TRANSPORT_SETTINGS)
    url = settings.store_url
    require_database(url, settings.path(settings.paths.marks))
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


COMMANDS: tuple[click.Command, ...] = (
    init,
    db,
)
