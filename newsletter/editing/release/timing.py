"""When an issue goes out: at its slot, or at a time of its own that somebody chose.

Chosen is what is not the moment of its slot: `send_at` says it, and the schedule keeps to it (scheduled.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue, steps_from
from newsletter.digest.store import get_issue
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit import COMMAND_LINE, Action, audit
from newsletter.editing.release.timing_store import set_send_at
from newsletter.errors import BadInput, ChangedMeanwhile, InvalidTransition
from newsletter.schedule.runner import duration_words
from newsletter.schedule.slots import NAME, local_time, moment_of, slot_words, wall_time

#: Nobody plans an issue further ahead; a year typed wrong is said.
FURTHEST = timedelta(days=366)
_WAITING = (IssueStatus.DRAFT, IssueStatus.APPROVED)


class Odd(StrEnum):
    """What the clocks do to a wall time on the nights when they change."""

    NO = "no"
    SKIPPED = "skipped"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An issue with the time that was chosen for it, in words with their zone."""

    issue: Issue
    words: str
    odd: Odd

    @property
    def sentence(self) -> str:
        odd = {
            Odd.NO: "",
            Odd.SKIPPED: " The clocks skip the time you chose: this is the first moment after it.",
            Odd.TWICE: " The clocks show that time twice: this is the first.",
        }
        approval = "" if self.issue.status is IssueStatus.APPROVED else ", once it is approved"
        return f"Issue {self.issue.label} goes out on {self.words}{approval}.{odd[self.odd]}"


def choose_time(newsroom: Newsroom, issue: Issue, text: str, by: str = COMMAND_LINE) -> Chosen:
    """Let the issue go at a local time such as "2026-11-27T08:00" instead of at its slot; one that was held is let go. Commits.

    The slot's own time makes it go with its slot again. Raises BadInput for what is no time, is past the catch-up limit or
    more than a year away; InvalidTransition once the issue has begun; ChangedMeanwhile when somebody was faster.
    """
    zone, now = newsroom.settings.zone, newsroom.clock.now()
    local = _local(text, zone)
    _refuse_far_away(local, newsroom, now)
    at = moment_of(local, zone)
    words = _words(at, zone)
    with newsroom.database.write() as connection:
        current = get_issue(connection, issue.id)
        if current.status not in _WAITING:
            steps = ", ".join(steps_from(current.status))
            raise InvalidTransition("issue", current.label, current.status, "be scheduled", steps)
        if not set_send_at(connection, current, at, now):
            raise ChangedMeanwhile
        audit(
            connection,
            by=by,
            action=Action.SCHEDULED,
            issue_id=issue.id,
            detail=f"to go out on {words}",
            at=now,
        )
        changed = get_issue(connection, issue.id)
    return Chosen(issue=changed, words=words, odd=_odd(local, at, zone))


def own_time(issue: Issue, zone: ZoneInfo) -> datetime | None:
    """The time that was chosen for the issue; None where it goes with its slot."""
    at_slot = moment_of(local_time(issue.slot), zone)
    return None if issue.send_at is None or issue.send_at == at_slot else issue.send_at


def goes_out_at(issue: Issue, zone: ZoneInfo) -> datetime:
    """What the wall clock shows when the issue goes out; of one that went, or never will, the time that it carries."""
    own = own_time(issue, zone) if issue.status in _WAITING else None
    return local_time(issue.slot) if own is None else wall_time(own, zone)


def goes_out_words(issue: Issue, zone: ZoneInfo) -> str:
    """The same for people: "Thu 26 Nov 2026 09:00 (Europe/Berlin)"."""
    return slot_words(goes_out_at(issue, zone).strftime(NAME), zone)


def _words(at: datetime, zone: ZoneInfo) -> str:
    return slot_words(wall_time(at, zone).strftime(NAME), zone)


def _local(text: str, zone: ZoneInfo) -> datetime:
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(
            f"{text!r} is no time: give a local one in {zone.key}, such as 2026-11-27T08:00."
        ) from error
    if local.tzinfo is not None:
        raise BadInput(f"{text!r} names a zone: give a local time in {zone.key}, such as 2026-11-27T08:00.")
    return local.replace(second=0, microsecond=0)


def _refuse_far_away(local: datetime, newsroom: Newsroom, now: datetime) -> None:
    settings = newsroom.settings
    here = wall_time(now, settings.zone)
    words = slot_words(local.strftime(NAME), settings.zone) if local.year > 999 else "That"
    if local - here > FURTHEST:
        raise BadInput(f"{words} is more than a year away.")
    if here - local > FURTHEST or moment_of(local, settings.zone) + settings.catch_up < now:
        raise BadInput(
            f"{words} is past: a time may be at most {duration_words(settings.catch_up)} ago (schedule.catch_up)."
        )


def _odd(local: datetime, at: datetime, zone: ZoneInfo) -> Odd:
    if wall_time(at, zone) != local:
        return Odd.SKIPPED
    later = local.replace(tzinfo=zone, fold=1)
    return Odd.NO if later.utcoffset() == local.replace(tzinfo=zone, fold=0).utcoffset() else Odd.TWICE
