"""How fast an issue goes out, from looks at its progress: messages a second, and the time that is left."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.delivery.progress import Progress

#: What a rate is taken over; older looks are forgotten.
_OVER = timedelta(seconds=20)
#: Looks nearer to each other say nothing new.
_APART = timedelta(milliseconds=400)


@dataclass(slots=True)
class Pace:
    """The last looks at one issue; one thread at a time."""

    _looks: deque[tuple[datetime, int]] = field(default_factory=deque)

    def note(self, progress: Progress, now: datetime) -> None:
        done = progress.readers - progress.open
        if self._looks and (now < self._looks[-1][0] or done < self._looks[-1][1]):
            self._looks.clear()
        if not self._looks or now - self._looks[-1][0] >= _APART:
            self._looks.append((now, done))
        while now - self._looks[0][0] > _OVER and len(self._looks) > 1:
            self._looks.popleft()

    @property
    def rate(self) -> float | None:
        """Readers done a second; None before there were two looks."""
        if len(self._looks) < 2:
            return None
        (begun_at, before), (ended_at, after) = self._looks[0], self._looks[-1]
        return (after - before) / (ended_at - begun_at).total_seconds()

    def left(self, progress: Progress) -> timedelta | None:
        """How long it still takes at this rate; None where nobody can know."""
        rate = self.rate
        return timedelta(seconds=progress.open / rate) if rate else None
