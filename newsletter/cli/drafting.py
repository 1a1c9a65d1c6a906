"""`newsletter draft`: making an issue for a slot, and taking newer items into it."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import pass_app, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.db.statuses import Edition
    from newsletter.digest.draft import Drafted, Thin


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


COMMANDS: tuple[click.Command, ...] = (draft,)
