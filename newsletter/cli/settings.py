"""`newsletter settings`: how the installation is set."""

import re
from pathlib import Path

import click

from newsletter.cli.frame import json_option, pass_folder, print_table
from newsletter.config import Row, explain_settings, toml_value
from newsletter.delivery.transports import TRANSPORT_SETTINGS

_HIDDEN = "********"


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
        return _HIDDEN
    # A database URL may carry a password.
    return re.sub(r"(://[^:/@]*):[^@/]*@", rf"\1:{_HIDDEN}@", toml_value(value))


COMMANDS: tuple[click.Command, ...] = (settings,)
