"""`newsletter settings`: how the installation is set."""

from pathlib import Path

import click

from newsletter.cli.frame import json_option, pass_folder, print_table
from newsletter.config import HIDDEN, Row, explain_settings, toml_value, without_password
from newsletter.delivery.transports import TRANSPORT_SETTINGS


@click.command()
@json_option
@pass_folder
def settings(folder: Path, as_json: bool) -> None:
    """Show every setting, its value and where the value comes from."""
    rows = [
        (row.name, _shown(row, value), place or "default")
        for row, value, place in explain_settings(folder, TRANSPORT_SETTINGS)
    ]
    print_table(["Setting", "Value", "From"], rows, as_json)


def _shown(row: Row, value: object) -> str:
    """Return the value as newsletter.toml writes it, without secrets."""
    if row.secret and value:
        return HIDDEN
    shown = toml_value(value)
    return without_password(shown) if row.name == "paths.database_url" else shown


COMMANDS: tuple[click.Command, ...] = (settings,)
