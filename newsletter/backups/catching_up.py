"""What a database that is replaced knows, and the copy in its place does not: who left or agreed since, and what went out.

All of it within the transactions of restoring.py."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from newsletter.db.engine import insert_into
from newsletter.db.schema import (
    batches,
    chosen_quotes,
    clicks,
    consents,
    deliveries,
    editors,
    errata,
    finding_answers,
    issues,
    items,
    links,
    mails,
    metadata,
    plans,
    publications,
    reader_tools,
    reader_topics,
    readers,
    revisions,
    snapshots,
    suppressions,
)
from newsletter.db.statuses import (
    Edition,
    IssueStatus,
    MailStatus,
    ReaderStatus,
    SuppressionKind,
)
from newsletter.delivery.marks import Mark
from newsletter.delivery.progress import get_counts
from newsletter.digest.issues import Issue
from newsletter.errors import StoreError
from newsletter.readers.addresses import Address
from newsletter.readers.store import forget
from newsletter.readers.suppression import (
    ENDED_BY_OWNER,
    address_hash,
    address_hashes,
    put_suppression,
)

#: Why a delivery or a single mail is unsure: it may have left after the copy was made.
RESTORED = "restored"


_GONE = (ReaderStatus.LEFT, ReaderStatus.BOUNCED, ReaderStatus.COMPLAINED, ReaderStatus.ERASED)


#: What belongs to one issue, whatever refers to something after what it refers to.
_OF_ISSUES = tuple(
    table
    for table in metadata.sorted_tables
    if table
    in {
        items,
        publications,
        snapshots,
        plans,
        links,
        clicks,
        chosen_quotes,
        revisions,
        finding_answers,
        errata,
        batches,
        deliveries,
    }
)


_ROWS = 2_000


@dataclass(kw_only=True)
class Restored:
    """What came of putting a backup back."""

    #: Whether all that was sent after the backup is known; otherwise sending waits for a person.
    is_certain: bool = False
    #: Where what was replaced is kept; None: there was nothing.
    replaced: Path | None = None
    #: Where the settings of the backup are kept, as those here stay; None: they are the same, or it has none.
    settings: Path | None = None
    #: Issues whose sending the replaced database knew more of, by their labels.
    issues: list[str] = field(default_factory=list)
    #: Readers who had left, or changed how often they want mail, and readers whom only the replaced database had.
    readers: int = 0
    newcomers: int = 0
    #: Readers whose sign-up waited in the copy, and who had confirmed it since.
    confirmed: int = 0
    #: Readers who changed their address since.
    moved: int = 0
    #: Whether the replaced database could be read; otherwise nobody knows who left since `made_at`.
    is_readable: bool = False
    made_at: str = ""


def highest(every: Sequence[Mark]) -> Mark:
    """Return the highest of each count."""
    names = ("begun", "issue_id", "weekly", "monthly")
    return Mark(**{name: max(getattr(each, name) for each in every) for name in names})


def take_over_people(current: Connection, copy: Connection, key: bytes, restored: Restored) -> None:
    """Take over who left, was shut out or agreed: also from a database of which nobody knows what it sent last."""
    if restored.is_certain:
        restored.moved = _take_over_addresses(current, copy)
    changed = _take_over_readers(current, copy, is_certain=restored.is_certain)
    confirmed = _take_over_confirmed(current, copy)
    restored.readers, restored.confirmed = len(changed), len(confirmed)
    every = [*changed, *confirmed]
    for start in range(0, len(every), _ROWS // 4):
        theirs = consents.c.reader_id.in_(every[start : start + _ROWS // 4])
        _insert_missing(copy, consents, current.execute(select(consents).where(theirs)).mappings().all())
    if restored.is_certain:
        # Whoever came off the list since, by confirming say, is not put on it again.
        copy.execute(delete(suppressions))
    for entry in _still_listed(current, copy, key):
        put_suppression(copy, entry)
    for entry in _gone_newcomers(current, copy, key):
        put_suppression(copy, entry)
    for row in current.execute(select(editors).where(editors.c.revoked_at.is_not(None))):
        same = and_(editors.c.id == row.id, editors.c.address_key == row.address_key)
        copy.execute(update(editors).where(same).values(revoked_at=row.revoked_at))
    last = copy.execute(select(func.max(readers.c.id))).scalar() or 0
    joined = (
        select(func.count()).select_from(readers).where(readers.c.id > last, readers.c.status.not_in(_GONE))
    )
    restored.newcomers = current.execute(joined).scalar_one()


def _still_listed(current: Connection, copy: Connection, key: bytes) -> list[dict[str, Any]]:
    """Return the entries of the list, but for those whose address confirmed later, as the copy knows."""
    entries = {row["address_hash"]: dict(row) for row in current.execute(select(suppressions)).mappings()}
    known = {*copy.execute(select(suppressions.c.address_hash)).scalars()}
    if entries.keys() <= known:
        return [*entries.values()]
    agreed = select(readers.c.address_key, readers.c.confirmed_at).where(
        readers.c.status == ReaderStatus.ACTIVE, readers.c.confirmed_at.is_not(None)
    )
    for address_key, confirmed_at in copy.execute(agreed):
        for hashed in address_hashes(key, Address(text=address_key, key=address_key)) - known:
            entry = entries.get(hashed)
            if entry and entry["kind"] in ENDED_BY_OWNER and entry["at"] < confirmed_at:
                del entries[hashed]
    return [*entries.values()]


#: What stands on the list for whoever joined after the copy was made, and is gone.
_KIND_OF_GONE = {
    ReaderStatus.LEFT: SuppressionKind.LEFT,
    ReaderStatus.BOUNCED: SuppressionKind.BOUNCED,
    ReaderStatus.COMPLAINED: SuppressionKind.COMPLAINED,
}


def _gone_newcomers(current: Connection, copy: Connection, key: bytes) -> Iterator[dict[str, Any]]:
    """Yield an entry of the list for whoever is not in the copy and is gone: the file that brought them may come again."""
    gone = select(readers).where(readers.c.status.in_(_KIND_OF_GONE))
    for part in current.execute(gone).mappings().partitions(_ROWS // 4):
        here = {row["id"] for row, _ in _same_readers(copy, part)}
        for row in part:
            if row["id"] not in here and row["address_key"] is not None:
                address = Address(text=row["address_key"], key=row["address_key"])
                yield {
                    "address_hash": address_hash(key, address),
                    "kind": _KIND_OF_GONE[row["status"]],
                    "reason": RESTORED,
                    "at": row["status_at"],
                    "source": RESTORED,
                }


def take_over_issues(current: Connection, copy: Connection) -> Iterator[str]:
    """Take every issue over that was approved since, or whose sending went on; yield their labels."""
    for row in current.execute(select(issues).where(issues.c.status != IssueStatus.DRAFT)).mappings().all():
        issue = Issue(**row)
        here = copy.execute(select(issues).where(issues.c.id == issue.id)).mappings().one_or_none()
        if (
            here is not None
            and dict(here) == dict(row)
            and get_counts(copy, issue.id) == get_counts(current, issue.id)
        ):
            continue
        slot = and_(issues.c.edition == issue.edition, issues.c.slot == issue.slot, issues.c.id != issue.id)
        if copy.execute(select(issues.c.id).where(slot)).first() or (
            here is not None and here["slot"] != issue.slot
        ):
            raise StoreError(
                f"Issue {issue.label} is another one in the copy than in the database that it replaces."
            )
        for table in reversed(_OF_ISSUES):
            copy.execute(delete(table).where(table.c.issue_id == issue.id))
        if here is None:
            copy.execute(insert(issues).values(**row))
        else:
            copy.execute(update(issues).where(issues.c.id == issue.id).values(**row))
        for table in _OF_ISSUES:
            rows = current.execution_options(yield_per=_ROWS).execute(
                select(table).where(table.c.issue_id == issue.id)
            )
            for part in rows.mappings().partitions(_ROWS):
                _insert_missing(copy, table, part)
        yield issue.label


def _take_over_readers(current: Connection, copy: Connection, *, is_certain: bool) -> list[int]:
    """Let whoever left be gone, and whoever wants less mail get no more; returns the ids that this changes.

    Of a database that may be older than the copy only this counts: who is gone in it.
    """
    wish = (readers.c.edition, readers.c.paused_until)
    unusual: ColumnElement[bool] = readers.c.status.in_(_GONE)
    if is_certain:
        unusual = or_(
            readers.c.status != ReaderStatus.ACTIVE,
            readers.c.edition != Edition.WEEKLY,
            readers.c.paused_until.is_not(None),
        )
    changed: list[int] = []
    for part in current.execute(select(readers).where(unusual)).mappings().partitions(_ROWS // 4):
        for row, mine in _same_readers(copy, part, *wish):
            is_same = row["status"] is mine.status
            if is_same and (
                not is_certain or (row["edition"], row["paused_until"]) == (mine.edition, mine.paused_until)
            ):
                continue
            if not is_same and (row["status"] not in _GONE or mine.status is ReaderStatus.ERASED):
                continue
            is_erased = row["status"] is ReaderStatus.ERASED
            values = (
                dict(row)
                if is_certain or is_erased
                else {name: row[name] for name in ("status", "status_at")}
            )
            copy.execute(update(readers).where(readers.c.id == mine.id).values(**values))
            changed.append(mine.id)
            if is_erased:
                for table in (reader_topics, reader_tools):
                    copy.execute(delete(table).where(table.c.reader_id == mine.id))
    return changed


def _take_over_addresses(current: Connection, copy: Connection) -> int:
    """Give readers the address that they changed theirs to since; returns how many did."""
    moved = 0
    named = select(readers).where(readers.c.address_key.is_not(None))
    for part in current.execute(named).mappings().partitions(_ROWS // 4):
        for row, mine in _same_readers(copy, part):
            if mine.address_key in (None, row["address_key"]):
                continue
            # Where the new address waited for its own confirmation, that row is forgotten, as by the confirmation.
            waited = select(readers.c.id).where(
                readers.c.address_key == row["address_key"], readers.c.id != mine.id
            )
            forget(copy, copy.execute(waited).scalars().all(), row["status_at"])
            values = {name: row[name] for name in ("address", "address_key", "confirmed_at")}
            copy.execute(update(readers).where(readers.c.id == mine.id).values(**values))
            moved += 1
    return moved


def _take_over_confirmed(current: Connection, copy: Connection) -> list[int]:
    """Let whoever confirmed since be active, and return their ids: they agreed."""
    before = (ReaderStatus.UNCONFIRMED, ReaderStatus.LEFT, ReaderStatus.BOUNCED)
    waiting = select(readers.c.id).where(readers.c.status.in_(before))
    changed: list[int] = []
    for part in [*copy.execute(waiting).scalars().partitions(_ROWS // 4)]:
        agreed = select(readers).where(readers.c.id.in_(part), readers.c.status == ReaderStatus.ACTIVE)
        for row, mine in _same_readers(copy, current.execute(agreed).mappings().all()):
            # An older database knows an earlier time, before this reader left and came again.
            if row["confirmed_at"] is not None and row["confirmed_at"] >= mine.status_at:
                values = {name: row[name] for name in ("status", "status_at", "confirmed_at")}
                copy.execute(update(readers).where(readers.c.id == mine.id).values(**values))
                changed.append(mine.id)
    return changed


def _same_readers(copy: Connection, rows: Sequence[Any], *more: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each of these readers who is in the copy, too, with the row there: not another under the same number."""
    columns = (
        readers.c.id,
        readers.c.salt,
        readers.c.address_key,
        readers.c.status,
        readers.c.status_at,
        *more,
    )
    query = select(*columns).where(readers.c.id.in_([row["id"] for row in rows]))
    here = {row.id: row for row in copy.execute(query)}
    for row in rows:
        mine = here.get(row["id"])
        if (
            mine is not None
            and mine.salt == row["salt"]
            and (mine.salt or mine.address_key == row["address_key"])
        ):
            yield row, mine


def take_over_mails(current: Connection, copy: Connection) -> None:
    """Give every single mail that waits in the copy what became of it."""
    waiting = mails.c.status.in_((MailStatus.PENDING, MailStatus.BEGUN))
    for mine in copy.execute(select(mails.c.id, mails.c.key).where(waiting)).all():
        same = and_(mails.c.id == mine.id, mails.c.key == mine.key)
        row = current.execute(select(mails).where(same)).mappings().one_or_none()
        values = dict(row) if row else {"status": MailStatus.UNSURE, "code": RESTORED}
        copy.execute(update(mails).where(mails.c.id == mine.id).values(**values))


def doubt_mails(connection: Connection, until: datetime | None) -> None:
    """Leave every single mail alone that waits, since `until` or longer: it may have gone out. A person may send it again."""
    waiting = mails.c.status.in_((MailStatus.PENDING, MailStatus.BEGUN))
    unsure = {"status": MailStatus.UNSURE, "code": RESTORED}
    doubted = waiting if until is None else and_(waiting, mails.c.queued_at <= until)
    connection.execute(update(mails).where(doubted).values(unsure))


def _insert_missing(connection: Connection, table: Table, rows: Sequence[Any]) -> None:
    if rows:
        statement = insert_into(table, connection.dialect.name).on_conflict_do_nothing()
        connection.execute(statement, [dict(row) for row in rows])
