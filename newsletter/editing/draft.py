"""Making and changing a draft."""

from datetime import datetime

from newsletter.digest.draft import Drafted, Thin, Window, make_draft, merge_newer
from newsletter.digest.issues import Issue
from newsletter.digest.sentences import count_words, plain
from newsletter.digest.store import change_draft
from newsletter.editing.newsroom import Newsroom
from newsletter.errors import BadInput
from newsletter.schedule.slots import NAME, Slot, issue_schedule, next_slot, wall_time

#: What an editor may write over what is computed, and how many characters of it.
EDITABLE = {"subject": 150, "preheader": 200, "note": 2_000, "bottom_line": 300}
NOTE_WORDS = 60


def draft_slot(newsroom: Newsroom, slot: Slot) -> Drafted | Thin:
    """Draft the issue of a scheduled slot: with what was seen before the draft was due, however late it is made."""
    return _draft(newsroom, slot, slot.due_at)


def draft_now(newsroom: Newsroom, slot: str | None = None, *, even_thin: bool = False) -> Drafted | Thin:
    """Draft an issue by hand, with all that was seen until now, for the next slot or the one named."""
    schedule = issue_schedule(newsroom.settings)
    now = newsroom.clock.now()
    wanted = next_slot(schedule, now) if slot is None else schedule.slot(_slot_name(slot))
    return _draft(newsroom, wanted, now, even_thin=even_thin)


def draft_at_once(newsroom: Newsroom, *, even_thin: bool = False) -> Drafted | Thin:
    """Draft an issue outside the schedule, which may go out as soon as it is approved."""
    now = wall_time(newsroom.clock.now(), newsroom.settings.zone)
    return draft_now(newsroom, now.strftime(NAME), even_thin=even_thin)


def merge_now(newsroom: Newsroom, issue: Issue) -> Drafted:
    """Take what was seen since into a draft; its cutoff moves to now."""
    now = newsroom.clock.now()
    with newsroom.content() as content:
        return merge_newer(newsroom.database, content, newsroom.settings, issue, now, now)


def edit(newsroom: Newsroom, issue: Issue, **words: str) -> Issue:
    """Write over what is computed: `subject`, `preheader`, `note`, `bottom_line`; empty is computed again.

    Raises BadInput for what is too long, InvalidTransition when the issue is no draft any more, ChangedMeanwhile
    when `issue` is older than what is stored.
    """
    changes = {field: _checked(field, text) for field, text in words.items()}
    with newsroom.database.write() as connection:
        return change_draft(connection, issue, newsroom.clock.now(), **changes)


def _checked(field: str, text: str) -> str:
    # The note is Markdown, in which lines count; the others stand on one line.
    text = text.strip() if field == "note" else plain(text)
    if len(text) > EDITABLE[field]:
        raise BadInput(
            f"The {_said(field)} has {len(text)} characters; at most {EDITABLE[field]} are allowed."
        )
    if field == "note" and count_words(text) > NOTE_WORDS:
        raise BadInput(f"The note has {count_words(text)} words; at most {NOTE_WORDS} are allowed.")
    return text


def _said(field: str) -> str:
    return field.replace("_", " ")


def _slot_name(slot: str) -> str:
    try:
        return datetime.fromisoformat(slot).replace(tzinfo=None).strftime(NAME)
    except ValueError as error:
        raise BadInput(f"{slot!r} is no slot: give a local time such as 2026-11-26T09:00.") from error


def _draft(newsroom: Newsroom, slot: Slot, cutoff_at: datetime, *, even_thin: bool = False) -> Drafted | Thin:
    window = Window(slot=slot.name, send_at=slot.at, cutoff_at=cutoff_at)
    with newsroom.content() as content:
        return make_draft(
            newsroom.database,
            content,
            newsroom.settings,
            window,
            now=newsroom.clock.now(),
            even_thin=even_thin,
        )
