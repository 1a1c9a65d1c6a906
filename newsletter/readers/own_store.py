"""The queries of what readers do themselves: subscribing, confirming, choosing, changing their address.

Nothing here commits. Finding readers, the ledger's reading, leaving and the suppression list are in store.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from newsletter.db.conflicts import insert_into
from newsletter.db.schema import consents, mails, reader_tools, reader_topics, readers, sign_up_counts
from newsletter.db.statuses import ConsentEvent, LimitScope, MailKind, ReaderStatus
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.forgetting_store import forget
from newsletter.readers.model import Reader

# ── subscribing by oneself ─────────────────────────────────────────────────────────────────────────────


def add_unconfirmed(connection: Connection, address: Address, now: datetime) -> int:
    """Add a reader who has still to confirm, or find the one that somebody else just added; the id."""
    row = {
        "address": address.text,
        "address_key": address.key,
        "status": ReaderStatus.UNCONFIRMED,
        "status_at": now,
        "added_at": now,
    }
    added = connection.execute(_add_reader(connection.dialect.name), row).scalar_one_or_none()
    if added is not None:
        return int(added)
    found: int = connection.execute(
        select(readers.c.id).where(readers.c.address_key == address.key)
    ).scalar_one()
    return found


def record_consent(
    connection: Connection,
    reader_id: int,
    event: ConsentEvent,
    now: datetime,
    *,
    source: str,
    wording: str = "",
) -> None:
    """Add a row to the ledger."""
    row = {"reader_id": reader_id, "event": event, "at": now, "source": source, "wording": wording}
    connection.execute(_CONSENT, row)


def activate(
    connection: Connection,
    reader_id: int,
    now: datetime,
    *,
    source: str,
    wording: str,
    event: ConsentEvent = ConsentEvent.CONFIRMED,
) -> None:
    """Make somebody an active reader by their own word, and write that down."""
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(status=ReaderStatus.ACTIVE, status_at=now, confirmed_at=now, replaces=None)
    )
    record_consent(connection, reader_id, event, now, source=source, wording=wording)


def was_mailed(connection: Connection, reader_id: int, kind: MailKind, since: datetime) -> bool:
    """Whether a single mail of this kind was queued for the reader after a moment."""
    query = select(mails.c.id).where(
        mails.c.reader_id == reader_id, mails.c.kind == kind, mails.c.queued_at > since
    )
    return connection.execute(query.limit(1)).first() is not None


def count_mailed(connection: Connection, reader_id: int, kind: MailKind, since: datetime) -> int:
    """How many single mails of this kind were queued for the reader after a moment."""
    mine = (mails.c.reader_id == reader_id, mails.c.kind == kind, mails.c.queued_at > since)
    return connection.execute(select(func.count()).select_from(mails).where(*mine)).scalar_one()


def unconfirmed_since(connection: Connection, before: datetime) -> list[int]:
    """Readers who were to confirm before a moment and did not."""
    query = select(readers.c.id).where(
        readers.c.status == ReaderStatus.UNCONFIRMED, readers.c.status_at <= before
    )
    return list(connection.execute(query.order_by(readers.c.id)).scalars())


def let_replace(connection: Connection, new_id: int, reader_id: int) -> None:
    """Let the address of one row become, once confirmed, that of another's."""
    connection.execute(update(readers).where(readers.c.id == new_id).values(replaces=reader_id))


def replaced_by(connection: Connection, new_id: int) -> int | None:
    """The active reader whose address this row's becomes, or None."""
    old = readers.alias("old")
    query = (
        select(old.c.id)
        .join_from(readers, old, readers.c.replaces == old.c.id)
        .where(readers.c.id == new_id, old.c.status == ReaderStatus.ACTIVE)
    )
    return connection.execute(query).scalar_one_or_none()


def move_address(connection: Connection, new: Reader, reader_id: int, now: datetime) -> None:
    """Give the reader the confirmed address of the row `new`, which is forgotten."""
    assert new.address is not None
    address = parse_address(new.address)
    forget(connection, [new.id], now)
    # What was sent to the new address belongs to the reader now: erasing finds it by the reader.
    connection.execute(update(mails).where(mails.c.reader_id == new.id).values(reader_id=reader_id))
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(address=address.text, address_key=address.key, confirmed_at=now)
    )
    record_consent(connection, reader_id, ConsentEvent.CONFIRMED, now, source="change of address")


# ── choices ────────────────────────────────────────────────────────────────────────────────────────────


def change_reader(connection: Connection, reader_id: int, **values: object) -> bool:
    """Change columns of an active reader; False when the reader is not active."""
    where = (readers.c.id == reader_id, readers.c.status == ReaderStatus.ACTIVE)
    return connection.execute(update(readers).where(*where).values(**values)).rowcount == 1


def list_tools(connection: Connection, reader_id: int) -> tuple[str, ...]:
    """The tools a reader follows, in alphabetical order."""
    query = select(reader_tools.c.tool_id).where(reader_tools.c.reader_id == reader_id)
    return tuple(connection.execute(query.order_by(reader_tools.c.tool_id)).scalars())


def followed_tools(connection: Connection) -> tuple[str, ...]:
    """Every tool that an active reader follows, in alphabetical order."""
    query = select(reader_tools.c.tool_id).distinct().join_from(reader_tools, readers)
    active = query.where(readers.c.status == ReaderStatus.ACTIVE)
    return tuple(connection.execute(active.order_by(reader_tools.c.tool_id)).scalars())


def put_topics(connection: Connection, reader_id: int, topics: Iterable[str]) -> None:
    """Replace a reader's topics."""
    connection.execute(delete(reader_topics).where(reader_topics.c.reader_id == reader_id))
    rows = [{"reader_id": reader_id, "topic": topic} for topic in topics]
    if rows:
        connection.execute(insert(reader_topics), rows)


def put_tools(connection: Connection, reader_id: int, tools: Iterable[str]) -> None:
    """Replace the tools a reader follows."""
    connection.execute(delete(reader_tools).where(reader_tools.c.reader_id == reader_id))
    rows = [{"reader_id": reader_id, "tool_id": tool} for tool in tools]
    if rows:
        connection.execute(insert(reader_tools), rows)


# ── counting sign-ups ──────────────────────────────────────────────────────────────────────────────────


def count_sign_ups(
    connection: Connection, hashes: Sequence[str], window_at: datetime
) -> dict[LimitScope, int]:
    """How many sign-ups these hashes had in a window."""
    counted = connection.execute(_COUNTED, {"hashes": list(hashes), "window_at": window_at})
    return {row[0]: row[1] for row in counted}


def add_sign_up(connection: Connection, hashes: Mapping[LimitScope, str], window_at: datetime) -> None:
    """Count one more in each scope."""
    rows = [
        {"scope": scope, "key_hash": hashed, "window_at": window_at, "count": 1}
        for scope, hashed in hashes.items()
    ]
    connection.execute(_count_one(connection.dialect.name), rows)


def forget_sign_ups(connection: Connection, before: datetime) -> int:
    """Delete the counts of windows before a moment; returns how many."""
    return connection.execute(delete(sign_up_counts).where(sign_up_counts.c.window_at < before)).rowcount


# What every sign-up runs is put together once: in a flood of them that takes longer than running it.

_CONSENT = insert(consents)
_COUNTED = select(sign_up_counts.c.scope, sign_up_counts.c.count).where(
    sign_up_counts.c.key_hash.in_(bindparam("hashes", expanding=True)),
    sign_up_counts.c.window_at == bindparam("window_at"),
)


@cache
def _add_reader(dialect: str) -> Any:
    statement = insert_into(readers, dialect).on_conflict_do_nothing(index_elements=["address_key"])
    return statement.returning(readers.c.id)


@cache
def _count_one(dialect: str) -> Any:
    return insert_into(sign_up_counts, dialect).on_conflict_do_update(
        index_elements=["scope", "key_hash", "window_at"], set_={"count": sign_up_counts.c.count + 1}
    )
