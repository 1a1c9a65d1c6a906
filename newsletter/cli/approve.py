"""`newsletter show|preview|approve|withdraw|cancel|correct`: one issue, looked at and decided on."""

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_json, print_table, records, say, say_undelivered
from newsletter.cli.issues import ISSUE_COLUMNS, issue_row
from newsletter.cli.preferences import content_options, given
from newsletter.commands import suggest
from newsletter.db.statuses import Room
from newsletter.digest.store import items_of
from newsletter.digest.writing import read_words
from newsletter.editing import preview as previews
from newsletter.editing.approve import acknowledge_all
from newsletter.editing.approve import approve as approve_issue
from newsletter.editing.approve import cancel as cancel_issue
from newsletter.editing.approve import withdraw as withdraw_issue
from newsletter.editing.cache import DeskCache
from newsletter.editing.compiled import CompiledIssue, compile_issue
from newsletter.editing.correct import correct as correct_issue
from newsletter.editing.edits import titles_of
from newsletter.editing.issues import find_issue
from newsletter.editing.preview import Format, compose, part_of, sample_values
from newsletter.editing.send_time import goes_out_words
from newsletter.readers.preferences import NO_PREFERENCES, Preferences
from newsletter.schedule.slots import slot_words

issue_argument = click.argument("issue", metavar="ISSUE")

ITEM_COLUMNS = ("Room", "Position", "Kind", "Title", "Key", "Pinned", "Note")


@click.command()
@issue_argument
@json_option
@pass_app
def show(app: App, issue: str, as_json: bool) -> None:
    """Show an issue: its state, its subject and its items.

    ISSUE is an id, a number such as "#3", or "latest".
    """
    found = find_issue(app.database, issue)
    compiled = compile_issue(app, found)
    rows = _items(app, found.id)
    if as_json:
        print_json(_document(app, compiled, rows))
    else:
        _say_issue(app, compiled)
        placed = [row for row in rows if row[0] is not Room.OVERFLOW]
        print_table(ITEM_COLUMNS, placed)
        if overflow := len(rows) - len(placed):
            say(f"And in the overflow line: {overflow:,}. Every item: {suggest('show', found.id, '--json')}")


def _items(app: App, issue_id: int) -> list[tuple[object, ...]]:
    """Return the issue's items by column."""
    with app.database.read() as connection, app.content() as content:
        items = items_of(connection, issue_id)
        titles = titles_of(content, (item.item_key for item in items))
    return [
        (item.room, item.position, item.kind, titles[item.item_key], item.key, item.pinned, item.note)
        for item in items
    ]


def _words(app: App, compiled: CompiledIssue) -> int:
    """Return how many words of its text part there are to read; 0 without a mail."""
    if compiled.plan is None:
        return 0
    return read_words(part_of(compose(compiled.plan, sample_values(app)), Format.TEXT))


def _document(app: App, compiled: CompiledIssue, rows: list[tuple[object, ...]]) -> dict[str, object]:
    [issue] = records(ISSUE_COLUMNS, [issue_row(compiled.issue)])
    return {
        **issue,
        "subject": compiled.letter.subject,
        "preheader": compiled.letter.preheader,
        "words": _words(app, compiled),
        "content_hash": compiled.content_hash,
        "send_at": compiled.issue.send_at,
        "items": list(records(ITEM_COLUMNS, rows)),
    }


def _say_issue(app: App, compiled: CompiledIssue) -> None:
    issue, letter, zone = compiled.issue, compiled.letter, app.settings.zone
    say(f"Issue {issue.label} ({issue.edition}, {slot_words(issue.slot, zone)}): {issue.status}")
    say(f"Subject:   {letter.subject}")
    say(f"Preheader: {letter.preheader}")
    say(f"Length:    {_words(app, compiled)} words, {letter.masthead.minutes} min")
    say(f"Content:   {compiled.content_hash[:12] or compiled.fault}")
    if issue.status in ("draft", "approved"):
        say(f"Goes out:  {goes_out_words(issue, zone)}{', once it is released' if issue.held_at else ''}")


@click.command()
@issue_argument
@click.option(
    "--reader", metavar="ADDRESS", help="As this reader gets it, with links that work. Default: made up."
)
@content_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "text", "eml"]),
    default="html",
    show_default=True,
    help="What.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to a file instead of the screen.",
)
@pass_app
def preview(
    app: App, /, issue: str, reader: str | None, form: str, output: Path | None, **options: Any
) -> None:
    """Show an issue exactly as it would arrive; an approved one as it was approved.

    As everybody gets it who has chosen nothing, as a reader, or as somebody made up, whose links lead nowhere.
    """
    preferences = Preferences(**given(options))
    if reader is not None and preferences != NO_PREFERENCES:
        raise click.UsageError("give --reader, or what somebody made up has chosen, not both")
    found = find_issue(app.database, issue)
    compiled = compile_issue(app, found)
    if reader is not None:
        own = previews.personalize_with_links(app, compiled, reader)
    else:
        own = previews.personalize(app, compiled.letter, compiled.require_plan(), preferences)
    content = previews.preview(app, compiled, own, previews.Format(form))
    if output is None:
        click.echo(content, nl=False)
        return
    output.write_bytes(content)
    say(f"Written: {output.absolute().as_uri()}")


@click.command()
@issue_argument
@click.option(
    "--by", metavar="NAME", default="command line", show_default=True, help="Who approves, for the record."
)
@click.option(
    "--expect",
    metavar="HASH",
    default="",
    help="Approve nothing but the content with this hash: newsletter show.",
)
@click.option(
    "--acknowledge", is_flag=True, help="Take every warning that is open as it is; the log keeps which."
)
@pass_app
def approve(app: App, issue: str, by: str, expect: str, acknowledge: bool) -> None:
    """Approve a draft: number it, publish its items and freeze what will be sent.

    As at the desk, errors and warnings that nobody answered hold it: `newsletter check` lists them.
    """
    if not by.strip():
        raise click.UsageError("say who approves, for example --by Dora")
    found, by = find_issue(app.database, issue), by.strip()
    with closing(DeskCache(app)) as cache:
        cache.contradictions.wait()
        if acknowledge:
            acknowledge_all(app, found, cache, by)
        approved = approve_issue(app, found, by, expect=expect, cache=cache)
    say(
        f"Issue {approved.label} is approved ({(approved.content_hash or '')[:12]}), with the date of the day on which it is due. "
        f"Sent on another day, it gets that day's. Send it: {suggest('send', approved.id)}"
    )
    say_undelivered(app)


@click.command()
@issue_argument
@pass_app
def withdraw(app: App, issue: str) -> None:
    """Make a draft of an approved issue again, before it goes out."""
    drafted = withdraw_issue(app, find_issue(app.database, issue))
    say(f"Issue {drafted.id} is a draft again.")


@click.command()
@issue_argument
@click.option("--reason", default="cancelled by hand", show_default=True, help="Why, for the record.")
@pass_app
def cancel(app: App, issue: str, reason: str) -> None:
    """Cancel an issue for good; what nobody has got yet waits for the next one."""
    cancelled = cancel_issue(app, find_issue(app.database, issue), reason)
    say(f"Issue {cancelled.label} is cancelled.")


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--said", metavar="TEXT", required=True, help="What the issue says and should not.")
@click.option("--right", metavar="TEXT", required=True, help="What is right.")
@click.option("--tell-next", is_flag=True, help="Say so in a line of the next issue, too.")
@click.option(
    "--by", metavar="NAME", default="command line", show_default=True, help="Who corrects, for the record."
)
@pass_app
def correct(app: App, issue: str, said: str, right: str, tell_next: bool, by: str) -> None:
    """Correct an issue that went out: its page in the archive says what was wrong, what is right, and when.

    What was sent stays as it was. ISSUE is an id, a number such as "#3", or "latest".
    """
    found = find_issue(app.database, issue)
    correct_issue(app, found, said=said, right=right, to_tell=tell_next, by=by)
    where = (
        "its page in the archive and the next issue say so"
        if tell_next
        else "its page in the archive says so"
    )
    say(f"Issue {found.label} is corrected: {where}.")


COMMANDS: tuple[click.Command, ...] = (
    show,
    preview,
    approve,
    withdraw,
    cancel,
    correct,
)
