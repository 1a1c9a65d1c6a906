"""An issue without hands: drafting at one slot, reminding before another, sending at it, or letting the items roll over.

What the scheduled jobs do is decided here; when they run, in `jobs/` and `newsletter/schedule/`. Every step looks at
the issue as it stands, so that it may be repeated, and done by hand before.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, select, update

from newsletter.app import App
from newsletter.config import Approval, ChangedFigures, Settings, TransportName, require_ready_to_send
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.progress import Counts
from newsletter.delivery.store import list_issues_with_work, pause_issue, resume_issue, start_issue
from newsletter.delivery.unsure import send_again, unsure_ids
from newsletter.digest.draft import Drafted, Thin
from newsletter.digest.issues import Issue, steps_from
from newsletter.digest.store import find_issue_of_slot, get_frozen, get_issue, set_held
from newsletter.editing.approve import HeldBack, approve, cancel, withdraw
from newsletter.editing.audit import COMMAND_LINE, Action, record_action
from newsletter.editing.checks.answers import unanswered_change
from newsletter.editing.checks.figures import CHANGED
from newsletter.editing.draft import draft_slot, merge_until
from newsletter.editing.store import has_audience
from newsletter.errors import BadInput, ChangedMeanwhile, InvalidTransition, NewsletterError
from newsletter.readers.keys import require_keys
from newsletter.render.headers import MessageFrame
from newsletter.schedule.jobs import Done, Result, Skipped, Waiting
from newsletter.schedule.runner import duration_words
from newsletter.schedule.slots import NAME, Slot, issue_schedule, local_time, moment_of, slot_words, wall_time

# Letting an approved issue go, by hand or by the schedule: the last look before its audience is frozen.


def start(app: App, issue: Issue, by: str = COMMAND_LINE) -> Counts:
    """Freeze the audience and let the issue go; one that has begun is left as it is. Commits.

    Raises ConfigError when a setting is missing, BadInput when a key is or the issue is held back, and BadInput for an issue approved
    for the outbox whose links nobody else could open: approval fixed them, and the settings have changed since.
    """
    require_ready_to_send(app.settings)
    require_keys(app.settings)
    if app.settings.mail.transport is not TransportName.OUTBOX and issue.approved_at is not None:
        _refuse_links_of_the_outbox(app, issue)
    now = app.clock.now()

    def note(connection: Connection) -> None:
        record_action(connection, by=by, action=Action.SENT, issue_id=issue.id, at=now)

    return start_issue(app.database, issue.id, now, zone=app.settings.schedule.time_zone, note=note)


def send_now(app: App, issue: Issue, by: str, *, audience: int, typed: str) -> Counts:
    """Let the issue go at once, once its audience's size was typed as a sign that it is meant. Commits.

    One that has begun is left as it is. Raises as `start` does, and BadInput for another number than the audience's.
    """
    digits = re.sub(r"[\s,.'_]", "", typed)
    if not digits.isdecimal() or int(digits) != audience:
        raise BadInput(f"Type {audience}, the number of readers who get it, to send it now.")
    return start(app, issue, by)


def early_words(app: App, issue: Issue) -> str:
    """The warning that it would go out on another day than the one it is dated; empty where it would not."""
    today = wall_time(app.clock.now(), app.settings.zone)
    dated = local_time(issue.slot)
    if dated.date() <= today.date():
        return ""
    days = (dated.date() - today.date()).days
    return (
        f"Issue {issue.label} is dated {dated:%A} {dated.day} {dated:%B %Y}, "
        f"{days} {'day' if days == 1 else 'days'} from now."
    )


def hold(app: App, issue: Issue, by: str = COMMAND_LINE, reason: str = "") -> Issue:
    """Keep the issue from going out until it is released, whatever its time. Commits; raises InvalidTransition once it goes out."""
    return _set_held(app, issue, Action.HELD, by, reason)


def release(app: App, issue: Issue, by: str = COMMAND_LINE) -> Issue:
    """Let a held issue go out at its time again. Commits."""
    return _set_held(app, issue, Action.SCHEDULED, by, "")


def _set_held(app: App, issue: Issue, action: Action, by: str, detail: str) -> Issue:
    now = app.clock.now()
    is_held = action is Action.HELD
    with app.database.write() as connection:
        current = get_issue(connection, issue.id)
        if (current.held_at is not None) is is_held:
            return current
        changed = set_held(connection, current, now if is_held else None, now)
        record_action(connection, by=by, action=action, issue_id=issue.id, detail=detail, at=now)
    return changed


def _refuse_links_of_the_outbox(app: App, issue: Issue) -> None:
    with app.database.read() as connection:
        frame = MessageFrame.from_json(get_frozen(connection, issue.id).sender)
    if urlsplit(frame.public_url).scheme != "https":
        raise BadInput(
            f"issue {issue.label} was approved with links to {frame.public_url}, which is good for the outbox only. "
            f"Approve it again: newsletter withdraw {issue.id}, then newsletter approve {issue.id}"
        )


# The queries of issues that go out at a time of their own.


def set_send_at(connection: Connection, issue: Issue, send_at: datetime, now: datetime) -> bool:
    """Let an issue that has not begun go at a moment, held or not; False when it is not as it is given any more."""
    same = and_(issues.c.id == issue.id, issues.c.version == issue.version, issues.c.status == issue.status)
    values = {"send_at": send_at, "held_at": None, "version": issue.version + 1, "updated_at": now}
    return connection.execute(update(issues).where(same).values(values)).rowcount == 1


def approved_and_due(connection: Connection, now: datetime) -> tuple[Issue, ...]:
    """Approved issues whose time has come, the earliest first."""
    due = and_(issues.c.status == IssueStatus.APPROVED, issues.c.send_at <= now)
    rows = connection.execute(select(issues).where(due).order_by(issues.c.send_at, issues.c.id)).mappings()
    return tuple(Issue(**row) for row in rows)


# When an issue goes out: at its slot, or at a time of its own that somebody chose.
#
# Chosen is what is not the moment of its slot: `send_at` says it, and the schedule keeps to it (scheduled.py).

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


def choose_time(app: App, issue: Issue, text: str, by: str = COMMAND_LINE) -> Chosen:
    """Let the issue go at a local time such as "2026-11-27T08:00" instead of at its slot; one that was held is let go. Commits.

    The slot's own time makes it go with its slot again. Raises BadInput for what is no time, is past the catch-up limit or
    more than a year away; InvalidTransition once the issue has begun; ChangedMeanwhile when somebody was faster.
    """
    zone, now = app.settings.zone, app.clock.now()
    local = _local(text, zone)
    _refuse_far_away(local, app, now)
    at = moment_of(local, zone)
    words = _time_words(at, zone)
    with app.database.write() as connection:
        current = get_issue(connection, issue.id)
        if current.status not in _WAITING:
            steps = ", ".join(steps_from(current.status))
            raise InvalidTransition("issue", current.label, current.status, "be scheduled", steps)
        if not set_send_at(connection, current, at, now):
            raise ChangedMeanwhile
        record_action(
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


def _time_words(at: datetime, zone: ZoneInfo) -> str:
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


def _odd(local: datetime, at: datetime, zone: ZoneInfo) -> Odd:
    if wall_time(at, zone) != local:
        return Odd.SKIPPED
    later = local.replace(tzinfo=zone, fold=1)
    return Odd.NO if later.utcoffset() == local.replace(tzinfo=zone, fold=0).utcoffset() else Odd.TWICE


#: Who approves where nobody has to.
BY_ITSELF = "the schedule"

#: Where what a cancelled issue would have said is said.
_GOES_ON = {
    Edition.WEEKLY: "its items go into the next issue",
    Edition.MONTHLY: "its weeks go into the next monthly issue",
}


_NOT_BEGUN = (IssueStatus.DRAFT, IssueStatus.APPROVED)

_UNREAD = "Nobody reads the monthly edition."


def prepare_issue(app: App, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Draft the slot's issue; where approval is automatic, approve it unless its checks find an error."""
    settings = app.settings
    if not _is_wanted(app, edition):
        return Done(_UNREAD)
    drafted = draft_slot(app, slot, edition)
    if isinstance(drafted, Thin) and app.clock.now() < slot.due_at:
        return Waiting(f"{drafted.words} More may come before the draft is due.")
    if isinstance(drafted, Thin):
        subject = f"No issue for {_words(slot, settings)}"
        app.alerts.raise_once(_key("no-issue", edition, slot), subject, drafted.words)
        return Done(drafted.words)
    issue = _up_to_date(app, drafted, slot)
    if issue.status is not IssueStatus.DRAFT:
        return Done(f"{_name(issue)} was there already: {issue.status}.")
    if settings.schedule.approval is Approval.AUTOMATIC:
        return _approve_by_itself(app, issue, slot)
    words = f"{_name(issue)} is drafted and waits for approval"
    app.alerts.raise_once(_key("drafted", edition, slot), words, _how_to_approve(issue, slot, settings))
    return Done(f"{words}.")


def remind_of_issue(app: App, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Say that a draft is still not approved, while there is time."""
    issue = _find_issue(app, slot, edition)
    if issue is None or issue.status is not IssueStatus.DRAFT or app.clock.now() >= slot.at:
        return Done("There was nothing to remind of.")
    words = f"{_name(issue)} is not approved yet"
    body = _how_to_approve(issue, slot, app.settings)
    app.alerts.raise_once(_key("reminder", edition, slot), words, body)
    return Done(f"{words}: reminded.")


def dispatch_issue(app: App, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Let the slot's issue go if it is approved; hold it, and say so once, while it is not."""
    settings = app.settings
    issue = _find_issue(app, slot, edition)
    if issue is None and not _is_wanted(app, edition):
        return Done(_UNREAD)
    if issue is None:
        return Waiting(f"There is no issue for {_words(slot, settings)}.")
    own = own_time(issue, settings.zone)
    if own is not None and own > app.clock.now() and issue.status in _NOT_BEGUN:
        return Waiting(f"{_name(issue)} goes out on {goes_out_words(issue, settings.zone)}.")
    if issue.status is IssueStatus.DRAFT:
        words = f"{_name(issue)} is held: nobody approved it"
        body = _how_to_approve(issue, slot, settings)
        app.alerts.raise_once(_key("held", edition, slot), words, body)
        return Waiting(f"{words}.")
    if issue.status is not IssueStatus.APPROVED:
        return Done(f"{_name(issue)} was {issue.status} already.")
    kept_back = _kept_back(app, issue, slot)
    if isinstance(kept_back, Waiting):
        return kept_back
    progress = start(app, kept_back, BY_ITSELF)
    return Done(f"{_name(issue)} goes out, to this many readers: {progress.readers}.")


def dispatch_chosen(app: App) -> None:
    """Let every approved issue go that waits for no slot and whose time has come, until the catch-up limit.

    A time was chosen for it, or it was drafted outside the schedule. What fails is said once.
    """
    settings, now = app.settings, app.clock.now()
    with app.database.read() as connection:
        due = approved_and_due(connection, now)
    for issue in due:
        schedule = issue_schedule(settings, issue.edition)
        slot = schedule.slot(issue.slot)
        at = own_time(issue, settings.zone) or (None if schedule.has(slot.name) else slot.at)
        if at is None or now > at + settings.schedule.catch_up:
            continue
        try:
            dispatch_issue(app, slot, issue.edition)
        except NewsletterError as trouble:
            words = f"{_name(issue)} could not go out at its time"
            app.alerts.raise_once(f"failed:own-time:{issue.id}", words, f"{trouble}\n\nIt is tried again.")


def _kept_back(app: App, issue: Issue, slot: Slot) -> Waiting | Issue:
    """Why an approved issue does not go out now, or the issue that does."""
    if issue.held_at is not None:
        words = f"{_name(issue)} is held back by an editor"
        body = f"It goes out when it is released: newsletter release {issue.id}"
        app.alerts.raise_once(_key("held-back", issue.edition, slot), words, body)
        return Waiting(f"{words}.")
    finding = unanswered_change(app, issue)
    if finding is None:
        return issue
    key = f"{_key('figures', issue.edition, slot)}:{finding.fingerprint[:12]}"
    if app.settings.desk.changed_figures is ChangedFigures.SEND:
        words = f"{_name(issue)} goes out as approved, though figures changed since"
        app.alerts.raise_once(key, words, finding.what)
        return issue
    if issue.approved_by == BY_ITSELF:
        # Nobody has looked at the old figures: the new ones need nobody either.
        return approve(app, withdraw(app, issue, BY_ITSELF), BY_ITSELF)
    words = f"{_name(issue)} is held: figures changed since it was approved"
    app.alerts.raise_once(key, words, f"{finding.what}\n\n{_how_to_renew(issue)}")
    return Waiting(f"{words}.")


def _how_to_renew(issue: Issue) -> str:
    return (
        "To send the new figures:\n\n"
        f"    newsletter withdraw {issue.id}\n"
        f"    newsletter approve {issue.id}\n\n"
        "To send it as it was approved:\n\n"
        f"    newsletter answer {issue.id} {CHANGED} --acknowledge\n"
    )


def roll_over_issue(app: App, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """The limit has passed: an issue that has not begun to go out is cancelled, its items wait for the next."""
    settings = app.settings
    limit = f"within {duration_words(settings.schedule.catch_up)} of {_words(slot, settings)}"
    issue = _find_issue(app, slot, edition)
    if issue is None and not _is_wanted(app, edition):
        return Done(_UNREAD)
    if issue is None:
        return Skipped(f"There was no issue {limit}.", alert_key=_key("no-issue", edition, slot))
    if issue.status not in _NOT_BEGUN:
        return Done(f"{_name(issue)} was {issue.status} already.")
    own = own_time(issue, settings.zone)
    if own is not None and app.clock.now() <= own + settings.schedule.catch_up:
        # Its limit counts from its own time: the slot waits with it.
        return dispatch_issue(app, slot, edition)
    if own is not None:
        limit = (
            f"within {duration_words(settings.schedule.catch_up)} of {goes_out_words(issue, settings.zone)}"
        )
    if issue.held_at is not None:
        words = f"{_name(issue)} is held back, and was not released {limit}"
        advice = f"Nothing sends it by itself any more: newsletter release {issue.id}, then newsletter send {issue.id}"
        return Skipped(f"{words}. {advice}", alert_key=_key("held-over", edition, slot))
    missing = "approved" if issue.status is IssueStatus.DRAFT else "sent"
    reason = f"It was not {missing} {limit}; {_GOES_ON[edition]}."
    cancel(app, issue, reason)
    return Skipped(f"{_name(issue)} is cancelled. {reason}", alert_key=_key("rolled-over", edition, slot))


def issues_going_out(app: App) -> tuple[int, ...]:
    """The ids of the issues that a sender has work on."""
    with app.database.read() as connection:
        return list_issues_with_work(connection)


def _up_to_date(app: App, drafted: Drafted, slot: Slot) -> Issue:
    """The issue with all that was seen before the slot, unless somebody has worked on an earlier draft."""
    issue = drafted.issue
    if issue.status is not IssueStatus.DRAFT or issue.version > 1:
        return issue
    return merge_until(app, issue, slot.due_at).issue


def _approve_by_itself(app: App, issue: Issue, slot: Slot) -> Result:
    try:
        approved = approve(app, issue, BY_ITSELF)
    except HeldBack as held:
        errors = [finding.sentence for finding in held.findings]
    else:
        return Done(f"{_name(approved)} is drafted and approved.")
    words = f"{_name(issue)} is held: its checks found errors"
    listed = "\n".join(f"- {error}" for error in errors)
    body = f"{listed}\n\n{_how_to_approve(issue, slot, app.settings)}"
    app.alerts.raise_once(_key("held", issue.edition, slot), words, body)
    return Done(f"{words}. {errors[0]}")


def _how_to_approve(issue: Issue, slot: Slot, settings: Settings) -> str:
    limit = duration_words(settings.schedule.catch_up)
    return (
        f"It is due on {_words(slot, settings)}. Approved later, it goes out at once, until {limit} after that; "
        f"then it is cancelled and {_GOES_ON[issue.edition]}.\n\n"
        f"    newsletter check {issue.id}\n"
        f"    newsletter preview {issue.id}\n"
        f"    newsletter approve {issue.id}\n"
    )


def _find_issue(app: App, slot: Slot, edition: Edition) -> Issue | None:
    with app.database.read() as connection:
        return find_issue_of_slot(connection, edition, slot.name)


def _key(event: str, edition: Edition, slot: Slot) -> str:
    return f"{event}:{edition}:{slot.name}"


def _name(issue: Issue) -> str:
    """How a sentence begins that is about it: "Issue #3", "Monthly issue 4"."""
    return f"{'Issue' if issue.edition is Edition.WEEKLY else 'Monthly issue'} {issue.label}"


def _is_wanted(app: App, edition: Edition) -> bool:
    """Whether the schedule is to make an issue: a monthly one only where somebody would get it."""
    if edition is Edition.WEEKLY:
        return True
    today = app.clock.now().astimezone(app.settings.zone).date()
    with app.database.read() as connection:
        return has_audience(connection, edition, today)


def _words(slot: Slot, settings: Settings) -> str:
    return slot_words(slot.name, settings.zone)


# An issue on its way: pausing it, letting it go on, sending once more to the unsure. Each is written down with who did it.


def pause(app: App, issue_id: int, by: str = COMMAND_LINE, *, reason: str = "") -> None:
    """Mail nobody new. Commits; raises InvalidTransition for an issue that is not going out."""
    now = app.clock.now()
    said = reason or ("" if by == COMMAND_LINE else f"{by} paused it")
    with app.database.write() as connection:
        pause_issue(connection, issue_id, said, now)
        record_action(connection, by=by, action=Action.PAUSED, issue_id=issue_id, detail=reason, at=now)


def resume(app: App, issue_id: int, by: str = COMMAND_LINE) -> None:
    """Let a paused issue go on. Commits; raises InvalidTransition for one that is not paused."""
    now = app.clock.now()
    with app.database.write() as connection:
        resume_issue(connection, issue_id, now)
        record_action(connection, by=by, action=Action.RESUMED, issue_id=issue_id, at=now)


def send_once_more(
    app: App, issue_id: int, reader_ids: Collection[int] | None, by: str = COMMAND_LINE
) -> int:
    """Send it to these unsure readers again, or with None to all of them: they may have it twice. Returns how many.

    Commits; raises StoreBusy while a sender works on them, InvalidTransition for a cancelled issue.
    """
    now = app.clock.now()
    with app.database.write() as connection:
        chosen = unsure_ids(connection, issue_id) if reader_ids is None else reader_ids
        count = send_again(connection, issue_id, set(chosen), now)
        detail = f"once more to {count} unsure readers"
        record_action(connection, by=by, action=Action.SENT, issue_id=issue_id, detail=detail, at=now)
    return count
