"""Readers and the suppression list as CSV files that `importing.py` reads again, and what one reader may see and take with them."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TextIO

from sqlalchemy import Connection, literal_column, select

from newsletter.db.schema import readers
from newsletter.db.statuses import MailKind, ReaderStatus, SuppressionKind
from newsletter.readers.addresses import SOURCE, Address
from newsletter.readers.consents import list_consents, list_origins
from newsletter.readers.csv_file import CHOICES, guarded, write_list
from newsletter.readers.links import LIFETIMES, LinkSigner, Purpose, link
from newsletter.readers.preferences import LISTS
from newsletter.readers.store import MAY_GET, Reader, count_mailed, list_readers
from newsletter.readers.subscribing import QueueMail
from newsletter.readers.suppression import Suppression, address_hashes, list_suppressions, write_hash

#: As `readers import` names them; the preferences by their fields.
COLUMNS = (
    "address",
    "name",
    "status",
    "status at",
    *(name.replace("_", " ") for name in CHOICES),
    "consent",
    "tags",
    "added at",
    "confirmed at",
)


def export_readers(connection: Connection, file: TextIO, status: ReaderStatus | None = None) -> int:
    """Write everybody who has an address, or those of one status; returns how many. Reads a page at a time."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for page in each_page(connection, status):
        named = [reader for reader in page if reader.address]
        origins = list_origins(connection, [reader.id for reader in named])
        for reader in named:
            origin = origins.get(reader.id)
            chosen = reader.preferences.as_texts() | {
                name: write_list(getattr(reader.preferences, name)) for name in LISTS
            }
            cells = (
                reader.address or "",
                reader.name,
                reader.status.value,
                reader.status_at.isoformat(),
                *(chosen[name] for name in CHOICES),
                origin.words[:SOURCE] if origin else "",
                (origin.tags or "") if origin else "",
                reader.added_at.isoformat(),
                reader.confirmed_at.isoformat() if reader.confirmed_at else "",
            )
            writer.writerow([guarded(cell) for cell in cells])
        count += len(named)
    return count


def each_page(connection: Connection, status: ReaderStatus | None) -> Iterator[list[Reader]]:
    """Yield all readers, or those of one status, a thousand at a time."""
    after = 0
    while page := list_readers(connection, status=status, after=after):
        yield page
        after = page[-1].id


# The suppression list. It knows hashes only; of whom a reader's row is left, the address is told, too.

#: As `readers suppress --file` names them.
SUPPRESSION_COLUMNS = ("address", "status", "suppressed at", "suppression reason", "address hash")

#: What `status` says of each kind, in words that mean it in other programs' lists, too.
_STATUS = {SuppressionKind.OPERATOR: "suppressed"}


def each_suppression(connection: Connection, suppression_key: bytes) -> Iterator[tuple[Suppression, str]]:
    """Yield the list's entries with their addresses; an empty one where no reader's row has it."""
    known = select(readers.c.address, readers.c.address_key).where(
        # As the index says it: nobody on the list is active.
        literal_column("status <> 'active'"),
        readers.c.address.is_not(None),
    )
    addresses = {
        hashed: address
        for address, key in connection.execute(known)
        for hashed in address_hashes(suppression_key, Address(address, key))
    }
    after = ""
    while page := list_suppressions(connection, after=after):
        for each in page:
            yield each, addresses.get(each.address_hash, "")
        after = page[-1].address_hash


def export_suppressions(connection: Connection, file: TextIO, suppression_key: bytes) -> int:
    """Write the suppression list, which an installation with the same key reads whole; returns how many."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(SUPPRESSION_COLUMNS)
    count = 0
    for each, address in each_suppression(connection, suppression_key):
        status = _STATUS.get(each.kind, each.kind.value)
        hashed = write_hash(suppression_key, each.address_hash)
        cells = (address, status, each.at.isoformat(), each.reason, hashed)
        writer.writerow([guarded(cell) for cell in cells])
        count += 1
    return count


# What a reader may see and take with them, behind a link that holds for an hour and goes to their mailbox only. What other
# rooms keep of a reader (copies sent, single mails) is added in delivery/erasing.py, and so is erasing everywhere.

#: A reader gets at most one such mail in this time, however often somebody presses the button.
AGAIN_AFTER = timedelta(minutes=5)


def mail_personal_link(
    connection: Connection,
    reader: Reader,
    *,
    signer: LinkSigner,
    public_url: str,
    queue_mail: QueueMail,
    now: datetime,
) -> bool:
    """Mail a reader the link to their data; False when they got one just now or cannot be written to."""
    if reader.status not in MAY_GET[MailKind.PERSONAL_LINK]:
        return False
    if count_mailed(connection, reader.id, MailKind.PERSONAL_LINK, now - AGAIN_AFTER):
        return False
    token = signer.dated_token(Purpose.PERSONAL, reader.id, now, reader.salt)
    minutes = LIFETIMES[Purpose.PERSONAL] // timedelta(minutes=1)
    values = {"personal_url": link(public_url, Purpose.PERSONAL, token), "minutes": str(minutes)}
    key = f"personal-link:{reader.id}:{now.timestamp():.6f}"
    return queue_mail(connection, MailKind.PERSONAL_LINK, key, reader.id, values, now)


def reader_data(connection: Connection, reader: Reader) -> dict[str, object]:
    """Return everything this room keeps of a reader, ready for JSON."""
    return {
        "address": reader.address,
        "name": reader.name,
        "status": reader.status.value,
        "status_at": reader.status_at.isoformat(),
        "added_at": reader.added_at.isoformat(),
        "confirmed_at": reader.confirmed_at.isoformat() if reader.confirmed_at else None,
        **{
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(reader.preferences).items()
        },
        "consent": [
            {
                "event": each.event.value,
                "at": each.at.isoformat(),
                "channel": each.channel.value,
                "source": each.words,
                "wording": each.wording,
                **({"ip": each.ip} if each.ip else {}),
                **({"tags": each.tags} if each.tags else {}),
            }
            for each in list_consents(connection, reader.id)
        ],
    }
