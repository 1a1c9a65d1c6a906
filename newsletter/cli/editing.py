"""`newsletter edit|undo`: correcting a draft from the command line, as the desk does on its pages."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import pass_app, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.digest.issues import Issue, ItemKey
    from newsletter.editing.drafts.edits import Edit

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
    app: "App",
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
    from newsletter.db.statuses import ExclusionReach
    from newsletter.editing.drafts.edits import BringBack, Exclude, Pin, Write, WriteNote, make_edits
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.people.audit import COMMAND_LINE

    words = Write(subject=subject, preheader=preheader, note=note, bottom_line=bottom_line)
    asked = (words.texts, lead, move, pin, unpin, exclude, never, bring_back, item_note, quote)
    if not any(asked):
        raise click.UsageError("say what to change, for example --subject TEXT")
    found = find_issue(app.database, issue)
    edits: list[Edit] = [words] if words.texts else []
    moves = [*([(lead, "lead")] if lead else []), *move]
    edits += [_move(_item(app, found, name), place) for name, place in moves]
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
    say(f"Issue {edited.label} is changed. Look at it: newsletter preview {edited.id} --format text")


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--redo", is_flag=True, help="Do again what was undone last.")
@pass_app
def undo(app: "App", issue: str, redo: bool) -> None:
    """Take back the last edit of a draft; again, the one before."""
    from newsletter.editing.drafts import revisions
    from newsletter.editing.issue_names import find_issue
    from newsletter.editing.people.audit import COMMAND_LINE

    found = find_issue(app.database, issue)
    step = revisions.redo if redo else revisions.undo
    changed = step(app, found, by=COMMAND_LINE)
    with app.database.read() as connection:
        [last] = revisions.history(connection, changed.id, most=1)
    say(f"Issue {changed.label}. {last.what}.")


def _item(app: "App", issue: "Issue", name: str) -> "ItemKey":
    from newsletter.editing.drafts.item_names import find_item

    with app.database.read() as connection:
        return find_item(connection, issue.id, name)


def _move(item: "ItemKey", place: str) -> "Edit":
    from newsletter.db.statuses import Room
    from newsletter.digest.arranging import Way
    from newsletter.editing.drafts.edits import Move

    return Move(item, Way(place) if place in set(Way) else Room(place))


def _quotes(app: "App", issue: "Issue", quotes: Pairs) -> Iterator["Edit"]:
    from newsletter.db.statuses import ItemKind, Room
    from newsletter.digest.draft_store import read_contents
    from newsletter.editing.drafts.edits import ChooseQuote

    if not quotes:
        return
    with app.database.read() as connection:
        items = read_contents(connection, issue.id, 0).items
    leads = [each.key for each in items if each.room is Room.LEAD and each.kind is ItemKind.COMPARISON]
    yield from (ChooseQuote(lead, review, words) for review, words in quotes for lead in leads)


COMMANDS: tuple[click.Command, ...] = (edit, undo)
