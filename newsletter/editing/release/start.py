"""Letting an approved issue go, by hand or by the schedule: the last look before its audience is frozen."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from sqlalchemy import Connection

from newsletter.config import TransportName, require_ready_to_send
from newsletter.db.statuses import Edition
from newsletter.delivery.progress import Progress
from newsletter.delivery.store import start_issue
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_frozen, get_issue, set_held
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit import COMMAND_LINE, Action, audit
from newsletter.editing.store import audience_size
from newsletter.errors import BadInput
from newsletter.readers.keys import require_keys
from newsletter.render.frame import MessageFrame
from newsletter.schedule.slots import local_time, wall_time

#: How old the number of readers on a page may be.
COUNTED_FOR = timedelta(minutes=1)


def start(newsroom: Newsroom, issue: Issue, by: str = COMMAND_LINE) -> Progress:
    """Freeze the audience and let the issue go; one that has begun is left as it is. Commits.

    Raises ConfigError when a setting is missing, BadInput when a key is or the issue is held back, and BadInput for an issue approved
    for the outbox whose links nobody else could open: approval fixed them, and the settings have changed since.
    """
    require_ready_to_send(newsroom.settings)
    require_keys(newsroom.settings)
    if newsroom.settings.transport is not TransportName.OUTBOX and issue.approved_at is not None:
        _refuse_links_of_the_outbox(newsroom, issue)
    now = newsroom.clock.now()

    def note(connection: Connection) -> None:
        audit(connection, by=by, action=Action.SENT, issue_id=issue.id, at=now)

    return start_issue(newsroom.database, issue.id, now, zone=newsroom.settings.time_zone, note=note)


def send_now(newsroom: Newsroom, issue: Issue, by: str, *, audience: int, typed: str) -> Progress:
    """Let the issue go at once, once its audience's size was typed as a sign that it is meant. Commits.

    One that has begun is left as it is. Raises as `start` does, and BadInput for another number than the audience's.
    """
    digits = re.sub(r"[\s,.'_]", "", typed)
    if not digits.isdecimal() or int(digits) != audience:
        raise BadInput(f"Type {audience}, the number of readers who get it, to send it now.")
    return start(newsroom, issue, by)


@dataclass(slots=True)
class Audiences:
    """How many readers an issue would go to if it went now: counted once a minute, since a million take a moment."""

    newsroom: Newsroom
    _known: dict[Edition, tuple[datetime, int]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, edition: Edition) -> int:
        now = self.newsroom.clock.now()
        with self._lock:
            counted_at, count = self._known.get(edition, (None, 0))
            if counted_at is None or not timedelta() <= now - counted_at < COUNTED_FOR:
                with self.newsroom.database.read() as connection:
                    count = audience_size(connection, edition, now.date())
                self._known[edition] = now, count
            return count


def early_words(newsroom: Newsroom, issue: Issue) -> str:
    """The warning that it would go out on another day than the one it is dated; empty where it would not."""
    today = wall_time(newsroom.clock.now(), newsroom.settings.zone)
    dated = local_time(issue.slot)
    if dated.date() <= today.date():
        return ""
    days = (dated.date() - today.date()).days
    return (
        f"Issue {issue.label} is dated {dated:%A} {dated.day} {dated:%B %Y}, "
        f"{days} {'day' if days == 1 else 'days'} from now."
    )


def hold(newsroom: Newsroom, issue: Issue, by: str = COMMAND_LINE, reason: str = "") -> Issue:
    """Keep the issue from going out until it is released, whatever its time. Commits; raises InvalidTransition once it goes out."""
    return _set_held(newsroom, issue, Action.HELD, by, reason)


def release(newsroom: Newsroom, issue: Issue, by: str = COMMAND_LINE) -> Issue:
    """Let a held issue go out at its time again. Commits."""
    return _set_held(newsroom, issue, Action.SCHEDULED, by, "")


def _set_held(newsroom: Newsroom, issue: Issue, action: Action, by: str, detail: str) -> Issue:
    now = newsroom.clock.now()
    is_held = action is Action.HELD
    with newsroom.database.write() as connection:
        current = get_issue(connection, issue.id)
        if (current.held_at is not None) is is_held:
            return current
        changed = set_held(connection, current, now if is_held else None, now)
        audit(connection, by=by, action=action, issue_id=issue.id, detail=detail, at=now)
    return changed


def _refuse_links_of_the_outbox(newsroom: Newsroom, issue: Issue) -> None:
    with newsroom.database.read() as connection:
        frame = MessageFrame.from_json(get_frozen(connection, issue.id).sender)
    if urlsplit(frame.public_url).scheme != "https":
        raise BadInput(
            f"issue {issue.label} was approved with links to {frame.public_url}, which is good for the outbox only. "
            f"Approve it again: newsletter withdraw {issue.id}, then newsletter approve {issue.id}"
        )
