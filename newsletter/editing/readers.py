"""Readers at the desk: finding one among a million, their history, and what an editor may do to them.

Whoever calls this sees personal data: the pages are for publishers. Every deed is written down by the reader's number;
addresses stand in no log. Erasing is delivery/erasing.py.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, literal_column, or_, select

from newsletter.app import App
from newsletter.db.schema import deliveries, issues, mails, readers, reports, soft_bounces
from newsletter.db.statuses import (
    ConsentChannel,
    DeliveryStatus,
    Edition,
    MailKind,
    MailStatus,
    ReaderStatus,
    ReportKind,
    SuppressionKind,
    WithdrawalReason,
)
from newsletter.delivery.erasing import export_reader
from newsletter.editing.audit import Action, record_action
from newsletter.errors import BadInput, StoreBusy
from newsletter.readers import admin, store
from newsletter.readers.addresses import REASON, Address, parse_address, without_address
from newsletter.readers.admin import Lifting
from newsletter.readers.consents import Consent, ConsentOrigin, list_consents
from newsletter.readers.store import Reader
from newsletter.readers.suppression import find_suppression

#: Readers on a page, and copies and mails in one reader's history.
MOST, MOST_COPIES = 50, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundReader:
    """A reader in a list. `address` is None once erased."""

    id: int
    address: str | None
    name: str
    status: ReaderStatus
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A reader's copy of an issue. `code` says how it ended, where there is anything to say."""

    issue_id: int
    edition: Edition
    number: int | None
    status: DeliveryStatus
    at: datetime | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleMail:
    """A single mail to a reader."""

    id: int
    kind: MailKind
    status: MailStatus
    queued_at: datetime
    at: datetime | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What came back by mail about a reader's copy; `issue_id` is 0 for a single mail."""

    what: str
    at: datetime
    issue_id: int
    code: str


_FOUND = tuple(readers.c[name] for name in FoundReader.__dataclass_fields__)


def page_of_readers(
    connection: Connection, limit: int, *, status: ReaderStatus | None = None, before: int | None = None
) -> tuple[FoundReader, ...]:
    """List readers, the latest first; those before one's id, and of one status, where asked for."""
    query = select(*_FOUND).order_by(readers.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(readers.c.id < before)
    if status is not None:
        query = query.where(readers.c.status == status)
    if status not in (None, ReaderStatus.ACTIVE):
        # Said as the index says it: the few who are not active are found without passing everybody else.
        query = query.where(literal_column("status <> 'active'"))
    return tuple(FoundReader(**row._mapping) for row in connection.execute(query))


def find_by_id(connection: Connection, reader_id: int) -> tuple[FoundReader, ...]:
    rows = connection.execute(select(*_FOUND).where(readers.c.id == reader_id))
    return tuple(FoundReader(**row._mapping) for row in rows)


def find_by_address(connection: Connection, beginning: str, limit: int) -> tuple[FoundReader, ...]:
    """List readers whose address, in lower case, begins so: among a million, by an index."""
    query = select(*_FOUND).where(_begins(readers.c.address_key, beginning))
    rows = connection.execute(query.order_by(readers.c.address_key).limit(limit))
    return tuple(FoundReader(**row._mapping) for row in rows)


def find_by_name(connection: Connection, beginnings: Iterable[str], limit: int) -> tuple[FoundReader, ...]:
    """List readers whose name begins in one of these ways."""
    begins = or_(*(_begins(readers.c.name, each) for each in beginnings))
    query = select(*_FOUND).where(begins, literal_column("name <> ''"))
    rows = connection.execute(query.order_by(readers.c.name).limit(limit))
    return tuple(FoundReader(**row._mapping) for row in rows)


def _begins(column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    """Return the condition as a range, which an index answers on either database."""
    return (column >= beginning) & (column < beginning + "\U0010ffff")


# One reader's history.


def copies_of(connection: Connection, reader_id: int, limit: int) -> tuple[Copy, ...]:
    """Return the reader's copies of the latest issues, looked up issue by issue, since the ledger is kept by issue."""
    latest = select(issues.c.id).order_by(issues.c.id.desc()).limit(limit)
    columns = (deliveries.c.issue_id, issues.c.edition, issues.c.number)
    query = (
        select(*columns, deliveries.c.status, deliveries.c.at, deliveries.c.code)
        .join_from(deliveries, issues, issues.c.id == deliveries.c.issue_id)
        .where(deliveries.c.issue_id.in_(latest), deliveries.c.reader_id == reader_id)
        .order_by(deliveries.c.issue_id.desc())
    )
    return tuple(Copy(**row._mapping) for row in connection.execute(query))


def mails_to(connection: Connection, reader_id: int, limit: int) -> tuple[SingleMail, ...]:
    columns = (mails.c[name] for name in SingleMail.__dataclass_fields__)
    query = select(*columns).where(mails.c.reader_id == reader_id).order_by(mails.c.id.desc()).limit(limit)
    return tuple(SingleMail(**row._mapping) for row in connection.execute(query))


def feedback_on(connection: Connection, reader_id: int) -> tuple[Feedback, ...]:
    """Return what came back, the latest first."""
    reported = select(reports.c.kind, reports.c.at, reports.c.issue_id, reports.c.code)
    bounced = select(soft_bounces.c.at, soft_bounces.c.issue_id, soft_bounces.c.code)
    found = [
        Feedback(what=ReportKind(row.kind).value, at=row.at, issue_id=row.issue_id, code=row.code)
        for row in connection.execute(reported.where(reports.c.reader_id == reader_id))
    ]
    found += [
        Feedback(what="soft bounce", at=row.at, issue_id=row.issue_id, code=row.code)
        for row in connection.execute(bounced.where(soft_bounces.c.reader_id == reader_id))
    ]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFile:
    """Everything that happened to a reader. `suppressed` is why nothing may be sent to them; empty when nothing stands against it."""

    reader: Reader
    consents: tuple[Consent, ...]
    copies: tuple[Copy, ...]
    mails: tuple[SingleMail, ...]
    feedback: tuple[Feedback, ...]
    suppressed: str


def find_readers(app: App, text: str) -> tuple[FoundReader, ...]:
    """Find whoever has this number, or an address or a name that begins so; at most MOST."""
    text = text.strip()[:320]
    if not text:
        return ()
    with app.database.read() as connection:
        found: dict[int, FoundReader] = {}
        if text.isascii() and text.isdigit() and len(text) < 19:
            found |= {each.id: each for each in find_by_id(connection, int(text))}
        found |= {each.id: each for each in find_by_address(connection, text.lower(), MOST)}
        ways = {text, text.lower(), text.capitalize(), text.title()}
        found |= {each.id: each for each in find_by_name(connection, sorted(ways), MOST)}
    return tuple(found.values())[:MOST]


def reader_file(app: App, reader_id: int) -> ReaderFile:
    """Return one reader's history; raises NotFound."""
    with app.database.read() as connection:
        reader = store.get_reader(connection, reader_id)
        suppression = None
        if reader.address is not None:
            address = parse_address(reader.address)
            suppression = find_suppression(connection, address, app.suppression_key)
        return ReaderFile(
            reader=reader,
            consents=tuple(list_consents(connection, reader_id)),
            copies=copies_of(connection, reader_id, MOST_COPIES),
            mails=mails_to(connection, reader_id, MOST_COPIES),
            feedback=feedback_on(connection, reader_id),
            suppressed=suppression.words if suppression else "",
        )


def resend_confirmation(app: App, reader_id: int, *, by: str) -> bool:
    """Ask somebody once more to confirm; return False when they were asked just now, or need not be. Commits. Raises NotFound."""
    now = app.clock.now()
    if not app.subscribing.ask_again(reader_id, ConsentOrigin(channel=ConsentChannel.DESK), now):
        return False
    with app.database.write() as connection:
        record_action(connection, by=by, action=Action.ASKED, detail=f"reader {reader_id} to confirm", at=now)
    return True


def suppress(app: App, reader_id: int, reason: str, *, by: str) -> bool:
    """Suppress a reader's address for good; return False when it was already. Commits. Raises NotFound, BadInput."""
    now = app.clock.now()
    reason = without_address(reason, "The reason", REASON)
    with app.database.write() as connection:
        reader = store.get_reader(connection, reader_id)
        if reader.address is None:
            return False
        address = parse_address(reader.address)
        origin = ConsentOrigin(channel=ConsentChannel.DESK, reason=WithdrawalReason.SUPPRESSED)
        kind, key = SuppressionKind.OPERATOR, app.suppression_key
        changed = store.suppress(connection, address, kind, reason, origin, suppression_key=key, now=now)
        if changed:
            record_action(
                connection, by=by, action=Action.SUPPRESSED, detail=f"reader {reader_id}: {reason}", at=now
            )
    return changed


def unsuppress(app: App, addresses: Iterable[Address], reason: str, *, by: str) -> Counter[Lifting]:
    """Take addresses off the suppression list (admin.unsuppress). Commits, with who did so and why. Raises BadInput."""
    reason = without_address(reason, "The reason", REASON)
    with app.database.write() as connection:
        counts = admin.unsuppress(connection, addresses, suppression_key=app.suppression_key)
        if lifted := counts[Lifting.LIFTED]:
            detail = f"{lifted} {'address' if lifted == 1 else 'addresses'}: {reason}"
            record_action(connection, by=by, action=Action.UNSUPPRESSED, detail=detail, at=app.clock.now())
    return counts


def export(app: App, reader_id: int, *, by: str) -> dict[str, object]:
    """Return everything kept of a reader, ready for JSON. Commits that it was asked for. Raises NotFound."""
    with app.database.write() as connection:
        reader = store.get_reader(connection, reader_id)
        record_action(
            connection,
            by=by,
            action=Action.EXPORTED,
            detail=f"reader {reader_id}",
            at=app.clock.now(),
        )
        return export_reader(connection, reader, app.ballots)


def erase(app: App, reader_id: int, typed: str, *, by: str) -> int | None:
    """Erase a reader for good, if `typed` is their address. Commits; raises NotFound, and BadInput for another text.

    Returns how many copies an outbox once took that are not in this one; None when the log could not be emptied yet.
    """
    with app.database.read() as connection:
        reader = store.get_reader(connection, reader_id)
    if reader.status is ReaderStatus.ERASED or typed.strip().casefold() != (reader.address or "").casefold():
        raise BadInput("This is not the reader's address, so nothing was erased.")
    with app.database.write() as connection:
        record_action(
            connection, by=by, action=Action.ERASED, detail=f"reader {reader_id}", at=app.clock.now()
        )
    try:
        return app.eraser.erase(reader_id, ConsentChannel.DESK)[1]
    except StoreBusy:
        # The reader is erased; the nightly job cuts the log.
        return None
