"""`newsletter backup|restore`: copies of the installation, and putting one back."""

from pathlib import Path

import click

from newsletter.app import App, open_app
from newsletter.backups.catching_up import Restored
from newsletter.backups.making import make_backup
from newsletter.backups.restoring import restore_backup
from newsletter.backups.settling import move_here, settle_sent
from newsletter.cli.frame import pass_folder, say
from newsletter.clock import SystemClock
from newsletter.commands import suggest
from newsletter.config import load_settings
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.editing.issues import find_issue


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--keys/--no-keys", default=None, help="With the keys and settings, or without; otherwise backups.keys."
)
@click.option(
    "--force", is_flag=True, help="Replace FILE where it is an older backup; nothing else is ever replaced."
)
@pass_folder
def backup(folder: Path, file: Path | None, keys: bool | None, force: bool) -> None:
    """Make a backup of both stores, the keys and the settings: one file, while everything is in use.

    Without FILE it goes into the folder of backups (paths.backups), where the newest are kept (backups.keep). Keep copies
    elsewhere, too, as safe as the originals: they hold addresses, and the keys.
    """
    settings = load_settings(folder, TRANSPORT_SETTINGS)
    if file == Path():
        raise click.UsageError("FILE is empty: name the file to make, or leave it out.")
    place = file.absolute() if file else None
    made = make_backup(settings, SystemClock().now(), place, keys=keys, force=force)
    say(f"Made {made} ({made.stat().st_size / 1000:,.0f} KB).")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--sent", multiple=True, metavar="ISSUE", help="This issue went out after the copy was made.")
@click.option("--none-sent", is_flag=True, help="No issue went out after the copy was made.")
@click.option(
    "--moved", is_flag=True, help="This installation was moved or copied, and is the one that sends."
)
@click.option(
    "--force", is_flag=True, help="Also while others are connected to PostgreSQL, a pool for instance."
)
@pass_folder
def restore(
    folder: Path, file: Path | None, sent: tuple[str, ...], none_sent: bool, moved: bool, force: bool
) -> None:
    """Put a backup back, or say what a database that was put back cannot know.

    FILE is what `newsletter backup` made, or a copy of subscribers.db. Stop `newsletter serve` first. What the present database
    knows of issues sent, single mails, and readers who left is taken over; it is kept beside. Where it cannot be read,
    nothing is sent until --sent or --none-sent says what went out: readers of such an issue are accepted where their copy
    lies in the outbox, otherwise unsure (newsletter unsure).
    """
    if sent and none_sent:
        raise click.UsageError("Say --sent ISSUE or --none-sent, not both.")
    if file is None and not (sent or none_sent or moved):
        raise click.UsageError("Name a FILE, or say --sent ISSUE, --none-sent or --moved.")
    if file is not None:
        _say_restored(restore_backup(folder, file.absolute(), SystemClock(), force=force))
    app = open_app(folder)
    click.get_current_context().call_on_close(app.close)
    if moved:
        move_here(app)
    if sent or none_sent:
        _settle(app, sent)
    if trouble := app.marks.trouble():
        say(trouble)
    else:
        say(f"Sending may go on. Look first: {suggest('status')}")


def _settle(app: App, sent: tuple[str, ...]) -> None:
    found = [find_issue(app.database, each) for each in sent]
    for label, counts in settle_sent(app, found, none_sent=not sent).items():
        say(f"Issue {label} is sent: {counts.accepted:,} accepted, {counts.unsure:,} unsure.")


def _say_restored(restored: Restored) -> None:
    say("The backup is in place.")
    if restored.replaced is not None:
        say(f"What it replaced is kept as {restored.replaced}: delete it once you need it no more.")
    if restored.settings is not None:
        say(f"The settings here stay; those of the backup are others, and kept as {restored.settings}.")
    if restored.issues:
        say(f"Taken over from it, as they went out since: issue {', '.join(restored.issues)}.")
    if restored.readers:
        say(f"Taken over from it: {_count(restored.readers)} who left since, or want less mail.")
    if restored.moved:
        say(f"Taken over from it: {_count(restored.moved)} who changed their address since.")
    if restored.confirmed:
        say(f"Taken over from it: {_count(restored.confirmed)} who confirmed since.")
    if restored.newcomers:
        say(f"Not taken over: {_count(restored.newcomers)} who joined since.")
    if not restored.is_readable:
        say(
            f"There is no database that knows of anything after {restored.made_at or 'the copy was made'}: whoever left "
            "since is active again, and whoever confirmed since is not. Where you know who left, suppress them first: "
            f"{suggest('readers', 'suppress', 'ADDRESS', '--reason', 'TEXT')}"
        )


def _count(number: int) -> str:
    return f"{number:,} reader{'' if number == 1 else 's'}"


COMMANDS: tuple[click.Command, ...] = (backup, restore)
