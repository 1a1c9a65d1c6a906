"""`newsletter keys`: the keys that sign readers' links, and those that sign messages."""

from dataclasses import replace
from pathlib import Path

import click

from newsletter.cli.frame import pass_folder, say
from newsletter.config import Settings, load_settings
from newsletter.delivery.dkim import DkimFiles
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.errors import ConfigError
from newsletter.readers.keys import rotate_link_keys

#: Where keys are made that the settings do not name yet.
_RSA, _ED25519 = Path("keys/dkim-rsa.pem"), Path("keys/dkim-ed25519.pem")

_NAME_THEM = f"""
Once they can be looked up, name the keys in newsletter.toml; from then on messages are signed:

  [dkim]
  rsa_key = "{_RSA}"
  ed25519_key = "{_ED25519}\""""


@click.group()
def keys() -> None:
    """The keys that sign readers' links, and those that sign messages."""


@keys.command()
@pass_folder
def rotate(folder: Path) -> None:
    """Add a new key that signs from now on.

    The older keys stay: links in mails already sent need them. The suppression key is never changed.
    Restart `newsletter serve` afterwards.
    """
    settings = load_settings(folder, TRANSPORT_SETTINGS)
    count = rotate_link_keys(settings.path(settings.paths.link_keys))
    click.echo(f"A new key signs from now on; {count} keys verify. Restart newsletter serve.")


@keys.command()
@click.option("--zone", is_flag=True, help="Print the records as lines of a zone file, and nothing else.")
@pass_folder
def dkim(folder: Path, zone: bool) -> None:
    """Make the keys of DKIM signatures, and print what belongs in DNS.

    Keys that are there stay as they are, so the records can be printed again at any time. Nothing is signed before the
    settings name the keys: publish the records first. SendGrid signs by itself and needs none of this.
    """
    settings = load_settings(folder, TRANSPORT_SETTINGS)
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


def _dkim_files(settings: Settings) -> DkimFiles:
    """Return the keys that the settings name, or both in their usual places where they name none; raises ConfigError."""
    if not settings.signing_domain:
        raise ConfigError("set dkim.domain or mail.from_address first", setting="dkim.domain")
    files = DkimFiles.of(settings)
    if files.none_named:
        return replace(files, rsa=settings.path(_RSA), ed25519=settings.path(_ED25519))
    return files


COMMANDS: tuple[click.Command, ...] = (keys,)
