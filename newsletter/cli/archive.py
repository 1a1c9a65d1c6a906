"""`newsletter archive`: which issues the web shows."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import pass_app, say

if TYPE_CHECKING:
    from newsletter.app import App


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--show/--hide", "shown", default=None, help="Show it on the web, or take it off.")
@pass_app
def archive(app: "App", issue: str, shown: bool | None) -> None:
    """Show an issue on the web, or take it off: pages, feeds, search and sitemap.

    ISSUE is an id, a number such as #3, or latest. Every issue is shown from the moment it begins to go out. The
    readers who got it keep their own link to it.
    """
    from newsletter.digest.store import set_archived
    from newsletter.editing.issue_names import find_issue

    found = find_issue(app.database, issue)
    if shown is None:
        when = "" if found.started_at else " from the moment it begins to go out"
        say(f"Issue {found.label} is {'shown' if found.archived else 'hidden'}{when}.")
        return
    with app.database.write() as connection:
        changed = set_archived(connection, found.id, shown)
    is_now = "shown" if shown else "hidden"
    say(f"Issue {found.label} is {is_now} now." if changed else f"Issue {found.label} was {is_now} before.")


COMMANDS: tuple[click.Command, ...] = (archive,)
