"""Writing outcomes down: each delivery to the state that its event leads to, and the batch's counts with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from sqlalchemy import Connection, Dialect, bindparam, func, update
from sqlalchemy.dialects import sqlite

from newsletter.db.schema import batches, deliveries
from newsletter.db.statuses import BatchStatus, DeliveryStatus
from newsletter.delivery.holds import Hold, leave_batch, of_batch
from newsletter.delivery.states import FINAL, TRANSITIONS, Event, Outcome, sources_of, target_of

_MOVE = (
    update(deliveries)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id.in_(bindparam("b_readers", expanding=True)),
        deliveries.c.status == bindparam("b_source"),
    )
    .values(
        status=bindparam("b_target"),
        attempts=deliveries.c.attempts + bindparam("b_tries"),
        at=bindparam("b_at"),
        code=bindparam("b_code"),
        provider_id=bindparam("b_provider"),
    )
)
_MOVE_ONE = (
    update(deliveries)
    .where(
        deliveries.c.issue_id == bindparam("b_issue"),
        deliveries.c.reader_id == bindparam("b_reader"),
        deliveries.c.status == bindparam("b_source"),
    )
    .values(
        status=bindparam("b_target"),
        attempts=deliveries.c.attempts + bindparam("b_tries"),
        at=bindparam("b_at"),
        code=bindparam("b_code"),
        provider_id=bindparam("b_provider"),
    )
)
_COUNT = (
    update(batches)
    .where(batches.c.id == bindparam("b_batch"))
    .values(
        {status.value: batches.c[status.value] + bindparam(f"b_{status.value}") for status in sorted(FINAL)}
    )
)
_REST = (
    update(batches)
    .where(batches.c.id == bindparam("b_batch"))
    .values(retry_at=func.coalesce(batches.c.retry_at, bindparam("b_until", type_=batches.c.retry_at.type)))
)


def record(
    connection: Connection,
    hold: Hold,
    outcomes: Iterable[Outcome],
    now: datetime,
    *,
    was: DeliveryStatus | None = None,
) -> None:
    """Apply each outcome to its delivery where it can happen, and count what became final on the batch.

    `was` says in which state the deliveries must be; None: the one that the sender itself left them in.
    """
    changes = dict.fromkeys(FINAL, 0)
    for (event, code), group in groupby(sorted(outcomes, key=_alike), key=_alike):
        source = was or (DeliveryStatus.PENDING if event in _OF_PENDING else DeliveryStatus.BEGUN)
        moved = _move(connection, hold.issue_id, source, event, code, tuple(group), now)
        target = TRANSITIONS[source, event]
        for status, count in ((source, -moved), (target, moved)):
            if status in FINAL:
                changes[status] += count
    _count_on_batch(connection, hold.batch_id, changes)


def let_rest(connection: Connection, hold: Hold, outcomes: Sequence[Outcome], retry_at: datetime) -> None:
    """Whoever is deferred in these waits until `retry_at`, also where the batch changes hands before it is through."""
    if any(each.event is Event.DEFER for each in outcomes):
        connection.execute(_REST, {"b_batch": hold.batch_id, "b_until": retry_at})


def _alike(outcome: Outcome) -> tuple[Event, str]:
    return outcome.event, outcome.code


_OF_PENDING = (Event.BEGIN, Event.SKIP)


def _count_on_batch(connection: Connection, batch_id: int, changes: dict[DeliveryStatus, int]) -> None:
    """Add to the batch's counts of what is final."""
    if any(changes.values()):
        counts = {f"b_{status.value}": changes.get(status, 0) for status in FINAL}
        connection.execute(_COUNT, {"b_batch": batch_id, **counts})


def _move(
    connection: Connection,
    issue_id: int,
    source: DeliveryStatus,
    event: Event,
    code: str,
    outcomes: Sequence[Outcome],
    now: datetime,
) -> int:
    """One event and code for many deliveries, in one statement; returns for how many it could happen."""
    values = {
        "b_issue": issue_id,
        "b_source": source,
        "b_target": TRANSITIONS[source, event],
        "b_tries": 1 if event in (Event.DEFER, Event.GIVE_UP) else 0,
        "b_at": now,
        "b_code": code or None,
    }
    provider_ids = {each.provider_id for each in outcomes}
    if len(provider_ids) > 1:
        return _move_one_by_one(connection, values, outcomes)
    values |= {"b_provider": provider_ids.pop() or None, "b_readers": [each.reader_id for each in outcomes]}
    return connection.execute(_MOVE, values).rowcount


def _move_one_by_one(
    connection: Connection, values: Mapping[str, object], outcomes: Sequence[Outcome]
) -> int:
    """The same for those of whom each has a provider's id of their own: most of every issue.

    The values that they share are put into the driver's form once: through Core it takes three times as long.
    """
    dialect = connection.dialect
    shared = {
        **values,
        "b_source": str(values["b_source"]),
        "b_target": str(values["b_target"]),
        "b_at": _driver_form(dialect, values["b_at"]),
    }
    rows = [
        {**shared, "b_reader": each.reader_id, "b_provider": each.provider_id or None} for each in outcomes
    ]
    return connection.exec_driver_sql(_driver_words(dialect), rows).rowcount


@lru_cache(maxsize=8)
def _driver_words(dialect: Dialect) -> str:
    # SQLite's driver takes names as well as places; the other one takes nothing but names.
    named = sqlite.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect
    return str(_MOVE_ONE.compile(dialect=named))


def _driver_form(dialect: Dialect, value: object) -> object:
    process = deliveries.c.at.type.dialect_impl(dialect).bind_processor(dialect)
    return value if process is None else process(value)


def cancel_batch(connection: Connection, hold: Hold, now: datetime) -> int:
    """Skip whoever of the batch still waits, and close it; returns how many. Its issue was cancelled."""
    skipped = 0
    for status in sources_of(Event.SKIP):
        waiting = update(deliveries).where(*of_batch(hold, status))
        values = {"status": target_of(Event.SKIP), "at": now, "code": "cancelled"}
        skipped += connection.execute(waiting.values(values)).rowcount
    _count_on_batch(connection, hold.batch_id, {DeliveryStatus.SKIPPED: skipped})
    leave_batch(connection, hold, None, status=BatchStatus.DONE)
    return skipped
