"""Local delivery time: readers who want the issue at an hour of their own day wait for it, everybody else does not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Connection, Select, and_, false, not_, or_

from newsletter.db.schema import readers

Wish = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The part of an audience whose hour is the same moment; None: now."""

    not_before: datetime | None
    members: Select[tuple[int]]


def waves(connection: Connection, audience: Select[tuple[int]], now: datetime, zone: str) -> tuple[Wave, ...]:
    """The audience in parts: first whoever gets it now, then by the moment. `zone` is for readers who named none.

    The hour is one of the day that it is now where the reader is. An hour that has begun or is past means now.
    """
    wish = (readers.c.time_zone, readers.c.send_hour)
    wishes = audience.with_only_columns(*wish).where(readers.c.send_hour.is_not(None)).distinct()
    later: dict[datetime, list[Wish]] = {}
    for time_zone, hour in connection.execute(wishes):
        at = local_hour(now, time_zone or zone, hour)
        if at > now:
            later.setdefault(at, []).append((time_zone, hour))
    waiting = or_(false(), *(_have(each) for each in _pairs(later.values())))
    at_once = or_(readers.c.send_hour.is_(None), not_(waiting)) if later else None
    first = audience if at_once is None else audience.where(at_once)
    return (
        Wave(not_before=None, members=first),
        *(
            Wave(not_before=at, members=audience.where(or_(*(_have(each) for each in later[at]))))
            for at in sorted(later)
        ),
    )


def local_hour(now: datetime, zone: str, hour: int) -> datetime:
    """The moment at which it is that hour in the zone, on the day that it is there now.

    In spring an hour that is left out comes when the clock goes on; in autumn the first of the two counts.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return now
    local = now.astimezone(there).replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return local.astimezone(now.tzinfo)


def _pairs(groups: Iterable[list[Wish]]) -> Iterator[Wish]:
    for group in groups:
        yield from group


def _have(wish: Wish) -> ColumnElement[bool]:
    return and_(readers.c.time_zone == wish[0], readers.c.send_hour == wish[1])
