"""Sending an issue: starting it, holding it before that, pausing it on its way, sending once more to the unsure.

Each is written down with who did it. When an issue goes out is in send_time.py, and what the scheduled jobs do in schedule.py;
the sender itself is newsletter/delivery.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.db.schema import issues
from newsletter.db.statuses import IssueStatus
from newsletter.delivery import missed
from newsletter.delivery.dry_run import DryRun, dry_run
from newsletter.delivery.marks import StartedIssue, advance
from newsletter.delivery.progress import Counts
from newsletter.delivery.status import Obstacle
from newsletter.delivery.store import list_issues_with_work, pause_issue, resume_issue, start_issue
from newsletter.delivery.transports import only_checks, stays_here
from newsletter.delivery.unsure import send_again
from newsletter.digest.issues import Issue
from newsletter.digest.store import Frozen, get_frozen, get_issue, set_held
from newsletter.editing.audit import COMMAND_LINE, Action, record_action
from newsletter.editing.compiled import find_redated
from newsletter.editing.send_time import redate
from newsletter.errors import BadInput, ConfigError, NewsletterError, StoreError, StoreStale
from newsletter.render.headers import MessageFrame
from newsletter.schedule.slots import wall_time

_NOT_BEGUN = (IssueStatus.DRAFT, IssueStatus.APPROVED)

#: Causes of an obstacle that callers tell from others.
MARKS, UNDELIVERED = "marks", "undelivered"


def start(app: App, issue: Issue, by: str = COMMAND_LINE) -> Counts:
    """Freeze the audience and let the issue go, with the date of today; one that has begun is left as it is. Commits.

    Raises ConfigError when a setting is missing, StoreStale where the database is not the one that sent last, BadInput when a key is
    missing or the issue is a draft, on hold or would reach nobody, and BadInput for an issue approved
    for the outbox whose links nobody else could open: approval fixed them, and the settings have changed since.
    """
    require_approved(issue)
    for _, require, _ in _requirements(app, issue):
        require()
    app.marks.require()
    now = app.clock.now()
    begun, redated = 0, _redated(app, issue, wall_time(now, app.settings.zone).date())

    def note(connection: Connection) -> None:
        nonlocal begun
        same = get_issue(connection, issue.id).content_hash == issue.content_hash
        detail = redate(connection, issue.id, redated) if redated is not None and same else ""
        record_action(connection, by=by, action=Action.SENT, issue_id=issue.id, detail=detail, at=now)
        begun = advance(connection)

    counts = start_issue(app.database, issue.id, now, zone=app.settings.schedule.time_zone, note=note)
    if begun:
        with app.database.read() as connection:
            salt = get_frozen(connection, issue.id).salt
        app.marks.note(
            begun=begun, started=StartedIssue(id=issue.id, salt=salt, label=issue.label, begun=begun)
        )
    return counts


def _redated(app: App, issue: Issue, today: date) -> Frozen | None:
    """Return the issue with today's date; None where it has it, has begun, or can only go out as it was approved."""
    if issue.status is not IssueStatus.APPROVED:
        return None
    try:
        return find_redated(app, issue, today)
    except (BadInput, StoreError):
        return None


def require_approved(issue: Issue) -> None:
    """Raise BadInput for a draft."""
    if issue.status is IssueStatus.DRAFT:
        raise BadInput(f"issue {issue.label} is not approved. To approve it: {suggest('approve', issue.id)}")


def find_obstacle(app: App, issue: Issue) -> Obstacle | None:
    """Return why the issue could not go out now, beside its approval: what `start` asks, without changing anything."""
    return next(list_obstacles(app, issue), None)


def list_obstacles(app: App, issue: Issue) -> Iterator[Obstacle]:
    """Yield everything that keeps the issue from going out now, beside its approval."""
    for cause, require, command in _requirements(app, issue):
        try:
            require()
        except NewsletterError as trouble:
            named = f"setting:{trouble.setting}" if isinstance(trouble, ConfigError) else cause
            yield Obstacle(words=str(trouble).rstrip("."), command=command, cause=named)
    if issue.held_at is not None and issue.status in _NOT_BEGUN:
        command = suggest("release", issue.id)
        yield Obstacle(words="it is on hold", command=command, cause="hold", is_chosen=True)


def find_trouble(app: App) -> str:
    """Return why mail does not leave, or which approved issue could not go out now, in a sentence; empty where all may.

    An issue that waits for an editor is no trouble.
    """
    if undelivered := only_checks(app.settings):
        return f"No issue goes out: {undelivered}."
    if words := app.no_mail_can_leave():
        return f"Nothing is sent: {words.rstrip('.')}."
    with app.database.read() as connection:
        query = select(issues).where(issues.c.status.in_((IssueStatus.APPROVED, IssueStatus.SENDING)))
        waiting = [Issue(**row) for row in connection.execute(query.order_by(issues.c.id)).mappings()]
    for issue in waiting:
        for obstacle in list_obstacles(app, issue):
            if not obstacle.is_chosen:
                return f"Issue {issue.label} does not go out: {obstacle.words}."
    return ""


def _requirements(app: App, issue: Issue) -> Iterator[tuple[str, Callable[[], None], str]]:
    """Yield what must be true before the issue goes out: its name, what raises, and the command to look at where it is not."""

    def require_marks() -> None:
        if trouble := app.marks.trouble():
            raise StoreStale(trouble)

    def require_delivery() -> None:
        if undelivered := only_checks(app.settings):
            raise BadInput(undelivered)

    yield MARKS, require_marks, suggest("restore", "--help")
    yield "keys", app.require_ready, suggest("check", issue.id)
    if issue.started_at is None:
        yield UNDELIVERED, require_delivery, suggest("check", issue.id)
    if not stays_here(app.settings) and issue.approved_at is not None:
        yield "links", partial(_refuse_links_of_the_outbox, app, issue), suggest("withdraw", issue.id)


def dry_run_of(app: App, issue: Issue, by: str = COMMAND_LINE) -> DryRun:
    """Have the provider check every reader's copy of an approved issue, which stays approved. Commits.

    Raises as `start` does before anything is checked.
    """
    app.require_ready()
    _refuse_links_of_the_outbox(app, issue)
    (mailing,) = app.mailings(issue.id).values()
    done = dry_run(app.database, issue, mailing, app.transport(), app.hash_address, app.clock)
    with app.database.write() as connection:
        record_action(
            connection,
            by=by,
            action=Action.TESTED,
            issue_id=issue.id,
            detail=f"dry run: {done.words}",
            at=done.at,
        )
    return done


def send_now(app: App, issue: Issue, by: str, *, audience: int, typed: str) -> Counts:
    """Let the issue go at once, once its audience's size was typed as a sign that it is meant. Commits.

    One that has begun is left as it is. Raises as `start` does, and BadInput for another number than the audience's.
    """
    digits = re.sub(r"[\s,.'_]", "", typed)
    if not re.fullmatch(r"\d{1,18}", digits) or int(digits) != audience:
        raise BadInput(f"Type {audience}, the number of readers who get it, to send it now.")
    return start(app, issue, by)


def _refuse_links_of_the_outbox(app: App, issue: Issue) -> None:
    with app.database.read() as connection:
        frame = MessageFrame.from_json(get_frozen(connection, issue.id).sender)
    if urlsplit(frame.public_url).scheme != "https":
        raise BadInput(
            f"issue {issue.label} was approved with links to {frame.public_url}, which is good for the outbox only. "
            f"Approve it again: {suggest('withdraw', issue.id)}, then {suggest('approve', issue.id)}"
        )


def hold(app: App, issue: Issue, by: str = COMMAND_LINE, reason: str = "") -> Issue:
    """Keep the issue from going out until it is released, whatever its time. Commits; raises InvalidTransition once it goes out."""
    return _set_held(app, issue, Action.HELD, by, reason)


def release(app: App, issue: Issue, by: str = COMMAND_LINE) -> Issue:
    """Let an issue that is on hold go out at its time again. Commits."""
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
    """Send it to these unsure readers again, or with None to all of them: they may have it twice; return how many.

    Commits; raises StoreBusy while a sender works on them, InvalidTransition for a cancelled issue.
    """
    now = app.clock.now()
    with app.database.write() as connection:
        count = send_again(connection, issue_id, reader_ids, now)
        detail = f"once more to {count} unsure readers"
        record_action(connection, by=by, action=Action.SENT, issue_id=issue_id, detail=detail, at=now)
    return count


def send_to_missed(app: App, issue: Issue, by: str = COMMAND_LINE) -> int:
    """Send an issue that has begun to those who missed it for no reason of theirs, and at once to those put off; return how many.

    Commits; raises as `start` does, and InvalidTransition for a cancelled issue.
    """
    for _, require, _ in _requirements(app, issue):
        require()
    now = app.clock.now()
    with app.database.write() as connection:
        count = missed.send_to_missed(connection, issue.id, now)
        if count:
            detail = f"to {count} who missed it"
            record_action(connection, by=by, action=Action.SENT, issue_id=issue.id, detail=detail, at=now)
    return count


def issues_going_out(app: App) -> tuple[int, ...]:
    """Return the ids of the issues that a sender has work on."""
    with app.database.read() as connection:
        return list_issues_with_work(connection)
