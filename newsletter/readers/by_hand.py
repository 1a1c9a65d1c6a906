"""What an operator does to one reader: add, look up, take off, suppress. Each is one transaction.

What readers do themselves through links comes through the pages; whole files come through importing.py.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.db.engine import Database
from newsletter.db.statuses import ConsentEvent, Edition, ReaderStatus
from newsletter.errors import NewsletterError, NotFound
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.model import Arrival, Consent, NewReader, Reader
from newsletter.readers.store import (
    add_readers,
    change_status,
    find_reader,
    list_consents,
    list_topics,
    suppress,
)
from newsletter.readers.wording import NAME, REASON, SOURCE, one_line, without_address


class KeptOut(NewsletterError):
    """This address is not added: its owner left, bounced, complained or is suppressed."""

    def __init__(self, address: Address, arrival: Arrival) -> None:
        self.arrival = arrival
        reason = _REASONS[arrival]
        super().__init__(f"{address.text} is not added: {reason}. Only they can come back, by subscribing.")


_REASONS = {
    Arrival.LEFT: "they left",
    Arrival.BOUNCED: "mail to them came back",
    Arrival.COMPLAINED: "they complained",
    Arrival.SUPPRESSED: "the address is on the suppression list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFile:
    """Everything known about one reader."""

    reader: Reader
    topics: tuple[str, ...]
    consents: tuple[Consent, ...]


def add_by_hand(
    database: Database,
    address: str,
    *,
    consent: str,
    name: str = "",
    edition: Edition = Edition.WEEKLY,
    suppression_key: bytes,
    now: datetime,
) -> bool:
    """Add an active reader; False when they are one already. Raises KeptOut, and BadInput for a bad address."""
    parsed = parse_address(address)
    newcomer = NewReader(
        address=parsed,
        consent_source=without_address(consent, "the consent source", SOURCE),
        name=one_line(name, "the name", NAME),
        edition=edition,
    )
    with database.write() as connection:
        (arrival,) = add_readers(
            connection, [newcomer], event=ConsentEvent.ADDED, suppression_key=suppression_key, now=now
        )
    if arrival in _REASONS:
        raise KeptOut(parsed, arrival)
    return arrival is Arrival.ADDED


def look_up(database: Database, address: str) -> ReaderFile:
    """Everything known about the reader with this address; raises NotFound."""
    parsed = parse_address(address)
    with database.read() as connection:
        reader = find_reader(connection, parsed)
        if reader is None:
            raise NotFound("reader", parsed.text)
        return ReaderFile(
            reader=reader,
            topics=list_topics(connection, [reader.id]).get(reader.id, ()),
            consents=tuple(list_consents(connection, reader.id)),
        )


def take_off(database: Database, address: str, *, source: str, now: datetime) -> bool:
    """Let a reader leave; False when they had left, or complained, before. Raises NotFound."""
    reader = look_up(database, address).reader
    with database.write() as connection:
        return change_status(connection, reader.id, ReaderStatus.LEFT, now=now, source=source)


def suppress_by_hand(
    database: Database, address: str, *, reason: str, source: str, suppression_key: bytes, now: datetime
) -> bool:
    """Put an address on the suppression list and take its reader off; False when it was there before."""
    parsed = parse_address(address)
    reason = without_address(reason, "the reason", REASON)
    with database.write() as connection:
        return suppress(connection, parsed, reason, suppression_key=suppression_key, now=now, source=source)
