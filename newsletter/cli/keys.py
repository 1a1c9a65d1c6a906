"""`newsletter keys`: the keys that sign readers' links."""

import click

from newsletter.cli.frame import Frame, pass_frame


@click.group()
def keys() -> None:
    """The keys that sign readers' links."""


@keys.command()
@pass_frame
def rotate(frame: Frame) -> None:
    """Add a new key that signs from now on.

    The older keys stay: links in mails already sent need them. The suppression key is never changed.
    Restart `newsletter serve` afterwards.
    """
    from newsletter.config import load_settings
    from newsletter.readers.keys import rotate_link_keys

    settings = load_settings(frame.folder)
    count = rotate_link_keys(settings.path(settings.link_keys))
    click.echo(f"A new key signs from now on; {count} keys verify. Restart newsletter serve.")


COMMANDS: tuple[click.Command, ...] = (keys,)
