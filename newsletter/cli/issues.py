"""`newsletter draft|issues|show|preview|approve|withdraw|cancel`: an issue until it goes out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import json_option, pass_app, print_json, print_table, say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from newsletter.app import App
    from newsletter.db.statuses import Edition
    from newsletter.digest.draft import Drafted, Thin
    from newsletter.digest.issues import Issue

issue_argument = click.argument("issue", metavar="ISSUE")

ISSUE_COLUMNS = ("Id", "Number", "Edition", "Slot", "Status", "Cutoff", "Approved by", "Reason")


@click.command()
@click.option(
    "--slot",
    metavar="DATE-TIME",
    help="One of the schedule's slots, as local time: 2026-11-26T09:00, or its day. Default: the next one.",
)
@click.option(
    "--edition",
    type=click.Choice(["weekly", "monthly"]),
    default="weekly",
    show_default=True,
    help="Which edition. A monthly issue is made from the weekly ones that went out since the last.",
)
@click.option(
    "--now", "at_once", is_flag=True, help="Outside the schedule: it may go out once it is approved."
)
@click.option(
    "--merge", is_flag=True, help="Take newer items into the slot's draft; its cutoff moves to now."
)
@click.option("--dry-run", is_flag=True, help="With --merge: only say what would come in, move and go out.")
@click.option(
    "--even-thin", is_flag=True, help="Make an issue of anything at all, whatever digest.thin_week says."
)
@pass_app
def draft(
    app: "App", slot: str | None, edition: str, at_once: bool, merge: bool, dry_run: bool, even_thin: bool
) -> None:
    """Draft an issue from everything not yet published, or a monthly one from what was.

    Drafting the same slot twice changes nothing.
    """
    from newsletter.db.statuses import Edition
    from newsletter.digest.draft import Drafted
    from newsletter.editing.drafts.draft import draft_at_once, draft_now, merge_now

    if at_once and slot is not None:
        raise click.UsageError("give --slot or --now, not both")
    if dry_run and (at_once or not merge):
        raise click.UsageError("--dry-run goes with --merge, and not with --now")
    wanted = Edition(edition)
    name = None if slot is None else _slot_name(app, slot, wanted)
    if dry_run:
        _say_merge(app, name, wanted)
        return
    drafted = (
        draft_at_once(app, even_thin=even_thin, edition=wanted)
        if at_once
        else draft_now(app, name, even_thin=even_thin, edition=wanted)
    )
    if merge and isinstance(drafted, Drafted):
        drafted = merge_now(app, drafted.issue)
    _say_drafted(app, drafted)


def _say_merge(app: "App", name: str | None, edition: "Edition") -> None:
    from newsletter.digest.arranging import ROOM_NAMES
    from newsletter.digest.store import find_issue_of_slot
    from newsletter.editing.drafts.merging import plan_merge
    from newsletter.errors import NotFound
    from newsletter.schedule.slots import issue_schedule, next_slot

    slot = name or next_slot(issue_schedule(app.settings, edition), app.clock.now()).name
    with app.database.read() as connection:
        issue = find_issue_of_slot(connection, edition, slot)
    if issue is None:
        raise NotFound("issue for", slot, "Make one with: newsletter draft")
    plan = plan_merge(app, issue)
    counted = ((plan.comes, plan.coming), (plan.moves, plan.moving), (plan.goes, plan.going))
    for what, (changes, count) in zip(("comes in", "moves", "goes out"), counted, strict=True):
        for each in changes:
            places = [ROOM_NAMES[room] for room in (each.before, each.after) if room is not None]
            say(f"{each.title} {what}: {' → '.join(places)}")
        if count > len(changes):
            say(f"And {count - len(changes):,} more: {what}.")
    say("Nothing would change." if plan.is_empty else "Nothing was changed: leave out --dry-run to merge.")


def _slot_name(app: "App", text: str, edition: "Edition") -> str:
    from newsletter.schedule.naming import named_slot
    from newsletter.schedule.slots import issue_schedule

    schedule = issue_schedule(app.settings, edition)
    return named_slot(schedule, text, now=app.clock.now(), catch_up=app.settings.catch_up).name


def _say_drafted(app: "App", drafted: "Drafted | Thin") -> None:
    from newsletter.db.statuses import IssueStatus
    from newsletter.digest.draft import Thin
    from newsletter.schedule.slots import slot_words

    if isinstance(drafted, Thin):
        anyway = " To make one anyway: newsletter draft --even-thin" if drafted.waiting else ""
        say(f"{drafted.words}{anyway}")
        return
    issue = drafted.issue
    slot = slot_words(issue.slot, app.settings.zone)
    if drafted.fresh:
        say(
            f"Issue {issue.label} for {slot} is drafted. Look at it: newsletter preview {issue.id} --format text"
        )
    else:
        say(f"There is already an issue for {slot}: {issue.label}, {issue.status}. Nothing was changed.")
        if issue.status is IssueStatus.CANCELLED:
            say("For one outside the schedule: newsletter draft --now")


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
    zone = None if as_json else app.settings.zone
    print_table(ISSUE_COLUMNS, (_row(issue, zone) for issue in found), as_json)


def _row(issue: "Issue", zone: "ZoneInfo | None" = None) -> tuple[object, ...]:
    """The issue by column; its times for people in `zone`, else the slot's name and UTC, for programs."""
    from newsletter.schedule.slots import local_time

    return (
        issue.id,
        issue.number,
        issue.edition,
        local_time(issue.slot).replace(tzinfo=zone) if zone else issue.slot,
        issue.status,
        issue.cutoff_at.astimezone(zone) if zone else issue.cutoff_at,
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
    from newsletter.editing.drafts.item_names import titles_of
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.proofs.preview import Format, compose, part_of, sample_values
    from newsletter.editing.proofs.proof import pull_proof
    from newsletter.editing.release.timing import goes_out_words
    from newsletter.schedule.slots import slot_words

    found = find_issue(app.database, issue)
    proof = pull_proof(app, found)
    letter = proof.letter
    mail = b"" if proof.plan is None else compose(proof.plan, sample_values(app))
    words = read_words(part_of(mail, Format.TEXT)) if mail else 0
    with app.database.read() as connection, app.content() as content:
        items = items_of(connection, found.id)
        titles = titles_of(content, (item.item_key for item in items))
    columns = ("Room", "Position", "Kind", "Title", "Key", "Pinned", "Note")
    rows = [
        (item.room, item.position, item.kind, titles[item.item_key], item.key, item.pinned, item.note)
        for item in items
    ]
    if as_json:
        head = dict(zip((each.lower().replace(" ", "_") for each in ISSUE_COLUMNS), _row(found), strict=True))
        texts = {
            "subject": letter.subject,
            "preheader": letter.preheader,
            "words": words,
            "content_hash": proof.content_hash,
            "send_at": found.send_at,
        }
        listed = [dict(zip((each.lower() for each in columns), row, strict=True)) for row in rows]
        print_json({**head, **texts, "items": listed})
        return
    say(f"Issue {found.label} ({found.edition}, {slot_words(found.slot, app.settings.zone)}): {found.status}")
    say(f"Subject:   {letter.subject}")
    say(f"Preheader: {letter.preheader}")
    say(f"Length:    {words} words, {letter.masthead.minutes} min")
    say(f"Content:   {proof.content_hash[:12] or proof.trouble}")
    if found.status in ("draft", "approved"):
        say(
            f"Goes out:  {goes_out_words(found, app.settings.zone)}{', once it is released' if found.held_at else ''}"
        )
    print_table(columns, (row for row in rows if row[0] is not Room.OVERFLOW))
    overflow = sum(1 for row in rows if row[0] is Room.OVERFLOW)
    if overflow:
        say(f"And in the overflow line: {overflow:,}. Every item: newsletter show {found.id} --json")


@click.command()
@issue_argument
@click.option(
    "--reader", metavar="ADDRESS", help="As this reader gets it, with links that work. Default: made up."
)
@click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="As somebody with this topic; repeatable."
)
@click.option(
    "--tool", "tools", multiple=True, metavar="TOOL", help="As somebody who follows this tool; repeatable."
)
@click.option(
    "--tokens", type=click.IntRange(1), metavar="N", help="As somebody with so many tokens a month."
)
@click.option("--team", type=click.IntRange(1), metavar="N", help="As somebody with a team of this size.")
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
    app: "App",
    issue: str,
    reader: str | None,
    topics: tuple[str, ...],
    tools: tuple[str, ...],
    tokens: int | None,
    team: int | None,
    form: str,
    output: Path | None,
) -> None:
    """Show an issue exactly as it would arrive; an approved one as it was approved.

    As everybody gets it who has chosen nothing, as a reader, or as somebody made up, whose links lead nowhere.
    """
    from newsletter.delivery.personal import NO_WISHES, Wishes
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.proofs import preview as previews

    wishes = Wishes(topics=topics, tools=tools, monthly_tokens=tokens, team_size=team)
    if reader is not None and wishes != NO_WISHES:
        raise click.UsageError("give --reader, or what somebody made up has chosen, not both")
    found = find_issue(app.database, issue)
    if reader is not None:
        copy = previews.reader_copy(app, found, reader)
    else:
        copy = previews.made_up(app, found, wishes)
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
def approve(app: "App", issue: str, by: str, expect: str, acknowledge: bool) -> None:
    """Approve a draft: number it, publish its items and freeze what will be sent.

    As at the desk, errors and warnings that nobody answered hold it: `newsletter check` lists them.
    """
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.release.approve import acknowledge_all
    from newsletter.editing.release.approve import approve as approve_issue

    if not by.strip():
        raise click.UsageError("say who approves, for example --by Dora")
    found, by = find_issue(app.database, issue), by.strip()
    app.disputes.wait()
    if acknowledge:
        acknowledge_all(app, found, app.looks, by)
    approved = approve_issue(app, found, by, expect=expect, looks=app.looks)
    say(
        f"Issue {approved.label} is approved ({(approved.content_hash or '')[:12]}). Send it: newsletter send {approved.id}"
    )


@click.command()
@issue_argument
@pass_app
def withdraw(app: "App", issue: str) -> None:
    """Make a draft of an approved issue again, before it goes out."""
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.release.approve import withdraw as withdraw_issue

    drafted = withdraw_issue(app, find_issue(app.database, issue))
    say(f"Issue {drafted.id} is a draft again.")


@click.command()
@issue_argument
@click.option("--reason", default="cancelled by hand", show_default=True, help="Why, for the record.")
@pass_app
def cancel(app: "App", issue: str, reason: str) -> None:
    """Cancel an issue for good; what nobody has got yet waits for the next one."""
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.release.approve import cancel as cancel_issue

    cancelled = cancel_issue(app, find_issue(app.database, issue), reason)
    say(f"Issue {cancelled.label} is cancelled.")


COMMANDS: tuple[click.Command, ...] = (draft, issues, show, preview, approve, withdraw, cancel)
