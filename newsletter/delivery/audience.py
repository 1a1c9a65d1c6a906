"""Whom an issue goes to: the rule, as a query to freeze by and as a check to repeat before every window."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)

from newsletter.db.schema import readers
from newsletter.db.statuses import Edition, ReaderStatus

#: Turns a reader's `address_key` into the hash under which the suppression list knows it.
AddressHash = Callable[[str], str]


def audience(edition: Edition, today: date) -> Select[tuple[int]]:
    """Return the ids of the readers that an issue of this edition may go to today.

    The suppression list knows keyed hashes only, so it is not asked here but before every window.
    """
    return select(readers.c.id).where(
        # Written out, not bound: only so can SQLite see that the index of those who may receive holds all it needs.
        readers.c.status == bindparam(None, ReaderStatus.ACTIVE, readers.c.status.type, literal_execute=True),
        readers.c.edition == edition,
        or_(readers.c.paused_until.is_(None), readers.c.paused_until <= today),
    )


#: Why a reader of the frozen audience may not receive the issue any more, in the words of their status or "paused";
#: NULL if they may. Asked of the database with `b_today`: read in Python, it would cost each reader two conversions.
SKIP_REASON = case(
    (readers.c.status != ReaderStatus.ACTIVE, type_coerce(readers.c.status, String)),
    (readers.c.paused_until > bindparam("b_today", type_=readers.c.paused_until.type), literal("paused")),
).label("skip_reason")


# ── send time: readers who want the issue at an hour of their own day wait for it ──────────────────────


def split_by_send_time(
    connection: Connection, audience: Select[tuple[int]], now: datetime, zone: str
) -> list[tuple[datetime | None, Select[tuple[int]]]]:
    """Return the audience in parts by when they get it: first those who get it now (None), then by the moment.

    The hour is one of the day that it is now where the reader is; `zone` is for readers who named none. An hour that
    has begun or is past means now.
    """
    columns = (readers.c.time_zone, readers.c.send_hour)
    chosen = audience.with_only_columns(*columns).where(readers.c.send_hour.is_not(None)).distinct()
    later: dict[datetime, list[ColumnElement[bool]]] = {}
    for time_zone, hour in connection.execute(chosen):
        at = local_hour(now, time_zone or zone, hour)
        if at > now:
            chose_it = and_(readers.c.time_zone == time_zone, readers.c.send_hour == hour)
            later.setdefault(at, []).append(chose_it)
    if not later:
        return [(None, audience)]
    waiting = or_(*(each for group in later.values() for each in group))
    at_once = audience.where(or_(readers.c.send_hour.is_(None), not_(waiting)))
    return [(None, at_once), *((at, audience.where(or_(*later[at]))) for at in sorted(later))]


def local_hour(now: datetime, zone: str, hour: int) -> datetime:
    """Return the moment at which it is that hour in the zone, on the day that it is there now.

    In spring an hour that is left out comes when the clock goes on; in autumn the first of the two counts.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return now
    local = now.astimezone(there).replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return local.astimezone(now.tzinfo)
