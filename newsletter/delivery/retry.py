"""How long to wait before trying again: a message that was deferred, a server that does not answer."""

import random
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.clock import Clock
from newsletter.delivery.states import Event
from newsletter.errors import SendError

_FIRST_REST, _LONGEST_REST = timedelta(seconds=0.1), timedelta(minutes=5)

#: So many messages put off in a row, to so many domains: a domain that has enough of us speaks for itself only.
_IN_A_ROW, _DOMAINS = 20, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a deferred message is tried in all, and how long it rests between two tries."""

    attempts: int = 6
    first: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=2)

    def next_try(self, passes: int, now: datetime) -> datetime:
        """When a batch is tried again that was put off `passes` times before."""
        return now + _jittered(min(self.longest, self.first * 2 ** min(passes, 20)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a sender waits for, in words, since when, and until when."""

    words: str
    since: datetime
    until: datetime


class Breaker:
    """Keeps all workers of a sender away from a server in trouble, burning nobody's attempts. Shared by threads.

    After a failure everybody rests, twice as long each time; then one message tries, and its success lets all on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until: datetime | None = None
        self._words = ""
        self._limit: Wait | None = None
        self._since: datetime | None = None
        #: Messages put off since the last one that was not, and their domains.
        self._put_off, self._domains = 0, set[str]()

    def note_limit(self, limit: str, until: datetime) -> None:
        """A worker waits because a limit of ours is used up."""
        words, known = f"the limit of {limit} is used up", self._limit
        same = known is not None and (known.words, known.until) == (words, until)
        if not same:
            self._limit = Wait(words=words, since=self._clock.now(), until=until)

    def trip(self, error: SendError) -> None:
        """A worker failed: everybody rests."""
        with self._lock:
            if self._rests_until is not None and self._clock.now() < self._rests_until:
                return
            self._failures += 1
            self._since = self._since or self._clock.now()
            rest = _jittered(min(_LONGEST_REST, _FIRST_REST * 2 ** min(self._failures - 1, 20)))
            self._rests_until = self._clock.now() + max(rest, error.retry_after or rest)
            self._words = str(error)

    def note(self, event: Event, address: str) -> None:
        """How a message was answered. A server that takes or refuses one is at work; one that puts all off is not."""
        if event in (Event.ACCEPT, Event.REJECT):
            self.close()
        elif event in (Event.DEFER, Event.GIVE_UP):
            with self._lock:
                self._put_off += 1
                self._domains.add(address.rpartition("@")[2])

    @property
    def puts_everybody_off(self) -> bool:
        """Whether it is no longer about the readers: to go on would cost every one of them a try."""
        return self._put_off >= _IN_A_ROW and len(self._domains) >= _DOMAINS

    def close(self) -> None:
        """A message was answered: the server is back."""
        if self._failures or self._put_off:
            with self._lock:
                self._failures, self._rests_until, self._words, self._since = 0, None, "", None
                self._put_off, self._domains = 0, set()

    @property
    def rest(self) -> timedelta:
        """How long everybody still rests."""
        until = self._rests_until
        return max(timedelta(0), until - self._clock.now()) if until else timedelta(0)

    @property
    def trouble(self) -> "Wait | None":
        """What keeps everybody from sending; None while nothing does."""
        words, since, until, limit = self._words, self._since, self._rests_until, self._limit
        if words and since is not None and until is not None:
            return Wait(words=words, since=since, until=until)
        return limit if limit is not None and limit.until > self._clock.now() else None


def _jittered(duration: timedelta) -> timedelta:
    """Up to a quarter shorter or longer, so that those who failed together do not come back together."""
    return duration * random.uniform(0.75, 1.25)
