"""`newsletter content`: what the store holds, and how it gets there."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

from newsletter.app import App
from newsletter.cli.frame import (
    MOST_ROWS,
    json_option,
    pass_app,
    print_json,
    print_table,
    progress,
    records,
    say,
)
from newsletter.config import FILE_NAME
from newsletter.content.exporting import export_text, votes_text
from newsletter.content.importing import PackImport
from newsletter.content.overview import overview
from newsletter.content.packs import Provenance, find_files, read_material
from newsletter.content.store import ContentStore
from newsletter.content.sync import sync as sync_site
from newsletter.errors import BadInput, ConfigError, Place


@click.group()
def content() -> None:
    """What the week holds: tools, comparisons, reviews, prices."""


def _day(context: click.Context, parameter: click.Parameter, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{parameter.opts[0]} {text} is no date: one such as 2026-03-01 is right") from error


@content.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--source", "url", default="", metavar="URL", help="The address of the page; one file at a time."
)
@click.option(
    "--ours/--not-ours",
    default=None,
    help="They are from our own site: their words may be quoted. Without either a known source stays what it is.",
)
@click.option("--published", metavar="DATE", callback=_day, help="When the comparison was published.")
@click.option("--as-of", metavar="DATE", callback=_day, help="The date of every statement without one.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@json_option
@pass_app
def import_(
    app: App,
    paths: tuple[Path, ...],
    url: str,
    ours: bool | None,
    published: date | None,
    as_of: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import packs (YAML or JSON) and pages (plain text).

    A folder stands for the files in it that end in .yaml, .yml, .json or .txt. Each file goes in whole or not at
    all; a file that was imported before changes nothing.
    """
    provenance = Provenance(url=url, ours=ours, published_on=published, as_of=as_of)
    files = list(find_files(paths))
    if url and len(files) > 1:
        raise BadInput(f"--source is the address of one page: import these {len(files)} files one at a time")
    rows, failed = [], 0
    with app.content() as store, progress("Importing", len(files)) as advance:
        for file in files:
            try:
                read = read_material(file, provenance)
                counts = store.import_pack(read.pack, app.clock.now(), where=read.where, dry_run=dry_run)
                rows.append(_counted(file, counts, dry_run, as_json))
            except BadInput as error:
                if len(files) == 1:
                    raise
                failed += 1
                say(f"newsletter: {' '.join(str(error).split())}", err=True)
            advance(1)
    print_table(["File", "State", "Added", "Changed"], rows, as_json)
    if failed:
        raise BadInput(f"{failed} of {len(files)} files could not be imported; the others were")


def _counted(file: Path, counts: PackImport, dry_run: bool, as_json: bool) -> tuple[object, ...]:
    state = "nothing new"
    if counts.total or counts.changed or counts.gone or counts.changed_hands:
        state = "would change" if dry_run else "imported"
    if counts.gone:
        state += f", {counts.gone} gone from the site"
    if counts.ours is not None:
        state += f", {'now' if counts.changed_hands else 'still'} {'ours' if counts.ours else 'not ours'}"
    added = (f"{count} {kind.removesuffix('s') if count == 1 else kind}" for kind, count in counts.added)
    return str(file), state, dict(counts.added) if as_json else ", ".join(added), counts.changed


@content.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; without it, stdout.",
)
@pass_app
def export(app: App, output: Path | None) -> None:
    """Write everything the store holds as one pack.

    Imported into an empty store it gives the same rows, history and all.
    """
    with app.content() as store, progress("Exporting"):
        text = export_text(store)
    if output is None:
        click.echo(text, nl=False)
        return
    _write_whole(output, text)
    say(f"Wrote {output}.")


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that it is either the old one or the whole new one."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"it cannot be written: {error.strerror}", Place(file)) from error


@content.command("export-votes")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead.")
@json_option
@pass_app
def export_votes(app: App, output: Path | None, as_json: bool) -> None:
    """Write what readers voted, as CSV (or JSON): one line for each side of each comparison whose voting is over.

    Totals only: nobody's own vote is known once voting has closed. See docs/how-to/votes.md.
    """
    with app.content() as store:
        text = votes_text(store, as_json=as_json)
    if output is None:
        click.echo(text, nl=False)
        return
    _write_whole(output, text)
    say(f"Wrote {output}.")


@content.command()
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@json_option
@pass_app
def sync(app: App, dry_run: bool, as_json: bool) -> None:
    """Bring over what the site's own database says now.

    It is opened for reading only, through the views of a file: see docs/how-to/your-own-database.md.
    """
    settings = app.settings
    database, views = (_needed_path(app, name) for name in ("paths.site_db", "paths.site_views"))
    with app.content() as store, progress("Reading the site's database") as advance:
        counts = sync_site(
            store,
            database=database,
            views=views,
            name=settings.site.name,
            url=settings.site.url,
            now=app.clock.now(),
            dry_run=dry_run,
            advance=advance,
        )
    print_table(
        ["File", "State", "Added", "Changed"], [_counted(database, counts, dry_run, as_json)], as_json
    )


def _needed_path(app: App, name: str) -> Path:
    settings = app.settings
    path = {"paths.site_db": settings.paths.site_db, "paths.site_views": settings.paths.site_views}[name]
    if path is None:
        message = f"sync needs {name}: see docs/how-to/your-own-database.md"
        raise ConfigError(message, setting=name, place=Place(settings.folder / FILE_NAME))
    return settings.path(path)


@content.command("list")
@click.argument("kind", type=click.Choice(["tools", "comparisons", "sources"]), default="comparisons")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), help="At most so many, the last seen first.")
@json_option
@pass_app
def list_(app: App, kind: str, limit: int | None, as_json: bool) -> None:
    """List comparisons (or tools, or sources), the newest first."""
    listing = {"tools": _tools, "comparisons": _comparisons, "sources": _sources}[kind]
    with app.content() as store:
        columns, rows = listing(store)
        print_table(columns, list(rows)[:limit], as_json)


def _tools(store: ContentStore) -> tuple[list[str], Iterable[tuple[object, ...]]]:
    heads = list(store.tool_heads())[::-1]
    rows = ((each.id, each.name, each.category, each.first_seen_at) for each in heads)
    return ["Id", "Name", "Category", "First seen"], rows


def _comparisons(store: ContentStore) -> tuple[list[str], Iterable[tuple[object, ...]]]:
    heads = list(store.comparison_heads())[::-1]
    names = {each.id: each.name for each in store.tool_heads()}
    rows = (
        (each.id, names[each.left_id], names[each.right_id], each.published_on, each.first_seen_at)
        for each in heads
    )
    return ["Id", "Left", "Right", "Published", "First seen"], rows


def _sources(store: ContentStore) -> tuple[list[str], Iterable[tuple[object, ...]]]:
    rows = (
        (each.id, each.name, each.ours, each.url, each.published_on, each.seen_on)
        for each in store.all_sources()
    )
    return ["Id", "Name", "Ours", "Url", "Published", "Seen"], rows


@content.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=20, show_default=True, help="At most so many."
)
@json_option
@pass_app
def search(app: App, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search tools, comparisons, reviews, notes and questions for words."""
    with app.content() as store:
        hits = store.search(" ".join(words), limit)
    print_table(
        ["Kind", "Id", "Title", "Words"],
        [(each.kind, each.id, each.title, each.words) for each in hits],
        as_json,
    )


@content.command()
@click.argument("key", metavar="ID")
@json_option
@pass_app
def show(app: App, key: str, as_json: bool) -> None:
    """Show a tool or a comparison: what is known of it, and who says so.

    Where sources differ, the first line of an attribute is the one that an issue prints; an editor may rule
    otherwise.
    """
    with app.content() as store:
        sections = overview(store, key, app.settings.digest.source_order)
    if as_json:
        print_json({each.title.lower(): list(records(each.columns, each.rows)) for each in sections})
        return
    for number, each in enumerate(sections):
        if number > 0:
            click.echo()
        say(each.title)
        print_table(each.columns, each.rows)


COMMANDS: tuple[click.Command, ...] = (content,)
