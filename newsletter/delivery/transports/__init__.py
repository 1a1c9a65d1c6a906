"""What every way out is to the sender. The ways themselves are in outbox.py, smtp.py and sendgrid.py.

A session sends one window after the other and tells the outcome of every message it started, whatever happens;
only trouble that is nobody's in particular (no connection, wrong password) is raised, as `SendError`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Outcome

#: Said before the first body byte of these recipients' message leaves; raises if nothing may be sent.
Started = Callable[[Sequence[Recipient]], None]


class Session(Protocol):
    """One connection, or what stands for one; used by one thread."""

    def send(self, recipients: Iterable[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        """Send to each recipient; yields one outcome for each that was started, as soon as it is known.

        A recipient without an outcome was not started. Raises SendError when no more can be sent now: the
        outcomes of all that was started come first.
        """
        ...

    def close(self) -> None:
        """End the connection; never raises."""
        ...


class Transport(Protocol):
    """A way out."""

    @property
    def name(self) -> str:
        """As in the settings: "outbox", "smtp", "sendgrid"."""
        ...

    @property
    def connections(self) -> int:
        """Sessions used at once."""
        ...

    @property
    def window(self) -> int:
        """Most recipients of a window."""
        ...

    def open(self) -> Session:
        """A session of one's own; it connects when it first sends."""
        ...
