"""Exporting readers as a CSV file that `importing.py` reads again: the same people, topics and consent."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TextIO

from sqlalchemy import Connection

from newsletter.db.statuses import MailKind, ReaderStatus
from newsletter.readers import store
from newsletter.readers import store as own_store
from newsletter.readers.csv_file import guarded
from newsletter.readers.links import LIFETIMES, LinkSigner, Purpose, link
from newsletter.readers.store import Reader, list_consent_sources, list_readers, list_topics
from newsletter.readers.subscribing import QueueMail

COLUMNS = ("address", "name", "status", "status at", "edition", "time zone", "topics", "consent", "added at")


def export_readers(connection: Connection, file: TextIO, status: ReaderStatus | None = None) -> int:
    """Write everybody who has an address, or those of one status; returns how many. Reads a page at a time."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for page in each_page(connection, status):
        named = [reader for reader in page if reader.address]
        ids = [reader.id for reader in named]
        topics, sources = list_topics(connection, ids), list_consent_sources(connection, ids)
        for reader in named:
            cells = _cells(reader, topics.get(reader.id, ()), sources.get(reader.id, ""))
            writer.writerow([guarded(cell) for cell in cells])
        count += len(named)
    return count


def each_page(connection: Connection, status: ReaderStatus | None) -> Iterator[list[Reader]]:
    """All readers, or those of one status, a thousand at a time."""
    after = 0
    while page := list_readers(connection, status=status, after=after):
        yield page
        after = page[-1].id


def _cells(reader: Reader, topics: tuple[str, ...], source: str) -> tuple[str, ...]:
    return (
        reader.address or "",
        reader.name,
        reader.status.value,
        reader.status_at.isoformat(),
        reader.edition.value,
        reader.time_zone,
        "; ".join(topics),
        source,
        reader.added_at.isoformat(),
    )


# What a reader may see and take with them, behind a link that holds for an hour and goes to their mailbox only.
#
# What other rooms keep of a reader (copies sent, single mails) is added in delivery/own_data.py; erasing everywhere is
# delivery/erasing.py.

#: A reader gets at most one such mail in this time, however often somebody presses the button.
AGAIN_AFTER = timedelta(minutes=5)

#: Whoever is in one of these has an address that may be written to when its owner asks.
_MAY_ASK = frozenset({ReaderStatus.ACTIVE, ReaderStatus.LEFT, ReaderStatus.UNCONFIRMED, ReaderStatus.BOUNCED})


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
    if reader.status not in _MAY_ASK:
        return False
    if own_store.was_mailed(connection, reader.id, MailKind.PERSONAL_LINK, now - AGAIN_AFTER):
        return False
    token = signer.dated_token(Purpose.PERSONAL, reader.id, now)
    minutes = LIFETIMES[Purpose.PERSONAL] // timedelta(minutes=1)
    values = {"personal_url": link(public_url, Purpose.PERSONAL, token), "minutes": str(minutes)}
    key = f"personal-link:{reader.id}:{int(now.timestamp())}"
    return queue_mail(connection, MailKind.PERSONAL_LINK, key, reader.id, values, now)


def own_rows(connection: Connection, reader: Reader) -> dict[str, object]:
    """Everything this room keeps of a reader, ready for JSON."""
    return {
        "address": reader.address,
        "name": reader.name,
        "status": reader.status.value,
        "status_at": reader.status_at.isoformat(),
        "added_at": reader.added_at.isoformat(),
        "confirmed_at": reader.confirmed_at.isoformat() if reader.confirmed_at else None,
        "edition": reader.edition.value,
        "paused_until": reader.paused_until.isoformat() if reader.paused_until else None,
        "time_zone": reader.time_zone,
        "send_hour": reader.send_hour,
        "monthly_tokens": reader.monthly_tokens,
        "team_size": reader.team_size,
        "topics": list(store.list_topics(connection, [reader.id]).get(reader.id, ())),
        "tools": list(own_store.list_tools(connection, reader.id)),
        "consent": [
            {
                "event": each.event.value,
                "at": each.at.isoformat(),
                "source": each.source,
                "wording": each.wording,
            }
            for each in store.list_consents(connection, reader.id)
        ],
    }
