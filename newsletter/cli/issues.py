"""`newsletter issues|archive`: the list of issues, and which of them the web shows."""

from zoneinfo import ZoneInfo

import click

from newsletter.app import App
from newsletter.cli.frame import MOST_ROWS, json_option, pass_app, print_table, say
from newsletter.digest.issues import Issue
from newsletter.digest.store import list_issues, set_archived
from newsletter.editing.issues import find_issue
from newsletter.schedule.slots import local_time

ISSUE_COLUMNS = ("Id", "Number", "Edition", "Slot", "Status", "Cutoff", "Approved by", "Reason")


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_ROWS),
    default=20,
    show_default=True,
    help="How many, the newest first.",
)
@json_option
@pass_app
def issues(app: App, limit: int, as_json: bool) -> None:
    """List the issues, the newest first."""
    with app.database.read() as connection:
        found = list_issues(connection, limit)
    zone = None if as_json else app.settings.zone
    print_table(ISSUE_COLUMNS, (issue_row(issue, zone) for issue in found), as_json)


def issue_row(issue: Issue, zone: ZoneInfo | None = None) -> tuple[object, ...]:
    """Return the issue by column; its times for people in `zone`, else the slot's name and UTC, for programs."""
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
@click.argument("issue", metavar="ISSUE")
@click.option("--show/--hide", "shown", default=None, help="Show it on the web, or take it off.")
@pass_app
def archive(app: App, issue: str, shown: bool | None) -> None:
    """Show an issue on the web, or take it off: pages, feeds, search and sitemap.

    ISSUE is an id, a number such as #3, or latest. Every issue is shown from the moment it begins to go out. The
    readers who got it keep their own link to it.
    """
    found = find_issue(app.database, issue)
    if shown is None:
        when = "" if found.started_at else " from the moment it begins to go out"
        say(f"Issue {found.label} is {'shown' if found.archived else 'hidden'}{when}.")
        return
    with app.database.write() as connection:
        changed = set_archived(connection, found.id, shown)
    is_now = "shown" if shown else "hidden"
    say(f"Issue {found.label} is {is_now} now." if changed else f"Issue {found.label} was {is_now} before.")


COMMANDS: tuple[click.Command, ...] = (
    issues,
    archive,
)
