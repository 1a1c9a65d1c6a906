"""The letter of an issue as it stands: frozen once it is approved, written from what is recorded before."""

from dataclasses import replace

from sqlalchemy import Connection

from newsletter.db.statuses import Edition, IssueStatus, ItemKind
from newsletter.digest import store
from newsletter.digest.draft_store import quotes_of, read_contents
from newsletter.digest.errata import corrections_of
from newsletter.digest.errata_store import untold_errata
from newsletter.digest.issues import Issue
from newsletter.digest.letter import Letter
from newsletter.digest.letter_json import letter_from_json
from newsletter.digest.month_draft import weeks_of
from newsletter.digest.monthly import write_month
from newsletter.digest.moves import Span
from newsletter.digest.record import MOST_REST, Record, write_record
from newsletter.digest.writing import Written, write_letter
from newsletter.editing.newsroom import Newsroom
from newsletter.errors import BadInput
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
    letter = written(newsroom, issue).letter
    return letter, letter.masthead.number


def written(newsroom: Newsroom, issue: Issue) -> Written:
    """The same, with what its editor might call it."""
    if issue.edition is Edition.MONTHLY:
        return Written(letter=_written_month(newsroom, issue))
    with newsroom.database.read() as connection, newsroom.content() as content:
        number = issue.number or store.next_number(connection, issue.edition)
        untold = untold_errata(connection, issue)
        contents = read_contents(connection, issue.id, max(1, newsroom.settings.item_limit))
        found = write_letter(
            issue,
            contents.items,
            content,
            newsroom.settings,
            number=number,
            rulings=lambda ids: store.rulings_on(connection, ids),
            span=_span(connection, issue),
            followed=followed_tools(connection),
            published=store.published_elsewhere(connection, issue.id, ItemKind.COMPARISON),
            overflow=contents.overflow,
            chosen=quotes_of(connection, issue.id),
        )
    corrections = corrections_of(untold, newsroom.settings)
    return replace(found, letter=replace(found.letter, corrections=corrections))


def _written_month(newsroom: Newsroom, issue: Issue) -> Letter:
    with newsroom.database.read() as connection:
        number = issue.number or store.next_number(connection, issue.edition)
        weeks = weeks_of(connection, issue)
        untold = untold_errata(connection, issue)
    if not weeks:
        raise BadInput(
            f"no weekly issue of monthly issue {issue.label} is left: what it was made from was cancelled. "
            f"Cancel it too: newsletter cancel {issue.id}"
        )
    letter = write_month(issue, weeks, newsroom.settings, number=number)
    return replace(letter, corrections=corrections_of(untold, newsroom.settings))


def written_record(newsroom: Newsroom, issue: Issue) -> Record:
    """What the archive shows beside the letter, from what is recorded now; a monthly issue has it in its weekly ones."""
    if issue.edition is Edition.MONTHLY:
        return Record()
    with newsroom.database.read() as connection, newsroom.content() as content:
        return write_record(
            read_contents(connection, issue.id, MOST_REST).items,
            content,
            newsroom.settings,
            rulings=lambda ids: store.rulings_on(connection, ids),
        )


def _span(connection: Connection, issue: Issue) -> Span | None:
    """What counts as changed: what was seen since the cutoff of the last approved issue."""
    since = store.cutoff_before(connection, issue.edition, issue.id)
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
