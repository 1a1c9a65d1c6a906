"""`newsletter draft|issues|show|check|edit|preview|approve|withdraw|cancel`: an issue until it goes out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import json_option, pass_app, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.digest.draft import Drafted, Thin
    from newsletter.digest.issues import Issue

issue_argument = click.argument("issue", metavar="ISSUE")

ISSUE_COLUMNS = ("Id", "Number", "Edition", "Slot", "Status", "Cutoff", "Approved by", "Reason")


@click.command()
@click.option(
    "--slot", metavar="DATE-TIME", help="The slot, as local time: 2026-11-26T09:00. Default: the next one."
)
@click.option(
    "--edition", type=click.Choice(["weekly"]), default="weekly", show_default=True, help="Which edition."
)
@click.option(
    "--now", "at_once", is_flag=True, help="Outside the schedule: it may go out once it is approved."
)
@click.option(
    "--merge", is_flag=True, help="Take newer items into the slot's draft; its cutoff moves to now."
)
@click.option(
    "--even-thin", is_flag=True, help="Make an issue of anything at all, whatever digest.thin_week says."
)
@pass_app
def draft(app: "App", slot: str | None, edition: str, at_once: bool, merge: bool, even_thin: bool) -> None:
    """Draft an issue from everything not yet published.

    Drafting the same slot twice changes nothing.
    """
    from newsletter.digest.draft import Drafted
    from newsletter.editing.draft import draft_at_once, draft_now, merge_now

    if at_once and slot is not None:
        raise click.UsageError("give --slot or --now, not both")
    drafted = (
        draft_at_once(app, even_thin=even_thin) if at_once else draft_now(app, slot, even_thin=even_thin)
    )
    if merge and isinstance(drafted, Drafted):
        drafted = merge_now(app, drafted.issue)
    _say_drafted(drafted)


def _say_drafted(drafted: "Drafted | Thin") -> None:
    from newsletter.digest.draft import Thin

    if isinstance(drafted, Thin):
        say(f"{drafted.words} To make one anyway: newsletter draft --even-thin")
        return
    issue = drafted.issue
    if drafted.fresh:
        say(
            f"Issue {issue.label} for {issue.slot} is drafted. Look at it: newsletter preview {issue.id} --format text"
        )
    else:
        say(
            f"There is already an issue for {issue.slot}: {issue.label}, {issue.status}. Nothing was changed."
        )


@click.command()
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, the newest first."
)
@json_option
@pass_app
def issues(app: "App", limit: int, as_json: bool) -> None:
    """List the issues, the newest first."""
    from newsletter.digest.store import list_issues

    with app.database.read() as connection:
        found = list_issues(connection, limit)
    print_table(ISSUE_COLUMNS, (_row(issue) for issue in found), as_json)


def _row(issue: "Issue") -> tuple[object, ...]:
    return (
        issue.id,
        issue.number,
        issue.edition,
        issue.slot,
        issue.status,
        issue.cutoff_at,
        issue.approved_by,
        issue.reason,
    )


@click.command()
@issue_argument
@json_option
@pass_app
def show(app: "App", issue: str, as_json: bool) -> None:
    """Show an issue: its state, its subject and its items.

    ISSUE is an id, a number such as "#3", or "latest".
    """
    from newsletter.db.statuses import Room
    from newsletter.digest.length import read_words
    from newsletter.digest.store import items_of
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.letters import letter_of
    from newsletter.editing.preview import Format
    from newsletter.editing.preview import preview as make_preview

    found = find_issue(app.database, issue)
    letter = letter_of(app, found)
    words = read_words(make_preview(app, found, None, Format.TEXT).decode())
    with app.database.read() as connection:
        items = items_of(connection, found.id)
    columns = ("Room", "Position", "Kind", "Key", "Pinned", "Note")
    rows = [(item.room, item.position, item.kind, item.key, item.pinned, item.note) for item in items]
    if as_json:
        head = dict(zip((each.lower().replace(" ", "_") for each in ISSUE_COLUMNS), _row(found), strict=True))
        texts = {"subject": letter.subject, "preheader": letter.preheader, "words": words}
        listed = [dict(zip((each.lower() for each in columns), row, strict=True)) for row in rows]
        print_json({**head, **texts, "items": listed})
        return
    say(f"Issue {found.label} ({found.edition}, slot {found.slot}): {found.status}")
    say(f"Subject:   {letter.subject}")
    say(f"Preheader: {letter.preheader}")
    say(f"Length:    {words} words, {letter.masthead.minutes} min")
    print_table(columns, (row for row in rows if row[0] is not Room.OVERFLOW))
    overflow = sum(1 for row in rows if row[0] is Room.OVERFLOW)
    if overflow:
        say(f"And in the overflow line: {overflow:,}. Every item: newsletter show {found.id} --json")


@click.command()
@issue_argument
@json_option
@pass_app
def check(app: "App", issue: str, as_json: bool) -> None:
    """Check an issue before approval; exits with 1 when something holds it back."""
    from newsletter.editing.checks import Severity
    from newsletter.editing.checks import check as run_checks
    from newsletter.editing.issue_names import find_issue

    findings = run_checks(app, find_issue(app.database, issue))
    rows = [(each.severity, each.what, each.where, each.why, each.how) for each in findings]
    if rows or as_json:
        print_table(("Severity", "What", "Where", "Why", "How"), rows, as_json)
    else:
        say("Nothing to complain of.")
    if any(each.severity is Severity.ERROR for each in findings):
        click.get_current_context().exit(1)


@click.command()
@issue_argument
@click.option("--subject", metavar="TEXT", help="The subject; empty: computed.")
@click.option(
    "--preheader", metavar="TEXT", help="What mail programs show after the subject; empty: computed."
)
@click.option("--note", metavar="MARKDOWN", help="Your own words at the top, at most 60.")
@click.option("--bottom-line", metavar="TEXT", help="The lead's one sentence; empty: computed.")
@pass_app
def edit(
    app: "App",
    issue: str,
    subject: str | None,
    preheader: str | None,
    note: str | None,
    bottom_line: str | None,
) -> None:
    """Write over what is computed in a draft."""
    from newsletter.editing.draft import edit as edit_draft
    from newsletter.editing.issue_names import find_issue

    words = {"subject": subject, "preheader": preheader, "note": note, "bottom_line": bottom_line}
    changes = {field: text for field, text in words.items() if text is not None}
    if not changes:
        raise click.UsageError("say what to change, for example --subject TEXT")
    edited = edit_draft(app, find_issue(app.database, issue), **changes)
    say(f"Issue {edited.label} is changed. Look at it: newsletter preview {edited.id} --format text")


@click.command()
@issue_argument
@click.option(
    "--reader", metavar="ADDRESS", help="As this reader gets it, with links that work. Default: made up."
)
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
def preview(app: "App", issue: str, reader: str | None, form: str, output: Path | None) -> None:
    """Show an issue exactly as it would arrive; an approved one as it was approved."""
    from newsletter.editing import preview as previews
    from newsletter.editing.issue_names import find_issue

    found = find_issue(app.database, issue)
    copy = None if reader is None else previews.reader_copy(app, found, reader)
    content = previews.preview(app, found, copy, previews.Format(form))
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
@pass_app
def approve(app: "App", issue: str, by: str) -> None:
    """Approve a draft: number it, publish its items and freeze what will be sent."""
    from newsletter.editing.approve import approve as approve_issue
    from newsletter.editing.issue_names import find_issue

    approved = approve_issue(app, find_issue(app.database, issue), by)
    say(
        f"Issue {approved.label} is approved ({(approved.content_hash or '')[:12]}). Send it: newsletter send {approved.id}"
    )


@click.command()
@issue_argument
@pass_app
def withdraw(app: "App", issue: str) -> None:
    """Make a draft of an approved issue again, before it goes out."""
    from newsletter.editing.approve import withdraw as withdraw_issue
    from newsletter.editing.issue_names import find_issue

    drafted = withdraw_issue(app, find_issue(app.database, issue))
    say(f"Issue {drafted.id} is a draft again.")


@click.command()
@issue_argument
@click.option("--reason", default="cancelled by hand", show_default=True, help="Why, for the record.")
@pass_app
def cancel(app: "App", issue: str, reason: str) -> None:
    """Cancel an issue for good; what nobody has got yet waits for the next one."""
    from newsletter.editing.approve import cancel as cancel_issue
    from newsletter.editing.issue_names import find_issue

    cancelled = cancel_issue(app, find_issue(app.database, issue), reason)
    say(f"Issue {cancelled.label} is cancelled.")


COMMANDS: tuple[click.Command, ...] = (draft, issues, show, check, edit, preview, approve, withdraw, cancel)
