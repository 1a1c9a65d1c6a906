"""`newsletter readers`: who gets the issues."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from newsletter.cli.frame import MOST_ROWS, json_option, pass_app, print_json, print_table, progress, say
from newsletter.cli.preferences import content_options, given
from newsletter.commands import suggest
from newsletter.db.statuses import ConsentChannel, Edition, ReaderStatus, SuppressionKind
from newsletter.errors import BadInput
from newsletter.readers.addresses import parse_address
from newsletter.readers.admin import (
    Lifting,
    add_by_hand,
    look_up,
    set_preferences,
    suppress_by_hand,
    take_off,
)
from newsletter.readers.csv_file import FIELDS, BadLine, CsvFile
from newsletter.readers.exporting import each_page, each_suppression, export_readers, export_suppressions
from newsletter.readers.importing import FileCounts, ReaderImport, Remark, import_readers, suppress_file
from newsletter.readers.providers import PROVIDERS, ReaderStanding
from newsletter.readers.store import Arrival, count_readers
from newsletter.readers.suppression import may_come_back

if TYPE_CHECKING:
    from newsletter.app import App

from_option = click.option(
    "--from", "program", type=click.Choice(list(PROVIDERS)), help="The program whose export the file is."
)
map_option = click.option(
    "--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help=f"What a column is: {', '.join(FIELDS)}."
)

status_option = click.option(
    "--status", type=click.Choice([each.value for each in ReaderStatus]), help="Only readers of this status."
)


@click.command("import")
@click.argument("path", metavar="CSV", type=click.Path(path_type=Path))
@click.option(
    "--consent", default="", metavar="SOURCE", help="Where consent comes from, for rows that do not say."
)
@map_option
@from_option
@click.option(
    "--all-active",
    is_flag=True,
    help="You know that everybody in the file is a reader, where it does not say so.",
)
@click.option("--dry-run", is_flag=True, help="Only count what would happen.")
@click.option("--strict", is_flag=True, help="Import nothing when one line cannot be used.")
@json_option
@pass_app
def import_(
    app: "App",
    path: Path,
    consent: str,
    mapping: tuple[str, ...],
    program: str | None,
    all_active: bool,
    dry_run: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Import readers from a CSV file.

    Its first line names the columns: address (or email), and as you like name, consent, what a reader can choose,
    and status. Lines that cannot be used are reported and the others imported. Nobody who left, bounced,
    complained or is suppressed is brought back. To go on after a stop, run the same import again.

    With --from, the columns and the words for an active reader are those of another program's export. A file that
    does not say who left is refused, and so is one with a column that may say it and is not understood.
    """
    file = _open(path, mapping, program, ReaderStanding.ACTIVE if all_active else None)
    if file.ignored:
        say(f"Not read: {', '.join(file.ignored)}.", err=True)
    with progress(f"Importing {path.name}", file.row_count) as advance:
        counts = import_readers(
            app.database,
            file,
            consent=consent,
            suppression_key=app.suppression_key,
            clock=app.clock,
            dry_run=dry_run,
            strict=strict,
            report_bad=lambda bad: _report(path, bad),
            advance=advance,
        )
    _print_counts(counts, dry_run=dry_run, as_json=as_json)
    _say_remarks(counts, "Not imported")
    if file.provider and file.provider.caveat:
        say(f"{file.provider.caveat}.", err=True)
    if counts.count_left_out(ReaderStanding.GONE) and not dry_run:
        said = ("--from", program) if program else ()
        say(
            "So that no other file brings in those who left:"
            f" {suggest('readers', 'suppress', '--file', path, *said, *_mapped_again(mapping), '--reason', 'TEXT')}",
            err=True,
        )


def _mapped_again(mapping: tuple[str, ...]) -> Iterator[str]:
    for each in mapping:
        yield from ("--map", each)


def _open(
    path: Path, mapping: tuple[str, ...], program: str | None, vouched: ReaderStanding | None
) -> CsvFile:
    return CsvFile(path, dict(_mapped(each) for each in mapping), PROVIDERS.get(program or ""), vouched)


def _say_remarks(counts: FileCounts, what: str) -> None:
    for (standing, why), remark in counts.left_out.items():
        say(f"{what}, {standing}: {_lines(remark)}, where {why}.", err=True)
    for value, remark in counts.unread.items():
        say(f"Not understood, and not kept: {value} of {_lines(remark)}.", err=True)


def _lines(remark: Remark) -> str:
    return (
        f"line {remark.first}" if remark.count == 1 else f"{remark.count} lines from line {remark.first} on"
    )


def _mapped(text: str) -> tuple[str, str]:
    column, _, field = text.rpartition("=")
    if not column or field not in FIELDS:
        raise BadInput(f"--map {text} must be COLUMN=FIELD, where FIELD is one of: {', '.join(FIELDS)}")
    return column, field


def _report(path: Path, bad: BadLine) -> None:
    say(f"{path}:{bad.line}: {bad.reason}", err=True)


def _print_counts(counts: ReaderImport, *, dry_run: bool, as_json: bool) -> None:
    rows = [(arrival.value, counts.arrivals.get(arrival, 0)) for arrival in Arrival]
    rows += [
        (each.value, counts.count_left_out(each)) for each in (ReaderStanding.GONE, ReaderStanding.NEITHER)
    ]
    rows.append(("not usable", counts.bad))
    if as_json:
        print_json({name.replace(" ", "_"): count for name, count in rows} | {"dry_run": dry_run})
        return
    shown = [row for row in rows if row[1] or row[0] == "added"]
    print_table(["Would be" if dry_run else "Readers", "Lines"], shown)


def _suppress_file(app: "App", file: CsvFile, reason: str, kind: SuppressionKind | None) -> None:
    path = file.path
    with progress(f"Suppressing {path.name}", file.row_count) as advance:
        counts = suppress_file(
            app.database,
            file,
            reason=reason,
            kind=kind,
            suppression_key=app.suppression_key,
            now=app.clock.now(),
            report_bad=lambda bad: _report(path, bad),
            advance=advance,
        )
    rows = [("suppressed", counts.added.total()), ("suppressed before", counts.known)]
    rows += [
        (each.value, counts.count_left_out(each)) for each in (ReaderStanding.ACTIVE, ReaderStanding.NEITHER)
    ]
    rows.append(("not usable", counts.bad))
    print_table(["Addresses", "Lines"], [row for row in rows if row[1] or row[0] == "suppressed"])
    if kinds := ", ".join(f"{each} {counts.added[each]}" for each in SuppressionKind if counts.added[each]):
        say(f"They are listed as: {kinds}.", err=True)
    _say_remarks(counts, "Not suppressed")


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file; else stdout."
)
@status_option
@click.option("--suppressed", is_flag=True, help="The suppression list instead of readers.")
@pass_app
def export(app: "App", output: Path | None, status: str | None, suppressed: bool) -> None:
    """Write readers as CSV, which `readers import` reads again; or the suppression list, for `readers suppress --file`.

    The file is made for you alone (mode 0600): it holds personal data. The suppression list holds no addresses but those of
    readers who left; of all others it writes a hash, which only an installation with the same keys understands.
    """
    if suppressed and status:
        raise click.UsageError("say --status or --suppressed, not both")
    with _written(output) as file, app.database.read() as connection:
        if suppressed:
            count, what = export_suppressions(connection, file, app.suppression_key), "entries"
        else:
            count = export_readers(connection, file, ReaderStatus(status) if status else None)
            what = "readers"
    say(f"{count} {what} written.", err=True)


@contextmanager
def _written(output: Path | None) -> Iterator[TextIO]:
    """Yield the file to write to, in place only when it is whole; stdout without one."""
    if output is None:
        yield sys.stdout
        return
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@click.group()
def readers() -> None:
    """Who gets the issues."""


readers.add_command(import_)
readers.add_command(export)


@readers.command()
@click.argument("address")
@click.option("--consent", required=True, metavar="SOURCE", help="Where their consent comes from.")
@click.option("--name", default="", help="What to call them.")
@click.option(
    "--edition",
    type=click.Choice([each.value for each in Edition]),
    default=Edition.WEEKLY.value,
    show_default=True,
    help="Which issues they get.",
)
@pass_app
def add(app: "App", address: str, consent: str, name: str, edition: str) -> None:
    """Add one active reader.

    Somebody who left, bounced, complained or is suppressed is not brought back.
    """
    added = add_by_hand(
        app.database,
        address,
        consent=consent,
        name=name,
        edition=Edition(edition),
        suppression_key=app.suppression_key,
        now=app.clock.now(),
    )
    say(f"{address} is a reader now." if added else f"{address} is a reader already.")


@readers.command("list")
@status_option
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(0, MOST_ROWS),
    help="How many at most; 0: all.",
)
@click.option(
    "--suppressed",
    is_flag=True,
    help="The suppression list instead of readers, those first who asked for the newsletter in vain.",
)
@json_option
@pass_app
def list_(app: "App", status: str | None, limit: int, suppressed: bool, as_json: bool) -> None:
    """List readers, in the order in which they came."""
    if suppressed and status:
        raise click.UsageError("say --status or --suppressed, not both")
    if suppressed:
        _list_suppressed(app, limit, as_json)
        return
    wanted = ReaderStatus(status) if status else None
    columns = ["Id", "Address", "Name", "Status", "Edition", "Added at"]
    with app.database.read() as connection:
        everybody = chain.from_iterable(each_page(connection, wanted))
        rows = (
            (each.id, each.address, each.name, each.status, each.preferences.edition, each.added_at)
            for each in islice(everybody, limit or None)
        )
        print_table(columns, rows, as_json)
        counts = count_readers(connection)
    count = counts[wanted] if wanted else sum(counts.values())
    if limit and count > limit:
        say(f"{limit} of {count} readers; --limit 0 lists all.", err=True)


def _list_suppressed(app: "App", limit: int, as_json: bool) -> None:
    with app.database.read() as connection:
        entries = list(each_suppression(connection, app.suppression_key))
    entries.sort(
        key=lambda each: (each[0].asked_at is not None, each[0].asked_at or each[0].at), reverse=True
    )
    rows = [
        (each.kind, address or each.address_hash[:12], each.at, each.asked_at, each.reason)
        for each, address in entries[: limit or None]
    ]
    print_table(["Kind", "Address or hash", "Since", "Asked at", "Reason"], rows, as_json)
    if limit and len(entries) > limit:
        say(f"{limit} of {len(entries)} entries; --limit 0 lists all.", err=True)


@readers.command()
@click.argument("address")
@json_option
@pass_app
def show(app: "App", address: str, as_json: bool) -> None:
    """Show what is known about one reader: choices, suppression, and the consent ledger."""
    found = look_up(app.database, address, suppression_key=app.suppression_key)
    known = asdict(found.reader)
    listed = found.suppression
    known |= known.pop("preferences") | {"suppressed": listed.words if listed else ""}
    if listed and listed.asked_at:
        known["asked_in_vain_at"] = listed.asked_at
    if as_json:
        print_json(known | {"consents": [asdict(each) | {"words": each.words} for each in found.consents]})
        return
    rows = [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, tuple) else value)
        for name, value in known.items()
        if value not in (None, "", ())
    ]
    print_table(["Field", "Value"], rows)
    click.echo()
    consents = [(each.event, each.at, each.words, each.tags or "") for each in found.consents]
    columns = ["Consent", "At", "Source", "Tags"]
    width = len(columns) if any(row[-1] for row in consents) else len(columns) - 1
    print_table(columns[:width], [row[:width] for row in consents])


@readers.command("set")
@click.argument("address")
@content_options
@click.option(
    "--hour",
    "send_hour",
    type=click.IntRange(0, 23),
    help="The hour of their day at which they want an issue.",
)
@click.option("--zone", "time_zone", help="Their time zone, such as Europe/Berlin.")
@pass_app
def set_(app: "App", /, address: str, **options: Any) -> None:
    """Set what one reader has chosen, in place of what was chosen before; what is not named stays.

    --topic "" stands for all topics, --tool "" for no tool.
    """
    set_preferences(app.database, address, **given(options))
    say(f"The preferences of {address} are set.")


@readers.command()
@click.argument("address")
@pass_app
def leave(app: "App", address: str) -> None:
    """Take one reader off the list, as if they had used their link."""
    changed = take_off(app.database, address, now=app.clock.now())
    say(f"{address} has left." if changed else f"{address} had left before.")


@readers.command()
@click.argument("address", required=False)
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="A CSV file of addresses instead of one."
)
@map_option
@from_option
@click.option(
    "--all-gone", is_flag=True, help="You know that everybody in the file left, where it does not say so."
)
@click.option("--reason", required=True, help="Why, without an address: the list is kept for ever.")
@click.option(
    "--kind",
    type=click.Choice([each.value for each in SuppressionKind if each is not SuppressionKind.ERASED]),
    help="What it is, where the reason and the file do not tell: only who left or bounced can come back by signing up.",
)
@pass_app
def suppress(
    app: "App",
    address: str | None,
    path: Path | None,
    mapping: tuple[str, ...],
    program: str | None,
    all_gone: bool,
    reason: str,
    kind: str | None,
) -> None:
    """Send nothing to an address any more, or to those in a file who left.

    A reader with it leaves, and no import brings it back. The list keeps a keyed hash, not the address. Of a file,
    only those are suppressed of whom it says that they left; where no column says it, the file is refused.

    Who is listed as left or bounced comes back by signing up and confirming, and by nothing else. Who complained, and whom
    you do not want (operator), cannot: the kind is read from the file's words and from the reason, or say --kind.
    """
    said = SuppressionKind(kind) if kind else None
    if path is not None and address is None:
        file = _open(path, mapping, program, ReaderStanding.GONE if all_gone else None)
        _suppress_file(app, file, reason, said)
        return
    if address is None or path is not None or program is not None or mapping or all_gone:
        raise click.UsageError("give an address, or --file with a list of them")
    listed = suppress_by_hand(
        app.database,
        address,
        reason=reason,
        kind=said,
        suppression_key=app.suppression_key,
        now=app.clock.now(),
    )
    if listed is None:
        say(f"{address} was suppressed before.")
        return
    back = (
        "They can come back by signing up."
        if may_come_back(listed)
        else "They cannot come back by signing up."
    )
    say(f"{address} is suppressed ({listed.kind}). {back}")


@readers.command()
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@click.option("--file", "path", type=click.Path(path_type=Path), help="A CSV file of addresses, too.")
@map_option
@click.option("--reason", required=True, help="Why, without an address: it goes into the activity log.")
@pass_app
def unsuppress(
    app: "App", addresses: tuple[str, ...], path: Path | None, mapping: tuple[str, ...], reason: str
) -> None:
    """Take addresses off the suppression list: the way to undo a mistake.

    Of a file, everybody in it. It makes nobody a reader, and whoever left by being suppressed stays left: they can
    subscribe again. Who complained stays on the list; who was erased comes off it by subscribing, as do those who left
    or bounced.
    """
    from newsletter.editing import readers as reader_files
    from newsletter.editing.audit import COMMAND_LINE

    if not addresses and path is None:
        raise click.UsageError("give addresses, or --file with a list of them")
    parsed = [parse_address(each) for each in addresses]
    bad = 0
    for row in _open(path, mapping, None, None).rows() if path else ():
        try:
            if isinstance(row, BadLine):
                raise BadInput(row.reason)
            parsed.append(parse_address(row.address))
        except BadInput as error:
            bad += 1
            say(f"{path}:{row.line}: {error}", err=True)
    counts = reader_files.unsuppress(app, parsed, reason, by=COMMAND_LINE)
    rows = [(each.value, counts[each]) for each in Lifting] + [("not usable", bad)]
    print_table(["Addresses", "Count"], [row for row in rows if row[1] or row[0] == Lifting.LIFTED])


@readers.command()
@click.argument("address")
@pass_app
def data(app: "App", address: str) -> None:
    """Print everything kept of one reader, as JSON: what their own page lets them download."""
    from newsletter.delivery.erasing import export_reader

    reader = look_up(app.database, address, suppression_key=app.suppression_key).reader
    with app.database.read() as connection:
        print_json(export_reader(connection, reader, app.ballots))


@readers.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@pass_app
def erase(app: "App", address: str, yes: bool) -> None:
    """Forget one reader for good: address, choices, waiting mails, copies in the outbox.

    What stays is a keyed hash on the suppression list: no import brings them back, only their own new subscription.
    Run it again when it was interrupted. It says which copies it could not reach: those that an outbox in another
    folder or on another machine holds. What left by a mail server, and your backups, are beyond it.
    """
    reader = look_up(app.database, address, suppression_key=app.suppression_key).reader
    if not yes:
        click.confirm(f"Erase {address} for good?", abort=True, err=not sys.stdout.isatty())
    deleted, missing = app.eraser.erase(reader.id, ConsentChannel.COMMAND)
    say(f"{address} is erased.")
    outbox = app.settings.path(app.settings.paths.outbox)
    if deleted:
        say(f"{deleted} {'copy' if deleted == 1 else 'copies'} in the outbox {outbox} went with it.")
    if missing:
        copies = (
            "1 copy that an outbox once took is"
            if missing == 1
            else f"{missing} copies that an outbox once took are"
        )
        say(
            f"Not reached: {copies} not in {outbox}. If another folder or machine has them, delete them there."
        )
    backups = app.settings.path(app.settings.paths.backups)
    if count := sum(1 for each in backups.glob("*") if each.is_file()):
        files = "1 file" if count == 1 else f"{count} files"
        say(f"Not reached: {files} in {backups}, as of before. Let them expire, or delete them.")


COMMANDS: tuple[click.Command, ...] = (readers,)
