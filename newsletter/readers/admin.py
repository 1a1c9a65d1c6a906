"""What an operator does to one reader: add, look up, take off, suppress. Each is one transaction.

What readers do themselves through links comes through the pages; whole files come through importing.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from newsletter.db.engine import Database
from newsletter.db.statuses import ConsentEvent, Edition, ReaderStatus
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.readers import store as own_store
from newsletter.readers.addresses import (
    NAME,
    REASON,
    SOURCE,
    TOPIC,
    Address,
    one_line,
    parse_address,
    without_address,
)
from newsletter.readers.store import (
    Arrival,
    Consent,
    NewReader,
    Reader,
    add_readers,
    change_status,
    find_reader,
    list_consents,
    list_topics,
    suppress,
    suppression_reason,
)


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
    """Everything known about one reader. `suppressed` is why the suppression list has the address, or empty."""

    reader: Reader
    topics: tuple[str, ...]
    tools: tuple[str, ...]
    suppressed: str
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


def look_up(database: Database, address: str, *, suppression_key: bytes) -> ReaderFile:
    """Everything known about the reader with this address; raises NotFound, which says when it is suppressed."""
    parsed = parse_address(address)
    with database.read() as connection:
        reader = find_reader(connection, parsed)
        reason = suppression_reason(connection, parsed, suppression_key)
        if reader is None:
            hint = f"The address is on the suppression list: {reason}." if reason else ""
            raise NotFound("reader", parsed.text, hint)
        return ReaderFile(
            reader=reader,
            topics=list_topics(connection, [reader.id]).get(reader.id, ()),
            tools=own_store.list_tools(connection, reader.id),
            suppressed=reason or "",
            consents=tuple(list_consents(connection, reader.id)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is to be set; None leaves a choice as it is."""

    topics: Sequence[str] | None = None
    tools: Sequence[str] | None = None
    monthly_tokens: int | None = None
    team_size: int | None = None
    send_hour: int | None = None
    time_zone: str | None = None


def choose_by_hand(database: Database, address: str, choices: Choices) -> None:
    """Set choices of an active reader. Raises NotFound, and BadInput for a zone or reader that cannot be."""
    if choices.time_zone and choices.time_zone not in available_timezones():
        raise BadInput(f"{choices.time_zone!r} is no time zone: one such as Europe/Berlin is right.")
    reader = _known(database, address)
    fields = ("monthly_tokens", "team_size", "send_hour", "time_zone")
    values = {name: getattr(choices, name) for name in fields if getattr(choices, name) is not None}
    with database.write() as connection:
        if not own_store.change_reader(connection, reader.id, **(values or {"name": reader.name})):
            raise BadInput(f"{address} is {reader.status}: only active readers have choices.")
        if choices.topics is not None:
            topics = sorted({one_line(each, "a topic", TOPIC) for each in choices.topics} - {""})
            own_store.put_topics(connection, reader.id, topics)
        if choices.tools is not None:
            tools = sorted({one_line(each, "a tool", TOPIC) for each in choices.tools} - {""})
            own_store.put_tools(connection, reader.id, tools)


def _known(database: Database, address: str) -> Reader:
    parsed = parse_address(address)
    with database.read() as connection:
        reader = find_reader(connection, parsed)
    if reader is None:
        raise NotFound("reader", parsed.text)
    return reader


def take_off(database: Database, address: str, *, source: str, now: datetime) -> bool:
    """Let a reader leave; False when they had left, or complained, before. Raises NotFound."""
    reader = _known(database, address)
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
