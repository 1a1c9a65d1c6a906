"""Drafting a monthly issue: it needs weekly ones that went out. What it says of them is in monthly.py."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from newsletter.config import Settings
from newsletter.db.engine import Database
from newsletter.db.statuses import Edition
from newsletter.digest import store
from newsletter.digest.archived import ArchivedIssue
from newsletter.digest.draft import Drafted, Thin, Window
from newsletter.digest.issues import Issue
from newsletter.digest.month_store import weeks_between
from newsletter.digest.monthly import month_before
from newsletter.schedule.slots import slot_words


def make_month_draft(database: Database, settings: Settings, window: Window, now: datetime) -> Drafted | Thin:
    """Draft the monthly issue of a slot, or find the one there is; Thin without a weekly issue. Commits."""
    try:
        with database.write() as connection:
            return _draft(connection, settings, window, now)
    except IntegrityError:
        # Another process has drafted this slot in the same moment.
        with database.read() as connection:
            existing = store.find_issue_of_slot(connection, Edition.MONTHLY, window.slot)
        if existing is None:
            raise
        return Drafted(issue=existing, fresh=False)


def merge_weeks(database: Database, issue: Issue, cutoff_at: datetime, now: datetime) -> Drafted:
    """Take the weekly issues that began up to a later cutoff into a draft. Commits.

    Raises InvalidTransition when the issue is no draft, ChangedMeanwhile when somebody edited it.
    """
    if cutoff_at <= issue.cutoff_at:
        return Drafted(issue=issue, fresh=False)
    with database.write() as connection:
        return Drafted(issue=store.change_draft(connection, issue, now, cutoff_at=cutoff_at), fresh=True)


def weeks_of(connection: Connection, issue: Issue) -> tuple[ArchivedIssue, ...]:
    """The weekly issues of a monthly one, the newest first: those since the last approved monthly issue's cutoff."""
    return _weeks(connection, store.cutoff_before(connection, issue.edition, issue.id), issue.cutoff_at)


def _draft(connection: Connection, settings: Settings, window: Window, now: datetime) -> Drafted | Thin:
    store.lock_edition(connection, Edition.MONTHLY)
    existing = store.find_issue_of_slot(connection, Edition.MONTHLY, window.slot)
    if existing is not None:
        return Drafted(issue=existing, fresh=False)
    if not _weeks(connection, store.cutoff_before(connection, Edition.MONTHLY), window.cutoff_at):
        slot = slot_words(window.slot, settings.zone)
        return Thin(slot=slot, waiting=0, policy=settings.thin_week, edition=Edition.MONTHLY)
    issue = store.add_issue(
        connection,
        edition=Edition.MONTHLY,
        slot=window.slot,
        cutoff_at=window.cutoff_at,
        send_at=window.send_at,
        now=now,
    )
    return Drafted(issue=issue, fresh=True)


def _weeks(connection: Connection, since: datetime | None, until: datetime) -> tuple[ArchivedIssue, ...]:
    return weeks_between(connection, since or month_before(until), until)
