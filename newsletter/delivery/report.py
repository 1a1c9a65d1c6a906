"""Where an issue stands, in words: state, why, since when, what happens by itself, and the exact next command."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.progress import Situation
from newsletter.digest.issues import Issue

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A situation in words; `since` is None where nothing was noted, `next_command` empty where none is needed."""

    state: str
    why: str
    since: datetime | None
    by_itself: str
    next_command: str


def report(situation: Situation, now: datetime, zone: ZoneInfo = UTC) -> Report:
    """The situation as an operator needs it, with the times of `zone`."""
    issue = situation.issue
    match issue.status:
        case IssueStatus.DRAFT:
            return _draft(issue, zone)
        case IssueStatus.APPROVED:
            return _approved(issue, zone)
        case IssueStatus.SENDING:
            return _sending(situation, now, zone)
        case IssueStatus.PAUSED:
            return _paused(issue)
        case IssueStatus.SENT:
            return _sent(situation)
        case IssueStatus.CANCELLED:
            return _cancelled(situation)


def unsure_words(code: str) -> str:
    """What is known of an unsure delivery, by its code."""
    return _UNSURE.get(code, "the connection ended before the server answered")


_UNSURE = {
    "no-journal": "its sender fell silent; whether it had begun with this reader is not known",
    "killed": "its sender was killed before the server's answer was written down",
    "no-reply": "the whole message had left, and the server never answered",
    "timeout": "the whole request had left, and the provider never answered",
}


def _draft(issue: Issue, zone: ZoneInfo) -> Report:
    return Report(
        state="draft",
        why="nobody has approved it yet",
        since=issue.created_at,
        by_itself=_schedule_words(issue, zone),
        next_command=f"newsletter approve {issue.id}",
    )


def _approved(issue: Issue, zone: ZoneInfo) -> Report:
    return Report(
        state="approved",
        why=f"approved by {issue.approved_by}" if issue.approved_by else "approved",
        since=issue.approved_at,
        by_itself=_schedule_words(issue, zone),
        next_command=f"newsletter send {issue.id}",
    )


def _paused(issue: Issue) -> Report:
    return Report(
        state="paused",
        why=issue.reason or "somebody paused it",
        since=issue.updated_at,
        by_itself="nothing: it waits for you",
        next_command=f"newsletter resume {issue.id}",
    )


def _cancelled(situation: Situation) -> Report:
    issue, left = situation.issue, situation.progress.open
    why, by_itself, command = issue.reason or "somebody cancelled it", "nothing: this is final", ""
    if left:
        why += f"; a sender that was at work then has not said yet what became of {left:,} of its readers"
        by_itself = "newsletter serve settles that if it runs; nobody is mailed"
        command = f"newsletter send {issue.id}"
    elif issue.number is None:
        # Nobody has it: then its number and what stood in it were given back.
        by_itself += "; nobody has it, and what stood in it waits for the next issue"
        command = f"newsletter draft --now{_edition_words(issue)}"
    else:
        by_itself += "; whoever has it keeps it"
        command = f"newsletter unsure {issue.id}" if situation.progress.unsure else ""
    return Report(
        state="cancelled", why=why, since=issue.updated_at, by_itself=by_itself, next_command=command
    )


def _edition_words(issue: Issue) -> str:
    return "" if issue.edition is Edition.WEEKLY else f" --edition {issue.edition}"


def _schedule_words(issue: Issue, zone: ZoneInfo) -> str:
    if issue.send_at is None:
        return "nothing"
    goes = f"goes out at {issue.send_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} if newsletter serve runs"
    return goes if issue.status is IssueStatus.APPROVED else f"{goes} and it is approved by then"


def _sending(situation: Situation, now: datetime, zone: ZoneInfo) -> Report:
    issue, alive = situation.issue, situation.senders_alive(now)
    if not alive:
        return _sending_without_sender(situation, now, zone)
    since, waiting = issue.started_at, next((each for each in alive if each.waits_for), None)
    if waiting is not None:
        why, since = waiting.waits_for, waiting.waits_since or since
        by_itself = f"tries again{_at(waiting.waits_until, zone)} and goes on when that works"
    else:
        why = f"{_readers(situation.progress.open)} left"
        by_itself = "goes on until everybody is done"
        if situation.next_turn is not None and situation.next_turn > now:
            by_itself += (
                f"; readers who wait for a limit or for their own hour follow{_at(situation.next_turn, zone)}"
            )
        if situation.next_try is not None and situation.next_try > now:
            by_itself += f"; readers whose server put us off are tried again{_at(situation.next_try, zone)}"
    return Report(state="sending", why=why, since=since, by_itself=by_itself, next_command="")


def _sending_without_sender(situation: Situation, now: datetime, zone: ZoneInfo) -> Report:
    issue, until = situation.issue, situation.leases_until
    last = max(situation.senders, key=lambda each: each.seen_at, default=None)
    if last is None:
        words, by_itself = "no sender is at work", "newsletter serve starts a sender if it runs"
    elif last.name in situation.dead:
        words = f"its sender died after{_clock(last.seen_at, zone)}"
        by_itself = "newsletter serve starts another if it runs, which takes over at once"
    else:
        words = f"its sender has not been seen since{_clock(last.seen_at, zone)}"
        takes_over = f"takes over{_at(until, zone)}" if until and until > now else "takes over at once"
        by_itself = f"newsletter serve starts another once that has ended; whichever is next {takes_over}"
    return Report(
        state="sending",
        why=f"{_readers(situation.progress.open)} left and {words}",
        since=last.seen_at if last else issue.started_at,
        by_itself=by_itself,
        next_command=f"newsletter send {issue.id}",
    )


def _sent(situation: Situation) -> Report:
    issue, unsure = situation.issue, situation.progress.unsure
    words = (
        f"{unsure:,} {'reader' if unsure == 1 else 'readers'} may or may not have it"
        if unsure
        else "everybody is done"
    )
    return Report(
        state="sent",
        why=words,
        since=issue.finished_at,
        by_itself="nothing",
        next_command=f"newsletter unsure {issue.id}" if unsure else "",
    )


def _readers(count: int) -> str:
    return "1 reader is" if count == 1 else f"{count:,} readers are"


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return f" at{_clock(moment, zone)}" if moment else ""


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f" {moment.astimezone(zone):%H:%M:%S} {zone.key}"
