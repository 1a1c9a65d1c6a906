"""A wish to stop, by a signal or by anybody else, and who heeds it.

A signal's handler runs between any two steps of the main thread, perhaps while that holds a lock: waiting for one there, as
`threading.Event.set` does, would never end. So a handler only sets plain flags, and whoever works looks at them.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from newsletter.clock import Clock

#: Seconds within which several signals are one wish: a supervisor and its process group, or a program that passes them on.
_ONE_WISH = 1.0


@dataclass(slots=True)
class Stop:
    """Whether to begin nothing new, and whether not to wait for what has begun, either."""

    asked: bool = False
    at_once: bool = False


@contextmanager
def stopped_by_signals(stop: Stop, clock: Clock) -> Iterator[list[int]]:
    """Note SIGTERM and SIGINT in `stop` while the block runs, and yield those that came. For the main thread.

    One that follows more than a second after the first means "at once".
    """
    came: list[int] = []
    first = 0.0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal first
        first = first if came else clock.monotonic()
        came.append(number)
        stop.at_once = stop.at_once or clock.monotonic() - first > _ONE_WISH
        stop.asked = True

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
