"""Readers from and to files, for `newsletter readers`: import, a list of addresses to suppress, export."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from newsletter.cli.frame import json_option, pass_app, print_json, print_table, progress, say
from newsletter.db.statuses import ReaderStatus
from newsletter.errors import BadInput

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.readers.csv_file import BadLine
    from newsletter.readers.importing import ImportCounts

_FIELDS = ("address", "name", "consent", "time_zone", "edition", "topics", "status")

#: The names of newsletter/readers/origins.py, by test.
PROGRAMS = ("mailchimp", "substack", "beehiiv", "buttondown", "ghost", "listmonk")

from_option = click.option(
    "--from", "program", type=click.Choice(PROGRAMS), help="The program whose export the file is."
)

status_option = click.option(
    "--status", type=click.Choice([each.value for each in ReaderStatus]), help="Only readers of this status."
)


@click.command("import")
@click.argument("path", metavar="CSV", type=click.Path(path_type=Path))
@click.option(
    "--consent", default="", metavar="SOURCE", help="Where consent comes from, for rows that do not say."
)
@click.option(
    "--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help=f"What a column is: {', '.join(_FIELDS)}."
)
@from_option
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
    dry_run: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Import readers from a CSV file.

    Its first line names the columns: address (or email), and as you like name, consent, time zone, edition,
    topics and status. Lines that cannot be used are reported and the others imported. Nobody who left, bounced,
    complained or is suppressed is brought back. To go on after a stop, run the same import again.

    With --from, the columns and the words for an active reader are those of another program's export.
    """
    from newsletter.readers.csv_file import CsvFile
    from newsletter.readers.importing import import_readers
    from newsletter.readers.origins import FORMATS

    file = CsvFile(path, dict(_mapped(each) for each in mapping), FORMATS.get(program or ""))
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


def _mapped(text: str) -> tuple[str, str]:
    column, _, field = text.rpartition("=")
    if not column or field not in _FIELDS:
        raise BadInput(f"--map {text} must be COLUMN=FIELD, where FIELD is one of: {', '.join(_FIELDS)}")
    return column, field


def _report(path: Path, bad: "BadLine") -> None:
    say(f"{path}:{bad.line}: {bad.reason}", err=True)


def _print_counts(counts: "ImportCounts", *, dry_run: bool, as_json: bool) -> None:
    from newsletter.readers.model import Arrival

    rows = [(arrival.value, counts.arrivals.get(arrival, 0)) for arrival in Arrival]
    rows.append(("not usable", counts.bad))
    if as_json:
        print_json({name.replace(" ", "_"): count for name, count in rows} | {"dry_run": dry_run})
        return
    shown = [row for row in rows if row[1] or row[0] == "added"]
    print_table(["Would be" if dry_run else "Readers", "Lines"], shown)


def suppress_from(app: "App", path: Path, program: str | None, reason: str) -> None:
    from newsletter.readers.csv_file import CsvFile
    from newsletter.readers.origins import FORMATS
    from newsletter.readers.suppressing import suppress_file

    file = CsvFile(path, format=FORMATS.get(program or ""))
    with progress(f"Suppressing {path.name}", file.row_count) as advance:
        counts = suppress_file(
            app.database,
            file,
            reason=reason,
            suppression_key=app.suppression_key,
            now=app.clock.now(),
            report_bad=lambda bad: _report(path, bad),
            advance=advance,
        )
    rows = [("suppressed", counts.added), ("suppressed before", counts.known), ("not usable", counts.bad)]
    print_table(["Addresses", "Lines"], [row for row in rows if row[1] or row[0] == "suppressed"])


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file; else stdout."
)
@status_option
@pass_app
def export(app: "App", output: Path | None, status: str | None) -> None:
    """Write readers as CSV, which `readers import` reads again.

    The file is made for you alone (mode 0600): it holds personal data.
    """
    from newsletter.readers.exporting import export_readers

    with _written(output) as file, app.database.read() as connection:
        count = export_readers(connection, file, ReaderStatus(status) if status else None)
    say(f"{count} readers written.", err=True)


@contextmanager
def _written(output: Path | None) -> Iterator[TextIO]:
    """The file to write to, in place only when it is whole; stdout without one."""
    if output is None:
        yield sys.stdout
        return
    import os
    import tempfile

    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
