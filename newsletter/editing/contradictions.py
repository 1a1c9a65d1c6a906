"""The open contradictions of a running desk, looked for again when content.db or a ruling on identity changes.

Looking reads every claim there is. Of a small store that takes an instant. Of a large one it takes seconds, so a process of its
own does it: a thread would take turns with the pages, each of which would wait for many. Pages show what was found
before until it is done. A ruling settles what is known at once.
"""

import logging
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Lock, Thread

from newsletter.app import App
from newsletter.content.conflicts.contradiction import Contradiction
from newsletter.content.conflicts.find import find_contradictions
from newsletter.content.conflicts.identity import IDENTITY
from newsletter.content.database import DataVersion
from newsletter.content.store import ContentStore
from newsletter.editing.facts import all_rulings

log = logging.getLogger(__name__)

#: Up to this size of content.db nobody has to wait for it.
SMALL_BYTES = 4 * 1024 * 1024

#: The chosen claim's id by tool and attribute; None where nothing is to be printed.
Rulings = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenContradictions:
    """Every contradiction that nobody has ruled on, the serious and certain ones first. Not `is_current`: it is looked for now.

    `stamp` is another text whenever claims or rulings on identity are others.
    """

    found: tuple[Contradiction, ...]
    is_current: bool
    stamp: str = ""


@dataclass(slots=True)
class ContradictionFinder:
    """What finds the contradictions of one installation; safe for many threads, of which one looks."""

    app: App
    _content: DataVersion = field(init=False)
    _stamp: str = ""
    _found: tuple[Contradiction, ...] = ()
    _looking: Thread | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        settings = self.app.settings
        self._content = DataVersion(settings.path(settings.paths.content_db))

    def open(self) -> OpenContradictions:
        """Return what is open now, or what was found before while it is looked for."""
        with self.app.database.read() as connection:
            rulings = all_rulings(connection)
        # Rulings that say which records are one tool change what is compared with what.
        twins = {id_: {IDENTITY: ruled[IDENTITY]} for id_, ruled in rulings.items() if IDENTITY in ruled}
        stamp = f"{self._content.read()} {twins}"
        with self._lock:
            if self._stamp != stamp and not self._is_large():
                self._stamp, self._found = stamp, self._look(twins)
            elif self._stamp != stamp and (self._looking is None or not self._looking.is_alive()):
                self._looking = Thread(target=self._look_beside, args=(stamp, twins), daemon=True)
                self._looking.start()
            found, is_current = self._found, self._stamp == stamp
        return OpenContradictions(found=self._open_of(found, rulings), is_current=is_current, stamp=stamp)

    def wait(self) -> None:
        """Wait until everything recorded now has been looked through."""
        self.open()
        if self._looking is not None:
            self._looking.join()

    def close(self) -> None:
        if self._looking is not None:
            self._looking.join()
        self._content.close()

    def _is_large(self) -> bool:
        settings = self.app.settings
        file = settings.path(settings.paths.content_db)
        return file.exists() and file.stat().st_size > SMALL_BYTES

    def _look(self, twins: Rulings) -> tuple[Contradiction, ...]:
        with self.app.content() as content:
            return find_contradictions(
                content, source_order=self.app.settings.digest.source_order, rulings=twins
            )

    def _look_beside(self, stamp: str, twins: Rulings) -> None:
        try:
            found = self._look_elsewhere(twins)
        except Exception:
            # The next look at a page tries again.
            log.exception("the contradictions in content.db could not be looked for")
        else:
            with self._lock:
                self._stamp, self._found = stamp, found

    def _look_elsewhere(self, twins: Rulings) -> tuple[Contradiction, ...]:
        """Look in a process of its own; raises EOFError where that ends without an answer."""
        settings, context = self.app.settings, get_context("spawn")
        answer, sender = context.Pipe(duplex=False)
        content_db, name = settings.path(settings.paths.content_db), settings.site.name
        given = (sender, content_db, name, settings.digest.source_order, twins)
        process = context.Process(target=_find_and_send, args=given, daemon=True)
        process.start()
        sender.close()
        try:
            found: tuple[Contradiction, ...] = answer.recv()
        finally:
            answer.close()
            process.join()
        return found

    def _open_of(self, found: tuple[Contradiction, ...], rulings: Rulings) -> tuple[Contradiction, ...]:
        """Return those that no ruling settles; one on a claim holds as long as its source says so."""
        asked = [
            each for each in found if any(each.attribute in rulings.get(id_, {}) for id_ in each.tool_ids)
        ]
        if not asked:
            return found
        with self.app.content() as content:
            claims = content.claims({id_ for each in asked for id_ in each.tool_ids})
        current = {None, *(claim.id for stated in claims.values() for claim in stated)}
        settled = {
            (tool_id, attribute)
            for tool_id, ruled in rulings.items()
            for attribute, claim_id in ruled.items()
            if claim_id in current
        }
        return tuple(
            each for each in found if not any((id_, each.attribute) in settled for id_ in each.tool_ids)
        )


def _find_and_send(
    answer: Pipe, content_db: Path, site_name: str, source_order: Sequence[str], twins: Rulings
) -> None:
    """Look, in the process: after the pages, and deaf to Ctrl-C, which its parent minds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)
    with ContentStore.read_only(content_db, site_name=site_name) as content:
        answer.send(find_contradictions(content, source_order=source_order, rulings=twins))
