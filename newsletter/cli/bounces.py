"""`newsletter bounces`: bounces, complaints and requests to leave that came by mail."""

from datetime import timedelta

import click

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_table, say
from newsletter.delivery.bounces.mailbox import NO_MAILBOX, read_mailbox
from newsletter.delivery.bounces.store import count_reports
from newsletter.errors import ConfigError


@click.group()
def bounces() -> None:
    """Bounces, complaints and requests to leave that came by mail."""


@bounces.command()
@json_option
@pass_app
def read(app: App, as_json: bool) -> None:
    """Read the mailboxes of the settings, and act on what they hold.

    A report is acted on once, and only if it carries a mark that this newsletter signed. Mails that are no reports
    are left alone.
    """
    mailboxes = app.mailboxes()
    if not mailboxes:
        raise ConfigError(NO_MAILBOX, setting="bounces.maildir")
    rows: list[tuple[str, str, str, int]] = []
    for mailbox in mailboxes:
        reading = read_mailbox(mailbox, app.report_handler, app.clock)
        rows += [
            (mailbox.name, kind, what, count) for (kind, what), count in sorted(reading.outcomes.items())
        ]
        if reading.others:
            rows.append((mailbox.name, "other mail", "left alone", reading.others))
    if not rows and not as_json:
        say("Nothing new.")
        return
    print_table(["Mailbox", "Report", "Outcome", "Count"], rows, as_json)


@bounces.command()
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 36_500), help="How far to look back."
)
@json_option
@pass_app
def show(app: App, days: int, as_json: bool) -> None:
    """Count the reports that were acted on, by kind, outcome and code."""
    with app.database.read() as connection:
        rows = count_reports(connection, app.clock.now() - timedelta(days=days))
    print_table(["Report", "Outcome", "Code", "Count"], rows, as_json)


COMMANDS: tuple[click.Command, ...] = (bounces,)
