"""`python -m benchmarks [NAME…] [--json FILE] [--write]`: exit status 1 where a promise is broken.

`python -m benchmarks truth [--sets N] [--missed] [--held-out]` measures no speed, and is not among those that run unnamed.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import SUITE, truth
from benchmarks.figures import PAGE, Figure, as_json, as_page, as_rows, machine

#: The table needs it, whatever the terminal or log says of itself.
_WIDTH = 120


@click.command()
@click.argument("names", nargs=-1, type=click.Choice((*SUITE, "truth")))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures there too.")
@click.option("--write", is_flag=True, help="Write docs/performance.md: all benchmarks, or truth its part.")
@click.option("--sets", type=click.IntRange(min=1), help="truth: plant so many of each kind.")
@click.option("--missed", is_flag=True, help="truth: print what was not found, and every false alarm.")
@click.option("--held-out", is_flag=True, help="truth: take the wordings that no rule was written from.")
def main(
    names: Sequence[str],
    json_file: Path | None,
    write: bool,
    sets: int | None,
    missed: bool,
    held_out: bool,
) -> None:
    """Measure how well the promises are kept: all of them, or those named."""
    truth_alone = set(names) == {"truth"}
    if not truth_alone and (sets or missed or held_out):
        raise click.UsageError("--sets, --missed and --held-out are for truth: name it alone.")
    if write and (names if not truth_alone else held_out or sets):
        raise click.UsageError(
            "--write needs all figures: name no benchmark, or truth without --sets and --held-out."
        )
    if truth_alone:
        figures = list(truth.run(sets=sets or truth.SETS, missed=missed, held_out=held_out, write=write))
    else:
        figures = list(_measure(names or SUITE))
    Console(width=max(Console().width, _WIDTH)).print(_table(figures))
    if json_file:
        json_file.write_text(as_json(figures), encoding="utf-8")
    if write and not truth_alone:
        PAGE.write_text(as_page(figures), encoding="utf-8")
    if not all(figure.is_kept for figure in figures):
        raise SystemExit(1)


def _measure(names: Sequence[str]) -> Iterator[Figure]:
    for name in names:
        # no spinner: its thread would take part in what is measured
        click.echo(f"measuring {name} …", err=True)
        for figure in import_module(f"benchmarks.{name}").run():
            value, ratio = as_rows([figure])[1][1:6:4]
            click.echo(f"  {figure.name}: {value} {figure.unit}, ratio {ratio}", err=True)
            yield figure


def _table(figures: Sequence[Figure]) -> Table:
    header, *rows = as_rows(figures)
    table = Table(title=machine(), title_justify="left")
    for heading in header:
        table.add_column(heading, justify="right" if heading in ("Figure", "Limit", "Ratio") else "left")
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    main()
