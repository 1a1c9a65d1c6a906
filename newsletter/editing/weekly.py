"""A week without hands: drafting at one slot, reminding before another, sending at it, or letting the items roll over.

What the scheduled jobs do is decided here; when they run, in `jobs/` and `newsletter/schedule/`. Every step looks at
the issue as it stands, so that it may be repeated, and done by hand before.
"""

from typing import Protocol

from newsletter.config import Approval, Settings
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.draft import Drafted, Thin, merge_newer
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_of_slot, list_issues
from newsletter.editing.approve import HeldBack, approve, cancel
from newsletter.editing.draft import draft_slot
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.start import start
from newsletter.schedule.jobs import Done, Result, Skipped, Waiting
from newsletter.schedule.runner import Alerts, duration_words
from newsletter.schedule.slots import Slot, slot_words

#: Who approves where nobody has to.
BY_ITSELF = "the schedule"

EDITION = Edition.WEEKLY


class WatchedNewsroom(Newsroom, Protocol):
    """A newsroom that can tell its operator something; `newsletter.app.App` is one."""

    @property
    def alerts(self) -> Alerts: ...


def prepare_week(newsroom: WatchedNewsroom, slot: Slot) -> Result:
    """Draft the slot's issue; where approval is automatic, approve it unless its checks find an error."""
    settings = newsroom.settings
    drafted = draft_slot(newsroom, slot)
    if isinstance(drafted, Thin) and newsroom.clock.now() < slot.due_at:
        return Waiting(f"{drafted.words} More may come before the draft is due.")
    if isinstance(drafted, Thin):
        subject = f"No issue for {_words(slot, settings)}"
        newsroom.alerts.raise_once(_key("no-issue", slot), subject, drafted.words)
        return Done(drafted.words)
    issue = _up_to_date(newsroom, drafted, slot)
    if issue.status is not IssueStatus.DRAFT:
        return Done(f"Issue {issue.label} was there already: {issue.status}.")
    if settings.approval is Approval.AUTOMATIC:
        return _approve_by_itself(newsroom, issue, slot)
    words = f"Issue {issue.label} is drafted and waits for approval"
    newsroom.alerts.raise_once(_key("drafted", slot), words, _how_to_approve(issue, slot, settings))
    return Done(f"{words}.")


def remind_of_week(newsroom: WatchedNewsroom, slot: Slot) -> Result:
    """Say that a draft is still not approved, while there is time."""
    issue = _find_issue(newsroom, slot)
    if issue is None or issue.status is not IssueStatus.DRAFT or newsroom.clock.now() >= slot.at:
        return Done("There was nothing to remind of.")
    words = f"Issue {issue.label} is not approved yet"
    body = _how_to_approve(issue, slot, newsroom.settings)
    newsroom.alerts.raise_once(_key("reminder", slot), words, body)
    return Done(f"{words}: reminded.")


def dispatch_week(newsroom: WatchedNewsroom, slot: Slot) -> Result:
    """Let the slot's issue go if it is approved; hold it, and say so once, while it is not."""
    settings = newsroom.settings
    issue = _find_issue(newsroom, slot)
    if issue is None:
        return Waiting(f"There is no issue for {_words(slot, settings)}.")
    if issue.status is IssueStatus.DRAFT:
        words = f"Issue {issue.label} is held: nobody approved it"
        body = _how_to_approve(issue, slot, settings)
        newsroom.alerts.raise_once(_key("held", slot), words, body)
        return Waiting(f"{words}.")
    if issue.status is not IssueStatus.APPROVED:
        return Done(f"Issue {issue.label} was {issue.status} already.")
    progress = start(newsroom, issue)
    return Done(f"Issue {issue.label} goes out, to this many readers: {progress.readers}.")


def roll_over_week(newsroom: WatchedNewsroom, slot: Slot) -> Result:
    """The limit has passed: an issue that has not begun to go out is cancelled, its items wait for the next."""
    settings = newsroom.settings
    limit = f"within {duration_words(settings.catch_up)} of {_words(slot, settings)}"
    issue = _find_issue(newsroom, slot)
    if issue is None:
        return Skipped(f"There was no issue {limit}.", alert_key=_key("no-issue", slot))
    if issue.status not in (IssueStatus.DRAFT, IssueStatus.APPROVED):
        return Done(f"Issue {issue.label} was {issue.status} already.")
    missing = "approved" if issue.status is IssueStatus.DRAFT else "sent"
    reason = f"It was not {missing} {limit}; its items go into the next issue."
    cancel(newsroom, issue, reason)
    return Skipped(f"Issue {issue.label} is cancelled. {reason}", alert_key=_key("rolled-over", slot))


def issues_going_out(newsroom: Newsroom) -> tuple[int, ...]:
    """The ids of the issues that a sender has work on."""
    with newsroom.database.read() as connection:
        return tuple(issue.id for issue in list_issues(connection) if issue.status is IssueStatus.SENDING)


def _up_to_date(newsroom: Newsroom, drafted: Drafted, slot: Slot) -> Issue:
    """The issue with all that was seen before the slot, unless somebody has worked on an earlier draft."""
    issue = drafted.issue
    if issue.status is not IssueStatus.DRAFT or issue.version > 1:
        return issue
    with newsroom.content() as content:
        now = newsroom.clock.now()
        return merge_newer(newsroom.database, content, newsroom.settings, issue, slot.due_at, now).issue


def _approve_by_itself(newsroom: WatchedNewsroom, issue: Issue, slot: Slot) -> Result:
    try:
        approved = approve(newsroom, issue, BY_ITSELF)
    except HeldBack as held:
        errors = [finding.sentence for finding in held.findings]
    else:
        return Done(f"Issue {approved.label} is drafted and approved.")
    words = f"Issue {issue.label} is held: its checks found errors"
    listed = "\n".join(f"- {error}" for error in errors)
    body = f"{listed}\n\n{_how_to_approve(issue, slot, newsroom.settings)}"
    newsroom.alerts.raise_once(_key("held", slot), words, body)
    return Done(f"{words}. {errors[0]}")


def _how_to_approve(issue: Issue, slot: Slot, settings: Settings) -> str:
    limit = duration_words(settings.catch_up)
    return (
        f"It is due on {_words(slot, settings)}. Approved later, it goes out at once, until {limit} after that; "
        f"then it is cancelled and its items go into the next issue.\n\n"
        f"    newsletter check {issue.id}\n"
        f"    newsletter preview {issue.id}\n"
        f"    newsletter approve {issue.id}\n"
    )


def _find_issue(newsroom: Newsroom, slot: Slot) -> Issue | None:
    with newsroom.database.read() as connection:
        return find_issue_of_slot(connection, EDITION, slot.name)


def _key(event: str, slot: Slot) -> str:
    return f"{event}:{EDITION}:{slot.name}"


def _words(slot: Slot, settings: Settings) -> str:
    return slot_words(slot.name, settings.zone)
