"""`newsletter draft|edit|undo`: making a draft, taking newer items into it, and correcting it."""

from collections.abc import Iterator, Sequence

import click

from newsletter.app import App
from newsletter.cli.frame import pass_app, say
from newsletter.commands import suggest
from newsletter.db.statuses import Edition, ExclusionReach, IssueStatus, ItemKind, Room
from newsletter.digest.arranging import ROOM_NAMES, Way
from newsletter.digest.draft import Drafted, Thin
from newsletter.digest.issues import Issue, ItemKey
from newsletter.digest.store import find_issue_of_slot, read_shown_items
from newsletter.editing import revisions
from newsletter.editing.audit import COMMAND_LINE
from newsletter.editing.draft import draft_at_once, draft_now, merge_now, plan_merge
from newsletter.editing.edits import (
    BringBack,
    ChooseQuote,
    Edit,
    Exclude,
    MoveItem,
    Pin,
    Write,
    WriteNote,
    find_item,
    make_edits,
)
from newsletter.editing.issues import find_issue
from newsletter.errors import NotFound
from newsletter.schedule.slots import issue_schedule, named_slot, next_slot, slot_words


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
    app: App, slot: str | None, edition: str, at_once: bool, merge: bool, dry_run: bool, even_thin: bool
) -> None:
    """Draft an issue from everything not yet published, or a monthly one from what was.

    Drafting the same slot twice changes nothing.
    """
    if at_once and slot is not None:
        raise click.UsageError("give --slot or --now, not both")
    if dry_run and (at_once or not merge):
        raise click.UsageError("--dry-run goes with --merge, and not with --now")
    wanted = Edition(edition)
    name = None
    if slot is not None:
        schedule, catch_up = issue_schedule(app.settings, wanted), app.settings.schedule.catch_up
        name = named_slot(schedule, slot, now=app.clock.now(), catch_up=catch_up).name
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


def _say_merge(app: App, name: str | None, edition: Edition) -> None:
    slot = name or next_slot(issue_schedule(app.settings, edition), app.clock.now()).name
    with app.database.read() as connection:
        issue = find_issue_of_slot(connection, edition, slot)
    if issue is None:
        raise NotFound("issue for", slot, f"Make one with: {suggest('draft')}")
    plan = plan_merge(app, issue)
    counted = ((plan.comes, plan.coming), (plan.moves, plan.moving), (plan.goes, plan.going))
    for what, (changes, count) in zip(("comes in", "moves", "goes out"), counted, strict=True):
        for each in changes:
            places = [ROOM_NAMES[room] for room in (each.before, each.after) if room is not None]
            say(f"{each.title} {what}: {' → '.join(places)}")
        if count > len(changes):
            say(f"And {count - len(changes):,} more: {what}.")
    say("Nothing would change." if plan.is_empty else "Nothing was changed: leave out --dry-run to merge.")


def _say_drafted(app: App, drafted: Drafted | Thin) -> None:
    if isinstance(drafted, Thin):
        anyway = f" To make one anyway: {suggest('draft', '--even-thin')}" if drafted.waiting else ""
        say(f"{drafted.words}{anyway}")
        return
    issue = drafted.issue
    slot = slot_words(issue.slot, app.settings.zone)
    if drafted.fresh:
        say(
            f"Issue {issue.label} for {slot} is drafted. Look at it: {suggest('preview', issue.id, '--format', 'text')}"
        )
    else:
        say(f"There is already an issue for {slot}: {issue.label}, {issue.status}. Nothing was changed.")
        if issue.status is IssueStatus.CANCELLED:
            say(f"For one outside the schedule: {suggest('draft', '--now')}")


PLACES = ("up", "down", "lead", "more", "card", "overflow")

#: What is given more than once, with the value it takes.
Pairs = Sequence[tuple[str, str]]


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--subject", metavar="TEXT", help="The subject; empty: computed.")
@click.option(
    "--preheader", metavar="TEXT", help="What mail programs show after the subject; empty: computed."
)
@click.option("--note", metavar="MARKDOWN", help="Your own words at the top, at most 60.")
@click.option("--bottom-line", metavar="TEXT", help="The lead's one sentence; empty: computed.")
@click.option("--lead", metavar="ITEM", help="The comparison that leads.")
@click.option(
    "--move",
    metavar="ITEM PLACE",
    type=(str, click.Choice(PLACES)),
    multiple=True,
    help=f"Put an item somewhere else: {', '.join(PLACES)}. It is pinned there.",
)
@click.option(
    "--pin", metavar="ITEM", multiple=True, help="Leave an item where it is when newer ones are merged."
)
@click.option("--unpin", metavar="ITEM", multiple=True, help="Let the rules place an item again.")
@click.option("--exclude", metavar="ITEM", multiple=True, help="Keep an item out until the next issue.")
@click.option("--never", metavar="ITEM", multiple=True, help="Keep an item out of every issue.")
@click.option("--bring-back", metavar="ITEM", multiple=True, help="Take back an exclusion of this issue.")
@click.option(
    "--item-note",
    metavar="ITEM MARKDOWN",
    type=(str, str),
    multiple=True,
    help="What you say of an item, at most 30 words; empty: nothing.",
)
@click.option(
    "--quote",
    metavar="REVIEW SENTENCE",
    type=(str, str),
    multiple=True,
    help="Quote another sentence of a review of the lead's; empty: computed.",
)
@pass_app
def edit(
    app: App,
    issue: str,
    subject: str | None,
    preheader: str | None,
    note: str | None,
    bottom_line: str | None,
    lead: str | None,
    move: Pairs,
    pin: Sequence[str],
    unpin: Sequence[str],
    exclude: Sequence[str],
    never: Sequence[str],
    bring_back: Sequence[str],
    item_note: Pairs,
    quote: Pairs,
) -> None:
    """Correct a draft: write over what is computed, move, pin or take out items.

    ITEM is a key of `newsletter show ISSUE`, with its kind where that is needed: "verdict:kite". All that one command
    says is done as one step, or none of it; `newsletter undo ISSUE` takes it back.
    """
    words = Write(subject=subject, preheader=preheader, note=note, bottom_line=bottom_line)
    asked = (words.texts, lead, move, pin, unpin, exclude, never, bring_back, item_note, quote)
    if not any(asked):
        raise click.UsageError("say what to change, for example --subject TEXT")
    found = find_issue(app.database, issue)
    edits: list[Edit] = [words] if words.texts else []
    moves = [*([(lead, "lead")] if lead else []), *move]
    edits += [
        MoveItem(_item(app, found, name), Way(place) if place in set(Way) else Room(place))
        for name, place in moves
    ]
    edits += [Pin(_item(app, found, name)) for name in pin]
    edits += [Pin(_item(app, found, name), pinned=False) for name in unpin]
    edits += [Exclude(_item(app, found, name), ExclusionReach.THIS_ISSUE) for name in exclude]
    edits += [Exclude(_item(app, found, name), ExclusionReach.FOR_EVER) for name in never]
    edits += [BringBack(_item(app, found, name)) for name in bring_back]
    edits += [WriteNote(_item(app, found, name), text) for name, text in item_note]
    edits += _quotes(app, found, quote)
    edited = make_edits(app, found, edits, by=COMMAND_LINE)
    if edited.version == found.version:
        say(f"Issue {edited.label} is so already. Nothing was changed.")
        return
    say(f"Issue {edited.label} is changed. Look at it: {suggest('preview', edited.id, '--format', 'text')}")


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--redo", is_flag=True, help="Do again what was undone last.")
@pass_app
def undo(app: App, issue: str, redo: bool) -> None:
    """Take back the last edit of a draft; again, the one before."""
    found = find_issue(app.database, issue)
    step = revisions.redo if redo else revisions.undo
    changed = step(app, found, by=COMMAND_LINE)
    with app.database.read() as connection:
        [last] = revisions.list_revisions(connection, changed.id, most=1)
    say(f"Issue {changed.label}. {last.what}.")


def _item(app: App, issue: Issue, name: str) -> ItemKey:
    with app.database.read() as connection:
        return find_item(connection, issue.id, name)


def _quotes(app: App, issue: Issue, quotes: Pairs) -> Iterator[Edit]:
    if not quotes:
        return
    with app.database.read() as connection:
        items = read_shown_items(connection, issue.id, 0)
    leads = [each.key for each in items if each.room is Room.LEAD and each.kind is ItemKind.COMPARISON]
    yield from (ChooseQuote(lead, review, words) for review, words in quotes for lead in leads)


COMMANDS: tuple[click.Command, ...] = (
    draft,
    edit,
    undo,
)
