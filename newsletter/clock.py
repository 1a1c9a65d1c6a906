"""The only reader of the time. Everything that needs "now" takes a `Clock`."""

import time as _time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the program needs of time: aware UTC datetimes, a monotonic count, and waiting."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, duration: timedelta) -> None: ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return _time.monotonic()

    def sleep(self, duration: timedelta) -> None:
        _time.sleep(max(0.0, duration.total_seconds()))


class MovedClock:
    """A clock that stands where it is put and moves when somebody sleeps: simulations and tests."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("MovedClock needs an aware datetime")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, duration: timedelta) -> None:
        self.move(duration)

    def move(self, duration: timedelta) -> None:
        self._now += duration
        self._monotonic += duration.total_seconds()
