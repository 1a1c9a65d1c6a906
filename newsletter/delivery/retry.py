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
        self._limit: tuple[str, datetime] | None = None
        #: Messages put off since the last one that was not, and their domains.
        self._put_off, self._domains = 0, set[str]()

    def note_limit(self, limit: str, until: datetime) -> None:
        """A worker waits because a limit of ours is used up."""
        self._limit = (f"the limit of {limit} is used up", until)

    def trip(self, error: SendError) -> None:
        """A worker failed: everybody rests."""
        with self._lock:
            if self._rests_until is not None and self._clock.now() < self._rests_until:
                return
            self._failures += 1
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
                self._failures, self._rests_until, self._words = 0, None, ""
                self._put_off, self._domains = 0, set()

    @property
    def rest(self) -> timedelta:
        """How long everybody still rests."""
        until = self._rests_until
        return max(timedelta(0), until - self._clock.now()) if until else timedelta(0)

    @property
    def trouble(self) -> tuple[str, datetime | None]:
        """What keeps everybody from sending, in words, and until when; empty while nothing does."""
        limit = self._limit
        if not self._words and limit is not None and limit[1] > self._clock.now():
            return limit
        return self._words, self._rests_until


def _jittered(duration: timedelta) -> timedelta:
    """Up to a quarter shorter or longer, so that those who failed together do not come back together."""
    return duration * random.uniform(0.75, 1.25)
