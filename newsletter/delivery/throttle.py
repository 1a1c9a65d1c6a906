"""How many messages may leave in a second, minute, hour or day: in all, to one domain, and while warming up.

What was used is kept in the database, in the commit that begins a window: so the limits hold over restarts and for
all senders together. Time is cut into whole seconds, minutes, hours and days (UTC); a limit is for each of them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, case, select, update

from newsletter.config import SEND_LIMIT
from newsletter.db.conflicts import insert_into
from newsletter.db.schema import quotas
from newsletter.errors import ConfigError

_PERIODS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Messages of each day of a warm-up, beside those of the day before.
WARM_UP_GROWTH = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many messages in each `period`; to `domain`, or to all of them where it is empty."""

    count: int
    period: timedelta
    domain: str = ""

    def __str__(self) -> str:
        period = next(name for name, length in _PERIODS.items() if length == self.period)
        return f"{self.domain} {self.count}/{period}".lstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """A new sending address earns trust by sending little at first, and each day half as much again."""

    starts_on: date
    first: int

    def limit(self, today: date) -> Limit:
        days = max(0, (today - self.starts_on).days)
        # Beyond a hundred days nobody counts any more.
        return Limit(count=int(self.first * WARM_UP_GROWTH ** min(days, 100)), period=_PERIODS["day"])


def parse_limit(text: str, *, setting: str) -> Limit:
    """ "500/hour" or "gmail.com 100/minute"; raises ConfigError."""
    found = SEND_LIMIT.fullmatch(text.strip().lower())
    if found is None:
        words = (
            f'{setting} has {text!r}, but a limit such as "500/hour" or "gmail.com 100/minute" was expected'
        )
        raise ConfigError(words, setting=setting)
    return Limit(count=int(found["count"]), period=_PERIODS[found["period"]], domain=found["domain"] or "")


def parse_warm_up(day: str, first: int, *, setting: str) -> WarmUp | None:
    """A warm-up from a day on, "2026-11-26"; None for no day; raises ConfigError."""
    if not day:
        return None
    try:
        return WarmUp(starts_on=date.fromisoformat(day), first=max(1, first))
    except ValueError as error:
        words = f"{setting} is {day!r}, but a day such as 2026-11-26 was expected"
        raise ConfigError(words, setting=setting) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What may begin now: `left` in all and by domain; `until` says when more may, `reason` which limit it is."""

    left: int
    until: datetime
    reason: str
    domains: dict[str, int]
    domains_until: datetime

    def choose(self, addresses: Iterable[str]) -> Iterator[bool]:
        """Which of these may begin, in order."""
        left, domains = self.left, dict(self.domains)
        if not domains:
            yield from (position < left for position, _ in enumerate(addresses))
            return
        for address in addresses:
            domain = _domain(address)
            may = left > 0 and domains.get(domain, 1) > 0
            if may:
                left -= 1
                domains[domain] = domains.get(domain, left + 2) - 1
            yield may


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The limits of one transport."""

    transport: str
    limits: tuple[Limit, ...] = ()
    warm_up: WarmUp | None = None

    def limits_at(self, now: datetime) -> tuple[Limit, ...]:
        """Those that hold at this moment."""
        return (*self.limits, *((self.warm_up.limit(now.date()),) if self.warm_up else ()))

    def prepare(self, connection: Connection, now: datetime) -> None:
        """Make the rows on which senders wait for each other."""
        for limit in self.limits_at(now):
            scope, seconds = self._key(limit)
            row = {"scope": scope, "seconds": seconds, "begins_at": _beginning(now, limit.period), "used": 0}
            connection.execute(
                insert_into(quotas, connection.dialect.name).values(row).on_conflict_do_nothing()
            )

    def permit(self, connection: Connection, now: datetime, most: int) -> Permit:
        """What may begin now, at most `most`; other senders wait until this transaction ends."""
        limits = self.limits_at(now)
        used = self._used(connection, limits, now) if limits else {}
        rest = {limit: max(0, limit.count - used[limit]) for limit in limits}
        for_all = [limit for limit in limits if not limit.domain]
        for_some = [limit for limit in limits if limit.domain]
        domains = {
            limit.domain: min(rest[each] for each in for_some if each.domain == limit.domain)
            for limit in for_some
        }
        # Of several that are used up, the last to end says when more may begin.
        narrowest = max(for_all, key=lambda each: (-rest[each], _end(now, each.period)), default=None)
        return Permit(
            left=min([most, *(rest[limit] for limit in for_all)]),
            until=_end(now, narrowest.period) if narrowest else now,
            reason=str(narrowest) if narrowest else "",
            domains=domains,
            domains_until=self._first_opening(rest, now),
        )

    def _first_opening(self, rest: Mapping[Limit, int], now: datetime) -> datetime:
        """When the first of the domains that have had their share may have more."""
        ends: dict[str, datetime] = {}
        for limit, left in rest.items():
            if limit.domain and not left:
                ends[limit.domain] = max(ends.get(limit.domain, now), _end(now, limit.period))
        return min(ends.values(), default=now)

    def use(self, connection: Connection, addresses: Iterable[str], now: datetime) -> None:
        """Count what begins."""
        for limit, count in self._shares(addresses, now):
            self._add(connection, limit, count, now)

    def give_back(self, connection: Connection, addresses: Iterable[str], begun_at: datetime) -> None:
        """Take back what was counted for messages that were begun and never left; a period that is over stays as it is."""
        for limit, count in self._shares(addresses, begun_at):
            scope, seconds = self._key(limit)
            same = (quotas.c.scope == scope, quotas.c.seconds == seconds)
            still = quotas.c.begins_at == _beginning(begun_at, limit.period)
            rest = case((quotas.c.used > count, quotas.c.used - count), else_=0)
            connection.execute(update(quotas).where(*same, still).values(used=rest))

    def _shares(self, addresses: Iterable[str], now: datetime) -> Iterator[tuple[Limit, int]]:
        """How many of the addresses each limit counts."""
        limits = {self._key(limit): limit for limit in self.limits_at(now)}
        if not limits:
            return
        by_domain = Counter(_domain(address) for address in addresses)
        for limit in limits.values():
            count = by_domain[limit.domain] if limit.domain else by_domain.total()
            if count:
                yield limit, count

    def _add(self, connection: Connection, limit: Limit, count: int, now: datetime) -> None:
        scope, seconds = self._key(limit)
        row = {"scope": scope, "seconds": seconds, "begins_at": _beginning(now, limit.period), "used": count}
        new = insert_into(quotas, connection.dialect.name).values(row)
        same = quotas.c.begins_at == new.excluded.begins_at
        used = case((same, quotas.c.used + new.excluded.used), else_=new.excluded.used)
        changed = {"begins_at": new.excluded.begins_at, "used": used}
        connection.execute(new.on_conflict_do_update(index_elements=["scope", "seconds"], set_=changed))

    def _used(self, connection: Connection, limits: Collection[Limit], now: datetime) -> dict[Limit, int]:
        scopes = {self._key(limit)[0] for limit in limits}
        rows = connection.execute(select(quotas).where(quotas.c.scope.in_(scopes)).with_for_update())
        found = {((row.scope, row.seconds), row.begins_at): row.used for row in rows}
        return {limit: found.get((self._key(limit), _beginning(now, limit.period)), 0) for limit in limits}

    def _key(self, limit: Limit) -> tuple[str, int]:
        scope = f"{self.transport}:{limit.domain}" if limit.domain else self.transport
        return scope, int(limit.period.total_seconds())


#: No limits at all.
UNLIMITED = Throttle(transport="")


def _beginning(now: datetime, period: timedelta) -> datetime:
    """When the second, minute, hour or day began that `now` is in."""
    return now - (now - _EPOCH) % period


def _end(now: datetime, period: timedelta) -> datetime:
    return _beginning(now, period) + period


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
