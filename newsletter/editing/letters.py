"""The letter of an issue as it stands: frozen once it is approved, written from what is recorded before."""

from sqlalchemy import Connection

from newsletter.db.statuses import IssueStatus, ItemKind
from newsletter.digest import store
from newsletter.digest.issues import Issue
from newsletter.digest.letter import Letter
from newsletter.digest.letter_json import letter_from_json
from newsletter.digest.moves import Span
from newsletter.digest.record import Record, write_record
from newsletter.digest.writing import write_letter
from newsletter.editing.newsroom import Newsroom
from newsletter.readers.own_store import followed_tools
from newsletter.render.compile import compile_letter
from newsletter.render.frame import MessageFrame
from newsletter.render.plan import Plan

#: The plan that everybody gets.
EVERYBODY = "everybody"


def letter_of(newsroom: Newsroom, issue: Issue) -> Letter:
    """What the issue says; of an approved one what was approved."""
    if is_frozen(issue):
        with newsroom.database.read() as connection:
            return letter_from_json(store.get_frozen(connection, issue.id).letter)
    return written_letter(newsroom, issue)[0]


def written_letter(newsroom: Newsroom, issue: Issue) -> tuple[Letter, int]:
    """The letter from what is recorded now, and the number it has or would get if it were approved now."""
    with newsroom.database.read() as connection, newsroom.content() as content:
        number = issue.number or store.next_number(connection, issue.edition)
        letter = write_letter(
            issue,
            store.items_of(connection, issue.id),
            content,
            newsroom.settings,
            number=number,
            rulings=lambda ids: store.rulings_on(connection, ids),
            span=_span(connection, issue),
            followed=followed_tools(connection),
            published=store.published_elsewhere(connection, issue.id, ItemKind.COMPARISON),
        )
    return letter, number


def written_record(newsroom: Newsroom, issue: Issue) -> Record:
    """What the archive shows beside the letter, from what is recorded now."""
    with newsroom.database.read() as connection, newsroom.content() as content:
        return write_record(
            store.items_of(connection, issue.id),
            content,
            newsroom.settings,
            rulings=lambda ids: store.rulings_on(connection, ids),
        )


def _span(connection: Connection, issue: Issue) -> Span | None:
    """What counts as changed: what was seen since the cutoff of the last approved issue."""
    since = store.cutoff_before(connection, issue)
    return None if since is None else Span(since=since, until=issue.cutoff_at)


def plan_of(newsroom: Newsroom, issue: Issue) -> tuple[Plan, MessageFrame]:
    """What the issue's messages are made from; of an approved one what was approved."""
    if not is_frozen(issue):
        letter, _ = written_letter(newsroom, issue)
        return compile_letter(letter, newsroom.frame, newsroom.template_folders), newsroom.frame
    with newsroom.database.read() as connection:
        frozen = store.get_frozen(connection, issue.id)
    return Plan.from_bytes(frozen.plans[EVERYBODY]), MessageFrame.from_json(frozen.sender)


def is_frozen(issue: Issue) -> bool:
    """Whether what it says is fixed: it was approved and not withdrawn, whatever became of it."""
    return issue.status is not IssueStatus.DRAFT and issue.content_hash is not None
