"""Readers at the desk: finding one among a million, their history, and what an editor may do to them.

Every deed is written down by the reader's number; addresses stand in no log. Erasing is delivery/erasing.py.
"""

from dataclasses import dataclass
from typing import Protocol

from newsletter.db.statuses import ReaderStatus
from newsletter.delivery.erasing import Eraser
from newsletter.delivery.own_data import own_export
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people import readers_store as desk
from newsletter.editing.people.audit import Action, audit
from newsletter.editing.people.readers_store import Copy, Feedback, FoundReader, SingleMail
from newsletter.errors import BadInput, StoreBusy
from newsletter.readers import store, suppression_store
from newsletter.readers.addresses import parse_address
from newsletter.readers.model import Consent, Reader
from newsletter.readers.own_store import list_tools
from newsletter.readers.subscribing import Subscribing
from newsletter.readers.votes import Ballots
from newsletter.readers.wording import REASON, without_address

#: Readers on a page, and copies and mails in one reader's history.
MOST, MOST_COPIES = 50, 100

_SOURCE = "the desk"


class ReadersNewsroom(Newsroom, Protocol):
    """A newsroom that knows its readers; `newsletter.app.App` is one."""

    @property
    def suppression_key(self) -> bytes: ...

    @property
    def subscribing(self) -> Subscribing: ...

    @property
    def eraser(self) -> Eraser: ...

    @property
    def ballots(self) -> Ballots: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFile:
    """Everything that happened to a reader. `suppressed` is why nothing may be sent to them; empty when nothing stands against it."""

    reader: Reader
    topics: tuple[str, ...]
    tools: tuple[str, ...]
    consents: tuple[Consent, ...]
    copies: tuple[Copy, ...]
    mails: tuple[SingleMail, ...]
    feedback: tuple[Feedback, ...]
    suppressed: str


def find_readers(newsroom: Newsroom, text: str) -> tuple[FoundReader, ...]:
    """Whoever has this number, or an address or a name that begins so; at most MOST."""
    text = text.strip()[:320]
    if not text:
        return ()
    with newsroom.database.read() as connection:
        found: dict[int, FoundReader] = {}
        if text.isascii() and text.isdigit() and len(text) < 19:
            found |= {each.id: each for each in desk.find_by_id(connection, int(text))}
        found |= {each.id: each for each in desk.find_by_address(connection, text.casefold(), MOST)}
        ways = {text, text.lower(), text.capitalize(), text.title()}
        found |= {each.id: each for each in desk.find_by_name(connection, sorted(ways), MOST)}
    return tuple(found.values())[:MOST]


def reader_file(newsroom: ReadersNewsroom, reader_id: int) -> ReaderFile:
    """One reader's history; raises NotFound."""
    with newsroom.database.read() as connection:
        reader = store.get_reader(connection, reader_id)
        reason = None
        if reader.address is not None:
            address = parse_address(reader.address)
            reason = suppression_store.suppression_reason(connection, address, newsroom.suppression_key)
        return ReaderFile(
            reader=reader,
            topics=store.list_topics(connection, [reader_id]).get(reader_id, ()),
            tools=list_tools(connection, reader_id),
            consents=tuple(store.list_consents(connection, reader_id)),
            copies=desk.copies_of(connection, reader_id, MOST_COPIES),
            mails=desk.mails_to(connection, reader_id, MOST_COPIES),
            feedback=desk.feedback_on(connection, reader_id),
            suppressed=reason or "",
        )


def resend_confirmation(newsroom: ReadersNewsroom, reader_id: int, *, by: str) -> bool:
    """Ask somebody once more to confirm; False when they were asked just now, or need not be. Commits. Raises NotFound."""
    now = newsroom.clock.now()
    if not newsroom.subscribing.ask_again(reader_id, _SOURCE, now):
        return False
    with newsroom.database.write() as connection:
        audit(connection, by=by, action=Action.ASKED, detail=f"reader {reader_id} to confirm", at=now)
    return True


def suppress(newsroom: ReadersNewsroom, reader_id: int, reason: str, *, by: str) -> bool:
    """Never write to a reader's address again; False when nothing changed. Commits. Raises NotFound, BadInput."""
    now = newsroom.clock.now()
    reason = without_address(reason, "The reason", REASON)
    with newsroom.database.write() as connection:
        reader = store.get_reader(connection, reader_id)
        if reader.address is None:
            return False
        address = parse_address(reader.address)
        changed = suppression_store.suppress(
            connection,
            address,
            reason,
            suppression_key=newsroom.suppression_key,
            now=now,
            source=_SOURCE,
        )
        if changed:
            audit(connection, by=by, action=Action.SUPPRESSED, detail=f"reader {reader_id}: {reason}", at=now)
    return changed


def export(newsroom: ReadersNewsroom, reader_id: int, *, by: str) -> dict[str, object]:
    """Everything kept of a reader, ready for JSON. Commits that it was asked for. Raises NotFound."""
    with newsroom.database.write() as connection:
        reader = store.get_reader(connection, reader_id)
        audit(
            connection,
            by=by,
            action=Action.EXPORTED,
            detail=f"reader {reader_id}",
            at=newsroom.clock.now(),
        )
        return own_export(connection, reader, newsroom.ballots)


def erase(newsroom: ReadersNewsroom, reader_id: int, typed: str, *, by: str) -> bool:
    """Forget a reader for good, if `typed` is their address; False when the log could not be emptied yet. Commits.

    Raises NotFound, and BadInput for another text.
    """
    with newsroom.database.read() as connection:
        reader = store.get_reader(connection, reader_id)
    if reader.status is ReaderStatus.ERASED or typed.strip().casefold() != (reader.address or "").casefold():
        raise BadInput("This is not the reader's address, so nothing was erased.")
    with newsroom.database.write() as connection:
        audit(connection, by=by, action=Action.ERASED, detail=f"reader {reader_id}", at=newsroom.clock.now())
    try:
        newsroom.eraser.erase(reader_id, _SOURCE)
    except StoreBusy:
        # The reader is erased; the nightly job cuts the log.
        return False
    return True
