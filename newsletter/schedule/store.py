"""The slots on record: planned, taken under a lease, settled. SQL on the `slots` table stands here only.

A slot is taken with a conditional UPDATE and written with a claim that carries its `attempts` at that moment, so of
any number of schedulers one has it, and one that lost its lease can no longer settle it. `lease_until` of a DUE slot
says when it may be tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, or_, select, update

from newsletter.db.engine import insert_into
from newsletter.db.schema import slots
from newsletter.db.statuses import SlotStatus
from newsletter.schedule.slots import Slot

_OPEN = (SlotStatus.DUE, SlotStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRecord:
    """A slot of a job as it stands on record."""

    job: str
    name: str
    due_at: datetime
    status: SlotStatus
    owner: str | None
    lease_until: datetime | None
    finished_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLease:
    """The right to do a slot, until somebody else has taken it."""

    job: str
    name: str
    attempt: int


def last_slots(connection: Connection, jobs: Sequence[str], now: datetime) -> dict[str, str]:
    """Return by job the name of its latest slot that came due or was done early; jobs without one are left out."""
    settled = or_(slots.c.status != SlotStatus.DUE, slots.c.due_at <= now)
    query = select(slots.c.job, func.max(slots.c.slot)).where(slots.c.job.in_(jobs), settled)
    return dict(connection.execute(query.group_by(slots.c.job)).all())


def slots_ahead(connection: Connection, jobs: Sequence[str], now: datetime) -> tuple[SlotRecord, ...]:
    """Return what is planned and not due yet, the earliest first."""
    return _records(connection, _ahead(jobs, now))


def record_plan(connection: Connection, job: str, planned: Sequence[Slot], now: datetime) -> None:
    """Put the planned slots on record, and take back those ahead that are no longer planned."""
    names = [slot.name for slot in planned]
    connection.execute(delete(slots).where(_ahead([job], now), slots.c.slot.not_in(names)))
    statement = insert_into(slots, connection.dialect.name)
    moved = and_(slots.c.status == SlotStatus.DUE, slots.c.due_at != statement.excluded.due_at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[slots.c.job, slots.c.slot],
            set_={"due_at": statement.excluded.due_at},
            where=moved,
        ),
        [
            {"job": job, "slot": slot.name, "due_at": slot.due_at, "status": SlotStatus.DUE}
            for slot in planned
        ],
    )


def due_slots(connection: Connection, jobs: Sequence[str], now: datetime) -> tuple[SlotRecord, ...]:
    """Return what can be taken now, the earliest due first: never done, put off until now, or left by a crash."""
    return _records(connection, and_(slots.c.job.in_(jobs), slots.c.due_at <= now, _free(now)))


def open_slots(connection: Connection, job: str) -> tuple[SlotRecord, ...]:
    """Return the job's slots that are neither done nor skipped, the earliest due first."""
    return _records(connection, and_(slots.c.job == job, slots.c.status.in_(_OPEN)))


def settled_slots(connection: Connection, job: str, status: SlotStatus, limit: int) -> tuple[SlotRecord, ...]:
    """Return the job's latest slots of one status, latest first."""
    query = select(slots).where(slots.c.job == job, slots.c.status == status)
    rows = connection.execute(query.order_by(slots.c.slot.desc()).limit(limit))
    return tuple(_record(row) for row in rows)


def take_slot(
    connection: Connection,
    record: SlotRecord,
    *,
    owner: str,
    now: datetime,
    until: datetime,
    at_once: bool = False,
) -> SlotLease | None:
    """Take a slot under a lease; None when somebody else has it or did it.

    `at_once` takes one that is put off as well, which is for a person to decide.
    """
    free = or_(_free(now), slots.c.status == SlotStatus.DUE) if at_once else _free(now)
    statement = (
        update(slots)
        .where(_key(record.job, record.name), free)
        .values(status=SlotStatus.RUNNING, owner=owner, lease_until=until, attempts=slots.c.attempts + 1)
        .returning(slots.c.attempts)
    )
    attempt = connection.execute(statement).scalar_one_or_none()
    return None if attempt is None else SlotLease(job=record.job, name=record.name, attempt=attempt)


def keep_slot(connection: Connection, claim: SlotLease, *, until: datetime) -> bool:
    """Renew the lease; False when the slot is no longer ours."""
    return _write(connection, claim, lease_until=until)


def finish_slot(
    connection: Connection, claim: SlotLease, status: SlotStatus, outcome: str, now: datetime
) -> bool:
    """Settle a slot as DONE or SKIPPED for good; False when it is no longer ours."""
    values = {"status": status, "owner": None, "lease_until": None, "finished_at": now, "outcome": outcome}
    return _write(connection, claim, **values)


def put_off_slot(connection: Connection, claim: SlotLease, outcome: str, until: datetime | None) -> bool:
    """Give a slot back undone, not to be taken before `until`; False when it is no longer ours."""
    values = {"status": SlotStatus.DUE, "owner": None, "lease_until": until, "outcome": outcome}
    return _write(connection, claim, **values)


def _write(connection: Connection, claim: SlotLease, **values: object) -> bool:
    ours = and_(
        _key(claim.job, claim.name),
        slots.c.status == SlotStatus.RUNNING,
        slots.c.attempts == claim.attempt,
    )
    return connection.execute(update(slots).where(ours).values(**values)).rowcount == 1


def _key(job: str, name: str) -> ColumnElement[bool]:
    return and_(slots.c.job == job, slots.c.slot == name)


def _ahead(jobs: Sequence[str], now: datetime) -> ColumnElement[bool]:
    return and_(slots.c.job.in_(jobs), slots.c.status == SlotStatus.DUE, slots.c.due_at > now)


def _free(now: datetime) -> ColumnElement[bool]:
    # No lease and no rest is longer than a day: one that is was given while a clock was wrong.
    until = slots.c.lease_until
    unleased = or_(until.is_(None), until <= now, until > now + timedelta(days=1))
    return and_(slots.c.status.in_(_OPEN), unleased)


def _records(connection: Connection, where: ColumnElement[bool]) -> tuple[SlotRecord, ...]:
    query = select(slots).where(where).order_by(slots.c.due_at, slots.c.slot, slots.c.job)
    return tuple(_record(row) for row in connection.execute(query))


def _record(row: Row[tuple[object, ...]]) -> SlotRecord:
    return SlotRecord(
        job=row.job,
        name=row.slot,
        due_at=row.due_at,
        status=row.status,
        owner=row.owner,
        lease_until=row.lease_until,
        finished_at=row.finished_at,
        outcome=row.outcome,
    )
