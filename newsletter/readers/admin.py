"""What an operator does to one reader: add, look up, change, take off, suppress. Each is one transaction.

What readers do themselves through links comes through the pages; whole files come through importing.py.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection

from newsletter.commands import suggest
from newsletter.db.engine import Database
from newsletter.db.statuses import (
    ConsentChannel,
    ConsentEvent,
    Edition,
    ReaderStatus,
    SuppressionKind,
    WithdrawalReason,
)
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.readers.addresses import (
    NAME,
    REASON,
    SOURCE,
    Address,
    one_line,
    parse_address,
    without_address,
)
from newsletter.readers.consents import Consent, ConsentOrigin, list_consents
from newsletter.readers.preferences import Preferences, clean_names, put_preferences
from newsletter.readers.store import (
    Arrival,
    NewReader,
    Reader,
    add_readers,
    change_status,
    find_reader,
    suppress,
)
from newsletter.readers.suppression import (
    ENDED_BY_OPERATOR,
    Suppression,
    address_hashes,
    find_suppression,
    lift_suppression,
    may_come_back,
    read_kind,
)


class KeptOut(NewsletterError):
    """This address is not added: its owner left, bounced, complained or is suppressed."""

    def __init__(self, address: Address, arrival: Arrival, listed: Suppression | None) -> None:
        self.arrival = arrival
        reason = f"{_REASONS[arrival]}: {listed.words}" if listed else _REASONS[arrival]
        is_for_good = listed is not None and listed.kind is SuppressionKind.COMPLAINED
        if arrival is Arrival.COMPLAINED or is_for_good:
            way_back = "Who complained stays out."
        elif may_come_back(listed):
            way_back = "Only they can come back, by subscribing."
        else:
            lift = suggest("readers", "unsuppress", address.text, "--reason", "TEXT")
            way_back = f"If that was a mistake, this takes it off: {lift}. Then they can subscribe."
        super().__init__(f"{address.text} is not added: {reason}. {way_back}")


_REASONS = {
    Arrival.LEFT: "they left",
    Arrival.BOUNCED: "mail to them bounced",
    Arrival.COMPLAINED: "they complained",
    Arrival.SUPPRESSED: "the address is on the suppression list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderRecord:
    """What the readers' tables know of one reader, and the suppression list of the address."""

    reader: Reader
    suppression: Suppression | None
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
    source = without_address(consent, "the consent source", SOURCE)
    newcomer = NewReader(
        address=parsed,
        origin=ConsentOrigin(channel=ConsentChannel.COMMAND, source=source),
        name=one_line(name, "the name", NAME),
        preferences=Preferences(edition=edition),
    )
    with database.write() as connection:
        (arrival,) = add_readers(
            connection, [newcomer], event=ConsentEvent.ADDED, suppression_key=suppression_key, now=now
        )
        listed = find_suppression(connection, parsed, suppression_key)
    if arrival in _REASONS:
        raise KeptOut(parsed, arrival, listed)
    return arrival is Arrival.ADDED


def look_up(database: Database, address: str, *, suppression_key: bytes) -> ReaderRecord:
    """Return what is known about the reader with this address; raises NotFound, which says when it is suppressed."""
    parsed = parse_address(address)
    with database.read() as connection:
        reader = find_reader(connection, parsed)
        listed = find_suppression(connection, parsed, suppression_key)
        if reader is None:
            hint = f"The address is on the suppression list: {listed.words}." if listed else ""
            raise NotFound("reader", parsed.text, hint)
        return ReaderRecord(
            reader=reader,
            suppression=listed,
            consents=tuple(list_consents(connection, reader.id)),
        )


def set_preferences(database: Database, address: str, **changes: Any) -> None:
    """Change preferences of an active reader, by field. Raises NotFound, and BadInput for what cannot be."""
    for name in {"topics", "tools"} & changes.keys():
        changes[name] = clean_names(changes[name], f"a {name[:-1]}")
    if changes.get("time_zone") and changes["time_zone"] not in available_timezones():
        raise BadInput(f"{changes['time_zone']!r} is no time zone: one such as Europe/Berlin is right.")
    reader = _get(database, address)
    with database.write() as connection:
        if not put_preferences(connection, reader.id, replace(reader.preferences, **changes)):
            raise BadInput(f"{address} is {reader.status}: only active readers have preferences.")


def _get(database: Database, address: str) -> Reader:
    parsed = parse_address(address)
    with database.read() as connection:
        reader = find_reader(connection, parsed)
    if reader is None:
        raise NotFound("reader", parsed.text)
    return reader


def take_off(database: Database, address: str, *, now: datetime) -> bool:
    """Let a reader leave; False when they had left, or complained, before. Raises NotFound."""
    reader = _get(database, address)
    with database.write() as connection:
        origin = ConsentOrigin(channel=ConsentChannel.COMMAND)
        return change_status(connection, reader.id, ReaderStatus.LEFT, origin, now)


def suppress_by_hand(
    database: Database,
    address: str,
    *,
    reason: str,
    kind: SuppressionKind | None = None,
    suppression_key: bytes,
    now: datetime,
) -> Suppression | None:
    """Put an address on the suppression list and take its reader off; None when it was there before.

    Without a `kind` the reason's words tell it; where they do not, it is the operator's wish.
    """
    parsed = parse_address(address)
    reason = without_address(reason, "the reason", REASON)
    kind = kind or read_kind(reason) or SuppressionKind.OPERATOR
    origin = ConsentOrigin(channel=ConsentChannel.COMMAND, reason=WithdrawalReason.SUPPRESSED)
    with database.write() as connection:
        key = suppression_key
        is_new = suppress(connection, parsed, kind, reason, origin, suppression_key=key, now=now)
    return Suppression(kind=kind, reason=reason, at=now) if is_new else None


class Lifting(StrEnum):
    """What came of taking an address off the suppression list."""

    LIFTED = "taken off"
    ABSENT = "not on the list"
    ERASED = "erased"
    COMPLAINED = "complained"


def unsuppress(
    connection: Connection, addresses: Iterable[Address], *, suppression_key: bytes
) -> Counter[Lifting]:
    """Take addresses off the suppression list that an operator put there, and count what came of them.

    Who complained stays on it; who was erased lifts that by subscribing. It makes nobody a reader: it only lets them subscribe,
    or be imported where they never were one here.
    """
    counts: Counter[Lifting] = Counter()
    for address in addresses:
        listed = find_suppression(connection, address, suppression_key)
        if listed is None:
            counts[Lifting.ABSENT] += 1
        elif listed.kind in ENDED_BY_OPERATOR:
            lift_suppression(connection, address_hashes(suppression_key, address), ENDED_BY_OPERATOR)
            counts[Lifting.LIFTED] += 1
        else:
            counts[Lifting(listed.kind.value)] += 1
    return counts
