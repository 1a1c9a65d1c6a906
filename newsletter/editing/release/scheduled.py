"""An issue without hands: drafting at one slot, reminding before another, sending at it, or letting the items roll over.

What the scheduled jobs do is decided here; when they run, in `jobs/` and `newsletter/schedule/`. Every step looks at
the issue as it stands, so that it may be repeated, and done by hand before.
"""

from typing import Protocol

from newsletter.config import Approval, ChangedFigures, Settings
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.store import issues_with_work
from newsletter.digest.draft import Drafted, Thin
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_of_slot
from newsletter.editing.checks.answers import unanswered_change
from newsletter.editing.checks.changed import CHANGED
from newsletter.editing.drafts.draft import draft_slot, merge_until
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.release.approve import HeldBack, approve, cancel, withdraw
from newsletter.editing.release.start import start
from newsletter.editing.release.timing import goes_out_words, own_time
from newsletter.editing.release.timing_store import approved_and_due
from newsletter.editing.store import has_audience
from newsletter.errors import NewsletterError
from newsletter.schedule.jobs import Done, Result, Skipped, Waiting
from newsletter.schedule.runner import Alerts, duration_words
from newsletter.schedule.slots import Slot, issue_schedule, slot_words

#: Who approves where nobody has to.
BY_ITSELF = "the schedule"

#: Where what a cancelled issue would have said is said.
_GOES_ON = {
    Edition.WEEKLY: "its items go into the next issue",
    Edition.MONTHLY: "its weeks go into the next monthly issue",
}


_NOT_BEGUN = (IssueStatus.DRAFT, IssueStatus.APPROVED)

_UNREAD = "Nobody reads the monthly edition."


class WatchedNewsroom(Newsroom, Protocol):
    """A newsroom that can tell its operator something; `newsletter.app.App` is one."""

    @property
    def alerts(self) -> Alerts: ...


def prepare_issue(newsroom: WatchedNewsroom, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Draft the slot's issue; where approval is automatic, approve it unless its checks find an error."""
    settings = newsroom.settings
    if not _is_wanted(newsroom, edition):
        return Done(_UNREAD)
    drafted = draft_slot(newsroom, slot, edition)
    if isinstance(drafted, Thin) and newsroom.clock.now() < slot.due_at:
        return Waiting(f"{drafted.words} More may come before the draft is due.")
    if isinstance(drafted, Thin):
        subject = f"No issue for {_words(slot, settings)}"
        newsroom.alerts.raise_once(_key("no-issue", edition, slot), subject, drafted.words)
        return Done(drafted.words)
    issue = _up_to_date(newsroom, drafted, slot)
    if issue.status is not IssueStatus.DRAFT:
        return Done(f"{_name(issue)} was there already: {issue.status}.")
    if settings.approval is Approval.AUTOMATIC:
        return _approve_by_itself(newsroom, issue, slot)
    words = f"{_name(issue)} is drafted and waits for approval"
    newsroom.alerts.raise_once(_key("drafted", edition, slot), words, _how_to_approve(issue, slot, settings))
    return Done(f"{words}.")


def remind_of_issue(newsroom: WatchedNewsroom, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Say that a draft is still not approved, while there is time."""
    issue = _find_issue(newsroom, slot, edition)
    if issue is None or issue.status is not IssueStatus.DRAFT or newsroom.clock.now() >= slot.at:
        return Done("There was nothing to remind of.")
    words = f"{_name(issue)} is not approved yet"
    body = _how_to_approve(issue, slot, newsroom.settings)
    newsroom.alerts.raise_once(_key("reminder", edition, slot), words, body)
    return Done(f"{words}: reminded.")


def dispatch_issue(newsroom: WatchedNewsroom, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Let the slot's issue go if it is approved; hold it, and say so once, while it is not."""
    settings = newsroom.settings
    issue = _find_issue(newsroom, slot, edition)
    if issue is None and not _is_wanted(newsroom, edition):
        return Done(_UNREAD)
    if issue is None:
        return Waiting(f"There is no issue for {_words(slot, settings)}.")
    own = own_time(issue, settings.zone)
    if own is not None and own > newsroom.clock.now() and issue.status in _NOT_BEGUN:
        return Waiting(f"{_name(issue)} goes out on {goes_out_words(issue, settings.zone)}.")
    if issue.status is IssueStatus.DRAFT:
        words = f"{_name(issue)} is held: nobody approved it"
        body = _how_to_approve(issue, slot, settings)
        newsroom.alerts.raise_once(_key("held", edition, slot), words, body)
        return Waiting(f"{words}.")
    if issue.status is not IssueStatus.APPROVED:
        return Done(f"{_name(issue)} was {issue.status} already.")
    kept_back = _kept_back(newsroom, issue, slot)
    if isinstance(kept_back, Waiting):
        return kept_back
    progress = start(newsroom, kept_back, BY_ITSELF)
    return Done(f"{_name(issue)} goes out, to this many readers: {progress.readers}.")


def dispatch_chosen(newsroom: WatchedNewsroom) -> None:
    """Let every approved issue go that waits for no slot and whose time has come, until the catch-up limit.

    A time was chosen for it, or it was drafted outside the schedule. What fails is said once.
    """
    settings, now = newsroom.settings, newsroom.clock.now()
    with newsroom.database.read() as connection:
        due = approved_and_due(connection, now)
    for issue in due:
        schedule = issue_schedule(settings, issue.edition)
        slot = schedule.slot(issue.slot)
        at = own_time(issue, settings.zone) or (None if schedule.has(slot.name) else slot.at)
        if at is None or now > at + settings.catch_up:
            continue
        try:
            dispatch_issue(newsroom, slot, issue.edition)
        except NewsletterError as trouble:
            words = f"{_name(issue)} could not go out at its time"
            newsroom.alerts.raise_once(
                f"failed:own-time:{issue.id}", words, f"{trouble}\n\nIt is tried again."
            )


def _kept_back(newsroom: WatchedNewsroom, issue: Issue, slot: Slot) -> Waiting | Issue:
    """Why an approved issue does not go out now, or the issue that does."""
    if issue.held_at is not None:
        words = f"{_name(issue)} is held back by an editor"
        body = f"It goes out when it is released: newsletter release {issue.id}"
        newsroom.alerts.raise_once(_key("held-back", issue.edition, slot), words, body)
        return Waiting(f"{words}.")
    finding = unanswered_change(newsroom, issue)
    if finding is None:
        return issue
    key = f"{_key('figures', issue.edition, slot)}:{finding.fingerprint[:12]}"
    if newsroom.settings.changed_figures is ChangedFigures.SEND:
        words = f"{_name(issue)} goes out as approved, though figures changed since"
        newsroom.alerts.raise_once(key, words, finding.what)
        return issue
    if issue.approved_by == BY_ITSELF:
        # Nobody has looked at the old figures: the new ones need nobody either.
        return approve(newsroom, withdraw(newsroom, issue, BY_ITSELF), BY_ITSELF)
    words = f"{_name(issue)} is held: figures changed since it was approved"
    newsroom.alerts.raise_once(key, words, f"{finding.what}\n\n{_how_to_renew(issue)}")
    return Waiting(f"{words}.")


def _how_to_renew(issue: Issue) -> str:
    return (
        "To send the new figures:\n\n"
        f"    newsletter withdraw {issue.id}\n"
        f"    newsletter approve {issue.id}\n\n"
        "To send it as it was approved:\n\n"
        f"    newsletter answer {issue.id} {CHANGED} --acknowledge\n"
    )


def roll_over_issue(newsroom: WatchedNewsroom, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """The limit has passed: an issue that has not begun to go out is cancelled, its items wait for the next."""
    settings = newsroom.settings
    limit = f"within {duration_words(settings.catch_up)} of {_words(slot, settings)}"
    issue = _find_issue(newsroom, slot, edition)
    if issue is None and not _is_wanted(newsroom, edition):
        return Done(_UNREAD)
    if issue is None:
        return Skipped(f"There was no issue {limit}.", alert_key=_key("no-issue", edition, slot))
    if issue.status not in _NOT_BEGUN:
        return Done(f"{_name(issue)} was {issue.status} already.")
    own = own_time(issue, settings.zone)
    if own is not None and newsroom.clock.now() <= own + settings.catch_up:
        # Its limit counts from its own time: the slot waits with it.
        return dispatch_issue(newsroom, slot, edition)
    if own is not None:
        limit = f"within {duration_words(settings.catch_up)} of {goes_out_words(issue, settings.zone)}"
    if issue.held_at is not None:
        words = f"{_name(issue)} is held back, and was not released {limit}"
        advice = f"Nothing sends it by itself any more: newsletter release {issue.id}, then newsletter send {issue.id}"
        return Skipped(f"{words}. {advice}", alert_key=_key("held-over", edition, slot))
    missing = "approved" if issue.status is IssueStatus.DRAFT else "sent"
    reason = f"It was not {missing} {limit}; {_GOES_ON[edition]}."
    cancel(newsroom, issue, reason)
    return Skipped(f"{_name(issue)} is cancelled. {reason}", alert_key=_key("rolled-over", edition, slot))


def issues_going_out(newsroom: Newsroom) -> tuple[int, ...]:
    """The ids of the issues that a sender has work on."""
    with newsroom.database.read() as connection:
        return issues_with_work(connection)


def _up_to_date(newsroom: Newsroom, drafted: Drafted, slot: Slot) -> Issue:
    """The issue with all that was seen before the slot, unless somebody has worked on an earlier draft."""
    issue = drafted.issue
    if issue.status is not IssueStatus.DRAFT or issue.version > 1:
        return issue
    return merge_until(newsroom, issue, slot.due_at).issue


def _approve_by_itself(newsroom: WatchedNewsroom, issue: Issue, slot: Slot) -> Result:
    try:
        approved = approve(newsroom, issue, BY_ITSELF)
    except HeldBack as held:
        errors = [finding.sentence for finding in held.findings]
    else:
        return Done(f"{_name(approved)} is drafted and approved.")
    words = f"{_name(issue)} is held: its checks found errors"
    listed = "\n".join(f"- {error}" for error in errors)
    body = f"{listed}\n\n{_how_to_approve(issue, slot, newsroom.settings)}"
    newsroom.alerts.raise_once(_key("held", issue.edition, slot), words, body)
    return Done(f"{words}. {errors[0]}")


def _how_to_approve(issue: Issue, slot: Slot, settings: Settings) -> str:
    limit = duration_words(settings.catch_up)
    return (
        f"It is due on {_words(slot, settings)}. Approved later, it goes out at once, until {limit} after that; "
        f"then it is cancelled and {_GOES_ON[issue.edition]}.\n\n"
        f"    newsletter check {issue.id}\n"
        f"    newsletter preview {issue.id}\n"
        f"    newsletter approve {issue.id}\n"
    )


def _find_issue(newsroom: Newsroom, slot: Slot, edition: Edition) -> Issue | None:
    with newsroom.database.read() as connection:
        return find_issue_of_slot(connection, edition, slot.name)


def _key(event: str, edition: Edition, slot: Slot) -> str:
    return f"{event}:{edition}:{slot.name}"


def _name(issue: Issue) -> str:
    """How a sentence begins that is about it: "Issue #3", "Monthly issue 4"."""
    return f"{'Issue' if issue.edition is Edition.WEEKLY else 'Monthly issue'} {issue.label}"


def _is_wanted(newsroom: Newsroom, edition: Edition) -> bool:
    """Whether the schedule is to make an issue: a monthly one only where somebody would get it."""
    if edition is Edition.WEEKLY:
        return True
    today = newsroom.clock.now().astimezone(newsroom.settings.zone).date()
    with newsroom.database.read() as connection:
        return has_audience(connection, edition, today)


def _words(slot: Slot, settings: Settings) -> str:
    return slot_words(slot.name, settings.zone)
