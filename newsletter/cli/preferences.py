"""The options of what a reader chooses of an issue's content, for the commands that set it and that show it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from newsletter.readers.preferences import MOST_SEATS, MOST_TOKENS

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS = (
    click.option("--topic", "topics", multiple=True, metavar="TOPIC", help="A topic; again for each."),
    click.option(
        "--tool", "tools", multiple=True, metavar="TOOL", help="Id of a tool they follow; again for each."
    ),
    click.option(
        "--tokens",
        "monthly_tokens",
        type=click.IntRange(1, MOST_TOKENS),
        metavar="N",
        help="Their own tokens a month.",
    ),
    click.option(
        "--team",
        "team_size",
        type=click.IntRange(1, MOST_SEATS),
        metavar="N",
        help="The seats of their team.",
    ),
)


def content_options(command: F) -> F:
    """Add the options; the command gets them by the fields of `Preferences`, and `given` says which were named."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were named on the command line."""
    return {name: value for name, value in options.items() if value not in (None, ())}
