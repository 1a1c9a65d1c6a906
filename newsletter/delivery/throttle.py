"""How many messages may leave in a second, minute, hour or day: in all, to one domain, and while warming up.

What was used is kept in the database, in the commit that begins a window: so the limits hold over restarts and for
all senders together. Time is cut into whole seconds, minutes, hours and days (UTC); a limit is for each of them.
"""

import random
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, case, select, update

from newsletter.clock import Clock
from newsletter.config import SEND_LIMIT
from newsletter.db.engine import insert_into
from newsletter.db.schema import quotas
from newsletter.delivery.bounces.parse import POLICY_SUBJECTS
from newsletter.delivery.progress import Counts
from newsletter.delivery.states import Event
from newsletter.errors import ConfigError, SendError

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
    """Read a limit such as "500/hour" or "gmail.com 100/minute"; raises ConfigError."""
    found = SEND_LIMIT.fullmatch(text.strip().lower())
    if found is None:
        words = (
            f'{setting} has {text!r}, but a limit such as "500/hour" or "gmail.com 100/minute" was expected'
        )
        raise ConfigError(words, setting=setting)
    return Limit(count=int(found["count"]), period=_PERIODS[found["period"]], domain=found["domain"] or "")


def parse_warm_up(day: str, first: int, *, setting: str) -> WarmUp | None:
    """Read a warm-up from a day on, "2026-11-26"; None for no day; raises ConfigError."""
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
        """Yield of each address, in order, whether it may begin."""
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
        """Return the limits that hold at this moment."""
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
        """Return what may begin now, at most `most`; other senders wait until this transaction ends."""
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
        """Return when the first of the domains that have had their share may have more."""
        ends: dict[str, datetime] = {}
        for limit, left in rest.items():
            if limit.domain and not left:
                ends[limit.domain] = max(ends.get(limit.domain, now), _end(now, limit.period))
        return min(ends.values(), default=now)

    def use(self, connection: Connection, addresses: Iterable[str], now: datetime) -> None:
        """Count what begins."""
        for limit, count in self._shares(addresses, now):
            scope, seconds = self._key(limit)
            row = {
                "scope": scope,
                "seconds": seconds,
                "begins_at": _beginning(now, limit.period),
                "used": count,
            }
            new = insert_into(quotas, connection.dialect.name).values(row)
            same = quotas.c.begins_at == new.excluded.begins_at
            used = case((same, quotas.c.used + new.excluded.used), else_=new.excluded.used)
            changed = {"begins_at": new.excluded.begins_at, "used": used}
            connection.execute(new.on_conflict_do_update(index_elements=["scope", "seconds"], set_=changed))

    def give_back(self, connection: Connection, addresses: Iterable[str], begun_at: datetime) -> None:
        """Take back what was counted for messages that were begun and never left; a period that is over stays as it is."""
        for limit, count in self._shares(addresses, begun_at):
            scope, seconds = self._key(limit)
            same = (quotas.c.scope == scope, quotas.c.seconds == seconds)
            still = quotas.c.begins_at == _beginning(begun_at, limit.period)
            rest = case((quotas.c.used > count, quotas.c.used - count), else_=0)
            connection.execute(update(quotas).where(*same, still).values(used=rest))

    def _shares(self, addresses: Iterable[str], now: datetime) -> Iterator[tuple[Limit, int]]:
        """Yield how many of the addresses each limit counts."""
        limits = {self._key(limit): limit for limit in self.limits_at(now)}
        if not limits:
            return
        by_domain = Counter(_domain(address) for address in addresses)
        for limit in limits.values():
            count = by_domain[limit.domain] if limit.domain else by_domain.total()
            if count:
                yield limit, count

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
    """Return when the second, minute, hour or day began that `now` is in."""
    return now - (now - _EPOCH) % period


def _end(now: datetime, period: timedelta) -> datetime:
    return _beginning(now, period) + period


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


# When too much of an issue is refused or lost sight of, or too many complain, to go on without a person. No database.

#: Fewer say nothing of the issue as a whole.
_REFUSALS, _UNSURE, _COMPLAINTS = 50, 20, 5

#: Who goes first: until one of them was taken, nobody else is tried. So many refusals say enough where nearly all were refused.
FIRST = 5
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRules:
    """The largest shares at which an issue still goes on, from 0 to 1; 0 for no limit.

    Counted from a sender's beginning: whoever resumed the issue knew what was before.
    """

    rejected: float = 0.0
    unsure: float = 0.0
    complained: float = 0.0

    def reason_to_pause(self, before: Counts, now: Counts, complaints: int) -> str:
        """Return why the issue must not go on, in words; empty while it may. `complaints` came since `before`."""
        refused = now.rejected - before.rejected
        done = refused + now.accepted - before.accepted
        lost, tried = now.unsure - before.unsure, done + now.unsure - before.unsure
        fewest = FIRST if refused >= _NEARLY_ALL * done else _REFUSALS
        if self.rejected and refused >= fewest and refused > self.rejected * done:
            return f"{refused:,} of {done:,} messages were refused for good, which is too many to go on"
        if self.unsure and lost >= _UNSURE and lost > self.unsure * tried:
            return f"{lost:,} of {tried:,} messages left and nobody said whether they were taken, which is too many to go on"
        # Who complains got the issue earlier, perhaps from a sender before this one.
        if self.complained and complaints >= _COMPLAINTS and complaints > self.complained * now.accepted:
            return f"{complaints:,} of {now.accepted:,} readers complained, which is too many to go on"
        return ""


# How long to wait before trying again: a message that was deferred, a server that does not answer.

_FIRST_REST, _LONGEST_REST = timedelta(seconds=0.1), timedelta(minutes=5)

#: So many messages put off in a row, to so many domains: a domain that has enough of us speaks for itself only.
_IN_A_ROW, _DOMAINS = 20, 4

#: The sender's address, too large for the server, no login (RFC 3463, RFC 4954); the mailbox after all (RFC 7504, IANA's registry).
_ABOUT_SENDER = frozenset({"5.1.7", "5.1.8", "5.3.4", "530", "535", "554"})
_ABOUT_MAILBOX = frozenset({"5.6.7", "5.7.13", "5.7.17"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a deferred message is tried in all, and how long it rests between two tries."""

    attempts: int = 6
    first: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=2)

    def next_try(self, passes: int, now: datetime) -> datetime:
        """Return when a batch is tried again that was put off `passes` times before."""
        return now + _jittered(min(self.longest, self.first * 2 ** min(passes, 20)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a sender waits for, in words, since when, and until when."""

    words: str
    since: datetime
    until: datetime


def is_about_us(code: str) -> bool:
    """Return whether a refusal's code is about the sender, its rights or the message, and not about one mailbox."""
    return (code.startswith(POLICY_SUBJECTS) and code not in _ABOUT_MAILBOX) or code in _ABOUT_SENDER


class Breaker:
    """Keeps all workers of a sender away from a server in trouble, burning nobody's attempts. Shared by threads.

    After a failure everybody rests, twice as long each time; then one message tries, and its success lets all on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until: datetime | None = None
        #: The same by a clock that nobody sets.
        self._rests_until_then = 0.0
        self._words = ""
        self._limit: Wait | None = None
        self._since: datetime | None = None
        #: Messages put off since the last one that was not, and their domains.
        self._put_off, self._domains = 0, set[str]()
        #: Whether the server has taken a message of this sender, and the codes of what it refused before that.
        self.has_taken = False
        self._refused = Counter[str]()

    def note_limit(self, limit: str, until: datetime) -> None:
        """Note that a worker waits because a limit of ours is used up."""
        words, known = f"the limit of {limit} is used up", self._limit
        same = known is not None and (known.words, known.until) == (words, until)
        if not same:
            self._limit = Wait(words=words, since=self._clock.now(), until=until)

    def trip(self, error: SendError) -> None:
        """Note that a worker failed: everybody rests."""
        with self._lock:
            if self.rest:
                return
            self._failures += 1
            self._since = self._since or self._clock.now()
            rest = _jittered(min(_LONGEST_REST, _FIRST_REST * 2 ** min(self._failures - 1, 20)))
            rest = max(rest, error.retry_after or rest)
            self._rests_until = self._clock.now() + rest
            self._rests_until_then = self._clock.monotonic() + rest.total_seconds()
            self._words = str(error)

    def note(self, event: Event, address: str, code: str = "") -> None:
        """Note an answer. A server that takes or refuses a message is at work; one that puts all off is not."""
        if event in (Event.ACCEPT, Event.REJECT):
            self.close()
            if event is Event.ACCEPT:
                self.has_taken = True
            elif not self.has_taken:
                with self._lock:
                    self._refused[code] += 1
        elif event in (Event.DEFER, Event.GIVE_UP):
            with self._lock:
                self._put_off += 1
                self._domains.add(_domain(address))

    @property
    def puts_everybody_off(self) -> bool:
        """Whether it is no longer about the readers: to go on would cost every one of them a try."""
        return self._put_off >= _IN_A_ROW and len(self._domains) >= _DOMAINS

    def refuses_everybody(self, readers: int) -> str:
        """Say so in words once it holds of the first, of an issue that goes to `readers`; empty where it does not.

        Of fewer than the first only a refusal of us counts: two addresses may well be dead.
        """
        with self._lock:
            codes, refused = [code for code, _ in self._refused.most_common()], self._refused.total()
            ours = any(is_about_us(code) for code in codes)
            if self.has_taken or refused < (min(FIRST, readers) if ours else FIRST):
                return ""
        said = ", ".join(code for code in codes if code)
        first = "the first message was" if refused == 1 else f"all of the first {refused:,} messages were"
        words = f"{first} refused for good" + (f" ({said})" if said else "")
        if ours:
            return f"{words}, which is about what is sent or who sends it, and not about the readers: they wait, and get it once the server takes it"
        return f"{words}, which is too many to go on"

    def close(self) -> None:
        """Note that a message was answered: the server is back."""
        if self._failures or self._put_off:
            with self._lock:
                self._failures, self._rests_until, self._words, self._since = 0, None, "", None
                self._put_off, self._domains = 0, set()

    @property
    def rest(self) -> timedelta:
        """How long everybody still rests."""
        if self._rests_until is None:
            return timedelta(0)
        return timedelta(seconds=max(0.0, self._rests_until_then - self._clock.monotonic()))

    @property
    def trouble(self) -> Wait | None:
        """What keeps everybody from sending; None while nothing does."""
        words, since, until, limit = self._words, self._since, self._rests_until, self._limit
        if words and since is not None and until is not None:
            return Wait(words=words, since=since, until=until)
        return limit if limit is not None and limit.until > self._clock.now() else None


def _jittered(duration: timedelta) -> timedelta:
    """Return it up to a quarter shorter or longer: those who failed together must not come back together."""
    return duration * random.uniform(0.75, 1.25)
