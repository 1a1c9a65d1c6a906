"""`newsletter rehearse`: prove on this machine that killed senders lose nobody and mail nobody twice."""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

import click

from newsletter.cli.frame import json_option, print_json, progress, say
from newsletter.delivery.rehearsal import Rehearsal, RehearsalResult, Trouble


@click.command()
@click.option(
    "--readers",
    type=click.IntRange(10, 10_000_000),
    default=2_000,
    show_default=True,
    help="Readers of each issue.",
)
@click.option(
    "--kills",
    type=click.IntRange(0, 100_000),
    default=20,
    show_default=True,
    help="How often a sender is killed.",
)
@click.option(
    "--faults",
    default="all",
    show_default=True,
    metavar="KINDS",
    help=f"What the server does to some: all, none, or a list such as 4xx,drop-after. Kinds: {', '.join(Trouble)}.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="Chooses the moments and the victims.",
)
@json_option
def rehearse(readers: int, kills: int, faults: str, seed: int, as_json: bool) -> None:
    """Rehearse sending: whole issues to a server on this machine that misbehaves, while senders are killed.

    Mails nobody, touches no newsletter, and works in a folder of its own that is removed at the end. Exit status 1
    when a reader was lost or mailed twice.
    """
    troubles = _chosen(faults)
    with TemporaryDirectory(prefix="newsletter-rehearsal-") as folder, progress("Kills", kills) as advance:
        rehearsal = Rehearsal(
            folder=Path(folder),
            readers=readers,
            kills=kills,
            troubles=troubles,
            seed=seed,
            watch=lambda killed: advance(1),
        )
        counted = rehearsal.run()
    if as_json:
        print_json({**asdict(counted), "passed": counted.passed})
    else:
        _say_counted(counted)
    raise click.exceptions.Exit(0 if counted.passed else 1)


def _chosen(faults: str) -> tuple[Trouble, ...]:
    if faults in ("all", "none"):
        return tuple(Trouble) if faults == "all" else ()
    names = [name.strip() for name in faults.split(",")]
    unknown = [name for name in names if name not in set(Trouble)]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is no kind of fault; there are {', '.join(Trouble)}")
    return tuple(Trouble(name) for name in names)


def _say_counted(counted: RehearsalResult) -> None:
    issues = "1 issue" if counted.issues == 1 else f"{counted.issues} issues"
    kills = "1 kill" if counted.kills == 1 else f"{counted.kills} kills"
    say(f"{issues} to {counted.readers:,} readers each, {kills}, {counted.seconds:.0f} s")
    say(f"  accepted  {counted.accepted:,}")
    say(f"  rejected  {counted.rejected:,}")
    say(f"  lost      {len(counted.lost):,}   must be 0")
    say(f"  doubled   {len(counted.doubled):,}   must be 0")
    say(
        f"  unsure    {len(counted.unsure):,}   at most {counted.unsure_allowed:,}:"
        " in flight at a kill, or dropped after the final dot"
    )
    for name in ("lost", "doubled", "unsure"):
        who = " ".join(address.partition("@")[0] for address in getattr(counted, name))
        for line in wrap(f"{name}: {who}", 100, initial_indent="  ", subsequent_indent="    ") if who else ():
            say(line)
    say(
        "Passed."
        if counted.passed
        else "Not passed: do not trust this program with your readers, and tell us."
    )


COMMANDS = (rehearse,)
