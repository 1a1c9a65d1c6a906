"""When an issue goes out: at its slot, or at a time of its own that somebody chose.

Its own is any `send_at` that is not the moment of its slot; the schedule keeps to it (schedule.py). The date in the mail is that
day's: approval freezes it, and a start on another day, or another time chosen, makes it anew and changes nothing else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, update

from newsletter.app import App
from newsletter.db.schema import issues
from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue, steps_from
from newsletter.digest.store import Frozen, freeze, get_issue
from newsletter.editing.audit import COMMAND_LINE, Action, record_action
from newsletter.editing.compiled import find_redated, hash_of
from newsletter.errors import BadInput, ChangedMeanwhile, InvalidTransition
from newsletter.schedule.runner import duration_words
from newsletter.schedule.slots import NAME, local_time, moment_of, slot_words, wall_time

#: Nobody plans an issue further ahead; a year typed wrong is said.
FURTHEST = timedelta(days=366)
_WAITING = (IssueStatus.DRAFT, IssueStatus.APPROVED)


class ClockChange(StrEnum):
    """What the clocks do to a wall time on the nights when they change."""

    NO = "no"
    SKIPPED = "skipped"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTime:
    """An issue with the time that was chosen for it, in words with their zone."""

    issue: Issue
    words: str
    clock_change: ClockChange

    @property
    def sentence(self) -> str:
        clocks = {
            ClockChange.NO: "",
            ClockChange.SKIPPED: " The clocks skip the time you chose: this is the first moment after it.",
            ClockChange.TWICE: " The clocks show that time twice: this is the first.",
        }
        approval = "" if self.issue.status is IssueStatus.APPROVED else ", once it is approved"
        return f"Issue {self.issue.label} goes out on {self.words}{approval}.{clocks[self.clock_change]}"


def choose_time(app: App, issue: Issue, text: str, by: str = COMMAND_LINE) -> ChosenTime:
    """Let the issue go at a local time such as "2026-11-27T08:00" instead of at its slot; one that was on hold is let go. Commits.

    The slot's own time makes it go with its slot again. The date of an approved one is made anew, and with it its
    content hash. Raises BadInput for what is no time, is past the catch-up limit or
    more than a year away; InvalidTransition once the issue has begun; ChangedMeanwhile when somebody was faster.
    """
    zone, now = app.settings.zone, app.clock.now()
    local = _local(text, zone)
    _refuse_far_away(local, app, now)
    at = moment_of(local, zone)
    words = slot_words(wall_time(at, zone).strftime(NAME), zone)
    day = wall_time(max(at, now), zone).date()
    with app.database.read() as connection:
        before = get_issue(connection, issue.id)
    redated = find_redated(app, before, day) if before.status is IssueStatus.APPROVED else None
    with app.database.write() as connection:
        current = get_issue(connection, issue.id)
        if current.status not in _WAITING:
            steps = ", ".join(steps_from(current.status))
            raise InvalidTransition("issue", current.label, current.status, "be scheduled", steps)
        same = and_(issues.c.id == issue.id, issues.c.version == current.version)
        values = {"send_at": at, "held_at": None, "version": current.version + 1, "updated_at": now}
        if (current.status, current.content_hash) != (before.status, before.content_hash):
            raise ChangedMeanwhile
        if connection.execute(update(issues).where(same).values(values)).rowcount == 0:
            raise ChangedMeanwhile
        detail = f"to go out on {words}"
        if redated is not None:
            detail = f"{detail}; {redate(connection, issue.id, redated)}"
        record_action(connection, by=by, action=Action.SCHEDULED, issue_id=issue.id, detail=detail, at=now)
        changed = get_issue(connection, issue.id)
    return ChosenTime(issue=changed, words=words, clock_change=_clock_change(local, at, zone))


def redate(connection: Connection, issue_id: int, redated: Frozen) -> str:
    """Put what was approved in place with its new date; return what the log says of it."""
    content_hash = hash_of(redated)
    freeze(connection, issue_id, redated)
    connection.execute(update(issues).where(issues.c.id == issue_id).values(content_hash=content_hash))
    return f"dated anew, content {content_hash[:12]}"


def own_time(issue: Issue, zone: ZoneInfo) -> datetime | None:
    """Return the time that was chosen for the issue; None where it goes with its slot."""
    at_slot = moment_of(local_time(issue.slot), zone)
    return None if issue.send_at is None or issue.send_at == at_slot else issue.send_at


def goes_out_at(issue: Issue, zone: ZoneInfo) -> datetime:
    """Return what the wall clock shows when the issue goes out; of one that went, or never will, the time of its slot."""
    own = own_time(issue, zone) if issue.status in _WAITING else None
    return local_time(issue.slot) if own is None else wall_time(own, zone)


def goes_out_words(issue: Issue, zone: ZoneInfo) -> str:
    """Return the same for people: "Thu 26 Nov 2026 09:00 (Europe/Berlin)"."""
    return slot_words(goes_out_at(issue, zone).strftime(NAME), zone)


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


def _refuse_far_away(local: datetime, app: App, now: datetime) -> None:
    settings = app.settings
    here = wall_time(now, settings.zone)
    words = slot_words(local.strftime(NAME), settings.zone) if local.year > 999 else "That"
    if local - here > FURTHEST:
        raise BadInput(f"{words} is more than a year away.")
    if here - local > FURTHEST or moment_of(local, settings.zone) + settings.schedule.catch_up < now:
        raise BadInput(
            f"{words} is past: a time may be at most {duration_words(settings.schedule.catch_up)} ago (schedule.catch_up)."
        )


def _clock_change(local: datetime, at: datetime, zone: ZoneInfo) -> ClockChange:
    if wall_time(at, zone) != local:
        return ClockChange.SKIPPED
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return ClockChange.NO if first == second else ClockChange.TWICE


def early_words(app: App, issue: Issue) -> str:
    """Return the warning that it would go out before the day that it is meant for; empty where it would not."""
    today = wall_time(app.clock.now(), app.settings.zone).date()
    meant = goes_out_at(issue, app.settings.zone)
    days = (meant.date() - today).days
    if days <= 0:
        return ""
    return (
        f"Issue {issue.label} is meant for {meant:%A} {meant.day} {meant:%B %Y}, "
        f"{days} {'day' if days == 1 else 'days'} from now. Sent today, it gets the date of today."
    )
