"""Leaving, coming back from a slip, and the offers instead: a pause, or once a month. Nothing here commits.

Leaving always works and says so again each time. Undoing it works for a day, with the link that left: a mail that was
handed on must not bring somebody back for ever.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from newsletter.db.statuses import ConsentChannel, ConsentEvent, Edition, ReaderStatus
from newsletter.readers import store
from newsletter.readers.addresses import parse_address
from newsletter.readers.consents import ConsentOrigin, list_consents
from newsletter.readers.preferences import change_active
from newsletter.readers.suppression import find_suppression

UNDO_WITHIN = timedelta(days=1)
PAUSE = timedelta(weeks=4)

#: The ways of leaving that the link in a mail undoes: all that begin with such a link.
_BY_LINK = frozenset({ConsentChannel.PAGE, ConsentChannel.ONE_CLICK, ConsentChannel.PROVIDER})


def leave(connection: Connection, reader_id: int, origin: ConsentOrigin, now: datetime) -> bool:
    """Let a reader leave; False when there was nobody to leave, which is no trouble."""
    return store.change_status(connection, reader_id, ReaderStatus.LEFT, origin, now)


def may_undo(connection: Connection, reader_id: int, suppression_key: bytes, now: datetime) -> bool:
    """Return whether the reader left by a link within the last day, and nothing speaks against their return."""
    reader = store.find_reader_by_id(connection, reader_id)
    if reader is None or reader.status is not ReaderStatus.LEFT or now - reader.status_at > UNDO_WITHIN:
        return False
    if reader.address and find_suppression(connection, parse_address(reader.address), suppression_key):
        return False
    match list_consents(connection, reader_id)[-2:]:
        case [before, left]:
            had_consent = before.event not in (ConsentEvent.WITHDRAWN, ConsentEvent.REQUESTED)
            return had_consent and left.channel in _BY_LINK
    return False


def undo(connection: Connection, reader_id: int, suppression_key: bytes, now: datetime) -> bool:
    """Take a leaving back; False when that is no longer possible."""
    if not may_undo(connection, reader_id, suppression_key, now):
        return False
    origin = ConsentOrigin(channel=ConsentChannel.PAGE)
    store.activate(connection, reader_id, origin, now, event=ConsentEvent.RESTORED)
    return True


def pause(connection: Connection, reader_id: int, today: date) -> date | None:
    """Send nothing for four weeks; returns the day on which it ends, or None for whoever gets nothing anyway."""
    until = today + PAUSE
    return until if change_active(connection, reader_id, paused_until=until) else None


def take_monthly(connection: Connection, reader_id: int) -> bool:
    """Send the monthly issue only; False for whoever gets nothing anyway."""
    return change_active(connection, reader_id, edition=Edition.MONTHLY)
