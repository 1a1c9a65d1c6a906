"""The steps of the protocol by name, so that a test can make a process die between any two of them."""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """A moment between two steps of a worker."""

    CLAIMED = "claimed"
    #: In the transaction of a window's beginning, before it is committed.
    WRITTEN = "written"
    BEGUN = "begun"
    CLEARED = "cleared"
    STARTED = "started"
    ANSWERED = "answered"
    NOTED = "noted"
    WINDOW_OVER = "window-over"
    TAKEN_OVER = "taken-over"


#: Called at every point; what it does in a test is the test's business.
Reach = Callable[[Point], None]


def pass_by(point: Point) -> None:
    """Outside tests nothing happens at a point."""
