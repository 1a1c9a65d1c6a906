"""`newsletter db`: the shape of the subscribers' database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import Frame, json_option, pass_frame, print_table

if TYPE_CHECKING:
    from newsletter.db.engine import Database


@click.group()
def db() -> None:
    """The subscribers' database: its shape and its state."""


@db.command()
@pass_frame
def upgrade(frame: Frame) -> None:
    """Bring the database to the shape this program needs.

    Refused while an issue is going out. Make a copy of the database first.
    """
    from newsletter.db import migrate

    with _database(frame) as database:
        before = migrate.current(database)
        migrate.upgrade(database)
        after = migrate.current(database)
    if before == after:
        click.echo(f"The database is up to date ({after}).")
    else:
        click.echo(f"The database went from {before or 'empty'} to {after}.")


@db.command()
@json_option
@pass_frame
def status(frame: Frame, as_json: bool) -> None:
    """Say which shape the database has and which is needed."""
    from sqlalchemy import make_url

    from newsletter.db import migrate

    with _database(frame) as database:
        current, needed = migrate.current(database), migrate.head()
        place = make_url(database.url).render_as_string(hide_password=True)
    state = "up to date" if current == needed else "behind: run newsletter db upgrade"
    print_table(["Database", "Current", "Needed", "State"], [(place, current, needed, state)], as_json)


@contextmanager
def _database(frame: Frame) -> Iterator["Database"]:
    """The database, open even when it is behind."""
    from newsletter.config import load_settings
    from newsletter.db.engine import open_database, require_database

    url = load_settings(frame.folder).store_url
    require_database(url)
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


COMMANDS: tuple[click.Command, ...] = (db,)
