"""`newsletter mails`: single mails, such as confirmations and links that readers asked for."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import pass_app, say

if TYPE_CHECKING:
    from newsletter.app import App


@click.group()
def mails() -> None:
    """Single mails: confirmations, links that readers asked for, alerts."""


@mails.command()
@pass_app
def send(app: "App") -> None:
    """Send the single mails and alerts that wait. `newsletter serve` does this by itself every few seconds."""
    from newsletter.config import require_ready_to_send

    require_ready_to_send(app.settings)
    app.herald.deliver()
    count = app.postman.deliver()
    say(f"{count} {'mail' if count == 1 else 'mails'} sent.")


COMMANDS: tuple[click.Command, ...] = (mails,)
