"""Leaving, coming back from a slip, and the offers instead: a pause, or once a month. Nothing here commits.

Leaving always works and says so again each time. Undoing it works for a day, with the link that left: a letter that
was handed on must not bring somebody back for ever.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.db.statuses import ConsentEvent, Edition, ReaderStatus
from newsletter.readers import store
from newsletter.readers import store as own_store
from newsletter.readers.subscribing import WORDING

UNDO_WITHIN = timedelta(days=1)
PAUSE = timedelta(weeks=4)


class LeavingReason(StrEnum):
    """Why somebody leaves, if they like to say; kept in the ledger beside the leaving."""

    TOO_OFTEN = "too-often"
    NOT_FOR_ME = "not-for-me"
    NEVER_ASKED = "never-asked"
    NOT_TRUE = "not-true"
    OTHER = "other"


def leave(
    connection: Connection, reader_id: int, *, source: str, now: datetime, reason: LeavingReason | None = None
) -> bool:
    """Let a reader leave; False when there was nobody to leave, which is no trouble."""
    said = f"{source}, reason {reason.value}" if reason else source
    return store.change_status(connection, reader_id, ReaderStatus.LEFT, now=now, source=said)


def may_undo(connection: Connection, reader_id: int, now: datetime) -> bool:
    """Whether the reader left by a link within the last day, and nothing speaks against their return."""
    reader = store.look_for_reader(connection, reader_id)
    if reader is None or reader.status is not ReaderStatus.LEFT or now - reader.status_at > UNDO_WITHIN:
        return False
    events = store.list_consents(connection, reader_id)[-2:]
    had_consent = len(events) == 2 and events[0].event not in (ConsentEvent.WITHDRAWN, ConsentEvent.REQUESTED)
    return had_consent and events[1].source.startswith(BY_LINK)


#: How the source of a leaving begins that a link undoes.
BY_LINK = "unsubscribe"


def undo(connection: Connection, reader_id: int, now: datetime) -> bool:
    """Take a leaving back; False when that is no longer possible."""
    if not may_undo(connection, reader_id, now):
        return False
    event = ConsentEvent.RESTORED
    own_store.activate(
        connection, reader_id, now, source="unsubscribe page: undo", wording=WORDING, event=event
    )
    return True


def pause(connection: Connection, reader_id: int, today: date) -> date | None:
    """Send nothing for four weeks; the day on which it ends, or None for whoever gets nothing anyway."""
    until = today + PAUSE
    return until if own_store.change_reader(connection, reader_id, paused_until=until) else None


def monthly(connection: Connection, reader_id: int) -> bool:
    """Send the monthly issue only; False for whoever gets nothing anyway."""
    return own_store.change_reader(connection, reader_id, edition=Edition.MONTHLY)
