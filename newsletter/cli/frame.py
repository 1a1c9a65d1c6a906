"""What every command stands in: the opened App, tables and JSON, progress on a terminal.

Nothing here knows a command. Options that commands in several modules share are in preferences.py.
"""

import json
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import update_wrapper
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from newsletter.delivery.transports import entry_of

if TYPE_CHECKING:
    from newsletter.app import App

P = ParamSpec("P")
R = TypeVar("R")

#: Most columns of a line of a table that is not printed on a terminal, and the blanks between two cells.
WIDEST = 120
GAP = 2

#: The largest number of rows that can be asked for.
MOST_ROWS = 10**9

#: Adds `--json`; the command gets `as_json: bool`.
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def pass_folder(function: Callable[Concatenate[Path, P], R]) -> Callable[P, R]:
    """Give the command the newsletter's folder as its first argument, without opening anything."""

    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(_folder(), *args, **kwargs)

    return update_wrapper(wrapper, function)


def pass_app(function: Callable[Concatenate["App", P], R]) -> Callable[P, R]:
    """Give the command the App of `--folder` as its first argument; it is closed when the command ends."""

    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        from newsletter.app import open_app

        app = open_app(_folder())
        click.get_current_context().call_on_close(app.close)
        return function(app, *args, **kwargs)

    return update_wrapper(wrapper, function)


def _folder() -> Path:
    folder: Path = click.get_current_context().find_root().obj
    return folder


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], as_json: bool = False) -> None:
    """Print rows: on a terminal as a table, elsewhere as aligned text, with `as_json` as a list of objects.

    A JSON key is its column in lower case with `_` for spaces.
    """
    if as_json:
        _print_json(columns, rows)
        return
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(columns, cells)
    else:
        _print_aligned(columns, cells)


def print_json(value: object) -> None:
    """Print one JSON document; moments as ISO 8601, amounts as text."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _print_json(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    before = "["
    for record in records(columns, rows):
        text = json.dumps(record, default=_plain, ensure_ascii=False)
        click.echo(f"{before}\n  {text}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def records(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[dict[str, object]]:
    """Yield the rows as JSON has them: a key is its column in lower case, with `_` for spaces."""
    keys = [column.lower().replace(" ", "_") for column in columns]
    for row in rows:
        yield dict(zip(keys, row, strict=True))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M %Z}".strip()
    return printable(str(value))


def printable(text: str) -> str:
    """Return the text with control and invisible characters shown as �: other people's words must not steer a terminal."""
    return "".join("�" if unicodedata.category(each) in ("Cc", "Cf", "Cs") else each for each in text)


def _print_rich(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _print_aligned(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a line for each row; where that is wider than a screen, the widest columns go on below."""
    from rich.cells import cell_len

    lines = [list(columns), *cells]
    widths = [max(cell_len(line[index]) for line in lines) for index in range(len(columns))]
    if sum(widths) + GAP * (len(widths) - 1) > WIDEST:
        widths = _narrowed(widths, lines)
        lines = [part for line in lines for part in _wrapped(line, widths)]
    for line in lines:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        click.echo((" " * GAP).join(padded).rstrip())


def _narrowed(widths: Sequence[int], lines: Sequence[Sequence[str]]) -> list[int]:
    """Return the widths, the widest made less until a line fits; words stay whole, so that they can be copied."""
    narrow = list(widths)
    least = [max(_longest_word(line[index]) for line in lines) for index in range(len(widths))]
    while sum(narrow) + GAP * (len(narrow) - 1) > WIDEST:
        spare = [(width, index) for index, width in enumerate(narrow) if width > least[index]]
        if not spare:
            break
        narrow[max(spare)[1]] -= 1
    return narrow


def _longest_word(cell: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, cell.split()), default=0)


def _wrapped(line: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    parts = [
        textwrap.wrap(cell, max(1, width), break_long_words=False, break_on_hyphens=False)
        for cell, width in zip(line, widths, strict=True)
    ]
    return zip_longest(*parts, fillvalue="")


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show progress on stderr while the block runs; yields `advance(count)`. Silent where stderr is no terminal.

    Without a total the bar only says that something happens and how much is done.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def advance(count: int) -> None:
            bar.advance(task, count)

        yield advance


def say(text: str, *, err: bool = False) -> None:
    """Print one sentence for the person at the terminal."""
    click.echo(printable(text), err=err)


def say_undelivered(app: "App") -> None:
    """Say on stderr that what leaves now reaches nobody, where that is so."""
    if words := entry_of(app.settings).undelivered(app.settings):
        say(f"Note: {words}.", err=True)
