"""An issue without hands: drafting at one slot, reminding before another, sending at it, or letting its items roll over.

What the scheduled jobs do is decided here; when they run, in `jobs/` and `newsletter/schedule/`. Every step looks at
the issue as it stands, so that it may be repeated, and done by hand before.
"""

from sqlalchemy import and_, select

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.config import Approval, ChangedFigures, Settings
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.status import Obstacle
from newsletter.digest.draft import Drafted, Thin
from newsletter.digest.edition import EDITIONS
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_of_slot
from newsletter.editing.approve import ApprovalBlocked, approve, cancel, withdraw
from newsletter.editing.checks.answers import unanswered_change
from newsletter.editing.checks.changed import CHANGED
from newsletter.editing.draft import draft_slot, merge_until
from newsletter.editing.issues import has_audience
from newsletter.editing.send_time import goes_out_words, own_time
from newsletter.editing.sending import UNDELIVERED, find_obstacle, start
from newsletter.errors import NewsletterError
from newsletter.schedule.jobs import Done, Result, Skipped, Waiting
from newsletter.schedule.runner import duration_words
from newsletter.schedule.slots import Slot, issue_schedule, slot_words

#: Who approves where nobody has to.
BY_ITSELF = "the schedule"

_NOT_BEGUN = (IssueStatus.DRAFT, IssueStatus.APPROVED)
_UNREAD = "Nobody reads the monthly edition."
_FIGURES = "figures changed since it was approved"


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
    """Let the slot's issue go if it is approved; let it wait, and say so once, while it is not."""
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
        words = f"{_name(issue)} waits: nobody approved it"
        body = _how_to_approve(issue, slot, settings)
        app.alerts.raise_once(_key("held", edition, slot), words, body)
        return Waiting(f"{words}.")
    if issue.status is not IssueStatus.APPROVED:
        return Done(f"{_name(issue)} was {issue.status} already.")
    going = _go_or_wait(app, issue, slot)
    if isinstance(going, Waiting):
        return going
    progress = start(app, going, BY_ITSELF)
    return Done(f"{_name(issue)} goes out, to this many readers: {progress.readers}.")


def dispatch_chosen(app: App) -> None:
    """Let every approved issue go that waits for no slot and whose time has come, until the catch-up limit.

    A time was chosen for it, or it was drafted outside the schedule. What fails is said once.
    """
    settings, now = app.settings, app.clock.now()
    due = and_(issues.c.status == IssueStatus.APPROVED, issues.c.send_at <= now)
    query = select(issues).where(due).order_by(issues.c.send_at, issues.c.id)
    with app.database.read() as connection:
        found = [Issue(**row) for row in connection.execute(query).mappings()]
    for issue in found:
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


def find_delay(app: App, issue: Issue) -> Obstacle | None:
    """Return why the schedule would not let an issue go now, beside its approval; None where it would.

    That is what `newsletter send` asks, and whether an editor has seen the figures that changed since.
    """
    if (obstacle := find_obstacle(app, issue)) is not None:
        return obstacle
    if issue.status is not IssueStatus.APPROVED or _waits_for_nobody(app, issue):
        return None
    if unanswered_change(app, issue) is None:
        return None
    command = suggest("check", issue.id)
    return Obstacle(words=_FIGURES, command=command, cause="figures", is_chosen=True)


def _waits_for_nobody(app: App, issue: Issue) -> bool:
    """Return whether figures that changed keep the issue from nothing: the settings say so, or nobody has seen the old ones."""
    return app.settings.desk.changed_figures is ChangedFigures.SEND or issue.approved_by == BY_ITSELF


def _go_or_wait(app: App, issue: Issue, slot: Slot) -> Waiting | Issue:
    """Return why an approved issue does not go out now, or the issue that does."""
    obstacle = find_obstacle(app, issue)
    if obstacle is not None and obstacle.is_chosen:
        words = f"{_name(issue)} is on hold"
        body = f"It goes out when it is released:\n\n    {suggest('release', issue.id)}"
        app.alerts.raise_once(_key("held-back", issue.edition, slot), words, body)
        return Waiting(f"{words}.")
    if obstacle is not None:
        words = f"{_name(issue)} waits: {obstacle.words}"
        key = _key(obstacle.cause, issue.edition, slot)
        app.alerts.raise_once(key, words, _how_to_mend(issue, obstacle))
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
    words = f"{_name(issue)} waits: {_FIGURES}"
    body = (
        f"{finding.what}\n\n"
        "To send the new figures:\n\n"
        f"    {suggest('withdraw', issue.id)}\n"
        f"    {suggest('approve', issue.id)}\n\n"
        "To send it as it was approved:\n\n"
        f"    {suggest('answer', issue.id, CHANGED, '--acknowledge')}\n"
    )
    app.alerts.raise_once(key, words, body)
    return Waiting(f"{words}.")


def _how_to_mend(issue: Issue, obstacle: Obstacle) -> str:
    is_setting = obstacle.cause == UNDELIVERED or obstacle.cause.startswith("setting:")
    restart = " and newsletter serve restarted" if is_setting else ""
    return f"{obstacle.words}.\n\nIt goes out by itself once that is mended{restart}. To look: {obstacle.command}"


def roll_over_issue(app: App, slot: Slot, edition: Edition = Edition.WEEKLY) -> Result:
    """Cancel an issue that has not begun to go out by the limit, so that its items wait for the next."""
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
        words = f"{_name(issue)} is on hold, and was not released {limit}"
        steps = f"    {suggest('release', issue.id)}\n    {suggest('send', issue.id)}"
        advice = f"Nothing sends it by itself any more. To send it:\n\n{steps}"
        return Skipped(f"{words}. {advice}", alert_key=_key("held-over", edition, slot))
    missing = "approved" if issue.status is IssueStatus.DRAFT else "sent"
    reason = f"It was not {missing} {limit}; {EDITIONS[edition].rolls_over}."
    cancel(app, issue, reason)
    return Skipped(f"{_name(issue)} is cancelled. {reason}", alert_key=_key("rolled-over", edition, slot))


def _up_to_date(app: App, drafted: Drafted, slot: Slot) -> Issue:
    """Return the issue with everything seen before the slot, unless somebody has worked on an earlier draft."""
    issue = drafted.issue
    if issue.status is not IssueStatus.DRAFT or issue.version > 1:
        return issue
    return merge_until(app, issue, slot.due_at).issue


def _approve_by_itself(app: App, issue: Issue, slot: Slot) -> Result:
    try:
        approved = approve(app, issue, BY_ITSELF)
        return Done(f"{_name(approved)} is drafted and approved.")
    except ApprovalBlocked as blocked:
        errors = [finding.sentence for finding in blocked.findings]
    words = f"{_name(issue)} waits: its checks found errors"
    listed = "\n".join(f"- {error}" for error in errors)
    body = f"{listed}\n\n{_how_to_approve(issue, slot, app.settings)}"
    app.alerts.raise_once(_key("held", issue.edition, slot), words, body)
    return Done(f"{words}. {errors[0]}")


def _how_to_approve(issue: Issue, slot: Slot, settings: Settings) -> str:
    limit = duration_words(settings.schedule.catch_up)
    return (
        f"It is due on {_words(slot, settings)}. Approved later, it goes out at once, until {limit} after that; "
        f"then it is cancelled and {EDITIONS[issue.edition].rolls_over}.\n\n"
        f"    {suggest('check', issue.id)}\n"
        f"    {suggest('preview', issue.id)}\n"
        f"    {suggest('approve', issue.id)}\n"
    )


def _find_issue(app: App, slot: Slot, edition: Edition) -> Issue | None:
    with app.database.read() as connection:
        return find_issue_of_slot(connection, edition, slot.name)


def _key(event: str, edition: Edition, slot: Slot) -> str:
    return f"{event}:{edition}:{slot.name}"


def _name(issue: Issue) -> str:
    """Return how a sentence about it begins: "Issue #3", "Monthly issue 4"."""
    return f"{EDITIONS[issue.edition].name} {issue.label}"


def _is_wanted(app: App, edition: Edition) -> bool:
    """Return whether the schedule is to make an issue: a monthly one only where somebody would get it."""
    if not EDITIONS[edition].needs_readers:
        return True
    today = app.clock.now().astimezone(app.settings.zone).date()
    with app.database.read() as connection:
        return has_audience(connection, edition, today)


def _words(slot: Slot, settings: Settings) -> str:
    return slot_words(slot.name, settings.zone)
