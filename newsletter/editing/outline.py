"""What the page of a draft shows beside the mail: its items by room, what was taken out, what may be quoted, its history. Read only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ExclusionReach, RevisionState, Room
from newsletter.digest.content import IssueContent, Quote
from newsletter.digest.edition import EDITIONS
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.quotes import quotable
from newsletter.digest.store import count_overflow, exclusions_of, quotes_of, read_shown_items
from newsletter.editing.edits import titles_of
from newsletter.editing.revisions import DraftRevision, list_edits

#: How many of the overflow line the page names, and how many edits of its history.
WAITING, STEPS = 20, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """All of it. `told` are the tools that a comparison of the issue tells; `waiting` counts newer comparisons.

    Of what was taken out `excluded` has key and title, and whether for ever; of each quote of the lead `quotes` has the sentences of
    its review, and whether an editor chose it.
    """

    rooms: tuple[tuple[Room, tuple[Item, ...]], ...]
    titles: Mapping[ItemKey, str]
    overflow: int
    told: tuple[str, ...]
    excluded: tuple[tuple[ItemKey, str, bool], ...]
    quotes: tuple[tuple[Quote, tuple[str, ...], bool], ...]
    waiting: int
    history: tuple[DraftRevision, ...]
    #: What would be undone, or done again, in words; empty for nothing.
    undoable: str
    redoable: str


def outline_of(app: App, issue: Issue, letter: IssueContent) -> Outline:
    """Read the outline of a draft that reads like this."""
    with app.database.read() as connection, app.content() as content:
        items = read_shown_items(connection, issue.id, WAITING)
        overflow = count_overflow(connection, issue.id)
        taken_out = exclusions_of(connection, issue.id)
        chosen = {(each.comparison_id, each.review_id) for each in quotes_of(connection, issue.id)}
        done = list_edits(connection, issue.id, STEPS)
        titles = titles_of(content, (*(each.item_key for each in items), *taken_out))
        covered = [each for each in items if each.is_told]
        free = [each for each in items if not each.is_told]
        return Outline(
            rooms=tuple((room, tuple(each for each in free if each.room is room)) for room in Room),
            titles=titles,
            overflow=overflow,
            told=tuple(dict.fromkeys(titles[each.item_key] for each in covered)),
            excluded=tuple(
                (key, titles[key], reach is ExclusionReach.FOR_EVER) for key, reach in taken_out.items()
            ),
            quotes=tuple(_quotes(content, letter, chosen)),
            waiting=content.count_comparisons_since(issue.cutoff_at)
            if EDITIONS[issue.edition].has_items
            else 0,
            history=done,
            undoable=next((each.what for each in done if each.state is RevisionState.DONE), ""),
            redoable=next((each.what for each in reversed(done) if each.state is RevisionState.UNDONE), ""),
        )


def _quotes(
    content: ContentStore, letter: IssueContent, chosen: set[tuple[str, str]]
) -> Iterator[tuple[Quote, tuple[str, ...], bool]]:
    lead = letter.lead
    if lead is None:
        return
    found = content.reviews((lead.left.tool_id, lead.right.tool_id))
    reviews = {each.id: each for said in found.values() for each in said}
    for quote in lead.quotes:
        if quote.review_id in reviews:
            is_chosen = (lead.comparison_id, quote.review_id) in chosen
            yield quote, quotable(reviews[quote.review_id]), is_chosen
