"""What contradicts itself, remembered until content.db or a ruling changes: looking for it reads every claim there is."""

from dataclasses import dataclass, field
from threading import Lock

from newsletter.content.desk.findings import Contradiction
from newsletter.content.version import DataVersion
from newsletter.editing.facts import open_contradictions
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.store import all_rulings


@dataclass(slots=True)
class Disputes:
    """The memory of one installation; safe for many threads, of which one looks."""

    newsroom: Newsroom
    _content: DataVersion = field(init=False)
    _known: tuple[str, tuple[Contradiction, ...]] = ("", ())
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        settings = self.newsroom.settings
        self._content = DataVersion(settings.path(settings.content_db))

    def open(self) -> tuple[Contradiction, ...]:
        """Every contradiction that nobody has ruled on, the serious and certain ones first."""
        with self._lock:
            stamp = self._stamp()
            if self._known[0] != stamp:
                self._known = stamp, open_contradictions(self.newsroom)
            return self._known[1]

    def _stamp(self) -> str:
        with self.newsroom.database.read() as connection:
            return f"{self._content.read()} {all_rulings(connection)}"

    def close(self) -> None:
        self._content.close()
