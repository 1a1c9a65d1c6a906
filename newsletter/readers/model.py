"""What a reader is, what may become of one, and what a newcomer brings. Rows are made into these in store.py."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from newsletter.db.statuses import ConsentEvent, Edition, ReaderStatus
from newsletter.readers.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A subscriber. `address` is None once erased; `time_zone` is empty and `send_hour` None until chosen."""

    id: int
    address: str | None
    name: str
    status: ReaderStatus
    status_at: datetime
    edition: Edition
    paused_until: date | None
    time_zone: str
    send_hour: int | None
    monthly_tokens: int | None
    team_size: int | None
    added_at: datetime
    confirmed_at: datetime | None


#: What may become of a reader without their own new consent. The way back is to subscribe again, by the reader.
MAY_BECOME: dict[ReaderStatus, frozenset[ReaderStatus]] = {
    ReaderStatus.UNCONFIRMED: frozenset(
        {
            ReaderStatus.ACTIVE,
            ReaderStatus.LEFT,
            ReaderStatus.BOUNCED,
            ReaderStatus.COMPLAINED,
            ReaderStatus.ERASED,
        }
    ),
    ReaderStatus.ACTIVE: frozenset(
        {ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED, ReaderStatus.ERASED}
    ),
    # Whoever bounced and leaves has left: a mailbox that works again must not bring them back.
    ReaderStatus.BOUNCED: frozenset({ReaderStatus.LEFT, ReaderStatus.COMPLAINED, ReaderStatus.ERASED}),
    # A complaint may come days after the reader left; it says more.
    ReaderStatus.LEFT: frozenset({ReaderStatus.COMPLAINED, ReaderStatus.ERASED}),
    ReaderStatus.COMPLAINED: frozenset({ReaderStatus.ERASED}),
    ReaderStatus.ERASED: frozenset(),
}

#: The statuses that take consent back.
WITHDRAWING = frozenset({ReaderStatus.LEFT, ReaderStatus.COMPLAINED, ReaderStatus.ERASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReader:
    """Somebody to add, with where their consent comes from; `consent_source` never holds an address."""

    address: Address
    consent_source: str
    name: str = ""
    edition: Edition = Edition.WEEKLY
    time_zone: str = ""
    topics: tuple[str, ...] = ()


class Arrival(StrEnum):
    """What came of adding somebody. Only ADDED changed anything."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One row of the consent ledger."""

    event: ConsentEvent
    at: datetime
    source: str
    wording: str
