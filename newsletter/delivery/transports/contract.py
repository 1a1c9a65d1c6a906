"""What every transport is: to the sender a `Transport` with its sessions, to everybody else its entry in the table.

A session sends one window after the other and tells the outcome of every message it started, whatever happens;
only trouble that is nobody's in particular (no connection, wrong password) is raised, as `SendError`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from newsletter.clock import Clock
from newsletter.config import Section, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.db.engine import Database
    from newsletter.delivery.ledger import Recipient
    from newsletter.delivery.message import Mailing
    from newsletter.delivery.states import Outcome
    from newsletter.delivery.transports.webhook import ProviderEvent

#: Said before the first body byte of these recipients' message leaves; raises if nothing may be sent.
Started = Callable[[Sequence["Recipient"]], None]


class Session(Protocol):
    """One connection, or what stands for one; used by one thread."""

    def send(
        self, recipients: Iterable["Recipient"], mailing: "Mailing", started: Started
    ) -> Iterator["Outcome"]:
        """Send to each recipient; yields one outcome for each that was started, as soon as it is known.

        A recipient without an outcome was not started. Raises SendError when no more can be sent now: the
        outcomes of all that was started come first.
        """
        ...

    def close(self) -> None:
        """End the connection; never raises."""
        ...

    def cut_off(self) -> None:
        """End a connection that waits for the server, from another thread and for good; never raises.

        What had left without an answer is lost sight of. Where each wait is short anyway, nothing need be done.
        """
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

    @property
    def one_answer(self) -> bool:
        """Whether one answer is for a whole window: where it is lost, so is sight of everybody in it."""
        ...

    def open(self) -> Session:
        """Return a session of one's own; it connects when it first sends."""
        ...


#: The headers of a post to a webhook, by names in lower case, and its body; returns whether the provider signed it.
Verifier = Callable[[Mapping[str, str], bytes], bool]


class Entry(ABC):
    """A transport in the table: its settings, its checks, and how it is made. Its folder subclasses this.

    Importing it costs next to nothing: what sends is imported by `make`, since a provider's package may take long.
    """

    #: As in the settings; also the name of its section and the last part of its webhook's path.
    name: ClassVar[str]
    #: As people write it.
    title: ClassVar[str]
    #: The class of its section in newsletter.toml.
    settings: ClassVar[type[Section] | None] = None
    #: Whether mail stays on this machine, in the folder of paths.outbox.
    is_local: ClassVar[bool] = False

    def missing(self, settings: Settings) -> tuple[str, str] | None:
        """Return the setting without which nothing can be sent this way, and a sentence; None: nothing is missing."""
        return None

    @abstractmethod
    def make(self, settings: Settings, clock: Clock, database: "Database | None" = None) -> Transport:
        """Return the transport of the settings; what it learns of its server is kept in the database."""

    def make_for_alerts(
        self, settings: Settings, clock: Clock, database: "Database | None" = None
    ) -> Transport:
        """Return the transport of alerts, where alerts.transport names this one."""
        return self.make(settings, clock, database)

    def describe_server(
        self, settings: Settings, connection: "Connection"
    ) -> tuple[str, list[tuple[str, str]]]:
        """Return what to call the server, and what is known of it, as names and words; none where nothing is."""
        return "", []

    def is_on_loopback(self, settings: Settings) -> bool:
        """Return whether the server is this machine."""
        return False

    def undelivered(self, settings: Settings) -> str:
        """Say why nothing that goes this way reaches anybody, for a sentence; empty: it is delivered."""
        return ""

    def return_path(self, settings: Settings) -> str:
        """Return the address that gets bounces of what goes this way; empty: mail.from_address."""
        return ""

    # The provider's webhook, where it has one.

    #: Octets of a post to the webhook, at most; 0: there is no webhook.
    webhook_limit: ClassVar[int] = 0
    #: The setting of the key that proves who posts.
    webhook_setting: ClassVar[str] = ""
    #: Headers without which a post is refused before its body is read.
    webhook_headers: ClassVar[tuple[str, ...]] = ()

    def has_webhook_key(self, settings: Settings) -> bool:
        """Return whether the settings let anybody post."""
        return False

    def verifier(self, settings: Settings) -> Verifier:
        """Return what tells a post of the provider from anybody else's; raises ConfigError for a key that is none."""
        raise NotImplementedError

    def signed_at(self, headers: Mapping[str, str]) -> datetime | None:
        """Return when the provider signed a post, as its headers say; None where they say nothing readable."""
        return None

    def webhook_max_age(self, settings: Settings) -> timedelta:
        """Return how old a post may be: longer than the provider tries, shorter than its events' ids are kept."""
        return timedelta(days=2)

    def read_events(self, body: bytes) -> Sequence["ProviderEvent"]:
        """Return the events of a post, in its order; raises Unreadable where there are none to be found."""
        raise NotImplementedError
