"""`newsletter correct`: put a mistake of a sent issue right."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import pass_app, say

if TYPE_CHECKING:
    from newsletter.app import App


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--said", metavar="TEXT", required=True, help="What the issue says and should not.")
@click.option("--right", metavar="TEXT", required=True, help="What is right.")
@click.option("--tell-next", is_flag=True, help="Say so in a line of the next issue, too.")
@click.option(
    "--by", metavar="NAME", default="command line", show_default=True, help="Who corrects, for the record."
)
@pass_app
def correct(app: "App", issue: str, said: str, right: str, tell_next: bool, by: str) -> None:
    """Correct an issue that went out: its page in the archive says what was wrong, what is right, and when.

    What was sent stays as it was. ISSUE is an id, a number such as "#3", or "latest".
    """
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.release.correcting import correct as correct_issue

    found = find_issue(app.database, issue)
    correct_issue(app, found, said=said, right=right, to_tell=tell_next, by=by)
    where = (
        "its page in the archive and the next issue say so"
        if tell_next
        else "its page in the archive says so"
    )
    say(f"Issue {found.label} is corrected: {where}.")


COMMANDS: tuple[click.Command, ...] = (correct,)
