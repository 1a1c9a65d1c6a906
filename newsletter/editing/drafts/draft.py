"""Making and changing a draft."""

from datetime import datetime

from newsletter.db.statuses import Edition
from newsletter.digest.draft import Drafted, Thin, Window, make_draft, merge_newer
from newsletter.digest.issues import Issue
from newsletter.digest.month_draft import make_month_draft, merge_weeks
from newsletter.editing.drafts.edits import Write, make_edits
from newsletter.editing.drafts.merging import merge
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit import COMMAND_LINE
from newsletter.schedule.slots import NAME, Slot, issue_schedule, next_slot, wall_time


def draft_slot(newsroom: Newsroom, slot: Slot, edition: Edition = Edition.WEEKLY) -> Drafted | Thin:
    """Draft the issue of a scheduled slot: with what was seen before the draft was due, however late it is made."""
    return _draft(newsroom, slot, slot.due_at, edition)


def draft_now(
    newsroom: Newsroom,
    slot: str | None = None,
    *,
    even_thin: bool = False,
    edition: Edition = Edition.WEEKLY,
) -> Drafted | Thin:
    """Draft an issue by hand, with all that was seen until now, for the next slot or the one of that name."""
    schedule = issue_schedule(newsroom.settings, edition)
    now = newsroom.clock.now()
    wanted = next_slot(schedule, now) if slot is None else schedule.slot(slot)
    return _draft(newsroom, wanted, now, edition, even_thin=even_thin)


def draft_at_once(
    newsroom: Newsroom, *, even_thin: bool = False, edition: Edition = Edition.WEEKLY
) -> Drafted | Thin:
    """Draft an issue outside the schedule, which may go out as soon as it is approved."""
    now = wall_time(newsroom.clock.now(), newsroom.settings.zone)
    return draft_now(newsroom, now.strftime(NAME), even_thin=even_thin, edition=edition)


def merge_now(newsroom: Newsroom, issue: Issue, *, by: str = COMMAND_LINE) -> Drafted:
    """Take what was seen since into a draft; its cutoff moves to now. It can be undone."""
    merged = merge(newsroom, issue, by=by)
    return Drafted(issue=merged, fresh=merged.version != issue.version)


def merge_until(newsroom: Newsroom, issue: Issue, cutoff_at: datetime) -> Drafted:
    """For the schedule: take what was seen up to a later cutoff into a draft that nobody has edited; a monthly one takes the weeks that began before it."""
    now = newsroom.clock.now()
    if issue.edition is Edition.MONTHLY:
        return merge_weeks(newsroom.database, issue, cutoff_at, now)
    with newsroom.content() as content:
        return merge_newer(newsroom.database, content, newsroom.settings, issue, cutoff_at, now)


def edit(newsroom: Newsroom, issue: Issue, *, by: str = COMMAND_LINE, **words: str) -> Issue:
    """Write over what is computed: `subject`, `preheader`, `note`, `bottom_line`; empty is computed again.

    Raises BadInput for what is too long, InvalidTransition when the issue is no draft any more, ChangedMeanwhile
    when `issue` is older than what is stored.
    """
    return make_edits(newsroom, issue, [Write(**words)], by=by)


def _draft(
    newsroom: Newsroom, slot: Slot, cutoff_at: datetime, edition: Edition, *, even_thin: bool = False
) -> Drafted | Thin:
    window = Window(slot=slot.name, send_at=slot.at, cutoff_at=cutoff_at)
    now = newsroom.clock.now()
    if edition is Edition.MONTHLY:
        return make_month_draft(newsroom.database, newsroom.settings, window, now)
    with newsroom.content() as content:
        return make_draft(newsroom.database, content, newsroom.settings, window, now=now, even_thin=even_thin)
