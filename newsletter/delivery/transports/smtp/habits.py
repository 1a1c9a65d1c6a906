"""What a relay was seen to do, by its host: how far one may look ahead, how many messages a connection may carry, what it said
against us. Shared by the connections of a process, and kept in the database for the next one.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.exc import DBAPIError

from newsletter.clock import Clock, SystemClock
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import relays

log = logging.getLogger(__name__)

#: After so long a limit is tried anew: servers are replaced.
HOLDS = timedelta(days=30)


@dataclass(kw_only=True)
class Habits:
    """The habits of one relay. Used by several threads; without a database they are this process's own."""

    host: str = ""
    database: Database | None = None
    clock: Clock = field(default_factory=SystemClock)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _seen: dict[str, Any] = field(default_factory=dict, init=False)
    _is_loaded: bool = field(default=False, init=False)
    _is_trying: bool = field(default=False, init=False)

    @property
    def looks_ahead(self) -> bool | None:
        """Whether it takes what stands behind the end of a message in the same write; None: nobody knows."""
        known: bool | None = self._known("looks_ahead")
        return known

    @property
    def messages(self) -> int | None:
        """The most messages of a connection, where the relay has a limit of its own."""
        known: int | None = self._known("messages")
        return known

    @property
    def trouble(self) -> str:
        """What kept the last connection from being made, in words; empty: it was made."""
        return self._known("trouble") or ""

    def begin_trial(self) -> bool:
        """Return whether to find out if a connection takes what stands behind the end of a message.

        Each connection does, to a relay that was seen to take it; to one of which nothing is known only one at a time.
        """
        if (known := self.looks_ahead) is not None:
            return known
        with self._lock:
            is_first, self._is_trying = not self._is_trying, True
        return is_first

    def end_trial(self, takes_it: bool | None) -> None:
        """Note what was found out; None: nothing."""
        self._is_trying = False
        if takes_it is not None and takes_it is not self.looks_ahead:
            self._note("looks_ahead", takes_it)

    def note_messages(self, carried: int) -> None:
        """Note that the relay takes no more than so many messages over one connection."""
        if carried != self.messages:
            self._note("messages", carried)

    def note_trouble(self, words: str) -> None:
        """Note what kept a connection from being made, in words; empty: it was made."""
        if words != self.trouble:
            self._note("trouble", words)

    def _known(self, name: str) -> Any:
        if not self._is_loaded:
            self._load()
        value, at = self._seen.get(name), self._seen.get(f"{name}_at")
        is_current = at is not None and (name == "trouble" or self.clock.now() - at < HOLDS)
        return value if is_current else None

    def _load(self) -> None:
        self._is_loaded = True
        if self.database is not None:
            with self.database.read() as connection:
                self._seen.update(find_habits(connection, self.host) or {})

    def _note(self, name: str, value: object) -> None:
        now = self.clock.now()
        noted = {name: value, f"{name}_at": now}
        self._seen.update(noted)
        if self.database is None:
            return
        row = insert_into(relays, self.database.dialect).values(host=self.host, **noted)
        try:
            with self.database.write() as connection:
                connection.execute(row.on_conflict_do_update(index_elements=["host"], set_=noted))
        except DBAPIError as error:
            # It is found out again.
            log.warning("what %s does could not be noted: %s", self.host, error.orig)


def find_habits(connection: Connection, host: str) -> RowMapping | None:
    """Return what was noted of the relay, by the columns of its row; None for one that nobody has met."""
    row = connection.execute(select(relays).where(relays.c.host == host)).one_or_none()
    return None if row is None else row._mapping


def describe_habits(seen: RowMapping) -> list[tuple[str, str]]:
    """Return what was noted of a relay as words for `newsletter status`, each with its name."""
    said = []
    if seen["looks_ahead"] is not None:
        word = "full" if seen["looks_ahead"] else "within a message only"
        said.append(("pipelining", f"{word}, as seen on {seen['looks_ahead_at']:%Y-%m-%d}"))
    if seen["messages"] is not None:
        words = f"at most {seen['messages']:,} a connection, as seen on {seen['messages_at']:%Y-%m-%d}"
        said.append(("messages", words))
    if seen["trouble"]:
        said.append(("trouble", f"{seen['trouble']} ({seen['trouble_at']:%Y-%m-%d %H:%M:%S %Z})"))
    return said
